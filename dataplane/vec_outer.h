/* SPDX-License-Identifier: BSD-3-Clause */
/* Outer headers of 8 packets as columns: identifications, checksums, and how they get in front of the packets. */
#ifndef TS_VEC_OUTER_H
#define TS_VEC_OUTER_H

#include "vec_words.h"

#ifdef TS_VEC_SET

/* G39 for eight destinations in network byte order; as the field lies in memory, in the low halves. */
static inline __m256i
ts_vec_take_ids(struct ts_worker *w, __m256i dst)
{
	uint32_t slot[TS_VEC_LANES] __rte_aligned(32);
	int id[TS_VEC_LANES];
	__m256i ids;

	_mm256_store_si256(
		(void *)slot, _mm256_srli_epi32(_mm256_mullo_epi32(dst, ts_vec_all(w->id_hash_key)), TS_IP_ID_SHIFT));
	/* Not by way of memory: a load of what has just been stored in pieces would wait for all of it. Also, one after
	 * the other, for two may share a counter. */
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		id[i] = w->ip_id[slot[i]]++;
	ids = _mm256_setr_epi32(id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]);
	ids = _mm256_mullo_epi32(ids, ts_vec_all(w->id_stride));
	return ts_vec_swap16(_mm256_add_epi32(ids, ts_vec_all(w->conf.id)));
}

static inline __m256i
ts_vec_sum_halves(__m256i words)
{
	return _mm256_add_epi32(_mm256_and_si256(words, ts_vec_all(0xffff)), _mm256_srli_epi32(words, 16));
}

/* The complement of a one's complement sum of 16-bit words, folded, in the high halves; the low ones are undefined. */
static inline __m256i
ts_vec_checksum_high(__m256i sum)
{
	__m256i turned = _mm256_or_si256(_mm256_slli_epi32(sum, 16), _mm256_srli_epi32(sum, 16));

	return _mm256_xor_si256(_mm256_add_epi32(sum, turned), ts_vec_all(UINT32_MAX));
}

/* Four words of each packet end `before` bytes before at[]. */
static inline void
ts_vec_write_rows(uint8_t *const at[TS_VEC_LANES], unsigned before, __m256i a, __m256i b, __m256i c, __m256i d)
{
	__m256i row[4];

	ts_vec_turn(a, b, c, d, row);
	for (unsigned i = 0; i < 4; i++) {
		_mm_storeu_si128((void *)(at[i] - before - 16), _mm256_castsi256_si128(row[i]));
		_mm_storeu_si128((void *)(at[i + 4] - before - 16), _mm256_extracti128_si256(row[i], 1));
	}
}

#endif
#endif
