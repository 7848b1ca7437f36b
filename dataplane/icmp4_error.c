/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv4 errors from inside a tunnel become ICMPv6 errors to the native sender (protocols.md G52 to G55; RFC 4213 3.4,
 * RFC 3056 7). No state: everything needed is quoted. That also serves errors about packets of another relay with the
 * same anycast source. The steps are those of G53, in its order.
 */
#include "relay.h"

#include <netinet/icmp6.h>

#define ICMP4_HDR_LEN 8
#define ICMP4_UNREACHABLE 3
#define ICMP4_SOURCE_ROUTE_FAILED 5
#define ICMP4_FRAG_NEEDED 4
#define ICMP4_TIME_EXCEEDED 11
#define MIN_IPV6_MTU 1280

static const struct ts_error_counters error_counters = {
	TS_C_drop_ip4_local_no_error_about_error,
	TS_C_drop_ip4_local_icmp6_limited,
};

/* What the error says, once it is understood. All pointers into the first segment. */
struct quotation {
	const uint8_t *icmp;
	uint32_t icmp_at; /* of the message in the packet */
	const struct rte_ipv4_hdr *outer;
	const struct rte_ipv6_hdr *inner;
	uint32_t inner_at, inner_len; /* in the packet; as much as is quoted of the inner packet */
	uint32_t overhead;	      /* bytes of outer headers */
};

static bool
translatable(const uint8_t *icmp)
{
	if (icmp[0] == ICMP4_UNREACHABLE)
		return icmp[1] != ICMP4_SOURCE_ROUTE_FAILED;
	return icmp[0] == ICMP4_TIME_EXCEEDED && icmp[1] == 0;
}

/* Steps 2 to 4; the counter, or -1. */
static int
read_quotation(const struct ts_worker *w, const struct rte_mbuf *m, struct quotation *q)
{
	uint32_t len = rte_pktmbuf_data_len(m) - q->icmp_at - ICMP4_HDR_LEN, outer_ihl;

	/* RFC 4884: an extension structure follows the quoted datagram, whose length is given. */
	if (q->icmp[5] != 0)
		len = RTE_MIN(len, q->icmp[5] * 4u);
	q->outer = (const void *)(q->icmp + ICMP4_HDR_LEN);
	if (len < TS_IPV4_HDR_LEN)
		return TS_C_drop_ip4_local_icmp4_short;
	outer_ihl = ts_ipv4_ihl(q->outer);
	if (q->outer->version_ihl >> 4 != 4 || outer_ihl < TS_IPV4_HDR_LEN ||
		(q->outer->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0 ||
		!ts_source_policy_own(w->tables->services->policy, q->outer->src_addr) ||
		(q->outer->next_proto_id != IPPROTO_IPV6 && q->outer->next_proto_id != IPPROTO_UDP))
		return TS_C_drop_ip4_local_icmp4_not_ours;
	if (q->outer->next_proto_id == IPPROTO_UDP)
		outer_ihl += TS_UDP_HDR_LEN;
	if (len < outer_ihl + TS_IPV6_HDR_LEN)
		return TS_C_drop_ip4_local_icmp4_short;
	q->overhead = q->outer->next_proto_id == IPPROTO_UDP ? TS_TEREDO_OUTER_LEN : TS_IPV4_HDR_LEN;
	q->inner_at = q->icmp_at + ICMP4_HDR_LEN + outer_ihl;
	q->inner_len = len - outer_ihl;
	q->inner = (const void *)((const uint8_t *)q->outer + outer_ihl);
	if (((const uint8_t *)q->inner)[0] >> 4 != 6)
		return TS_C_drop_ip4_local_icmp4_short;
	return -1;
}

/* The relay sends from its service port, and to clients alone: errors about bubbles, which went to a server, end here.
 */
static bool
is_relays(const struct ts_services *s, const struct quotation *q)
{
	const struct rte_udp_hdr *udp = (const void *)((const uint8_t *)q->inner - TS_UDP_HDR_LEN);
	const uint8_t *dst = q->inner->dst_addr;

	return s->relay.enabled && q->outer->src_addr == s->relay.t.src && udp->src_port == s->relay.port &&
		ts_is_teredo(dst) && ts_teredo_client(dst) == q->outer->dst_addr;
}

/* Does the inner destination map to the outer one by the mechanism of this own address? */
static bool
maps(const struct ts_services *s, const struct ts_nexthop *own, const struct quotation *q)
{
	const uint8_t *dst = q->inner->dst_addr;

	if (q->outer->next_proto_id == IPPROTO_UDP)
		return is_relays(s, q);
	switch (own->proto41) {
	case TS_PROTO41_6TO4:
		return ts_is_6to4(dst) && ts_6to4_v4(dst) == q->outer->dst_addr;
	case TS_PROTO41_6RD:
		return ts_prefix6_contains(&s->sixrd[own->domain].map.prefix, dst) &&
			ts_6rd_v4(&s->sixrd[own->domain].map, dst) == q->outer->dst_addr;
	case TS_PROTO41_ISATAP:
		return ts_prefix6_contains(&s->isatap[own->domain].prefix, dst) && ts_is_isatap_iid(dst) &&
			ts_isatap_v4(dst) == q->outer->dst_addr;
	default:
		return false;
	}
}

/* An address of the same mechanism cannot have been sent into the tunnel by the relay: it would have come out of it. */
static bool
of_mechanism(const struct ts_services *s, const struct ts_nexthop *own, const struct quotation *q)
{
	const uint8_t *src = q->inner->src_addr;

	if (q->outer->next_proto_id == IPPROTO_UDP)
		return ts_is_teredo(src);
	switch (own->proto41) {
	case TS_PROTO41_6RD:
		return ts_prefix6_contains(&s->sixrd[own->domain].map.prefix, src);
	case TS_PROTO41_ISATAP:
		return ts_prefix6_contains(&s->isatap[own->domain].prefix, src);
	default:
		return ts_is_6to4(src);
	}
}

/* Step 5: can the relay have sent this? Then its sender is told. */
static int
refused_quotation(const struct ts_worker *w, const struct quotation *q)
{
	const struct ts_nexthop *own = ts_lookup4(w, q->outer->src_addr);
	const struct ts_services *s = w->tables->services;

	if (own->kind != TS_NH_LOCAL || !maps(s, own, q))
		return TS_C_drop_ip4_local_icmp4_not_ours;
	if (ts_ipv6_addr_refused(q->inner->src_addr))
		return TS_C_drop_ip4_local_v6_src_invalid;
	if (of_mechanism(s, own, q) || ts_lookup6(w, q->inner->src_addr)->kind == TS_NH_LOCAL)
		return TS_C_drop_ip4_local_icmp4_not_ours;
	return -1;
}

/* Step 7 (RFC 1191 5, 7): bytes of IPv4 that the path can carry, from the router's word or from the quoted length. */
static uint32_t
path_mtu(const struct quotation *q)
{
	static const uint16_t plateaus[] = {65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};
	uint32_t mtu = (uint32_t)(q->icmp[6] << 8 | q->icmp[7]), total = rte_be_to_cpu_16(q->outer->total_length);

	for (unsigned i = 0; mtu == 0 && i < RTE_DIM(plateaus); i++)
		if (plateaus[i] < total)
			mtu = plateaus[i];
	return mtu;
}

/* The packet becomes the quoted inner one, as far as it is there (G54). */
static void
cut_to_inner(struct rte_mbuf *m, const struct quotation *q)
{
	uint32_t whole = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(q->inner->payload_len);
	uint32_t len = RTE_MIN(q->inner_len, whole);

	rte_pktmbuf_adj(m, (uint16_t)q->inner_at);
	ts_trim(m, len);
}

static void
answer(struct ts_worker *w, struct rte_mbuf *m, const struct quotation *q)
{
	bool too_big = q->icmp[0] == ICMP4_UNREACHABLE && q->icmp[1] == ICMP4_FRAG_NEEDED;
	uint32_t whole = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(q->inner->payload_len);
	uint32_t path = too_big ? path_mtu(q) : 0;
	uint32_t mtu = RTE_MAX(path, MIN_IPV6_MTU + q->overhead) - q->overhead;

	if (too_big)
		ts_path_mtu_learn(w, q->outer->dst_addr, path);

	if (!ts_icmp6_may_answer((const uint8_t *)q->inner, RTE_MIN(q->inner_len, whole), too_big)) {
		ts_drop(w, m, TS_C_drop_ip4_local_no_error_about_error);
		return;
	}
	if (too_big && whole <= mtu) {
		ts_drop(w, m, TS_C_drop_ip4_local_icmp4_no_ptb);
		return;
	}
	cut_to_inner(m, q);
	ts_count(w, TS_C_icmp4_errors_translated);
	if (too_big)
		ts_icmp6_error(w, m, ICMP6_PACKET_TOO_BIG, 0, mtu, &error_counters);
	else
		ts_icmp6_error(w, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, &error_counters);
}

/* G55: their sources cannot be filtered, so they are limited. */
static bool
within_limits(struct ts_worker *w, const struct rte_mbuf *m)
{
	rte_be32_t src = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->src_addr;

	return ts_prefix_limiter_take(&w->keyed[TS_KEYED_ICMP4_SOURCE], src, w->now) &&
		ts_token_bucket_take(&w->limits[TS_LIMIT_ICMP4_ERRORS], w->now);
}

void
ts_icmp4_error(struct ts_worker *w, struct rte_mbuf *m)
{
	struct quotation q = {.icmp_at = ts_ipv4_ihl(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *))};
	int reason;

	q.icmp = rte_pktmbuf_mtod_offset(m, const uint8_t *, q.icmp_at);
	if (!translatable(q.icmp)) {
		ts_drop(w, m, TS_C_drop_ip4_local_icmp4_ignored);
		return;
	}
	if (!within_limits(w, m)) {
		ts_drop(w, m, TS_C_drop_ip4_local_icmp4_limited);
		return;
	}
	reason = read_quotation(w, m, &q);
	if (reason < 0)
		reason = refused_quotation(w, &q);
	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else
		answer(w, m, &q);
}

/* `len` bytes behind a quoted IPv4 header without options can be read. */
static bool
is_from_relay(const struct ts_worker *w, const struct rte_ipv4_hdr *quoted, uint32_t len)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	const struct rte_udp_hdr *udp = (const void *)(quoted + 1);

	return r->enabled && quoted->next_proto_id == IPPROTO_UDP && quoted->src_addr == r->t.src &&
		len >= TS_UDP_HDR_LEN && udp->src_port == r->port;
}

bool
ts_icmp4_quotes_tunnel(const struct ts_worker *w, const struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(ip), need = ihl + ICMP4_HDR_LEN + TS_IPV4_HDR_LEN;
	const uint8_t *icmp = (const uint8_t *)ip + ihl;
	const struct rte_ipv4_hdr *quoted = (const void *)(icmp + ICMP4_HDR_LEN);

	if (ts_ipv4_is_fragment(ip) || rte_pktmbuf_data_len(m) < need || !translatable(icmp))
		return false;
	return quoted->next_proto_id == IPPROTO_IPV6 || is_from_relay(w, quoted, rte_pktmbuf_data_len(m) - need);
}
