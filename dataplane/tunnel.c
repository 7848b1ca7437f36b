/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include <netinet/icmp6.h>

#include "lib/mss_clamp.h"
#include "outer4.h"

#define MIN_IPV4_MTU 68 /* G56 */
#define MIN_IPV6_MTU 1280
#define MTU_LIFETIME_S 600 /* G56 */

static bool
denied(const struct ts_worker *w, const uint8_t addr[16])
{
	const struct ts_prefix_set *deny = w->tables->services->deny6;

	return unlikely(deny != NULL) && ts_prefix_set_contains(deny, addr);
}

/* In tens of seconds, so that 16 bits last for a week: a forgotten hint looks fresh again only then. */
static uint16_t
clock10(const struct ts_worker *w)
{
	return (uint16_t)(w->now / w->hz / 10);
}

void
ts_path_mtu_learn(struct ts_worker *w, rte_be32_t site, uint32_t mtu)
{
	mtu = RTE_MIN(RTE_MAX(mtu, (uint32_t)MIN_IPV4_MTU), (uint32_t)UINT16_MAX);
	ts_site_table_set(w->tables->services->mtus, site, mtu << 16 | clock10(w));
}

/* What was learned of the path to a site, while it is fresh; 0 otherwise. */
static uint32_t
path_mtu(const struct ts_worker *w, const struct ts_tunnel *t, rte_be32_t site)
{
	uint32_t hint;

	if (likely(!t->dynamic_mtu) || !ts_site_table_get(w->tables->services->mtus, site, &hint))
		return 0;
	return (uint16_t)(clock10(w) - (uint16_t)hint) < MTU_LIFETIME_S / 10 ? hint >> 16 : 0;
}

/* G38: the tunnel MTU towards a site. */
static uint32_t
mtu_to(const struct ts_worker *w, const struct ts_tunnel *t, rte_be32_t site)
{
	uint32_t path = path_mtu(w, t, site);

	if (likely(path == 0))
		return t->mtu;
	return RTE_MIN((uint32_t)t->mtu, RTE_MAX(path, (uint32_t)MIN_IPV6_MTU + TS_IPV4_HDR_LEN) - TS_IPV4_HDR_LEN);
}

/* G38: with dynamic MTU DF is set, except on a path that cannot carry the smallest IPv6 MTU whole. */
static rte_be16_t
frag_off_to(const struct ts_worker *w, const struct ts_tunnel *t, rte_be32_t site)
{
	uint32_t path;

	if (likely(!t->dynamic_mtu))
		return t->frag_off;
	path = path_mtu(w, t, site);
	return path != 0 && path < MIN_IPV6_MTU + TS_IPV4_HDR_LEN ? 0 : RTE_BE16(0x4000);
}

/* O20: addresses of our own, of our domains and sites cannot come from the native side. The counter, or -1. */
static int
foreign_source(const struct ts_worker *w, const uint8_t src[16], const struct ts_encap_counters *c)
{
	const struct ts_services *s = w->tables->services;

	if (unlikely(ts_own6_suspect(&s->own6, src)) && ts_lookup6(w, src)->kind == TS_NH_LOCAL)
		return c->src_own;
	for (unsigned i = 0; i < s->n_sixrd; i++)
		if (ts_prefix6_contains(&s->sixrd[i].map.prefix, src))
			return c->src_6rd;
	for (unsigned i = 0; i < s->n_isatap; i++)
		if (ts_prefix6_contains(&s->isatap[i].prefix, src))
			return c->src_isatap;
	return -1;
}

/* O20, S24; the counter, or -1. */
static int
encap_refused(struct ts_worker *w, const struct rte_ipv6_hdr *ip, rte_be32_t dst, const struct ts_encap_counters *c)
{
	int reason = foreign_source(w, ip->src_addr, c);

	if (unlikely(reason >= 0))
		return reason;
	if (denied(w, ip->src_addr))
		return c->src_denied;
	if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_SITE], dst, w->now))
		return c->site_limited;
	if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_NATIVE], ts_prefix64(ip->src_addr), w->now))
		return c->prefix_limited;
	return -1;
}

bool
ts_encap_admit(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t dst, bool handed,
	const struct ts_encap_counters *c)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int reason = handed ? -1 : encap_refused(w, ip, dst, c);
	uint32_t mtu = mtu_to(w, t, dst);

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	if (unlikely(ip->hop_limits <= 1 && !handed)) {
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &c->error);
		return false;
	}
	if (unlikely(rte_pktmbuf_pkt_len(m) > mtu)) {
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, mtu, &c->error);
		return false;
	}
	return true;
}

static void
clamp_mss(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t)
{
	if (unlikely(t->clamp_mss) && ts_mss_clamp(rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m), t->mtu))
		ts_count(w, TS_C_mss_clamped);
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
	ts_ipv4_write(ip4, traffic_class & t->tos_mask, inner_len + TS_IPV4_HDR_LEN, ts_ip_id(w, dst),
		frag_off_to(w, t, dst), t->ttl, IPPROTO_IPV6, src, dst);
	w->counters[c->packets]++;
	w->counters[c->bytes] += inner_len;
	return true;
}

void
ts_encap_step(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, int ecn)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *);

	ip6[7]--;
	ts_write_ecn(ip6, ecn);
	clamp_mss(w, m, t);
}

bool
ts_encap_begin(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, const struct ts_nexthop *nh, int ecn,
	const struct ts_encap_counters *c, const struct ts_adjacency **adj)
{
	*adj = ts_adjacency_of(w, nh, m);
	if (unlikely(*adj == NULL && nh->kind != TS_NH_GLEAN)) {
		ts_icmp6_error_route(w, m, nh->kind, c->blackhole, &c->error);
		return false;
	}
	ts_encap_step(w, m, t, ecn);
	return true;
}

void
ts_encap_end(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, const struct ts_adjacency *adj)
{
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV4));
}

void
ts_encap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src, rte_be32_t dst,
	const struct ts_nexthop *nh, int ecn, const struct ts_encap_counters *c)
{
	const struct ts_adjacency *adj;

	if (likely(ts_encap_begin(w, m, t, nh, ecn, c, &adj)) && likely(put_outer(w, m, t, src, dst, c)))
		ts_encap_end(w, m, nh, adj);
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
ts_decap_admit(struct ts_worker *w, struct rte_mbuf *m, const struct ts_outer *outer, unsigned skip,
	const struct ts_decap_counters *c)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int ecn = ts_ecn_decap(((const uint8_t *)ip)[1] >> 4, outer->ecn);

	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->dst_addr, skip))
		ts_drop(w, m, c->loop_dst);
	else if (ts_refused_rh0(w, m))
		ts_drop(w, m, c->rh0);
	else if (ecn < 0)
		ts_drop(w, m, c->ecn);
	else if (denied(w, ip->dst_addr))
		ts_drop(w, m, c->dst_denied);
	else if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_SITE], outer->src, w->now))
		ts_drop(w, m, c->site_limited);
	else if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_NATIVE], ts_prefix64(ip->dst_addr), w->now))
		ts_drop(w, m, c->prefix_limited);
	else if (unlikely(ip->hop_limits <= 1))
		ts_icmp6_error(w, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0, &c->error);
	else
		return ecn;
	return -1;
}

/* S19; G43 makes a packet too big for its link an error back into the tunnel. */
static void
natively(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, int ecn, const struct ts_tunnel *t,
	const struct ts_decap_counters *c)
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
	ts_write_ecn(ip6, ecn);
	clamp_mss(w, m, t);
	ip6[7]--;
	w->counters[c->packets]++;
	w->counters[c->bytes] += rte_pktmbuf_pkt_len(m);
	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV6));
	else
		ts_output_glean(w, m, nh->iface, RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

/* The mechanism whose tunnel the next hop is, or -1. */
static int
tunnel_of(const struct ts_nexthop *nh)
{
	switch (nh->kind) {
	case TS_NH_6TO4:
		return TS_MECH_6TO4;
	case TS_NH_6RD:
		return TS_MECH_6RD;
	case TS_NH_ISATAP:
		return TS_MECH_ISATAP;
	case TS_NH_TEREDO:
		return TS_MECH_TEREDO;
	default:
		return -1;
	}
}

static void
hand_over(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, enum ts_mechanism to, int ecn)
{
	const struct ts_services *s = w->tables->services;

	switch (to) {
	case TS_MECH_6TO4:
		ts_6to4_encap_handed(w, m, ecn);
		break;
	case TS_MECH_6RD:
		ts_6rd_encap_handed(w, m, &s->sixrd[nh->domain], ecn);
		break;
	case TS_MECH_ISATAP:
		ts_isatap_encap_handed(w, m, &s->isatap[nh->domain], ecn);
		break;
	default:
		ts_teredo_encap_handed(w, m, ecn);
	}
}

void
ts_decap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, int ecn, enum ts_mechanism from,
	const struct ts_tunnel *t, const struct ts_decap_counters *c)
{
	int to = tunnel_of(nh);

	if (likely(to < 0)) {
		natively(w, m, nh, ecn, t, c);
		return;
	}
	if (!w->tables->services->handover[from][to]) {
		ts_drop(w, m, c->hairpin);
		return;
	}
	w->counters[c->packets]++;
	w->counters[c->bytes] += rte_pktmbuf_pkt_len(m);
	hand_over(w, m, nh, (enum ts_mechanism)to, ecn);
}
