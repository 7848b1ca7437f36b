/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is an IPv4 packet for? Its destination has to be an address of the box, or it is dropped in silence (G4, G11,
 * O16); the next hop of that address knows which mechanism protocol 41 to it belongs to, and whether the kernel answers
 * the rest (host address) or we do (service address, decisions.md 2).
 */
#include "classify4.h"

#include <rte_udp.h>

#include "lib/teredo.h"

/* G5, G6; then the packet is cut to its total length. */
bool
ts_classify4_check(struct ts_worker *w, struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t total;

	switch (ts_ipv4_check(p, rte_pktmbuf_pkt_len(m), rte_pktmbuf_data_len(m))) {
	case TS_V4_OK:
		break;
	case TS_V4_HDR:
		ts_drop(w, m, TS_C_drop_ip4_rx_v4_hdr);
		return false;
	case TS_V4_CSUM:
		ts_drop(w, m, TS_C_drop_ip4_rx_v4_csum);
		return false;
	case TS_V4_SOURCE_ROUTE:
		ts_drop(w, m, TS_C_drop_ip4_rx_v4_source_route);
		return false;
	}
	total = rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)(const void *)p)->total_length);
	if (total != rte_pktmbuf_pkt_len(m))
		ts_trim(m, total);
	return true;
}

static bool
is_echo_request(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip)
{
	uint32_t ihl = ts_ipv4_ihl(ip);

	return ip->next_proto_id == IPPROTO_ICMP && !ts_ipv4_is_fragment(ip) && rte_pktmbuf_data_len(m) > ihl &&
		((const uint8_t *)ip)[ihl] == RTE_IP_ICMP_ECHO_REQUEST;
}

static void
to_host(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct rte_ipv4_hdr *ip, struct ts_vec *local)
{
	/* The operator's own network may well be numbered from private space: the kernel answers what we must not. */
	if (ip->next_proto_id == IPPROTO_ICMP && ts_icmp4_quotes_tunnel(w, m))
		ts_vec_add(local, m, iface);
	else if (is_echo_request(m, ip) && ts_answerable(w, ip))
		ts_vec_add(local, m, iface);
	else
		ts_punt(w, m, iface, RTE_BE16(RTE_ETHER_TYPE_IPV4));
}

static void
to_service(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct rte_ipv4_hdr *ip, struct ts_vec *local)
{
	if (ip->next_proto_id != IPPROTO_ICMP && ip->next_proto_id != IPPROTO_UDP && ip->next_proto_id != IPPROTO_TCP)
		ts_drop(w, m, TS_C_drop_ip4_rx_no_tunnel);
	else
		ts_vec_add(local, m, iface);
}

/* G3, V16: the port says whether it is for the Teredo server, the relay, or neither. */
static bool
to_teredo(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh, struct ts_lanes *out)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = ts_ipv4_ihl(ip);
	rte_be16_t port;

	if (rte_pktmbuf_data_len(m) < ihl + 4)
		return false;
	port = rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, ihl)->dst_port;
	if (nh->udp & TS_UDP_TEREDO_SERVER && port == RTE_BE16(TS_TEREDO_PORT))
		ts_vec_add(&out->teredo_server, m, iface);
	else if (nh->udp & TS_UDP_TEREDO_RELAY && port == w->tables->services->relay.port)
		ts_vec_add(&out->decap_teredo, m, iface);
	else
		return false;
	return true;
}

static void
to_local(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh, struct ts_lanes *out)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	bool tunnel = ip->next_proto_id == IPPROTO_IPV6 && nh->proto41 != TS_PROTO41_NONE;
	bool udp = ip->next_proto_id == IPPROTO_UDP && nh->udp != 0;

	/* The kernel reassembles what is its own; only the first fragment of a UDP datagram says whose it is. */
	if (unlikely(ts_ipv4_is_fragment(ip)) && (tunnel || udp || !nh->host)) {
		m = ts_reassemble(w, m, iface, nh);
		if (m == NULL)
			return;
		ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	}
	if (likely(tunnel))
		ts_classify4_to_lane(m, iface, nh, out);
	else if (udp && to_teredo(w, m, iface, nh, out))
		return;
	else if (nh->host)
		to_host(w, m, iface, ip, &out->local4);
	else
		to_service(w, m, iface, ip, &out->local4);
}

void
ts_classify4_one(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, struct ts_lanes *out)
{
	uint32_t dst = rte_be_to_cpu_32(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->dst_addr);
	const struct ts_nexthop *hop;
	uint32_t nh;

	ts_fib4_lookup_bulk(w->tables->fib4, &dst, &nh, 1);
	hop = ts_nexthop(w, nh);
	if (hop->kind == TS_NH_LOCAL)
		to_local(w, m, iface, hop, out);
	else
		ts_drop(w, m, TS_C_drop_ip4_rx_no_tunnel);
}

void
ts_classify4_by(
	struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *hop, struct ts_lanes *out)
{
	if (likely(hop->kind == TS_NH_LOCAL))
		to_local(w, m, iface, hop, out);
	else if (hop->kind == TS_NH_PUNT)
		ts_punt(w, m, iface, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	else
		ts_drop_stranger(w, m, iface, TS_C_drop_ip4_rx_no_tunnel);
}

void
ts_classify4(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out)
{
	uint32_t dst[TS_BURST_MAX];
	uint32_t nh[TS_BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!ts_classify4_check(w, m)))
			continue;
		dst[n] = rte_be_to_cpu_32(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->dst_addr);
		in->pkt[n] = m;
		in->iface[n++] = in->iface[i];
	}
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, n);

	for (uint16_t i = 0; i < n; i++)
		ts_classify4_by(w, in->pkt[i], in->iface[i], ts_nexthop(w, nh[i]), out);
}
