/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ISATAP decapsulation at the router (protocols.md 6, I2, I4, I10, I12; RFC 5214 7.3). Link-local traffic is for the
 * router itself: echo and neighbour discovery, see isatap_nd.c.
 */
#include "decap_lane.h"

#include <netinet/icmp6.h>

static const struct ts_decap_counters counters = {
	.error = {TS_C_drop_isatap_decap_no_error_about_error, TS_C_drop_isatap_decap_icmp6_limited},
	.packets = TS_C_isatap_decap_packets,
	.bytes = TS_C_isatap_decap_bytes,
	.blackhole = TS_C_drop_isatap_decap_blackhole,
	.loop_dst = TS_C_drop_isatap_decap_loop_dst,
	.rh0 = TS_C_drop_isatap_decap_rh0,
	.ecn = TS_C_drop_isatap_decap_ecn_ce_not_ect,
	.hairpin = TS_C_drop_isatap_decap_hairpin,
	.dst_denied = TS_C_drop_isatap_decap_dst_denied,
	.site_limited = TS_C_drop_isatap_decap_site_limited,
	.prefix_limited = TS_C_drop_isatap_decap_prefix_limited,
};

int
ts_isatap_refused_source(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t src)
{
	switch (ts_isatap_far_end(w, s, src)) {
	case TS_ISATAP_OWN:
		return TS_C_drop_isatap_decap_v4_src_own;
	case TS_ISATAP_OUTSIDE:
	case TS_ISATAP_PRL_OUTSIDE:
		return TS_C_drop_isatap_decap_v4_src_not_site;
	case TS_ISATAP_PRL:
	case TS_ISATAP_HOST:
		break;
	}
	return -1;
}

static bool
is_link_local(const uint8_t addr[16])
{
	static const uint8_t prefix[8] = {0xfe, 0x80};

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

/* I4: the prefix is part of the definition of an ISATAP address. */
static bool
acceptable_source(const struct ts_worker *w, const struct ts_isatap *s, const uint8_t src[16], rte_be32_t outer)
{
	if (ts_is_isatap_iid(src) && ts_isatap_v4(src) == outer &&
		(is_link_local(src) || ts_prefix6_contains(&s->prefix, src)))
		return true;
	return ts_isatap_far_end(w, s, outer) == TS_ISATAP_PRL;
}

static int
refused_inner(const struct ts_worker *w, const struct ts_isatap *s, const struct rte_ipv4_hdr *outer,
	const struct rte_ipv6_hdr *inner, uint32_t len)
{
	switch (ts_decap_inner_check(inner, len)) {
	case TS_INNER_HDR:
		return TS_C_drop_isatap_decap_v6_hdr;
	case TS_INNER_LEN:
		return TS_C_drop_isatap_decap_v6_len;
	case TS_INNER_OK:
		break;
	}
	return acceptable_source(w, s, inner->src_addr, outer->src_addr) ? -1 : TS_C_drop_isatap_decap_src_mismatch;
}

static int
refused_addresses(const struct ts_isatap *s, const struct rte_ipv6_hdr *ip)
{
	if (ts_ipv6_addr_refused_unless_ula(ip->src_addr, s->allow_ula))
		return TS_C_drop_isatap_decap_v6_src_invalid;
	if (ts_ipv6_addr_refused_unless_ula(ip->dst_addr, s->allow_ula))
		return TS_C_drop_isatap_decap_v6_dst_invalid;
	return -1;
}

static bool
admit(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, struct ts_outer *kept)
{
	const struct ts_isatap *s = &w->tables->services->isatap[domain];
	const struct rte_ipv4_hdr *outer = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(outer);
	const struct rte_ipv6_hdr *inner = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, ihl);
	int reason = ts_isatap_refused_source(w, s, outer->src_addr);

	if (likely(reason < 0))
		reason = refused_inner(w, s, outer, inner, rte_pktmbuf_pkt_len(m) - ihl);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	*kept = ts_outer_of(outer);
	ts_decap_cut(m, ihl, inner);
	if (ts_isatap_nd(w, m, s, kept->src))
		return false;
	reason = refused_addresses(s, inner);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return true;
}

/* I12: for the site's own prefix again. */
static void
back_into_site(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, int ecn)
{
	const uint8_t *dst = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;

	if (!ts_is_isatap_iid(dst)) {
		ts_icmp6_error(w, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, &counters.error);
		return;
	}
	switch (ts_isatap_far_end(w, s, ts_isatap_v4(dst))) {
	case TS_ISATAP_OWN:
		ts_drop(w, m, TS_C_drop_isatap_decap_dst_own);
		break;
	case TS_ISATAP_PRL:
	case TS_ISATAP_PRL_OUTSIDE:
		ts_drop(w, m, TS_C_drop_isatap_decap_dst_prl);
		break;
	case TS_ISATAP_OUTSIDE:
		ts_drop(w, m, TS_C_drop_isatap_decap_dst_not_site);
		break;
	case TS_ISATAP_HOST:
		ts_isatap_hairpin(w, m, s, ecn, &counters.error);
		break;
	}
}

static void
forward(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, const struct ts_nexthop *nh,
	const struct ts_outer *outer)
{
	const struct ts_isatap *s = &w->tables->services->isatap[domain];
	bool inside = ts_prefix6_contains(&s->prefix, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr);
	int ecn;

	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_isatap_decap_local_not_echo);
		return;
	}
	ecn = ts_decap_admit(w, m, outer, inside ? TS_LOOP_SKIP_ISATAP : 0, &counters);
	if (ecn < 0)
		return;
	if (inside)
		back_into_site(w, m, s, ecn);
	else
		ts_decap_forward(w, m, nh, ecn, TS_MECH_ISATAP, &s->t, &counters);
}

const struct ts_decap_lane ts_decap_lane_isatap = {admit, forward, &counters};

void
ts_isatap_decap(struct ts_worker *w, struct ts_vec *in)
{
	ts_decap_run(w, in, &ts_decap_lane_isatap);
}
