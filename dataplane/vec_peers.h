/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer table for vector stations: ts_peers_hash() of 8 addresses, bit for bit, and a look at a peer that needs
 * nothing but to be confirmed. What is not found that way is looked up by peers_inline.h, which knows all ways in which
 * the owner may be in between.
 */
#ifndef TS_VEC_PEERS_H
#define TS_VEC_PEERS_H

#include "peers.h"
#include "vec_words.h"

#ifdef TS_VEC_SET

static inline __m256i
ts_vec_all64(uint64_t word)
{
	return _mm256_set1_epi64x((long long)word);
}

/* ts_peer_mix() of four: the 128-bit product by its four parts of 64, folded. None of the sums can overflow. */
static inline __m256i
ts_vec_peer_mix(__m256i a, uint64_t b)
{
	__m256i low = ts_vec_all64(b), high = ts_vec_all64(b >> 32), a_high = _mm256_srli_epi64(a, 32);
	__m256i first = _mm256_mul_epu32(a, low);
	__m256i middle = _mm256_add_epi64(_mm256_mul_epu32(a, high), _mm256_srli_epi64(first, 32));
	__m256i other = _mm256_add_epi64(
		_mm256_mul_epu32(a_high, low), _mm256_blend_epi32(_mm256_setzero_si256(), middle, 0x55));
	__m256i top = _mm256_add_epi64(_mm256_mul_epu32(a_high, high),
		_mm256_add_epi64(_mm256_srli_epi64(middle, 32), _mm256_srli_epi64(other, 32)));

	return _mm256_xor_si256(top, _mm256_blend_epi32(first, _mm256_slli_epi64(other, 32), 0xaa));
}

/* The product's upper half of numbers of 32 bits, the lower halves of a's lanes and all of b. */
static inline __m256i
ts_vec_peer_reduce(__m256i a, uint32_t b)
{
	return _mm256_srli_epi64(_mm256_mul_epu32(a, ts_vec_all64(b)), 32);
}

/*
 * Of four: both bucket numbers, as struct ts_peer_hash has them, tag and owner behind them. `client`: host byte order;
 * `server`: as in memory. The tag only `with_tags`.
 */
static inline void
ts_vec_peers_hash4(
	const struct ts_peers *p, __m256i client, __m256i server, bool with_tags, __m256i *buckets, __m256i *rest)
{
	__m256i mix = _mm256_xor_si256(_mm256_slli_epi64(client, 16), ts_vec_all64(p->seed[0])), flags, tag;
	__m256i owner, first, second, base;

	mix = _mm256_xor_si256(ts_vec_peer_mix(mix, p->seed[1]), ts_vec_all64(p->seed[0]));
	mix = ts_vec_peer_mix(mix, p->seed[1]);
	owner = _mm256_mul_epu32(_mm256_srli_epi64(mix, 32), ts_vec_all64(p->n_owners));
	first = ts_vec_peer_reduce(owner, p->per_owner);
	second = _mm256_add_epi64(_mm256_add_epi64(first, ts_vec_all64(1)), ts_vec_peer_reduce(mix, p->per_owner - 1));
	/* Below per_owner it becomes very large instead. */
	second = _mm256_min_epu32(second, _mm256_sub_epi32(second, ts_vec_all64(p->per_owner)));
	owner = _mm256_srli_epi64(owner, 32);
	base = _mm256_mul_epu32(owner, ts_vec_all64(p->per_owner));
	*buckets = _mm256_or_si256(
		_mm256_add_epi64(base, first), _mm256_slli_epi64(_mm256_add_epi64(base, second), 32));
	*rest = _mm256_slli_epi64(owner, 32);
	if (!with_tags)
		return;
	flags = _mm256_or_si256(_mm256_slli_epi64(_mm256_srli_epi64(client, 48), 32), server);
	tag = ts_vec_peer_mix(_mm256_xor_si256(flags, mix), p->seed[1]);
	*rest = _mm256_blend_epi32(*rest, tag, 0x55);
}
_Static_assert(offsetof(struct ts_peer_hash, tag) == 8 && offsetof(struct ts_peer_hash, owner) == 12 &&
		sizeof(struct ts_peer_hash) == 16,
	"two numbers of 64 bits");

/* Numbers of 64 bits of packets 0, 1, 4, 5 or 2, 3, 6, 7: the upper half of the first two. */
static inline void
ts_vec_store_hash4(struct ts_peer_hash *first, __m256i buckets, __m256i rest)
{
	__m256i even = _mm256_unpacklo_epi64(buckets, rest), odd = _mm256_unpackhi_epi64(buckets, rest);

	_mm_store_si128((void *)&first[0], _mm256_castsi256_si128(even));
	_mm_store_si128((void *)&first[1], _mm256_castsi256_si128(odd));
	_mm_store_si128((void *)&first[4], _mm256_extracti128_si256(even, 1));
	_mm_store_si128((void *)&first[5], _mm256_extracti128_si256(odd, 1));
}

/*
 * Of 8 addresses, by their words from the second on (server, flags and port, client), as in memory. `out` is aligned to
 * 16 bytes.
 */
static inline void
ts_vec_peers_hash(const struct ts_peers *p, const __m256i word[3], bool with_tags, struct ts_peer_hash *out)
{
	__m256i high = ts_vec_swap(word[1]), low = ts_vec_swap(word[2]), zero = _mm256_setzero_si256(), buckets, rest;

	ts_vec_peers_hash4(
		p, _mm256_unpacklo_epi32(low, high), _mm256_unpacklo_epi32(word[0], zero), with_tags, &buckets, &rest);
	ts_vec_store_hash4(out, buckets, rest);
	ts_vec_peers_hash4(
		p, _mm256_unpackhi_epi32(low, high), _mm256_unpackhi_epi32(word[0], zero), with_tags, &buckets, &rest);
	ts_vec_store_hash4(out + 2, buckets, rest);
}

/* All ones where a slot's client word is this one, of slots 0, 2, 1, 3. */
static inline __m256i
ts_vec_peer_compare(const struct ts_peer_bucket *b, __m256i client)
{
	const __m256i *half = (const void *)b;

	return _mm256_cmpeq_epi64(_mm256_unpacklo_epi64(_mm256_load_si256(half), _mm256_load_si256(half + 1)), client);
}

/* The second half of a slot, of which one load sees both parts as they were at one time. */
typedef uint64_t __attribute__((may_alias)) ts_vec_slot_half;
_Static_assert(offsetof(struct ts_peer_slot, server) == 8 && offsetof(struct ts_peer_slot, word) == 12,
	"server and word are one number of 64 bits");

/*
 * The slot of a confirmed peer whose mapping is the embedded one, last heard at most `age` ticks before `now`; its word
 * in *word. Both have TS_PEER_SKEW added, as ts_peer_age() does. NULL: it may be there all the same; ts_peers_find()
 * tells. As in ts_peer_view_slot(), the key is read between two looks at the word.
 */
static inline struct ts_peer_slot *
ts_vec_peer_confirmed(const struct ts_peer_bucket *buckets, const uint8_t addr[16], const uint32_t bucket[2],
	uint32_t now, uint32_t age, uint32_t *word)
{
	static const uint8_t offset[8] = {0, 32, 16, 48, 0, 32, 16, 48};
	const struct ts_peer_bucket *first = &buckets[bucket[0]], *second = &buckets[bucket[1]];
	__m256i client = _mm256_broadcastq_epi64(_mm_loadl_epi64((const void *)(addr + 8)));
	unsigned found = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(ts_vec_peer_compare(first, client))) |
		(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(ts_vec_peer_compare(second, client))) << 4,
		 at;
	const struct ts_peer_slot *s;
	uint64_t half;

	if (unlikely(found == 0))
		return NULL;
	/* Loaded again from here on. */
	rte_compiler_barrier();
	at = (unsigned)__builtin_ctz(found);
	s = (const void *)((const uint8_t *)(at < 4 ? first : second) + offset[at]);
	half = __atomic_load_n((const ts_vec_slot_half *)&s->server, __ATOMIC_ACQUIRE);
	if (unlikely(__atomic_load_n(&s->client, __ATOMIC_ACQUIRE) != ts_peer_client_word(addr) ||
		    __atomic_load_n((const ts_vec_slot_half *)&s->server, __ATOMIC_ACQUIRE) != half ||
		    (uint32_t)half != ts_teredo_server(addr)))
		return NULL;
	*word = (uint32_t)(half >> 32);
	if (unlikely(*word >> (TS_PEER_STATE_SHIFT - 1) != TS_PEER_CONFIRMED << 1 ||
		    ((now - *word) & TS_PEER_TICK_MASK) > age))
		return NULL;
	return (struct ts_peer_slot *)(uintptr_t)s;
}
_Static_assert(TS_PEER_LEARNED == 1u << (TS_PEER_STATE_SHIFT - 1), "next to the state");

#endif
#endif
