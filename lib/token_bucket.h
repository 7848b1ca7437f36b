/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token bucket (G50), RFC 4443 2.4 (f): bursts pass, the mean does not exceed the rate. One owner, no locks. Time is in
 * cycles of any clock that only goes forward.
 */
#ifndef TS_TOKEN_BUCKET_H
#define TS_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct ts_token_bucket {
	uint64_t cycles_per_token; /* 0: the bucket gives nothing */
	uint64_t depth;		   /* burst, in cycles' worth of tokens */
	uint64_t credit;	   /* in cycles */
	uint64_t last;
};

/* Full at `now`. per_second 0: nothing ever passes. A burst below 1 counts as 1. */
static inline void
ts_token_bucket_init(struct ts_token_bucket *b, uint64_t hz, uint32_t per_second, uint32_t burst, uint64_t now)
{
	b->cycles_per_token = per_second == 0 ? 0 : hz / per_second;
	if (per_second != 0 && b->cycles_per_token == 0)
		b->cycles_per_token = 1;
	b->depth = b->cycles_per_token * (burst == 0 ? 1 : burst);
	b->credit = b->depth;
	b->last = now;
}

static inline bool
ts_token_bucket_take(struct ts_token_bucket *b, uint64_t now)
{
	uint64_t passed = now > b->last ? now - b->last : 0;

	if (b->cycles_per_token == 0)
		return false;
	b->credit = passed >= b->depth - b->credit ? b->depth : b->credit + passed;
	if (now > b->last)
		b->last = now;
	if (b->credit < b->cycles_per_token)
		return false;
	b->credit -= b->cycles_per_token;
	return true;
}

#endif
