/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the Teredo relay gets into contact with a client (protocols.md T1, T2, T9 to T11, T21; X1 to X5; RFC 4380 5.4.1,
 * 5.2.6): packets wait, bubbles are sent, the answer lets them go. All of it on the worker that owns the peer.
 *
 * Every packet that is given up here has a reason: what may still be answered waits; what can be told to its sender is;
 * the rest is dropped by name.
 */
#include "relay.h"

#include <netinet/icmp6.h>

#define BUBBLE_GAP_S 2	/* T2 */
#define QUEUE_TIME_S 10 /* four bubbles have had their time then, had they been sent */
#define SWEEP_TIME_S 60 /* for the whole table */
#define TIMER_MAX 256	/* records at a time */

bool
ts_relay_find(struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *view)
{
	const struct ts_teredo_relay *r = ts_relay(w);

	return ts_peers_find(r->peers, addr, h, view) &&
		(ts_peer_state(view->word) != TS_PEER_CONFIRMED ||
			ts_peer_age(view->word, ts_relay_tick(w)) <= r->forget);
}

static uint64_t
forget_cycles(const struct ts_worker *w)
{
	return ts_relay(w)->forget * (w->hz / TS_PEER_TICKS_PER_S);
}

static uint64_t
since_bubble(const struct ts_worker *w, const struct ts_contact *c)
{
	return w->now > c->last_bubble ? w->now - c->last_bubble : 0;
}

static bool
gap_over(const struct ts_worker *w, const struct ts_contact *c)
{
	return since_bubble(w, c) >= BUBBLE_GAP_S * w->hz;
}

static bool
box_permits(struct ts_worker *w, enum ts_limit limit)
{
	if (limit == TS_N_LIMITS || ts_token_bucket_take(&w->limits[limit], w->now))
		return true;
	ts_count(w, TS_C_teredo_contacts_overload);
	return false;
}

/*
 * X3; `limit`: of the whole box, or TS_N_LIMITS where it has been asked already. The client is asked first, so that one
 * that is asked for too often does not use up what is there for the others of its server.
 */
static bool
may_bubble(struct ts_worker *w, const uint8_t addr[16], enum ts_limit limit)
{
	return ts_prefix_limiter_take(&w->keyed[TS_KEYED_BUBBLE_CLIENT], ts_teredo_client(addr), w->now) &&
		ts_prefix_limiter_take(&w->keyed[TS_KEYED_BUBBLE_SERVER], ts_teredo_server(addr), w->now) &&
		box_permits(w, limit);
}

static struct ts_contact *
record_of(struct ts_worker *w, const struct ts_peer_view *view)
{
	const struct ts_teredo_relay *r = ts_relay(w);

	return ts_contact_numbered(r->contacts, w->conf.id, ts_peers_aside(r->peers, view->slot));
}

/* T11: `waited`: it was in a queue, where its hop limit had been decremented. */
static void
unreachable(struct ts_worker *w, struct rte_mbuf *m, bool waited)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);

	if (ts_lookup6(w, ip->src_addr)->kind == TS_NH_LOCAL) {
		ts_drop(w, m, TS_C_drop_teredo_encap_unreachable);
		return;
	}
	ip->hop_limits += waited; /* G45 */
	ts_icmp6_error(w, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, &ts_teredo_encap_counters.error);
}

static void
give_up_queue(struct ts_worker *w, struct ts_contact *c)
{
	struct rte_mbuf *packets[TS_CONTACT_QUEUE];
	unsigned n = ts_contact_unqueue(ts_relay(w)->contacts, w->conf.id, c, packets);

	for (unsigned i = 0; i < n; i++)
		unreachable(w, packets[i], true);
}

/* The peer is forgotten; that there were bubbles is not. */
static void
forget(struct ts_worker *w, struct ts_contact *c)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_peer_hash h;
	uint8_t addr[16];

	ts_peers_address(r->peers, c->peer, addr);
	h = ts_peers_hash(r->peers, addr);
	if (since_bubble(w, c) < forget_cycles(w))
		ts_contact_gap_note(r->contacts, w->conf.id, h.tag, ts_relay_tick(w), r->forget, c->bubbles);
	give_up_queue(w, c);
	ts_peers_remove(r->peers, c->peer);
	ts_contact_give(r->contacts, w->conf.id, c);
}

/* To make room. One that was trusted once is still stale, and may answer another time. */
static void
let_go(struct ts_worker *w, struct ts_contact *c)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_peer_hash h;
	struct ts_peer_view view;
	uint8_t addr[16];

	ts_peers_address(r->peers, c->peer, addr);
	h = ts_peers_hash(r->peers, addr);
	if (!ts_peers_find(r->peers, addr, &h, &view) || ts_peer_state(view.word) != TS_PEER_RENEWING) {
		forget(w, c);
		return;
	}
	ts_contact_gap_note(r->contacts, w->conf.id, h.tag, ts_relay_tick(w), r->forget, c->bubbles);
	give_up_queue(w, c);
	ts_peers_set(r->peers, c->peer, TS_PEER_CONFIRMED, false, view.word & TS_PEER_TICK_MASK, 0);
	ts_contact_give(r->contacts, w->conf.id, c);
}

static struct ts_contact *
longest_asked(struct ts_worker *w, const uint32_t *slots, unsigned n)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_contact *oldest = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct ts_contact *c = ts_contact_numbered(r->contacts, w->conf.id, ts_peers_aside(r->peers, slots[i]));

		if (oldest == NULL || c->last_bubble < oldest->last_bubble)
			oldest = c;
	}
	return oldest;
}

bool
ts_relay_mapping_has_room(struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h, bool proven)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint32_t slots[2 * TS_PEER_BUCKET_SLOTS];
	struct ts_contact *c;

	if (likely(ts_peers_of_mapping(r->peers, addr, h) < r->per_mapping))
		return true;
	c = longest_asked(w, slots, ts_peers_unconfirmed_of_mapping(r->peers, addr, h, slots));
	if (c == NULL || (!proven && !gap_over(w, c)))
		return false;
	forget(w, c);
	ts_count(w, TS_C_teredo_peers_evicted);
	return true;
}

/* X2: a free record, or that of the peer which has had its chance longest ago; NULL: all may still answer. */
static struct ts_contact *
take_record(struct ts_worker *w)
{
	struct ts_contacts *all = ts_relay(w)->contacts;
	struct ts_contact *c = ts_contact_take(all, w->conf.id, 0), *oldest;

	if (likely(c != NULL))
		return c;
	oldest = ts_contact_oldest(all, w->conf.id);
	if (!gap_over(w, oldest)) {
		ts_count(w, TS_C_teredo_contacts_overload);
		return NULL;
	}
	let_go(w, oldest);
	ts_count(w, TS_C_teredo_peers_evicted);
	return ts_contact_take(all, w->conf.id, 0);
}

static void
bubble(struct ts_worker *w, struct rte_mempool *pool, struct ts_contact *c, const uint8_t addr[16])
{
	ts_contact_bubble(ts_relay(w)->contacts, w->conf.id, c, w->now);
	ts_relay_send_bubbles(w, pool, addr);
}

/* T9. The packet waits as it will be sent, but for the outer headers. True when it does. */
static bool
wait_for(struct ts_worker *w, struct rte_mbuf *m, struct ts_contact *c, bool native)
{
	if (native)
		ts_encap_step(w, m, &ts_relay(w)->t, TS_ECN_KEEP);
	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_TEREDO_QUEUE, m);
	if (!ts_contact_queue(ts_relay(w)->contacts, w->conf.id, c, m, w->now)) {
		ts_drop(w, m, TS_C_drop_teredo_encap_queue_full);
		return false;
	}
	ts_count(w, TS_C_teredo_queued_packets);
	return true;
}

/* X4, X5: nothing is kept of the client, and nothing of the packet. `paid`: the rates have been asked already. */
static void
ask_by_cookie(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, bool paid)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	const uint8_t *addr = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;

	if (!r->cookies) {
		ts_drop(w, m, TS_C_drop_teredo_encap_no_room);
		return;
	}
	if (!paid && !may_bubble(w, addr, TS_LIMIT_BUBBLES)) {
		ts_drop(w, m, TS_C_drop_teredo_encap_bubble_limited);
		return;
	}
	ts_contact_gap_note(r->contacts, w->conf.id, h->tag, ts_relay_tick(w), r->forget, 0);
	ts_relay_send_bubbles(w, m->pool, addr);
	ts_count(w, TS_C_teredo_stateless_bubbles);
	ts_drop(w, m, TS_C_drop_teredo_encap_stateless);
}

/* A record and a place in the table; NULL when one of them cannot be had. */
static struct ts_contact *
remember(struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_contact *c = take_record(w);
	int64_t slot;

	if (c == NULL)
		return NULL;
	slot = ts_peers_insert(r->peers, addr, h, TS_PEER_UNCONFIRMED, ts_relay_tick(w),
		ts_contact_number(r->contacts, w->conf.id, c), r->valid, r->forget);
	if (slot < 0) {
		ts_contact_give(r->contacts, w->conf.id, c);
		return NULL;
	}
	c->peer = (uint32_t)slot;
	return c;
}

/* T10 */
static bool
is_trusted_cone(const struct ts_worker *w, const uint8_t addr[16])
{
	return ts_relay(w)->honour_cone && ts_teredo_cone(addr);
}

static void
send_to_cone(struct ts_worker *w, struct rte_mbuf *m, const uint8_t addr[16], bool native)
{
	rte_be32_t v4 = ts_teredo_client(addr);
	rte_be16_t port = ts_teredo_port(addr);

	if (native)
		ts_relay_forward(w, m, v4, port, ts_lookup4(w, v4), TS_ECN_KEEP);
	else if (ts_relay_put_outer(w, m, v4, port))
		ts_originate4(w, m);
}

static void
trust_cone(struct ts_worker *w, struct rte_mbuf *m, const uint8_t addr[16], const struct ts_peer_hash *h, bool native)
{
	const struct ts_teredo_relay *r = ts_relay(w);

	/* Nobody has proved anything: what a bubble would have cost keeps strangers from filling the table. */
	if (!may_bubble(w, addr, TS_LIMIT_BUBBLES))
		ts_drop(w, m, TS_C_drop_teredo_encap_bubble_limited);
	else if (ts_peers_insert(r->peers, addr, h, TS_PEER_CONFIRMED, ts_relay_tick(w), 0, r->valid, r->forget) < 0)
		ts_drop(w, m, TS_C_drop_teredo_encap_no_room);
	else
		send_to_cone(w, m, addr, native);
}

/* T9, X2 to X5: a client that is not in the table. */
static void
first_contact(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, bool native)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	uint64_t source = ts_prefix64(ip->src_addr);
	rte_be32_t client = ts_teredo_client(ip->dst_addr);
	struct ts_contact *c = NULL;
	uint8_t addr[16];

	memcpy(addr, ip->dst_addr, 16);
	if (!ts_contact_gap_open(r->contacts, w->conf.id, h->tag, ts_relay_tick(w), r->forget) ||
		!ts_relay_mapping_has_room(w, addr, h, false)) {
		ts_drop(w, m, TS_C_drop_teredo_encap_bubble_limited);
		return;
	}
	if (is_trusted_cone(w, addr)) {
		trust_cone(w, m, addr, h, native);
		return;
	}
	if (!ts_contact_quota_free(r->contacts, source, client)) {
		ask_by_cookie(w, m, h, false);
		return;
	}
	if (!may_bubble(w, addr, TS_LIMIT_BUBBLES)) {
		ts_drop(w, m, TS_C_drop_teredo_encap_bubble_limited);
		return;
	}
	c = remember(w, addr, h);
	if (c == NULL) {
		ask_by_cookie(w, m, h, true);
		return;
	}
	ts_contact_quota_take(r->contacts, c, source, client);
	struct rte_mempool *pool = m->pool;

	wait_for(w, m, c, native);
	bubble(w, pool, c, addr);
}

/* STALE to PENDING: it is asked again, and keeps its place. */
static void
renew(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_view *view, const struct ts_peer_hash *h,
	bool native)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct rte_mempool *pool = m->pool;
	struct ts_contact *c;
	uint8_t addr[16];

	memcpy(addr, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, 16);
	if (is_trusted_cone(w, addr) && !ts_peer_has_mapping(view->word)) {
		ts_peers_heard(r->peers, view, ts_relay_tick(w));
		send_to_cone(w, m, addr, native);
		return;
	}
	/* The gap: when there was no record for it, it is asked by cookies, and keeps its state meanwhile. */
	ts_contact_gap_heard(r->contacts, w->conf.id, h->tag, view->word, ts_relay_tick(w));
	if (!ts_contact_gap_open(r->contacts, w->conf.id, h->tag, ts_relay_tick(w), r->forget) ||
		!may_bubble(w, addr, TS_LIMIT_BUBBLES)) {
		ts_drop(w, m, TS_C_drop_teredo_encap_bubble_limited);
		return;
	}
	c = take_record(w);
	if (c == NULL) {
		ask_by_cookie(w, m, h, true);
		return;
	}
	c->peer = view->slot;
	ts_peers_set(r->peers, view->slot, TS_PEER_RENEWING, false, view->word & TS_PEER_TICK_MASK,
		ts_contact_number(r->contacts, w->conf.id, c));
	wait_for(w, m, c, native);
	bubble(w, pool, c, addr);
}

static void
fail(struct ts_worker *w, struct rte_mbuf *m, struct ts_contact *c)
{
	if (!c->failed)
		ts_count(w, TS_C_teredo_peers_unreachable);
	ts_contact_failed(ts_relay(w)->contacts, w->conf.id, c, true);
	give_up_queue(w, c);
	unreachable(w, m, false);
}

/* T2, T9, T11: one that has been asked already. */
static void
go_on(struct ts_worker *w, struct rte_mbuf *m, struct ts_contact *c, bool native)
{
	struct rte_mempool *pool = m->pool;
	uint8_t addr[16];
	bool waits;

	memcpy(addr, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, 16);
	if (c->bubbles >= TS_CONTACT_BUBBLES && since_bubble(w, c) >= forget_cycles(w)) {
		c->bubbles = 0;
		ts_contact_failed(ts_relay(w)->contacts, w->conf.id, c, false);
	}
	if (c->bubbles >= TS_CONTACT_BUBBLES && gap_over(w, c)) {
		fail(w, m, c);
		return;
	}
	waits = wait_for(w, m, c, native);
	if (!gap_over(w, c)) {
		if (waits)
			ts_count(w, TS_C_queue_teredo_encap_bubble_interval);
	} else if (may_bubble(w, addr, TS_LIMIT_BUBBLES))
		bubble(w, pool, c, addr);
	else
		ts_count(w, TS_C_teredo_bubbles_limited);
}

void
ts_relay_contact(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, bool native)
{
	const uint8_t *addr = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;
	struct ts_peer_view view;

	if (!ts_peers_find(ts_relay(w)->peers, addr, h, &view))
		first_contact(w, m, h, native);
	else if (ts_peer_state(view.word) == TS_PEER_CONFIRMED)
		renew(w, m, &view, h, native);
	else
		go_on(w, m, record_of(w, &view), native);
}

void
ts_relay_recover(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16], const struct ts_peer_hash *h)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	rte_be32_t client = ts_teredo_client(addr);
	struct ts_contact *c;

	if (ts_relay_refused_address(w, addr) >= 0 ||
		!ts_contact_gap_open(r->contacts, w->conf.id, h->tag, ts_relay_tick(w), r->forget) ||
		!ts_relay_mapping_has_room(w, addr, h, false) || !may_bubble(w, addr, TS_N_LIMITS))
		return;
	/*
	 * A cookie makes sure that whoever sent the packet gets the bubble. Without one the client itself stands for
	 * the source, as no native packet asked for it.
	 */
	c = !r->cookies && ts_contact_quota_free(r->contacts, client, client) ? remember(w, addr, h) : NULL;
	if (c != NULL) {
		ts_contact_quota_take(r->contacts, c, client, client);
		bubble(w, pool, c, addr);
	} else if (r->cookies) {
		ts_contact_gap_note(r->contacts, w->conf.id, h->tag, ts_relay_tick(w), r->forget, 0);
		ts_relay_send_bubbles(w, pool, addr);
		ts_count(w, TS_C_teredo_stateless_bubbles);
	} else
		return;
	ts_count(w, TS_C_teredo_recovery_bubbles);
}

/*
 * T21: what waited leaves before anybody else can see that the peer is trusted, so that nothing overtakes it.
 */
void
ts_relay_confirm(struct ts_worker *w, const struct ts_peer_view *view, rte_be32_t v4, rte_be16_t port, bool learned)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct ts_contact *c = record_of(w, view);
	struct rte_mbuf *packets[TS_CONTACT_QUEUE];
	unsigned n = ts_contact_unqueue(r->contacts, w->conf.id, c, packets);

	for (unsigned i = 0; i < n; i++) {
		ts_count(w, TS_C_teredo_released_packets);
		if (ts_relay_put_outer(w, packets[i], v4, port))
			ts_originate4(w, packets[i]);
	}
	ts_tx_flush(w);
	ts_peers_set(r->peers, view->slot, TS_PEER_CONFIRMED, learned, ts_relay_tick(w),
		learned ? ts_peer_mapping(v4, port, ts_relay_second(w)) : 0);
	if (c->bubbles != 0)
		ts_histogram_add(
			&w->histograms.bubble_rtt, TS_HISTOGRAM_RTT_SHIFT, since_bubble(w, c) * 1000000 / w->hz);
	ts_contact_give(r->contacts, w->conf.id, c);
	ts_count(w, TS_C_teredo_peers_confirmed);
}

void
ts_relay_timer(struct ts_worker *w)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint64_t forget_after = forget_cycles(w);
	struct ts_contact *c;

	ts_peers_sweep(r->peers, w->conf.id, r->peers->per_owner / (SWEEP_TIME_S * TS_PEER_TICKS_PER_S) + 1,
		ts_relay_tick(w), r->forget);
	for (unsigned i = 0; i < TIMER_MAX; i++) {
		c = ts_contact_oldest(r->contacts, w->conf.id);
		if (c == NULL || since_bubble(w, c) < forget_after)
			break;
		forget(w, c);
	}
	for (unsigned i = 0; i < TIMER_MAX; i++) {
		c = ts_contact_longest_queued(r->contacts, w->conf.id);
		if (c == NULL || w->now - c->queued_since < QUEUE_TIME_S * w->hz)
			break;
		give_up_queue(w, c);
	}
}
