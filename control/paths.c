/* SPDX-License-Identifier: BSD-3-Clause */
#include "paths.h"

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

struct share {
	struct ts_path path;
	uint32_t weight; /* merged: may exceed a path's 8 bits */
	uint32_t slots, remainder;
};

int
ts_path_compare(const struct ts_path *a, const struct ts_path *b)
{
	if (a->iface != b->iface)
		return a->iface < b->iface ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

static int
compare_shares(const void *a, const void *b)
{
	return ts_path_compare(&((const struct share *)a)->path, &((const struct share *)b)->path);
}

static unsigned
merge(struct share *s, const struct ts_path *paths, unsigned n)
{
	unsigned n_out = 0;

	n = RTE_MIN(n, (unsigned)TS_PATHS_MAX);
	for (unsigned i = 0; i < n; i++)
		s[i] = (struct share){.path = paths[i], .weight = RTE_MAX(paths[i].weight, 1)};
	qsort(s, n, sizeof(*s), compare_shares);
	for (unsigned i = 0; i < n; i++) {
		if (n_out > 0 && ts_path_compare(&s[n_out - 1].path, &s[i].path) == 0)
			s[n_out - 1].weight += s[i].weight;
		else
			s[n_out++] = s[i];
	}
	return n_out;
}

static uint32_t
gcd(uint32_t a, uint32_t b)
{
	return b == 0 ? a : gcd(b, a % b);
}

/* Ties go to the path that comes first, so that equal routes round equally. */
static struct share *
largest_remainder(struct share *s, unsigned n)
{
	struct share *best = &s[0];

	for (unsigned i = 1; i < n; i++)
		if (s[i].remainder > best->remainder)
			best = &s[i];
	return best;
}

static uint32_t
even_slots(uint32_t parts, unsigned n)
{
	if (n == 1)
		return 1;
	return parts > TS_NH_SLOTS ? TS_NH_SLOTS : parts * (TS_NH_SLOTS / parts);
}

static void
share_out(struct share *s, unsigned n, uint32_t slots)
{
	uint32_t divisor = 0, total = 0, given = 0;

	for (unsigned i = 0; i < n; i++)
		divisor = gcd(s[i].weight, divisor);
	for (unsigned i = 0; i < n; i++) {
		s[i].weight /= divisor;
		total += s[i].weight;
	}
	if (slots == 0)
		slots = even_slots(total, n);
	for (unsigned i = 0; i < n; i++) {
		s[i].slots = s[i].weight * slots / total;
		s[i].remainder = s[i].weight * slots % total;
		given += s[i].slots;
	}
	for (; given < slots; given++) {
		struct share *best = largest_remainder(s, n);

		best->slots++;
		best->remainder = 0;
	}
}

unsigned
ts_paths_share(const struct ts_path *paths, unsigned n, unsigned slots, struct ts_share out[TS_NH_SLOTS])
{
	struct share s[TS_PATHS_MAX];
	unsigned n_out = 0;

	n = merge(s, paths, n);
	if (n == 0)
		return 0;
	share_out(s, n, slots);
	for (unsigned i = 0; i < n; i++) {
		if (s[i].slots == 0)
			continue;
		out[n_out] = (struct ts_share){.path = s[i].path, .slots = (uint8_t)s[i].slots};
		out[n_out++].path.weight = (uint8_t)RTE_MIN(s[i].weight, 255u);
	}
	return n_out;
}
