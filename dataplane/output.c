/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From next hop to wire: adjacency, Ethernet header, transmit buffer. Buffers are flushed when full and at the end of
 * every turn; what a port refuses is freed and counted, never waited for.
 */
#include "worker_priv.h"

#include <rte_jhash.h>

/*
 * Addresses and flow label or ports of the packet as it is forwarded; used only where a next hop has several slots. A
 * NIC's RSS hash says the same for less, software ports have none (decisions.md 10).
 */
static uint32_t
flow_hash(const struct ts_worker *w, const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct rte_ipv6_hdr *ip6 = (const void *)p;
	uint32_t words[9];

	if (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH)
		return m->hash.rss;
	if (p[0] >> 4 == 4)
		return rte_jhash(p + 12, 8, w->id_hash_key);
	memcpy(words, ip6->src_addr, 32);
	words[8] = ip6->vtc_flow & RTE_BE32(0x000fffff);
	return rte_jhash_32b(words, RTE_DIM(words), w->id_hash_key);
}

const struct ts_adjacency *
ts_adjacency_of(const struct ts_worker *w, const struct ts_nexthop *nh, struct rte_mbuf *m)
{
	unsigned slot = 0;

	if (unlikely(nh->kind != TS_NH_ADJACENCY))
		return NULL;
	if (unlikely(nh->n_slots > 1))
		slot = (unsigned)((uint64_t)flow_hash(w, m) * nh->n_slots >> 32);
	return &w->tables->adjacencies[nh->slots[slot]];
}

void
ts_output(struct ts_worker *w, struct rte_mbuf *m, const struct ts_adjacency *adj, rte_be16_t ethertype)
{
	char *l2;

	if (unlikely(!adj->resolved)) {
		if (adj->family == 0) {
			ts_probe_arrived(w, m);
			return;
		}
		ts_neigh_wait(w, m, adj->iface, adj->family, adj->addr, false);
		return;
	}
	/* Most ports would send the first buffer and lose the others. */
	if (unlikely(m->nb_segs > 1) && rte_pktmbuf_linearize(m) != 0 && !(w->conf.multi_seg_ports >> adj->port & 1)) {
		ts_drop(w, m, TS_C_drop_tx_segments);
		return;
	}
	if (unlikely(rte_pktmbuf_pkt_len(m) > adj->mtu)) {
		ts_drop(w, m, TS_C_drop_tx_too_big);
		return;
	}
	l2 = rte_pktmbuf_prepend(m, adj->l2_len);
	if (unlikely(l2 == NULL)) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return;
	}
	memcpy(l2, adj->l2, RTE_ETHER_HDR_LEN);
	if (unlikely(adj->l2_len > RTE_ETHER_HDR_LEN))
		memcpy(l2 + RTE_ETHER_HDR_LEN, adj->l2 + RTE_ETHER_HDR_LEN, adj->l2_len - RTE_ETHER_HDR_LEN);
	memcpy(l2 + adj->l2_len - sizeof(ethertype), &ethertype, sizeof(ethertype));
	ts_tx_enqueue(w, adj->port, m);
}

void
ts_output_glean(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, rte_be16_t ethertype)
{
	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		ts_neigh_wait(w, m, iface, AF_INET,
			(const uint8_t *)&rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->dst_addr, true);
	else
		ts_neigh_wait(w, m, iface, AF_INET6, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, true);
}

void
ts_tx_flush_port(struct ts_worker *w, uint16_t port)
{
	struct ts_tx_buffer *b = &w->tx[port];
	struct ts_port_counters *c = &w->ports[port];
	uint16_t sent;

	if (unlikely(w->observe != NULL))
		ts_observe_tx(w, port, b->pkt, b->n);
	sent = rte_eth_tx_burst(port, w->conf.tx_queue, b->pkt, b->n);
	for (uint16_t i = sent; i < b->n; i++) {
		ts_tx_uncount(w, b, port, b->pkt[i]);
		ts_drop(w, b->pkt[i], TS_C_drop_tx_refused);
	}
	c->tx_packets += sent;
	c->tx_bytes += b->bytes;
	c->tx_refused += b->n - sent;
	w->counters[TS_C_tx_packets] += sent;
	w->counters[TS_C_tx_bytes] += b->bytes;
	b->n = 0;
	b->bytes = 0;
}

void
ts_lag_turn(struct ts_worker *w)
{
	if (w->now < w->next_lag_turn)
		return;
	w->next_lag_turn = w->now + w->hz / 50;
	for (uint32_t ports = w->conf.lag_ports; ports != 0; ports &= ports - 1)
		rte_eth_tx_burst((uint16_t)__builtin_ctz(ports), w->conf.tx_queue, NULL, 0);
}

void
ts_tx_flush(struct ts_worker *w)
{
	while (w->tx_pending != 0) {
		uint16_t port = (uint16_t)__builtin_ctz(w->tx_pending);

		w->tx_pending &= w->tx_pending - 1;
		if (w->tx[port].n != 0)
			ts_tx_flush_port(w, port);
	}
}
