/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo encapsulation for bursts: what lane_teredo_encap.c does. Plain are packets of global sources, none of which is
 * ours or a tunnel's, to trusted peers, with a transport checksum that covers them, by a neighbour that is known.
 */
#include "vec_teredo.h"

#ifdef TS_VEC_SET

#define ROUTING_HEADER 43

struct rules {
	struct ts_vec_special special;
	struct ts_vec_outer outer;
	const struct ts_teredo_relay *relay;
	const struct ts_source_policy *policy;
	const struct ts_own6 *own6;
	struct ts_vec_sent sent; /* plain ones */
};

/* False: no packet of the burst is plain. */
static bool
rules_of(const struct ts_worker *w, struct rules *r)
{
	const struct ts_services *s = w->tables->services;

	r->relay = &s->relay;
	r->policy = s->policy;
	r->own6 = &s->own6;
	r->outer = ts_vec_outer_of(s->relay.t.src, s->relay.port, s->relay.t.ttl);
	r->sent = (struct ts_vec_sent){.port = UINT_MAX};
	return ts_vec_unlimited(w) && !s->relay.t.dynamic_mtu && ts_vec_special_of(&r->special, s);
}

/* T3 to T7, G33, G41 */
static inline bool
is_admitted(const struct rules *r, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	const uint8_t *dst = ip->dst_addr;

	return ts_vec_ordinary(&r->special, ip->src_addr) && !ts_own6_suspect(r->own6, ip->src_addr) &&
		!ts_source_policy_suspect(r->policy, ts_teredo_client(dst)) &&
		!ts_source_policy_suspect(r->policy, ts_teredo_server(dst)) &&
		rte_be_to_cpu_16(ts_teredo_port(dst)) >= r->relay->min_client_port && ip->proto != ROUTING_HEADER &&
		ip->hop_limits > 1 && m->pkt_len <= r->relay->t.mtu;
}

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

static inline const struct rte_ipv6_hdr *
header_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
}

/* The hashes of all; where to look is on its way into the cache then. */
static inline void
prepare(const struct ts_worker *w, const struct rules *r, const struct ts_vec *in, struct ts_peer_hash *hash)
{
	for (uint16_t i = 0; i < in->n; i++) {
		const uint8_t *dst = header_of(in->pkt[i])->dst_addr;

		hash[i] = ts_peers_hash(r->relay->peers, dst);
		ts_peers_prefetch(r->relay->peers, &hash[i]);
		ts_vec_prefetch_policy(r->policy, ts_teredo_client(dst));
		ts_vec_prefetch_policy(r->policy, ts_teredo_server(dst));
		ts_vec_prefetch_route(w->tables, ts_teredo_client(dst));
	}
}

static inline uint16_t
admit(struct ts_worker *w, const struct rules *r, struct ts_vec *in, struct ts_peer_hash *hash)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!is_admitted(r, m, header_of(m)) && !ts_relay_admit_native(w, m)))
			continue;
		in->pkt[n] = m;
		hash[n++] = hash[i];
	}
	return n;
}

/* The packets of trusted peers are left over. */
static inline uint16_t
find(struct ts_worker *w, const struct rules *r, struct ts_vec *in, uint16_t n, const struct ts_peer_hash *hash,
	uint32_t *dst, rte_be16_t *port)
{
	uint32_t tick = ts_relay_tick(w);
	uint16_t trusted = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		struct ts_peer_view view;

		if (unlikely(!ts_relay_find_direct(w, r->relay, header_of(m)->dst_addr, &hash[i], tick, &view))) {
			ts_relay_to_owner(w, m, &hash[i], TS_RELAY_NATIVE);
			continue;
		}
		dst[trusted] = rte_be_to_cpu_32(view.v4);
		port[trusted] = view.port;
		in->pkt[trusted++] = m;
	}
	return trusted;
}

void
TS_VEC(ts_teredo_encap)(struct ts_worker *w, struct ts_vec *in)
{
	struct ts_peer_hash hash[TS_BURST_MAX];
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];
	rte_be16_t port[TS_BURST_MAX];
	struct rules r;
	uint16_t n;

	if (unlikely(!rules_of(w, &r))) {
		ts_teredo_encap(w, in);
		return;
	}
	prepare(w, &r, in, hash);
	n = admit(w, &r, in, hash);
	n = find(w, &r, in, n, hash, dst, port);
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(ts_nexthop(w, nh[i]));
	for (uint16_t i = 0; i < n; i++) {
		const struct ts_nexthop *hop = ts_nexthop(w, nh[i]);
		rte_be32_t to = rte_cpu_to_be_32(dst[i]);

		if (unlikely(!emit(w, &r, in->pkt[i], hop, to, port[i])))
			ts_relay_forward(w, in->pkt[i], to, port[i], hop, TS_ECN_KEEP);
	}
	w->counters[TS_C_teredo_encap_packets] += r.sent.packets;
	w->counters[TS_C_teredo_encap_bytes] += r.sent.bytes;
}

#endif
