/* SPDX-License-Identifier: BSD-3-Clause */
#include "local.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "neigh.h"
#include "services.h"

#define MAX_ADDRS 2048
#define KERNEL_MAIN_TABLE 254

/* One own address; `host`: the kernel has it, too. */
struct own_addr {
	uint8_t family;
	bool host;
	uint8_t proto41; /* enum ts_proto41 */
	uint16_t domain; /* of that mechanism */
	uint8_t addr[16];
};

/* All own addresses and attached subnets while they are put together. */
struct own_set {
	unsigned n;
	struct own_addr addr[MAX_ADDRS];
	unsigned n_attached;
	struct ts_prefix4 attached[MAX_ADDRS];
};

struct ts_local {
	const struct ts_config *cfg;
	const struct ts_ifaces *ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	uint32_t gen;
	struct ts_hints hints;
	struct ts_host_addr *host; /* [n_host] as they were last told */
	unsigned n_host;
	struct own_set set;
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
	free(l->host);
	free(l->hints.mirror);
	free(l->hints.mtus);
	free(l);
}

static struct own_addr *
add_own(struct own_set *set, uint8_t family, const void *addr)
{
	size_t len = family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < set->n; i++)
		if (set->addr[i].family == family && memcmp(set->addr[i].addr, addr, len) == 0)
			return &set->addr[i];
	if (set->n == MAX_ADDRS)
		return NULL;

	struct own_addr *a = &set->addr[set->n++];

	memset(a, 0, sizeof(*a));
	a->family = family;
	memcpy(a->addr, addr, len);
	return a;
}

static void
add_attached(struct own_set *set, rte_be32_t addr, uint8_t len)
{
	struct ts_prefix4 p = {addr & ts_mask4(len), len};

	if (set->n_attached < MAX_ADDRS)
		set->attached[set->n_attached++] = p;
}

static bool
is_link_local_or_loopback(uint8_t family, const uint8_t *addr)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (family == AF_INET)
		return addr[0] == 127;
	return (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) || memcmp(addr, loopback, 16) == 0;
}

/* What the kernel has. */
static void
collect_host(struct own_set *set, const struct ts_host_addr *addrs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct ts_host_addr *h = &addrs[i];
		rte_be32_t v4;

		if (is_link_local_or_loopback(h->family, h->addr))
			continue;

		struct own_addr *a = add_own(set, h->family, h->addr);

		if (a != NULL)
			a->host = true;
		memcpy(&v4, h->addr, sizeof(v4));
		if (h->family == AF_INET && h->iface >= 0)
			add_attached(set, v4, h->prefix_len);
	}
}

/* Addresses of interfaces without a twin: there is no kernel behind them, so they are ours alone. */
static void
collect_twinless(struct own_set *set, const struct ts_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *c = &cfg->interfaces[i];

		for (unsigned k = 0; c->twin == TS_TWIN_NONE && k < c->n_addresses; k++) {
			const struct ts_cfg_addr *a = &c->addresses[k];

			add_own(set, a->family, a->family == AF_INET ? (const void *)&a->v4 : &a->v6);
			if (a->family == AF_INET)
				add_attached(set, a->v4, a->prefix_len);
		}
	}
}

static void
add_mechanism(struct own_set *set, rte_be32_t addr, enum ts_proto41 proto41, uint16_t domain)
{
	struct own_addr *a = add_own(set, AF_INET, &addr);

	if (a == NULL)
		return;
	a->proto41 = proto41;
	a->domain = domain;
}

/* R7: of the border relay's own delegated prefix, the subnet-router anycast address answers. */
static void
collect_6rd(struct own_set *set, const struct ts_cfg_6rd *d, uint16_t domain)
{
	struct ts_prefix6 delegated = ts_6rd_delegated(&d->map, d->br);

	add_mechanism(set, d->br, TS_PROTO41_6RD, domain);
	add_own(set, AF_INET6, &delegated.addr);
}

/* Service addresses, and which mechanism protocol 41 to them belongs to (G2). */
static void
collect_services(struct own_set *set, const struct ts_config *cfg)
{
	static const uint8_t anycast6[16] = {0x20, 0x02, 0xc0, 0x58, 0x63, 0x01}; /* 2002:c058:6301:: (S20) */

	for (unsigned i = 0; i < cfg->local.n_addresses; i++) {
		const struct ts_cfg_addr *a = &cfg->local.addresses[i];

		add_own(set, a->family, a->family == AF_INET ? (const void *)&a->v4 : &a->v6);
	}
	if (cfg->local.has_icmp6_source)
		add_own(set, AF_INET6, &cfg->local.icmp6_source);
	if (cfg->sixto4.enabled && cfg->sixto4.anycast)
		add_own(set, AF_INET6, anycast6);
	for (unsigned i = 0; cfg->sixto4.enabled && i < cfg->sixto4.n_rx_v4; i++)
		add_mechanism(set, cfg->sixto4.rx_v4[i], TS_PROTO41_6TO4, 0);
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		collect_6rd(set, &cfg->sixrd[i], (uint16_t)i);
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		add_mechanism(set, cfg->isatap[i].address, TS_PROTO41_ISATAP, (uint16_t)i);
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

static int
tunnel_route(struct ts_local *l, const struct ts_prefix6 *p, enum ts_nh_kind kind, uint16_t domain)
{
	return own_route(l, AF_INET6, &p->addr, p->len, ts_nexthop_get_tunnel(l->nexthops, kind, domain));
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
	for (unsigned i = 0; i < l->cfg->n_sixrd; i++)
		rc |= tunnel_route(l, &l->cfg->sixrd[i].map.prefix, TS_NH_6RD, (uint16_t)i);
	for (unsigned i = 0; i < l->cfg->n_isatap; i++)
		rc |= tunnel_route(l, &l->cfg->isatap[i].prefix, TS_NH_ISATAP, (uint16_t)i);
	return rc;
}

static int
add_address_routes(struct ts_local *l)
{
	int rc = 0;

	for (unsigned i = 0; i < l->set.n; i++) {
		const struct own_addr *a = &l->set.addr[i];
		uint32_t nh = ts_nexthop_get_local(l->nexthops, a->host, a->proto41, a->domain);

		rc |= own_route(l, a->family, a->addr, a->family == AF_INET ? 32 : 128, nh);
	}
	return rc;
}

static struct ts_services *
make_services(const struct ts_local *l)
{
	rte_be32_t own[MAX_ADDRS];
	size_t n = 0;

	for (unsigned i = 0; i < l->set.n; i++)
		if (l->set.addr[i].family == AF_INET)
			memcpy(&own[n++], l->set.addr[i].addr, sizeof(own[0]));
	return ts_services_make(l->cfg, own, n, l->set.attached, l->set.n_attached, &l->hints);
}

static int
apply(struct ts_local *l, const struct ts_host_addr *addrs, unsigned n)
{
	struct ts_services *s;

	l->set.n = l->set.n_attached = 0;
	collect_host(&l->set, addrs, n);
	collect_twinless(&l->set, l->cfg);
	collect_services(&l->set, l->cfg);
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
		return ts_rib_set(l->rib, AF_INET, (const uint8_t *)&v4, a->prefix_len, TS_ORIGIN_STATIC, 0, nh, 0);
	}
	v6 = a->v6;
	ts_mask6(&v6, a->prefix_len);
	return ts_rib_set(l->rib, AF_INET6, v6.s6_addr, a->prefix_len, TS_ORIGIN_STATIC, 0, nh, 0);
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

int
ts_local_add_static(struct ts_local *l, char *err, size_t err_len)
{
	const struct ts_config *cfg = l->cfg;

	if (add_connected_subnets(l) != 0) {
		snprintf(err, err_len, "no room for the connected subnets: see tables");
		return -1;
	}
	for (unsigned i = 0; i < cfg->n_routes; i++) {
		const struct ts_cfg_route *r = &cfg->routes[i];

		uint32_t nh = static_nexthop(l, r);

		if (nh == TS_NH_NO_ROUTE ||
			ts_rib_set(l->rib, r->prefix.family, addr_bytes(&r->prefix), r->prefix.prefix_len,
				TS_ORIGIN_STATIC, 0, nh, 0) != 0) {
			snprintf(err, err_len, "%s:%u: no room for this route: see tables", cfg->file, r->line);
			return -1;
		}
	}
	for (unsigned i = 0; i < cfg->n_neighbours; i++) {
		const struct ts_cfg_neighbour *n = &cfg->neighbours[i];
		uint8_t addr[16] = {0};

		memcpy(addr, addr_bytes(&n->address), n->address.family == AF_INET ? 4 : 16);
		ts_neigh_update(l->nexthops, l->rib, (uint16_t)n->interface, n->address.family, addr, n->mac, true);
	}
	return 0;
}
