/* SPDX-License-Identifier: BSD-3-Clause */
/* 6rd encapsulation at the border relay: native IPv6 to a CE (protocols.md 5.2; RFC 5969 5, 9, 12). */
#include "tunnel.h"

const struct ts_encap_counters ts_6rd_encap_counters = {
	.error = {TS_C_drop_6rd_encap_no_error_about_error, TS_C_drop_6rd_encap_icmp6_limited},
	.packets = TS_C_6rd_encap_packets,
	.bytes = TS_C_6rd_encap_bytes,
	.blackhole = TS_C_drop_6rd_encap_blackhole,
	.src_6rd = TS_C_drop_6rd_encap_src_6rd,
	.src_isatap = TS_C_drop_6rd_encap_src_isatap,
	.src_own = TS_C_drop_6rd_encap_src_own,
	.src_denied = TS_C_drop_6rd_encap_src_denied,
	.site_limited = TS_C_drop_6rd_encap_site_limited,
	.prefix_limited = TS_C_drop_6rd_encap_prefix_limited,
};

bool
ts_6rd_is_relay(const struct ts_6rd *d, rte_be32_t v4)
{
	for (unsigned i = 0; i < d->n_relays; i++)
		if (ts_prefix4_contains(&d->relays[i], v4))
			return true;
	return false;
}

/* R8; the counter, or -1. */
static int
refused_destination(const struct ts_worker *w, const struct ts_6rd *d, rte_be32_t v4)
{
	enum ts_policy_verdict v = ts_source_policy_check(w->tables->services->managed, v4);

	if (v == TS_POLICY_OWN)
		return TS_C_drop_6rd_encap_dst_own;
	if (ts_6rd_is_relay(d, v4))
		return TS_C_drop_6rd_encap_dst_relay;
	if (v == TS_POLICY_DENIED)
		return TS_C_drop_6rd_encap_dst_denied;
	return v == TS_POLICY_OK ? -1 : TS_C_drop_6rd_encap_dst_martian;
}

/* R6 to R9 as far as they are silent; the counter, or -1. */
static int
refused(const struct ts_worker *w, const struct ts_6rd *d, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	int reason;

	if (ts_ipv6_addr_refused_unless_ula(ip->src_addr, d->allow_ula))
		return TS_C_drop_6rd_encap_v6_src_invalid;
	if (ts_prefix6_contains(&d->map.prefix, ip->src_addr))
		return TS_C_drop_6rd_encap_src_6rd;
	if (ts_prefix6_contains(&d->null_route, ip->dst_addr))
		return TS_C_drop_6rd_encap_null_route;
	reason = refused_destination(w, d, ts_6rd_v4(&d->map, ip->dst_addr));
	if (reason >= 0)
		return reason;
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->src_addr, 0))
		return TS_C_drop_6rd_encap_loop_src;
	if (ts_refused_rh0(w, m))
		return TS_C_drop_6rd_encap_rh0;
	return -1;
}

static rte_be32_t
destination(const struct ts_6rd *d, const struct rte_mbuf *m)
{
	return ts_6rd_v4(&d->map, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr);
}

static bool
admit(struct ts_worker *w, const struct ts_6rd *d, struct rte_mbuf *m, bool handed)
{
	int reason = refused(w, d, m, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *));

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return ts_encap_admit(w, m, &d->t, destination(d, m), handed, &ts_6rd_encap_counters);
}

void
ts_6rd_encap(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_6rd *domains = w->tables->services->sixrd;
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++)
		dst[i] = rte_be_to_cpu_32(destination(&domains[in->domain[i]], in->pkt[i]));
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		const struct ts_6rd *d = &domains[in->domain[i]];

		if (likely(admit(w, d, in->pkt[i], false)))
			ts_encap_forward(w, in->pkt[i], &d->t, d->t.src, rte_cpu_to_be_32(dst[i]), ts_nexthop(w, nh[i]),
				TS_ECN_KEEP, &ts_6rd_encap_counters);
	}
}

void
ts_6rd_encap_handed(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d, int ecn)
{
	rte_be32_t dst = destination(d, m);

	if (admit(w, d, m, true))
		ts_encap_forward(w, m, &d->t, d->t.src, dst, ts_lookup4(w, dst), ecn, &ts_6rd_encap_counters);
}

void
ts_6rd_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d)
{
	rte_be32_t dst = destination(d, m);
	int reason = refused_destination(w, d, dst);

	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else
		ts_encap_originate(w, m, &d->t, d->t.src, dst, &ts_6rd_encap_counters);
}

/* R14: what came out of the domain goes back into it. R8 stays the same, under the name of the direction that it came
 * by. */
void
ts_6rd_hairpin(
	struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d, int ecn, const struct ts_error_counters *error)
{
	struct ts_encap_counters c = ts_6rd_encap_counters;
	rte_be32_t dst = destination(d, m);

	c.error = *error;
	if (ts_encap_admit(w, m, &d->t, dst, true, &c))
		ts_encap_forward(w, m, &d->t, d->t.src, dst, ts_lookup4(w, dst), ecn, &c);
}
