/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Teredo peer's owner is one of the workers, and alone changes what is known of the peer (peers.h). What needs it
 * comes here from the lanes, over a ring when the owner is another worker.
 *
 * Order: once a packet went over the ring, the packets behind it must not overtake it although the peer has become
 * trusted meanwhile. So the sender remembers how far in the ring its last packet for a client is, and the owner takes
 * packets off the ring only when they have been sent. Half of each ring is for what comes from clients, so that a flood
 * of packets to clients that do not exist cannot keep the answers of the others away.
 */
#include "relay.h"

#include <rte_ring_elem.h>

static bool
half_full(const struct rte_ring *r)
{
	return rte_ring_free_count(r) <= rte_ring_get_capacity(r) / 2;
}

/*
 * How far in the owner's ring the last packet is that was handed over for a client, or for one of those that share its
 * place: they may be sent the long way for nothing, but none overtakes itself.
 */
static uint32_t *
position_of(struct ts_worker *w, const struct ts_peer_hash *h)
{
	uint32_t share = TS_BEHIND_SLOTS / w->conf.n_workers;

	return &w->behind[h->owner * share + ts_peer_reduce(h->tag, share)];
}

bool
ts_relay_is_behind(struct ts_worker *w, const struct ts_peer_hash *h)
{
	const struct rte_ring *r = w->peers_out[h->owner];

	if (r == NULL)
		return false;
	/* A ring that does not empty would hold a fast flow for ever, and lose of it: then rather out of order. */
	return unlikely((int32_t)(__atomic_load_n(&r->cons.tail, __ATOMIC_ACQUIRE) - *position_of(w, h)) < 0) &&
		!half_full(r);
}

static void
hand_over(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, enum ts_relay_way way)
{
	struct ts_peer_handoff p = {.packet = m, .way = way};
	struct rte_ring *r = w->peers_out[h->owner];
	bool from_client = way == TS_RELAY_RECEIVED;

	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_HANDED_OVER, m);
	if ((!from_client && half_full(r)) || rte_ring_enqueue_elem(r, &p, sizeof(p)) != 0) {
		w->counters[TS_C_teredo_contacts_overload] += !from_client;
		ts_drop(w, m, from_client ? TS_C_drop_teredo_decap_handoff_full : TS_C_drop_teredo_encap_handoff_full);
		return;
	}
	*position_of(w, h) = r->prod.tail;
	ts_count(w, TS_C_teredo_handed_off_packets);
}

/* T19 (a): the client says who it is although its packet comes from elsewhere. */
static bool
introduces_itself(const struct ts_worker *w, const struct ts_relay_input *in)
{
	const uint8_t *addr = in->inner->src_addr;

	return ts_teredo_is_bubble((const uint8_t *)in->inner) && in->trailers.nonce &&
		rte_be_to_cpu_16(in->udp->src_port) >= ts_relay(w)->min_client_port &&
		ts_relay_is_bubble_source(w, in->inner->dst_addr, addr) &&
		ts_relay_nonce_valid(w, in->trailers.nonce_value, addr);
}

static bool
same_mapping(const struct ts_peer_view *view, const struct ts_relay_input *in)
{
	return view->v4 == in->outer->src_addr && view->port == in->udp->src_port;
}

/*
 * X7: not more than one change in ten seconds. What comes from the embedded mapping needs no leave, but the time of the
 * last change outlives it, or a client could change back and forth.
 */
static bool
may_change(struct ts_worker *w, const struct ts_peer_view *view)
{
	uint64_t learned = ts_peers_aside(ts_relay(w)->peers, view->slot);

	if (ts_peer_state(view->word) != TS_PEER_CONFIRMED || learned == 0)
		return true;
	return (uint16_t)(ts_relay_second(w) - (uint16_t)learned) >= 10;
}

/* T19, T20 for a client that is not known. Its cookie may show that it has been asked (X4). False: not let in. */
static bool
let_in(struct ts_worker *w, struct rte_mbuf *m, const struct ts_relay_input *in, const struct ts_peer_hash *h,
	bool learned)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	const uint8_t *addr = in->inner->src_addr;
	int64_t slot;

	if (!ts_teredo_is_bubble((const uint8_t *)in->inner) || !ts_relay_cookie_valid(w, in->inner->dst_addr, addr)) {
		if (r->recover && !learned)
			ts_relay_recover(w, m->pool, addr, h);
		ts_drop(w, m, TS_C_drop_teredo_decap_no_peer);
		return false;
	}
	slot = ts_relay_mapping_has_room(w, addr, h, true)
		? ts_peers_insert(r->peers, addr, h, TS_PEER_CONFIRMED, ts_relay_tick(w), 0, r->valid, r->forget)
		: -1;
	if (slot < 0) {
		ts_drop(w, m, TS_C_drop_teredo_decap_no_room);
		return false;
	}
	if (learned)
		ts_peers_set(r->peers, (uint32_t)slot, TS_PEER_CONFIRMED, true, ts_relay_tick(w),
			ts_peer_mapping(in->outer->src_addr, in->udp->src_port, ts_relay_second(w)));
	ts_contact_gap_clear(r->contacts, w->conf.id, h->tag);
	ts_count(w, TS_C_teredo_cookies_accepted);
	ts_count(w, TS_C_teredo_peers_confirmed);
	return true;
}

/* T21 */
static void
heard(struct ts_worker *w, const struct ts_relay_input *in, const struct ts_peer_view *view, bool learned)
{
	struct ts_peers *p = ts_relay(w)->peers;
	rte_be32_t v4 = in->outer->src_addr;
	rte_be16_t port = in->udp->src_port;

	if (ts_peer_state(view->word) != TS_PEER_CONFIRMED)
		ts_relay_confirm(w, view, v4, port, learned);
	else if (same_mapping(view, in))
		ts_peers_heard(p, view, ts_relay_tick(w));
	else
		ts_peers_set(p, view->slot, TS_PEER_CONFIRMED, learned, ts_relay_tick(w),
			learned ? ts_peer_mapping(v4, port, ts_relay_second(w)) : ts_peers_aside(p, view->slot));
}

/* A peer that the sweep has not come to yet would be there twice. */
static bool
find_or_clear(struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *view)
{
	struct ts_peers *p = ts_relay(w)->peers;

	if (ts_relay_find(w, addr, h, view))
		return true;
	if (ts_peers_find(p, addr, h, view))
		ts_peers_remove(p, view->slot);
	return false;
}

static void
from_client(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h)
{
	struct ts_relay_input in;
	struct ts_peer_view view;
	int reason = ts_relay_refused_input(w, m, &in); /* the tables may be newer than those it was looked at with */
	bool known, learned, change;

	if (reason >= 0) {
		ts_drop(w, m, (enum ts_counter)reason);
		return;
	}
	known = find_or_clear(w, in.inner->src_addr, h, &view);
	learned = !ts_relay_is_embedded(&in);
	change = learned && !(known && same_mapping(&view, &in));
	if (change && (!introduces_itself(w, &in) || (known && !may_change(w, &view)))) {
		ts_drop(w, m, TS_C_drop_teredo_decap_src_mismatch);
		return;
	}
	if (known)
		heard(w, &in, &view, learned);
	else if (!let_in(w, m, &in, h, learned))
		return;
	if (change)
		ts_count(w, TS_C_teredo_mappings_learned);
	ts_relay_received(w, m);
}

static void
to_client(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, bool native)
{
	const uint8_t *addr = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_peer_view view;

	if (!ts_relay_find(w, addr, h, &view) || !ts_relay_trusted(r, view.word, ts_relay_tick(w)))
		ts_relay_contact(w, m, h, native);
	else if (native)
		ts_relay_forward(w, m, view.v4, view.port, ts_lookup4(w, view.v4), TS_ECN_KEEP);
	else if (ts_relay_put_outer(w, m, view.v4, view.port))
		ts_originate4(w, m);
}

static void
own(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, enum ts_relay_way way)
{
	if (way == TS_RELAY_RECEIVED)
		from_client(w, m, h);
	else
		to_client(w, m, h, way == TS_RELAY_NATIVE);
}

/* X3, before a ring is filled: a bubble would have to be sent, and this source has caused enough of them. */
static bool
asks_too_much(struct ts_worker *w, const struct rte_mbuf *m, const struct ts_peer_hash *h)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	struct ts_peer_view view;

	if (ts_relay_find(w, ip->dst_addr, h, &view) &&
		(ts_peer_state(view.word) != TS_PEER_CONFIRMED ||
			ts_relay_trusted(ts_relay(w), view.word, ts_relay_tick(w))))
		return false;
	return !ts_prefix_limiter_take(&w->keyed[TS_KEYED_BUBBLE_SOURCE], ts_prefix64(ip->src_addr), w->now);
}

/* The counter, or -1: is it worth the owner's time? */
static int
not_worth_it(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_relay_input in;
	struct ts_peer_view view;
	const uint8_t *addr;

	ts_relay_find_headers(m, &in);
	addr = in.inner->src_addr;
	if (ts_relay_find(w, addr, h, &view) || ts_relay_cookie_valid(w, in.inner->dst_addr, addr))
		return -1;
	if (!ts_relay_is_embedded(&in))
		return TS_C_drop_teredo_decap_src_mismatch;
	/* What follows its first packet must not use up what the bubbles to others need. */
	if (!r->recover || !ts_contact_gap_open(r->contacts, h->owner, h->tag, ts_relay_tick(w), r->forget) ||
		!ts_token_bucket_take(&w->limits[TS_LIMIT_RECOVERY], w->now))
		return TS_C_drop_teredo_decap_no_peer;
	return -1;
}

void
ts_relay_to_owner(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, enum ts_relay_way way)
{
	int reason = -1;

	if (way == TS_RELAY_RECEIVED)
		reason = not_worth_it(w, m, h);
	else if (asks_too_much(w, m, h))
		reason = TS_C_drop_teredo_encap_bubble_limited;
	if (reason >= 0)
		ts_drop(w, m, (enum ts_counter)reason);
	else if (h->owner == w->conf.id)
		own(w, m, h, way);
	else
		hand_over(w, m, h, way);
}

/* After a reload that switched the relay off. */
static void
refuse(struct ts_worker *w, const struct ts_peer_handoff *p)
{
	ts_drop(w, p->packet, p->way == TS_RELAY_RECEIVED ? TS_C_drop_ip4_rx_no_tunnel : TS_C_drop_ip6_rx_no_tunnel);
}

static void
take_one(struct ts_worker *w, const struct ts_peer_handoff *p)
{
	const struct ts_peers *peers = ts_relay(w)->peers;
	struct ts_relay_input in;
	struct ts_peer_hash h;

	if (!ts_relay(w)->enabled) {
		refuse(w, p);
		return;
	}
	if (p->way == TS_RELAY_RECEIVED) {
		ts_relay_find_headers(p->packet, &in);
		h = ts_peers_hash(peers, in.inner->src_addr);
	} else
		h = ts_peers_hash(peers, rte_pktmbuf_mtod(p->packet, const struct rte_ipv6_hdr *)->dst_addr);
	own(w, p->packet, &h, (enum ts_relay_way)p->way);
}

static void
take_from(struct ts_worker *w, struct rte_ring *r)
{
	struct ts_peer_handoff p[TS_BURST_MAX];
	unsigned n = rte_ring_dequeue_burst_elem_start(r, p, sizeof(p[0]), TS_BURST_MAX, NULL);

	if (n == 0)
		return;
	for (unsigned i = 0; i < n; i++)
		take_one(w, &p[i]);
	ts_tx_flush(w);
	rte_ring_dequeue_elem_finish(r, n);
}

void
ts_relay_turn(struct ts_worker *w)
{
	for (unsigned from = 0; w->conf.n_workers > 1 && from < w->conf.n_workers; from++)
		if (w->peers_in[from] != NULL)
			take_from(w, w->peers_in[from]);
	if (w->now < w->next_relay_timer)
		return;
	w->next_relay_timer = w->now + w->hz / TS_PEER_TICKS_PER_S;
	ts_relay_timer(w);
}
