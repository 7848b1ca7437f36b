/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The readers' side of the peer table; included by peers.h alone.
 *
 * Orders: key and aside words are stored with release, hence after the word that makes readers doubt them, and loaded
 * with acquire, hence before the word is loaded again. Who sees a word that the owner stored therefore sees all that
 * it speaks of; who sees a key or an aside word of the next inhabitant sees a changed word, too.
 */
#ifndef TS_PEERS_INLINE_H
#define TS_PEERS_INLINE_H

#if defined(__SSE4_1__) && !defined(__SANITIZE_THREAD__) && !defined(TS_PEERS_SCALAR)
#define TS_PEERS_VECTOR
#include <smmintrin.h>

#include <rte_atomic.h>
#endif

/* Secret on both sides of the multiplication, so that nobody can choose addresses that share a bucket. */
static inline uint64_t
ts_peer_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint32_t
ts_peer_reduce(uint32_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)hash * n >> 32);
}

static inline uint64_t
ts_peer_client_word(const uint8_t addr[16])
{
	uint64_t client;

	memcpy(&client, addr + 8, sizeof(client));
	return client;
}

static inline struct ts_peer_hash
ts_peers_hash(const struct ts_peers *p, const uint8_t addr[16])
{
	uint64_t client = rte_be_to_cpu_64(ts_peer_client_word(addr));
	uint64_t mix = ts_peer_mix(ts_peer_mix((client << 16) ^ p->seed[0], p->seed[1]) ^ p->seed[0], p->seed[1]);
	uint64_t flags_server = client >> 48 << 32 | ts_teredo_server(addr);
	/* The quotient is the owner; what is left over is as random within it. */
	uint64_t owner = (mix >> 32) * p->n_owners;
	uint32_t first = ts_peer_reduce((uint32_t)owner, p->per_owner);
	uint32_t second = first + 1 + ts_peer_reduce((uint32_t)mix, p->per_owner - 1);
	uint32_t base = (uint32_t)(owner >> 32) * p->per_owner;

	return (struct ts_peer_hash){
		.bucket = {base + first, base + (second >= p->per_owner ? second - p->per_owner : second)},
		.tag = (uint32_t)ts_peer_mix(flags_server ^ mix, p->seed[1]),
		.owner = (uint16_t)(owner >> 32),
	};
}

static inline void
ts_peers_prefetch(const struct ts_peers *p, const struct ts_peer_hash *h)
{
	rte_prefetch0(&p->buckets[h->bucket[0]]);
	rte_prefetch0(&p->buckets[h->bucket[1]]);
}

static inline struct ts_peer_slot *
ts_peer_slot_at(const struct ts_peers *p, uint32_t slot)
{
	return &p->buckets[slot / TS_PEER_BUCKET_SLOTS].slot[slot % TS_PEER_BUCKET_SLOTS];
}

/* The slots of both buckets, counted through from 0. */
static inline uint32_t
ts_peer_slot_of(const struct ts_peer_hash *h, unsigned i)
{
	return h->bucket[i / TS_PEER_BUCKET_SLOTS] * TS_PEER_BUCKET_SLOTS + i % TS_PEER_BUCKET_SLOTS;
}

/* All but the tick. */
static inline bool
ts_peer_same(uint32_t word, uint32_t other)
{
	return ((word ^ other) & ~TS_PEER_TICK_MASK) == 0;
}

/* One slot, if it is the peer's. Every round but the last one means that the owner got on. */
static inline bool
ts_peer_view_slot(const struct ts_peers *p, const uint8_t addr[16], uint32_t slot, struct ts_peer_view *out)
{
	const struct ts_peer_slot *s = ts_peer_slot_at(p, slot);
	uint32_t before, word = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
	uint64_t aside = 0;

	do {
		before = word;
		if (ts_peer_state(word) == TS_PEER_NONE)
			return false;
		if (ts_peer_has_mapping(word))
			aside = __atomic_load_n(&p->aside[slot], __ATOMIC_ACQUIRE);
		/* After the aside word: a thread that stood still between the two for 128 generations is found out. */
		if (__atomic_load_n(&s->client, __ATOMIC_ACQUIRE) != ts_peer_client_word(addr) ||
			__atomic_load_n(&s->server, __ATOMIC_ACQUIRE) != ts_teredo_server(addr))
			return false;
		word = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
	} while (unlikely(!ts_peer_same(before, word)));
	out->slot = slot;
	out->word = word;
	out->v4 = ts_teredo_client(addr);
	out->port = ts_teredo_port(addr);
	if (unlikely(ts_peer_has_mapping(word))) {
		out->v4 = (rte_be32_t)(aside >> 32);
		out->port = (rte_be16_t)(aside >> 16);
	}
	return true;
}

/*
 * Which slots may be it: a bit each; view_slot() looks properly. Without branches, as its place is random. x86 loads
 * halves of a vector whole and in order; ThreadSanitizer has to see that they are meant to be.
 */
static inline unsigned
ts_peer_candidates(const struct ts_peer_bucket *b, uint64_t client)
{
#ifdef TS_PEERS_VECTOR
	const __m128i *slot = (const __m128i *)b->slot, sought = _mm_set1_epi64x((long long)client);
	__m128i low = _mm_cmpeq_epi64(_mm_unpacklo_epi64(slot[0], slot[1]), sought);
	__m128i high = _mm_cmpeq_epi64(_mm_unpacklo_epi64(slot[2], slot[3]), sought);

	/* Looked at a second time, they are loaded a second time. */
	rte_compiler_barrier();
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_packs_epi32(low, high)));
#else
	unsigned found = 0;

	for (unsigned i = 0; i < TS_PEER_BUCKET_SLOTS; i++)
		found |= (unsigned)(__atomic_load_n(&b->slot[i].client, __ATOMIC_ACQUIRE) == client) << i;
	return found;
#endif
}

static inline bool
ts_peer_probe(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *out)
{
	uint64_t client = ts_peer_client_word(addr);
	unsigned found = ts_peer_candidates(&p->buckets[h->bucket[0]], client) |
		ts_peer_candidates(&p->buckets[h->bucket[1]], client) << TS_PEER_BUCKET_SLOTS;

	for (; found != 0; found &= found - 1)
		if (ts_peer_view_slot(p, addr, ts_peer_slot_of(h, (unsigned)__builtin_ctz(found)), out))
			return true;
	return false;
}

static inline bool
ts_peers_find(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *out)
{
	/* One that was moved behind our back, to the bucket that had been looked at, is found the second time. */
	return likely(ts_peer_probe(p, addr, h, out)) || ts_peer_probe(p, addr, h, out);
}

static inline bool
ts_peers_heard(struct ts_peers *p, const struct ts_peer_view *view, uint32_t tick)
{
	uint32_t *word = &ts_peer_slot_at(p, view->slot)->word, now = view->word;

	while (ts_peer_age(now, tick) > 0) {
		uint32_t heard = (now & ~TS_PEER_TICK_MASK) | (tick & TS_PEER_TICK_MASK);

		if (__atomic_compare_exchange_n(word, &now, heard, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
		if (!ts_peer_same(now, view->word))
			return false;
	}
	return true;
}

#endif
