/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay's outer headers (protocols.md T8, F8; RFC 4380 5.4.1): IPv4 and UDP, from the service address and
 * port to a client's mapping.
 *
 * The UDP checksum covers the whole packet, but is not computed over it where a transport checksum is directly behind
 * the IPv6 header: what that one covers sums, by its own definition, to the complement of its pseudo header. The
 * addresses then cancel, and what is left of the IPv6 packet are its first eight bytes and the next header. A packet
 * that was damaged before it got here keeps a wrong checksum, now an outer one.
 */
#include "relay.h"

#include <rte_udp.h>

#include "outer4.h"

static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* One's complement sum of the IPv6 packet at `m`, not inverted. */
static uint32_t
inner_sum(const struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	uint16_t words[4];

	if (unlikely(!ts_relay_has_whole_checksum(m, ip)))
		return ts_cksum_payload(m, 0, rte_pktmbuf_pkt_len(m));
	memcpy(words, ip, sizeof(words));
	return (uint32_t)words[0] + words[1] + words[3] + (uint16_t)~rte_cpu_to_be_16(ip->proto);
}

/* `sum`: of what follows the UDP header. */
static bool
put_headers(struct ts_worker *w, struct rte_mbuf *m, uint8_t ttl, rte_be32_t src, rte_be16_t src_port, rte_be32_t dst,
	rte_be16_t dst_port, uint32_t sum)
{
	uint16_t len = (uint16_t)(rte_pktmbuf_pkt_len(m) + TS_UDP_HDR_LEN);
	struct rte_ipv4_hdr *ip = (void *)rte_pktmbuf_prepend(m, TS_TEREDO_OUTER_LEN);
	struct rte_udp_hdr *udp;
	uint16_t cksum;

	if (unlikely(ip == NULL)) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return false;
	}
	udp = (void *)(ip + 1);
	/* The length counts twice: in the pseudo header and in the UDP header. */
	sum += (src & 0xffff) + (src >> 16) + (dst & 0xffff) + (dst >> 16) + RTE_BE16(IPPROTO_UDP) +
		2u * rte_cpu_to_be_16(len) + src_port + dst_port;
	cksum = (uint16_t)~fold(sum);
	udp->src_port = src_port;
	udp->dst_port = dst_port;
	udp->dgram_len = rte_cpu_to_be_16(len);
	udp->dgram_cksum = cksum != 0 ? cksum : 0xffff;
	ts_ipv4_write(ip, 0, (uint16_t)(len + TS_IPV4_HDR_LEN), ts_ip_id(w, dst), 0, ttl, IPPROTO_UDP, src, dst);
	return true;
}

bool
ts_udp4_put(struct ts_worker *w, struct rte_mbuf *m, uint8_t ttl, rte_be32_t src, rte_be16_t src_port, rte_be32_t dst,
	rte_be16_t dst_port)
{
	uint32_t sum = ts_cksum_payload(m, 0, rte_pktmbuf_pkt_len(m));

	return put_headers(w, m, ttl, src, src_port, dst, dst_port, sum);
}

bool
ts_relay_put_outer(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t dst, rte_be16_t port)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint32_t inner_len = rte_pktmbuf_pkt_len(m);

	if (!put_headers(w, m, r->t.ttl, r->t.src, r->port, dst, port, inner_sum(m)))
		return false;
	ts_count(w, TS_C_teredo_encap_packets);
	w->counters[TS_C_teredo_encap_bytes] += inner_len;
	return true;
}

void
ts_relay_forward(
	struct ts_worker *w, struct rte_mbuf *m, rte_be32_t dst, rte_be16_t port, const struct ts_nexthop *nh, int ecn)
{
	const struct ts_adjacency *adj;

	if (likely(ts_encap_begin(w, m, &ts_relay(w)->t, nh, ecn, &ts_teredo_encap_counters, &adj)) &&
		likely(ts_relay_put_outer(w, m, dst, port)))
		ts_encap_end(w, m, nh, adj);
}
