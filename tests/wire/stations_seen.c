/* SPDX-License-Identifier: BSD-3-Clause */
/* See stations_seen.h. */
#include "stations_seen.h"

#include "dataplane/peers.h"
#include "dataplane/worker_priv.h"
#include "path_util.h"

void
record_packet(struct record *r, const char *what, struct rte_mbuf *m)
{
	uint8_t bytes[RIG_FRAME_MAX + 16];
	size_t at = 0;

	for (const struct rte_mbuf *s = m; s != NULL && at + s->data_len <= RIG_FRAME_MAX; s = s->next) {
		memcpy(bytes + at, rte_pktmbuf_mtod(s, const void *), s->data_len);
		at += s->data_len;
	}
	memcpy(bytes + at, &m->nb_segs, sizeof(m->nb_segs));
	at += sizeof(m->nb_segs);
	memcpy(bytes + at, &m->ol_flags, sizeof(m->ol_flags));
	at += sizeof(m->ol_flags);
	rte_mbuf_sanity_check(m, 1);
	record_bytes(r, what, bytes, at);
	rte_pktmbuf_free(m);
}

void
record_rings(struct record *r, struct ts_worker *w)
{
	struct ts_event event;
	struct ts_punt punt;

	while (rte_ring_dequeue_elem(w->urgent_punts, &punt, sizeof(punt)) == 0) {
		record_number(r, "interface of an urgent punt", punt.iface);
		record_packet(r, "urgent punt", punt.frame);
	}
	while (rte_ring_dequeue_elem(w->punts, &punt, sizeof(punt)) == 0) {
		record_number(r, "interface of a punt", punt.iface);
		record_packet(r, "punt", punt.frame);
	}
	while (rte_ring_dequeue_elem(w->events, &event, sizeof(event)) == 0)
		record_bytes(r, "event", &event, sizeof(event));
}

/* What the next packets will depend on. */
void
record_worker(struct record *r, const struct ts_worker *w)
{
	record_hash(r, "identifications", w->ip_id, sizeof(w->ip_id));
	record_bytes(r, "limits", w->limits, sizeof(w->limits));
	record_bytes(r, "limit of misses", &w->neigh_limit, sizeof(w->neigh_limit));
	record_bytes(r, "limit of punts", &w->punt_limit, sizeof(w->punt_limit));
	record_hash(r, "limits by source", &w->neigh_sources, sizeof(w->neigh_sources));
	record_hash(r, "limits of sessions", &w->session_sources, sizeof(w->session_sources));
	for (unsigned i = 0; i < TS_N_KEYED_LIMITS; i++)
		record_hash(r, "limits by key", &w->keyed[i], sizeof(w->keyed[i]));
	for (unsigned flow = 0; flow < TS_N_FLOWS; flow++)
		record_bytes(r, "neighbours", &w->neighbours[flow], sizeof(w->neighbours[flow]));
	record_hash(r, "strangers", &w->strangers, sizeof(w->strangers));
	record_hash(r, "packets behind others", w->behind, sizeof(w->behind));
	record_number(r, "packets that wait", w->n_waiting);
	record_number(r, "random state", w->random);
}

static void
record_peer(const struct ts_peer_info *info, void *record)
{
	record_bytes(record, "peer", info, sizeof(*info));
}

void
record_tables(struct record *r)
{
	const struct ts_services *s = rig.worker->tables->services;
	uint64_t cursor = 0;

	record_number(r, "buffers in use", rig_buffers_in_use(&rig));
	if (s->mirror != NULL)
		record_hash(r, "addresses that sites sent to", s->mirror, sizeof(*s->mirror));
	if (s->mtus != NULL)
		record_hash(r, "path MTUs", s->mtus, sizeof(*s->mtus));
	while (s->relay.peers != NULL && ts_peers_walk(s->relay.peers, &cursor, 64, 0, record_peer, r))
		;
}
