/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksums over whole packets, of 8 at a time.
 *
 * A packet is summed by 16-bit words, 32 bytes in one step: with its sign bit turned over a word counts 0x8000 less, as
 * a signed number, and signed numbers are what can be multiplied and added in pairs at once. As many times 0x8000 are
 * added in the end.
 */
#ifndef TS_VEC_SUM_H
#define TS_VEC_SUM_H

#include "vec_words.h"

#ifdef TS_VEC_SET

#define TS_VEC_STEP 32u /* bytes */

/* The words of one step, less 0x8000 each, in pairs. */
static inline __m256i
ts_vec_step(__m256i bytes)
{
	return _mm256_madd_epi16(_mm256_xor_si256(bytes, _mm256_set1_epi16(INT16_MIN)), _mm256_set1_epi16(1));
}

/*
 * The last n bytes before `end`, n below a step, of which a whole one is before `end`. Bytes that stand before them
 * count nothing; if n is odd the last byte is the first one of its word, and so all of them are turned round in pairs.
 */
static inline __m256i
ts_vec_last_step(const uint8_t *end, uint32_t n)
{
	static const uint8_t none_then_all[2 * TS_VEC_STEP] = {[TS_VEC_STEP... 2 * TS_VEC_STEP - 1] = 0xff};
	const __m256i pairs = _mm256_set_epi64x(
		0x0e0f0c0d0a0b0809, 0x0607040502030001, 0x0e0f0c0d0a0b0809, 0x0607040502030001);
	__m256i bytes = _mm256_and_si256(_mm256_loadu_si256((const void *)(end - TS_VEC_STEP)),
		_mm256_loadu_si256((const void *)(none_then_all + n)));

	return ts_vec_step(n % 2 == 0 ? bytes : _mm256_shuffle_epi8(bytes, pairs));
}

/* The words of n bytes, a step at least, less 0x8000 for each word of every step begun; the lanes are to be added. */
static inline __m256i
ts_vec_steps(const uint8_t *p, uint32_t n)
{
	const uint8_t *end = p + n, *last = end - TS_VEC_STEP;
	__m256i sum = ts_vec_step(_mm256_loadu_si256((const void *)p));

	for (p += TS_VEC_STEP; p <= last; p += TS_VEC_STEP)
		sum = _mm256_add_epi32(sum, ts_vec_step(_mm256_loadu_si256((const void *)p)));
	return p == end ? sum : _mm256_add_epi32(sum, ts_vec_last_step(end, (uint32_t)(end - p)));
}

/* All lanes of each, in the order of the vectors. */
static inline __m256i
ts_vec_add_lanes(const __m256i v[TS_VEC_LANES])
{
	__m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
	__m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));

	return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

/*
 * Sums of the 16-bit words, in memory's order, from byte `from` of each packet to its end, of which there are a step at
 * least and less than 2^16; not folded. Where `len`, of the packet, is 0 they are undefined.
 */
static inline __m256i
ts_vec_sums(const uint8_t *const p[TS_VEC_LANES], __m256i len, uint32_t from)
{
	uint32_t bytes[TS_VEC_LANES] __rte_aligned(32);
	__m256i sum[TS_VEC_LANES], steps;

	_mm256_store_si256((void *)bytes, len);
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		sum[i] = likely(bytes[i] != 0) ? ts_vec_steps(p[i] + from, bytes[i] - from) : _mm256_setzero_si256();
	/* 16 words a step */
	steps = _mm256_srli_epi32(_mm256_add_epi32(len, ts_vec_all(TS_VEC_STEP - 1 - from)), 5);
	return _mm256_add_epi32(ts_vec_add_lanes(sum), _mm256_slli_epi32(steps, 19));
}

#endif
#endif
