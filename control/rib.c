/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes by prefix. What changes nothing costs nothing: a prefix becomes dirty only when its best next hop is another
 * one.
 */
#include "rib_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Own, neighbour and static routes are not refused because a routing daemon filled the table. */
#define RESERVE 10240

void
rib_prefix_release(struct rib_family *f, struct rib_prefix *p)
{
	if (p->routes != NULL || p->dirty != 0 || p->unplaced)
		return;
	for (unsigned i = 0; i < TS_FIBS; i++)
		if (p->installed[i] != TS_NH_NO_ROUTE)
			return;
	rib_table_remove(f, p);
}

void
rib_set_unplaced(struct rib_family *f, struct rib_prefix *p, bool unplaced)
{
	if (p->unplaced == unplaced)
		return;
	p->unplaced = unplaced;
	if (!unplaced) {
		*p->at_unplaced = p->next_unplaced;
		if (p->next_unplaced != NULL)
			p->next_unplaced->at_unplaced = p->at_unplaced;
		f->n_unplaced--;
		return;
	}
	p->next_unplaced = f->unplaced;
	p->at_unplaced = &f->unplaced;
	if (f->unplaced != NULL)
		f->unplaced->at_unplaced = &p->next_unplaced;
	f->unplaced = p;
	f->n_unplaced++;
}

/* A prefix whose change was taken back stays in the list; applying it then writes nothing. */
void
rib_mark_dirty(struct rib_family *f, struct rib_prefix *p)
{
	if (p->routes == NULL)
		rib_set_unplaced(f, p, false);
	for (unsigned i = 0; i < TS_FIBS; i++) {
		if ((p->dirty & 1u << i) != 0 || p->installed[i] == rib_wanted(p))
			continue;
		p->dirty |= (uint8_t)(1u << i);
		p->next_dirty[i] = f->dirty[i];
		f->dirty[i] = p;
	}
	rib_prefix_release(f, p);
}

static bool
before(const struct rib_route *r, enum ts_origin origin, uint32_t metric)
{
	return r->origin < origin || (r->origin == origin && r->metric < metric);
}

struct rib_route **
rib_route_place(struct rib_prefix *p, enum ts_origin origin, uint32_t metric)
{
	struct rib_route **at = &p->routes;

	while (*at != NULL && before(*at, origin, metric))
		at = &(*at)->next;
	return at;
}

static bool
is_route(const struct rib_route *r, enum ts_origin origin, uint32_t metric)
{
	return r != NULL && r->origin == origin && r->metric == metric;
}

static bool
is_upstream(const struct ts_rib *rib, unsigned origin, uint32_t nh)
{
	return origin >= TS_ORIGIN_STATIC && ts_nexthop_array(rib->nexthops)[nh].kind == TS_NH_ADJACENCY;
}

static int
add_route(struct ts_rib *rib, struct rib_family *f, struct rib_prefix *p, const struct rib_route *new)
{
	struct rib_route **at = rib_route_place(p, new->origin, new->metric);

	if (f->n_routes >= f->max + (new->origin >= TS_ORIGIN_KERNEL ? 0 : RESERVE)) {
		rib->stats.refused_full++;
		return -ENOSPC;
	}

	struct rib_route *r = malloc(sizeof(*r));

	if (r == NULL)
		return -ENOSPC;
	*r = *new;
	r->next = *at;
	*at = r;
	f->n_routes++;
	f->n_upstream += is_upstream(rib, r->origin, r->nh);
	return 0;
}

static void
changed(struct ts_rib *rib, struct rib_family *f, struct rib_prefix *p, uint32_t best_before)
{
	rib->stats.changes += rib_best(p) != best_before;
	rib_mark_dirty(f, p);
}

int
ts_rib_set(struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, uint32_t nh, uint32_t gen)
{
	struct rib_family *f = &rib->family[rib_family_index(family)];
	struct rib_key key = rib_key_of(family, prefix, len);
	struct rib_prefix *p = rib_table_find(f, &key);
	struct rib_route new = {.metric = metric, .gen = gen, .nh = (uint16_t)nh, .origin = (uint8_t)origin};
	int ret = 0;

	if (p == NULL)
		p = rib_table_add(f, &key);
	if (p == NULL) {
		ts_nexthop_put(rib->nexthops, nh);
		return -ENOSPC;
	}

	struct rib_route *r = *rib_route_place(p, origin, metric);
	uint32_t best = rib_best(p);

	if (is_route(r, origin, metric)) {
		f->n_upstream += is_upstream(rib, origin, nh);
		f->n_upstream -= is_upstream(rib, origin, r->nh);
		ts_nexthop_put(rib->nexthops, r->nh);
		r->nh = (uint16_t)nh;
		r->gen = gen;
	} else {
		ret = add_route(rib, f, p, &new);
		if (ret < 0)
			ts_nexthop_put(rib->nexthops, nh);
	}
	changed(rib, f, p, best);
	return ret;
}

void
rib_route_remove(struct ts_rib *rib, struct rib_family *f, struct rib_route **at)
{
	struct rib_route *r = *at;

	*at = r->next;
	f->n_upstream -= is_upstream(rib, r->origin, r->nh);
	ts_nexthop_put(rib->nexthops, r->nh);
	free(r);
	f->n_routes--;
}

int
ts_rib_del(
	struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin, uint32_t metric)
{
	struct rib_family *f = &rib->family[rib_family_index(family)];
	struct rib_key key = rib_key_of(family, prefix, len);
	struct rib_prefix *p = rib_table_find(f, &key);

	if (p == NULL)
		return -ENOENT;

	struct rib_route **at = rib_route_place(p, origin, metric);
	uint32_t best = rib_best(p);

	if (!is_route(*at, origin, metric))
		return -ENOENT;
	rib_route_remove(rib, f, at);
	changed(rib, f, p, best);
	return 0;
}

static unsigned
sweep_prefix(struct ts_rib *rib, struct rib_family *f, struct rib_prefix *p, enum ts_origin origin, uint32_t gen)
{
	struct rib_route **at = rib_route_place(p, origin, 0);
	uint32_t best = rib_best(p);
	unsigned swept = 0;

	while (*at != NULL && (*at)->origin == origin) {
		if ((*at)->gen == gen) {
			at = &(*at)->next;
			continue;
		}
		rib_route_remove(rib, f, at);
		swept++;
	}
	if (swept > 0)
		changed(rib, f, p, best);
	return swept;
}

bool
ts_rib_sweep_step(struct ts_rib *rib, uint8_t family, enum ts_origin origin, uint32_t gen, struct ts_rib_cursor *at,
	unsigned n, unsigned *swept)
{
	struct rib_family *f = &rib->family[rib_family_index(family)];
	struct rib_prefix *next;
	unsigned seen = 0;

	for (; at->bin < RIB_BINS && seen < n; at->bin++) {
		for (struct rib_prefix *p = f->bins[at->bin]; p != NULL; p = next, seen++) {
			next = p->next_in_bin;
			*swept += sweep_prefix(rib, f, p, origin, gen);
		}
	}
	return at->bin < RIB_BINS;
}

unsigned
ts_rib_sweep(struct ts_rib *rib, uint8_t family, enum ts_origin origin, uint32_t gen)
{
	struct ts_rib_cursor at = {0};
	unsigned swept = 0;

	while (ts_rib_sweep_step(rib, family, origin, gen, &at, UINT32_MAX, &swept))
		;
	return swept;
}

bool
ts_rib_find(const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, struct ts_route_info *out)
{
	struct rib_key key = rib_key_of(family, prefix, len);
	struct rib_prefix *p = rib_table_find(&rib->family[rib_family_index(family)], &key);
	const struct rib_route *r = p != NULL ? *rib_route_place(p, origin, metric) : NULL;

	if (!is_route(r, origin, metric))
		return false;
	*out = (struct ts_route_info){
		.family = family, .len = len, .origin = origin, .metric = metric, .nh = r->nh, .gen = r->gen};
	memcpy(out->prefix, key.addr, sizeof(out->prefix));
	return true;
}

bool
ts_rib_get(const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, struct ts_route_info *out)
{
	struct rib_key key = rib_key_of(family, prefix, len);
	const struct rib_prefix *p = rib_table_find(&rib->family[rib_family_index(family)], &key);

	if (p == NULL || p->routes == NULL)
		return false;
	ts_rib_find(rib, family, prefix, len, p->routes->origin, p->routes->metric, out);
	out->best = true;
	return true;
}

bool
ts_rib_on_link(const struct ts_rib *rib, uint8_t family, const uint8_t *addr, uint16_t iface)
{
	const struct ts_nexthop *entries = ts_nexthop_array(rib->nexthops);
	const struct rib_family *f = &rib->family[rib_family_index(family)];
	struct rib_key key = rib_key_of(family, addr, family == AF_INET ? 32 : 128);
	const struct rib_prefix *p;

	while ((p = rib_table_up(f, &key)) != NULL)
		for (const struct rib_route *r = p->routes; r != NULL; r = r->next)
			if (entries[r->nh].kind == TS_NH_GLEAN && entries[r->nh].iface == iface)
				return true;
	return false;
}

size_t
ts_rib_count(const struct ts_rib *rib, uint8_t family)
{
	return rib->family[rib_family_index(family)].n_routes;
}

size_t
ts_rib_upstream(const struct ts_rib *rib, uint8_t family)
{
	return rib->family[rib_family_index(family)].n_upstream;
}

static void
get_usage(const struct ts_rib *rib, unsigned family, struct ts_rib_usage *u)
{
	const struct rib_family *f = &rib->family[family];

	u->routes = (uint32_t)f->n_routes;
	u->max_routes = f->max;
	u->used = ts_fib_used(&rib->fibs, family, rib->published);
	u->room = rib->fibs.room[family];
	u->unplaced = f->n_unplaced;
	u->full = u->unplaced > 0 || u->routes >= u->max_routes;
}

void
ts_rib_stats(const struct ts_rib *rib, struct ts_rib_stats *out)
{
	*out = rib->stats;
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		get_usage(rib, family, &out->family[family]);
}

static int
init_families(struct ts_rib *rib, const struct ts_rib_conf *conf)
{
	struct rib_family *f4 = &rib->family[TS_FAMILY4], *f6 = &rib->family[TS_FAMILY6];

	f4->max = conf->max_ipv4;
	f6->max = conf->max_ipv6;
	rib->fibs.room[TS_FAMILY4] = ts_fib_room4(conf->tbl8_ipv4, f4->max + RESERVE);
	rib->fibs.room[TS_FAMILY6] = ts_fib_room6(conf->tbl8_ipv6, f6->max + RESERVE);
	return rib_table_init(f4, f4->max + RESERVE) | rib_table_init(f6, f6->max + RESERVE);
}

struct ts_rib *
ts_rib_create(const struct ts_rib_conf *conf, struct ts_nexthops *nexthops, char *err, size_t err_len)
{
	struct ts_rib *rib = calloc(1, sizeof(*rib));

	if (rib == NULL) {
		snprintf(err, err_len, "no memory for routes");
		return NULL;
	}
	rib->nexthops = nexthops;
	rib->published = 1;
	snprintf(err, err_len, "no memory for so many routes");
	if (init_families(rib, conf) < 0 || ts_fib_pair_init(&rib->fibs, conf->socket_id, err, err_len) < 0) {
		ts_rib_free(rib);
		return NULL;
	}
	return rib;
}

static void
free_prefix(struct ts_rib *rib, struct rib_family *f, struct rib_prefix *p)
{
	while (p->routes != NULL)
		rib_route_remove(rib, f, &p->routes);
	for (unsigned i = 0; i < TS_FIBS; i++)
		ts_nexthop_put(rib->nexthops, p->installed[i]);
	rib_table_remove(f, p);
}

void
ts_rib_free(struct ts_rib *rib)
{
	if (rib == NULL)
		return;
	for (unsigned family = 0; family < TS_FAMILIES; family++) {
		struct rib_family *f = &rib->family[family];

		for (uint32_t bin = 0; f->bins != NULL && bin < RIB_BINS; bin++)
			while (f->bins[bin] != NULL)
				free_prefix(rib, f, f->bins[bin]);
		rib_table_fini(f);
	}
	ts_fib_pair_fini(&rib->fibs);
	free(rib);
}
