/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next-hop objects. The kernel changes or flushes the routes of an object without a word about each (decisions.md 3),
 * so which route came with which id is remembered. Objects usually change in numbers: their routes are gone through
 * once per turn, not once per object.
 */
#include "mirror_priv.h"

#include <stdlib.h>
#include <string.h>

static struct nhobj *
find_obj(const struct ts_mirror *m, uint32_t id)
{
	struct nhobj *o;

	HASH_FIND(hh, m->nhobjs, &id, sizeof(id), o);
	return o;
}

/* Members first lead their group; groups have no groups in them (net/ipv4/nexthop.c refuses it). */
bool
mirror_nhobj_resolve(const struct ts_mirror *m, uint32_t id, struct route_target *out)
{
	const struct nhobj *o = find_obj(m, id);
	struct route_target t = {0};

	if (o == NULL)
		return false;
	if (o->n_members == 0) {
		*out = o->target;
		return true;
	}
	for (unsigned i = 0; i < o->n_members; i++) {
		const struct nhobj *member = find_obj(m, o->members[i].id);

		if (member == NULL)
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
	return a->n_members == b->n_members && memcmp(a->members, b->members, sizeof(a->members)) == 0 &&
		memcmp(&a->target, &b->target, sizeof(a->target)) == 0;
}

static void
mark_changed(struct ts_mirror *m, struct nhobj *o)
{
	o->changed = true;
	m->nhobjs_changed = true;
}

static void
mark_groups_of(struct ts_mirror *m, uint32_t id)
{
	for (struct nhobj *o = m->nhobjs; o != NULL; o = o->hh.next)
		for (unsigned i = 0; i < o->n_members; i++)
			if (o->members[i].id == id)
				mark_changed(m, o);
}

void
mirror_nhobj_new(struct ts_mirror *m, const struct nhobj *new)
{
	struct nhobj *o = find_obj(m, new->id);

	if (o != NULL && same_meaning(o, new)) {
		o->gen = m->gen;
		return;
	}
	if (o == NULL) {
		o = calloc(1, sizeof(*o));
		if (o == NULL)
			return;
		o->id = new->id;
		HASH_ADD(hh, m->nhobjs, id, sizeof(o->id), o);
	}
	o->gen = m->gen;
	o->n_members = new->n_members;
	memcpy(o->members, new->members, sizeof(o->members));
	o->target = new->target;
	mark_changed(m, o);
	mark_groups_of(m, o->id);
}

static void
leave_group(struct ts_mirror *m, struct nhobj *group, uint32_t id)
{
	unsigned kept = 0, n = group->n_members;

	for (unsigned i = 0; i < n; i++)
		if (group->members[i].id != id)
			group->members[kept++] = group->members[i];
	if (kept == n)
		return;
	memset(&group->members[kept], 0, (n - kept) * sizeof(group->members[0]));
	group->n_members = kept;
	mark_changed(m, group);
}

/* A group that lost its last member goes with it. */
void
mirror_nhobj_del(struct ts_mirror *m, uint32_t id)
{
	struct nhobj *o = find_obj(m, id), *g, *next;

	if (o == NULL)
		return;
	HASH_DEL(m->nhobjs, o);
	free(o);
	m->nhobjs_changed = true;
	HASH_ITER(hh, m->nhobjs, g, next) {
		bool was_group = g->n_members > 0;

		leave_group(m, g, id);
		if (was_group && g->n_members == 0) {
			HASH_DEL(m->nhobjs, g);
			free(g);
		}
	}
}

static bool
leads_to(const struct route_target *t, uint16_t iface)
{
	if (t->has_glean && t->glean_iface == iface)
		return true;
	return t->n_paths > 0 && t->paths[0].iface == iface;
}

/* Deleting one may delete groups too, so the walk starts anew. */
void
mirror_nhobjs_purge_iface(struct ts_mirror *m, uint16_t iface)
{
	struct nhobj *o = m->nhobjs;

	while (o != NULL) {
		if (o->n_members == 0 && leads_to(&o->target, iface)) {
			mirror_nhobj_del(m, o->id);
			o = m->nhobjs;
		} else {
			o = o->hh.next;
		}
	}
}

void
mirror_nhobjs_sweep(struct ts_mirror *m)
{
	struct nhobj *o = m->nhobjs;

	while (o != NULL) {
		if (o->gen != m->gen) {
			mirror_nhobj_del(m, o->id);
			o = m->nhobjs;
		} else {
			o = o->hh.next;
		}
	}
}

void
mirror_nhobj_link(struct ts_mirror *m, const struct route_key *key, uint32_t nh_id)
{
	struct nhobj_route *r = NULL;

	if (nh_id == 0 && m->nhobj_routes == NULL)
		return;
	HASH_FIND(hh, m->nhobj_routes, key, sizeof(*key), r);
	if (nh_id == 0) {
		if (r != NULL) {
			HASH_DEL(m->nhobj_routes, r);
			free(r);
		}
		return;
	}
	if (r == NULL) {
		r = calloc(1, sizeof(*r));
		if (r == NULL)
			return;
		r->key = *key;
		HASH_ADD(hh, m->nhobj_routes, key, sizeof(r->key), r);
	}
	r->nh_id = nh_id;
}

static void
unlink_route(struct ts_mirror *m, struct nhobj_route *r)
{
	HASH_DEL(m->nhobj_routes, r);
	free(r);
}

/* A route that is not in the RIB may have been swept, or have led nowhere until now: only a dump can tell. */
static void
work_route(struct ts_mirror *m, struct nhobj_route *r)
{
	const struct nhobj *o = find_obj(m, r->nh_id);
	struct route_target t = {0};
	struct ts_route_info info;

	if (o != NULL && !o->changed)
		return;
	if (!ts_rib_find(m->rib, r->key.family, r->key.prefix, r->key.len, TS_ORIGIN_KERNEL, r->key.metric, &info)) {
		unlink_route(m, r);
		mirror_want_compare(m);
	} else if (o != NULL) {
		mirror_nhobj_resolve(m, r->nh_id, &t);
		mirror_route_set(m, &r->key, &t);
	} else {
		m->stats.silent_losses++;
		mirror_route_remove(m, &r->key);
		unlink_route(m, r);
	}
}

void
mirror_nhobjs_work(struct ts_mirror *m)
{
	struct nhobj_route *r, *next;

	if (!m->nhobjs_changed)
		return;
	m->nhobjs_changed = false;
	HASH_ITER(hh, m->nhobj_routes, r, next)
		work_route(m, r);
	for (struct nhobj *o = m->nhobjs; o != NULL; o = o->hh.next)
		o->changed = false;
}

void
mirror_nhobjs_free(struct ts_mirror *m)
{
	struct nhobj_route *r, *next_route;
	struct nhobj *o, *next;

	HASH_ITER(hh, m->nhobj_routes, r, next_route)
		unlink_route(m, r);
	HASH_ITER(hh, m->nhobjs, o, next) {
		HASH_DEL(m->nhobjs, o);
		free(o);
	}
}
