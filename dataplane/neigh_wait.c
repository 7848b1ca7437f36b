/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets whose next hop is not resolved yet: they wait, a few per next hop, while control asks the kernel
 * (decisions.md 1). A new version of the tables tries them again; a deadline ends the wait. The number of next hops
 * that are asked for is limited, or a scan of embedded addresses inside a LAN would become a storm of ARP there.
 */
#include "worker_priv.h"

#define WAIT_SECONDS 3

static struct ts_wait_slot *
find_slot(struct ts_worker *w, uint16_t iface, uint8_t family, const uint8_t *addr, uint8_t len, bool glean)
{
	struct ts_wait_slot *unused = NULL;
	unsigned n_glean = 0;

	for (unsigned i = 0; i < TS_WAIT_SLOTS; i++) {
		struct ts_wait_slot *s = &w->wait[i];

		n_glean += s->family != 0 && s->glean;
		if (s->family == 0)
			unused = s;
		else if (s->iface == iface && s->family == family && memcmp(s->addr, addr, len) == 0)
			return s;
	}
	/* A scan of a LAN must not keep gateways from being resolved. */
	if (unused == NULL || (glean && n_glean >= TS_WAIT_SLOTS / 2) || !ts_token_bucket_take(&w->neigh_limit, w->now))
		return NULL;
	unused->iface = iface;
	unused->family = family;
	unused->glean = glean;
	memset(unused->addr, 0, sizeof(unused->addr));
	memcpy(unused->addr, addr, len);
	unused->deadline = w->now + WAIT_SECONDS * w->hz;
	unused->next_miss = 0;
	w->n_waiting++;
	return unused;
}

static void
ask(struct ts_worker *w, struct ts_wait_slot *s)
{
	struct ts_event e = {.type = TS_EVENT_NEIGH_MISS, .iface = s->iface, .family = s->family, .tsc = w->now};

	if (w->now < s->next_miss)
		return;
	s->next_miss = w->now + w->hz;
	memcpy(e.addr, s->addr, sizeof(e.addr));
	if (rte_ring_enqueue_elem(w->events, &e, sizeof(e)) == 0)
		ts_count(w, TS_C_neigh_misses);
	else
		ts_count(w, TS_C_event_ring_full);
}

void
ts_neigh_wait(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, uint8_t family, const uint8_t *addr, bool glean)
{
	struct ts_wait_slot *s = find_slot(w, iface, family, addr, family == AF_INET ? 4 : 16, glean);

	/* Asked for all the same, so that the next packet finds it resolved. */
	if (s == NULL && ts_token_bucket_take(&w->neigh_limit, w->now)) {
		struct ts_wait_slot once = {.iface = iface, .family = family};

		memcpy(once.addr, addr, family == AF_INET ? 4 : 16);
		ask(w, &once);
	}
	if (s == NULL || s->n >= w->conf.neighbour_queue) {
		ts_drop(w, m, TS_C_drop_tx_neigh_unresolved);
		return;
	}
	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_NEIGH_WAIT, m);
	s->pkt[s->n++] = m;
	ts_count(w, TS_C_neigh_waits);
	ask(w, s);
}

static void
release(struct ts_worker *w, struct ts_wait_slot *s)
{
	s->family = 0;
	w->n_waiting--;
}

static void
try_again(struct ts_worker *w, struct ts_wait_slot *s)
{
	struct rte_mbuf *pkt[TS_WAIT_PACKETS];
	uint16_t n = s->n;

	memcpy(pkt, s->pkt, n * sizeof(pkt[0]));
	/* The slot stays taken: what still cannot go comes back to it and keeps its deadline. */
	s->n = 0;
	w->counters[TS_C_neigh_waits] -= n;
	for (uint16_t i = 0; i < n; i++) {
		if (*rte_pktmbuf_mtod(pkt[i], const uint8_t *) >> 4 == 4)
			ts_originate4(w, pkt[i]);
		else
			ts_originate6(w, pkt[i]);
	}
	w->counters[TS_C_neigh_waits] += n - s->n;
	if (s->n == 0)
		release(w, s);
}

void
ts_neigh_new_tables(struct ts_worker *w)
{
	for (unsigned i = 0; w->n_waiting != 0 && i < TS_WAIT_SLOTS; i++)
		if (w->wait[i].family != 0)
			try_again(w, &w->wait[i]);
}

static void
give_up(struct ts_worker *w, struct ts_wait_slot *s)
{
	for (uint16_t i = 0; i < s->n; i++)
		ts_drop(w, s->pkt[i], TS_C_drop_tx_neigh_unresolved);
	s->n = 0;
	release(w, s);
}

void
ts_neigh_timer(struct ts_worker *w)
{
	if (w->now < w->next_wait_check)
		return;
	w->next_wait_check = w->now + w->hz / 10;
	for (unsigned i = 0; i < TS_WAIT_SLOTS; i++) {
		if (w->wait[i].family == 0)
			continue;
		if (w->now >= w->wait[i].deadline)
			give_up(w, &w->wait[i]);
		else
			ask(w, &w->wait[i]);
	}
}

void
ts_neigh_wait_free(struct ts_worker *w)
{
	for (unsigned i = 0; i < TS_WAIT_SLOTS; i++)
		if (w->wait[i].family != 0)
			give_up(w, &w->wait[i]);
}
