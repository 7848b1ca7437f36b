/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From prefixes to FIBs: what changed goes into the FIB that no worker reads, some at a time. Deletions go first, so
 * that a full FIB takes as many additions as were deleted.
 *
 * Replacing and deleting cannot fail. What there is no room for becomes unplaced: what it is wanted to be is then
 * nothing, in both FIBs, so the ordinary way takes it out of the one that had room. It is tried again when as much room
 * has come back as all that is unplaced may want, or a sixty-fourth of the FIB.
 */
#include "rib_priv.h"

#include <rte_common.h>
#include <rte_debug.h>

#define ALL UINT32_MAX
#define RETRY_SHARE 64

static void
delete_prefix(struct ts_rib *rib, unsigned family, const struct rib_prefix *p, unsigned which)
{
	struct rib_key key = p->key;
	const struct rib_prefix *cover;

	do {
		cover = rib_table_up(&rib->family[family], &key);
	} while (cover != NULL && cover->installed[which] == TS_NH_NO_ROUTE);
	ts_fib_del(&rib->fibs, family, which, p->key.addr, p->key.len, key.len,
		cover != NULL ? cover->installed[which] : TS_NH_NO_ROUTE);
}

static void
unplace(struct ts_rib *rib, unsigned family, struct rib_prefix *p, unsigned which)
{
	struct rib_family *f = &rib->family[family];

	rib->stats.insert_failures++;
	rib_set_unplaced(f, p, true);
	f->used_when_full = ts_fib_used(&rib->fibs, family, which);
	rib_mark_dirty(f, p);
}

static void
write_prefix(struct ts_rib *rib, unsigned family, struct rib_prefix *p, unsigned which)
{
	uint32_t old = p->installed[which], new = rib_wanted(p);

	if (old == new)
		return;
	if (new == TS_NH_NO_ROUTE) {
		delete_prefix(rib, family, p, which);
	} else if (ts_fib_set(&rib->fibs, family, which, p->key.addr, p->key.len, (uint16_t)old, (uint16_t) new) < 0) {
		unplace(rib, family, p, which);
		return;
	}
	ts_nexthop_hold(rib->nexthops, new);
	ts_nexthop_put(rib->nexthops, old);
	p->installed[which] = (uint16_t) new;
}

static struct rib_prefix *
take_first(struct rib_prefix **list, unsigned which)
{
	struct rib_prefix *p = *list;

	*list = p->next_dirty[which];
	return p;
}

/* From here on a change of the prefix puts it into the list of changes again. */
static void
settle(struct ts_rib *rib, unsigned family, struct rib_prefix *p, unsigned which)
{
	p->dirty &= (uint8_t) ~(1u << which);
	write_prefix(rib, family, p, which);
	rib_prefix_release(&rib->family[family], p);
}

static unsigned
apply_family(struct ts_rib *rib, unsigned family, unsigned which, unsigned max)
{
	struct rib_family *f = &rib->family[family];
	unsigned done = 0;

	for (; done < max && f->dirty[which] != NULL; done++) {
		struct rib_prefix *p = take_first(&f->dirty[which], which);

		if (rib_wanted(p) == TS_NH_NO_ROUTE || rib_wanted(p) == p->installed[which]) {
			settle(rib, family, p, which);
		} else {
			p->next_dirty[which] = f->additions[which];
			f->additions[which] = p;
		}
	}
	for (; done < max && f->additions[which] != NULL; done++)
		settle(rib, family, take_first(&f->additions[which], which), which);
	return done;
}

static bool
worth_retrying(const struct ts_rib *rib, unsigned family, unsigned which)
{
	const struct rib_family *f = &rib->family[family];
	uint32_t used = ts_fib_used(&rib->fibs, family, which);
	uint32_t wanted = RTE_MIN(f->n_unplaced, RTE_MAX(rib->fibs.room[family] / RETRY_SHARE, 1u));

	return f->unplaced != NULL && used + wanted <= f->used_when_full;
}

static void
retry(struct ts_rib *rib, unsigned family, unsigned max)
{
	struct rib_family *f = &rib->family[family];

	rib->stats.retries++;
	for (unsigned n = 0; n < max && f->unplaced != NULL; n++) {
		struct rib_prefix *p = f->unplaced;

		rib_set_unplaced(f, p, false);
		rib_mark_dirty(f, p);
	}
}

bool
ts_rib_apply_step(struct ts_rib *rib, unsigned which, unsigned max)
{
	unsigned done = 0;

	RTE_VERIFY(which < TS_FIBS && which != rib->published);
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		done += apply_family(rib, family, which, max - done);
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		if (worth_retrying(rib, family, which))
			retry(rib, family, max);
	return ts_rib_dirty(rib, which);
}

void
ts_rib_apply(struct ts_rib *rib, unsigned which)
{
	while (ts_rib_apply_step(rib, which, ALL))
		;
}

bool
ts_rib_dirty(const struct ts_rib *rib, unsigned which)
{
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		if (rib->family[family].dirty[which] != NULL || rib->family[family].additions[which] != NULL)
			return true;
	return false;
}

unsigned
ts_rib_idle(const struct ts_rib *rib)
{
	return !rib->published;
}

void
ts_rib_published(struct ts_rib *rib, unsigned which)
{
	rib->published = which;
}

const struct ts_fib4 *
ts_rib_fib4(const struct ts_rib *rib, unsigned which)
{
	return &rib->fibs.fib4[which];
}

const struct ts_fib6 *
ts_rib_fib6(const struct ts_rib *rib, unsigned which)
{
	return &rib->fibs.fib6[which];
}
