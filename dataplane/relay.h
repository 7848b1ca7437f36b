/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the Teredo relay share: lane_teredo_encap.c and lane_teredo_decap.c work on bursts and on trusted
 * peers; all else about a peer is done by the worker that owns it (relay_owner.c), to which packets are handed over
 * rings; relay_contact.c asks clients to introduce themselves, relay_bubble.c makes the bubbles.
 */
#ifndef TS_RELAY_H
#define TS_RELAY_H

#include <rte_udp.h>

#include "contact.h"
#include "lib/teredo.h"
#include "peers.h"
#include "tunnel.h"

#define TS_UDP_HDR_LEN 8
#define TS_TEREDO_OUTER_LEN (TS_IPV4_HDR_LEN + TS_UDP_HDR_LEN)

extern const struct ts_encap_counters ts_teredo_encap_counters;
extern const struct ts_decap_counters ts_teredo_decap_counters;

static inline const struct ts_teredo_relay *
ts_relay(const struct ts_worker *w)
{
	return &w->tables->services->relay;
}

/* Now, in the peer table's ticks. */
static inline uint32_t
ts_relay_tick(const struct ts_worker *w)
{
	return (uint32_t)(w->now / (w->hz / TS_PEER_TICKS_PER_S)) & TS_PEER_TICK_MASK;
}

/* Now, as learned mappings remember it. */
static inline uint16_t
ts_relay_second(const struct ts_worker *w)
{
	return (uint16_t)(w->now / w->hz);
}

/* T2: may be sent to without asking again. */
static inline bool
ts_relay_trusted(const struct ts_teredo_relay *r, uint32_t word, uint32_t tick)
{
	return ts_peer_state(word) == TS_PEER_CONFIRMED && ts_peer_age(word, tick) <= r->valid;
}

/* A packet of a client with its outer headers. The pointers hold as long as nothing is cut or prepended. */
struct ts_relay_input {
	const struct rte_ipv4_hdr *outer;
	const struct rte_udp_hdr *udp;
	const struct rte_ipv6_hdr *inner;
	uint32_t inner_at;
	struct ts_teredo_trailers trailers;
};

/* relay_input.c: all but the trailers, of a packet that has been looked at already. */
void ts_relay_find_headers(const struct rte_mbuf *m, struct ts_relay_input *r);
/* T17 to T19 but for the peer table: the counter, or -1. On success the packet ends with its UDP datagram. */
int ts_relay_refused_input(const struct ts_worker *w, struct rte_mbuf *m, struct ts_relay_input *r);
/* F8: of the datagram behind an IPv4 header of `ihl` bytes; none (0) is good. Its length has been checked. */
bool ts_udp4_checksum_good(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, uint32_t ihl);

/* T19 */
static inline bool
ts_relay_is_embedded(const struct ts_relay_input *r)
{
	return ts_teredo_client(r->inner->src_addr) == r->outer->src_addr &&
		ts_teredo_port(r->inner->src_addr) == r->udp->src_port;
}

/* relay_output.c: IPv4 and UDP header for the IPv6 packet at `m` (T8, F8). False: dropped, no room in the buffer. */
bool ts_relay_put_outer(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t dst, rte_be16_t port);
/* UDP header for what is at `m` from src to dst, the checksum over all of it; then the IPv4 header. */
bool ts_udp4_put(struct ts_worker *w, struct rte_mbuf *m, uint8_t ttl, rte_be32_t src, rte_be16_t src_port,
	rte_be32_t dst, rte_be16_t dst_port);
/* T8: decrement, outer header, out by `nh` of the IPv4 table; or the error that `nh` means. */
void ts_relay_forward(
	struct ts_worker *w, struct rte_mbuf *m, rte_be32_t dst, rte_be16_t port, const struct ts_nexthop *nh, int ecn);

/* Does a transport checksum cover everything behind the IPv6 header at `m`? relay_output.c says what for. */
static inline bool
ts_relay_has_whole_checksum(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);
	uint16_t len = rte_be_to_cpu_16(ip->payload_len);

	switch (ip->proto) {
	case IPPROTO_TCP:
		return len >= 20;
	case IPPROTO_ICMPV6:
		return len >= 4;
	case IPPROTO_UDP:
		return len >= sizeof(*udp) && rte_pktmbuf_data_len(m) >= TS_IPV6_HDR_LEN + sizeof(*udp) &&
			udp->dgram_cksum != 0 && udp->dgram_len == ip->payload_len;
	default:
		return false;
	}
}

/* lane_teredo_encap.c: T3 to T7 for one packet; false: it has been dropped or answered. */
bool ts_relay_admit_native(struct ts_worker *w, struct rte_mbuf *m);
/* lane_teredo_encap.c: T4 to T6 for a Teredo address. The counter of the encap lane, or -1. */
int ts_relay_refused_address(const struct ts_worker *w, const uint8_t addr[16]);

/* How a packet for a Teredo client got here. */
enum ts_relay_way {
	TS_RELAY_NATIVE,     /* its hop limit is still to be decremented */
	TS_RELAY_ORIGINATED, /* the box made it: nothing to decrement, no errors about it */
	TS_RELAY_RECEIVED,   /* it came out of the tunnel, and has its outer headers */
};

/*
 * relay_owner.c: what only the owner of the peer may do; done at once when this worker is the owner. to_owner() takes a
 * packet for a client that is not trusted; from_client() one that passed all checks up to T19, with its outer headers.
 */
void ts_relay_to_owner(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, enum ts_relay_way way);
/* Must the packet go by the owner although its peer is trusted, to stay behind those that did? */
bool ts_relay_is_behind(struct ts_worker *w, const struct ts_peer_hash *h);

/* relay_contact.c: the packet waits, a bubble is sent, as T9 to T11 say. Owner only. */
void ts_relay_contact(struct ts_worker *w, struct rte_mbuf *m, const struct ts_peer_hash *h, bool native);
/* An unknown client sent something: ask it to introduce itself (T20). `pool`: to take the bubble from. Owner only. */
void ts_relay_recover(
	struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16], const struct ts_peer_hash *h);
/* T21: the peer in `view`, which is not confirmed, answered from v4:port: send what waits, then trust it. Owner only.
 */
void ts_relay_confirm(
	struct ts_worker *w, const struct ts_peer_view *view, rte_be32_t v4, rte_be16_t port, bool learned);
/*
 * X3: may one more client be behind the mapping of `addr`? If there are too many, one that has not answered makes room,
 * or strangers would keep the right one away by others that do not exist: when it has had its time, and at once for one
 * that has proved to be there. Owner only.
 */
bool ts_relay_mapping_has_room(struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h, bool proven);
/* Is the client in the table and not due to be forgotten? */
bool ts_relay_find(
	struct ts_worker *w, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *view);
void ts_relay_timer(struct ts_worker *w);

/* relay_bubble.c: T12, T14, T16; X4. */
void ts_relay_send_bubbles(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16]);
/* Is `dst` what bubbles to `addr` come from: B, or a cookie made for that address? */
bool ts_relay_is_bubble_source(const struct ts_worker *w, const uint8_t dst[16], const uint8_t addr[16]);
/* The same for the cookie alone (X4): an address that who was not asked cannot know. */
bool ts_relay_cookie_valid(const struct ts_worker *w, const uint8_t dst[16], const uint8_t addr[16]);
bool ts_relay_nonce_valid(const struct ts_worker *w, const uint8_t nonce[4], const uint8_t addr[16]);

/* lane_teredo_server.c: a bubble to a client of our own server leaves as V10 says, with this origin. */
void ts_teredo_server_pass(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t origin_v4, rte_be16_t origin_port);

/*
 * The mapping of a peer that is trusted and whose packets need not go by its owner; the address is the packet's, the
 * bucket has been prefetched.
 */
static inline bool
ts_relay_find_direct(struct ts_worker *w, const struct ts_teredo_relay *r, const uint8_t addr[16],
	const struct ts_peer_hash *h, uint32_t tick, struct ts_peer_view *view)
{
	return likely(ts_peers_find(r->peers, addr, h, view)) && likely(ts_relay_trusted(r, view->word, tick)) &&
		likely(w->conf.n_workers == 1 || !ts_relay_is_behind(w, h));
}

/* T19 to T21 for a peer that goes on as before, whose packets need nobody's leave. */
static inline bool
ts_relay_is_known(struct ts_worker *w, const struct ts_teredo_relay *r, const uint8_t addr[16], rte_be32_t v4,
	rte_be16_t port, const struct ts_peer_hash *h, uint32_t tick)
{
	struct ts_peer_view view;

	return likely(ts_peers_find(r->peers, addr, h, &view)) &&
		likely(ts_peer_state(view.word) == TS_PEER_CONFIRMED) &&
		likely(ts_peer_age(view.word, tick) <= r->forget) && likely(view.v4 == v4) &&
		likely(view.port == port) && likely(w->conf.n_workers == 1 || !ts_relay_is_behind(w, h)) &&
		likely(ts_peers_heard(r->peers, &view, tick));
}

/*
 * lane_teredo_decap.c. _take_out: T22 up to the local addresses, for a packet with its outer headers; they are off
 * then. False: it has been disposed of. _out: T23, by `nh`.
 */
bool ts_relay_take_out(struct ts_worker *w, struct rte_mbuf *m, struct ts_outer *kept);
void ts_relay_out(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, const struct ts_outer *outer);
/* lane_teredo_decap.c: from T22 on, for a packet whose peer has been confirmed; it has its outer headers. */
void ts_relay_received(struct ts_worker *w, struct rte_mbuf *m);

#endif
