/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Teredo server looks at before it knows what a datagram is for (protocols.md V2 to V4, V6, V7, F3, F4, F8;
 * RFC 4380 5.3.1), and where the inner source says that it came from.
 */
#include "teredo_server.h"

#include <rte_udp.h>

int
ts_teredo_server_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	switch (ts_source_policy_check(w->tables->services->policy, src)) {
	case TS_POLICY_OWN:
		return TS_C_drop_teredo_server_v4_src_own;
	case TS_POLICY_RELAY:
		return TS_C_drop_teredo_server_v4_src_relay;
	case TS_POLICY_MARTIAN:
		return TS_C_drop_teredo_server_v4_src_martian;
	case TS_POLICY_DENIED:
		return TS_C_drop_teredo_server_v4_src_denied;
	case TS_POLICY_OK:
		break;
	}
	return -1;
}

/* V4, V2, F8; on success the packet ends with its UDP datagram. The counter, or -1. */
static int
refused_datagram(const struct ts_worker *w, struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(ip), have = rte_pktmbuf_pkt_len(m) - ihl, len;
	int reason = ts_teredo_server_refused_source(w, ip->src_addr);

	if (reason >= 0)
		return reason;
	if (have < TS_UDP_HDR_LEN)
		return TS_C_drop_teredo_server_udp_len;
	len = rte_be_to_cpu_16(rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, ihl)->dgram_len);
	if (len < TS_UDP_HDR_LEN || len > have)
		return TS_C_drop_teredo_server_udp_len;
	if (len < have)
		ts_trim(m, ihl + len);
	if (!ts_udp4_checksum_good(m, ip, ihl))
		return TS_C_drop_teredo_server_udp_csum;
	/* An authentication may be longer than what parse has brought together. */
	return likely(m->nb_segs == 1 || rte_pktmbuf_linearize(m) == 0) ? -1 : TS_C_drop_l2_rx_segments;
}

/* V2, V3; the counter, or -1. `len` bytes of payload. */
static int
refused_payload(struct ts_server_input *p, uint32_t len)
{
	switch (ts_teredo_shims(p->payload, len, &p->shims)) {
	case TS_SHIMS_LEN:
		return TS_C_drop_teredo_server_shim_len;
	case TS_SHIMS_UNKNOWN:
		return TS_C_drop_teredo_server_shim_not_expected;
	case TS_SHIMS_OK:
		break;
	}
	if (p->shims.origin)
		return TS_C_drop_teredo_server_shim_not_expected;
	p->inner = (void *)(p->payload + p->shims.packet_at);
	len -= p->shims.packet_at;
	switch (ts_decap_inner_check(p->inner, len)) {
	case TS_INNER_HDR:
		return TS_C_drop_teredo_server_v6_hdr;
	case TS_INNER_LEN:
		return TS_C_drop_teredo_server_v6_len;
	case TS_INNER_OK:
		break;
	}
	p->inner_len = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(p->inner->payload_len);
	p->trailer_len = len - p->inner_len;
	if (p->inner->proto != IPPROTO_ICMPV6 && !ts_teredo_is_bubble((const uint8_t *)p->inner))
		return TS_C_drop_teredo_server_server_proto;
	return -1;
}

bool
ts_server_admit(struct ts_worker *w, struct rte_mbuf *m, struct ts_server_input *p)
{
	int reason = refused_datagram(w, m);

	if (likely(reason < 0)) {
		const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
		uint32_t at = ts_ipv4_ihl(ip) + TS_UDP_HDR_LEN;

		p->outer = ts_outer_of(ip);
		p->payload = rte_pktmbuf_mtod_offset(m, uint8_t *, at);
		memcpy(&p->port, p->payload - TS_UDP_HDR_LEN, sizeof(p->port));
		reason = refused_payload(p, rte_pktmbuf_pkt_len(m) - at);
	}
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return true;
}

int
ts_server_refused_inner_source(const struct ts_worker *w, const struct ts_server_input *p)
{
	const uint8_t *src = p->inner->src_addr, *dst = p->inner->dst_addr;

	if (ts_is_teredo(src))
		return ts_teredo_client(src) == p->outer.src && ts_teredo_port(src) == p->port
			? -1
			: TS_C_drop_teredo_server_src_mismatch;
	return ts_is_teredo(dst) && ts_teredo_server(dst) == ts_server(w)->address[0]
		? -1
		: TS_C_drop_teredo_server_server_not_ours;
}
