/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking up. All packets of a burst take a level together, so that their cache misses overlap.
 */
#include "fib6.h"

#include <rte_prefetch.h>

#include "fib6_node.h"

struct walk {
	const struct ts_fib6_node *node;
	uint8_t packet, level; /* which byte of the address is next */
};

/*
 * One level of those that are not done yet; returns how many that still are not. Without branches: what a packet's
 * route is like says nothing about the next one's.
 */
static unsigned
descend(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, struct walk *w, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct ts_fib6_node *node = w[i].node;
		unsigned packet = w[i].packet, level = w[i].level;
		uint32_t entry = node->run[ts_fib6_run_of(node, addr[packet][level])], best = nh[packet];
		bool deeper = (entry & TS_FIB6_CHILD) != 0;

		best = node->cover != 0 ? node->cover : best;
		nh[packet] = !deeper && (uint16_t)entry != 0 ? (uint16_t)entry : best;
		node = deeper ? ts_fib6_node_at(f, entry & ~TS_FIB6_CHILD) : node;
		rte_prefetch0(node);
		w[left] = (struct walk){node, (uint8_t)packet, (uint8_t)(level + 1)};
		left += deeper;
	}
	return left;
}

void
ts_fib6_walk(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, const uint8_t *packet, unsigned n)
{
	struct walk w[TS_FIB6_CHUNK];

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *a = addr[packet[i]];
		uint32_t entry = f->root[(unsigned)a[0] << 8 | a[1]];

		w[i] = (struct walk){ts_fib6_node_at(f, entry & ~TS_FIB6_CHILD), packet[i], 2};
		rte_prefetch0(w[i].node);
		nh[packet[i]] = 0;
	}
	while (n > 0)
		n = descend(f, addr, nh, w, n);
}
