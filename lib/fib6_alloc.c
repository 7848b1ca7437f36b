/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for nodes: blocks of a few sizes, a list of free ones each, then lines that were never used. When those are
 * gone a larger free block is cut up. Pieces are not joined again: what is left of a large block serves small nodes,
 * which nearly all are.
 */
#include "fib6_node.h"

#include <string.h>

static const uint8_t class_lines[TS_FIB6_CLASSES] = {1, 2, 5, 17};

size_t
fib6_class_bytes(unsigned class)
{
	return class_lines[class] * TS_FIB6_LINE;
}

unsigned
fib6_class(unsigned n_runs)
{
	unsigned class = 0;

	while (sizeof(struct ts_fib6_node) + n_runs * sizeof(uint32_t) > fib6_class_bytes(class))
		class ++;
	return class;
}

static void
push(struct ts_fib6 *f, uint32_t line, unsigned class)
{
	memcpy(ts_fib6_node_at(f, line), &f->free[class], sizeof(f->free[class]));
	f->free[class] = line;
}

static uint32_t
pop(struct ts_fib6 *f, unsigned class)
{
	uint32_t line = f->free[class];

	if (line != FIB6_NONE)
		memcpy(&f->free[class], ts_fib6_node_at(f, line), sizeof(f->free[class]));
	return line;
}

static void
push_lines(struct ts_fib6 *f, uint32_t line, unsigned n)
{
	for (unsigned class = TS_FIB6_CLASSES; class > 0; class --) {
		for (; n >= class_lines[class - 1]; n -= class_lines[class - 1]) {
			push(f, line, class - 1);
			line += class_lines[class - 1];
		}
	}
}

static uint32_t
cut(struct ts_fib6 *f, unsigned class)
{
	for (unsigned from = 0; from < TS_FIB6_CLASSES; from++) {
		uint32_t line = from > class ? pop(f, from) : FIB6_NONE;

		if (line == FIB6_NONE)
			continue;
		push_lines(f, line + class_lines[class], class_lines[from] - class_lines[class]);
		return line;
	}
	return FIB6_NONE;
}

static uint32_t
fresh(struct ts_fib6 *f, unsigned class)
{
	uint32_t line = f->n_fresh;

	if (f->n_lines - f->n_fresh < class_lines[class])
		return FIB6_NONE;
	f->n_fresh += class_lines[class];
	return line;
}

uint32_t
fib6_alloc(struct ts_fib6 *f, unsigned class)
{
	uint32_t line = pop(f, class);

	if (line == FIB6_NONE)
		line = fresh(f, class);
	if (line == FIB6_NONE)
		line = cut(f, class);
	if (line != FIB6_NONE)
		f->n_used += class_lines[class];
	return line;
}

void
fib6_free(struct ts_fib6 *f, uint32_t line, unsigned class)
{
	f->n_used -= class_lines[class];
	push(f, line, class);
}
