/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is a native IPv6 packet for? The IPv6 table holds the tunnels and the box's own addresses as routes, so one
 * lookup says. What is for neither is not relayed: nobody uses us as a default route (protocols.md O16). All of
 * 2002::/16 is (S4).
 */
#include "worker_priv.h"

#include <netinet/icmp6.h>

/* A host address: the kernel answers all but echo, and what comes from link-local neighbours (decisions.md 2). */
static void
to_local(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh, struct ts_vec *local)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	const uint8_t *icmp = (const uint8_t *)(ip + 1);
	bool echo = ip->proto == IPPROTO_ICMPV6 && rte_pktmbuf_data_len(m) > TS_IPV6_HDR_LEN &&
		*icmp == ICMP6_ECHO_REQUEST;

	if (nh->host && (!echo || ts_ipv6_addr_refused(ip->src_addr)))
		ts_punt(w, m, iface, RTE_BE16(RTE_ETHER_TYPE_IPV6));
	else
		ts_vec_add(local, m, iface);
}

void
ts_classify6(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out)
{
	uint8_t dst[TS_BURST_MAX][16];
	uint64_t nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++)
		memcpy(dst[i], rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv6_hdr *)->dst_addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, in->n);

	for (uint16_t i = 0; i < in->n; i++) {
		const struct ts_nexthop *hop = ts_nexthop(w, nh[i]);

		switch (hop->kind) {
		case TS_NH_6TO4:
			ts_vec_add(&out->encap_6to4, in->pkt[i], in->iface[i]);
			break;
		case TS_NH_6RD:
			ts_vec_add_domain(&out->encap_6rd, in->pkt[i], hop->domain);
			break;
		case TS_NH_ISATAP:
			ts_vec_add_domain(&out->encap_isatap, in->pkt[i], hop->domain);
			break;
		case TS_NH_TEREDO:
			ts_vec_add(&out->encap_teredo, in->pkt[i], in->iface[i]);
			break;
		case TS_NH_LOCAL:
			to_local(w, in->pkt[i], in->iface[i], hop, &out->local6);
			break;
		case TS_NH_PUNT:
			ts_punt(w, in->pkt[i], in->iface[i], RTE_BE16(RTE_ETHER_TYPE_IPV6));
			break;
		default:
			ts_drop_stranger(w, in->pkt[i], in->iface[i], TS_C_drop_ip6_rx_no_tunnel);
		}
	}
}
