/* SPDX-License-Identifier: BSD-3-Clause */
#include "neigh.h"

#include <netinet/in.h>

static bool
may_have_route(uint8_t family, const uint8_t *addr)
{
	if (family == AF_INET)
		return addr[0] != 0 && addr[0] != 127 && addr[0] < 224 && !(addr[0] == 169 && addr[1] == 254);
	return addr[0] != 0xff && !(addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) &&
		!IN6_IS_ADDR_UNSPECIFIED((const struct in6_addr *)(const void *)addr);
}

/* The metric tells equal addresses on different interfaces apart. */
static void
set_route(struct ts_nexthops *n, struct ts_rib *rib, const struct ts_neigh_info *info, bool wanted)
{
	uint8_t len = info->family == AF_INET ? 32 : 128;
	uint32_t nh = TS_NH_NO_ROUTE;

	if (wanted)
		nh = ts_nexthop_get_neigh(n, info->iface, info->family, info->addr);
	if (nh != TS_NH_NO_ROUTE)
		ts_rib_set(rib, info->family, info->addr, len, TS_ORIGIN_NEIGHBOUR, info->iface, nh, 0);
	else
		ts_rib_del(rib, info->family, info->addr, len, TS_ORIGIN_NEIGHBOUR, info->iface);
}

static void
check_route(struct ts_nexthops *n, struct ts_rib *rib, const struct ts_neigh_info *info)
{
	bool wanted = info->resolved && may_have_route(info->family, info->addr) &&
		(info->is_static || ts_rib_on_link(rib, info->family, info->addr, info->iface));

	set_route(n, rib, info, wanted);
}

void
ts_neigh_update(struct ts_nexthops *n, struct ts_rib *rib, uint16_t iface, uint8_t family, const uint8_t addr[16],
	const uint8_t mac[6], bool is_static)
{
	struct ts_neigh_info before = {.iface = iface, .family = family}, now;
	bool known = ts_neigh_get(n, iface, family, addr, &before);

	ts_neigh_set(n, iface, family, addr, mac, is_static);
	if (ts_neigh_get(n, iface, family, addr, &now))
		check_route(n, rib, &now);
	else if (known)
		set_route(n, rib, &before, false);
}

struct recheck {
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
};

/* Adding a next hop while walking appends to the hash's order at most, which the walk bears. */
static void
recheck_one(const struct ts_neigh_info *info, void *arg)
{
	struct recheck *r = arg;

	check_route(r->nexthops, r->rib, info);
}

void
ts_neigh_recheck(struct ts_nexthops *n, struct ts_rib *rib)
{
	struct recheck r = {n, rib};

	ts_neigh_foreach(n, recheck_one, &r);
}
