/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes that went with their interface, or with its last address, without a word about each (decisions.md 3). Every
 * route of the family has to be looked at, so it is done in steps. Should the interface be there again before that is
 * over, what the kernel has then is found by the comparison that follows.
 */
#include "mirror_priv.h"

#define PURGED_PER_TURN 4096

static const uint8_t families[] = {AF_INET, AF_INET6};

void
mirror_routes_purge_iface(struct ts_mirror *m, uint8_t family, uint16_t iface)
{
	for (unsigned f = 0; f < 2; f++) {
		if (family != 0 && family != families[f])
			continue;
		m->purged[f] |= UINT64_C(1) << iface;
		m->purge_at[f] = (struct ts_rib_cursor){0};
	}
}
_Static_assert(TS_MAX_INTERFACES <= 64, "a bit per interface");

void
mirror_purge_cancel(struct ts_mirror *m, uint16_t iface)
{
	for (unsigned f = 0; f < 2; f++)
		m->purged[f] &= ~(UINT64_C(1) << iface);
}

static bool
is_purged(uint64_t ifaces, uint16_t iface)
{
	return (ifaces >> iface & 1) != 0;
}

struct purge {
	struct ts_mirror *m;
	uint64_t ifaces;
};

static void
purge_route(const struct ts_route_info *info, void *arg)
{
	struct purge *p = arg;
	struct ts_path paths[TS_NH_SLOTS];
	const struct ts_nexthop *e = &ts_nexthop_array(p->m->nexthops)[info->nh];
	struct route_target left = {.kind = TS_NH_ADJACENCY};
	struct route_key key = {.metric = info->metric, .family = info->family, .len = info->len};
	unsigned n = ts_nexthop_paths(p->m->nexthops, info->nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		if (!is_purged(p->ifaces, paths[i].iface))
			left.paths[left.n_paths++] = paths[i];
	if (e->kind == TS_NH_GLEAN ? !is_purged(p->ifaces, e->iface) : left.n_paths == n)
		return;
	memcpy(key.prefix, info->prefix, sizeof(key.prefix));
	p->m->feed.stats.silent_losses++;
	if (left.n_paths > 0)
		feed_route_set(&p->m->feed, &key, &left);
	else
		feed_route_remove(&p->m->feed, &key);
}

bool
mirror_purge_step(struct ts_mirror *m)
{
	for (unsigned f = 0; f < 2; f++) {
		struct purge p = {m, m->purged[f]};

		if (m->purged[f] == 0)
			continue;
		if (!ts_rib_edit_step(
			    m->rib, families[f], TS_ORIGIN_KERNEL, &m->purge_at[f], PURGED_PER_TURN, purge_route, &p))
			m->purged[f] = 0;
		return true;
	}
	return false;
}
