/* SPDX-License-Identifier: BSD-3-Clause */
/* For vector stations that send a burst: most of it leaves by one port, and counts once. */
#ifndef TS_VEC_SEND_H
#define TS_VEC_SEND_H

#include <limits.h>

#include "worker_priv.h"

/* The neighbour, if sending to it takes no more than an Ethernet header. */
static inline const struct ts_adjacency *
ts_vec_plain_neighbour(const struct ts_worker *w, const struct ts_nexthop *nh, uint32_t len)
{
	const struct ts_adjacency *adj = &w->tables->adjacencies[nh->slots[0]];

	if (unlikely(nh->kind != TS_NH_ADJACENCY || nh->n_slots != 1))
		return NULL;
	return likely(adj->resolved && adj->l2_len == RTE_ETHER_HDR_LEN && len <= adj->mtu) ? adj : NULL;
}

/* Of a burst, so far. `port` begins as UINT_MAX. */
struct ts_vec_sent {
	uint64_t packets, bytes; /* as the lane counts them */
	unsigned port;		 /* that the last one went to */
	struct ts_tx_buffer *buffer;
};

static inline void
ts_vec_enqueue(struct ts_worker *w, struct ts_vec_sent *sent, unsigned port, struct rte_mbuf *m)
{
	struct ts_tx_buffer *b = sent->buffer;

	if (unlikely(port != sent->port)) {
		sent->port = port;
		sent->buffer = b = &w->tx[port];
		w->tx_pending |= 1u << port;
	}
	b->pkt[b->n++] = m;
	if (unlikely(b->n == TS_BURST_MAX))
		ts_tx_flush_port(w, (uint16_t)port);
}

#endif
