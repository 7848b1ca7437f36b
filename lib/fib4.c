/* SPDX-License-Identifier: BSD-3-Clause */
#include "fib4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TBL24 ((size_t)1 << 24)
#define GROUP 256u

size_t
ts_fib4_bytes(uint32_t n_groups)
{
	return (TBL24 + (size_t)n_groups * GROUP) * sizeof(uint16_t);
}

int
ts_fib4_init(struct ts_fib4 *f, void *mem, uint32_t n_groups)
{
	*f = (struct ts_fib4){.tbl24 = mem, .tbl8 = (uint16_t *)mem + TBL24, .n_groups = n_groups};
	f->len24 = calloc(TBL24, 1);
	f->len8 = calloc((size_t)n_groups + 1, GROUP);
	f->cover = calloc((size_t)n_groups + 1, sizeof(*f->cover));
	f->inside = calloc((size_t)n_groups + 1, sizeof(*f->inside));
	f->free_groups = calloc((size_t)n_groups + 1, sizeof(*f->free_groups));
	if (f->len24 == NULL || f->len8 == NULL || f->cover == NULL || f->inside == NULL || f->free_groups == NULL) {
		ts_fib4_fini(f);
		return -ENOMEM;
	}
	for (uint32_t g = n_groups; g > 0; g--)
		f->free_groups[f->n_free++] = (uint16_t)(g - 1);
	return 0;
}

void
ts_fib4_fini(struct ts_fib4 *f)
{
	free(f->len24);
	free(f->len8);
	free(f->cover);
	free(f->inside);
	free(f->free_groups);
	*f = (struct ts_fib4){0};
}

/* What a range of entries becomes. */
struct change {
	bool del;
	uint8_t code; /* of the prefix: its length plus one */
	uint8_t new_code;
	uint16_t nh;
};

/* Longer prefixes stay; a deletion concerns only what came from that very prefix. */
static bool
concerns(const struct change *c, uint8_t code)
{
	return c->del ? code == c->code : code <= c->code;
}

static void
change8(struct ts_fib4 *f, uint32_t first, uint32_t n, const struct change *c)
{
	for (uint32_t i = first; i < first + n; i++) {
		if (!concerns(c, f->len8[i]))
			continue;
		f->tbl8[i] = c->nh;
		f->len8[i] = c->new_code;
	}
}

static void
change24(struct ts_fib4 *f, uint32_t first, uint32_t n, const struct change *c)
{
	for (uint32_t i = first; i < first + n; i++) {
		uint16_t entry = f->tbl24[i];

		if (!concerns(c, f->len24[i]))
			continue;
		f->len24[i] = c->new_code;
		if ((entry & TS_FIB4_EXTENDED) == 0) {
			f->tbl24[i] = c->nh;
			continue;
		}
		entry &= (uint16_t)~TS_FIB4_EXTENDED;
		f->cover[entry] = c->nh;
		change8(f, entry * GROUP, GROUP, c);
	}
}

static int
extend(struct ts_fib4 *f, uint32_t slot)
{
	uint16_t group;

	if (f->n_free == 0)
		return -ENOSPC;
	group = f->free_groups[--f->n_free];
	f->cover[group] = f->tbl24[slot];
	f->inside[group] = 0;
	for (uint32_t i = group * GROUP; i < (group + 1u) * GROUP; i++)
		f->tbl8[i] = f->tbl24[slot];
	memset(&f->len8[group * GROUP], f->len24[slot], GROUP);
	f->tbl24[slot] = TS_FIB4_EXTENDED | group;
	return 0;
}

static void
change(struct ts_fib4 *f, uint32_t addr, uint8_t len, const struct change *c)
{
	if (len <= 24)
		change24(f, addr >> 8, 1u << (24 - len), c);
	else
		change8(f, (f->tbl24[addr >> 8] & ~TS_FIB4_EXTENDED) * GROUP + (addr & 0xff), 1u << (32 - len), c);
}

int
ts_fib4_set(struct ts_fib4 *f, uint32_t addr, uint8_t len, uint16_t nh, bool is_new)
{
	struct change c = {false, (uint8_t)(len + 1), (uint8_t)(len + 1), nh};
	uint32_t slot = addr >> 8;

	if (len == 0) {
		f->otherwise = nh;
		return 0;
	}
	if (len > 24 && (f->tbl24[slot] & TS_FIB4_EXTENDED) == 0 && extend(f, slot) < 0)
		return -ENOSPC;
	change(f, addr, len, &c);
	if (len > 24 && is_new)
		f->inside[f->tbl24[slot] & ~TS_FIB4_EXTENDED]++;
	return 0;
}

void
ts_fib4_del(struct ts_fib4 *f, uint32_t addr, uint8_t len, uint8_t cover_len, uint16_t cover_nh)
{
	bool covered = cover_nh != 0 && cover_len != 0;
	struct change c = {true, (uint8_t)(len + 1), covered ? (uint8_t)(cover_len + 1) : 0, covered ? cover_nh : 0};
	uint32_t slot = addr >> 8;

	if (len == 0) {
		f->otherwise = 0;
		return;
	}
	change(f, addr, len, &c);
	if (len <= 24)
		return;

	uint16_t group = f->tbl24[slot] & (uint16_t)~TS_FIB4_EXTENDED;

	if (--f->inside[group] > 0)
		return;
	f->tbl24[slot] = f->cover[group];
	f->free_groups[f->n_free++] = group;
}
