/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6 echo to the box's own addresses (protocols.md G58, G61, S20 to S22; RFC 4443 4.1, 4.2): answered here, from
 * the address asked, whatever the hop limit of the request, within a bucket of its own.
 */
#include "relay.h"

#include <netinet/icmp6.h>

/* Behind an Ethernet header nothing is aligned to more than two bytes. */
struct echo_hdr {
	uint8_t type, code;
	uint16_t cksum;
	uint16_t identifier, sequence;
} __rte_packed __rte_aligned(2);

static bool
valid_echo_request(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	const struct echo_hdr *icmp = (const void *)(ip + 1);
	uint32_t len = rte_be_to_cpu_16(ip->payload_len);

	if (ip->proto != IPPROTO_ICMPV6 || len < sizeof(*icmp) ||
		rte_pktmbuf_data_len(m) < TS_IPV6_HDR_LEN + sizeof(*icmp))
		return false;
	if (icmp->type != ICMP6_ECHO_REQUEST || icmp->code != 0)
		return false;
	return ts_icmp6_sum(m) == 0xffff;
}

static void
turn_round(struct ts_worker *w, struct rte_mbuf *m)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	struct echo_hdr *icmp = (void *)(ip + 1);
	uint8_t asked[16];

	memcpy(asked, ip->dst_addr, 16);
	memcpy(ip->dst_addr, ip->src_addr, 16);
	memcpy(ip->src_addr, asked, 16);
	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->hop_limits = w->tables->services->hop_limit;
	icmp->type = ICMP6_ECHO_REPLY;
	/* RFC 1624: the type went up by one, in the high byte; the addresses' sum is the same. */
	uint32_t sum = (uint16_t)~icmp->cksum + RTE_BE16(0x0100);

	sum = (sum & 0xffff) + (sum >> 16);
	icmp->cksum = (uint16_t)~sum;
	ts_count(w, TS_C_echo6_replies);
}

/* X4, T13: an address of the cookie prefix is the box's for whom it was made for alone. */
static bool
foreign_cookie(const struct ts_worker *w, const struct rte_ipv6_hdr *ip)
{
	const struct ts_teredo_relay *r = ts_relay(w);

	return unlikely(r->cookies) && memcmp(ip->dst_addr, r->bubble_source, 8) == 0 &&
		!ts_relay_cookie_valid(w, ip->dst_addr, ip->src_addr);
}

bool
ts_local6_make_reply(struct ts_worker *w, struct rte_mbuf *m, enum ts_counter not_echo)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);

	if (!valid_echo_request(m, ip)) {
		ts_drop(w, m, not_echo);
		return false;
	}
	if (foreign_cookie(w, ip)) {
		ts_drop(w, m, TS_C_drop_ip6_local_cookie);
		return false;
	}
	if (!ts_token_bucket_take(&w->limits[TS_LIMIT_ECHO6], w->now)) {
		ts_drop(w, m, TS_C_drop_ip6_local_echo_limited);
		return false;
	}
	turn_round(w, m);
	return true;
}

void
ts_local6_tunnelled(struct ts_worker *w, struct rte_mbuf *m, enum ts_counter not_echo)
{
	if (ts_local6_make_reply(w, m, not_echo))
		ts_originate6(w, m);
}

/* R6, I5, O20: addresses of a domain or a site cannot come from outside. `nh`: the source's. The counter, or -1. */
static int
refused_source(const uint8_t src[16], const struct ts_nexthop *nh)
{
	if (ts_ipv6_addr_refused(src))
		return TS_C_drop_ip6_local_v6_src_invalid;
	switch (nh->kind) {
	case TS_NH_6RD:
		return TS_C_drop_ip6_local_src_6rd;
	case TS_NH_ISATAP:
		return TS_C_drop_ip6_local_src_isatap;
	case TS_NH_LOCAL:
		return TS_C_drop_ip6_local_src_own;
	default:
		return -1;
	}
}

/* The source is where the reply goes: one lookup serves both. */
void
ts_local6(struct ts_worker *w, struct ts_vec *in)
{
	uint8_t src[TS_BURST_MAX][16];
	uint32_t nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++)
		memcpy(src[i], rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv6_hdr *)->src_addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, src, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		const struct ts_nexthop *hop = ts_nexthop(w, nh[i]);
		int reason = refused_source(src[i], hop);

		if (reason >= 0)
			ts_drop(w, in->pkt[i], (enum ts_counter)reason);
		else if (ts_local6_make_reply(w, in->pkt[i], TS_C_drop_ip6_local_local_not_echo))
			ts_originate6_by(w, in->pkt[i], hop);
	}
}
