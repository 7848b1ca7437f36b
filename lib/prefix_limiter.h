/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rate limit for each of very many keys (prefixes, addresses) in fixed memory: the key's hash picks a slot, so that
 * keys that collide share a budget. Each slot is a virtual-scheduling bucket in one word: the time at which it would be
 * empty of debt. One owner, no locks; time in cycles.
 */
#ifndef TS_PREFIX_LIMITER_H
#define TS_PREFIX_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define TS_PREFIX_LIMITER_SLOTS 65536

struct ts_prefix_limiter {
	uint64_t interval;  /* cycles per event; 0: unlimited */
	uint64_t tolerance; /* cycles' worth of burst beyond one event */
	uint64_t seed;
	uint64_t due[TS_PREFIX_LIMITER_SLOTS];
};

/* All slots full. per_second 0: everything passes. */
static inline void
ts_prefix_limiter_init(struct ts_prefix_limiter *l, uint64_t hz, uint32_t per_second, uint32_t burst, uint64_t seed)
{
	l->interval = per_second == 0 ? 0 : hz / per_second;
	if (per_second != 0 && l->interval == 0)
		l->interval = 1;
	l->tolerance = l->interval * (burst > 1 ? burst - 1 : 0);
	l->seed = seed;
	for (unsigned i = 0; i < TS_PREFIX_LIMITER_SLOTS; i++)
		l->due[i] = 0;
}

/* Whoever has many to ask about may find out once that all of them pass. */
static inline bool
ts_prefix_limiter_on(const struct ts_prefix_limiter *l)
{
	return __builtin_expect(l->interval != 0, 0);
}

static inline bool
ts_prefix_limiter_take(struct ts_prefix_limiter *l, uint64_t key, uint64_t now)
{
	uint64_t hash, *due;

	if (!ts_prefix_limiter_on(l))
		return true;
	hash = (key ^ l->seed) * UINT64_C(0x9e3779b97f4a7c15);
	due = &l->due[(hash ^ hash >> 29) >> 20 & (TS_PREFIX_LIMITER_SLOTS - 1)];
	if (*due > now + l->tolerance)
		return false;
	*due = (*due > now ? *due : now) + l->interval;
	return true;
}

#endif
