/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of a packet, on one page:
 *
 *   rx burst -> parse -> classify (a route lookup) -> lane -> route -> rewrite -> tx burst
 *                  |         |                          |
 *                  |         +-> local (echo)           +-> ICMPv6 error -> originate -> route
 *                  |         +-> reassemble -> classify, on the worker that owns the datagram
 *                  +-> punt -> twin
 *
 * All packets of a burst go through a station together, then through the next: a station is a loop over a vector of
 * packets, and its vector version can take its place. One version of the tables serves the whole turn.
 */
#include "worker_priv.h"

void
ts_lanes_init(struct ts_lanes *l)
{
	l->encap_6to4.n = l->encap_6rd.n = l->encap_isatap.n = l->encap_teredo.n = 0;
	l->decap_6to4.n = l->decap_6rd.n = l->decap_isatap.n = l->decap_teredo.n = 0;
	l->teredo_server.n = 0;
	l->local4.n = l->local6.n = 0;
}

/* Of the IPv6 packets, as lanes are given them: outer headers count off, options of theirs do not. */
static void
note_sizes(struct ts_worker *w, enum ts_station station, const struct ts_vec *v)
{
	unsigned lane = station - TS_STATION_6TO4_ENCAP, mech = lane / TS_N_DIRECTIONS, way = lane % TS_N_DIRECTIONS;
	uint32_t outer = way == TS_ENCAP ? 0 : mech == TS_MECH_TEREDO ? TS_IPV4_HDR_LEN + 8 : TS_IPV4_HDR_LEN;

	for (uint16_t i = 0; mech < TS_N_MECHS && i < v->n; i++) {
		uint32_t len = rte_pktmbuf_pkt_len(v->pkt[i]);

		ts_histogram_add(
			&w->histograms.size[mech][way], TS_HISTOGRAM_SIZE_SHIFT, len > outer ? len - outer : 0);
	}
}

static void
run(struct ts_worker *w, enum ts_station station, ts_lane_fn lane, struct ts_vec *v)
{
	if (v->n == 0)
		return;
	if (unlikely(w->observe != NULL))
		ts_observe_lane(w, station, v);
	if (unlikely(w->loops % TS_SIZES_EVERY == 0))
		note_sizes(w, station, v);
	lane(w, v);
}

void
ts_lanes_run(struct ts_worker *w, struct ts_lanes *l)
{
	const struct ts_stations *s = w->stations;

	run(w, TS_STATION_6TO4_ENCAP, s->encap_6to4, &l->encap_6to4);
	run(w, TS_STATION_6TO4_DECAP, s->decap_6to4, &l->decap_6to4);
	run(w, TS_STATION_6RD_ENCAP, s->encap_6rd, &l->encap_6rd);
	run(w, TS_STATION_6RD_DECAP, s->decap_6rd, &l->decap_6rd);
	run(w, TS_STATION_ISATAP_ENCAP, s->encap_isatap, &l->encap_isatap);
	run(w, TS_STATION_ISATAP_DECAP, s->decap_isatap, &l->decap_isatap);
	run(w, TS_STATION_TEREDO_ENCAP, s->encap_teredo, &l->encap_teredo);
	run(w, TS_STATION_TEREDO_DECAP, s->decap_teredo, &l->decap_teredo);
	run(w, TS_STATION_TEREDO_SERVER, s->teredo_server, &l->teredo_server);
	run(w, TS_STATION_LOCAL4, s->local4, &l->local4);
	run(w, TS_STATION_LOCAL6, s->local6, &l->local6);
}

static void
packet_path(struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct ts_vec v4, v6;
	struct ts_lanes lanes;

	v4.n = v6.n = 0;
	ts_lanes_init(&lanes);
	w->stations->parse(w, port, pkts, n, &v4, &v6);
	if (v6.n != 0)
		w->stations->classify6(w, &v6, &lanes);
	if (v4.n != 0)
		w->stations->classify4(w, &v4, &lanes);
	ts_lanes_run(w, &lanes);
}

/* More than control has on the way at a time. */
#define PROBES_MAX 64

static void
observe(struct ts_worker *w, const struct ts_observe *what)
{
	w->observe = what;
	w->trace_left = what != NULL ? what->trace_packets : 0;
	w->trace_count = 0;
	w->sample_left = w->sample_pool = 0;
}

/*
 * After a pause there may be several versions of the tables: only the last one is sure to be there still, for nobody
 * waited for this worker meanwhile. So that one is taken, and before anything looks at tables.
 */
static void
take_commands(struct ts_worker *w)
{
	const struct ts_tables *newest = NULL;
	struct rte_mbuf *probes[PROBES_MAX];
	struct ts_command c;
	unsigned n_probes = 0;

	while (rte_ring_dequeue_elem(w->commands, &c, sizeof(c)) == 0) {
		if (c.type == TS_COMMAND_STOP)
			w->stop = true;
		else if (c.type == TS_COMMAND_LIMITS)
			ts_worker_set_limits(w, c.limits);
		else if (c.type == TS_COMMAND_OBSERVE)
			observe(w, c.observe);
		else if (c.type == TS_COMMAND_TABLES)
			newest = c.tables;
		else if (n_probes < PROBES_MAX)
			probes[n_probes++] = c.probe;
		else
			rte_pktmbuf_free(c.probe);
	}
	if (newest != NULL) {
		w->tables = newest;
		w->table_version = newest->version; /* whoever asks must not follow a pointer that may be freed */
		ts_neigh_new_tables(w);
	}
	for (unsigned i = 0; i < n_probes; i++)
		ts_probe_run(w, probes[i]);
}

unsigned
ts_worker_poll(struct ts_worker *w, uint64_t now)
{
	struct rte_mbuf *pkts[TS_BURST_MAX];
	unsigned received = 0;

	w->now = now;
	take_commands(w);
	if (w->tables == NULL)
		return 0;
	/* First, and sent before data fills the port's queue: sessions with neighbours live on it. */
	ts_inject(w);
	if (w->tx_pending != 0)
		ts_tx_flush(w);
	for (uint16_t i = 0; i < w->conf.n_rxq; i++) {
		uint16_t port = w->conf.rxq[i].port;
		uint16_t n = rte_eth_rx_burst(port, w->conf.rxq[i].queue, pkts, w->conf.burst);

		if (n == 0)
			continue;
		if (unlikely(w->observe != NULL))
			ts_observe_rx(w, port, pkts, n);
		packet_path(w, port, pkts, n);
		received += n;
	}
	if (w->conf.n_workers > 1)
		ts_handoff_take(w);
	if (w->tables->services->relay.contacts != NULL)
		ts_relay_turn(w);
	ts_reassembly_expire(w->reassembly, now);
	if (w->n_delayed != 0)
		ts_isatap_send_delayed(w);
	if (w->n_waiting != 0)
		ts_neigh_timer(w);
	if (w->tx_pending != 0)
		ts_tx_flush(w);
	if (w->conf.lag_ports != 0)
		ts_lag_turn(w);
	w->loops++;
	return received;
}
