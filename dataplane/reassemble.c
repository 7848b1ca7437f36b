/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments for the box's addresses (protocols.md 2.4): handed to the one worker that owns their datagram, because NICs
 * spread them (G25), held there, and led back to classification as a whole packet. What is held counts as consumed.
 */
#include "rx_checksum.h"
#include "worker_priv.h"

/* Addresses and identification decide, so that all fragments of a datagram agree; the key is the same on all workers.
 */
static unsigned
owner_of(const struct ts_worker *w, const struct rte_ipv4_hdr *ip)
{
	uint64_t x = ((uint64_t)ip->src_addr << 32 | ip->dst_addr) ^ (uint64_t)ip->packet_id << 16;

	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)((x >> 32) * w->conf.n_workers >> 32);
}

/* Chain the pieces in order behind the first one's header, which then describes the whole. */
static struct rte_mbuf *
join(struct ts_worker *w, const struct ts_datagram *d)
{
	struct rte_mbuf *head = d->fragment[0];
	struct rte_ipv4_hdr *ip;

	for (unsigned i = 1; i < d->n; i++) {
		struct rte_mbuf *m = d->fragment[i];

		rte_pktmbuf_adj(m, (uint16_t)ts_ipv4_ihl(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)));
		if (rte_pktmbuf_chain(head, m) == 0)
			continue;
		for (unsigned k = i; k < d->n; k++)
			rte_pktmbuf_free(d->fragment[k]);
		ts_drop(w, head, TS_C_drop_l2_rx_segments);
		return NULL;
	}
	if (rte_pktmbuf_data_len(head) < TS_HEADERS_LINEAR && rte_pktmbuf_linearize(head) != 0) {
		ts_drop(w, head, TS_C_drop_l2_rx_segments);
		return NULL;
	}
	ip = rte_pktmbuf_mtod(head, struct rte_ipv4_hdr *);
	ip->type_of_service = (uint8_t)((ip->type_of_service & ~3) | d->ecn);
	ip->total_length = rte_cpu_to_be_16((uint16_t)rte_pktmbuf_pkt_len(head));
	ip->fragment_offset = 0;
	ts_rx_checksum_forget(head);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, ts_ipv4_ihl(ip));
	ts_count(w, TS_C_reassembled_packets);
	return head;
}

static void
fill(struct ts_fragment *f, struct rte_mbuf *m, const struct rte_ipv4_hdr *ip)
{
	uint16_t word = rte_be_to_cpu_16(ip->fragment_offset);

	*f = (struct ts_fragment){
		.src = ip->src_addr,
		.dst = ip->dst_addr,
		.id = ip->packet_id,
		.protocol = ip->next_proto_id,
		.ecn = ip->type_of_service & 3,
		.offset = (uint16_t)((word & RTE_IPV4_HDR_OFFSET_MASK) * 8),
		.len = (uint16_t)(rte_pktmbuf_pkt_len(m) - ts_ipv4_ihl(ip)),
		.more = (word & RTE_IPV4_HDR_MF_FLAG) != 0,
		.packet = m,
	};
}

static void
refuse(struct ts_worker *w, struct rte_mbuf *m, enum ts_reassembly_verdict v)
{
	static const enum ts_counter reason[] = {
		[TS_REASSEMBLY_ALIGN] = TS_C_drop_ip4_rx_frag_align,
		[TS_REASSEMBLY_OVERSIZE] = TS_C_drop_ip4_rx_frag_oversize,
		[TS_REASSEMBLY_OVERLAP] = TS_C_drop_ip4_rx_frag_overlap,
		[TS_REASSEMBLY_ECN_MIX] = TS_C_drop_ip4_rx_frag_ecn_mix,
		[TS_REASSEMBLY_LIMIT] = TS_C_drop_ip4_rx_frag_limit,
		[TS_REASSEMBLY_DUPLICATE] = TS_C_drop_ip4_rx_frag_duplicate,
	};

	ts_drop(w, m, reason[v]);
}

/* At the owner. Returns the whole packet when this was the last piece. */
static struct rte_mbuf *
add(struct ts_worker *w, struct rte_mbuf *m)
{
	struct ts_datagram done;
	struct ts_fragment f;
	enum ts_reassembly_verdict v;

	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_REASSEMBLE, m);
	fill(&f, m, rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *));
	v = ts_reassembly_add(w->reassembly, &f, w->now, &done);
	switch (v) {
	case TS_REASSEMBLY_COMPLETE:
		return join(w, &done);
	case TS_REASSEMBLY_HELD:
		ts_count(w, TS_C_consume_ip4_rx_incomplete);
		return NULL;
	default:
		refuse(w, m, v);
		return NULL;
	}
}

/* G7: what would be refused when it is whole must not fill the buffers. The counter, or -1. */
static int
refused_source(const struct ts_worker *w, const struct rte_ipv4_hdr *ip, const struct ts_nexthop *nh)
{
	if (ip->next_proto_id == IPPROTO_IPV6 && nh->proto41 == TS_PROTO41_6TO4)
		return ts_6to4_refused_source(w, ip->src_addr);
	if (ip->next_proto_id == IPPROTO_IPV6 && nh->proto41 == TS_PROTO41_6RD)
		return ts_6rd_refused_source(w, &w->tables->services->sixrd[nh->domain], ip->src_addr);
	if (ip->next_proto_id == IPPROTO_IPV6 && nh->proto41 == TS_PROTO41_ISATAP)
		return ts_isatap_refused_source(w, &w->tables->services->isatap[nh->domain], ip->src_addr);
	if (nh->host)
		return -1; /* UDP that may turn out to be the kernel's */
	if (ip->next_proto_id == IPPROTO_UDP && nh->udp & TS_UDP_TEREDO_RELAY)
		return ts_teredo_refused_source(w, ip->src_addr);
	if (ip->next_proto_id == IPPROTO_UDP && nh->udp & TS_UDP_TEREDO_SERVER)
		return ts_teredo_server_refused_source(w, ip->src_addr);
	if (!ts_answerable(w, ip))
		return TS_C_drop_ip4_local_src_martian;
	return -1;
}

struct rte_mbuf *
ts_reassemble(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	unsigned owner = owner_of(w, ip);
	int refused = refused_source(w, ip, nh);
	enum ts_reassembly_verdict v;
	struct ts_fragment f;

	fill(&f, m, ip);
	v = ts_reassembly_check(w->reassembly, &f);
	if (v == TS_REASSEMBLY_HELD && refused >= 0) {
		ts_drop(w, m, (enum ts_counter)refused);
		return NULL;
	}
	if (owner == w->conf.id)
		return add(w, m);
	ts_handoff(w, owner, m, iface);
	return NULL;
}

struct rte_mbuf *
ts_reassemble_handed(struct ts_worker *w, struct rte_mbuf *m)
{
	return add(w, m);
}
