/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6to4 decapsulation: protocol 41 to one of the box's addresses becomes native IPv6 (protocols.md 3.3; RFC 3056 5.3,
 * RFC 3964 5.2). Checks of outer (S14: G8 to G10; S12) and inner header (S23, by G16) first, in the order of the
 * reference, then one lookup for all inner destinations, then what depends on it.
 */
#include "decap_lane.h"

static const struct ts_decap_counters counters = {
	.error = {TS_C_drop_6to4_decap_no_error_about_error, TS_C_drop_6to4_decap_icmp6_limited},
	.packets = TS_C_6to4_decap_packets,
	.bytes = TS_C_6to4_decap_bytes,
	.blackhole = TS_C_drop_6to4_decap_blackhole,
	.loop_dst = TS_C_drop_6to4_decap_loop_dst,
	.rh0 = TS_C_drop_6to4_decap_rh0,
	.ecn = TS_C_drop_6to4_decap_ecn_ce_not_ect,
	.hairpin = TS_C_drop_6to4_decap_hairpin,
	.dst_denied = TS_C_drop_6to4_decap_dst_denied,
	.site_limited = TS_C_drop_6to4_decap_site_limited,
	.prefix_limited = TS_C_drop_6to4_decap_prefix_limited,
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
	case TS_POLICY_DENIED:
		return TS_C_drop_6to4_decap_v4_src_denied;
	case TS_POLICY_OK:
		break;
	}
	return -1;
}

/* S15, S16; `len` bytes of inner packet. */
static int
refused_inner(const struct rte_ipv4_hdr *outer, const struct rte_ipv6_hdr *inner, uint32_t len)
{
	switch (ts_decap_inner_check(inner, len)) {
	case TS_INNER_HDR:
		return TS_C_drop_6to4_decap_v6_hdr;
	case TS_INNER_LEN:
		return TS_C_drop_6to4_decap_v6_len;
	case TS_INNER_OK:
		break;
	}
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
admit(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, struct ts_outer *kept)
{
	const struct rte_ipv4_hdr *outer = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(outer);
	const struct rte_ipv6_hdr *inner = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, ihl);
	int reason = ts_6to4_refused_source(w, outer->src_addr);

	(void)domain;
	if (likely(reason < 0))
		reason = refused_inner(outer, inner, rte_pktmbuf_pkt_len(m) - ihl);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	*kept = ts_outer_of(outer);
	if (unlikely(w->tables->services->sixto4.mirror))
		ts_site_table_set(w->tables->services->mirror, kept->src, kept->dst);
	ts_decap_cut(m, ihl, inner);
	return true;
}

/* S17 to S19. */
static void
forward(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, const struct ts_nexthop *nh,
	const struct ts_outer *outer)
{
	int ecn;

	(void)domain;
	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_6to4_decap_local_not_echo);
		return;
	}
	if (ts_is_6to4(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr)) {
		ts_drop(w, m, TS_C_drop_6to4_decap_dst_6to4);
		return;
	}
	ecn = ts_decap_admit(w, m, outer, 0, &counters);
	if (likely(ecn >= 0))
		ts_decap_forward(w, m, nh, ecn, TS_MECH_6TO4, &w->tables->services->sixto4.t, &counters);
}

const struct ts_decap_lane ts_decap_lane_6to4 = {admit, forward, &counters};

void
ts_6to4_decap(struct ts_worker *w, struct ts_vec *in)
{
	ts_decap_run(w, in, &ts_decap_lane_6to4);
}
