/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See ctl_standins.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/health_run.h"
#include "control/reload.h"
#include "ctl_standins.h"

struct standins standins;

static char worker_tokens[2];
static struct ts_nexthop nexthops[TS_MAX_NEXTHOPS];

void
ts_worker_stats(const struct ts_worker *w, struct ts_worker_stats *out)
{
	*out = (struct ts_worker_stats){
		.counters = standins.counters,
		.ports = standins.ports,
		.histograms = standins.histograms,
		.neighbours = {standins.received},
		.loops = 1000,
		.busy_loops = 250,
		.busy_cycles = 25,
		.cycles = 100,
		.table_version = 5,
		.id = (const char *)w == &worker_tokens[1],
		.cpu = 3,
		.simd = "scalar",
	};
}

/* Like the real one: those within the range, so many a step. */
struct walk {
	const struct ts_rib_range *within;
	struct ts_rib_cursor *at;
	unsigned n, index; /* of the route that comes next */
	void (*fn)(const struct ts_route_info *, void *);
	void *arg;
};

static void
walk_route(struct walk *w, const struct ts_route_info *r)
{
	uint8_t addr[16];
	unsigned len = w->within != NULL ? w->within->len : 0;

	memcpy(addr, r->prefix, sizeof(addr));
	for (unsigned bit = len; bit < 128; bit++)
		addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	if (w->index++ < w->at->bin || w->n == 0)
		return;
	w->at->bin++;
	if (w->within != NULL && (r->len < len || memcmp(addr, w->within->prefix, sizeof(addr)) != 0))
		return;
	w->n--;
	w->fn(r, w->arg);
}

static void
walk_one(struct walk *w, const char *prefix, uint8_t len, enum ts_origin origin, uint32_t nh)
{
	struct ts_route_info r = {.len = len, .origin = origin, .metric = 32, .nh = nh, .best = true};

	r.family = strchr(prefix, ':') ? AF_INET6 : AF_INET;
	inet_pton(r.family, prefix, r.prefix);
	walk_route(w, &r);
}

static void
walk_many(struct walk *w)
{
	struct ts_route_info r = {
		.family = AF_INET, .len = 32, .origin = TS_ORIGIN_KERNEL, .nh = STANDIN_NH_VIA, .best = true};
	uint32_t addr;

	for (w->index = w->at->bin; w->index < standins.n_routes && w->n > 0;) {
		addr = htonl(0x0a000000 + w->index);
		memcpy(r.prefix, &addr, sizeof(addr));
		walk_route(w, &r);
	}
}

bool
ts_rib_walk(const struct ts_rib *rib, uint8_t family, const struct ts_rib_range *within, struct ts_rib_cursor *at,
	unsigned n, void (*fn)(const struct ts_route_info *, void *), void *arg)
{
	struct walk w = {within, at, n, 0, fn, arg};
	uint32_t end = family == AF_INET ? standins.n_routes + 1 : 2;

	(void)rib;
	if (family == AF_INET) {
		walk_many(&w);
		w.index = standins.n_routes;
		walk_one(&w, "192.0.2.0", 24, TS_ORIGIN_STATIC, STANDIN_NH_VIA);
	} else {
		walk_one(&w, "2002::", 16, TS_ORIGIN_OWN, STANDIN_NH_6TO4);
		walk_one(&w, "2001:db8:100::", 64, TS_ORIGIN_KERNEL, STANDIN_NH_LINK);
	}
	return at->bin < end;
}

bool
ts_rib_get(const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, struct ts_route_info *out)
{
	static const struct {
		uint8_t prefix[16], len;
		uint32_t nh;
	} routes[] = {
		{{0x20, 0x01}, 32, STANDIN_NH_TEREDO},
		{{0x20, 0x02}, 16, STANDIN_NH_6TO4},
		{{0x20, 0x01, 0x0d, 0xb8}, 32, STANDIN_NH_VIA},
		{{192, 0, 2}, 24, STANDIN_NH_VIA},
		{{192, 88, 99, 1}, 32, STANDIN_NH_LOCAL},
	};

	(void)rib;
	for (unsigned i = 0; i < RTE_DIM(routes); i++) {
		if (len != routes[i].len || memcmp(prefix, routes[i].prefix, family == AF_INET ? 4 : 16) != 0)
			continue;
		*out = (struct ts_route_info){.family = family, .len = len, .nh = routes[i].nh, .best = true};
		memcpy(out->prefix, prefix, family == AF_INET ? 4 : 16);
		return true;
	}
	return false;
}

size_t
ts_rib_count(const struct ts_rib *rib, uint8_t family)
{
	(void)rib;
	return family == AF_INET ? standins.n_routes + 1 : 2;
}

size_t
ts_rib_upstream(const struct ts_rib *rib, uint8_t family)
{
	(void)rib;
	(void)family;
	return 1;
}

struct ts_mirror_alarms
ts_mirror_alarms(const struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	(void)m;
	(void)iface;
	(void)family;
	(void)addr;
	return (struct ts_mirror_alarms){0, 0};
}

void
ts_rib_stats(const struct ts_rib *rib, struct ts_rib_stats *out)
{
	(void)rib;
	*out = (struct ts_rib_stats){.retries = 4, .family[1].unplaced = 3};
}

const struct ts_nexthop *
ts_nexthop_array(const struct ts_nexthops *n)
{
	(void)n;
	return nexthops;
}

unsigned
ts_nexthop_paths(const struct ts_nexthops *n, uint32_t id, struct ts_path *out, unsigned max)
{
	(void)n;
	(void)max;
	standins.paths_asked++;
	assert_int_equal(id, STANDIN_NH_VIA);
	out[0] = (struct ts_path){.iface = 0, .family = AF_INET, .weight = 1, .addr = {192, 0, 2, 1}};
	out[1] = (struct ts_path){.iface = 1, .family = AF_INET6, .weight = 3, .addr = {0xfe, 0x80, [15] = 1}};
	return 2;
}

void
ts_nexthop_hold(struct ts_nexthops *n, uint32_t id)
{
	(void)n;
	assert_true(id > 0 && id < TS_MAX_NEXTHOPS);
	standins.held++;
}

void
ts_nexthop_put(struct ts_nexthops *n, uint32_t id)
{
	(void)n;
	assert_true(id > 0 && id < TS_MAX_NEXTHOPS);
	standins.held--;
}

uint32_t
ts_nexthops_in_use(const struct ts_nexthops *n)
{
	(void)n;
	return 6;
}

uint64_t
ts_nexthops_full(const struct ts_nexthops *n)
{
	(void)n;
	return 0;
}

void
ts_neigh_foreach(const struct ts_nexthops *n, void (*fn)(const struct ts_neigh_info *, void *), void *arg)
{
	struct ts_neigh_info up = {.family = AF_INET,
		.addr = {192, 0, 2, 1},
		.mac = {2, 0, 0, 0, 0, 9},
		.resolved = true,
		.gateway = true};
	struct ts_neigh_info down = {.iface = 1, .family = AF_INET6, .addr = {0xfe, 0x80, [15] = 1}};

	(void)n;
	fn(&up, arg);
	fn(&down, arg);
}

const struct ts_services *
ts_publish_current(const struct ts_publisher *p)
{
	(void)p;
	return standins.services;
}

const struct ts_teredo *
ts_local_teredo(const struct ts_local *l)
{
	(void)l;
	return &standins.teredo;
}

void
ts_contacts_stats(const struct ts_contacts *c, struct ts_contacts_stats *out)
{
	(void)c;
	*out = standins.contacts;
}

uint64_t
ts_publish_version(const struct ts_publisher *p)
{
	(void)p;
	return 5;
}

void
ts_publish_stats(const struct ts_publisher *p, struct ts_publish_stats *out)
{
	(void)p;
	*out = (struct ts_publish_stats){.routes_age_us = 1500000, .grace_us = 20, .grace_max_us = 1000};
}

bool
ts_mirror_synced(const struct ts_mirror *m)
{
	(void)m;
	return true;
}

void
ts_fpm_stats(const struct ts_fpm *f, struct ts_fpm_stats *out)
{
	(void)f;
	*out = (struct ts_fpm_stats){.connected = true, .routes = 12, .stale_ms = -1, .port = 2620};
}

void
ts_mirror_stats(const struct ts_mirror *m, struct ts_mirror_stats *out)
{
	(void)m;
	*out = (struct ts_mirror_stats){.messages = 77, .overruns = 1};
}

json_t *
ts_health_json(const struct ts_health *h)
{
	(void)h;
	return json_pack("{s:{s:b}}", "health", "healthy", !standins.drained);
}

void
ts_health_drain(struct ts_health *h, bool on)
{
	(void)h;
	standins.drained = on;
}

int
ts_control_reload(struct ts_control *c, char *said, size_t len)
{
	(void)c;
	snprintf(said, len, "%s",
		standins.faulty_file ? "f:1: k: wrong\nnothing changed\n" : "configuration reloaded\n");
	return standins.faulty_file ? -1 : 0;
}

struct ts_observe *
ts_observer_plan(struct ts_observer *o)
{
	(void)o;
	return &standins.plan;
}

void
ts_observer_apply(struct ts_observer *o)
{
	(void)o;
	standins.plans++;
}

void
ts_observer_take(struct ts_observer *o, enum ts_observation_kind kind, ts_observed_fn fn, void *arg)
{
	(void)o;
	assert_int_equal(kind, TS_OBSERVED_SAMPLE);
	standins.sample_taker = fn;
	standins.sample_taker_arg = arg;
}

void
ts_punter_stats(const struct ts_punter *p, struct ts_punt_stats *out)
{
	(void)p;
	*out = (struct ts_punt_stats){.punted = 8};
}

static void
name_things(struct ts_control *c)
{
	strcpy(c->cfg.file, "test.yaml");
	strcpy(c->cfg.ports[0].name, "ix-0");
	strcpy(c->cfg.ports[0].device, "net_null0");
	strcpy(c->ports.port[0].name, "ix-0");
	c->ports.n = 1;
	c->ifaces.n = 2;
	strcpy(c->ifaces.ctl[0].name, "ix0");
	strcpy(c->ifaces.ctl[1].name, "ix0.7");
	c->ifaces.dp[0] = (struct ts_iface){.mtu = 1500, .twin = 1, .mac = {{2, 0, 0, 0, 0, 1}}};
	c->ifaces.dp[1] = (struct ts_iface){.mtu = 9000, .n_tags = 1, .vlan = {7}, .mac = {{2, 0, 0, 0, 0, 1}}};
}

struct ts_control *
standin_control(void)
{
	struct ts_control *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	memset(&standins, 0, sizeof(standins));
	nexthops[STANDIN_NH_VIA].kind = TS_NH_ADJACENCY;
	nexthops[STANDIN_NH_LINK].kind = TS_NH_GLEAN;
	nexthops[STANDIN_NH_6TO4].kind = TS_NH_6TO4;
	nexthops[STANDIN_NH_TEREDO].kind = TS_NH_TEREDO;
	nexthops[STANDIN_NH_LOCAL] = (struct ts_nexthop){
		.kind = TS_NH_LOCAL, .proto41 = TS_PROTO41_6TO4, .udp = TS_UDP_TEREDO_RELAY | TS_UDP_TEREDO_SERVER};
	name_things(c);
	c->n_workers = 2;
	for (unsigned i = 0; i < 2; i++)
		c->workers[i] = (struct ts_worker *)&worker_tokens[i];
	c->mirror = (struct ts_mirror *)&worker_tokens[0]; /* anything but NULL: the stand-ins do not look at it */
	return c;
}
