/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking up. All packets of a burst take a level together, so that their cache misses overlap.
 */
#include "fib6.h"

#include <rte_prefetch.h>

#include "fib6_node.h"

#define CHUNK 64u

struct walk {
	const struct ts_fib6_node *node;
	unsigned packet;
};

static inline const struct ts_fib6_node *
child(const struct ts_fib6 *f, uint32_t entry)
{
	const struct ts_fib6_node *node = ts_fib6_node_at(f, entry & ~TS_FIB6_CHILD);

	rte_prefetch0(node);
	return node;
}

/* One level of those that are not done yet; returns how many that still are not. */
static unsigned
descend(const struct ts_fib6 *f, uint8_t addr[][16], uint64_t *nh, struct walk *w, unsigned n, unsigned level)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct ts_fib6_node *node = w[i].node;
		unsigned packet = w[i].packet;
		uint32_t entry = node->run[ts_fib6_run_of(node, addr[packet][level])];

		if (node->cover != 0)
			nh[packet] = node->cover;
		if ((entry & TS_FIB6_CHILD) != 0)
			w[left++] = (struct walk){child(f, entry), packet};
		else if ((uint16_t)entry != 0)
			nh[packet] = (uint16_t)entry;
	}
	return left;
}

static void
lookup_chunk(const struct ts_fib6 *f, uint8_t addr[][16], uint64_t *nh, unsigned n)
{
	struct walk w[CHUNK];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = f->root[(unsigned)addr[i][0] << 8 | addr[i][1]];

		nh[i] = (entry & TS_FIB6_CHILD) != 0 ? 0 : (uint16_t)entry;
		if ((entry & TS_FIB6_CHILD) != 0)
			w[left++] = (struct walk){child(f, entry), i};
	}
	for (unsigned level = 2; left > 0; level++)
		left = descend(f, addr, nh, w, left, level);
}

void
ts_fib6_lookup_bulk(const struct ts_fib6 *f, uint8_t addr[][16], uint64_t *nh, unsigned n)
{
	for (unsigned done = 0; done < n; done += CHUNK)
		lookup_chunk(f, addr + done, nh + done, n - done < CHUNK ? n - done : CHUNK);
}
