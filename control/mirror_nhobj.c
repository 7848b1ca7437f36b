/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next-hop objects. The kernel changes or flushes the routes of an object without a word about each (decisions.md 3),
 * so which route came with which id is remembered. Objects usually change in numbers: their routes are gone through
 * once per turn, not once per change.
 */
#include "mirror_feed.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct nhobj *
find_obj(const struct route_feed *f, uint32_t id)
{
	struct nhobj *o;

	HASH_FIND(hh, f->nhobjs, &id, sizeof(id), o);
	return o;
}

static struct nhobj *
get_obj(struct route_feed *f, uint32_t id)
{
	struct nhobj *o = find_obj(f, id);

	if (o != NULL)
		return o;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	o->id = id;
	HASH_ADD(hh, f->nhobjs, id, sizeof(o->id), o);
	return o;
}

/* Members first lead their group; groups have no groups in them (net/ipv4/nexthop.c refuses it). */
bool
feed_nhobj_resolve(const struct route_feed *f, uint32_t id, struct route_target *out)
{
	const struct nhobj *o = find_obj(f, id);
	struct route_target t = {0};

	if (o == NULL || !o->known)
		return false;
	if (o->n_members == 0) {
		*out = o->target;
		return true;
	}
	for (unsigned i = 0; i < o->n_members; i++) {
		const struct nhobj *member = find_obj(f, o->members[i].id);

		if (member == NULL || !member->known)
			continue;
		if (member->target.kind == TS_NH_BLACKHOLE)
			t.kind = TS_NH_BLACKHOLE;
		mirror_target_add(&t, &member->target, o->members[i].weight);
	}
	mirror_target_finish(&t);
	*out = t;
	return true;
}

static bool
same_meaning(const struct nhobj *a, const struct nhobj *b)
{
	return a->known && a->n_members == b->n_members && memcmp(a->members, b->members, sizeof(a->members)) == 0 &&
		memcmp(&a->target, &b->target, sizeof(a->target)) == 0;
}

static void
mark_changed(struct route_feed *f, struct nhobj *o)
{
	if (!o->changed)
		LL_PREPEND2(f->changed, o, next_changed);
	o->changed = true;
}

static void
mark_groups_of(struct route_feed *f, const struct nhobj *member)
{
	if (member->n_groups == 0)
		return;
	for (struct nhobj *o = f->nhobjs; o != NULL; o = o->hh.next)
		for (unsigned i = 0; i < o->n_members; i++)
			if (o->members[i].id == member->id)
				mark_changed(f, o);
}

static bool
is_needed(const struct nhobj *o)
{
	return o->known || o->routes != NULL || o->n_groups > 0;
}

/* It is freed when the changes are worked through. */
static void
may_be_over(struct route_feed *f, struct nhobj *o)
{
	if (!is_needed(o))
		mark_changed(f, o);
}

/* A member may come after its group. */
static void
set_members(struct route_feed *f, struct nhobj *group, const struct nhobj_member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct nhobj *o = get_obj(f, members[i].id);

		if (o != NULL)
			o->n_groups++;
	}
	for (unsigned i = 0; i < group->n_members; i++) {
		struct nhobj *o = find_obj(f, group->members[i].id);

		if (o != NULL && o->n_groups > 0 && --o->n_groups == 0)
			may_be_over(f, o);
	}
	memset(group->members, 0, sizeof(group->members));
	if (n > 0)
		memcpy(group->members, members, n * sizeof(*members));
	group->n_members = n;
}

void
feed_nhobj_new(struct route_feed *f, const struct nhobj *new)
{
	struct nhobj *o = get_obj(f, new->id);

	if (o == NULL)
		return;
	o->gen = f->gen;
	if (same_meaning(o, new))
		return;
	o->known = true;
	o->target = new->target;
	set_members(f, o, new->members, new->n_members);
	mark_changed(f, o);
	mark_groups_of(f, o);
}

/* A group that lost its last member goes with it. */
static void
leave_group(struct route_feed *f, struct nhobj *group, uint32_t id)
{
	struct nhobj_member left[TS_PATHS_MAX] = {0};
	unsigned kept = 0;

	for (unsigned i = 0; i < group->n_members; i++)
		if (group->members[i].id != id)
			left[kept++] = group->members[i];
	if (kept == group->n_members)
		return;
	set_members(f, group, left, kept);
	group->known = kept > 0;
	mark_changed(f, group);
}

void
feed_nhobj_del(struct route_feed *f, uint32_t id)
{
	struct nhobj *o = find_obj(f, id);

	if (o == NULL || !o->known)
		return;
	o->known = false;
	set_members(f, o, NULL, 0);
	memset(&o->target, 0, sizeof(o->target));
	mark_changed(f, o);
	if (!f->objects_take_routes || o->n_groups == 0)
		return;
	for (struct nhobj *g = f->nhobjs; g != NULL; g = g->hh.next)
		leave_group(f, g, id);
}

static bool
leads_to(const struct route_target *t, uint16_t iface)
{
	if (t->has_glean && t->glean_iface == iface)
		return true;
	return t->n_paths > 0 && t->paths[0].iface == iface;
}

void
feed_nhobjs_purge_iface(struct route_feed *f, uint16_t iface)
{
	for (struct nhobj *o = f->nhobjs; o != NULL; o = o->hh.next)
		if (o->n_members == 0 && leads_to(&o->target, iface))
			feed_nhobj_del(f, o->id);
}

void
feed_nhobjs_sweep(struct route_feed *f)
{
	for (struct nhobj *o = f->nhobjs; o != NULL; o = o->hh.next)
		if (o->gen != f->gen)
			feed_nhobj_del(f, o->id);
}

static void
unlink_route(struct route_feed *f, struct nhobj_route *r)
{
	DL_DELETE(r->obj->routes, r);
	may_be_over(f, r->obj);
	HASH_DEL(f->nhobj_routes, r);
	free(r);
}

static void
link_to(struct route_feed *f, struct nhobj_route *r, struct nhobj *o)
{
	struct nhobj *was = r->obj;

	if (was == o)
		return;
	if (was != NULL)
		DL_DELETE(was->routes, r);
	DL_APPEND(o->routes, r);
	r->obj = o;
	if (was != NULL)
		may_be_over(f, was);
}

/* Of this table, from its first entry on. uthash moves all entries whenever it doubles its buckets, from 32 on: at
 * 300000 routes a step of 76 ms, and twice that the next time. With so many (16 MiB) a full table never makes it. */
#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS_LOG2 20u
#define HASH_INITIAL_NUM_BUCKETS (1u << HASH_INITIAL_NUM_BUCKETS_LOG2)

static struct nhobj_route *
get_link(struct route_feed *f, const struct route_key *key)
{
	struct nhobj_route *r = NULL;

	HASH_FIND(hh, f->nhobj_routes, key, sizeof(*key), r);
	if (r != NULL)
		return r;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->key = *key;
	HASH_ADD(hh, f->nhobj_routes, key, sizeof(r->key), r);
	return r;
}

void
feed_nhobj_link(struct route_feed *f, const struct route_key *key, uint32_t nh_id)
{
	struct nhobj_route *r = NULL;
	struct nhobj *o = nh_id != 0 ? get_obj(f, nh_id) : NULL;

	if (o == NULL) {
		HASH_FIND(hh, f->nhobj_routes, key, sizeof(*key), r);
		if (r != NULL)
			unlink_route(f, r);
		return;
	}
	r = get_link(f, key);
	if (r != NULL)
		link_to(f, r, o);
}

/* A route of the kernel that is not in the RIB may have been swept, or have led nowhere until now: only a dump can
 * tell. */
static void
work_route(struct route_feed *f, struct nhobj_route *r, const struct route_target *t)
{
	struct ts_route_info info;

	if (f->objects_take_routes && !feed_route_find(f, &r->key, &info)) {
		unlink_route(f, r);
		f->unclear = true;
	} else if (t != NULL) {
		feed_route_set(f, &r->key, t);
	} else if (f->objects_take_routes) {
		f->stats.silent_losses++;
		feed_route_remove(f, &r->key);
		unlink_route(f, r);
	}
}

void
feed_nhobjs_work(struct route_feed *f)
{
	struct nhobj *o, *next;
	struct nhobj_route *r, *next_route;
	struct route_target t;

	for (o = f->changed; o != NULL; o = next) {
		bool known = feed_nhobj_resolve(f, o->id, &t);

		next = o->next_changed;
		for (r = o->routes; r != NULL; r = next_route) {
			next_route = r->next;
			work_route(f, r, known ? &t : NULL);
		}
		o->changed = false;
		if (!is_needed(o)) {
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the table, so there is one */
			HASH_DEL(f->nhobjs, o);
			free(o);
		}
	}
	f->changed = NULL;
}

void
feed_nhobjs_forget(struct route_feed *f)
{
	feed_nhobjs_bury(f, UINT_MAX);
	f->dead_nhobjs = f->nhobjs;
	f->dead_routes = f->nhobj_routes;
	f->nhobjs = NULL;
	f->nhobj_routes = NULL;
	f->changed = NULL;
}

bool
feed_nhobjs_bury(struct route_feed *f, unsigned max)
{
	struct nhobj_route *r;
	struct nhobj *o;

	for (; max > 0 && (r = f->dead_routes) != NULL; max--) {
		HASH_DEL(f->dead_routes, r);
		free(r);
	}
	for (; max > 0 && (o = f->dead_nhobjs) != NULL; max--) {
		HASH_DEL(f->dead_nhobjs, o);
		free(o);
	}
	return f->dead_routes != NULL || f->dead_nhobjs != NULL;
}

void
feed_nhobjs_free(struct route_feed *f)
{
	feed_nhobjs_forget(f);
	feed_nhobjs_bury(f, UINT_MAX);
}
