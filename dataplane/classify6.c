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

static void
to_lane(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *hop, struct ts_lanes *out)
{
	switch (hop->kind) {
	case TS_NH_6TO4:
		ts_vec_add(&out->encap_6to4, m, iface);
		break;
	case TS_NH_6RD:
		ts_vec_add_domain(&out->encap_6rd, m, hop->domain);
		break;
	case TS_NH_ISATAP:
		ts_vec_add_domain(&out->encap_isatap, m, hop->domain);
		break;
	case TS_NH_TEREDO:
		ts_vec_add(&out->encap_teredo, m, iface);
		break;
	case TS_NH_LOCAL:
		to_local(w, m, iface, hop, &out->local6);
		break;
	case TS_NH_PUNT:
		ts_punt(w, m, iface, RTE_BE16(RTE_ETHER_TYPE_IPV6));
		break;
	default:
		ts_drop_stranger(w, m, iface, TS_C_drop_ip6_rx_no_tunnel);
	}
}

/* Where a burst goes that goes into one tunnel whole, as most do; NULL: it has to be looked at one by one. */
static struct ts_vec *
lane_of(const struct ts_nexthop *hop, struct ts_lanes *out)
{
	switch (hop->kind) {
	case TS_NH_6TO4:
		return &out->encap_6to4;
	case TS_NH_6RD:
		return &out->encap_6rd;
	case TS_NH_ISATAP:
		return &out->encap_isatap;
	case TS_NH_TEREDO:
		return &out->encap_teredo;
	default:
		return NULL;
	}
}

static bool
all_equal(const uint32_t *nh, uint16_t n)
{
	uint32_t differ = 0;

	for (uint16_t i = 1; i < n; i++)
		differ |= nh[i] ^ nh[0];
	return differ == 0;
}

/* Into a lane that is empty yet. */
static void
hand_over(const struct ts_vec *in, const struct ts_nexthop *hop, struct ts_vec *lane)
{
	memcpy(lane->pkt, in->pkt, in->n * sizeof(in->pkt[0]));
	memcpy(lane->iface, in->iface, in->n * sizeof(in->iface[0]));
	for (uint16_t i = 0; i < in->n; i++)
		lane->domain[i] = hop->domain;
	lane->n = in->n;
}

void
ts_classify6(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out)
{
	uint8_t dst[TS_BURST_MAX][16];
	uint32_t nh[TS_BURST_MAX];
	struct ts_vec *lane;

	if (in->n == 0)
		return;
	for (uint16_t i = 0; i < in->n; i++)
		memcpy(dst[i], rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv6_hdr *)->dst_addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, in->n);

	lane = lane_of(ts_nexthop(w, nh[0]), out);
	if (likely(lane != NULL && all_equal(nh, in->n))) {
		hand_over(in, ts_nexthop(w, nh[0]), lane);
		return;
	}
	for (uint16_t i = 0; i < in->n; i++)
		to_lane(w, in->pkt[i], in->iface[i], ts_nexthop(w, nh[i]), out);
}
