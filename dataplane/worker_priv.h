/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker from the inside, and the stations that a packet passes. Everything here runs on the worker's own core;
 * nothing blocks, allocates from the heap, logs or makes a system call.
 *
 * From parse on, a packet's mbuf begins at its IP header and ends with the datagram. Every function that is given
 * packets disposes of each of them exactly once: it sends it, hands it on, or drops it by name.
 */
#ifndef TS_WORKER_PRIV_H
#define TS_WORKER_PRIV_H

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>

#include "lib/ip_check.h"
#include "lib/prefix_limiter.h"
#include "lib/reassembly.h"
#include "lib/token_bucket.h"
#include "observe_priv.h"
#include "strangers.h"
#include "worker.h"

#define TS_IP_ID_SLOTS 4096 /* counters of IPv4 identification, by hash of the destination */
#define TS_IP_ID_SHIFT 20
#define TS_WAIT_SLOTS 64      /* next hops that packets of one worker can wait for */
#define TS_WAIT_PACKETS 32    /* upper bound of limits.neighbour-queue */
#define TS_DELAYED_MAX 64     /* beyond it advertisements leave at once */
#define TS_BEHIND_SLOTS 32768 /* for Teredo clients whose packets have just been handed to their owner */
#define TS_NO_IFACE UINT16_MAX
/* All headers that the lanes read, outer and inner, with options and an extension header or two, are in the first
 * segment. */
#define TS_HEADERS_LINEAR 128u

/* Packets on their way through a station. iface: where they came in; domain: for tunnels, which of the mechanism's. */
struct ts_vec {
	uint16_t n;
	uint16_t iface[TS_BURST_MAX];
	uint16_t domain[TS_BURST_MAX];
	struct rte_mbuf *pkt[TS_BURST_MAX];
};

static inline void
ts_vec_add(struct ts_vec *v, struct rte_mbuf *m, uint16_t iface)
{
	v->pkt[v->n] = m;
	v->iface[v->n++] = iface;
}

static inline void
ts_vec_add_domain(struct ts_vec *v, struct rte_mbuf *m, uint16_t domain)
{
	v->pkt[v->n] = m;
	v->domain[v->n++] = domain;
}

/* Where classification puts the packets of a burst. */
struct ts_lanes {
	struct ts_vec encap_6to4, encap_6rd, encap_isatap, encap_teredo;
	struct ts_vec decap_6to4, decap_6rd, decap_isatap, decap_teredo;
	struct ts_vec teredo_server;
	struct ts_vec local4, local6;
};

struct ts_tx_buffer {
	uint16_t n;
	uint32_t bytes;
	struct rte_mbuf *pkt[TS_BURST_MAX];
} __rte_cache_aligned;

/* Packets that wait for one next hop; see neigh_wait.c. */
struct ts_wait_slot {
	uint16_t n; /* 0: the slot is free */
	uint16_t iface;
	uint8_t family;
	bool glean; /* an on-link destination, not a gateway */
	uint8_t addr[16];
	uint64_t deadline, next_miss;
	struct rte_mbuf *pkt[TS_WAIT_PACKETS];
};

/* A router advertisement that waits its random time. */
struct ts_delayed {
	uint64_t due;
	struct rte_mbuf *answer;
	rte_be32_t to;
	uint16_t site;
};

struct ts_worker {
	/* looked at for every burst, and in one cache line */
	const struct ts_tables *tables;
	const struct ts_stations *stations;
	const struct ts_observe *observe; /* NULL: nothing is looked at */
	uint64_t now;			  /* TSC cycles, once per turn */
	uint32_t id_hash_key;		  /* odd, secret */
	uint32_t id_stride;  /* workers, rounded up to a power of two: shares of the number space stay apart when it
				wraps */
	uint32_t tx_pending; /* bit per port with packets in its buffer */
	uint16_t n_delayed;
	uint16_t n_waiting; /* slots in use */

	/* read by every burst */
	struct ts_worker_conf conf;
	uint64_t table_version;
	uint64_t hz;
	struct rte_ring *commands, *injects, *urgent_punts, *punts, *events;
	struct rte_ring *handoff_in[TS_MAX_WORKERS],
		*handoff_out[TS_MAX_WORKERS];				       /* by worker; NULL at the own place */
	struct rte_ring *peers_in[TS_MAX_WORKERS], *peers_out[TS_MAX_WORKERS]; /* likewise */
	struct ts_reassembly *reassembly;
	bool stop;

	/* written by every packet */
	uint64_t counters[TS_N_COUNTERS] __rte_cache_aligned;
	struct ts_port_counters ports[TS_TX_PORTS];
	struct ts_tx_buffer tx[TS_TX_PORTS];
	uint16_t ip_id[TS_IP_ID_SLOTS];

	/* rarely */
	struct ts_token_bucket limits[TS_N_LIMITS];
	struct ts_token_bucket neigh_limit, punt_limit;
	struct ts_prefix_limiter neigh_sources, session_sources; /* by source MAC: O17 */
	struct ts_strangers strangers;
	struct ts_prefix_limiter keyed[TS_N_KEYED_LIMITS];
	struct ts_rate rates[TS_N_KEYED_LIMITS]; /* that they have now */
	bool probing;				 /* probe.c: a test packet is on its way, and this is what it became */
	struct rte_mbuf *probe_out;
	uint64_t random;
	struct ts_delayed delayed[TS_DELAYED_MAX];
	uint64_t next_wait_check;
	uint64_t next_lag_turn;
	uint64_t next_relay_timer;
	uint32_t behind[TS_BEHIND_SLOTS]; /* see relay_owner.c */
	struct ts_wait_slot wait[TS_WAIT_SLOTS];
	uint64_t loops, busy_loops, cycles, busy_cycles;
	struct ts_worker_histograms histograms;
	/* written once per run of packets of one neighbour */
	struct ts_neighbour_counters neighbours[TS_N_FLOWS];
	/* observe.c */
	struct rte_mempool *observe_pool;
	struct rte_ring *observations;
	struct ts_handshakes *handshakes;
	uint64_t sample_random;
	uint32_t sample_left, sample_pool; /* packets until the next sample, and since the last */
	uint32_t trace_left, trace_count;
};
_Static_assert(offsetof(struct ts_worker, n_waiting) < RTE_CACHE_LINE_SIZE, "what every burst looks at");
/* Nobody else's data share a line with what the worker writes; it has memory of its own. */
_Static_assert(sizeof(struct ts_worker) % RTE_CACHE_LINE_SIZE == 0, "whole cache lines");
_Static_assert(offsetof(struct ts_worker, counters) % RTE_CACHE_LINE_SIZE == 0, "not with what is only read");

static inline void
ts_count(struct ts_worker *w, enum ts_counter c)
{
	w->counters[c]++;
}

static inline void
ts_drop(struct ts_worker *w, struct rte_mbuf *m, enum ts_counter reason)
{
	w->counters[reason]++;
	if (unlikely(w->observe != NULL))
		ts_observe_drop(w, m, reason);
	rte_pktmbuf_free(m);
}

/* O16: as it was received, its Ethernet header still in front of it. */
static inline void
ts_drop_stranger(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, enum ts_counter reason)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *) - w->tables->ifaces[iface].l2_len;

	ts_strangers_count(&w->strangers, iface, frame + RTE_ETHER_ADDR_LEN);
	ts_drop(w, m, reason);
}

static inline const struct ts_nexthop *
ts_nexthop(const struct ts_worker *w, uint64_t id)
{
	return &w->tables->nexthops[id];
}

/* worker.c: new rates, full buckets. */
void ts_worker_set_limits(struct ts_worker *w, const struct ts_worker_limits *l);

/* parse.c: Ethernet, tags, lengths. Fills v4 and v6, punts ARP. */
void ts_parse(
	struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6);

/* Some of a burst; returns the bytes of all frames, which are not counted yet but by sender. */
uint64_t ts_parse_frames(
	struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6);

static inline void
ts_count_received(struct ts_worker *w, uint16_t port, uint16_t n, uint64_t bytes)
{
	w->ports[port].rx_packets += n;
	w->ports[port].rx_bytes += bytes;
	w->counters[TS_C_rx_packets] += n;
	w->counters[TS_C_rx_bytes] += bytes;
}

/* classify4.c, classify6.c: a route lookup says what each packet is for. */
void ts_classify4(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);
void ts_classify6(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);

/* One packet for an address of the box, whole: to its lane, to the kernel, or dropped. */
void ts_classify4_one(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, struct ts_lanes *out);

/* packet_path.c: empty the vectors; run every lane that has packets. */
void ts_lanes_init(struct ts_lanes *l);
void ts_lanes_run(struct ts_worker *w, struct ts_lanes *l);

/*
 * reassemble.c: a fragment for an address of the box. Returns the whole packet when it was the last one that was
 * missing, else NULL. _handed: one that its receiver handed to this worker, after all checks.
 */
struct rte_mbuf *ts_reassemble(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh);
struct rte_mbuf *ts_reassemble_handed(struct ts_worker *w, struct rte_mbuf *m);

/* handoff.c: a packet to the worker that owns its state, and what others handed to this one. */
void ts_handoff(struct ts_worker *w, unsigned owner, struct rte_mbuf *m, uint16_t iface);
void ts_handoff_take(struct ts_worker *w);

/* lane_<mechanism>_encap.c, lane_<mechanism>_decap.c. Decap's packets still have their outer header. */
void ts_6to4_encap(struct ts_worker *w, struct ts_vec *in);
void ts_6to4_decap(struct ts_worker *w, struct ts_vec *in);
void ts_6rd_encap(struct ts_worker *w, struct ts_vec *in);
void ts_6rd_decap(struct ts_worker *w, struct ts_vec *in);
void ts_isatap_encap(struct ts_worker *w, struct ts_vec *in);
void ts_isatap_decap(struct ts_worker *w, struct ts_vec *in);
/* lane_teredo_encap.c, lane_teredo_decap.c, lane_teredo_server.c; the latter two get the outer headers, too. */
void ts_teredo_encap(struct ts_worker *w, struct ts_vec *in);
void ts_teredo_decap(struct ts_worker *w, struct ts_vec *in);
void ts_teredo_server_run(struct ts_worker *w, struct ts_vec *in);
/* relay_owner.c: packets of Teredo clients that other workers handed to this one, and the relay's timers. */
void ts_relay_turn(struct ts_worker *w);
/* G8 to G10, R11, I2: the counter that says why this outer source is refused, or -1. */
int ts_6to4_refused_source(const struct ts_worker *w, rte_be32_t src);
int ts_6rd_refused_source(const struct ts_worker *w, const struct ts_6rd *d, rte_be32_t src);
int ts_isatap_refused_source(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t src);
int ts_teredo_refused_source(const struct ts_worker *w, rte_be32_t src);
/* V4, V13 */
int ts_teredo_server_refused_source(const struct ts_worker *w, rte_be32_t src);

bool ts_6rd_is_relay(const struct ts_6rd *d, rte_be32_t v4);

/* What an IPv4 address is to an ISATAP site. */
enum ts_isatap_far {
	TS_ISATAP_HOST,
	TS_ISATAP_PRL, /* another router of the site */
	TS_ISATAP_PRL_OUTSIDE,
	TS_ISATAP_OUTSIDE, /* of the site, or martian */
	TS_ISATAP_OWN,
};
enum ts_isatap_far ts_isatap_far_end(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t v4);
/* isatap_nd.c: advertisements whose time has come. */
void ts_isatap_send_delayed(struct ts_worker *w);
/* isatap_nd.c: was the packet for the router's link-local address or all-routers? It has then been disposed of. */
bool ts_isatap_nd(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t from);

/* local4.c, local6.c: for addresses of the box. */
void ts_local4(struct ts_worker *w, struct ts_vec *in);
/* G10, G15 for what is not tunnelled: may the source of this packet to one of the box's addresses be answered? */
bool ts_answerable(const struct ts_worker *w, const struct rte_ipv4_hdr *ip);
/* tunnel.c: what a router on the path to a site said (G38, G56); bytes of IPv4. */
void ts_path_mtu_learn(struct ts_worker *w, rte_be32_t site, uint32_t mtu);
/* icmp4_error.c: an ICMPv4 error to one of the box's addresses, its checksum verified (protocols.md 2.10). */
void ts_icmp4_error(struct ts_worker *w, struct rte_mbuf *m);
/* Does it quote a tunnel packet? Then it is the data path's, at a host address too. */
bool ts_icmp4_quotes_tunnel(const struct ts_worker *w, const struct rte_mbuf *m);
void ts_local6(struct ts_worker *w, struct ts_vec *in);
/* One packet that came out of a tunnel; what is no valid echo request counts as `not_echo`. */
void ts_local6_tunnelled(struct ts_worker *w, struct rte_mbuf *m, enum ts_counter not_echo);
/* The same without sending: false when the packet has been dropped. */
bool ts_local6_make_reply(struct ts_worker *w, struct rte_mbuf *m, enum ts_counter not_echo);

/*
 * icmp6_error.c: turn the packet (as received) into an ICMPv6 error to its source and send it, or drop it when no error
 * may be sent (no_error_about_error) or its bucket is empty (icmp6_limited).
 */
struct ts_error_counters {
	enum ts_counter no_error_about_error, limited;
};
void ts_icmp6_error(struct ts_worker *w, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t word,
	const struct ts_error_counters *counters);
/* The error, or the blackhole, that a next hop of this kind means. */
void ts_icmp6_error_route(struct ts_worker *w, struct rte_mbuf *m, uint8_t nh_kind, enum ts_counter blackhole,
	const struct ts_error_counters *counters);

/* originate.c: route and send a packet that the box made. _by: its destination has been looked up. */
void ts_originate4(struct ts_worker *w, struct rte_mbuf *m);
void ts_originate6(struct ts_worker *w, struct rte_mbuf *m);
void ts_originate4_by(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh);
void ts_originate6_by(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh);
/* Put on the outer header of the mechanism and send; for originated packets. _to: whatever the inner destination says.
 */
void ts_6to4_originate(struct ts_worker *w, struct rte_mbuf *m);
void ts_6rd_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d);
void ts_isatap_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s);
void ts_teredo_originate(struct ts_worker *w, struct rte_mbuf *m);
void ts_isatap_originate_to(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t dst);
/* Out of a domain and back into it; `error` counts for the direction that it came by. */
void ts_6rd_hairpin(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d, int ecn,
	const struct ts_error_counters *error);
void ts_isatap_hairpin(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, int ecn,
	const struct ts_error_counters *error);

/*
 * output.c. ts_adjacency_of(): the adjacency of a next hop that forwards (ADJACENCY: chosen by flow hash; NULL for
 * GLEAN and all others). ts_output(): rewrite and queue for sending, or let it wait while the adjacency is unresolved.
 * ts_output_glean(): let it wait for its own destination. ethertype: RTE_ETHER_TYPE_IPV4 or _IPV6 in network order.
 */
const struct ts_adjacency *ts_adjacency_of(const struct ts_worker *w, const struct ts_nexthop *nh, struct rte_mbuf *m);
void ts_output(struct ts_worker *w, struct rte_mbuf *m, const struct ts_adjacency *adj, rte_be16_t ethertype);
void ts_output_glean(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, rte_be16_t ethertype);
void ts_tx_flush_port(struct ts_worker *w, uint16_t port);
void ts_tx_flush(struct ts_worker *w);

/* O23: a frame counts by receiver when it is put into the buffer, where its header still is at hand. What then is not
 * sent is taken back. */
static inline void
ts_tx_count(struct ts_worker *w, struct ts_tx_buffer *b, uint16_t port, const struct rte_mbuf *m)
{
	uint32_t len = rte_pktmbuf_pkt_len(m);

	b->bytes += len;
	ts_neighbours_count(
		&w->neighbours[TS_FLOW_TX], ts_neighbour_key(port, rte_pktmbuf_mtod(m, const uint8_t *)), 1, len);
}

static inline void
ts_tx_uncount(struct ts_worker *w, struct ts_tx_buffer *b, uint16_t port, const struct rte_mbuf *m)
{
	uint32_t len = rte_pktmbuf_pkt_len(m);

	b->bytes -= len;
	ts_neighbours_take_back(
		&w->neighbours[TS_FLOW_TX], ts_neighbour_key(port, rte_pktmbuf_mtod(m, const uint8_t *)), len);
}

static inline void
ts_tx_enqueue(struct ts_worker *w, uint16_t port, struct rte_mbuf *m)
{
	struct ts_tx_buffer *b = &w->tx[port];

	ts_tx_count(w, b, port, m);
	b->pkt[b->n++] = m;
	w->tx_pending |= 1u << port;
	if (unlikely(b->n == TS_BURST_MAX))
		ts_tx_flush_port(w, port);
}
/* LACP's messages leave with a transmit call, and have to every 100 ms. */
void ts_lag_turn(struct ts_worker *w);

/* neigh_wait.c */
void ts_neigh_wait(
	struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, uint8_t family, const uint8_t *addr, bool glean);
void ts_neigh_new_tables(struct ts_worker *w); /* try again what waits */
void ts_neigh_timer(struct ts_worker *w);
void ts_neigh_wait_free(struct ts_worker *w);

/* punt.c: to the kernel, as the frame came. */
void ts_punt(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, rte_be16_t ethertype);
void ts_inject(struct ts_worker *w);

/* probe.c: a test packet of control through its lane; what reached its far end. */
void ts_probe_run(struct ts_worker *w, struct rte_mbuf *m);
void ts_probe_arrived(struct ts_worker *w, struct rte_mbuf *m);

/* Cut the packet to `len` bytes, over several segments if need be. */
void ts_trim(struct rte_mbuf *m, uint32_t len);

/* One's complement sum, not inverted, over all segments; `off` bytes in, `len` bytes. */
uint16_t ts_cksum_payload(const struct rte_mbuf *m, uint32_t off, uint32_t len);
/* The same of an ICMPv6 message directly behind the IPv6 header, pseudo header included: 0xffff when its checksum is
 * right. */
uint16_t ts_icmp6_sum(const struct rte_mbuf *m);

#ifndef TS_MAY_BLOCK
#include "poison.h"
#endif

#endif
