/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A short cut into the IPv6 table: for an allocation (/32), all that its routes say about bits 33 to 48, in one cache
 * line. Two lines then answer for most destinations, the bucket with the allocation's number and its leaf, where the
 * trie takes one or two for each of four levels.
 *
 * Host routes (/128), of which the box's own addresses and all neighbours are some, stand in a table of their own that
 * a walk asks on its way: the trie has fourteen levels for them.
 *
 * All this is made from the trie after every change, holds nothing that the trie does not, and may lack anything: what
 * it does not answer (0) is walked for. So it takes no memory that could run out. Left to the walk are routes shorter
 * than /25, longer than /48, allocations with more than 16 runs of equal next hops, and what found its bucket full.
 */
#ifndef TS_FIB6_INDEX_H
#define TS_FIB6_INDEX_H

#include <stdint.h>
#include <string.h>

#include <rte_vect.h>

#include "fib6.h"

#define FIB6_WAYS 8u /* allocations of a bucket */
#define FIB6_RUNS 16u

/* Runs of bits 33 to 48, by where they begin, ascending; the first begins at 0, unused ones repeat the last. */
struct ts_fib6_leaf {
	uint16_t start[FIB6_RUNS];
	uint16_t nh[FIB6_RUNS]; /* 0: the trie knows */
};
_Static_assert(sizeof(struct ts_fib6_leaf) == TS_FIB6_LINE, "a leaf is a cache line");

#define FIB6_HOSTS 4096u
#define FIB6_HOST_WAYS 4u

/* A bucket is a cache line of addresses; next hops beside them. */
struct ts_fib6_hosts {
	uint8_t addr[FIB6_HOSTS][16];
	uint16_t nh[FIB6_HOSTS]; /* 0: the place is free */
};

/* After a prefix has been set, or deleted (nh 0). */
void fib6_index_update(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint16_t nh);

/* The first 32 bits as they lie in memory; 0 marks a free place, and ::/32 has none. */
static inline uint32_t
fib6_allocation(const uint8_t *addr)
{
	uint32_t allocation;

	memcpy(&allocation, addr, sizeof(allocation));
	return allocation;
}

static inline uint32_t
fib6_bucket(const struct ts_fib6 *f, uint32_t allocation)
{
	return (allocation * UINT32_C(0x9e3779b1)) >> f->bucket_shift;
}

/* Bit per place of the bucket that has this number. */
static inline unsigned
fib6_places(const uint32_t *numbers, uint32_t allocation)
{
#ifdef __SSE4_1__
	const __m128i *line = (const void *)numbers, wanted = _mm_set1_epi32((int)allocation);
	__m128i found = _mm_packs_epi32(_mm_cmpeq_epi32(line[0], wanted), _mm_cmpeq_epi32(line[1], wanted));

	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(found, _mm_setzero_si128()));
#else
	unsigned places = 0;

	for (unsigned i = 0; i < FIB6_WAYS; i++)
		places |= (unsigned)(numbers[i] == allocation) << i;
	return places;
#endif
}

/* `subnet`: bits 33 to 48. */
static inline uint16_t
fib6_leaf_nh(const struct ts_fib6_leaf *leaf, uint16_t subnet)
{
#ifdef __SSE4_1__
	const __m128i *start = (const void *)leaf->start, at = _mm_set1_epi16((short)subnet);
	__m128i low = _mm_cmpeq_epi16(_mm_max_epu16(start[0], at), at);
	__m128i high = _mm_cmpeq_epi16(_mm_max_epu16(start[1], at), at);
	unsigned begun = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));

	return leaf->nh[31 - __builtin_clz(begun)];
#else
	unsigned begun = 0;

	for (unsigned i = 0; i < FIB6_RUNS; i++)
		begun += leaf->start[i] <= subnet;
	return leaf->nh[begun - 1];
#endif
}

/* First place of the address's bucket. */
static inline uint32_t
fib6_host_bucket(const uint8_t *addr)
{
	uint64_t half[2];

	memcpy(half, addr, sizeof(half));
	return (uint32_t)(((half[0] ^ half[1] >> 7 ^ half[1] << 31) * UINT64_C(0x9e3779b97f4a7c15)) >> 54) *
		FIB6_HOST_WAYS;
}
_Static_assert(FIB6_HOSTS / FIB6_HOST_WAYS == 1 << (64 - 54), "the hash's first bits number the buckets");

/* 0: none. */
static inline uint16_t
fib6_host_nh(const struct ts_fib6_hosts *h, const uint8_t *addr)
{
	uint32_t place = fib6_host_bucket(addr);

	for (unsigned i = 0; i < FIB6_HOST_WAYS; i++)
		if (memcmp(h->addr[place + i], addr, sizeof(h->addr[0])) == 0)
			return h->nh[place + i];
	return 0;
}

#endif
