/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of times in cycles: 64 steps to each power of two, so that a percentile is right within 1.6 %, in
 * constant memory and without sorting.
 */
#ifndef TS_BENCH_LATENCY_H
#define TS_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEP_BITS 6
#define LATENCY_STEPS (1u << LATENCY_STEP_BITS)

struct latency {
	uint64_t n, max;
	uint64_t bucket[64 * LATENCY_STEPS];
};

/* The first 64 values have a bucket each; then each power of two has 64. */
static inline unsigned
latency_bucket(uint64_t cycles)
{
	unsigned shift;

	if (cycles < LATENCY_STEPS)
		return (unsigned)cycles;
	shift = 63 - LATENCY_STEP_BITS - (unsigned)__builtin_clzll(cycles);
	return shift * LATENCY_STEPS + (unsigned)(cycles >> shift);
}

/* The most that a value in the bucket can be. */
static inline uint64_t
latency_most(unsigned bucket)
{
	unsigned shift = bucket < LATENCY_STEPS ? 0 : bucket / LATENCY_STEPS - 1;

	return ((uint64_t)(bucket - shift * LATENCY_STEPS + 1) << shift) - 1;
}

static inline void
latency_add(struct latency *l, uint64_t cycles)
{
	l->n++;
	l->max = cycles > l->max ? cycles : l->max;
	l->bucket[latency_bucket(cycles)]++;
}

/* At least the share `p` of the values are at most this; 0 when there are none. */
static inline uint64_t
latency_percentile(const struct latency *l, double p)
{
	uint64_t seen = 0;

	for (unsigned i = 0; l->n != 0 && i < 64 * LATENCY_STEPS; i++) {
		seen += l->bucket[i];
		if ((double)seen >= p * (double)l->n)
			return latency_most(i) < l->max ? latency_most(i) : l->max;
	}
	return 0;
}

#endif
