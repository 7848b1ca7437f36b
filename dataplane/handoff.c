/* SPDX-License-Identifier: BSD-3-Clause */
/* Between workers: one ring per ordered pair, so that each has one producer and one consumer (decisions.md 12). */
#include "worker_priv.h"

void
ts_handoff(struct ts_worker *w, unsigned owner, struct rte_mbuf *m, uint16_t iface)
{
	struct ts_handoff h = {.packet = m, .iface = iface};

	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_HANDED_OVER, m);
	if (rte_ring_enqueue_elem(w->handoff_out[owner], &h, sizeof(h)) == 0)
		ts_count(w, TS_C_handed_off_packets);
	else
		ts_drop(w, m, TS_C_drop_ip4_rx_handoff_full);
}

static void
take_from(struct ts_worker *w, struct rte_ring *ring)
{
	struct ts_handoff h[TS_BURST_MAX];
	struct ts_lanes lanes;
	unsigned n = rte_ring_dequeue_burst_elem(ring, h, sizeof(h[0]), TS_BURST_MAX, NULL);

	if (n == 0)
		return;
	ts_lanes_init(&lanes);
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *whole = ts_reassemble_handed(w, h[i].packet);

		if (whole != NULL)
			ts_classify4_one(w, whole, (uint16_t)h[i].iface, &lanes);
	}
	ts_lanes_run(w, &lanes);
}

void
ts_handoff_take(struct ts_worker *w)
{
	for (unsigned from = 0; from < w->conf.n_workers; from++)
		if (w->handoff_in[from] != NULL)
			take_from(w, w->handoff_in[from]);
}
