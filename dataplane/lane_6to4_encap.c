/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6to4 encapsulation: native IPv6 into protocol 41 (protocols.md 3.2; RFC 3056 5.3, RFC 3964 5.1). Checks first, in the order
 * of the reference, then one lookup for all outer destinations, then headers. A packet is changed only when it is sure to go,
 * so that an ICMPv6 error quotes it as it came.
 */
#include "outer4.h"

#include <netinet/icmp6.h>

static const struct ts_error_counters error_counters = {
	TS_C_drop_6to4_encap_no_error_about_error,
	TS_C_drop_6to4_encap_icmp6_limited,
};

/* S8: what the embedded destination must not be; the counter, or -1. */
static int
refused_destination(const struct ts_worker *w, rte_be32_t v4)
{
	switch (ts_source_policy_check(w->tables->services->policy, v4)) {
	case TS_POLICY_OWN:
		return TS_C_drop_6to4_encap_dst_own;
	case TS_POLICY_RELAY:
		return TS_C_drop_6to4_encap_dst_relay;
	case TS_POLICY_MARTIAN:
		return TS_C_drop_6to4_encap_dst_martian;
	case TS_POLICY_OK:
		break;
	}
	return -1;
}

/* S6 to S9 as far as they are silent; the counter, or -1. */
static int
refused(const struct ts_worker *w, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	int reason;

	if (ts_ipv6_addr_refused(ip->src_addr))
		return TS_C_drop_6to4_encap_v6_src_invalid;
	if (ts_is_6to4(ip->src_addr))
		return TS_C_drop_6to4_encap_src_6to4;
	reason = refused_destination(w, ts_6to4_v4(ip->dst_addr));
	if (reason >= 0)
		return reason;
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->src_addr))
		return TS_C_drop_6to4_encap_loop_src;
	if (ts_ipv6_rh0((const uint8_t *)ip, rte_pktmbuf_data_len(m)))
		return TS_C_drop_6to4_encap_rh0;
	return -1;
}

/* May the packet go on? If not, it has been dropped or answered. */
static bool
admit(struct ts_worker *w, const struct ts_6to4 *s, struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int reason = refused(w, m, ip);

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	if (unlikely(ip->hop_limits <= 1)) {
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &error_counters);
		return false;
	}
	if (unlikely(rte_pktmbuf_pkt_len(m) > s->mtu)) {
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, s->mtu, &error_counters);
		return false;
	}
	return true;
}

/* S10: the outer header. Returns false when the buffer has no room for it; the packet is then dropped. */
static bool
put_outer(struct ts_worker *w, const struct ts_6to4 *s, struct rte_mbuf *m, rte_be32_t src, rte_be32_t dst)
{
	const uint8_t *ip6 = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t traffic_class = (uint8_t)(ip6[0] << 4 | ip6[1] >> 4);
	uint16_t inner_len = (uint16_t)rte_pktmbuf_pkt_len(m);
	struct rte_ipv4_hdr *ip4 = (void *)rte_pktmbuf_prepend(m, TS_IPV4_HDR_LEN);

	if (unlikely(ip4 == NULL)) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return false;
	}
	ts_ipv4_write(ip4, traffic_class & s->tos_mask, inner_len + TS_IPV4_HDR_LEN, ts_ip_id(w, dst), s->frag_off, s->ttl,
		IPPROTO_IPV6, src, dst);
	w->counters[TS_C_6to4_encap_packets]++;
	w->counters[TS_C_6to4_encap_bytes] += inner_len;
	return true;
}

static void
forward(struct ts_worker *w, const struct ts_6to4 *s, struct rte_mbuf *m, const struct ts_nexthop *nh)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (unlikely(adj == NULL && nh->kind != TS_NH_GLEAN)) {
		ts_icmp6_error_route(w, m, nh->kind, TS_C_drop_6to4_encap_blackhole, &error_counters);
		return;
	}
	ip->hop_limits--;
	if (unlikely(!put_outer(w, s, m, s->tx_source, ts_6to4_v4(ip->dst_addr))))
		return;
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV4));
}

void
ts_6to4_encap(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_6to4 *s = &w->tables->services->sixto4;
	uint32_t dst[TS_BURST_MAX];
	uint64_t nh[TS_BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!admit(w, s, m)))
			continue;
		dst[n] = rte_be_to_cpu_32(ts_6to4_v4(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr));
		in->pkt[n++] = m;
	}
	rte_fib_lookup_bulk(w->tables->fib4, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		forward(w, s, in->pkt[i], ts_nexthop(w, nh[i]));
}

void
ts_6to4_originate(struct ts_worker *w, struct rte_mbuf *m)
{
	const struct ts_6to4 *s = &w->tables->services->sixto4;
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	rte_be32_t dst = ts_6to4_v4(ip->dst_addr);
	/* G59: the receiver compares a 6to4 source with the outer one, whatever tx_source says. */
	rte_be32_t src = ts_is_6to4(ip->src_addr) ? ts_6to4_v4(ip->src_addr) : s->tx_source;
	int reason = refused_destination(w, dst);

	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else if (put_outer(w, s, m, src, dst))
		ts_originate4(w, m);
}
