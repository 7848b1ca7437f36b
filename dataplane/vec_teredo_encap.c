/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo encapsulation for bursts: what lane_teredo_encap.c does. Plain are packets of global sources, none of which is
 * ours or a tunnel's, to trusted peers, with a transport checksum that covers them, by a neighbour that is known.
 */
#include "vec_outer.h"
#include "vec_teredo.h"

#ifdef TS_VEC_SET

#define ROUTING_HEADER 43

struct rules {
	struct ts_vec_special special;
	struct ts_vec_outer outer;
	const struct ts_teredo_relay *relay;
	const struct ts_source_policy *policy;
	rte_be32_t server;   /* our own, an address that is suspect otherwise */
	uint32_t has_server; /* all ones: there is one, and it may be sent to */
	const struct ts_peer_bucket *buckets;
	uint32_t valid;		 /* ticks, TS_PEER_SKEW added */
	bool several;		 /* workers: packets may have to stay behind others (ts_relay_is_behind()) */
	struct ts_vec_sent sent; /* plain ones */
	__m256i bytes;		 /* of those that left together */
};

/* A burst on its way through the passes, as columns. */
struct burst {
	struct ts_peer_hash hash[TS_BURST_MAX] __rte_aligned(32); /* of packets that are `admitted` */
	uint32_t dst[TS_BURST_MAX] __rte_aligned(32);		  /* the client's IPv4 address, host byte order */
	uint32_t ports[TS_BURST_MAX] __rte_aligned(32);		  /* both UDP ports as they lie in memory */
	uint32_t len[TS_BURST_MAX] __rte_aligned(32);		  /* of the IPv6 packet, bytes; 0: not in one segment */
	uint32_t sum[TS_BURST_MAX] __rte_aligned(32); /* of the IPv6 packet as it will leave, where it is `easy` */
	uint8_t *ip[TS_BURST_MAX];		      /* the packet; something else where it is not `admitted` */
	const struct ts_adjacency *adj[TS_BURST_MAX];
	uint64_t admitted; /* bit per packet */
	uint64_t easy;	   /* likewise: leaves without a further look, if its neighbour is a plain one */
};

/* False: no packet of the burst is plain. */
static bool
rules_of(const struct ts_worker *w, struct rules *r)
{
	const struct ts_services *s = w->tables->services;

	r->relay = &s->relay;
	r->policy = s->policy;
	r->buckets = s->relay.peers != NULL ? s->relay.peers->buckets : NULL;
	r->server = s->server.address[0];
	r->has_server = s->server.enabled && ts_source_policy_check(s->policy, r->server) == TS_POLICY_OWN ? UINT32_MAX
													   : 0;
	r->valid = s->relay.valid + TS_PEER_SKEW;
	r->several = w->conf.n_workers != 1;
	r->outer = ts_vec_outer_of(s->relay.t.src, s->relay.port, s->relay.t.ttl);
	r->sent = (struct ts_vec_sent){.port = UINT_MAX};
	r->bytes = _mm256_setzero_si256();
	return ts_vec_unlimited(w) && !s->relay.t.dynamic_mtu && ts_vec_special_of(&r->special, s) &&
		ts_vec_special_add_own(&r->special, &s->own6);
}

static inline const struct rte_ipv6_hdr *
header_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
}

/* --- eight at a time --- */

/* The IPv6 header and eight bytes more of 8 packets. */
struct words {
	__m256i word[12], len;
};
#define HEAD (sizeof(struct rte_ipv6_hdr) + 8)

/* T6. All servers of the group are nearly always the same. */
static inline __m256i
servers_fit(const struct rules *r, __m256i server)
{
	__m256i own = _mm256_and_si256(ts_vec_is(server, UINT32_MAX, r->server), ts_vec_all(r->has_server));
	uint32_t first = (uint32_t)_mm256_extract_epi32(server, 0);

	if (likely(ts_vec_bits(ts_vec_is(server, UINT32_MAX, first)) == (1u << TS_VEC_LANES) - 1))
		return ts_source_policy_suspect(r->policy, first) ? own : ts_vec_all(UINT32_MAX);
	return _mm256_or_si256(own, ts_vec_unsuspected(r->policy, server));
}

/* T3 to T7, G33, G41 */
static inline __m256i
is_admitted(const struct rules *r, const struct words *v, __m256i client)
{
	__m256i good = ts_vec_ordinary(&r->special, &v->word[2]), bad;
	__m256i port = ts_vec_swap16_high(_mm256_xor_si256(v->word[8], ts_vec_all(UINT32_MAX)));

	good = _mm256_and_si256(good, ts_vec_unsuspected(r->policy, client));
	good = _mm256_and_si256(good, servers_fit(r, v->word[7]));
	good = _mm256_and_si256(good, _mm256_cmpgt_epi32(_mm256_srli_epi32(v->word[1], 24), ts_vec_all(1)));
	bad = _mm256_cmpgt_epi32(ts_vec_all(r->relay->min_client_port), port);
	bad = _mm256_or_si256(bad, _mm256_cmpgt_epi32(v->len, ts_vec_all(r->relay->t.mtu)));
	bad = _mm256_or_si256(bad, ts_vec_is(v->word[1], 0xff0000, ROUTING_HEADER << 16));
	return _mm256_andnot_si256(bad, good);
}

/* ts_relay_has_whole_checksum(); there are 8 bytes at least, or the packet would not have been loaded. */
static inline __m256i
has_whole_checksum(const struct words *v)
{
	const uint32_t next = 0xff0000;
	__m256i payload = ts_vec_swap16(v->word[1]), udp = ts_vec_is(v->word[1], next, IPPROTO_UDP << 16), other;
	__m256i tcp = ts_vec_is(v->word[1], next, IPPROTO_TCP << 16);
	__m256i whole = ts_vec_is(_mm256_xor_si256(v->word[1], v->word[11]), 0xffff, 0);

	whole = _mm256_andnot_si256(ts_vec_is(v->word[11], 0xffff0000, 0), whole);
	other = _mm256_or_si256(_mm256_and_si256(tcp, _mm256_cmpgt_epi32(payload, ts_vec_all(19))),
		ts_vec_is(v->word[1], next, IPPROTO_ICMPV6 << 16));
	return _mm256_or_si256(_mm256_and_si256(udp, whole), other);
}

/* relay_output.c: all of the IPv6 packet that does not cancel, its hop limit decremented. */
static inline __m256i
sum_of(const struct words *v)
{
	__m256i next = _mm256_slli_epi32(_mm256_and_si256(_mm256_srli_epi32(v->word[1], 16), ts_vec_all(0xff)), 8);
	__m256i hops = _mm256_srli_epi32(_mm256_sub_epi32(v->word[1], ts_vec_all(1 << 24)), 16);

	return _mm256_add_epi32(
		_mm256_add_epi32(ts_vec_sum_halves(v->word[0]), hops), _mm256_xor_si256(next, ts_vec_all(0xffff)));
}

static inline void
prepare8(const struct rules *r, const struct ts_vec *in, unsigned at, struct burst *b)
{
	const uint8_t **p = (const uint8_t **)&b->ip[at];
	struct words v;
	__m256i client, admitted, easy, port;

	ts_vec_whole(in, at, HEAD, p);
	for (unsigned i = 0; i < HEAD / 16; i++)
		ts_vec_words4(p, 16 * i, &v.word[4 * i]);
	/* As parse.c has left it. */
	v.len = _mm256_add_epi32(ts_vec_swap16(v.word[1]), ts_vec_all(TS_IPV6_HDR_LEN));
	client = _mm256_xor_si256(v.word[9], ts_vec_all(UINT32_MAX));
	port = _mm256_andnot_si256(v.word[8], ts_vec_all(0xffff0000));
	admitted = is_admitted(r, &v, client);
	easy = _mm256_and_si256(admitted, has_whole_checksum(&v));
	if (unlikely(r->relay->t.clamp_mss))
		easy = _mm256_andnot_si256(ts_vec_is(v.word[1], 0xff0000, IPPROTO_TCP << 16), easy);
	b->admitted |= (uint64_t)ts_vec_bits(admitted) << at;
	b->easy |= (uint64_t)ts_vec_bits(easy) << at;
	ts_vec_peers_hash(r->relay->peers, &v.word[7], r->several, &b->hash[at]);
	_mm256_store_si256((void *)&b->dst[at], ts_vec_swap(client));
	_mm256_store_si256((void *)&b->ports[at], _mm256_or_si256(port, ts_vec_all(r->relay->port)));
	_mm256_store_si256((void *)&b->len[at], v.len);
	_mm256_store_si256((void *)&b->sum[at], sum_of(&v));
}

/* Where to look for the peers and for the routes to them is on its way into the cache then. */
static inline void
prepare(const struct ts_worker *w, const struct rules *r, const struct ts_vec *in, struct burst *b)
{
	b->admitted = b->easy = 0;
	for (unsigned at = 0; at < in->n; at += TS_VEC_LANES) {
		prepare8(r, in, at, b);
		for (unsigned i = at; i < at + TS_VEC_LANES; i++) {
			ts_peers_prefetch(r->relay->peers, &b->hash[i]);
			rte_prefetch0(&w->tables->fib4->tbl24[b->dst[i] >> 8]);
		}
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
	b->dst[to] = b->dst[from];
	b->ports[to] = b->ports[from];
	b->len[to] = b->len[from];
	b->ip[to] = b->ip[from];
	b->sum[to] = b->sum[from];
	b->admitted = (b->admitted & ~bit) | (b->admitted >> from & 1) << to;
	b->easy = (b->easy & ~bit) | (b->easy >> from & 1) << to;
}

/* What remains of the burst when not all of it is plain. */
static __rte_noinline uint16_t
admit(struct ts_worker *w, struct ts_vec *in, struct burst *b)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		if (unlikely(!(b->admitted >> i & 1)) && !ts_relay_admit_native(w, in->pkt[i]))
			continue;
		if (n != i)
			move_up(in, b, i, n);
		n++;
	}
	return n;
}

/* T2, for a packet that is admitted and a peer that ts_relay_find_direct() would find, too. */
static inline bool
is_trusted(struct ts_worker *w, const struct rules *r, const struct burst *b, unsigned i, uint32_t now)
{
	const uint8_t *dst = ((const struct rte_ipv6_hdr *)(const void *)b->ip[i])->dst_addr;
	uint32_t word;

	return likely(ts_vec_peer_confirmed(r->buckets, dst, b->hash[i].bucket, now, r->valid, &word) != NULL) &&
		(likely(!r->several) || !ts_relay_is_behind(w, &b->hash[i]));
}

/* The same for any packet and any peer. False: the packet has been disposed of. */
static __rte_noinline bool
find_any(struct ts_worker *w, const struct rules *r, struct rte_mbuf *m, uint32_t tick, uint32_t *dst, uint32_t *ports)
{
	const uint8_t *addr = header_of(m)->dst_addr;
	struct ts_peer_hash h = ts_peers_hash(r->relay->peers, addr);
	struct ts_peer_view view;

	if (!ts_relay_find_direct(w, r->relay, addr, &h, tick, &view)) {
		ts_relay_to_owner(w, m, &h, TS_RELAY_NATIVE);
		return false;
	}
	*dst = rte_be_to_cpu_32(view.v4);
	*ports = (uint32_t)view.port << 16 | r->relay->port;
	return true;
}

/* From packet `i` on; those of trusted peers are left over. */
static __rte_noinline uint16_t
find_rest(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t i, uint16_t n, struct burst *b)
{
	uint32_t tick = ts_relay_tick(w), now = tick + TS_PEER_SKEW;
	uint16_t trusted = i;

	for (; i < n; i++) {
		if (!(b->admitted >> i & 1 && is_trusted(w, r, b, i, now)) &&
			!find_any(w, r, in->pkt[i], tick, &b->dst[i], &b->ports[i]))
			continue;
		if (trusted != i)
			move_up(in, b, i, trusted);
		trusted++;
	}
	return trusted;
}

/* The packets of trusted peers are left over. */
static inline uint16_t
find(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t n, struct burst *b)
{
	uint32_t now = ts_relay_tick(w) + TS_PEER_SKEW;
	uint64_t admitted = b->admitted;
	uint16_t i = 0;

	while (i < n && likely(admitted >> i & 1) && likely(is_trusted(w, r, b, i, now)))
		i++;
	return likely(i == n) ? n : find_rest(w, r, in, i, n, b);
}

/* --- out --- */

/* T8. False: nothing has been done. */
static inline bool
emit(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, const struct ts_nexthop *nh, rte_be32_t dst,
	rte_be16_t port)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	uint32_t len = m->pkt_len;
	const struct ts_adjacency *adj = ts_vec_adjacency(w, nh, m, len + TS_TEREDO_OUTER_LEN);
	uint64_t head, sum;

	if (unlikely(adj == NULL || m->data_off < TS_TEREDO_OUTER_LEN + TS_L2_MAX ||
		    !ts_relay_has_whole_checksum(m, ip) || (r->relay->t.clamp_mss && ip->proto == IPPROTO_TCP)))
		return false;
	ip->hop_limits--;
	/* relay_output.c: all of the IPv6 packet that does not cancel. */
	head = ts_vec_load64(ip);
	sum = (head & 0xffff) + (head >> 16 & 0xffff) + (head >> 48) + (uint16_t)~rte_cpu_to_be_16(ip->proto);
	ts_vec_put_outer(w, (uint8_t *)ip - TS_TEREDO_OUTER_LEN, &r->outer, dst, port, len, sum);
	ts_vec_send(w, m, adj, (uint8_t *)ip - TS_TEREDO_OUTER_LEN, len + TS_TEREDO_OUTER_LEN,
		RTE_BE16(RTE_ETHER_TYPE_IPV4), &r->sent);
	r->sent.packets++;
	r->sent.bytes += len;
	return true;
}

static inline void
write_outer8(
	struct ts_worker *w, const struct rules *r, uint8_t *const ip[TS_VEC_LANES], const struct burst *b, unsigned at)
{
	const struct ts_vec_outer *o = &r->outer;
	__m256i dst = ts_vec_swap(_mm256_load_si256((const void *)&b->dst[at])), id = ts_vec_take_ids(w, dst);
	__m256i ports = _mm256_load_si256((const void *)&b->ports[at]), ends = ts_vec_sum_halves(dst);
	__m256i len = _mm256_load_si256((const void *)&b->len[at]);
	__m256i total = ts_vec_swap(_mm256_add_epi32(len, ts_vec_all(TS_TEREDO_OUTER_LEN)));
	__m256i udp_len = _mm256_srli_epi32(ts_vec_swap(_mm256_add_epi32(len, ts_vec_all(TS_UDP_HDR_LEN))), 16);
	__m256i ip_sum = _mm256_add_epi32(
		_mm256_add_epi32(ends, id), _mm256_add_epi32(_mm256_srli_epi32(total, 16), ts_vec_all(o->ip_sum)));
	__m256i udp_sum = _mm256_add_epi32(_mm256_add_epi32(ends, _mm256_load_si256((const void *)&b->sum[at])),
		_mm256_add_epi32(_mm256_slli_epi32(udp_len, 1), ts_vec_all(o->udp_sum)));

	udp_sum = ts_vec_checksum_high(_mm256_add_epi32(udp_sum, _mm256_srli_epi32(ports, 16)));
	/* F8: 0 would say that there is none. */
	udp_sum = _mm256_or_si256(udp_sum, _mm256_cmpeq_epi16(udp_sum, _mm256_setzero_si256()));
	/* The first word will be covered by the link's header. */
	ts_vec_write_rows(ip, 16, total, _mm256_or_si256(total, ts_vec_all(RTE_BE16(0x4500))), id,
		_mm256_blend_epi16(ts_vec_all(o->ttl | IPPROTO_UDP << 8), ts_vec_checksum_high(ip_sum), 0xaa));
	ts_vec_write_rows(ip, 0, ts_vec_all(o->src), dst, ports, _mm256_blend_epi16(udp_len, udp_sum, 0xaa));
}

static inline void
send8(struct ts_worker *w, struct rules *r, struct rte_mbuf *const *pkt, const struct burst *b, unsigned at)
{
	const uint16_t more = TS_TEREDO_OUTER_LEN + RTE_ETHER_HDR_LEN;
	/* Ethertype, and the outer header's first bytes, which are covered by the 16 bytes, too. */
	const __m128i behind = _mm_set1_epi32((int)(RTE_BE16(0x4500) << 16 | RTE_BE16(RTE_ETHER_TYPE_IPV4)));

	write_outer8(w, r, &b->ip[at], b, at);
	for (unsigned i = at; i < at + TS_VEC_LANES; i++) {
		const struct ts_adjacency *adj = b->adj[i];
		struct rte_mbuf *m = pkt[i];
		uint8_t *ip = b->ip[i];

		_mm_storeu_si128(
			(void *)(ip - more), _mm_blend_epi16(_mm_loadu_si128((const void *)adj->l2), behind, 0xc0));
		ip[7]--;
		m->data_off -= more;
		m->data_len += more;
		m->pkt_len += more;
	}
	r->sent.packets += TS_VEC_LANES;
	r->bytes = _mm256_add_epi32(r->bytes, _mm256_load_si256((const void *)&b->len[at]));
	ts_vec_enqueue8(w, &r->sent, &b->adj[at], &pkt[at]);
}

/* Bit per packet that is easy and has a neighbour on an untagged link; only where all of eight have room for its header
 * are they of use. */
static inline uint64_t
find_neighbours(const struct ts_worker *w, struct rte_mbuf *const *pkt, uint16_t n, const uint32_t *nh, struct burst *b)
{
	uint64_t easy = b->easy & ts_vec_neighbours(w, nh, b->len, TS_TEREDO_OUTER_LEN, n, b->adj);

	for (unsigned at = 0; at + TS_VEC_LANES <= n; at += TS_VEC_LANES)
		if (unlikely(ts_vec_with_room(&pkt[at], TS_TEREDO_OUTER_LEN + RTE_ETHER_HDR_LEN) != 0xff))
			easy &= ~(UINT64_C(0xff) << at);
	return easy;
}

/* Any packet. */
static __rte_noinline void
send_one(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, const struct burst *b, unsigned i, uint32_t nh)
{
	const struct ts_nexthop *hop = ts_nexthop(w, nh);
	rte_be32_t to = rte_cpu_to_be_32(b->dst[i]);
	rte_be16_t port = (rte_be16_t)(b->ports[i] >> 16);

	if (!emit(w, r, m, hop, to, port))
		ts_relay_forward(w, m, to, port, hop, TS_ECN_KEEP);
}

void
TS_VEC(ts_teredo_encap)(struct ts_worker *w, struct ts_vec *in)
{
	uint32_t nh[TS_BURST_MAX] __rte_aligned(32);
	struct burst b;
	struct rules r;
	uint16_t n = in->n, i = 0;
	uint64_t at_once;

	if (unlikely(!rules_of(w, &r))) {
		ts_teredo_encap(w, in);
		return;
	}
	prepare(w, &r, in, &b);
	if (unlikely((~b.admitted & ts_vec_lanes_used(n)) != 0))
		n = admit(w, in, &b);
	n = find(w, &r, in, n, &b);
	for (unsigned at = 0; at < n; at += TS_VEC_LANES)
		ts_vec_lookup4(w->tables->fib4, &b.dst[at], &nh[at]);
	at_once = find_neighbours(w, in->pkt, n, nh, &b);
	while (i < n) {
		if (likely(i % TS_VEC_LANES == 0 && (at_once >> i & 0xff) == 0xff)) {
			send8(w, &r, in->pkt, &b, i);
			i += TS_VEC_LANES;
			continue;
		}
		send_one(w, &r, in->pkt[i], &b, i, nh[i]);
		i++;
	}
	w->counters[TS_C_teredo_encap_packets] += r.sent.packets;
	w->counters[TS_C_teredo_encap_bytes] += r.sent.bytes + ts_vec_total(r.bytes);
}

#endif
