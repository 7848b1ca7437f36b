/* SPDX-License-Identifier: BSD-3-Clause */
/* For vector stations that send a burst: most of it leaves by one port, and counts once. */
#ifndef TS_VEC_SEND_H
#define TS_VEC_SEND_H

#include <limits.h>

#include "worker_priv.h"

/* Whom each packet goes to if that is one neighbour. Bit per packet: it is, and an Ethernet header is all that it takes
 * for a packet of `len` + `more` bytes. */
static inline uint64_t
ts_vec_neighbours(const struct ts_worker *w, const uint32_t *nh, const uint32_t *len, uint32_t more, unsigned n,
	const struct ts_adjacency **adj)
{
	const struct ts_adjacency *all = w->tables->adjacencies;
	const uint16_t *alone = w->tables->alone;
	uint64_t fit = 0;

	for (unsigned i = n; i-- > 0;) { /* so that a bit is the comparison's carry */
		const struct ts_adjacency *a = &all[alone[nh[i]]];

		adj[i] = a;
		fit = fit + fit + (len[i] + more <= a->plain_mtu);
	}
	return fit;
}

/* Of a burst, so far. `port` begins as UINT_MAX. */
struct ts_vec_sent {
	uint64_t packets, bytes; /* as the lane counts them */
	unsigned port;		 /* that the last one went to */
	struct ts_tx_buffer *buffer;
};

static inline void
ts_vec_enqueue(struct ts_worker *w, struct ts_vec_sent *sent, uint16_t port, struct rte_mbuf *m)
{
	struct ts_tx_buffer *b = sent->buffer;

	if (unlikely(port != sent->port)) {
		sent->port = port;
		sent->buffer = b = &w->tx[port];
		w->tx_pending |= 1u << port;
	}
	ts_tx_count(w, b, port, m);
	b->pkt[b->n++] = m;
	if (unlikely(b->n == TS_BURST_MAX))
		ts_tx_flush_port(w, port);
}

/* Eight, each to its neighbour. */
static inline void
ts_vec_enqueue8(struct ts_worker *w, struct ts_vec_sent *sent, const struct ts_adjacency *const adj[8],
	struct rte_mbuf *const m[8])
{
	struct ts_tx_buffer *b;
	unsigned differ = 0;

	for (unsigned i = 1; i < 8; i++)
		differ |= adj[0]->port ^ adj[i]->port;
	if (unlikely(differ != 0 || adj[0]->port != sent->port || sent->buffer->n > TS_BURST_MAX - 8)) {
		for (unsigned i = 0; i < 8; i++)
			ts_vec_enqueue(w, sent, adj[i]->port, m[i]);
		return;
	}
	b = sent->buffer;
	for (unsigned i = 0; i < 8; i++)
		ts_tx_count(w, b, adj[0]->port, m[i]);
	memcpy(&b->pkt[b->n], m, 8 * sizeof(m[0]));
	b->n += 8;
	if (unlikely(b->n == TS_BURST_MAX))
		ts_tx_flush_port(w, adj[0]->port);
}

#endif
