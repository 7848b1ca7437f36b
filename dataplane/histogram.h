/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histograms that a worker keeps: packet sizes by mechanism and direction, and how long Teredo clients take to answer a
 * bubble. Buckets double from one to the next, so that an addition is a count of leading zeros and two increments; who
 * reads adds up what the buckets below hold. They only ever grow, and are read in place as counters are.
 */
#ifndef TS_HISTOGRAM_H
#define TS_HISTOGRAM_H

#include <stdint.h>

#include "lib/config.h"

#define TS_HISTOGRAM_BUCKETS 16

/* Upper bound of the first bucket as a power of two: bytes of the inner IPv6 packet; microseconds. */
#define TS_HISTOGRAM_SIZE_SHIFT 6
#define TS_HISTOGRAM_RTT_SHIFT 10

struct ts_histogram {
	uint64_t bucket[TS_HISTOGRAM_BUCKETS]; /* by upper bound, which belongs to it; the last has none */
	uint64_t sum;
};

enum ts_direction { TS_ENCAP, TS_DECAP, TS_N_DIRECTIONS };

/* One of so many turns of the loop is looked at for sizes: counting every packet would be paid by every packet. */
#define TS_SIZES_EVERY 8

struct ts_worker_histograms {
	struct ts_histogram size[TS_N_MECHS][TS_N_DIRECTIONS];
	struct ts_histogram bubble_rtt;
};

/* Bucket i holds what is at most 1 << (shift + i), and more than the bucket before. */
static inline unsigned
ts_histogram_bucket(unsigned shift, uint64_t value)
{
	uint64_t above = value == 0 ? 0 : (value - 1) >> shift;
	unsigned i = above == 0 ? 0 : 64 - (unsigned)__builtin_clzll(above);

	return i < TS_HISTOGRAM_BUCKETS ? i : TS_HISTOGRAM_BUCKETS - 1;
}

static inline void
ts_histogram_add(struct ts_histogram *h, unsigned shift, uint64_t value)
{
	h->bucket[ts_histogram_bucket(shift, value)]++;
	h->sum += value;
}

#endif
