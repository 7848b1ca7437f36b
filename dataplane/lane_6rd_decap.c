/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6rd decapsulation at the border relay (protocols.md 5.3; RFC 5969 8, 9.2, 12). What a CE sends to its own domain
 * comes back into it by policy: a reachability test, or CE to CE. There is no neighbour discovery (R15, by G16).
 */
#include "decap_lane.h"

static const struct ts_decap_counters counters = {
	.error = {TS_C_drop_6rd_decap_no_error_about_error, TS_C_drop_6rd_decap_icmp6_limited},
	.packets = TS_C_6rd_decap_packets,
	.bytes = TS_C_6rd_decap_bytes,
	.blackhole = TS_C_drop_6rd_decap_blackhole,
	.loop_dst = TS_C_drop_6rd_decap_loop_dst,
	.rh0 = TS_C_drop_6rd_decap_rh0,
	.ecn = TS_C_drop_6rd_decap_ecn_ce_not_ect,
	.hairpin = TS_C_drop_6rd_decap_hairpin,
	.dst_denied = TS_C_drop_6rd_decap_dst_denied,
	.site_limited = TS_C_drop_6rd_decap_site_limited,
	.prefix_limited = TS_C_drop_6rd_decap_prefix_limited,
};

/* R11; the counter, or -1. */
int
ts_6rd_refused_source(const struct ts_worker *w, const struct ts_6rd *d, rte_be32_t src)
{
	enum ts_policy_verdict v = ts_source_policy_check(w->tables->services->managed, src);
	struct ts_prefix4 common = {d->map.ipv4_common & ts_mask4(d->map.ipv4_mask_len), d->map.ipv4_mask_len};

	if (v == TS_POLICY_OWN)
		return TS_C_drop_6rd_decap_v4_src_own;
	if (ts_6rd_is_relay(d, src))
		return TS_C_drop_6rd_decap_v4_src_relay;
	if (v == TS_POLICY_DENIED)
		return TS_C_drop_6rd_decap_v4_src_denied;
	if (v != TS_POLICY_OK)
		return TS_C_drop_6rd_decap_v4_src_martian;
	return ts_prefix4_contains(&common, src) ? -1 : TS_C_drop_6rd_decap_v4_src_not_ce;
}

/* R12 and the first of R13; the counter, or -1. */
static int
refused_inner(const struct ts_6rd *d, const struct rte_ipv4_hdr *outer, const struct rte_ipv6_hdr *inner, uint32_t len)
{
	switch (ts_decap_inner_check(inner, len)) {
	case TS_INNER_HDR:
		return TS_C_drop_6rd_decap_v6_hdr;
	case TS_INNER_LEN:
		return TS_C_drop_6rd_decap_v6_len;
	case TS_INNER_OK:
		break;
	}
	if (!ts_prefix6_contains(&d->map.prefix, inner->src_addr))
		return TS_C_drop_6rd_decap_src_not_6rd;
	if (ts_6rd_v4(&d->map, inner->src_addr) != outer->src_addr)
		return TS_C_drop_6rd_decap_src_mismatch;
	if (ts_ipv6_addr_refused_unless_ula(inner->dst_addr, d->allow_ula))
		return TS_C_drop_6rd_decap_v6_dst_invalid;
	return -1;
}

static bool
admit(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, struct ts_outer *kept)
{
	const struct ts_6rd *d = &w->tables->services->sixrd[domain];
	const struct rte_ipv4_hdr *outer = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(outer);
	const struct rte_ipv6_hdr *inner = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, ihl);
	int reason = ts_6rd_refused_source(w, d, outer->src_addr);

	if (likely(reason < 0))
		reason = refused_inner(d, outer, inner, rte_pktmbuf_pkt_len(m) - ihl);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	*kept = ts_outer_of(outer);
	ts_decap_cut(m, ihl, inner);
	return true;
}

/* R8 on a destination inside the domain; the counter, or -1. */
static int
refused_ce(const struct ts_worker *w, const struct ts_6rd *d, rte_be32_t ce)
{
	enum ts_policy_verdict v = ts_source_policy_check(w->tables->services->managed, ce);

	if (v == TS_POLICY_OWN)
		return TS_C_drop_6rd_decap_dst_own;
	if (ts_6rd_is_relay(d, ce))
		return TS_C_drop_6rd_decap_dst_relay;
	if (v == TS_POLICY_DENIED)
		return TS_C_drop_6rd_decap_dst_denied;
	return v == TS_POLICY_OK ? -1 : TS_C_drop_6rd_decap_dst_martian;
}

static void
back_into_domain(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d, int ecn)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	rte_be32_t to = ts_6rd_v4(&d->map, ip->dst_addr), from = ts_6rd_v4(&d->map, ip->src_addr);
	int reason = refused_ce(w, d, to);

	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else if (d->hairpin == TS_6RD_HAIRPIN_NONE || (d->hairpin == TS_6RD_HAIRPIN_SELF && to != from))
		ts_drop(w, m, TS_C_drop_6rd_decap_hairpin);
	else
		ts_6rd_hairpin(w, m, d, ecn, &counters.error);
}

/* R13, R14. */
static void
forward(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, const struct ts_nexthop *nh,
	const struct ts_outer *outer)
{
	const struct ts_6rd *d = &w->tables->services->sixrd[domain];
	const uint8_t *dst = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;
	bool inside = ts_prefix6_contains(&d->map.prefix, dst);
	int ecn;

	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_6rd_decap_local_not_echo);
		return;
	}
	if (ts_prefix6_contains(&d->null_route, dst)) {
		ts_drop(w, m, TS_C_drop_6rd_decap_null_route);
		return;
	}
	ecn = ts_decap_admit(w, m, outer, inside ? TS_LOOP_SKIP_6RD : 0, &counters);
	if (ecn < 0)
		return;
	if (inside)
		back_into_domain(w, m, d, ecn);
	else
		ts_decap_forward(w, m, nh, ecn, TS_MECH_6RD, &d->t, &counters);
}

const struct ts_decap_lane ts_decap_lane_6rd = {admit, forward, &counters};

void
ts_6rd_decap(struct ts_worker *w, struct ts_vec *in)
{
	ts_decap_run(w, in, &ts_decap_lane_6rd);
}
