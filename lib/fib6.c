/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking up. All packets of a burst take a level together, so that their cache misses overlap.
 */
#include "fib6.h"

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

/* Those that it has nothing about stay in `packet`; returns how many. */
static unsigned
look_into_index(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, uint8_t *packet, unsigned n)
{
	uint32_t allocation[TS_FIB6_CHUNK], at[TS_FIB6_CHUNK];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		allocation[i] = fib6_allocation(addr[packet[i]]);
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
		const uint8_t *a = addr[packet[i]];
		uint16_t subnet, found;

		memcpy(&subnet, a + 4, sizeof(subnet));
		found = fib6_leaf_nh(&f->leaves[at[i]], rte_be_to_cpu_16(subnet));
		nh[packet[i]] = found;
		packet[left] = packet[i];
		left += found == 0;
	}
	return left;
}

void
ts_fib6_deeper(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, uint8_t *indexed, unsigned n_indexed,
	uint8_t *others, unsigned n_others)
{
	if (n_indexed > 0)
		n_indexed = look_into_index(f, addr, nh, indexed, n_indexed);
	memcpy(others + n_others, indexed, n_indexed);
	if (n_others + n_indexed > 0)
		walk(f, addr, nh, others, n_others + n_indexed);
}
