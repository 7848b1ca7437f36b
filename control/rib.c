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

static unsigned
family_index(uint8_t family)
{
	return family == AF_INET ? TS_FAMILY4 : TS_FAMILY6;
}

static struct rib_key
make_key(uint8_t family, const uint8_t *prefix, uint8_t len)
{
	struct rib_key key = {.len = len};

	memcpy(key.addr, prefix, family == AF_INET ? 4 : 16);
	return key;
}

static struct rib_prefix *
find_prefix(const struct rib_family *f, const struct rib_key *key)
{
	struct rib_prefix *found;

	HASH_FIND(hh, f->prefixes, key, sizeof(*key), found);
	return found;
}

static struct rib_prefix *
get_prefix(struct rib_family *f, const struct rib_key *key)
{
	struct rib_prefix *p = find_prefix(f, key);

	if (p != NULL)
		return p;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->key = *key;
	HASH_ADD(hh, f->prefixes, key, sizeof(p->key), p);
	return p;
}

void
rib_prefix_release(struct rib_family *f, struct rib_prefix *p)
{
	if (p->routes != NULL || p->dirty != 0)
		return;
	for (unsigned i = 0; i < TS_FIBS; i++)
		if (p->installed[i] != TS_NH_NO_ROUTE)
			return;
	HASH_DEL(f->prefixes, p);
	free(p);
}

/* A prefix whose change was taken back stays in the list; applying it then writes nothing. */
static void
mark_dirty(struct rib_family *f, struct rib_prefix *p)
{
	for (unsigned i = 0; i < TS_FIBS; i++) {
		if ((p->dirty & 1u << i) != 0 || p->installed[i] == rib_best(p))
			continue;
		p->dirty |= 1u << i;
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

/* Where the route is, or where it would have to be. */
static struct rib_route **
route_place(struct rib_prefix *p, enum ts_origin origin, uint32_t metric)
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

static int
add_route(struct ts_rib *rib, struct rib_family *f, struct rib_prefix *p, const struct rib_route *new)
{
	struct rib_route **at = route_place(p, new->origin, new->metric);

	if (f->n_routes >= f->max + (new->origin == TS_ORIGIN_KERNEL ? 0 : RESERVE)) {
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
	return 0;
}

int
ts_rib_set(struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, uint32_t nh, uint32_t gen)
{
	struct rib_family *f = &rib->family[family_index(family)];
	struct rib_key key = make_key(family, prefix, len);
	struct rib_prefix *p = get_prefix(f, &key);
	struct rib_route new = {.metric = metric, .gen = gen, .nh = (uint16_t)nh, .origin = (uint8_t)origin};
	int ret = 0;

	if (p == NULL) {
		ts_nexthop_put(rib->nexthops, nh);
		return -ENOSPC;
	}

	struct rib_route *r = *route_place(p, origin, metric);

	if (is_route(r, origin, metric)) {
		ts_nexthop_put(rib->nexthops, r->nh);
		r->nh = (uint16_t)nh;
		r->gen = gen;
	} else {
		ret = add_route(rib, f, p, &new);
		if (ret < 0)
			ts_nexthop_put(rib->nexthops, nh);
	}
	mark_dirty(f, p);
	return ret;
}

static void
remove_route(struct ts_rib *rib, struct rib_family *f, struct rib_route **at)
{
	struct rib_route *r = *at;

	*at = r->next;
	ts_nexthop_put(rib->nexthops, r->nh);
	free(r);
	f->n_routes--;
}

int
ts_rib_del(
	struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin, uint32_t metric)
{
	struct rib_family *f = &rib->family[family_index(family)];
	struct rib_key key = make_key(family, prefix, len);
	struct rib_prefix *p = find_prefix(f, &key);

	if (p == NULL)
		return -ENOENT;

	struct rib_route **at = route_place(p, origin, metric);

	if (!is_route(*at, origin, metric))
		return -ENOENT;
	remove_route(rib, f, at);
	mark_dirty(f, p);
	return 0;
}

unsigned
ts_rib_sweep(struct ts_rib *rib, uint8_t family, enum ts_origin origin, uint32_t gen)
{
	struct rib_family *f = &rib->family[family_index(family)];
	struct rib_prefix *p, *next;
	unsigned swept = 0;

	HASH_ITER(hh, f->prefixes, p, next) {
		struct rib_route **at = route_place(p, origin, 0);
		unsigned swept_before = swept;

		while (*at != NULL && (*at)->origin == origin) {
			if ((*at)->gen == gen) {
				at = &(*at)->next;
				continue;
			}
			remove_route(rib, f, at);
			swept++;
		}
		if (swept != swept_before)
			mark_dirty(f, p);
	}
	return swept;
}

bool
ts_rib_find(const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, struct ts_route_info *out)
{
	struct rib_key key = make_key(family, prefix, len);
	struct rib_prefix *p = find_prefix(&rib->family[family_index(family)], &key);
	const struct rib_route *r = p != NULL ? *route_place(p, origin, metric) : NULL;

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
	struct rib_key key = make_key(family, prefix, len);
	const struct rib_prefix *p = find_prefix(&rib->family[family_index(family)], &key);

	if (p == NULL || p->routes == NULL)
		return false;
	ts_rib_find(rib, family, prefix, len, p->routes->origin, p->routes->metric, out);
	out->best = true;
	return true;
}

/* Clears the bit at `len` and what follows in its byte; whoever calls comes from longer lengths, so the rest is clear.
 */
static void
shorten(uint8_t *addr, uint8_t len)
{
	addr[len / 8] &= (uint8_t) ~(0xff >> (len % 8));
}

bool
ts_rib_on_link(const struct ts_rib *rib, uint8_t family, const uint8_t *addr, uint16_t iface)
{
	const struct ts_nexthop *entries = ts_nexthop_array(rib->nexthops);
	int bits = family == AF_INET ? 32 : 128;
	struct rib_key key = make_key(family, addr, (uint8_t)bits);

	for (int len = bits - 1; len >= 0; len--) {
		shorten(key.addr, (uint8_t)len);
		key.len = (uint8_t)len;

		const struct rib_prefix *p = find_prefix(&rib->family[family_index(family)], &key);

		for (const struct rib_route *r = p != NULL ? p->routes : NULL; r != NULL; r = r->next)
			if (entries[r->nh].kind == TS_NH_GLEAN && entries[r->nh].iface == iface)
				return true;
	}
	return false;
}

size_t
ts_rib_count(const struct ts_rib *rib, uint8_t family)
{
	return rib->family[family_index(family)].n_routes;
}

void
ts_rib_stats(const struct ts_rib *rib, struct ts_rib_stats *out)
{
	*out = rib->stats;
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
	rib->family[TS_FAMILY4].max = conf->max_ipv4;
	rib->family[TS_FAMILY6].max = conf->max_ipv6;
	rib->fibs.max[TS_FAMILY4] = conf->max_ipv4 + RESERVE;
	rib->fibs.max[TS_FAMILY6] = conf->max_ipv6 + RESERVE;
	rib->fibs.tbl8[TS_FAMILY4] = conf->tbl8_ipv4;
	rib->fibs.tbl8[TS_FAMILY6] = conf->tbl8_ipv6;
	rib->fibs.socket_id = conf->socket_id;
	if (ts_fib_pair_init(&rib->fibs, err, err_len) < 0) {
		free(rib);
		return NULL;
	}
	return rib;
}

static void
free_prefixes(struct ts_rib *rib, struct rib_family *f)
{
	struct rib_prefix *p, *next;

	HASH_ITER(hh, f->prefixes, p, next) {
		while (p->routes != NULL)
			remove_route(rib, f, &p->routes);
		for (unsigned i = 0; i < TS_FIBS; i++)
			ts_nexthop_put(rib->nexthops, p->installed[i]);
		HASH_DEL(f->prefixes, p);
		free(p);
	}
}

void
ts_rib_free(struct ts_rib *rib)
{
	if (rib == NULL)
		return;
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		free_prefixes(rib, &rib->family[family]);
	ts_fib_pair_fini(&rib->fibs);
	free(rib);
}
