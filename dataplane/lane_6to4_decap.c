/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6to4 decapsulation: protocol 41 to one of the box's addresses becomes native IPv6 (protocols.md 3.3; RFC 3056 5.3, RFC 3964
 * 5.2). Checks of outer and inner header first, in the order of the reference, then one lookup for all inner destinations, then
 * what depends on it.
 */
#include "worker_priv.h"

#include <netinet/icmp6.h>

static const struct ts_error_counters error_counters = {
	TS_C_drop_6to4_decap_no_error_about_error,
	TS_C_drop_6to4_decap_icmp6_limited,
};

int
ts_6to4_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	switch (ts_source_policy_check(w->tables->services->policy, src)) {
	case TS_POLICY_OWN:
		return TS_C_drop_6to4_decap_v4_src_own;
	case TS_POLICY_RELAY:
		return TS_C_drop_6to4_decap_v4_src_relay;
	case TS_POLICY_MARTIAN:
		return TS_C_drop_6to4_decap_v4_src_martian;
	case TS_POLICY_OK:
		break;
	}
	return -1;
}

/* S15, S16; `len` bytes of inner packet. */
static int
refused_inner(const struct rte_ipv4_hdr *outer, const struct rte_ipv6_hdr *inner, uint32_t len)
{
	if (len < TS_IPV6_HDR_LEN || ((const uint8_t *)inner)[0] >> 4 != 6)
		return TS_C_drop_6to4_decap_v6_hdr;
	if (TS_IPV6_HDR_LEN + (uint32_t)rte_be_to_cpu_16(inner->payload_len) > len)
		return TS_C_drop_6to4_decap_v6_len;
	if (ts_ipv6_addr_refused(inner->src_addr))
		return TS_C_drop_6to4_decap_v6_src_invalid;
	if (ts_ipv6_addr_refused(inner->dst_addr))
		return TS_C_drop_6to4_decap_v6_dst_invalid;
	if (!ts_is_6to4(inner->src_addr))
		return TS_C_drop_6to4_decap_src_not_6to4;
	if (ts_6to4_v4(inner->src_addr) != outer->src_addr)
		return TS_C_drop_6to4_decap_src_mismatch;
	return -1;
}

/* Check and take off the outer header; afterwards the packet is the inner one, without trailing bytes. */
static bool
admit(struct ts_worker *w, struct rte_mbuf *m, uint8_t *outer_ecn)
{
	const struct rte_ipv4_hdr *outer = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(outer);
	uint32_t len = rte_pktmbuf_pkt_len(m) - ihl;
	const struct rte_ipv6_hdr *inner = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, ihl);
	int reason = ts_6to4_refused_source(w, outer->src_addr);

	if (likely(reason < 0))
		reason = refused_inner(outer, inner, len);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	*outer_ecn = outer->type_of_service & 3;
	rte_pktmbuf_adj(m, (uint16_t)ihl);

	uint32_t want = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(inner->payload_len);

	if (want != len)
		ts_trim(m, want);
	return true;
}

/* S17, S18 as far as they are silent, for what is not local. */
static int
refused_destination(const struct ts_worker *w, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, int ecn)
{
	if (ts_is_6to4(ip->dst_addr))
		return TS_C_drop_6to4_decap_dst_6to4;
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->dst_addr))
		return TS_C_drop_6to4_decap_loop_dst;
	if (ts_ipv6_rh0((const uint8_t *)ip, rte_pktmbuf_data_len(m)))
		return TS_C_drop_6to4_decap_rh0;
	if (ecn < 0)
		return TS_C_drop_6to4_decap_ecn_ce_not_ect;
	return -1;
}

/* S19: G43 makes a packet too big for its link an error back into the tunnel. */
static void
route(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, unsigned ecn)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *);
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (unlikely(adj == NULL && nh->kind != TS_NH_GLEAN)) {
		ts_icmp6_error_route(w, m, nh->kind, TS_C_drop_6to4_decap_blackhole, &error_counters);
		return;
	}

	uint16_t mtu = adj != NULL ? adj->mtu : w->tables->ifaces[nh->iface].mtu;

	if (unlikely(rte_pktmbuf_pkt_len(m) > mtu)) {
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, mtu, &error_counters);
		return;
	}
	ip6[1] = (uint8_t)((ip6[1] & ~0x30) | ecn << 4);
	ip6[7]--;
	w->counters[TS_C_6to4_decap_packets]++;
	w->counters[TS_C_6to4_decap_bytes] += rte_pktmbuf_pkt_len(m);
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV6));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

static void
forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, uint8_t outer_ecn)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int ecn, reason;

	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_6to4_decap_local_not_echo);
		return;
	}
	ecn = ts_ecn_decap(((const uint8_t *)ip)[1] >> 4, outer_ecn);
	reason = refused_destination(w, m, ip, ecn);
	if (unlikely(reason >= 0))
		ts_drop(w, m, (enum ts_counter)reason);
	else if (unlikely(ip->hop_limits <= 1))
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &error_counters);
	else
		route(w, m, nh, (unsigned)ecn);
}

void
ts_6to4_decap(struct ts_worker *w, struct ts_vec *in)
{
	uint8_t dst[TS_BURST_MAX][16];
	uint8_t outer_ecn[TS_BURST_MAX];
	uint64_t nh[TS_BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!admit(w, m, &outer_ecn[n])))
			continue;
		memcpy(dst[n], rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, 16);
		in->pkt[n++] = m;
	}
	rte_fib6_lookup_bulk(w->tables->fib6, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		forward(w, in->pkt[i], ts_nexthop(w, nh[i]), outer_ecn[i]);
}
