/* SPDX-License-Identifier: BSD-3-Clause */
/* ts_source_policy_suspect() for eight addresses. */
#ifndef TS_VEC_POLICY_H
#define TS_VEC_POLICY_H

#include "vec_words.h"

#ifdef TS_VEC_SET

/* The bits of a map for these numbers, in bit 0. */
static inline __m256i
ts_vec_map_bits(const uint64_t *map, __m256i n)
{
	__m256i words = _mm256_i32gather_epi32((const int *)(const void *)map, _mm256_srli_epi32(n, 5), 4);

	return _mm256_srlv_epi32(words, _mm256_and_si256(n, ts_vec_all(31)));
}

/* All ones where no bit of the policy's maps is set for the address, in network byte order. */
static inline __m256i
ts_vec_unsuspected(const struct ts_source_policy *policy, __m256i addr)
{
	const struct ts_source_policy_map *map = (const void *)policy;
	__m256i address = ts_vec_swap(addr),
		fit = ts_vec_is(ts_vec_map_bits(map->coarse, _mm256_srli_epi32(address, 16)), 1, 0);

	if (ts_vec_bits(fit) == (1u << TS_VEC_LANES) - 1)
		return fit;
	return ts_vec_is(ts_vec_map_bits(map->bits, _mm256_srli_epi32(address, 8)), 1, 0);
}

#endif
#endif
