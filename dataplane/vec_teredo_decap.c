/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo decapsulation for bursts: what lane_teredo_decap.c does. Plain are whole packets of known peers without
 * options and trailers, to global destinations that no tunnel has, by a neighbour that is known.
 */
#include "rx_checksum.h"
#include "vec_outer.h"
#include "vec_sum.h"
#include "vec_teredo.h"

#ifdef TS_VEC_SET

#define ROUTING_HEADER 43
#define INNER_AT TS_TEREDO_OUTER_LEN

/* An outer header without options, and all that the lane reads behind it. */
struct headers {
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct rte_ipv6_hdr inner;
} __rte_packed;
_Static_assert(sizeof(struct headers) == INNER_AT + TS_IPV6_HDR_LEN, "the headers are packed");

struct rules {
	struct ts_vec_special special;
	const struct ts_teredo_relay *relay;
	const struct ts_source_policy *policy;
	struct ts_peer_bucket *buckets;
	uint32_t forget;	 /* ticks, TS_PEER_SKEW added */
	bool several;		 /* workers: packets may have to stay behind others (ts_relay_is_behind()) */
	struct ts_vec_sent sent; /* plain ones */
	__m256i bytes;		 /* of those that left together */
};

/* A burst on its way through the passes. */
struct burst {
	struct ts_peer_hash hash[TS_BURST_MAX] __rte_aligned(32); /* of packets that are `good` */
	uint32_t len[TS_BURST_MAX] __rte_aligned(32); /* of the IPv6 packet, bytes; of those that are `good` */
	uint8_t *p[TS_BURST_MAX];		      /* the packet; something else where it is not `good` */
	const struct ts_adjacency *adj[TS_BURST_MAX];
	uint64_t good;			     /* bit per packet: T17 to T19, F8 */
	uint64_t easy;			     /* of those: not to be altered, to global addresses */
	struct ts_outer outer[TS_BURST_MAX]; /* where it is off already */
};

/* False: no packet of the burst is plain. */
static bool
rules_of(const struct ts_worker *w, struct rules *r)
{
	const struct ts_services *s = w->tables->services;

	r->relay = &s->relay;
	r->policy = s->policy;
	r->buckets = s->relay.peers != NULL ? s->relay.peers->buckets : NULL;
	r->forget = s->relay.forget + TS_PEER_SKEW;
	r->several = w->conf.n_workers != 1;
	r->sent = (struct ts_vec_sent){.port = UINT_MAX};
	r->bytes = _mm256_setzero_si256();
	return ts_vec_unlimited(w) && ts_vec_special_of(&r->special, s);
}

static inline const struct headers *
headers_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct headers *);
}

/* --- eight at a time --- */

/* The headers of 8 packets but for the destination's last word. */
struct words {
	__m256i outer[7], inner[9], len; /* of the IPv4 packet, bytes; 0: it has not been loaded */
};

static inline void
load_words(struct words *v, const struct ts_vec *in, unsigned at, const uint8_t *p[TS_VEC_LANES])
{
	__m256i word[4];

	ts_vec_whole(in, at, sizeof(struct headers), p);
	ts_vec_words4(p, 0, v->outer);
	ts_vec_words4(p, 16, word);
	memcpy(&v->outer[4], word, 3 * sizeof(word[0]));
	v->inner[0] = word[3];
	ts_vec_words4(p, 32, &v->inner[1]);
	ts_vec_words4(p, 48, &v->inner[5]);
	/* As classify4.c has left it. */
	v->len = ts_vec_swap16_high(v->outer[0]);
}

/*
 * F8. All but the part that the lengths are for is summed already; the addresses of the pseudo header stand directly
 * before UDP's header.
 */
static inline __m256i
checksum_good(const struct words *v, const uint8_t *const p[TS_VEC_LANES])
{
	__m256i sum = ts_vec_sums(p, v->len, offsetof(struct headers, ip.src_addr)), udp = v->outer[6];

	sum = _mm256_add_epi32(sum, _mm256_and_si256(udp, ts_vec_all(0xffff)));
	sum = _mm256_add_epi32(ts_vec_sum_halves(sum), ts_vec_all(RTE_BE16(IPPROTO_UDP)));
	return _mm256_or_si256(ts_vec_is(ts_vec_checksum_high(sum), 0xffff0000, 0), ts_vec_is(udp, 0xffff0000, 0));
}

/* F8: the NIC has said it of all eight, those of a burst that ends before apart. */
static inline bool
nic_has_verified(const struct ts_vec *in, unsigned at)
{
	for (unsigned i = at; i < at + TS_VEC_LANES && i < in->n; i++)
		if (!ts_rx_udp_checksum_good(in->pkt[i]))
			return false;
	return true;
}

/* T17 to T19, but for the checksum. */
static inline __m256i
is_good(const struct rules *r, const struct words *v)
{
	const __m256i ones = ts_vec_all(UINT32_MAX);
	__m256i udp_len = ts_vec_swap16(v->outer[6]), payload = ts_vec_swap16(v->inner[1]);
	__m256i len = v->len;
	__m256i port = _mm256_xor_si256(_mm256_srli_epi32(v->inner[4], 16), v->outer[5]);
	__m256i good = _mm256_and_si256(
		ts_vec_is(v->outer[0], 0xff, RTE_IPV4_VHL_DEF), ts_vec_is(v->inner[0], 0xf0, 0x60));

	good = _mm256_and_si256(good, _mm256_cmpeq_epi32(_mm256_add_epi32(udp_len, ts_vec_all(TS_IPV4_HDR_LEN)), len));
	good = _mm256_and_si256(good,
		_mm256_cmpeq_epi32(_mm256_add_epi32(payload, ts_vec_all(TS_UDP_HDR_LEN + TS_IPV6_HDR_LEN)), udp_len));
	good = _mm256_and_si256(good, ts_vec_is(v->inner[2], UINT32_MAX, RTE_BE32(0x20010000)));
	good = _mm256_and_si256(good, _mm256_cmpeq_epi32(_mm256_xor_si256(v->inner[5], v->outer[3]), ones));
	good = _mm256_and_si256(good, ts_vec_is(port, 0xffff, 0xffff));
	return _mm256_and_si256(good, ts_vec_unsuspected(r->policy, v->outer[3]));
}

/* T22, T23 for a packet that is no bubble. With an outer ECN field of 0 the inner one stays (G36). */
static inline __m256i
is_easy(const struct rules *r, const struct words *v)
{
	__m256i next = _mm256_and_si256(v->inner[1], ts_vec_all(0xffffff));
	__m256i bad = ts_vec_is(next, UINT32_MAX, IPPROTO_NONE << 16),
		good = ts_vec_ordinary(&r->special, &v->inner[6]);

	bad = _mm256_or_si256(bad, ts_vec_is(next, 0xff0000, ROUTING_HEADER << 16));
	if (unlikely(r->relay->t.clamp_mss))
		bad = _mm256_or_si256(bad, ts_vec_is(next, 0xff0000, IPPROTO_TCP << 16));
	good = _mm256_and_si256(good, ts_vec_is(v->outer[0], 0x0300, 0));
	good = _mm256_and_si256(good, _mm256_cmpgt_epi32(_mm256_srli_epi32(v->inner[1], 24), ts_vec_all(1)));
	return _mm256_andnot_si256(bad, good);
}

static inline void
prepare(const struct rules *r, const struct ts_vec *in, struct burst *b)
{
	b->good = b->easy = 0;
	for (unsigned at = 0; at < in->n; at += TS_VEC_LANES) {
		const uint8_t **p = (const uint8_t **)&b->p[at];
		struct words v;
		unsigned good;

		load_words(&v, in, at, p);
		ts_vec_peers_hash(r->relay->peers, &v.inner[3], r->several, &b->hash[at]);
		for (unsigned i = at; i < at + TS_VEC_LANES; i++)
			ts_peers_prefetch(r->relay->peers, &b->hash[i]);
		_mm256_store_si256((void *)&b->len[at], _mm256_sub_epi32(v.len, ts_vec_all(INNER_AT)));
		good = ts_vec_bits(is_good(r, &v));
		if (!nic_has_verified(in, at))
			good &= ts_vec_bits(checksum_good(&v, p));
		b->good |= (uint64_t)good << at;
		b->easy |= (uint64_t)(good & ts_vec_bits(is_easy(r, &v))) << at;
	}
}

/* --- who may go on --- */

/* Because packets before it are gone. */
static __rte_noinline void
move_up(struct ts_vec *in, struct burst *b, unsigned from, unsigned to)
{
	uint64_t bit = UINT64_C(1) << to;

	in->pkt[to] = in->pkt[from];
	b->hash[to] = b->hash[from];
	b->p[to] = b->p[from];
	b->len[to] = b->len[from];
	b->good = (b->good & ~bit) | (b->good >> from & 1) << to;
	b->easy = (b->easy & ~bit) | (b->easy >> from & 1) << to;
}

/* What remains of the burst when not all of it is good. */
static __rte_noinline uint16_t
check(struct ts_worker *w, struct ts_vec *in, struct burst *b)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct ts_relay_input input;
		int reason;

		if (unlikely(!(b->good >> i & 1))) {
			reason = ts_relay_refused_input(w, in->pkt[i], &input);
			if (reason >= 0) {
				ts_drop(w, in->pkt[i], (enum ts_counter)reason);
				continue;
			}
		}
		if (n != i)
			move_up(in, b, i, n);
		n++;
	}
	return n;
}

/* ts_relay_is_known() for a packet that is good: what it came from is what its address says. */
static inline bool
is_known(struct ts_worker *w, const struct rules *r, const struct burst *b, unsigned i, uint32_t tick)
{
	const uint8_t *src = ((const struct headers *)(const void *)b->p[i])->inner.src_addr;
	struct ts_peer_view view;
	struct ts_peer_slot *s = ts_vec_peer_confirmed(
		r->buckets, src, b->hash[i].bucket, tick + TS_PEER_SKEW, r->forget, &view.word);

	if (unlikely(s == NULL) || (unlikely(r->several) && ts_relay_is_behind(w, &b->hash[i])))
		return false;
	if (likely(ts_peer_age(view.word, tick) == 0))
		return true;
	view.slot = (uint32_t)(s - r->buckets->slot);
	return ts_peers_heard(r->relay->peers, &view, tick);
}

/* The same for any packet and any peer. False: the packet has been disposed of. */
static __rte_noinline bool
find_any(struct ts_worker *w, const struct rules *r, struct rte_mbuf *m, uint32_t tick)
{
	struct ts_relay_input input;
	struct ts_peer_hash h;

	ts_relay_find_headers(m, &input);
	h = ts_peers_hash(r->relay->peers, input.inner->src_addr);
	if (ts_relay_is_known(w, r->relay, input.inner->src_addr, input.outer->src_addr, input.udp->src_port, &h, tick))
		return true;
	ts_relay_to_owner(w, m, &h, TS_RELAY_RECEIVED);
	return false;
}

/* From packet `i` on; those of known peers are left over, those that are not easy without their outer headers. */
static __rte_noinline uint16_t
take_out_rest(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t i, uint16_t n, struct burst *b)
{
	uint32_t tick = ts_relay_tick(w);
	uint16_t known = i;

	for (; i < n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (!(b->good >> i & 1 && is_known(w, r, b, i, tick)) && !find_any(w, r, m, tick))
			continue;
		if (!(b->easy >> i & 1) && !ts_relay_take_out(w, m, &b->outer[known]))
			continue;
		if (known != i)
			move_up(in, b, i, known);
		known++;
	}
	return known;
}

/* The same for all; what is easy is good. */
static inline uint16_t
take_out(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t n, struct burst *b)
{
	uint32_t tick = ts_relay_tick(w);
	uint64_t easy = b->easy;
	uint16_t i = 0;

	while (i < n && likely(easy >> i & 1) && likely(is_known(w, r, b, i, tick)))
		i++;
	return likely(i == n) ? n : take_out_rest(w, r, in, i, n, b);
}

/* --- out --- */

/* Where they are still behind their outer headers. */
static inline void
destinations(const struct ts_vec *in, uint16_t n, const struct burst *b, uint8_t dst[][16])
{
	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *ip = likely(b->easy >> i & 1) ? b->p[i] + INNER_AT
							     : rte_pktmbuf_mtod(in->pkt[i], const uint8_t *);

		memcpy(dst[i], ip + offsetof(struct rte_ipv6_hdr, dst_addr), 16);
	}
}

/* T23 for an easy packet, without its outer headers, by any neighbour. False: nothing has been done. */
static inline bool
emit(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, const struct ts_nexthop *nh)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	const struct ts_adjacency *adj = ts_vec_adjacency(w, nh, m, m->pkt_len);

	if (unlikely(adj == NULL))
		return false;
	ip->hop_limits--;
	r->sent.packets++;
	r->sent.bytes += m->pkt_len;
	ts_vec_send(w, m, adj, (uint8_t *)ip, m->pkt_len, RTE_BE16(RTE_ETHER_TYPE_IPV6), &r->sent);
	return true;
}

static inline void
send8(struct ts_worker *w, struct rules *r, struct rte_mbuf *const *pkt, const struct burst *b, unsigned at)
{
	const uint16_t less = INNER_AT - RTE_ETHER_HDR_LEN;
	const __m128i ethertype = _mm_set1_epi16((int16_t)RTE_BE16(RTE_ETHER_TYPE_IPV6));

	for (unsigned i = at; i < at + TS_VEC_LANES; i++) {
		const struct ts_adjacency *adj = b->adj[i];
		uint8_t *ip = b->p[i] + INNER_AT;
		struct rte_mbuf *m = pkt[i];

		/* The header stands at the end of the 16 bytes, which reach into the outer headers that go. */
		_mm_storeu_si128((void *)(ip - 16),
			_mm_blend_epi16(_mm_loadu_si128((const void *)(adj->l2 - 2)), ethertype, 0x80));
		ip[7]--;
		m->data_off += less;
		m->data_len -= less;
		m->pkt_len -= less;
	}
	r->sent.packets += TS_VEC_LANES;
	r->bytes = _mm256_add_epi32(r->bytes, _mm256_load_si256((const void *)&b->len[at]));
	ts_vec_enqueue8(w, &r->sent, &b->adj[at], &pkt[at]);
}
_Static_assert(offsetof(struct ts_adjacency, l2) >= 2, "send8() reads from two bytes before it");

/* Any packet. */
static __rte_noinline void
send_one(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, bool easy, const struct ts_nexthop *nh,
	struct ts_outer *outer)
{
	if (easy) {
		*outer = ts_outer_of(&headers_of(m)->ip);
		rte_pktmbuf_adj(m, INNER_AT);
		if (emit(w, r, m, nh))
			return;
	}
	ts_relay_out(w, m, nh, outer);
}

void
TS_VEC(ts_teredo_decap)(struct ts_worker *w, struct ts_vec *in)
{
	uint8_t dst[TS_BURST_MAX][16];
	uint32_t nh[TS_BURST_MAX];
	uint16_t n = in->n, i = 0;
	uint64_t at_once;
	struct burst b;
	struct rules r;

	if (unlikely(!rules_of(w, &r))) {
		ts_teredo_decap(w, in);
		return;
	}
	prepare(&r, in, &b);
	if (unlikely((~b.good & ts_vec_lanes_used(n)) != 0))
		n = check(w, in, &b);
	n = take_out(w, &r, in, n, &b);
	destinations(in, n, &b, dst);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, n);
	at_once = b.easy & ts_vec_neighbours(w, nh, b.len, 0, n, b.adj);
	while (i < n) {
		if (likely(i % TS_VEC_LANES == 0 && (at_once >> i & 0xff) == 0xff)) {
			send8(w, &r, in->pkt, &b, i);
			i += TS_VEC_LANES;
			continue;
		}
		send_one(w, &r, in->pkt[i], b.easy >> i & 1, ts_nexthop(w, nh[i]), &b.outer[i]);
		i++;
	}
	w->counters[TS_C_teredo_decap_packets] += r.sent.packets;
	w->counters[TS_C_teredo_decap_bytes] += r.sent.bytes + ts_vec_total(r.bytes);
}

#endif
