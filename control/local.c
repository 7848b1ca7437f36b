/* SPDX-License-Identifier: BSD-3-Clause */
#include "local.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "health_list.h"
#include "log.h"
#include "neigh.h"
#include "own.h"
#include "services.h"
#include "teredo.h"

#define KERNEL_MAIN_TABLE 254

struct ts_local {
	const struct ts_config *cfg;
	const struct ts_ifaces *ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	uint32_t gen, static_gen;
	struct ts_teredo teredo;
	struct ts_hints hints;
	struct ts_host_addr *host; /* [n_host] as they were last told */
	unsigned n_host;
	struct ts_own_set set;
};

struct ts_local *
ts_local_create(const struct ts_config *cfg, const struct ts_ifaces *ifaces, struct ts_nexthops *nexthops,
	struct ts_rib *rib, struct ts_publisher *publisher)
{
	struct ts_local *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->cfg = cfg;
	l->ifaces = ifaces;
	l->nexthops = nexthops;
	l->rib = rib;
	l->publisher = publisher;
	l->hints.teredo = &l->teredo;
	l->hints.mirror = ts_site_table_create(rte_rdtsc());
	l->hints.mtus = ts_site_table_create(rte_rdtsc());
	if (l->hints.mirror == NULL || l->hints.mtus == NULL) {
		ts_local_free(l);
		return NULL;
	}
	return l;
}

void
ts_local_free(struct ts_local *l)
{
	if (l == NULL)
		return;
	ts_teredo_free(&l->teredo);
	free(l->host);
	free(l->hints.mirror);
	free(l->hints.mtus);
	free(l);
}

static bool
covers(const struct ts_prefix6 *tunnel, const uint8_t prefix[16], uint8_t len)
{
	return len >= tunnel->len && ts_prefix6_contains(tunnel, prefix);
}

bool
ts_local_is_tunnel(const struct ts_config *cfg, const uint8_t prefix[16], uint8_t len)
{
	if (cfg->sixto4.enabled && len >= 16 && ts_is_6to4(prefix))
		return true;
	if (cfg->teredo_relay.enabled && len >= 32 && ts_is_teredo(prefix))
		return true;
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		if (covers(&cfg->sixrd[i].map.prefix, prefix, len))
			return true;
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		if (covers(&cfg->isatap[i].prefix, prefix, len))
			return true;
	return false;
}

static int
own_route(struct ts_local *l, uint8_t family, const void *prefix, uint8_t len, uint32_t nh)
{
	return nh == TS_NH_NO_ROUTE ? -ENOSPC : ts_rib_set(l->rib, family, prefix, len, TS_ORIGIN_OWN, 0, nh, l->gen);
}

static int
own_route6(struct ts_local *l, uint8_t byte0, uint8_t byte1, uint8_t len, enum ts_nh_kind kind)
{
	uint8_t prefix[16] = {byte0, byte1};

	return own_route(l, AF_INET6, prefix, len, ts_nexthop_get_simple(l->nexthops, kind));
}

/* 2001::/32 */
static int
teredo_route(struct ts_local *l)
{
	static const uint8_t prefix[16] = {0x20, 0x01};

	return own_route(l, AF_INET6, prefix, 32, ts_nexthop_get_simple(l->nexthops, TS_NH_TEREDO));
}

/* X4, T13: any address of it may be the source of a bubble; the data path answers only where the cookie is valid. */
static int
cookie_route(struct ts_local *l)
{
	const struct ts_prefix6 *p = &l->cfg->teredo_relay.cookie_prefix;

	if (p->len == 0)
		return 0;
	return own_route(
		l, AF_INET6, &p->addr, p->len, ts_nexthop_get_local(l->nexthops, false, TS_PROTO41_NONE, 0, 0));
}

static int
tunnel_route(struct ts_local *l, const struct ts_prefix6 *p, enum ts_nh_kind kind, uint16_t domain)
{
	return own_route(l, AF_INET6, &p->addr, p->len, ts_nexthop_get_tunnel(l->nexthops, kind, domain));
}

/* The far ends of test packets, by an adjacency that no neighbour can have (dataplane/probe.c). */
static int
probe_routes(struct ts_local *l)
{
	static const uint8_t nobody[16];
	struct ts_health_list list;
	int rc = 0;

	ts_health_list(&list, l->cfg);
	for (unsigned i = 0; i < list.n_mechs && l->cfg->health.probe; i++) {
		if (list.mechs[i].far == 0)
			continue;
		rc |= own_route(l, AF_INET, &list.mechs[i].far, 32, ts_nexthop_get_neigh(l->nexthops, 0, 0, nobody));
		rc |= own_route(l, AF_INET6, ts_probe_native, 128, ts_nexthop_get_neigh(l->nexthops, 0, 0, nobody));
	}
	return rc;
}

/* What is always so: link-local traffic is the kernel's, tunnel prefixes are tunnels. */
static int
add_fixed_routes(struct ts_local *l)
{
	static const uint8_t local_multicast4[4] = {224, 0, 0, 0};
	int rc = own_route(l, AF_INET, local_multicast4, 24, ts_nexthop_get_simple(l->nexthops, TS_NH_PUNT));

	rc |= own_route6(l, 0xfe, 0x80, 10, TS_NH_PUNT);
	rc |= own_route6(l, 0xff, 0x02, 16, TS_NH_PUNT);
	if (l->cfg->sixto4.enabled)
		rc |= own_route6(l, 0x20, 0x02, 16, TS_NH_6TO4);
	if (l->cfg->teredo_relay.enabled)
		rc |= teredo_route(l) | cookie_route(l);
	for (unsigned i = 0; i < l->cfg->n_sixrd; i++)
		rc |= tunnel_route(l, &l->cfg->sixrd[i].map.prefix, TS_NH_6RD, (uint16_t)i);
	for (unsigned i = 0; i < l->cfg->n_isatap; i++)
		rc |= tunnel_route(l, &l->cfg->isatap[i].prefix, TS_NH_ISATAP, (uint16_t)i);
	return rc | probe_routes(l);
}

static int
add_address_routes(struct ts_local *l)
{
	int rc = 0;

	for (unsigned i = 0; i < l->set.n; i++) {
		const struct ts_own_addr *a = &l->set.addr[i];
		uint32_t nh = ts_nexthop_get_local(l->nexthops, a->host, a->proto41, a->domain, a->udp);

		rc |= own_route(l, a->family, a->addr, a->family == AF_INET ? 32 : 128, nh);
	}
	return rc;
}

static struct ts_services *
make_services(const struct ts_local *l)
{
	rte_be32_t own[TS_OWN_MAX];
	struct ts_services *s;
	size_t n = 0;

	for (unsigned i = 0; i < l->set.n; i++)
		if (l->set.addr[i].family == AF_INET)
			memcpy(&own[n++], l->set.addr[i].addr, sizeof(own[0]));
	s = ts_services_make(l->cfg, own, n, l->set.attached, l->set.n_attached, &l->hints);
	for (unsigned i = 0; s != NULL && i < l->set.n; i++)
		if (l->set.addr[i].family == AF_INET6)
			ts_own6_add(&s->own6, l->set.addr[i].addr);
	return s;
}

int
ts_local_prepare(struct ts_local *l, const struct ts_config *cfg, char *err, size_t err_len)
{
	return ts_teredo_prepare(&l->teredo, &cfg->teredo_relay, ts_publish_workers(l->publisher), err, err_len);
}

static void
set_quotas(const struct ts_local *l)
{
	const struct ts_cfg_teredo_relay *r = &l->cfg->teredo_relay;

	if (l->teredo.contacts != NULL)
		ts_contacts_set_quotas(
			l->teredo.contacts, r->unconfirmed_per_source, r->unconfirmed_per_client, r->queue_bytes);
}

static int
apply(struct ts_local *l, const struct ts_host_addr *addrs, unsigned n)
{
	struct ts_services *s;
	char err[256];

	if (ts_local_prepare(l, l->cfg, err, sizeof(err)) < 0) {
		ts_log("%s", err);
		return -ENOMEM;
	}
	ts_own_collect(&l->set, l->cfg, addrs, n);
	s = make_services(l);
	if (s == NULL)
		return -ENOMEM;

	l->gen++;
	if (add_fixed_routes(l) != 0 || add_address_routes(l) != 0) {
		ts_services_free(s);
		return -ENOMEM;
	}
	ts_rib_sweep(l->rib, AF_INET, TS_ORIGIN_OWN, l->gen);
	ts_rib_sweep(l->rib, AF_INET6, TS_ORIGIN_OWN, l->gen);
	ts_publish_services(l->publisher, s, ts_services_free);
	set_quotas(l);
	return 0;
}

int
ts_local_set_host_addrs(struct ts_local *l, const struct ts_host_addr *addrs, unsigned n)
{
	struct ts_host_addr *copy = calloc(n + 1, sizeof(*copy));
	int ret;

	if (copy == NULL)
		return -ENOMEM;
	if (n != 0)
		memcpy(copy, addrs, n * sizeof(*copy));
	ret = apply(l, copy, n);
	if (ret != 0) {
		free(copy);
		return ret;
	}
	free(l->host);
	l->host = copy;
	l->n_host = n;
	return 0;
}

int
ts_local_refresh(struct ts_local *l)
{
	return apply(l, l->host, l->n_host);
}

void
ts_local_poll(struct ts_local *l, uint64_t now)
{
	if (ts_teredo_replace_key(&l->teredo, now / rte_get_tsc_hz()) && l->cfg->teredo_relay.cookie_prefix.len != 0 &&
		ts_local_refresh(l) != 0)
		ts_log_warning("no memory for a new key of the Teredo relay: it is used from the next change on");
}

const struct ts_teredo *
ts_local_teredo(const struct ts_local *l)
{
	return &l->teredo;
}

static const void *
addr_bytes(const struct ts_cfg_addr *a)
{
	return a->family == AF_INET ? (const void *)&a->v4 : &a->v6;
}

/* The connected subnet of an address, as a route to resolve its destinations one by one. */
static int
add_connected(struct ts_local *l, unsigned iface, const struct ts_cfg_addr *a)
{
	uint32_t nh = ts_nexthop_get_glean(l->nexthops, (uint16_t)iface);
	rte_be32_t v4;
	struct in6_addr v6;

	if (nh == TS_NH_NO_ROUTE)
		return -ENOSPC;
	if (a->family == AF_INET) {
		v4 = a->v4 & ts_mask4(a->prefix_len);
		return ts_rib_set(
			l->rib, AF_INET, (const uint8_t *)&v4, a->prefix_len, TS_ORIGIN_STATIC, 0, nh, l->static_gen);
	}
	v6 = a->v6;
	ts_mask6(&v6, a->prefix_len);
	return ts_rib_set(l->rib, AF_INET6, v6.s6_addr, a->prefix_len, TS_ORIGIN_STATIC, 0, nh, l->static_gen);
}

/* The kernel's main table has the connected subnets of twins already; nobody else knows the others. */
static int
add_connected_subnets(struct ts_local *l)
{
	int rc = 0;

	for (unsigned i = 0; i < l->cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *c = &l->cfg->interfaces[i];

		if (c->twin == TS_TWIN_TAP && l->cfg->kernel.table == KERNEL_MAIN_TABLE)
			continue;
		for (unsigned k = 0; k < c->n_addresses; k++)
			rc |= add_connected(l, i, &c->addresses[k]);
	}
	return rc;
}

static uint32_t
static_nexthop(struct ts_local *l, const struct ts_cfg_route *r)
{
	struct ts_path path = {.iface = (uint16_t)r->interface, .family = r->via.family, .weight = 1};

	switch (r->kind) {
	case TS_ROUTE_BLACKHOLE:
		return ts_nexthop_get_simple(l->nexthops, TS_NH_BLACKHOLE);
	case TS_ROUTE_UNREACHABLE:
		return ts_nexthop_get_simple(l->nexthops, TS_NH_UNREACHABLE);
	case TS_ROUTE_PROHIBIT:
		return ts_nexthop_get_simple(l->nexthops, TS_NH_PROHIBIT);
	case TS_ROUTE_VIA:
		break;
	}
	if (r->via.family == 0)
		return ts_nexthop_get_glean(l->nexthops, (uint16_t)r->interface);
	memcpy(path.addr, addr_bytes(&r->via), r->via.family == AF_INET ? 4 : 16);
	return ts_nexthop_get_paths(l->nexthops, &path, 1);
}

static bool
has_neighbour(const struct ts_config *cfg, const struct ts_cfg_neighbour *n)
{
	for (unsigned i = 0; i < cfg->n_neighbours; i++) {
		const struct ts_cfg_neighbour *m = &cfg->neighbours[i];

		if (m->interface == n->interface && m->address.family == n->address.family &&
			memcmp(&m->address.v6, &n->address.v6, n->address.family == AF_INET ? 4 : 16) == 0)
			return true;
	}
	return false;
}

static void
static_neighbour(struct ts_local *l, const struct ts_cfg_neighbour *n, const uint8_t *mac)
{
	uint8_t addr[16] = {0};

	memcpy(addr, addr_bytes(&n->address), n->address.family == AF_INET ? 4 : 16);
	ts_neigh_update(l->nexthops, l->rib, (uint16_t)n->interface, n->address.family, addr, mac, true);
}

static int
add_static_routes(struct ts_local *l, char *err, size_t err_len)
{
	const struct ts_config *cfg = l->cfg;

	for (unsigned i = 0; i < cfg->n_routes; i++) {
		const struct ts_cfg_route *r = &cfg->routes[i];
		uint32_t nh = static_nexthop(l, r);

		if (nh != TS_NH_NO_ROUTE &&
			ts_rib_set(l->rib, r->prefix.family, addr_bytes(&r->prefix), r->prefix.prefix_len,
				TS_ORIGIN_STATIC, 0, nh, l->static_gen) == 0)
			continue;
		snprintf(err, err_len, "%s:%u: no room for this route: see tables", cfg->file, r->line);
		return -1;
	}
	return 0;
}

int
ts_local_set_static(struct ts_local *l, const struct ts_config *before, char *err, size_t err_len)
{
	const struct ts_config *cfg = l->cfg;

	l->static_gen++;
	if (add_connected_subnets(l) != 0) {
		snprintf(err, err_len, "no room for the connected subnets: see tables");
		return -1;
	}
	if (add_static_routes(l, err, err_len) < 0)
		return -1;
	ts_rib_sweep(l->rib, AF_INET, TS_ORIGIN_STATIC, l->static_gen);
	ts_rib_sweep(l->rib, AF_INET6, TS_ORIGIN_STATIC, l->static_gen);
	for (unsigned i = 0; before != NULL && i < before->n_neighbours; i++)
		if (!has_neighbour(cfg, &before->neighbours[i]))
			static_neighbour(l, &before->neighbours[i], NULL);
	for (unsigned i = 0; i < cfg->n_neighbours; i++)
		static_neighbour(l, &cfg->neighbours[i], cfg->neighbours[i].mac);
	return 0;
}
