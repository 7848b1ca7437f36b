/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the mirror share. They run it against the running kernel, in a network namespace of its own: two
 * veth pairs, of which one end each stands for a twin and the other for the LAN. Changes are made by ip(8); every step
 * waits until the RIB says what it should.
 */
#ifndef TS_TEST_MIRROR_RIG_H
#define TS_TEST_MIRROR_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/mirror.h"
#include "control/neigh.h"
#include "route_rig.h"

#define LIMIT_MS 10000
#define TABLE 254

static const struct ts_rib_conf small = {.max_ipv4 = 30000, .max_ipv6 = 5000, .tbl8_ipv4 = 1024, .tbl8_ipv6 = 16384};

static struct rig r;
static struct ts_mirror *mirror;
static unsigned n_addrs, n_calls;

static inline void
run(const char *commands)
{
	char line[4096];

	snprintf(line, sizeof(line), "set -e; %s", commands);
	if (system(line) != 0)
		fail_msg("failed: %s", commands);
}

static inline uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Turn until `done` says so. */
static inline void
wait_for(bool (*done)(const void *), const void *arg, const char *what)
{
	uint64_t limit = now_ms() + LIMIT_MS;
	int fds[2];
	unsigned n;

	ts_mirror_fds(mirror, fds, &n);
	for (;;) {
		struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
		int wait = ts_mirror_poll(mirror);

		if (done(arg))
			return;
		if (now_ms() > limit)
			fail_msg("waited in vain: %s", what);
		poll(p, n, wait < 0 || wait > 100 ? 100 : wait);
	}
}

/* "prefix kind [iface/address*weight ...]", as a route of the kernel is expected to be; "prefix -" for none. */
static inline void
describe(const char *prefix, char *out, size_t size)
{
	static const char *const kinds[] = {"none", "blackhole", "unreachable", "prohibit", "via", "glean"};
	char text[64], addr[64];
	int len = 0;
	uint8_t p[16] = {0};
	struct ts_route_info info;
	struct ts_path paths[TS_NH_SLOTS];

	sscanf(prefix, "%63[^/]/%d", text, &len);
	uint8_t family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, p), 1);
	if (!ts_rib_get(r.rib, family, p, (uint8_t)len, &info)) {
		snprintf(out, size, "-");
		return;
	}
	const struct ts_nexthop *nh = &ts_nexthop_array(r.nexthops)[info.nh];
	int at = snprintf(out, size, "%s", kinds[nh->kind]);

	if (nh->kind == TS_NH_GLEAN)
		snprintf(out + at, size - (size_t)at, " %u", nh->iface);
	unsigned n = ts_nexthop_paths(r.nexthops, info.nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		at += snprintf(out + at, size - (size_t)at, " %u/%s*%u", paths[i].iface,
			inet_ntop(paths[i].family, paths[i].addr, addr, sizeof(addr)), paths[i].weight);
}

struct expectation {
	const char *prefix, *text;
	char now[512];
};

static inline bool
as_expected(const void *arg)
{
	struct expectation *e = (struct expectation *)(uintptr_t)arg;

	describe(e->prefix, e->now, sizeof(e->now));
	return strcmp(e->now, e->text) == 0;
}

static inline void
expect(const char *prefix, const char *text)
{
	struct expectation e = {.prefix = prefix, .text = text};

	wait_for(as_expected, &e, prefix);
}

static inline bool
is_synced(const void *arg)
{
	(void)arg;
	return ts_mirror_synced(mirror);
}

static inline struct ts_mirror_stats
stats(void)
{
	struct ts_mirror_stats s;

	ts_mirror_stats(mirror, &s);
	return s;
}

static inline bool
resynced_since(const void *arg)
{
	return stats().resyncs > *(const uint64_t *)arg;
}

static inline void
wait_resync(uint64_t since)
{
	wait_for(resynced_since, &since, "resync");
}

static inline void
count_addrs(void *arg, const struct ts_host_addr *addrs, unsigned n)
{
	(void)arg;
	(void)addrs;
	n_addrs = n;
	n_calls++;
}

static inline int
setup(void **state)
{
	struct ts_mirror_conf conf = {
		.table = TABLE, .delete_hold_ms = 20, .delete_hold_max_ms = 100, .on_addresses = count_addrs};
	char err[256] = "";
	(void)state;

	run("ip link set lo up; for i in 0 1; do ip link add tw$i type veth peer name lan$i; done;"
	    "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0;"
	    "for i in 0 1; do sysctl -qw net.ipv6.conf.tw$i.accept_dad=0; ip link set lan$i up; ip link set tw$i up;"
	    "ip addr add 10.$i.0.1/24 dev tw$i; ip -6 addr add 2001:db8:$i::1/64 dev tw$i nodad; done;"
	    "ip route add 203.0.113.0/24 via 10.0.0.9");
	rig_init(&r);
	rig_add_rib(&r, &small);
	r.ifaces.ctl[0].ifindex = (int)if_nametoindex("tw0");
	r.ifaces.ctl[1].ifindex = (int)if_nametoindex("tw1");
	mirror = ts_mirror_create(&conf, &r.ifaces, r.nexthops, r.rib, err, sizeof(err));
	if (mirror == NULL)
		fail_msg("%s", err);
	wait_for(is_synced, NULL, "first dump");
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	ts_mirror_free(mirror);
	rig_fini(&r);
	run("ip route flush table 254 || true; ip -6 route flush table 254 || true; ip nexthop flush >/dev/null 2>&1 || true;"
	    "ip link del tw0; ip link del tw1");
	return 0;
}

static inline int
mirror_tests(const struct CMUnitTest *tests, size_t n)
{
	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "a network namespace is needed: %s\n", strerror(errno));
		return 1;
	}
	if (rig_eal() < 0)
		return 1;
	return _cmocka_run_group_tests("mirror", tests, n, NULL, NULL);
}

#endif
