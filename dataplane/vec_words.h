/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers of 8 packets, turned so that a vector holds the same 32 bits of each of them: lane i is packet i. Only where
 * a packet is long enough for what is loaded may its pointer be used; ts_vec_none stands in for the others.
 */
#ifndef TS_VEC_WORDS_H
#define TS_VEC_WORDS_H

#include "vec.h"

#ifdef TS_VEC_SET

#include <immintrin.h>

#define TS_VEC_LANES 8u

static const uint8_t ts_vec_none[64] __rte_cache_aligned;

/* 8 bytes of each of 4 packets. */
static inline __m256i
ts_gather64(const uint8_t *const ip[4], unsigned at)
{
	return _mm256_setr_epi64x((long long)ts_vec_load64(ip[0] + at), (long long)ts_vec_load64(ip[1] + at),
		(long long)ts_vec_load64(ip[2] + at), (long long)ts_vec_load64(ip[3] + at));
}

/* 16 bytes of two packets. */
static inline __m256i
ts_vec_pair(const uint8_t *low, const uint8_t *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)), _mm_loadu_si128((const void *)high), 1);
}

/* Within each half: the first words of all four, the second ones, and so on. Done twice it is undone. */
static inline void
ts_vec_turn(__m256i a, __m256i b, __m256i c, __m256i d, __m256i turned[4])
{
	__m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
	__m256i ab_high = _mm256_unpackhi_epi32(a, b), cd_high = _mm256_unpackhi_epi32(c, d);

	turned[0] = _mm256_unpacklo_epi64(ab, cd);
	turned[1] = _mm256_unpackhi_epi64(ab, cd);
	turned[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
	turned[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
}

/* The four words from byte `at` of each packet, as they are in memory. */
static inline void
ts_vec_words4(const uint8_t *const p[TS_VEC_LANES], unsigned at, __m256i word[4])
{
	ts_vec_turn(ts_vec_pair(p[0] + at, p[4] + at), ts_vec_pair(p[1] + at, p[5] + at),
		ts_vec_pair(p[2] + at, p[6] + at), ts_vec_pair(p[3] + at, p[7] + at), word);
}

/* The two words from byte `at` of each packet. */
static inline void
ts_vec_words2(const uint8_t *const p[TS_VEC_LANES], unsigned at, __m256i *first, __m256i *second)
{
	const uint8_t *const low[4] = {p[0], p[1], p[4], p[5]}, *const high[4] = {p[2], p[3], p[6], p[7]};
	__m256 a = _mm256_castsi256_ps(ts_gather64(low, at)), b = _mm256_castsi256_ps(ts_gather64(high, at));

	*first = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
	*second = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
}

static inline __m256i
ts_vec_all(uint32_t word)
{
	return _mm256_set1_epi32((int)word);
}

/* All ones where the bits of `mask` are those of `value`. */
static inline __m256i
ts_vec_is(__m256i words, uint32_t mask, uint32_t value)
{
	return _mm256_cmpeq_epi32(_mm256_and_si256(words, ts_vec_all(mask)), ts_vec_all(value));
}

/* Between network and host order. */
static inline __m256i
ts_vec_swap(__m256i words)
{
	const __m256i order = _mm256_set_epi64x(
		0x0c0d0e0f08090a0b, 0x0405060700010203, 0x0c0d0e0f08090a0b, 0x0405060700010203);

	return _mm256_shuffle_epi8(words, order);
}

/* Host order of the first (_high: last) 16 bits in memory. */
static inline __m256i
ts_vec_swap16(__m256i words)
{
	return _mm256_srli_epi32(ts_vec_swap(words), 16);
}

static inline __m256i
ts_vec_swap16_high(__m256i words)
{
	return _mm256_and_si256(ts_vec_swap(words), ts_vec_all(0xffff));
}

/* A bit per lane. */
static inline unsigned
ts_vec_bits(__m256i all_or_nothing)
{
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(all_or_nothing));
}

static inline uint32_t
ts_vec_total(__m256i words)
{
	__m128i sum = _mm_add_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));

	sum = _mm_hadd_epi32(sum, sum);
	return (uint32_t)_mm_extract_epi32(sum, 0) + (uint32_t)_mm_extract_epi32(sum, 1);
}

/* A bit for each of eight packets that is in one segment with `room` bytes in front of it. */
static inline unsigned
ts_vec_with_room(struct rte_mbuf *const m[TS_VEC_LANES], unsigned room)
{
	__m256i data_off, segments;

	_Static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, data_off) + 4, "two words");
	ts_vec_words2((const uint8_t *const *)m, offsetof(struct rte_mbuf, data_off), &data_off, &segments);
	data_off = _mm256_and_si256(data_off, ts_vec_all(UINT16_MAX)); /* behind it is a count of references */
	return ts_vec_bits(_mm256_and_si256(
		ts_vec_is(segments, UINT16_MAX, 1), _mm256_cmpgt_epi32(data_off, ts_vec_all(room - 1))));
}

/* The packets of a group of 8 that are in one segment and hold `at_least` bytes. */
struct ts_vec_group {
	const uint8_t *p[TS_VEC_LANES];
	uint32_t len[TS_VEC_LANES] __rte_aligned(32);
};

/* Are eight packets all in one segment, and hold `at_least` bytes? Only then *len is their lengths. */
static inline bool
ts_vec_all_whole(struct rte_mbuf *const m[TS_VEC_LANES], uint32_t at_least, __m256i *len)
{
	__m256i pkt_len, whole;

	_Static_assert(offsetof(struct rte_mbuf, data_len) == offsetof(struct rte_mbuf, pkt_len) + 4, "two words");
	ts_vec_words2((const uint8_t *const *)m, offsetof(struct rte_mbuf, pkt_len), &pkt_len, len);
	*len = _mm256_and_si256(*len, ts_vec_all(UINT16_MAX)); /* a VLAN tag is behind it */
	whole = _mm256_and_si256(_mm256_cmpeq_epi32(pkt_len, *len), _mm256_cmpgt_epi32(*len, ts_vec_all(at_least - 1)));
	return likely(ts_vec_bits(whole) == (1u << TS_VEC_LANES) - 1);
}

static inline void
ts_vec_group_of(const struct ts_vec *in, unsigned first, uint32_t at_least, struct ts_vec_group *g)
{
	__m256i len;

	if (likely(first + TS_VEC_LANES <= in->n && ts_vec_all_whole(&in->pkt[first], at_least, &len))) {
		_mm256_store_si256((void *)g->len, len);
		for (unsigned i = 0; i < TS_VEC_LANES; i++)
			g->p[i] = rte_pktmbuf_mtod(in->pkt[first + i], const uint8_t *);
		return;
	}
	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		/* Beyond the end the last one stands in: its lanes are not looked at. */
		const struct rte_mbuf *m = in->pkt[RTE_MIN(first + i, in->n - 1u)];
		bool whole = m->pkt_len == m->data_len && m->data_len >= at_least;

		g->p[i] = whole ? rte_pktmbuf_mtod(m, const uint8_t *) : ts_vec_none;
		g->len[i] = whole ? m->data_len : 0;
	}
}

static inline uint64_t
ts_vec_lanes_used(unsigned n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/*
 * One's complement sum of five words of 16-bit halves, folded to 16 bits: 0xffff where an IPv4 header's checksum is
 * right.
 */
static inline __m256i
ts_vec_sum5(__m256i a, __m256i b, __m256i c, __m256i d, __m256i e)
{
	const __m256i low = ts_vec_all(0xffff);
	__m256i sum = _mm256_add_epi32(_mm256_add_epi32(_mm256_and_si256(a, low), _mm256_srli_epi32(a, 16)),
		_mm256_add_epi32(_mm256_and_si256(b, low), _mm256_srli_epi32(b, 16)));

	sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_and_si256(c, low), _mm256_srli_epi32(c, 16)));
	sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_and_si256(d, low), _mm256_srli_epi32(d, 16)));
	sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_and_si256(e, low), _mm256_srli_epi32(e, 16)));
	sum = _mm256_add_epi32(_mm256_and_si256(sum, low), _mm256_srli_epi32(sum, 16));
	return _mm256_add_epi32(_mm256_and_si256(sum, low), _mm256_srli_epi32(sum, 16));
}

#endif
#endif
