/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FPM from bytes on a TCP connection over loopback to the RIB. Zebra is played by the test: it sends, and then turns
 * until all is read.
 */
#ifndef TS_TEST_FPM_RIG_H
#define TS_TEST_FPM_RIG_H

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "control/fpm.h"
#include "fpm_client.h"
#include "route_rig.h"

#define LIMIT_MS 10000
#define STALE_S 1
#define IF0 100 /* ifindexes of the twins */
#define IF1 101

static const struct ts_rib_conf small = {.max_ipv4 = 30000, .max_ipv6 = 5000, .tbl8_ipv4 = 1024, .tbl8_ipv6 = 16384};

static struct rig r;
static struct ts_fpm *fpm;
static struct fpm_bytes out;
static int zebra = -1;

static inline uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static inline struct ts_fpm_stats
stats(void)
{
	struct ts_fpm_stats s;

	ts_fpm_stats(fpm, &s);
	return s;
}

static inline bool
turn_until(bool (*done)(uint64_t arg), uint64_t arg)
{
	uint64_t limit = now_ms() + LIMIT_MS;

	do {
		struct pollfd p = {ts_fpm_fd(fpm), POLLIN, 0};
		int wait = ts_fpm_poll(fpm);

		if (done(arg))
			return true;
		poll(&p, 1, wait < 0 || wait > 100 ? 100 : wait);
	} while (now_ms() < limit);
	return false;
}

static inline bool
is_connected(uint64_t connections)
{
	return stats().connected && stats().connections == connections;
}

static inline bool
is_disconnected(uint64_t arg)
{
	(void)arg;
	return !stats().connected;
}

static inline bool
has_read(uint64_t bytes)
{
	return stats().bytes >= bytes;
}

static inline bool
has_swept(uint64_t n)
{
	return stats().swept >= n;
}

static inline int
open_zebra(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(stats().port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (void *)&at, sizeof(at)), 0);
	return fd;
}

static inline void
zebra_starts(void)
{
	uint64_t before = stats().connections;

	zebra = open_zebra();
	assert_true(turn_until(is_connected, before + 1));
}

static inline void
zebra_stops(void)
{
	close(zebra);
	zebra = -1;
	assert_true(turn_until(is_disconnected, 0));
}

static inline void
send_bytes(const uint8_t *data, size_t len)
{
	uint64_t before = stats().bytes;

	for (size_t at = 0; at < len;) {
		ssize_t sent = send(zebra, data + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0)
			at += (size_t)sent;
		ts_fpm_poll(fpm);
	}
	assert_true(turn_until(has_read, before + len));
}

static inline void
send_out(void)
{
	send_bytes(out.data, out.len);
	out.len = 0;
}

/* "kind gateway*weight@iface ..." of the best route of the prefix, "-" for none. */
static inline const char *
route(const char *prefix)
{
	static const char *const kinds[] = {"none", "blackhole", "unreachable", "prohibit", "via", "glean"};
	static char text[512];
	char addr[INET6_ADDRSTRLEN];
	struct ts_path paths[TS_NH_SLOTS];
	struct ts_route_info info;
	uint8_t p[16] = {0};
	unsigned len, n;
	int at;

	sscanf(prefix, "%45[^/]/%u", addr, &len);
	uint8_t family = strchr(addr, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, addr, p), 1);
	if (!ts_rib_get(r.rib, family, p, (uint8_t)len, &info))
		return "-";
	at = snprintf(text, sizeof(text), "%s", kinds[ts_nexthop_array(r.nexthops)[info.nh].kind]);
	n = ts_nexthop_paths(r.nexthops, info.nh, paths, TS_NH_SLOTS);
	for (unsigned i = 0; i < n; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " %s*%u@%u",
			inet_ntop(paths[i].family, paths[i].addr, addr, sizeof(addr)), paths[i].weight, paths[i].iface);
	return text;
}

static inline void
expect(const char *prefix, const char *text)
{
	assert_string_equal(route(prefix), text);
}

/* As the publisher does it. */
static inline void
publish(void)
{
	while (ts_rib_dirty(r.rib, 0) || ts_rib_dirty(r.rib, 1)) {
		unsigned idle = ts_rib_idle(r.rib);

		ts_rib_apply(r.rib, idle);
		ts_rib_published(r.rib, idle);
	}
}

static inline bool
nothing_to_publish(void)
{
	return !ts_rib_dirty(r.rib, 0) && !ts_rib_dirty(r.rib, 1);
}

static inline bool
is_tunnel(void *arg, const uint8_t prefix[16], uint8_t len)
{
	(void)arg;
	return len >= 16 && prefix[0] == 0x20 && prefix[1] == 0x02;
}

static inline int
setup(void **state)
{
	struct ts_fpm_conf conf = {.stale_s = STALE_S, .table = RT_TABLE_MAIN, .is_tunnel = is_tunnel};
	char err[256] = "";

	(void)state;
	conf.address.family = AF_INET;
	conf.address.v4 = htonl(INADDR_LOOPBACK);
	rig_init(&r);
	rig_add_rib(&r, &small);
	r.ifaces.ctl[0].ifindex = IF0;
	r.ifaces.ctl[1].ifindex = IF1;
	fpm = ts_fpm_create(&conf, &r.ifaces, r.nexthops, r.rib, err, sizeof(err));
	if (fpm == NULL)
		fail_msg("%s", err);
	out.len = 0;
	zebra_starts();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	if (zebra >= 0)
		close(zebra);
	zebra = -1;
	ts_fpm_free(fpm);
	rig_fini(&r);
	return 0;
}

static inline void
put_route(const char *prefix, const char *via)
{
	struct fpm_route route = {.prefix = prefix, .via = via, .oif = IF0, .metric = 20};

	FPM_ONE(&out, fpm_put_route(&out, &route));
}

static inline void
put_by_object(const char *prefix, uint32_t id)
{
	struct fpm_route route = {.prefix = prefix, .nh_id = id, .metric = 20};

	FPM_ONE(&out, fpm_put_route(&out, &route));
}

static inline void
put_type(const char *prefix, uint8_t type)
{
	struct fpm_route route = {.prefix = prefix, .type = type, .metric = 20};

	FPM_ONE(&out, fpm_put_route(&out, &route));
}

static inline void
put_delete(const char *prefix)
{
	FPM_ONE(&out, fpm_put_delete(&out, prefix, 20));
}

static inline void
put_many(unsigned first, unsigned n)
{
	char prefix[32];

	for (unsigned i = first; i < first + n; i++) {
		snprintf(prefix, sizeof(prefix), "11.%u.%u.0/24", i >> 8, i & 255);
		put_route(prefix, i % 2 ? "10.0.0.9" : "10.0.0.8");
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
