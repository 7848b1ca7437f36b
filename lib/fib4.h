/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 forwarding table: DIR-24-8 (Gupta, Lin, McKeown: Routing Lookups in Hardware at Memory Access Speeds, 1998). One
 * load for a route up to /24, two beyond.
 *
 * The length of the prefix that each entry comes from stands beside it, in memory that no worker looks at. So a change
 * touches the entries that it changes and needs no search among other routes, and it cannot fail half-way: adding takes
 * at most one group, which is had before anything is written; replacing and deleting take none. That is why it is not
 * rte_fib, whose changes walk a binary trie of their own (docs/performance.md has the figures).
 *
 * Nobody may look anything up while it is written to.
 */
#ifndef TS_FIB4_H
#define TS_FIB4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_FIB4_MAX_GROUPS 32768
#define TS_FIB4_EXTENDED 0x8000 /* in tbl24: the rest is the number of a group */

struct ts_fib4 {
	uint16_t *tbl24;    /* [1 << 24] next hops */
	uint16_t *tbl8;	    /* [n_groups][256] */
	uint16_t otherwise; /* of 0.0.0.0/0: writing it into 16 million entries would take too long */
	/* No worker looks at these. Lengths are stored plus one; 0 = no route. */
	uint8_t *len24, *len8;
	uint16_t *cover;  /* by group: the next hop of what is shorter than /25 there; its length is in len24 */
	uint16_t *inside; /* by group: how many prefixes longer than /24 it has */
	uint16_t *free_groups;
	uint32_t n_groups, n_free;
};

/* Bytes that workers read, for ts_fib4_init(). */
size_t ts_fib4_bytes(uint32_t n_groups);

/* An empty table in `mem`: ts_fib4_bytes(), zeroed, aligned to a cache line. 0 or -ENOMEM. */
int ts_fib4_init(struct ts_fib4 *f, void *mem, uint32_t n_groups);
void ts_fib4_fini(struct ts_fib4 *f); /* not `mem` */

/*
 * Add the prefix (`is_new`) or give it another next hop, 1 to 32767. `addr` in host byte order, bits beyond `len` zero.
 * 0, or -ENOSPC without any change when there is no group left; only for what is new.
 */
int ts_fib4_set(struct ts_fib4 *f, uint32_t addr, uint8_t len, uint16_t nh, bool is_new);
/* Delete a prefix that is there. What takes its place is the longest shorter one, `cover_nh` 0: none. */
void ts_fib4_del(struct ts_fib4 *f, uint32_t addr, uint8_t len, uint8_t cover_len, uint16_t cover_nh);

/* Addresses in host byte order to next hops, 0 = none. */
static inline void
ts_fib4_lookup_bulk(const struct ts_fib4 *f, const uint32_t *addr, uint32_t *nh, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t entry = f->tbl24[addr[i] >> 8];

		if (__builtin_expect((entry & TS_FIB4_EXTENDED) != 0, 0))
			entry = f->tbl8[(entry & ~(uint32_t)TS_FIB4_EXTENDED) << 8 | (addr[i] & 0xff)];
		nh[i] = entry != 0 ? entry : f->otherwise;
	}
}

#endif
