/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that the box made: routed like any other, towards a tunnel prefix through the tunnel (protocols.md G49, G58).
 * Also takes packets again that waited for a next hop, as everything else about them is done.
 */
#include "tunnel.h"

static void
send_by(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, rte_be16_t ethertype)
{
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (adj != NULL)
		ts_output(w, m, adj, ethertype);
	else if (nh->kind == TS_NH_GLEAN)
		ts_output_glean(w, m, nh->iface, ethertype);
	else
		ts_drop(w, m, TS_C_drop_originate_no_route);
}

void
ts_originate4_by(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh)
{
	send_by(w, m, nh, RTE_BE16(RTE_ETHER_TYPE_IPV4));
}

void
ts_originate4(struct ts_worker *w, struct rte_mbuf *m)
{
	ts_originate4_by(w, m, ts_lookup4(w, rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->dst_addr));
}

void
ts_originate6_by(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh)
{
	const struct ts_services *s = w->tables->services;

	if (nh->kind == TS_NH_6TO4)
		ts_6to4_originate(w, m);
	else if (nh->kind == TS_NH_6RD)
		ts_6rd_originate(w, m, &s->sixrd[nh->domain]);
	else if (nh->kind == TS_NH_ISATAP)
		ts_isatap_originate(w, m, &s->isatap[nh->domain]);
	else if (nh->kind == TS_NH_TEREDO)
		ts_teredo_originate(w, m);
	else
		send_by(w, m, nh, RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

void
ts_originate6(struct ts_worker *w, struct rte_mbuf *m)
{
	ts_originate6_by(w, m, ts_lookup6(w, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr));
}
