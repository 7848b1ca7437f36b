/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel routes into the RIB. IPv4 routes are whole in every message; an IPv6 multipath route may lose a single member
 * by RTM_DELROUTE, and with NLM_F_APPEND a message of old kernels carries only what is added.
 */
#include "clock.h"
#include "mirror_priv.h"

#include <stdlib.h>
#include <string.h>

/* In a turn of the control thread. */
#define FLUSHED_PER_TURN 1024

static struct held_delete *
find_held(const struct ts_mirror *m, const struct route_key *key)
{
	struct held_delete *h;

	HASH_FIND(hh, m->held, key, sizeof(*key), h);
	if (h == NULL)
		HASH_FIND(hh, m->done, key, sizeof(*key), h);
	return h;
}

static void
drop_held(struct ts_mirror *m, struct held_delete *h)
{
	if (h->done)
		HASH_DEL(m->done, h);
	else
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the table, so there is one */
		HASH_DEL(m->held, h);
	free(h);
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
	return r->append && !r->multipath && r->nh_id == 0 && r->key.family == AF_INET6 &&
		r->target.kind == TS_NH_ADJACENCY;
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
	return (held != NULL && held->gen == m->feed.gen) || (exists && info->gen == m->feed.gen);
}

void
mirror_route_new(struct ts_mirror *m, const struct kernel_route *r, bool dump)
{
	struct held_delete *held = find_held(m, &r->key);
	struct ts_route_info info;
	bool exists = feed_route_find(&m->feed, &r->key, &info);
	struct route_target target;

	if (dump && overtaken(m, held, exists, &info))
		return;
	if (held != NULL) {
		m->stats.cancelled_deletes += !held->done;
		drop_held(m, held);
	} else if (!dump && exists && r->append && r->key.family == AF_INET) {
		m->appended = true; /* the one before it stays in use */
		return;
	}
	feed_route_resolve(&m->feed, r, &target);
	if (exists && held == NULL && is_ipv6_append(r))
		append_path(m, info.nh, &target);
	feed_route_set(&m->feed, &r->key, &target);
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
	feed_route_set(&m->feed, key, &left);
	return true;
}

static void
hold(struct ts_mirror *m, const struct route_key *key, bool exists)
{
	struct held_delete *h = find_held(m, key);

	if (h != NULL)
		drop_held(m, h);
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		feed_route_remove(&m->feed, key);
		return;
	}
	h->key = *key;
	h->gen = m->feed.gen;
	h->done = !exists;
	h->since_ms = ts_now_ms();
	if (exists)
		HASH_ADD(hh, m->held, key, sizeof(h->key), h);
	else
		HASH_ADD(hh, m->done, key, sizeof(h->key), h);
}

void
mirror_route_del(struct ts_mirror *m, const struct kernel_route *r)
{
	struct ts_route_info info;
	bool exists = feed_route_find(&m->feed, &r->key, &info);

	if (!exists && !mirror_dumping(m))
		return;
	if (exists && r->key.family == AF_INET6 && r->target.kind == TS_NH_ADJACENCY && r->nh_id == 0 &&
		reduce(m, &r->key, info.nh, &r->target))
		return;
	/* IPv4 appended, or the same IPv6 prefix on-link on two interfaces: another route of this key may stay. */
	if ((m->appended && r->key.family == AF_INET) || (r->key.family == AF_INET6 && r->target.kind == TS_NH_GLEAN))
		mirror_want_compare(m);
	hold(m, &r->key, exists);
}

static uint64_t
due_ms(const struct ts_mirror *m, const struct held_delete *h)
{
	uint64_t quiet = m->last_route_ms + m->conf.delete_hold_ms, latest = h->since_ms + m->conf.delete_hold_max_ms;

	return quiet < latest ? quiet : latest;
}

static void
carry_out(struct ts_mirror *m, struct held_delete *h)
{
	feed_nhobj_link(&m->feed, &h->key, 0);
	feed_route_remove(&m->feed, &h->key);
	HASH_DEL(m->held, h);
	if (!mirror_dumping(m)) {
		free(h);
		return;
	}
	h->done = true;
	HASH_ADD(hh, m->done, key, sizeof(h->key), h);
}

void
mirror_held_flush(struct ts_mirror *m)
{
	uint64_t now = ts_now_ms();
	unsigned n = 0;

	for (; n < FLUSHED_PER_TURN && m->held != NULL && due_ms(m, m->held) <= now; n++)
		carry_out(m, m->held);
}

void
mirror_held_forget(struct ts_mirror *m)
{
	struct held_delete *h, *next;

	HASH_ITER(hh, m->done, h, next)
		drop_held(m, h);
}

int
mirror_held_timeout(const struct ts_mirror *m, uint64_t now)
{
	uint64_t due;

	if (m->held == NULL)
		return -1;
	due = due_ms(m, m->held);
	return due <= now ? 0 : (int)(due - now);
}

void
mirror_routes_free(struct ts_mirror *m)
{
	struct held_delete *h, *next;

	HASH_ITER(hh, m->held, h, next)
		drop_held(m, h);
	mirror_held_forget(m);
}
