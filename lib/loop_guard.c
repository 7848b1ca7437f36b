/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop_guard.h"

#include <stdlib.h>

static int
by_value(const void *a, const void *b)
{
	uint32_t x = rte_be_to_cpu_32(*(const rte_be32_t *)a), y = rte_be_to_cpu_32(*(const rte_be32_t *)b);

	return (x > y) - (x < y);
}

/* A copy that can be freed even when it is empty. */
static void *
copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to != NULL && n != 0)
		memcpy(to, from, n * size);
	return to;
}

struct ts_loop_guard *
ts_loop_guard_create(const rte_be32_t *own, size_t n_own, const struct ts_prefix6rd *known_6rd, size_t n_known_6rd,
	const struct ts_prefix6 *known_isatap, size_t n_known_isatap)
{
	struct ts_loop_guard *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->own = copy(own, n_own, sizeof(*own));
	g->known_6rd = copy(known_6rd, n_known_6rd, sizeof(*known_6rd));
	g->known_isatap = copy(known_isatap, n_known_isatap, sizeof(*known_isatap));
	if (g->own == NULL || g->known_6rd == NULL || g->known_isatap == NULL) {
		ts_loop_guard_free(g);
		return NULL;
	}
	g->n_own = n_own;
	g->n_known_6rd = n_known_6rd;
	g->n_known_isatap = n_known_isatap;
	qsort(g->own, n_own, sizeof(*g->own), by_value);
	return g;
}

void
ts_loop_guard_free(struct ts_loop_guard *g)
{
	if (g == NULL)
		return;
	free(g->own);
	free(g->known_6rd);
	free(g->known_isatap);
	free(g);
}

static bool
is_own(const struct ts_loop_guard *g, rte_be32_t v4)
{
	return bsearch(&v4, g->own, g->n_own, sizeof(v4), by_value) != NULL;
}

/* Private and shared space: the same address is somebody else's in every other site (RFC 6324 3.3.1). */
static bool
is_site_scoped(rte_be32_t v4)
{
	uint32_t a = rte_be_to_cpu_32(v4);

	return a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 22 == 0x191;
}

static bool
in_known_isatap(const struct ts_loop_guard *g, const uint8_t addr[16])
{
	for (size_t i = 0; i < g->n_known_isatap; i++)
		if (ts_prefix6_contains(&g->known_isatap[i], addr))
			return true;
	return false;
}

bool
ts_loop_guard_exact(const struct ts_loop_guard *g, const uint8_t addr[16], unsigned skip)
{
	if (ts_is_6to4(addr) && is_own(g, ts_6to4_v4(addr)))
		return true;
	if (!(skip & TS_LOOP_SKIP_ISATAP) && ts_is_isatap_iid(addr)) {
		rte_be32_t v4 = ts_isatap_v4(addr);

		if (is_own(g, v4) && (!is_site_scoped(v4) || in_known_isatap(g, addr)))
			return true;
	}
	for (size_t i = 0; !(skip & TS_LOOP_SKIP_6RD) && i < g->n_known_6rd; i++) {
		const struct ts_prefix6rd *d = &g->known_6rd[i];

		if (ts_prefix6_contains(&d->prefix, addr) && is_own(g, ts_6rd_v4(d, addr)))
			return true;
	}
	return false;
}
