/* SPDX-License-Identifier: BSD-3-Clause */
/* ISATAP encapsulation at the router: native IPv6 to a host of the site (protocols.md 6, I5, I10; RFC 5214 7.1, RFC
 * 6324 3). */
#include "tunnel.h"

#include <netinet/icmp6.h>

const struct ts_encap_counters ts_isatap_encap_counters = {
	.error = {TS_C_drop_isatap_encap_no_error_about_error, TS_C_drop_isatap_encap_icmp6_limited},
	.packets = TS_C_isatap_encap_packets,
	.bytes = TS_C_isatap_encap_bytes,
	.blackhole = TS_C_drop_isatap_encap_blackhole,
	.src_6rd = TS_C_drop_isatap_encap_src_6rd,
	.src_isatap = TS_C_drop_isatap_encap_src_isatap,
	.src_own = TS_C_drop_isatap_encap_src_own,
	.src_denied = TS_C_drop_isatap_encap_src_denied,
	.site_limited = TS_C_drop_isatap_encap_site_limited,
	.prefix_limited = TS_C_drop_isatap_encap_prefix_limited,
};

static bool
in_prl(const struct ts_isatap *s, rte_be32_t v4)
{
	for (unsigned i = 0; i < s->n_prl; i++)
		if (s->prl[i] == v4)
			return true;
	return false;
}

static bool
in_site(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t v4)
{
	if (ts_source_policy_check(w->tables->services->managed, v4) > TS_POLICY_OWN)
		return false; /* martian, or denied by the operator */
	for (unsigned i = 0; i < s->n_site; i++)
		if (ts_prefix4_contains(&s->site[i], v4))
			return true;
	return false;
}

enum ts_isatap_far
ts_isatap_far_end(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t v4)
{
	if (ts_source_policy_check(w->tables->services->managed, v4) == TS_POLICY_OWN)
		return TS_ISATAP_OWN;
	if (in_prl(s, v4))
		return in_site(w, s, v4) ? TS_ISATAP_PRL : TS_ISATAP_PRL_OUTSIDE;
	return in_site(w, s, v4) ? TS_ISATAP_HOST : TS_ISATAP_OUTSIDE;
}

/* I5; the counter, or -1. */
static int
refused_destination(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t v4)
{
	switch (ts_isatap_far_end(w, s, v4)) {
	case TS_ISATAP_OWN:
		return TS_C_drop_isatap_encap_dst_own;
	case TS_ISATAP_PRL:
	case TS_ISATAP_PRL_OUTSIDE:
		return TS_C_drop_isatap_encap_dst_prl;
	case TS_ISATAP_OUTSIDE:
		return TS_C_drop_isatap_encap_dst_not_site;
	case TS_ISATAP_HOST:
		break;
	}
	return -1;
}

static int
refused_source(const struct ts_isatap *s, const struct rte_ipv6_hdr *ip)
{
	if (ts_ipv6_addr_refused_unless_ula(ip->src_addr, s->allow_ula))
		return TS_C_drop_isatap_encap_v6_src_invalid;
	if (ts_prefix6_contains(&s->prefix, ip->src_addr))
		return TS_C_drop_isatap_encap_src_isatap;
	return -1;
}

/* The silent rest of I5, once the destination is an ISATAP address. */
static int
refused(const struct ts_worker *w, const struct ts_isatap *s, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	int reason = refused_destination(w, s, ts_isatap_v4(ip->dst_addr));

	if (reason >= 0)
		return reason;
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->src_addr, 0))
		return TS_C_drop_isatap_encap_loop_src;
	if (ts_refused_rh0(w, m))
		return TS_C_drop_isatap_encap_rh0;
	return -1;
}

static bool
admit(struct ts_worker *w, const struct ts_isatap *s, struct rte_mbuf *m, bool handed)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int reason = refused_source(s, ip);

	if (reason < 0 && unlikely(!ts_is_isatap_iid(ip->dst_addr))) {
		ts_icmp6_error(w, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, &ts_isatap_encap_counters.error);
		return false;
	}
	if (reason < 0)
		reason = refused(w, s, m, ip);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return ts_encap_admit(w, m, &s->t, ts_isatap_v4(ip->dst_addr), handed, &ts_isatap_encap_counters);
}

static rte_be32_t
destination(const struct rte_mbuf *m)
{
	return ts_isatap_v4(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr);
}

void
ts_isatap_encap(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_isatap *sites = w->tables->services->isatap;
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++)
		dst[i] = rte_be_to_cpu_32(destination(in->pkt[i]));
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		const struct ts_isatap *s = &sites[in->domain[i]];

		if (likely(admit(w, s, in->pkt[i], false)))
			ts_encap_forward(w, in->pkt[i], &s->t, s->t.src, rte_cpu_to_be_32(dst[i]), ts_nexthop(w, nh[i]),
				TS_ECN_KEEP, &ts_isatap_encap_counters);
	}
}

void
ts_isatap_encap_handed(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, int ecn)
{
	rte_be32_t dst = destination(m);

	if (admit(w, s, m, true))
		ts_encap_forward(w, m, &s->t, s->t.src, dst, ts_lookup4(w, dst), ecn, &ts_isatap_encap_counters);
}

void
ts_isatap_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s)
{
	rte_be32_t dst = destination(m);
	int reason = refused_destination(w, s, dst);

	if (!ts_is_isatap_iid(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr))
		ts_drop(w, m, TS_C_drop_originate_no_route);
	else if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else
		ts_encap_originate(w, m, &s->t, s->t.src, dst, &ts_isatap_encap_counters);
}

void
ts_isatap_originate_to(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t dst)
{
	ts_encap_originate(w, m, &s->t, s->t.src, dst, &ts_isatap_encap_counters);
}

/* I12: out of the site and back into it; the errors are those of the direction that it came by. */
void
ts_isatap_hairpin(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, int ecn,
	const struct ts_error_counters *error)
{
	struct ts_encap_counters c = ts_isatap_encap_counters;
	rte_be32_t dst = destination(m);

	c.error = *error;
	if (ts_encap_admit(w, m, &s->t, dst, true, &c))
		ts_encap_forward(w, m, &s->t, s->t.src, dst, ts_lookup4(w, dst), ecn, &c);
}
