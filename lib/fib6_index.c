/* SPDX-License-Identifier: BSD-3-Clause */
/* Making leaves from the trie. Nodes at depth 2 stand for bits 25 to 32, those at 3 and 4 for a leaf's 16 bits. */
#include "fib6_index.h"

#include <stdbool.h>

#include "fib6_node.h"

#define ALLOCATION_DEPTH 2u

static const struct ts_fib6_node *
child_of(const struct ts_fib6 *f, uint32_t entry)
{
	return (entry & TS_FIB6_CHILD) != 0 ? ts_fib6_child(f, entry) : NULL;
}

/* What stands for the allocation in the node that has its last 8 bits; 0: nothing longer than /24. */
static uint32_t
entry_of_allocation(const struct ts_fib6 *f, const uint8_t *addr)
{
	uint32_t entry = f->root[(unsigned)addr[0] << 8 | addr[1]];

	for (unsigned depth = 1; depth <= ALLOCATION_DEPTH; depth++) {
		const struct ts_fib6_node *node = child_of(f, entry);

		if (node == NULL)
			return 0;
		entry = node->run[ts_fib6_run_of(node, addr[depth + 1])];
	}
	return entry;
}

/* A leaf while it is made. */
struct making {
	struct ts_fib6_leaf leaf;
	unsigned n;
	bool useful; /* says something */
};

/* From `start` on it is this next hop. False: there are too many runs. */
static bool
append(struct making *m, unsigned start, uint16_t nh)
{
	if (m->n > 0 && m->leaf.nh[m->n - 1] == nh)
		return true;
	if (m->n == FIB6_RUNS)
		return false;
	m->leaf.start[m->n] = (uint16_t)start;
	m->leaf.nh[m->n++] = nh;
	m->useful |= nh != 0;
	return true;
}

/* `inherited`: the next hop of slots that have none; `first`, `step`: bits 33 to 48 of the node's slots. */
static bool
append_node(struct making *m, const struct ts_fib6 *f, const struct ts_fib6_node *node, uint16_t inherited,
	unsigned first, unsigned step)
{
	uint16_t covered = node->cover != 0 ? node->cover : inherited;
	const uint32_t *run = node->run;

	for (unsigned word = 0; word < 4; word++) {
		for (uint64_t bits = node->begins[word]; bits != 0; bits &= bits - 1, run++) {
			unsigned start = first + (word * 64 + (unsigned)__builtin_ctzll(bits)) * step;
			const struct ts_fib6_node *child = child_of(f, *run);
			bool fits;

			if (child == NULL)
				fits = append(m, start, (uint16_t)*run != 0 ? (uint16_t)*run : covered);
			else if (step > 1)
				fits = append_node(m, f, child, covered, start, 1);
			else
				fits = append(m, start, 0);
			if (!fits)
				return false;
		}
	}
	return true;
}

/* False: there is nothing to say, or more than fits. */
static bool
make_leaf(const struct ts_fib6 *f, uint32_t entry, struct ts_fib6_leaf *out)
{
	const struct ts_fib6_node *node = child_of(f, entry);
	struct making m = {.n = 0};

	if (node != NULL ? !append_node(&m, f, node, 0, 0, 256) : !append(&m, 0, (uint16_t)entry))
		return false;
	for (unsigned i = m.n; i < FIB6_RUNS; i++) {
		m.leaf.start[i] = UINT16_MAX;
		m.leaf.nh[i] = m.leaf.nh[m.n - 1];
	}
	*out = m.leaf;
	return m.useful;
}

static void
update_allocation(struct ts_fib6 *f, const uint8_t *addr)
{
	uint32_t allocation = fib6_allocation(addr), bucket = fib6_bucket(f, allocation) * FIB6_WAYS;
	unsigned here = fib6_places(&f->numbers[bucket], allocation), free = fib6_places(&f->numbers[bucket], 0);
	unsigned places = here != 0 ? here : free;
	struct ts_fib6_leaf leaf;

	if (allocation == 0 || places == 0)
		return;
	bucket += (unsigned)__builtin_ctz(places);
	if (make_leaf(f, entry_of_allocation(f, addr), &leaf)) {
		f->numbers[bucket] = allocation;
		f->root[(unsigned)addr[0] << 8 | addr[1]] |= TS_FIB6_INDEXED;
		f->leaves[bucket] = leaf;
	} else if (here != 0) {
		f->numbers[bucket] = 0;
		memset(&f->leaves[bucket], 0, sizeof(leaf));
	}
}

static void
update_host(struct ts_fib6_hosts *h, const uint8_t *addr, uint16_t nh)
{
	uint32_t place = fib6_host_bucket(addr), end = place + FIB6_HOST_WAYS, free = end;

	for (; place < end; place++) {
		if (h->nh[place] == 0)
			free = place;
		else if (memcmp(h->addr[place], addr, sizeof(h->addr[0])) == 0)
			break;
	}
	if (place == end && nh != 0)
		place = free;
	if (place == end)
		return;
	memcpy(h->addr[place], addr, sizeof(h->addr[0]));
	if (nh == 0)
		memset(h->addr[place], 0, sizeof(h->addr[0]));
	h->nh[place] = nh;
}

void
fib6_index_update(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint16_t nh)
{
	uint8_t allocation[4];

	if (len == 128)
		update_host(f->hosts, addr, nh);
	if (len <= 24)
		return;
	memcpy(allocation, addr, sizeof(allocation));
	for (unsigned i = len < 32 ? 1u << (32 - len) : 1; i > 0; i--, allocation[3]++)
		update_allocation(f, allocation);
}
