/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From prefixes to FIBs: what changed goes into the FIB that no worker reads. Deletions go first, so that a full FIB
 * takes as many additions as were deleted. A failed write leads to a new FIB filled from the RIB, once per batch; when
 * routes do not fit even then, it is tried again only after enough deletions to make a difference.
 */
#include "rib_priv.h"

#include <rte_debug.h>

#define RETRY_DELETES 1024

static bool
write_prefix(struct ts_rib *rib, unsigned family, struct rib_prefix *p, unsigned which)
{
	uint32_t old = p->installed[which], new = rib_best(p);

	if (ts_fib_write(&rib->fibs, family, which, p->key.addr, p->key.len, old, new) < 0) {
		rib->stats.insert_failures++;
		return false;
	}
	ts_nexthop_hold(rib->nexthops, new);
	ts_nexthop_put(rib->nexthops, old);
	p->installed[which] = (uint16_t) new;
	return true;
}

struct pass {
	unsigned written;
	bool failed;
	bool broken; /* a prefix that was there could not be changed: the FIB may hold anything there */
};

static void
run_pass(struct ts_rib *rib, unsigned family, unsigned which, bool deletions, struct pass *pass)
{
	for (struct rib_prefix *p = rib->family[family].dirty[which]; p != NULL; p = p->next_dirty[which]) {
		uint32_t old = p->installed[which], new = rib_best(p);

		if (old == new || (new == TS_NH_NO_ROUTE) != deletions)
			continue;
		if (write_prefix(rib, family, p, which)) {
			pass->written++;
		} else {
			pass->failed = true;
			pass->broken |= old != TS_NH_NO_ROUTE;
		}
	}
}

static void
clear_dirty(struct rib_family *f, unsigned which)
{
	struct rib_prefix *next;

	for (struct rib_prefix *p = f->dirty[which]; p != NULL; p = next) {
		next = p->next_dirty[which];
		p->dirty &= ~(1u << which);
		rib_prefix_release(f, p);
	}
	f->dirty[which] = NULL;
}

static unsigned
rebuild(struct ts_rib *rib, unsigned family, unsigned which)
{
	struct rib_prefix *p, *next;
	unsigned written = 0;

	rib->stats.rebuilds++;
	int ret = ts_fib_renew(&rib->fibs, family, which);

	HASH_ITER(hh, rib->family[family].prefixes, p, next) {
		ts_nexthop_put(rib->nexthops, p->installed[which]);
		p->installed[which] = TS_NH_NO_ROUTE;
		if (ret < 0 || rib_best(p) == TS_NH_NO_ROUTE)
			continue;
		if (write_prefix(rib, family, p, which))
			written++;
		else
			rib->fibs.incomplete[family][which] = true;
	}
	return written;
}

static bool
worth_rebuilding(const struct ts_fib_pair *fibs, unsigned family, unsigned which)
{
	return !fibs->incomplete[family][which] || fibs->deletes[family][which] >= RETRY_DELETES;
}

static unsigned
apply_family(struct ts_rib *rib, unsigned family, unsigned which)
{
	struct pass pass = {0};

	if (ts_fib_exists(&rib->fibs, family, which)) {
		run_pass(rib, family, which, true, &pass);
		run_pass(rib, family, which, false, &pass);
	} else {
		pass.broken = true;
	}
	/* What did not fit is tried again once enough has gone, whether or not this pass failed. */
	if (rib->fibs.incomplete[family][which] && rib->fibs.deletes[family][which] >= RETRY_DELETES)
		pass.failed = true;
	if (pass.broken || (pass.failed && worth_rebuilding(&rib->fibs, family, which)))
		pass.written += rebuild(rib, family, which);
	clear_dirty(&rib->family[family], which);
	return pass.written;
}

unsigned
ts_rib_apply(struct ts_rib *rib, unsigned which)
{
	unsigned written = 0;

	RTE_VERIFY(which < TS_FIBS && which != rib->published);
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		written += apply_family(rib, family, which);
	return written;
}

bool
ts_rib_dirty(const struct ts_rib *rib, unsigned which)
{
	for (unsigned family = 0; family < TS_FAMILIES; family++)
		if (rib->family[family].dirty[which] != NULL || !ts_fib_exists(&rib->fibs, family, which))
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

struct rte_fib *
ts_rib_fib4(const struct ts_rib *rib, unsigned which)
{
	return rib->fibs.fib4[which];
}

struct rte_fib6 *
ts_rib_fib6(const struct ts_rib *rib, unsigned which)
{
	return rib->fibs.fib6[which];
}
