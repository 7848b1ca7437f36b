/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking up. All packets of a burst take a level together, so that their cache misses overlap.
 */
#include "fib6.h"

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "fib6_index.h"
#include "fib6_node.h"

/* So many levels, to bit 40, a lookup seldom goes without having found the end or a host. */
#define HOSTS_LEVEL 3

struct step {
	const struct ts_fib6_node *node;
	uint8_t packet, level; /* which byte of the address is next */
};

/*
 * One level of those that are not done yet; returns how many that still are not. Without branches: what a packet's
 * route is like says nothing about the next one's.
 */
static unsigned
descend(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, struct step *w, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct ts_fib6_node *node = w[i].node;
		unsigned packet = w[i].packet, level = w[i].level;
		uint32_t entry = node->run[ts_fib6_run_of(node, addr[packet][level])], best = nh[packet];
		bool deeper = (entry & TS_FIB6_CHILD) != 0;

		best = node->cover != 0 ? node->cover : best;
		nh[packet] = !deeper && (uint16_t)entry != 0 ? (uint16_t)entry : best;
		node = deeper ? ts_fib6_child(f, entry) : node;
		rte_prefetch0(node);
		w[left] = (struct step){node, (uint8_t)packet, (uint8_t)(level + 1)};
		left += deeper;
	}
	return left;
}

/* Hosts are known without the levels that are left. */
static unsigned
take_hosts(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, struct step *w, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		uint16_t host = fib6_host_nh(f->hosts, addr[w[i].packet]);

		nh[w[i].packet] = host != 0 ? host : nh[w[i].packet];
		w[left] = w[i];
		left += host == 0;
	}
	return left;
}

static void
walk(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, const uint8_t *packet, unsigned n)
{
	struct step w[TS_FIB6_CHUNK];

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *a = addr[packet[i]];
		uint32_t entry = f->root[(unsigned)a[0] << 8 | a[1]];

		w[i] = (struct step){ts_fib6_child(f, entry), packet[i], 2};
		rte_prefetch0(w[i].node);
		nh[packet[i]] = 0;
	}
	for (unsigned level = 1; n > 0; level++) {
		n = descend(f, addr, nh, w, n);
		if (level == HOSTS_LEVEL)
			n = take_hosts(f, addr, nh, w, n);
	}
}

/* `packet` NULL: all of them. Those that it has nothing about go to `others`; returns how many. */
static __rte_always_inline unsigned
look_into_index(
	const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, const uint8_t *packet, unsigned n, uint8_t *others)
{
	uint32_t allocation[TS_FIB6_CHUNK], at[TS_FIB6_CHUNK];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		allocation[i] = fib6_allocation(addr[packet != NULL ? packet[i] : i]);
		at[i] = fib6_bucket(f, allocation[i]) * FIB6_WAYS;
		rte_prefetch0(&f->numbers[at[i]]);
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned places = fib6_places(&f->numbers[at[i]], allocation[i]);
		uint32_t place = at[i] + (unsigned)__builtin_ctz(places | 1u << FIB6_WAYS);

		at[i] = places != 0 ? place : f->n_places;
		rte_prefetch0(&f->leaves[at[i]]);
	}
	for (unsigned i = 0; i < n; i++) {
		uint8_t p = packet != NULL ? packet[i] : (uint8_t)i;
		uint16_t subnet, found;

		memcpy(&subnet, addr[p] + 4, sizeof(subnet));
		found = fib6_leaf_nh(&f->leaves[at[i]], rte_be_to_cpu_16(subnet));
		nh[p] = found;
		others[left] = p;
		left += found == 0;
	}
	return left;
}

static unsigned
look_into_index_all(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, unsigned n, uint8_t *others)
{
	return look_into_index(f, addr, nh, NULL, n, others);
}

/* Without branches, for a burst of all sorts. */
static unsigned
look_into_index_some(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, unsigned n, uint8_t *others)
{
	uint8_t indexed[TS_FIB6_CHUNK];
	unsigned n_indexed = 0, n_others = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t kind = ts_fib6_root(f, addr[i]) >> 30;

		indexed[n_indexed] = others[n_others] = (uint8_t)i;
		n_indexed += kind == 3;
		n_others += kind == 2;
	}
	return n_others + look_into_index(f, addr, nh, indexed, n_indexed, others + n_others);
}

void
ts_fib6_deeper(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, unsigned n, bool all_indexed)
{
	uint8_t others[TS_FIB6_CHUNK + 1]; /* what stands behind the last one is written, too */

	if (likely(all_indexed))
		n = look_into_index_all(f, addr, nh, n, others);
	else
		n = look_into_index_some(f, addr, nh, n, others);
	if (n > 0)
		walk(f, addr, nh, others, n);
}
