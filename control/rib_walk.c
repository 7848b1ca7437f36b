/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All routes, or those within a prefix, in the order of prefixes and some at a time. A bin is sorted when its turn
 * comes: forwarding does not need the order, and the largest bin of a full table has some thousand prefixes.
 */
#include "rib_priv.h"

#include <stdlib.h>
#include <string.h>

#define FOREACH_STEP 4096

struct bin {
	struct rib_prefix **list;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	const struct rib_prefix *x = *(const struct rib_prefix *const *)a, *y = *(const struct rib_prefix *const *)b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static bool
is_after(const struct rib_prefix *p, const struct ts_rib_cursor *at)
{
	int cmp = memcmp(p->key.addr, at->addr, sizeof(at->addr));

	return !at->inside || cmp > 0 || (cmp == 0 && p->key.len > at->len);
}

static bool
is_within(const struct rib_prefix *p, const struct ts_rib_range *r)
{
	unsigned bytes, bits;

	if (r == NULL)
		return true;
	bytes = r->len / 8;
	bits = r->len % 8;
	if (p->key.len < r->len || memcmp(p->key.addr, r->prefix, bytes) != 0)
		return false;
	return bits == 0 || ((p->key.addr[bytes] ^ r->prefix[bytes]) & (0xff00 >> bits) & 0xff) == 0;
}

/* What of a bin is still to be seen. False: no memory. */
static bool
open_bin(const struct rib_family *f, const struct ts_rib_range *within, const struct ts_rib_cursor *at, struct bin *bin)
{
	size_t max = 0;

	bin->n = 0;
	for (const struct rib_prefix *p = f->bins[at->bin]; p != NULL; p = p->next_in_bin)
		max++;
	bin->list = max > 0 ? calloc(max, sizeof(struct rib_prefix *)) : NULL;
	if (bin->list == NULL)
		return max == 0;
	for (struct rib_prefix *p = f->bins[at->bin]; p != NULL; p = p->next_in_bin)
		if (p->routes != NULL && is_within(p, within) && is_after(p, at))
			bin->list[bin->n++] = p;
	qsort(bin->list, bin->n, sizeof(struct rib_prefix *), compare);
	return true;
}

static struct ts_route_info
describe(uint8_t family, const struct rib_prefix *p, const struct rib_route *r)
{
	struct ts_route_info info = {
		.family = family,
		.len = p->key.len,
		.origin = r->origin,
		.metric = r->metric,
		.nh = r->nh,
		.gen = r->gen,
		.best = r == p->routes,
	};

	memcpy(info.prefix, p->key.addr, sizeof(info.prefix));
	return info;
}

static void
show_prefix(uint8_t family, const struct rib_prefix *p, void (*fn)(const struct ts_route_info *, void *), void *arg)
{
	for (const struct rib_route *r = p->routes; r != NULL; r = r->next) {
		struct ts_route_info info = describe(family, p, r);

		fn(&info, arg);
	}
}

static uint32_t
first_bin(const struct ts_rib_range *within)
{
	return within != NULL ? rib_bin_of(within->prefix) : 0;
}

static uint32_t
last_bin(const struct ts_rib_range *within)
{
	uint32_t size = within == NULL ? RIB_BINS : within->len < 16 ? RIB_BINS >> within->len : 1;

	return first_bin(within) + size - 1;
}

bool
ts_rib_walk(const struct ts_rib *rib, uint8_t family, const struct ts_rib_range *within, struct ts_rib_cursor *at,
	unsigned n, void (*fn)(const struct ts_route_info *, void *), void *arg)
{
	const struct rib_family *f = &rib->family[rib_family_index(family)];
	uint32_t last = last_bin(within);
	unsigned seen = 0;

	if (at->bin < first_bin(within))
		at->bin = first_bin(within);
	for (; at->bin <= last && seen < n; at->bin++, at->inside = false) {
		struct bin bin;
		size_t i;

		if (!open_bin(f, within, at, &bin))
			return false;
		for (i = 0; i < bin.n && seen < n; i++, seen++) {
			show_prefix(family, bin.list[i], fn, arg);
			memcpy(at->addr, bin.list[i]->key.addr, sizeof(at->addr));
			at->len = bin.list[i]->key.len;
			at->inside = true;
		}
		free(bin.list);
		if (i < bin.n)
			return true;
	}
	return at->bin <= last;
}

static void
edit_prefix(uint8_t family, const struct rib_prefix *p, enum ts_origin origin,
	void (*fn)(const struct ts_route_info *, void *), void *arg)
{
	const struct rib_route *next;

	for (const struct rib_route *r = p->routes; r != NULL; r = next) {
		struct ts_route_info info = describe(family, p, r);

		next = r->next;
		if (r->origin == origin)
			fn(&info, arg);
	}
}

bool
ts_rib_edit_step(struct ts_rib *rib, uint8_t family, enum ts_origin origin, struct ts_rib_cursor *at, unsigned n,
	void (*fn)(const struct ts_route_info *, void *), void *arg)
{
	struct rib_family *f = &rib->family[rib_family_index(family)];
	const struct rib_prefix *next;
	unsigned seen = 0;

	for (; at->bin < RIB_BINS && seen < n; at->bin++) {
		for (const struct rib_prefix *p = f->bins[at->bin]; p != NULL; p = next, seen++) {
			next = p->next_in_bin;
			edit_prefix(family, p, origin, fn, arg);
		}
	}
	return at->bin < RIB_BINS;
}

struct each {
	bool (*fn)(const struct ts_route_info *, void *);
	void *arg;
	bool stopped;
};

static void
call(const struct ts_route_info *info, void *arg)
{
	struct each *each = arg;

	if (!each->stopped)
		each->stopped = !each->fn(info, each->arg);
}

void
ts_rib_foreach(const struct ts_rib *rib, uint8_t family, bool (*fn)(const struct ts_route_info *, void *), void *arg)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct each each = {.fn = fn, .arg = arg};

	for (unsigned i = 0; i < TS_FAMILIES; i++) {
		struct ts_rib_cursor at = {0};

		if (family != 0 && family != families[i])
			continue;
		while (!each.stopped && ts_rib_walk(rib, families[i], NULL, &at, FOREACH_STEP, call, &each))
			;
	}
}
