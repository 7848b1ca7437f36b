/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel routes into the RIB. IPv4 routes are whole in every message; an IPv6 multipath route may lose a single member
 * by RTM_DELROUTE, and with NLM_F_APPEND a message of old kernels carries only what is added.
 */
#include "mirror_priv.h"

#include <stdlib.h>
#include <string.h>

static struct held_delete *
find_held(const struct ts_mirror *m, const struct route_key *key)
{
	struct held_delete *h;

	HASH_FIND(hh, m->held, key, sizeof(*key), h);
	return h;
}

static void
drop_held(struct ts_mirror *m, struct held_delete *h)
{
	if (!h->done)
		m->n_held--;
	HASH_DEL(m->held, h);
	free(h);
}

static bool
find_route(const struct ts_mirror *m, const struct route_key *key, struct ts_route_info *info)
{
	return ts_rib_find(m->rib, key->family, key->prefix, key->len, TS_ORIGIN_KERNEL, key->metric, info);
}

static void
changed(struct ts_mirror *m, uint32_t nh)
{
	m->stats.last_change_ms = mirror_now_ms();
	if (ts_nexthop_array(m->nexthops)[nh].kind == TS_NH_GLEAN)
		m->on_link_changed = true;
}

void
mirror_route_remove(struct ts_mirror *m, const struct route_key *key)
{
	struct ts_route_info info;

	if (!find_route(m, key, &info))
		return;
	changed(m, info.nh);
	ts_rib_del(m->rib, key->family, key->prefix, key->len, TS_ORIGIN_KERNEL, key->metric);
}

static uint32_t
get_nexthop(struct ts_mirror *m, const struct route_target *t)
{
	switch (t->kind) {
	case TS_NH_BLACKHOLE:
	case TS_NH_UNREACHABLE:
	case TS_NH_PROHIBIT:
		return ts_nexthop_get_simple(m->nexthops, t->kind);
	case TS_NH_GLEAN:
		return ts_nexthop_get_glean(m->nexthops, t->glean_iface);
	case TS_NH_ADJACENCY:
		return ts_nexthop_get_paths(m->nexthops, t->paths, t->n_paths);
	default:
		return TS_NH_NO_ROUTE;
	}
}

/* S1: a route inside a tunnel's prefix would take packets away from the tunnel. */
static bool
in_tunnel(const struct ts_mirror *m, const struct route_key *key)
{
	return m->conf.is_tunnel != NULL && key->family == AF_INET6 &&
		m->conf.is_tunnel(m->conf.arg, key->prefix, key->len);
}

/* A route that cannot be had any more (no next hop free, another device) must not go on as it was. */
void
mirror_route_set(struct ts_mirror *m, const struct route_key *key, const struct route_target *t)
{
	uint32_t nh = get_nexthop(m, t);
	struct ts_route_info info;

	if (in_tunnel(m, key)) {
		if (nh != TS_NH_NO_ROUTE)
			ts_nexthop_put(m->nexthops, nh);
		m->stats.in_tunnel++;
		return;
	}
	if (nh == TS_NH_NO_ROUTE && t->kind != TS_NH_NONE)
		m->refused = true;
	if (nh == TS_NH_NO_ROUTE) {
		m->stats.foreign += t->kind == TS_NH_NONE;
		mirror_route_remove(m, key);
		return;
	}
	if (!find_route(m, key, &info) || info.nh != nh)
		changed(m, nh);
	if (ts_rib_set(m->rib, key->family, key->prefix, key->len, TS_ORIGIN_KERNEL, key->metric, nh, m->gen) < 0)
		m->refused = true;
}

static bool
has_path(const struct ts_path *paths, unsigned n, const struct ts_path *p)
{
	for (unsigned i = 0; i < n; i++)
		if (paths[i].iface == p->iface && paths[i].family == p->family &&
			memcmp(paths[i].addr, p->addr, sizeof(p->addr)) == 0)
			return true;
	return false;
}

static bool
is_ipv6_append(const struct kernel_route *r)
{
	return r->append && !r->multipath && r->key.family == AF_INET6 && r->target.kind == TS_NH_ADJACENCY;
}

static void
append_path(const struct ts_mirror *m, uint32_t nh, struct route_target *t)
{
	struct ts_path paths[TS_NH_SLOTS];
	unsigned n = ts_nexthop_paths(m->nexthops, nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		if (!has_path(t->paths, t->n_paths, &paths[i]))
			t->paths[t->n_paths++] = paths[i];
}

/* Does the dump tell what a notification has overtaken? */
static bool
overtaken(const struct ts_mirror *m, const struct held_delete *held, bool exists, const struct ts_route_info *info)
{
	return (held != NULL && held->gen == m->gen) || (exists && info->gen == m->gen);
}

void
mirror_route_new(struct ts_mirror *m, const struct kernel_route *r, bool dump)
{
	struct held_delete *held = find_held(m, &r->key);
	struct ts_route_info info;
	bool exists = find_route(m, &r->key, &info);
	struct route_target target = r->target;

	if (dump && overtaken(m, held, exists, &info))
		return;
	if (held != NULL) {
		m->stats.cancelled_deletes += !held->done;
		drop_held(m, held);
	} else if (!dump && exists && r->append && r->key.family == AF_INET) {
		m->appended = true; /* the one before it stays in use */
		return;
	}
	if (exists && held == NULL && is_ipv6_append(r))
		append_path(m, info.nh, &target);
	if (r->nh_id != 0)
		mirror_nhobj_resolve(m, r->nh_id, &target);
	mirror_nhobj_link(m, &r->key, r->nh_id);
	mirror_route_set(m, &r->key, &target);
}

/* Takes away the members of the route that are in `gone`; true when some stay. */
static bool
reduce(struct ts_mirror *m, const struct route_key *key, uint32_t nh, const struct route_target *gone)
{
	struct ts_path paths[TS_NH_SLOTS];
	unsigned n = ts_nexthop_paths(m->nexthops, nh, paths, TS_NH_SLOTS);
	struct route_target left = {.kind = TS_NH_ADJACENCY};

	for (unsigned i = 0; i < n; i++)
		if (!has_path(gone->paths, gone->n_paths, &paths[i]))
			left.paths[left.n_paths++] = paths[i];
	if (left.n_paths == 0)
		return false;
	mirror_route_set(m, key, &left);
	return true;
}

static void
hold(struct ts_mirror *m, const struct route_key *key, bool exists)
{
	struct held_delete *h = find_held(m, key);
	uint64_t now = mirror_now_ms();

	if (h != NULL)
		drop_held(m, h);
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		mirror_route_remove(m, key);
		return;
	}
	h->key = *key;
	h->gen = m->gen;
	h->done = !exists;
	if (exists && m->n_held++ == 0)
		m->first_held_ms = now;
	HASH_ADD(hh, m->held, key, sizeof(h->key), h);
}

void
mirror_route_del(struct ts_mirror *m, const struct kernel_route *r)
{
	struct ts_route_info info;
	bool exists = find_route(m, &r->key, &info);

	if (!exists && !mirror_dumping(m))
		return;
	if (exists && r->key.family == AF_INET6 && r->target.kind == TS_NH_ADJACENCY && r->nh_id == 0 &&
		reduce(m, &r->key, info.nh, &r->target))
		return;
	/* IPv4 appended, or the same IPv6 prefix on-link on two interfaces: another route of this key may stay. */
	if ((m->appended && r->key.family == AF_INET) || (r->key.family == AF_INET6 && r->target.kind == TS_NH_GLEAN))
		mirror_want_compare(m);
	/* There is room again for what was refused. */
	if (m->refused) {
		m->refused = false;
		mirror_want_compare(m);
	}
	hold(m, &r->key, exists);
}

void
mirror_held_flush(struct ts_mirror *m)
{
	struct held_delete *h, *next;

	HASH_ITER(hh, m->held, h, next) {
		if (!h->done) {
			mirror_nhobj_link(m, &h->key, 0);
			mirror_route_remove(m, &h->key);
			h->done = true;
		}
		if (!mirror_dumping(m))
			drop_held(m, h);
	}
	m->n_held = 0;
}

void
mirror_held_forget(struct ts_mirror *m)
{
	struct held_delete *h, *next;

	HASH_ITER(hh, m->held, h, next)
		if (h->done)
			drop_held(m, h);
}

int
mirror_held_timeout(const struct ts_mirror *m, uint64_t now)
{
	uint64_t quiet = m->last_route_ms + m->conf.delete_hold_ms;
	uint64_t latest = m->first_held_ms + m->conf.delete_hold_max_ms;
	uint64_t due = quiet < latest ? quiet : latest;

	if (m->n_held == 0)
		return -1;
	return due <= now ? 0 : (int)(due - now);
}

struct purge {
	struct ts_mirror *m;
	uint16_t iface;
	struct route_key *keys;
	size_t n, max;
};

static bool
goes_by(const struct ts_mirror *m, uint32_t nh, uint16_t iface)
{
	struct ts_path paths[TS_NH_SLOTS];
	const struct ts_nexthop *e = &ts_nexthop_array(m->nexthops)[nh];

	if (e->kind == TS_NH_GLEAN)
		return e->iface == iface;

	unsigned n = ts_nexthop_paths(m->nexthops, nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		if (paths[i].iface == iface)
			return true;
	return false;
}

/* The RIB must not change while it is walked, so the routes are gathered first. Out of memory: the dump finds the rest.
 */
static bool
gather(const struct ts_route_info *info, void *arg)
{
	struct purge *p = arg;

	if (info->origin != TS_ORIGIN_KERNEL || !goes_by(p->m, info->nh, p->iface))
		return true;
	if (p->n == p->max) {
		size_t max = p->max == 0 ? 256 : 2 * p->max;
		struct route_key *keys = realloc(p->keys, max * sizeof(*keys));

		if (keys == NULL)
			return false;
		p->keys = keys;
		p->max = max;
	}

	struct route_key key = {.metric = info->metric, .family = info->family, .len = info->len};

	memcpy(key.prefix, info->prefix, sizeof(key.prefix));
	p->keys[p->n++] = key;
	return true;
}

static void
purge_route(struct ts_mirror *m, const struct route_key *key, uint16_t iface)
{
	struct ts_path paths[TS_NH_SLOTS];
	struct route_target left = {.kind = TS_NH_ADJACENCY};
	struct ts_route_info info;

	if (!find_route(m, key, &info))
		return;

	unsigned n = ts_nexthop_paths(m->nexthops, info.nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		if (paths[i].iface != iface)
			left.paths[left.n_paths++] = paths[i];
	m->stats.silent_losses++;
	if (left.n_paths > 0)
		mirror_route_set(m, key, &left);
	else
		mirror_route_remove(m, key);
}

void
mirror_routes_purge_iface(struct ts_mirror *m, uint8_t family, uint16_t iface)
{
	struct purge p = {.m = m, .iface = iface};

	ts_rib_foreach(m->rib, family, gather, &p);
	for (size_t i = 0; i < p.n; i++)
		purge_route(m, &p.keys[i], iface);
	free(p.keys);
}

void
mirror_routes_free(struct ts_mirror *m)
{
	struct held_delete *h, *next;

	HASH_ITER(hh, m->held, h, next)
		drop_held(m, h);
}
