/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Teredo relay looks at before it asks who the peer is (protocols.md T17 to T19, F3, F7, F8; RFC 4380 5.4.2,
 * RFC 6081 4): addresses, UDP, shims, trailers, and whether the inner source says where the packet came from. What some
 * other UDP service was made to answer to the relay's port ends here, too (X9).
 */
#include "relay.h"
#include "rx_checksum.h"

int
ts_teredo_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	switch (ts_source_policy_check(w->tables->services->policy, src)) {
	case TS_POLICY_OK:
		return -1;
	case TS_POLICY_OWN:
		return TS_C_drop_teredo_decap_v4_src_own;
	case TS_POLICY_RELAY:
		return TS_C_drop_teredo_decap_v4_src_relay;
	case TS_POLICY_MARTIAN:
		return TS_C_drop_teredo_decap_v4_src_martian;
	case TS_POLICY_DENIED:
		break;
	}
	return TS_C_drop_teredo_decap_v4_src_denied;
}

bool
ts_udp4_checksum_good(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, uint32_t ihl)
{
	const struct rte_udp_hdr *udp = (const void *)((const uint8_t *)ip + ihl);
	uint32_t len = rte_be_to_cpu_16(udp->dgram_len), sum;

	if (ts_rx_udp_checksum_good(m) || udp->dgram_cksum == 0)
		return true;
	sum = ts_cksum_payload(m, ihl, len);
	sum += (ip->src_addr & 0xffff) + (ip->src_addr >> 16) + (ip->dst_addr & 0xffff) + (ip->dst_addr >> 16) +
		RTE_BE16(IPPROTO_UDP) + udp->dgram_len;
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16)) == 0xffff;
}

/* T17, F8. On success the packet ends with its UDP datagram. */
static int
refused_udp(struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, uint32_t ihl)
{
	const struct rte_udp_hdr *udp = (const void *)((const uint8_t *)ip + ihl);
	uint32_t have = rte_pktmbuf_pkt_len(m) - ihl, len;

	if (have < TS_UDP_HDR_LEN)
		return TS_C_drop_teredo_decap_udp_len;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (len < TS_UDP_HDR_LEN || len > have)
		return TS_C_drop_teredo_decap_udp_len;
	if (len < have)
		ts_trim(m, ihl + len);
	return ts_udp4_checksum_good(m, ip, ihl) ? -1 : TS_C_drop_teredo_decap_udp_csum;
}

static int
refused_inner(const struct rte_ipv6_hdr *inner, uint32_t len)
{
	if (len != 0 && *(const uint8_t *)inner == 0)
		return TS_C_drop_teredo_decap_shim_not_expected;
	switch (ts_decap_inner_check(inner, len)) {
	case TS_INNER_HDR:
		return TS_C_drop_teredo_decap_v6_hdr;
	case TS_INNER_LEN:
		return TS_C_drop_teredo_decap_v6_len;
	case TS_INNER_OK:
		break;
	}
	return -1;
}

/* F7. Hardly a packet has any. Of those that lie in several buffers only the beginning is read. */
static int
read_trailers(const struct rte_mbuf *m, const struct ts_relay_input *r, struct ts_teredo_trailers *out)
{
	uint32_t at = r->inner_at + TS_IPV6_HDR_LEN + rte_be_to_cpu_16(r->inner->payload_len);
	uint32_t len = rte_pktmbuf_pkt_len(m) - at;
	uint8_t copy[UINT8_MAX];

	out->nonce = false;
	if (likely(len == 0))
		return -1;
	if (at + len > rte_pktmbuf_data_len(m))
		len = RTE_MIN(len, (uint32_t)sizeof(copy));
	return ts_teredo_trailers(rte_pktmbuf_read(m, at, len, copy), len, out)
		? -1
		: TS_C_drop_teredo_decap_trailer_discard;
}

void
ts_relay_find_headers(const struct rte_mbuf *m, struct ts_relay_input *r)
{
	r->outer = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	r->inner_at = ts_ipv4_ihl(r->outer) + TS_UDP_HDR_LEN;
	r->inner = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, r->inner_at);
	r->udp = (const struct rte_udp_hdr *)(const void *)((const uint8_t *)r->inner - TS_UDP_HDR_LEN);
}

int
ts_relay_refused_input(const struct ts_worker *w, struct rte_mbuf *m, struct ts_relay_input *r)
{
	int reason;

	ts_relay_find_headers(m, r);
	reason = ts_teredo_refused_source(w, r->outer->src_addr);
	if (reason < 0)
		reason = refused_udp(m, r->outer, r->inner_at - TS_UDP_HDR_LEN);
	if (reason < 0)
		reason = refused_inner(r->inner, rte_pktmbuf_pkt_len(m) - r->inner_at);
	if (reason < 0)
		reason = read_trailers(m, r, &r->trailers);
	if (reason < 0 && !ts_is_teredo(r->inner->src_addr))
		reason = TS_C_drop_teredo_decap_src_not_teredo;
	if (reason < 0 && unlikely(!ts_relay_is_embedded(r)) && !ts_relay(w)->accept_mismatch)
		reason = TS_C_drop_teredo_decap_src_mismatch;
	return reason;
}
