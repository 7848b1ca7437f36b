/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6to4 encapsulation: native IPv6 into protocol 41 (protocols.md 3.2; RFC 3056 5.3, RFC 3964 5.1). One lookup for all
 * outer destinations, then each packet in turn: checks in the order of the reference, then its header. A packet is
 * changed only when it is sure to go, so that an ICMPv6 error quotes it as it came.
 */
#include "tunnel.h"

const struct ts_encap_counters ts_6to4_encap_counters = {
	.error = {TS_C_drop_6to4_encap_no_error_about_error, TS_C_drop_6to4_encap_icmp6_limited},
	.packets = TS_C_6to4_encap_packets,
	.bytes = TS_C_6to4_encap_bytes,
	.blackhole = TS_C_drop_6to4_encap_blackhole,
	.src_6rd = TS_C_drop_6to4_encap_src_6rd,
	.src_isatap = TS_C_drop_6to4_encap_src_isatap,
	.src_own = TS_C_drop_6to4_encap_src_own,
	.src_denied = TS_C_drop_6to4_encap_src_denied,
	.site_limited = TS_C_drop_6to4_encap_site_limited,
	.prefix_limited = TS_C_drop_6to4_encap_prefix_limited,
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
	case TS_POLICY_DENIED:
		return TS_C_drop_6to4_encap_dst_denied;
	case TS_POLICY_OK:
		break;
	}
	return -1;
}

/* S6 to S9 as far as they are silent (G51); the counter, or -1. */
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
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->src_addr, 0))
		return TS_C_drop_6to4_encap_loop_src;
	if (ts_refused_rh0(w, m))
		return TS_C_drop_6to4_encap_rh0;
	return -1;
}

static rte_be32_t
destination(const struct rte_mbuf *m)
{
	return ts_6to4_v4(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr);
}

/* S11: the configured source, or what this site knows us by. */
static rte_be32_t
source(const struct ts_worker *w, const struct ts_6to4 *s, rte_be32_t dst)
{
	uint32_t known;

	if (likely(!s->mirror) || !ts_site_table_get(w->tables->services->mirror, dst, &known))
		return s->t.src;
	return known;
}

/* May the packet go on? If not, it has been dropped or answered. */
static bool
admit(struct ts_worker *w, const struct ts_6to4 *s, struct rte_mbuf *m, bool handed)
{
	int reason = refused(w, m, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *));

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return ts_encap_admit(w, m, &s->t, destination(m), handed, &ts_6to4_encap_counters);
}

void
ts_6to4_encap(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_6to4 *s = &w->tables->services->sixto4;
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++)
		dst[i] = rte_be_to_cpu_32(destination(in->pkt[i]));
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		rte_be32_t to = rte_cpu_to_be_32(dst[i]);

		if (likely(admit(w, s, in->pkt[i], false)))
			ts_encap_forward(w, in->pkt[i], &s->t, source(w, s, to), to, ts_nexthop(w, nh[i]), TS_ECN_KEEP,
				&ts_6to4_encap_counters);
	}
}

void
ts_6to4_encap_handed(struct ts_worker *w, struct rte_mbuf *m, int ecn)
{
	const struct ts_6to4 *s = &w->tables->services->sixto4;
	rte_be32_t dst = destination(m);

	if (admit(w, s, m, true))
		ts_encap_forward(w, m, &s->t, source(w, s, dst), dst, ts_lookup4(w, dst), ecn, &ts_6to4_encap_counters);
}

void
ts_6to4_originate(struct ts_worker *w, struct rte_mbuf *m)
{
	const struct ts_6to4 *s = &w->tables->services->sixto4;
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	rte_be32_t dst = ts_6to4_v4(ip->dst_addr);
	/* G59: the receiver compares a 6to4 source with the outer one, whatever the configured source says. */
	rte_be32_t src = ts_is_6to4(ip->src_addr) ? ts_6to4_v4(ip->src_addr) : source(w, s, dst);
	int reason = refused_destination(w, dst);

	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else
		ts_encap_originate(w, m, &s->t, src, dst, &ts_6to4_encap_counters);
}
