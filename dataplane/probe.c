/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test packets of the relay itself, from one side of a tunnel to the other (protocols.md O1; RFC 3068 4.4).
 *
 * Control builds a packet as if it had been received. It is classified and takes its lane like any other; where it goes
 * is a host route of control's to an adjacency of family 0, which no neighbour has, so that ts_output() brings it here
 * instead of to a port. It is given back to control with an event, which compares it with what had to come out; or the
 * event says by which counter it was dropped.
 *
 * Nothing of this shows elsewhere: counters are put back, rates of the operator do not hold, the far ends pass for
 * addresses that they are not (ts_services.probe_policy), and a Teredo client is in the table for this one packet.
 * Who sends to those far ends from outside is dropped.
 */
#include "relay.h"

/* A Teredo packet's client, inside or outside of the tunnel; NULL for all others. */
static const uint8_t *
teredo_client(const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	const uint8_t *addr = p[0] >> 4 == 6 ? p + offsetof(struct rte_ipv6_hdr, dst_addr)
					     : p + TS_TEREDO_OUTER_LEN + offsetof(struct rte_ipv6_hdr, src_addr);

	if (p[0] >> 4 == 4 && ((const struct rte_ipv4_hdr *)(const void *)p)->next_proto_id != IPPROTO_UDP)
		return NULL;
	return ts_is_teredo(addr) ? addr : NULL;
}

/* The slot of the packet's client, if this worker owns it and there is room; -1 otherwise. */
static int64_t
add_peer(struct ts_worker *w, const struct rte_mbuf *m)
{
	const uint8_t *client = teredo_client(m);
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_peer_hash h;

	if (client == NULL || r->peers == NULL)
		return -1;
	h = ts_peers_hash(r->peers, client);
	if (h.owner != w->conf.id)
		return -1;
	/* Nobody is as silent as that: no other peer has to go for this one. */
	return ts_peers_insert(
		r->peers, client, &h, TS_PEER_CONFIRMED, ts_relay_tick(w), 0, TS_PEER_TICK_MASK, TS_PEER_TICK_MASK);
}

static void
remove_peer(struct ts_worker *w, int64_t slot)
{
	if (slot < 0)
		return;
	ts_peers_remove(ts_relay(w)->peers, (uint32_t)slot);
	ts_relay(w)->peers->owner[w->conf.id].inserted--;
}

static void
through_lanes(struct ts_worker *w, struct rte_mbuf *m)
{
	struct ts_vec in = {.n = 0};
	struct ts_lanes lanes;

	ts_lanes_init(&lanes);
	ts_vec_add(&in, m, 0);
	if (rte_pktmbuf_mtod(m, const uint8_t *)[0] >> 4 == 6)
		w->stations->classify6(w, &in, &lanes);
	else
		w->stations->classify4(w, &in, &lanes);
	ts_lanes_run(w, &lanes);
}

/* What went another way than the one home must not leave the machine. */
static void
empty_tx(struct ts_worker *w)
{
	for (; w->tx_pending != 0; w->tx_pending &= w->tx_pending - 1) {
		uint16_t port = (uint16_t)__builtin_ctz(w->tx_pending);
		struct ts_tx_buffer *b = &w->tx[port];

		for (uint16_t i = 0; i < b->n; i++)
			ts_tx_uncount(w, b, port, b->pkt[i]);
		rte_pktmbuf_free_bulk(b->pkt, b->n);
		b->n = 0;
	}
}

static void
run_without_limits(struct ts_worker *w, struct rte_mbuf *m)
{
	uint64_t site = w->keyed[TS_KEYED_SITE].interval, native = w->keyed[TS_KEYED_NATIVE].interval;
	int64_t slot = add_peer(w, m);

	w->keyed[TS_KEYED_SITE].interval = w->keyed[TS_KEYED_NATIVE].interval = 0;
	through_lanes(w, m);
	w->keyed[TS_KEYED_SITE].interval = site;
	w->keyed[TS_KEYED_NATIVE].interval = native;
	remove_peer(w, slot);
	empty_tx(w);
}

/* With the tables as they are but for what judges the packet's far end. */
static void
run(struct ts_worker *w, struct rte_mbuf *m)
{
	const struct ts_tables *tables = w->tables;
	struct ts_services services = *tables->services;
	struct ts_tables own = *tables;

	services.sixto4.mirror = false;
	services.deny6 = NULL;
	services.policy = services.managed = services.probe_policy;
	own.services = &services;
	w->tables = &own;
	w->probing = true;
	run_without_limits(w, m);
	w->probing = false;
	w->tables = tables;
}

/* The drop counter that has moved; TS_N_COUNTERS: none. */
static uint32_t
dropped_by(const struct ts_worker *w, const uint64_t before[TS_N_COUNTERS])
{
	uint32_t i = 0;

	while (i < TS_N_COUNTERS && (!ts_counter_info[i].is_drop || w->counters[i] == before[i]))
		i++;
	return i;
}

void
ts_probe_run(struct ts_worker *w, struct rte_mbuf *m)
{
	struct ts_event e = {.type = TS_EVENT_PROBE, .tsc = m->hash.usr};
	uint64_t before[TS_N_COUNTERS];
	struct ts_probe_result result;

	if (w->tables == NULL || w->tables->services->probe_policy == NULL) {
		rte_pktmbuf_free(m);
		return;
	}
	if (w->tx_pending != 0)
		ts_tx_flush(w);
	memcpy(before, w->counters, sizeof(before));
	w->probe_out = NULL;
	run(w, m);
	result = (struct ts_probe_result){.out = w->probe_out, .dropped_by = dropped_by(w, before)};
	memcpy(w->counters, before, sizeof(before));
	memcpy(e.addr, &result, sizeof(result));
	if (rte_ring_enqueue_elem(w->events, &e, sizeof(e)) == 0)
		return;
	rte_pktmbuf_free(result.out);
	ts_count(w, TS_C_event_ring_full);
}

void
ts_probe_arrived(struct ts_worker *w, struct rte_mbuf *m)
{
	if (w->probing && w->probe_out == NULL)
		w->probe_out = m;
	else
		ts_drop(w, m, TS_C_drop_tx_probe);
}
