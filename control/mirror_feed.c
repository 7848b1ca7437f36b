/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a route with its target to the RIB. What says nothing new changes nothing: FRR may send its whole table again
 * for no reason.
 */
#include "mirror_feed.h"
#include "clock.h"

bool
feed_route_find(const struct route_feed *f, const struct route_key *key, struct ts_route_info *info)
{
	return ts_rib_find(f->rib, key->family, key->prefix, key->len, f->origin, key->metric, info);
}

static void
changed(struct route_feed *f, uint32_t nh)
{
	f->stats.last_change_ms = ts_now_ms();
	if (ts_nexthop_array(f->nexthops)[nh].kind == TS_NH_GLEAN)
		f->on_link_changed = true;
}

void
feed_route_remove(struct route_feed *f, const struct route_key *key)
{
	struct ts_route_info info;

	if (!feed_route_find(f, key, &info))
		return;
	changed(f, info.nh);
	ts_rib_del(f->rib, key->family, key->prefix, key->len, f->origin, key->metric);
	f->n_routes--;
	f->freed = true;
}

/* `like`: the next hop so far. */
static uint32_t
get_nexthop(struct route_feed *f, const struct route_target *t, uint32_t like)
{
	switch (t->kind) {
	case TS_NH_BLACKHOLE:
	case TS_NH_UNREACHABLE:
	case TS_NH_PROHIBIT:
		return ts_nexthop_get_simple(f->nexthops, t->kind);
	case TS_NH_GLEAN:
		return ts_nexthop_get_glean(f->nexthops, t->glean_iface);
	case TS_NH_ADJACENCY:
		return ts_nexthop_get_paths_like(f->nexthops, t->paths, t->n_paths, like);
	default:
		return TS_NH_NO_ROUTE;
	}
}

/* S1: a route inside a tunnel's prefix would take packets away from the tunnel. */
static bool
in_tunnel(const struct route_feed *f, const struct route_key *key)
{
	return f->is_tunnel != NULL && key->family == AF_INET6 && f->is_tunnel(f->arg, key->prefix, key->len);
}

static void
put(struct route_feed *f, const struct route_key *key, uint32_t nh)
{
	struct ts_route_info info;
	bool exists = feed_route_find(f, key, &info);

	if (!exists || info.nh != nh)
		changed(f, nh);
	if (ts_rib_set(f->rib, key->family, key->prefix, key->len, f->origin, key->metric, nh, f->gen) < 0)
		f->refused = true;
	else
		f->n_routes += !exists;
}

/* A route that cannot be had any more (no next hop free, another device) must not go on as it was. */
void
feed_route_set(struct route_feed *f, const struct route_key *key, const struct route_target *t)
{
	if (in_tunnel(f, key)) {
		f->stats.in_tunnel++;
		feed_route_remove(f, key);
		return;
	}

	struct ts_route_info info = {.nh = TS_NH_NO_ROUTE};

	if (t->n_paths > 1)
		feed_route_find(f, key, &info);

	uint32_t nh = get_nexthop(f, t, info.nh);

	if (nh != TS_NH_NO_ROUTE) {
		put(f, key, nh);
		return;
	}
	if (t->kind == TS_NH_NONE)
		f->stats.foreign++;
	else
		f->refused = true;
	feed_route_remove(f, key);
}

bool
feed_route_resolve(struct route_feed *f, const struct kernel_route *r, struct route_target *target)
{
	*target = r->target;
	feed_nhobj_link(f, &r->key, r->nh_id);
	return r->nh_id == 0 || feed_nhobj_resolve(f, r->nh_id, target);
}

bool
feed_sweep_step(struct route_feed *f, struct feed_sweep *s, unsigned n)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	unsigned swept = 0;

	if (!ts_rib_sweep_step(f->rib, families[s->family], f->origin, f->gen, &s->at, n, &swept)) {
		s->family++;
		s->at = (struct ts_rib_cursor){0};
	}
	if (swept > 0) {
		f->stats.last_change_ms = ts_now_ms();
		f->freed = true;
	}
	f->n_routes -= swept;
	s->swept += swept;
	return s->family < 2;
}
