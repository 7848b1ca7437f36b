/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv4 echo to the box's own addresses, and port unreachable so that a traceroute to a service address ends visibly
 * (protocols.md G60, G61; to martians neither, G51; RFC 1812 4.3.3). Whole datagrams only.
 */
#include "outer4.h"
#include "tunnel.h"

#define ICMP4_HDR_LEN 8
#define ICMP4_UNREACHABLE 3
#define ICMP4_PORT_UNREACHABLE 3
#define QUOTE_MAX (576 - TS_IPV4_HDR_LEN - ICMP4_HDR_LEN) /* RFC 1812 4.3.2.3 */
#define LOCAL_TTL 64

/* Access lists are about tunnels. Private space is legitimate where the address asked is that of 6rd or ISATAP (G15).
 */
bool
ts_answerable(const struct ts_worker *w, const struct rte_ipv4_hdr *ip)
{
	const struct ts_services *s = w->tables->services;
	enum ts_policy_verdict v = ts_source_policy_check(s->policy, ip->src_addr);
	uint8_t asked;

	if (v == TS_POLICY_OK || v == TS_POLICY_DENIED)
		return true;
	asked = ts_lookup4(w, ip->dst_addr)->proto41;
	return (asked == TS_PROTO41_6RD || asked == TS_PROTO41_ISATAP) &&
		ts_source_policy_check(s->managed, ip->src_addr) == TS_POLICY_OK;
}

static void
echo_reply(struct ts_worker *w, struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, uint32_t ihl,
	const struct ts_nexthop *back)
{
	rte_be32_t src = ip->dst_addr, dst = ip->src_addr;
	struct rte_ipv4_hdr *reply;
	struct rte_icmp_hdr *icmp;

	/* The reply has no options: its header stands where the request's ended. */
	reply = (void *)rte_pktmbuf_adj(m, (uint16_t)(ihl - TS_IPV4_HDR_LEN));
	ts_ipv4_write(
		reply, 0, (uint16_t)rte_pktmbuf_pkt_len(m), ts_ip_id(w, dst), 0, LOCAL_TTL, IPPROTO_ICMP, src, dst);
	icmp = (void *)(reply + 1);
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	/* RFC 1624: the type went down by eight, in the high byte. */
	uint32_t sum = (uint16_t)~icmp->icmp_cksum + (uint16_t)~RTE_BE16(0x0800);

	sum = (sum & 0xffff) + (sum >> 16);
	icmp->icmp_cksum = (uint16_t)~sum;
	/* RFC 1624 3: the difference cannot tell a message of zeros from one that sums to all ones. */
	if (unlikely(icmp->icmp_cksum == 0))
		icmp->icmp_cksum = (uint16_t)~ts_cksum_payload(
			m, TS_IPV4_HDR_LEN, rte_pktmbuf_pkt_len(m) - TS_IPV4_HDR_LEN);
	ts_count(w, TS_C_echo4_replies);
	ts_originate4_by(w, m, back);
}

static void
icmp(struct ts_worker *w, struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, const struct ts_nexthop *back)
{
	uint32_t ihl = ts_ipv4_ihl(ip), len = rte_pktmbuf_pkt_len(m) - ihl;
	const struct rte_icmp_hdr *h = rte_pktmbuf_mtod_offset(m, const struct rte_icmp_hdr *, ihl);

	if (len < ICMP4_HDR_LEN || ts_cksum_payload(m, ihl, len) != 0xffff)
		ts_drop(w, m, TS_C_drop_ip4_local_icmp4_csum);
	else if (h->icmp_type != RTE_IP_ICMP_ECHO_REQUEST || h->icmp_code != 0)
		ts_icmp4_error(w, m);
	else if (!ts_answerable(w, ip))
		ts_drop(w, m, TS_C_drop_ip4_local_icmp4_echo);
	else if (!ts_token_bucket_take(&w->limits[TS_LIMIT_ECHO4], w->now))
		ts_drop(w, m, TS_C_drop_ip4_local_echo_limited);
	else
		echo_reply(w, m, ip, ihl, back);
}

static void
make_unreachable(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t src, rte_be32_t dst)
{
	struct rte_ipv4_hdr *ip;
	struct rte_icmp_hdr *h;

	if (rte_pktmbuf_pkt_len(m) > QUOTE_MAX)
		ts_trim(m, QUOTE_MAX);
	ip = (void *)rte_pktmbuf_prepend(m, TS_IPV4_HDR_LEN + ICMP4_HDR_LEN);
	if (ip == NULL) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return;
	}
	ts_ipv4_write(ip, 0, (uint16_t)rte_pktmbuf_pkt_len(m), ts_ip_id(w, dst), 0, LOCAL_TTL, IPPROTO_ICMP, src, dst);
	h = (void *)(ip + 1);
	memset(h, 0, ICMP4_HDR_LEN);
	h->icmp_type = ICMP4_UNREACHABLE;
	h->icmp_code = ICMP4_PORT_UNREACHABLE;
	h->icmp_cksum = (uint16_t)~ts_cksum_payload(m, TS_IPV4_HDR_LEN, rte_pktmbuf_pkt_len(m) - TS_IPV4_HDR_LEN);
	ts_count(w, TS_C_icmp4_unreachable_sent);
	ts_originate4(w, m);
}

static void
closed_port(struct ts_worker *w, struct rte_mbuf *m, const struct rte_ipv4_hdr *ip)
{
	if (!ts_answerable(w, ip))
		ts_drop(w, m, TS_C_drop_ip4_local_src_martian);
	else if (!ts_token_bucket_take(&w->limits[TS_LIMIT_ICMP4_UNREACHABLE], w->now))
		ts_drop(w, m,
			w->conf.limits.box[TS_LIMIT_ICMP4_UNREACHABLE].per_second == 0
				? TS_C_drop_ip4_rx_no_tunnel
				: TS_C_drop_ip4_local_unreachable_limited);
	else
		make_unreachable(w, m, ip->dst_addr, ip->src_addr);
}

/* What is answered goes back to its source: looked up for all of them at once. */
void
ts_local4(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_source_policy *policy = w->tables->services->policy;
	uint32_t src[TS_BURST_MAX], nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < in->n; i++) {
		rte_be32_t v4 = rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv4_hdr *)->src_addr;

		ts_source_policy_prefetch(policy, v4);
		src[i] = rte_be_to_cpu_32(v4);
	}
	ts_fib4_lookup_bulk(w->tables->fib4, src, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);

		if (ip->next_proto_id == IPPROTO_ICMP)
			icmp(w, m, ip, ts_nexthop(w, nh[i]));
		else
			closed_port(w, m, ip);
	}
}
