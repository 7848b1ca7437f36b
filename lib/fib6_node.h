/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by fib6.c (looking up), fib6_write.c (changing) and fib6_alloc.c (memory for nodes). */
#ifndef TS_FIB6_NODE_H
#define TS_FIB6_NODE_H

#include "fib6.h"

#define FIB6_NONE UINT32_MAX

static inline struct ts_fib6_node *
ts_fib6_node_at(const struct ts_fib6 *f, uint32_t line)
{
	return (struct ts_fib6_node *)(void *)(f->lines + (size_t)line * TS_FIB6_LINE);
}

static inline uint32_t
ts_fib6_line(uint32_t child)
{
	return child & ~(TS_FIB6_CHILD | TS_FIB6_INDEXED);
}

static inline struct ts_fib6_node *
ts_fib6_child(const struct ts_fib6 *f, uint32_t child)
{
	return ts_fib6_node_at(f, ts_fib6_line(child));
}

/* The run that a slot belongs to. */
static inline unsigned
ts_fib6_run_of(const struct ts_fib6_node *node, uint8_t slot)
{
	uint64_t so_far = node->begins[slot / 64] << (63 - slot % 64);

	return node->before[slot / 64] + (unsigned)__builtin_popcountll(so_far) - 1;
}

/* fib6_alloc.c. A line's number, or FIB6_NONE. */
uint32_t fib6_alloc(struct ts_fib6 *f, unsigned class);
void fib6_free(struct ts_fib6 *f, uint32_t line, unsigned class);
/* The smallest class for so many runs. */
unsigned fib6_class(unsigned n_runs);
size_t fib6_class_bytes(unsigned class);

#endif
