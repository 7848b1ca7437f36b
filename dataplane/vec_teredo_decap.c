/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo decapsulation for bursts: what lane_teredo_decap.c does. Plain are whole packets of known peers without
 * options and trailers, to global destinations that no tunnel has, by a neighbour that is known.
 */
#include "rx_checksum.h"
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
	struct ts_vec_sent sent; /* plain ones */
};

/* A burst on its way through the passes. */
struct burst {
	struct ts_peer_hash hash[TS_BURST_MAX];
	bool plain[TS_BURST_MAX];
	struct ts_outer outer[TS_BURST_MAX];
};

/* False: no packet of the burst is plain. */
static bool
rules_of(const struct ts_worker *w, struct rules *r)
{
	const struct ts_services *s = w->tables->services;

	r->relay = &s->relay;
	r->policy = s->policy;
	r->sent = (struct ts_vec_sent){.port = UINT_MAX};
	return ts_vec_unlimited(w) && ts_vec_special_of(&r->special, s);
}

static inline const struct headers *
headers_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct headers *);
}

static inline bool
has_headers(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && m->data_len >= sizeof(struct headers) &&
		headers_of(m)->ip.version_ihl == RTE_IPV4_VHL_DEF;
}

static inline void
prepare(const struct rules *r, const struct ts_vec *in, struct burst *b)
{
	for (uint16_t i = 0; i < in->n; i++) {
		const struct headers *h = headers_of(in->pkt[i]);

		b->plain[i] = has_headers(in->pkt[i]);
		if (unlikely(!b->plain[i]))
			continue;
		b->hash[i] = ts_peers_hash(r->relay->peers, h->inner.src_addr);
		ts_peers_prefetch(r->relay->peers, &b->hash[i]);
		ts_vec_prefetch_policy(r->policy, h->ip.src_addr);
	}
}

/* F8. The addresses of the pseudo header stand directly before UDP's header. */
static inline bool
checksum_good(const struct headers *h, uint32_t len)
{
	const uint8_t *from = (const uint8_t *)&h->ip.src_addr;

	return h->udp.dgram_cksum == 0 ||
		ts_vec_fold(ts_vec_sum(from, 8 + len) + RTE_BE16(IPPROTO_UDP) + h->udp.dgram_len) == 0xffff;
}

/* T17 to T19 */
static inline bool
is_good(const struct rules *r, const struct rte_mbuf *m, const struct headers *h)
{
	uint32_t len = rte_be_to_cpu_16(h->udp.dgram_len);
	const uint8_t *src = h->inner.src_addr;

	return len + TS_IPV4_HDR_LEN == m->pkt_len &&
		(h->inner.vtc_flow & RTE_BE32(0xf0000000)) == RTE_BE32(6u << 28) &&
		len == (uint32_t)TS_UDP_HDR_LEN + TS_IPV6_HDR_LEN + rte_be_to_cpu_16(h->inner.payload_len) &&
		ts_vec_load32(src) == RTE_BE32(0x20010000) && ts_teredo_client(src) == h->ip.src_addr &&
		ts_teredo_port(src) == h->udp.src_port && !ts_source_policy_suspect(r->policy, h->ip.src_addr) &&
		(ts_rx_udp_checksum_good(m) || checksum_good(h, len));
}

static inline uint16_t
check(struct ts_worker *w, const struct rules *r, struct ts_vec *in, struct burst *b)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		bool plain = b->plain[i] && is_good(r, m, headers_of(m));

		b->hash[n] = b->hash[i];
		if (unlikely(!plain)) {
			struct ts_relay_input input;
			int reason = ts_relay_refused_input(w, m, &input);

			if (reason >= 0) {
				ts_drop(w, m, (enum ts_counter)reason);
				continue;
			}
			b->hash[n] = ts_peers_hash(r->relay->peers, input.inner->src_addr);
		}
		b->plain[n] = plain;
		in->pkt[n++] = m;
	}
	return n;
}

/* T22 for a packet that is no bubble; the outer headers are off then. */
static inline bool
cut(const struct rules *r, struct rte_mbuf *m, struct ts_outer *kept)
{
	const struct headers *h = headers_of(m);

	if (unlikely(!ts_vec_ordinary(&r->special, h->inner.dst_addr) ||
		    ts_teredo_is_bubble((const uint8_t *)&h->inner)))
		return false;
	*kept = ts_outer_of(&h->ip);
	m->data_off += INNER_AT;
	m->data_len -= INNER_AT;
	m->pkt_len -= INNER_AT;
	return true;
}

/* The packets of known peers are left over, without their outer headers. */
static inline uint16_t
take_out(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t n, struct burst *b)
{
	uint32_t tick = ts_relay_tick(w);
	uint16_t known = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		struct ts_relay_input input;

		ts_relay_find_headers(m, &input);
		if (unlikely(!ts_relay_is_known(w, r->relay, input.inner->src_addr, input.outer->src_addr,
			    input.udp->src_port, &b->hash[i], tick))) {
			ts_relay_to_owner(w, m, &b->hash[i], TS_RELAY_RECEIVED);
			continue;
		}
		b->plain[known] = b->plain[i] && cut(r, m, &b->outer[known]);
		if (unlikely(!b->plain[known]) && !ts_relay_take_out(w, m, &b->outer[known]))
			continue;
		in->pkt[known++] = m;
	}
	return known;
}

/* T23. False: nothing has been done. */
static inline bool
emit(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, const struct ts_nexthop *nh,
	const struct ts_outer *outer)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	const struct ts_adjacency *adj = ts_vec_adjacency(w, nh, m, m->pkt_len);

	/* With an outer field of 0 the inner one stays (G36). */
	if (unlikely(adj == NULL || outer->ecn != 0 || ip->proto == ROUTING_HEADER || ip->hop_limits <= 1 ||
		    (r->relay->t.clamp_mss && ip->proto == IPPROTO_TCP)))
		return false;
	ip->hop_limits--;
	r->sent.packets++;
	r->sent.bytes += m->pkt_len;
	ts_vec_send(w, m, adj, (uint8_t *)ip, m->pkt_len, RTE_BE16(RTE_ETHER_TYPE_IPV6), &r->sent);
	return true;
}

void
TS_VEC(ts_teredo_decap)(struct ts_worker *w, struct ts_vec *in)
{
	uint8_t dst[TS_BURST_MAX][16];
	uint32_t nh[TS_BURST_MAX];
	struct burst b;
	struct rules r;
	uint16_t n;

	if (unlikely(!rules_of(w, &r))) {
		ts_teredo_decap(w, in);
		return;
	}
	prepare(&r, in, &b);
	n = check(w, &r, in, &b);
	n = take_out(w, &r, in, n, &b);
	for (uint16_t i = 0; i < n; i++)
		memcpy(dst[i], rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv6_hdr *)->dst_addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(ts_nexthop(w, nh[i]));
	for (uint16_t i = 0; i < n; i++) {
		const struct ts_nexthop *hop = ts_nexthop(w, nh[i]);

		if (unlikely(!b.plain[i] || !emit(w, &r, in->pkt[i], hop, &b.outer[i])))
			ts_relay_out(w, in->pkt[i], hop, &b.outer[i]);
	}
	w->counters[TS_C_teredo_decap_packets] += r.sent.packets;
	w->counters[TS_C_teredo_decap_bytes] += r.sent.bytes;
}

#endif
