/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vector versions of Teredo's lanes share. They go through a burst in the same passes as the scalar ones, so
 * that everything that depends on order (what leaves, identification, the peer table) comes out the same; within a pass
 * a packet that needs nothing but the ordinary way is done in place, with the conditions that hold for a whole burst
 * looked at once, and any other by the function of the scalar lane. Memory that a pass will wait for is asked for in
 * the pass before, for the whole burst.
 */
#ifndef TS_VEC_TEREDO_H
#define TS_VEC_TEREDO_H

#include "outer4.h"
#include "relay.h"
#include "vec_peers.h"
#include "vec_policy.h"
#include "vec_send.h"

#ifdef TS_VEC_SET

#include <immintrin.h>

#define TS_VEC_SPECIAL_MAX 32

/*
 * Prefixes of up to 64 bits whose addresses take the scalar way: those of 6rd domains and ISATAP sites, and, of
 * sources, those of the box's own links.
 */
struct ts_vec_special {
	uint64_t value[TS_VEC_SPECIAL_MAX], mask[TS_VEC_SPECIAL_MAX];
	unsigned n;
};

static inline bool
ts_vec_special_add(struct ts_vec_special *s, const struct ts_prefix6 *p)
{
	if (s->n == TS_VEC_SPECIAL_MAX || p->len == 0 || p->len > 64)
		return false;
	memcpy(&s->value[s->n], &p->addr, sizeof(s->value[0]));
	s->mask[s->n++] = rte_cpu_to_be_64(UINT64_MAX << (64 - p->len));
	return true;
}

/* False: there are too many, or too long ones. */
static inline bool
ts_vec_special_of(struct ts_vec_special *s, const struct ts_services *services)
{
	const struct ts_loop_guard *g = services->loop_guard;
	bool fits = true;

	s->n = 0;
	for (size_t i = 0; fits && i < g->n_known_6rd; i++)
		fits = ts_vec_special_add(s, &g->known_6rd[i].prefix);
	for (unsigned i = 0; fits && i < services->n_sixrd; i++)
		fits = ts_vec_special_add(s, &services->sixrd[i].map.prefix);
	for (unsigned i = 0; fits && i < services->n_isatap; i++)
		fits = ts_vec_special_add(s, &services->isatap[i].prefix);
	return fits;
}

/* Of these prefixes an address may be the box's own (O20). False: there are too many. */
static inline bool
ts_vec_special_add_own(struct ts_vec_special *s, const struct ts_own6 *own)
{
	if (own->n_nets > TS_OWN6_NETS || s->n + own->n_nets > TS_VEC_SPECIAL_MAX)
		return false;
	for (unsigned i = 0; i < own->n_nets; i++) {
		s->value[s->n] = own->net[i];
		s->mask[s->n++] = UINT64_MAX;
	}
	return true;
}

/* All ones where the prefix of four addresses is one of these. */
static inline __m256i
ts_vec_special4(const struct ts_vec_special *s, __m256i prefix)
{
	__m256i found = _mm256_setzero_si256();

	for (unsigned i = 0; i < s->n; i++)
		found = _mm256_or_si256(found,
			_mm256_cmpeq_epi64(
				_mm256_and_si256(prefix, ts_vec_all64(s->mask[i])), ts_vec_all64(s->value[i])));
	return found;
}

/*
 * All ones where a global address, by its first three words, is one that no mechanism and no check of the lanes has
 * anything to say about (G16, G29, T3, T22, O20).
 */
static inline __m256i
ts_vec_ordinary(const struct ts_vec_special *s, const __m256i word[3])
{
	__m256i front = ts_vec_special4(s, _mm256_unpacklo_epi32(word[0], word[1]));
	__m256i back = ts_vec_special4(s, _mm256_unpackhi_epi32(word[0], word[1]));
	__m256i special = _mm256_castps_si256(
		_mm256_shuffle_ps(_mm256_castsi256_ps(front), _mm256_castsi256_ps(back), 0x88));

	special = _mm256_or_si256(special, ts_vec_is(word[0], RTE_BE32(0xffff0000), RTE_BE32(0x20020000)));
	special = _mm256_or_si256(special, ts_vec_is(word[0], UINT32_MAX, RTE_BE32(0x20010000)));
	special = _mm256_or_si256(special, ts_vec_is(word[2], RTE_BE32(0xfdffffff), RTE_BE32(0x00005efe)));
	/* RFC 4291 2.4: global unicast */
	return _mm256_andnot_si256(special, ts_vec_is(word[0], RTE_BE32(0xe0000000), RTE_BE32(0x20000000)));
}

/* Access lists and rates (S24), of which there mostly are none. */
static inline bool
ts_vec_unlimited(const struct ts_worker *w)
{
	return w->keyed[TS_KEYED_SITE].interval == 0 && w->keyed[TS_KEYED_NATIVE].interval == 0 &&
		w->tables->services->deny6 == NULL;
}

/* One's complement sum of the 16-bit words of a sum: a half is added to the other, with the carry, by turning it round.
 */
static inline uint16_t
ts_vec_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/* Sum of n bytes, at least 8 and below 2^16, as 32-bit words in memory's order, for ts_vec_fold(); below 2^47. */
static inline uint64_t
ts_vec_sum(const uint8_t *p, uint32_t n)
{
	__m256i sums = _mm256_setzero_si256(), words;
	__m128i half;
	uint64_t sum, word;

	for (; n >= sizeof(words); n -= (uint32_t)sizeof(words), p += sizeof(words)) {
		words = _mm256_loadu_si256((const void *)p);
		sums = _mm256_add_epi64(sums, _mm256_srli_epi64(words, 32));
		sums = _mm256_add_epi64(sums, _mm256_blend_epi32(_mm256_setzero_si256(), words, 0x55));
	}
	half = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
	sum = (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
	for (; n >= sizeof(word); n -= (uint32_t)sizeof(word), p += sizeof(word)) {
		word = ts_vec_load64(p);
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	if (n != 0) {
		/* The last bytes once more, without those that have been summed. */
		word = ts_vec_load64(p + n - sizeof(word)) >> (64 - 8 * n);
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	return sum;
}

/*
 * The first bytes of 8 packets that are in one segment with `at_least` bytes; where one is not, or behind the end of
 * the burst, something else.
 */
static inline void
ts_vec_whole(const struct ts_vec *in, unsigned first, uint32_t at_least, const uint8_t *p[TS_VEC_LANES])
{
	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		const struct rte_mbuf *m;

		if (unlikely(first + i >= in->n)) {
			p[i] = ts_vec_none;
			continue;
		}
		m = in->pkt[first + i];
		p[i] = likely(m->pkt_len == m->data_len && m->data_len >= at_least)
			? rte_pktmbuf_mtod(m, const uint8_t *)
			: ts_vec_none;
	}
}

/* ts_fib4_lookup_bulk() of 8; two entries are loaded for each. Both arrays are aligned to 32 bytes. */
static inline void
ts_vec_lookup4(const struct ts_fib4 *f, const uint32_t dst[TS_VEC_LANES], uint32_t nh[TS_VEC_LANES])
{
	__m256i block = _mm256_srli_epi32(_mm256_load_si256((const void *)dst), 8), entry, none;

	entry = _mm256_i32gather_epi32((const int *)(const void *)f->tbl24, _mm256_srli_epi32(block, 1), 4);
	entry = _mm256_srlv_epi32(entry, _mm256_slli_epi32(_mm256_and_si256(block, ts_vec_all(1)), 4));
	entry = _mm256_and_si256(entry, ts_vec_all(0xffff));
	if (unlikely(ts_vec_bits(_mm256_slli_epi32(entry, 16)) != 0)) {
		ts_fib4_lookup_bulk(f, dst, nh, TS_VEC_LANES);
		return;
	}
	none = _mm256_cmpeq_epi32(entry, _mm256_setzero_si256());
	_mm256_store_si256((void *)nh, _mm256_blendv_epi8(entry, ts_vec_all(f->otherwise), none));
}
_Static_assert(TS_FIB4_EXTENDED == 0x8000, "the sign of 16 bits");

static inline uint32_t
ts_vec_sum32(uint32_t word)
{
	return (word & 0xffff) + (word >> 16);
}

static inline void
ts_vec_prefetch_policy(const struct ts_source_policy *p, rte_be32_t addr)
{
	const struct ts_source_policy_map *map = (const void *)p;

	rte_prefetch0(&map->bits[rte_be_to_cpu_32(addr) >> 14]);
}

static inline void
ts_vec_prefetch_route(const struct ts_tables *t, rte_be32_t addr)
{
	rte_prefetch0(&t->fib4->tbl24[rte_be_to_cpu_32(addr) >> 8]);
}

/* By which a plain packet leaves; NULL: it is not plain. `len`: of the IP packet that will leave. */
static inline const struct ts_adjacency *
ts_vec_adjacency(const struct ts_worker *w, const struct ts_nexthop *nh, struct rte_mbuf *m, uint32_t len)
{
	const struct ts_adjacency *adj;

	if (unlikely(nh->kind != TS_NH_ADJACENCY || m->nb_segs != 1))
		return NULL;
	adj = likely(nh->n_slots == 1) ? &w->tables->adjacencies[nh->slots[0]] : ts_adjacency_of(w, nh, m);
	return likely(adj->resolved && len <= adj->mtu) ? adj : NULL;
}

/* Lets the packet begin `more` bytes and the link's header in front of `l3` and leave; there is room. */
static inline void
ts_vec_send(struct ts_worker *w, struct rte_mbuf *m, const struct ts_adjacency *adj, uint8_t *l3, uint32_t len,
	rte_be16_t ethertype, struct ts_vec_sent *sent)
{
	uint8_t *l2 = l3 - adj->l2_len;

	memcpy(l2, adj->l2, RTE_ETHER_HDR_LEN);
	if (unlikely(adj->l2_len > RTE_ETHER_HDR_LEN))
		memcpy(l2 + RTE_ETHER_HDR_LEN, adj->l2 + RTE_ETHER_HDR_LEN, adj->l2_len - RTE_ETHER_HDR_LEN);
	memcpy(l3 - sizeof(ethertype), &ethertype, sizeof(ethertype));
	m->data_off = (uint16_t)(l2 - (const uint8_t *)m->buf_addr);
	m->pkt_len = len + adj->l2_len;
	m->data_len = (uint16_t)m->pkt_len;
	ts_vec_enqueue(w, sent, adj->port, m);
}

/* What the outer headers of a lane's packets have in common: IPv4 without options, UDP. */
struct ts_vec_outer {
	uint32_t ip_sum, udp_sum; /* of all that is the same; the latter with its pseudo header */
	rte_be32_t src;
	rte_be16_t port;
	uint8_t ttl;
};

static inline struct ts_vec_outer
ts_vec_outer_of(rte_be32_t src, rte_be16_t port, uint8_t ttl)
{
	return (struct ts_vec_outer){
		.ip_sum = RTE_BE16(0x4500) + RTE_BE16((uint16_t)(ttl << 8 | IPPROTO_UDP)) + ts_vec_sum32(src),
		.udp_sum = RTE_BE16(IPPROTO_UDP) + ts_vec_sum32(src) + port,
		.src = src,
		.port = port,
		.ttl = ttl,
	};
}

/* Writes both headers at `at`; `len` bytes of UDP payload, whose one's complement sum is `sum`, are to follow. */
static inline void
ts_vec_put_outer(struct ts_worker *w, uint8_t *at, const struct ts_vec_outer *o, rte_be32_t dst, rte_be16_t port,
	uint32_t len, uint64_t sum)
{
	rte_be16_t udp_len = rte_cpu_to_be_16((uint16_t)(len + TS_UDP_HDR_LEN));
	rte_be16_t ip_len = rte_cpu_to_be_16((uint16_t)(len + TS_TEREDO_OUTER_LEN));
	rte_be16_t id = rte_cpu_to_be_16(ts_ip_id(w, dst));
	uint32_t dst_sum = ts_vec_sum32(dst);
	uint16_t ip_cksum = (uint16_t)~ts_vec_fold((uint64_t)o->ip_sum + ip_len + id + dst_sum);
	uint16_t udp_cksum = (uint16_t)~ts_vec_fold(sum + o->udp_sum + dst_sum + 2u * udp_len + port);
	uint64_t word[3] = {
		RTE_BE16(0x4500) | (uint64_t)ip_len << 16 | (uint64_t)id << 32,
		o->ttl | IPPROTO_UDP << 8 | (uint64_t)ip_cksum << 16 | (uint64_t)o->src << 32,
		dst | (uint64_t)o->port << 32 | (uint64_t)port << 48,
	};
	uint32_t last = udp_len | (uint32_t)(udp_cksum != 0 ? udp_cksum : 0xffff) << 16;

	memcpy(at, word, sizeof(word));
	memcpy(at + sizeof(word), &last, sizeof(last));
}

#endif
#endif
