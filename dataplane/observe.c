/* SPDX-License-Identifier: BSD-3-Clause */
#include "observe_priv.h"

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include "handshake.h"
#include "lib/headers.h"
#include "lib/teredo.h"
#include "worker_priv.h"

/* What a match looks at: outer and inner headers, with all that may stand between them. */
#define MATCH_BYTES 256u

static uint64_t traced_flag; /* 0: nothing can be traced */
static int trace_id_at = -1;

int
ts_observe_init(void)
{
	static const struct rte_mbuf_dynflag flag = {.name = "tsunagi_traced"};
	static const struct rte_mbuf_dynfield field = {
		.name = "tsunagi_trace_id", .size = sizeof(uint32_t), .align = __alignof__(uint32_t)};
	int bit = rte_mbuf_dynflag_register(&flag);

	trace_id_at = rte_mbuf_dynfield_register(&field);
	if (bit < 0 || trace_id_at < 0)
		return -1;
	traced_flag = UINT64_C(1) << bit;
	return 0;
}

static uint32_t *
trace_id_of(const struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, trace_id_at, uint32_t *);
}

/* The packet's first bytes in one piece: in place, or in `copy`. */
static const uint8_t *
first_bytes(const struct rte_mbuf *m, uint8_t copy[MATCH_BYTES], uint32_t *len)
{
	*len = RTE_MIN(rte_pktmbuf_pkt_len(m), MATCH_BYTES);
	return rte_pktmbuf_read(m, 0, *len, copy);
}

static bool
fits(const struct ts_match *match, const struct rte_mbuf *m, bool ethernet)
{
	uint8_t copy[MATCH_BYTES];
	uint32_t len;
	const uint8_t *p = first_bytes(m, copy, &len);

	return match->family == 0 || ts_match_packet(match, p, len, ethernet);
}

/* A buffer for `snap` bytes of `m`, filled in but for what the caller knows; NULL when there is none left. */
static struct rte_mbuf *
take_buffer(struct ts_worker *w, const struct rte_mbuf *m, uint32_t snap, struct ts_observation **o)
{
	struct rte_mbuf *copy = w->observe_pool != NULL ? rte_pktmbuf_alloc(w->observe_pool) : NULL;
	const void *from;
	char *to;

	if (copy == NULL) {
		ts_count(w, TS_C_observations_lost);
		return NULL;
	}
	snap = RTE_MIN(RTE_MIN(snap, TS_OBSERVE_SNAP_MAX), rte_pktmbuf_pkt_len(m));
	to = rte_pktmbuf_append(copy, (uint16_t)snap);
	from = rte_pktmbuf_read(m, 0, snap, to);
	if (from != to)
		memcpy(to, from, snap);
	*o = rte_mbuf_to_priv(copy);
	**o = (struct ts_observation){
		.tsc = w->now, .len = rte_pktmbuf_pkt_len(m), .port = m->port, .worker = (uint8_t)w->conf.id};
	return copy;
}

static bool
hand_in(struct ts_worker *w, struct rte_mbuf *observation)
{
	if (rte_ring_enqueue(w->observations, observation) == 0)
		return true;
	rte_pktmbuf_free(observation);
	ts_count(w, TS_C_observations_lost);
	return false;
}

/* Whether somebody will see it. */
static bool
report(struct ts_worker *w, const struct rte_mbuf *m, uint32_t snap, struct ts_observation what)
{
	struct ts_observation *o;
	struct rte_mbuf *copy;

	if (w->probing)
		return false;
	copy = take_buffer(w, m, snap, &o);
	if (copy == NULL)
		return false;
	o->kind = what.kind;
	o->station = what.station;
	o->counter = what.counter;
	o->ethernet = what.ethernet;
	o->trace_id = what.trace_id;
	o->sample_pool = what.sample_pool;
	if (what.station == TS_STATION_TX)
		o->port = what.port;
	return hand_in(w, copy);
}

static void
trace(struct ts_worker *w, const struct rte_mbuf *m, struct ts_observation what)
{
	if (!w->observe->trace || !(m->ol_flags & traced_flag))
		return;
	what.kind = TS_OBSERVED_TRACE;
	what.trace_id = *trace_id_of(m);
	report(w, m, w->observe->trace_snap, what);
}

static void
capture(struct ts_worker *w, const struct rte_mbuf *m, struct ts_observation what)
{
	if (!fits(&w->observe->capture_match, m, what.ethernet))
		return;
	what.kind = TS_OBSERVED_CAPTURE;
	report(w, m, w->observe->capture_snap, what);
}

/* From 1 to 2n - 1: n on average, and no period that traffic could have, too (sFlow version 5, 3.1). */
static uint32_t
next_sample(struct ts_worker *w, uint32_t n)
{
	w->sample_random ^= w->sample_random << 13;
	w->sample_random ^= w->sample_random >> 7;
	w->sample_random ^= w->sample_random << 17;
	return 1 + (uint32_t)((w->sample_random >> 32) * (2 * (uint64_t)n - 1) >> 32);
}

static void
sample(struct ts_worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		w->sample_pool++;
		if (w->sample_left > 1) {
			w->sample_left--;
			continue;
		}
		/* What stood for a sample that is lost, the next one stands for, too. */
		if (report(w, pkts[i], w->observe->sample_snap,
			    (struct ts_observation){.kind = TS_OBSERVED_SAMPLE,
				    .station = TS_STATION_RX,
				    .ethernet = 1,
				    .sample_pool = w->sample_pool}))
			w->sample_pool = 0;
		w->sample_left = next_sample(w, w->observe->sample_every);
	}
}

static void
start_traces(struct ts_worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n && w->trace_left != 0; i++) {
		if (!fits(&w->observe->trace_match, pkts[i], true))
			continue;
		pkts[i]->ol_flags |= traced_flag;
		*trace_id_of(pkts[i]) = w->conf.id << 24 | (w->trace_count++ & 0xffffff);
		w->trace_left--;
		trace(w, pkts[i], (struct ts_observation){.station = TS_STATION_RX, .ethernet = 1});
	}
}

void
ts_observe_rx(struct ts_worker *w, uint16_t port, struct rte_mbuf *const *pkts, uint16_t n)
{
	const struct ts_observe *o = w->observe;

	for (uint16_t i = 0; i < n; i++)
		pkts[i]->port = port;
	if (o->sample_every != 0)
		sample(w, pkts, n);
	if (o->trace && traced_flag != 0)
		start_traces(w, pkts, n);
	if (o->capture_stations & 1u << TS_STATION_RX)
		for (uint16_t i = 0; i < n; i++)
			capture(w, pkts[i], (struct ts_observation){.station = TS_STATION_RX, .ethernet = 1});
}

void
ts_observe_one(struct ts_worker *w, enum ts_station station, const struct rte_mbuf *m)
{
	const struct ts_observation here = {.station = (uint8_t)station};

	trace(w, m, here);
	if (w->observe->capture_stations & 1u << station)
		capture(w, m, here);
}

/* Encapsulation is even, decapsulation odd; the server forwards no TCP. */
static bool
carries_tcp(enum ts_station station)
{
	return station >= TS_STATION_6TO4_ENCAP && station <= TS_STATION_TEREDO_DECAP;
}

static void
handshake(struct ts_worker *w, enum ts_station station, const struct rte_mbuf *m)
{
	uint8_t copy[MATCH_BYTES];
	uint32_t len;
	const uint8_t *p = first_bytes(m, copy, &len);
	struct ts_headers h;

	ts_headers_find(p, len, false, &h);
	if (h.ipv6 == TS_NO_HEADER || h.protocol != IPPROTO_TCP || h.l4 + TS_TCP_HDR_LEN > len)
		return;
	if (!ts_handshake_wanted(w->handshakes, w->observe, p + h.ipv6, p + h.l4))
		return;

	struct ts_observation *o;
	struct rte_mbuf *out = take_buffer(w, m, h.l4 + TS_TCP_HDR_LEN, &o);

	if (out == NULL)
		return;
	o->kind = TS_OBSERVED_HANDSHAKE;
	o->station = (uint8_t)station;
	rte_pktmbuf_adj(out, h.ipv6);
	hand_in(w, out);
}

void
ts_observe_lane(struct ts_worker *w, enum ts_station station, const struct ts_vec *v)
{
	for (uint16_t i = 0; i < v->n; i++)
		ts_observe_one(w, station, v->pkt[i]);
	if (w->observe->handshakes && carries_tcp(station))
		for (uint16_t i = 0; i < v->n; i++)
			handshake(w, station, v->pkt[i]);
}

/* Dropped while the packet still began, or began again, at its Ethernet header. */
static bool
is_frame(enum ts_counter reason)
{
	return reason == TS_C_drop_l2_rx_runt || reason == TS_C_drop_l2_rx_unknown_vlan ||
		reason == TS_C_drop_l2_rx_not_ours || reason == TS_C_drop_l2_rx_segments ||
		reason == TS_C_drop_tx_refused || reason == TS_C_drop_tx_inject_iface;
}

void
ts_observe_drop(struct ts_worker *w, const struct rte_mbuf *m, enum ts_counter reason)
{
	struct ts_observation here = {
		.station = TS_STATION_DROP, .counter = (uint16_t)reason, .ethernet = is_frame(reason)};

	trace(w, m, here);
	if (w->observe->capture_drops[reason / 64] >> reason % 64 & 1)
		capture(w, m, here);
}

void
ts_observe_tx(struct ts_worker *w, uint16_t port, struct rte_mbuf *const *pkts, uint16_t n)
{
	const struct ts_observation here = {.station = TS_STATION_TX, .ethernet = 1, .port = port};

	for (uint16_t i = 0; i < n; i++) {
		trace(w, pkts[i], here);
		pkts[i]->ol_flags &= ~traced_flag;
		if (w->observe->capture_stations & 1u << TS_STATION_TX)
			capture(w, pkts[i], here);
	}
}
