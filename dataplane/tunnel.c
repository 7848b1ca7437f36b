/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include <netinet/icmp6.h>

#include "outer4.h"

bool
ts_encap_admit(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, bool handed,
	const struct ts_encap_counters *c)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);

	if (unlikely(ip->hop_limits <= 1 && !handed)) {
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &c->error);
		return false;
	}
	if (unlikely(rte_pktmbuf_pkt_len(m) > t->mtu)) {
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, t->mtu, &c->error);
		return false;
	}
	return true;
}

static void
write_ecn(uint8_t *ip6, int ecn)
{
	if (ecn != TS_ECN_KEEP)
		ip6[1] = (uint8_t)((ip6[1] & ~0x30) | ecn << 4);
}

/* S10, protocols.md 2.7. False when the buffer has no room for the header; the packet is then dropped. */
static bool
put_outer(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src, rte_be32_t dst,
	const struct ts_encap_counters *c)
{
	const uint8_t *ip6 = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t traffic_class = (uint8_t)(ip6[0] << 4 | ip6[1] >> 4);
	uint16_t inner_len = (uint16_t)rte_pktmbuf_pkt_len(m);
	struct rte_ipv4_hdr *ip4 = (void *)rte_pktmbuf_prepend(m, TS_IPV4_HDR_LEN);

	if (unlikely(ip4 == NULL)) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return false;
	}
	ts_ipv4_write(ip4, traffic_class & t->tos_mask, inner_len + TS_IPV4_HDR_LEN, ts_ip_id(w, dst), t->frag_off, t->ttl,
		IPPROTO_IPV6, src, dst);
	w->counters[c->packets]++;
	w->counters[c->bytes] += inner_len;
	return true;
}

void
ts_encap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src, rte_be32_t dst,
	const struct ts_nexthop *nh, int ecn, const struct ts_encap_counters *c)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *);
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (unlikely(adj == NULL && nh->kind != TS_NH_GLEAN)) {
		ts_icmp6_error_route(w, m, nh->kind, c->blackhole, &c->error);
		return;
	}
	ip6[7]--;
	write_ecn(ip6, ecn);
	if (unlikely(!put_outer(w, m, t, src, dst, c)))
		return;
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV4));
}

void
ts_encap_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src, rte_be32_t dst,
	const struct ts_encap_counters *c)
{
	if (put_outer(w, m, t, src, dst, c))
		ts_originate4(w, m);
}

enum ts_inner_fault
ts_decap_inner_check(const struct rte_ipv6_hdr *inner, uint32_t len)
{
	if (len < TS_IPV6_HDR_LEN || ((const uint8_t *)inner)[0] >> 4 != 6)
		return TS_INNER_HDR;
	if (TS_IPV6_HDR_LEN + (uint32_t)rte_be_to_cpu_16(inner->payload_len) > len)
		return TS_INNER_LEN;
	return TS_INNER_OK;
}

void
ts_decap_cut(struct rte_mbuf *m, uint32_t ihl, const struct rte_ipv6_hdr *inner)
{
	uint32_t want = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(inner->payload_len);

	rte_pktmbuf_adj(m, (uint16_t)ihl);
	if (want != rte_pktmbuf_pkt_len(m))
		ts_trim(m, want);
}

int
ts_decap_admit(struct ts_worker *w, struct rte_mbuf *m, uint8_t outer_ecn, unsigned skip,
	const struct ts_decap_counters *c)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int ecn = ts_ecn_decap(((const uint8_t *)ip)[1] >> 4, outer_ecn);

	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->dst_addr, skip))
		ts_drop(w, m, c->loop_dst);
	else if (ts_ipv6_rh0((const uint8_t *)ip, rte_pktmbuf_data_len(m)))
		ts_drop(w, m, c->rh0);
	else if (ecn < 0)
		ts_drop(w, m, c->ecn);
	else if (unlikely(ip->hop_limits <= 1))
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &c->error);
	else
		return ecn;
	return -1;
}

/* S19; G43 makes a packet too big for its link an error back into the tunnel. */
static void
natively(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, int ecn, const struct ts_decap_counters *c)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *);
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (unlikely(adj == NULL && nh->kind != TS_NH_GLEAN)) {
		ts_icmp6_error_route(w, m, nh->kind, c->blackhole, &c->error);
		return;
	}

	uint16_t mtu = adj != NULL ? adj->mtu : w->tables->ifaces[nh->iface].mtu;

	if (unlikely(rte_pktmbuf_pkt_len(m) > mtu)) {
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, mtu, &c->error);
		return;
	}
	write_ecn(ip6, ecn);
	ip6[7]--;
	w->counters[c->packets]++;
	w->counters[c->bytes] += rte_pktmbuf_pkt_len(m);
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV6));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

static bool
may_hand_over(const struct ts_worker *w, enum ts_mechanism from, enum ts_mechanism to)
{
	return w->tables->services->handover[from][to];
}

void
ts_decap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, int ecn, enum ts_mechanism from,
	const struct ts_decap_counters *c)
{
	const struct ts_services *s = w->tables->services;
	enum ts_mechanism to;

	if (likely(nh->kind != TS_NH_6TO4 && nh->kind != TS_NH_6RD && nh->kind != TS_NH_ISATAP)) {
		natively(w, m, nh, ecn, c);
		return;
	}
	to = nh->kind == TS_NH_6TO4 ? TS_MECH_6TO4 : nh->kind == TS_NH_6RD ? TS_MECH_6RD : TS_MECH_ISATAP;
	if (!may_hand_over(w, from, to)) {
		ts_drop(w, m, c->hairpin);
		return;
	}
	w->counters[c->packets]++;
	w->counters[c->bytes] += rte_pktmbuf_pkt_len(m);
	if (to == TS_MECH_6TO4)
		ts_6to4_encap_handed(w, m, ecn);
	else if (to == TS_MECH_6RD)
		ts_6rd_encap_handed(w, m, &s->sixrd[nh->domain], ecn);
	else
		ts_isatap_encap_handed(w, m, &s->isatap[nh->domain], ecn);
}
