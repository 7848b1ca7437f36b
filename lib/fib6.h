/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 forwarding table: a trie of 16 bits, then 8 bits a level, with compressed nodes.
 *
 * A node has 256 slots but stores runs of equal ones: a bitmap says where runs begin, and counting its bits finds the
 * entry. Up to 6 runs fit in the node's own cache line, and most nodes have no more, so that a level costs one line as
 * in a plain trie, while the table is some twenty times smaller and stays in the cache. An entry is a next hop or a
 * child node. A slot without a route of the node's own falls back on the node's `cover`, the prefix just above it, and
 * where there is none on the parent's: a short prefix is written in one node and not pushed down to all below it.
 *
 * Runs also begin where a prefix of their length would, so how many there are follows from the set of prefixes, not
 * from their next hops. Hence only adding a prefix takes memory, and that is had before anything is written: replacing
 * and deleting cannot fail. That, and the memory, is why it is not rte_fib6 (docs/performance.md).
 *
 * In front of the trie there is a short cut, fib6_index.h.
 *
 * Nobody may look anything up while it is written to.
 */
#ifndef TS_FIB6_H
#define TS_FIB6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

#define TS_FIB6_ROOT 65536
#define TS_FIB6_LINE 64u	   /* what memory is handed out in */
#define TS_FIB6_CLASSES 4	   /* 1, 2, 5, 17 lines: 6, 22, 70, 256 runs */
#define TS_FIB6_CHILD (1u << 31)   /* an entry: the rest is the child's first line */
#define TS_FIB6_INDEXED (1u << 30) /* and in the root: the index has something below */

/* Other entries: the prefix's length plus one << 16 | next hop; 0: none of this node's own. */
struct ts_fib6_node {
	uint64_t begins[4]; /* bit per slot: a run begins there; the first is always set */
	uint8_t before[4];  /* how many begin in earlier words */
	uint16_t cover;	    /* next hop of the prefix that stands in the parent's place of this node; 0 = none */
	uint8_t cover_code; /* its length plus one */
	uint8_t class;
	uint32_t run[];
};
_Static_assert(sizeof(struct ts_fib6_node) == 40, "6 runs in the first cache line");

struct ts_fib6_leaf;
struct ts_fib6_hosts;

struct ts_fib6 {
	uint32_t *root;		     /* [TS_FIB6_ROOT], entries */
	uint32_t *numbers;	     /* of the index: allocations, by bucket */
	struct ts_fib6_leaf *leaves; /* [n_places + 1]; the last one says nothing */
	struct ts_fib6_hosts *hosts;
	uint32_t n_places;
	unsigned bucket_shift;
	uint8_t *lines;		   /* [n_lines][TS_FIB6_LINE] */
	uint32_t n_lines, n_fresh; /* lines from n_fresh on were never used */
	uint32_t n_used;
	uint32_t free[TS_FIB6_CLASSES]; /* lists */
};

size_t ts_fib6_bytes(uint32_t n_lines);
/* An empty table in `mem`: ts_fib6_bytes(), zeroed, aligned to a cache line. */
void ts_fib6_init(struct ts_fib6 *f, void *mem, uint32_t n_lines);

/*
 * Add the prefix or give it another next hop, 1 to 65535; bits beyond `len` are zero. 0, or -ENOSPC without any change
 * when there is no memory left; only for what is new.
 */
int ts_fib6_set(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint16_t nh);
/* Delete a prefix that is there. What takes its place is the longest shorter one, `cover_nh` 0: none. */
void ts_fib6_del(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint8_t cover_len, uint16_t cover_nh);

/*
 * fib6.c: what the root does not know alone. At most TS_FIB6_CHUNK addresses, of which `all_indexed` says whether each
 * is below a root that the index has something of; nh[] has what the roots say.
 */
#define TS_FIB6_CHUNK 64u
void ts_fib6_deeper(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, unsigned n, bool all_indexed);

static inline uint32_t
ts_fib6_root(const struct ts_fib6 *f, const uint8_t *addr)
{
	uint16_t first;

	memcpy(&first, addr, sizeof(first));
	return f->root[rte_be_to_cpu_16(first)];
}

/* Addresses to next hops, 0 = none. The root alone answers for most of what leads into tunnels. */
static inline void
ts_fib6_lookup_bulk(const struct ts_fib6 *f, uint8_t addr[][16], uint32_t *nh, unsigned n)
{
	for (unsigned left; n > 0; n -= left, addr += left, nh += left) {
		uint32_t all = UINT32_MAX, any = 0;

		left = n < TS_FIB6_CHUNK ? n : TS_FIB6_CHUNK;
		for (unsigned i = 0; i < left; i++) {
			uint32_t entry = ts_fib6_root(f, addr[i]);

			all &= entry;
			any |= entry;
			nh[i] = entry & UINT16_MAX;
		}
		if (any >> 31 != 0)
			ts_fib6_deeper(f, addr, nh, left, all >> 30 == 3);
	}
}

#endif
