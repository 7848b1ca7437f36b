/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one loop on one core that receives, classifies, tunnels, routes, rewrites and sends. See packet_path.c for
 * the way of a packet. Nothing declared here is thread safe except through the rings; counters may be read by anybody.
 */
#ifndef TS_WORKER_H
#define TS_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>

#include "counters.h"
#include "histogram.h"
#include "lib/config.h"
#include "messages.h"
#include "neighbour_counters.h"
#include "stations.h"
#include "strangers.h"
#include "tables.h"

#define TS_BURST_MAX 64
#define TS_MAX_RXQ 32
#define TS_TX_PORTS 32		    /* port ids below this */
#define TS_HANDED_OVER_MAX 768	    /* packets in the rings from one worker to another */
#define TS_REASSEMBLY_HELD_MAX 1024 /* fragments that one worker keeps, whatever else is configured */

/* The counters of one port as one worker sees it. */
struct ts_port_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, tx_refused;
};

/* Rates of what the data path originates: events per second and burst, shared out evenly over the workers. */
enum ts_limit {
	TS_LIMIT_TOO_BIG,
	TS_LIMIT_TIME_EXCEEDED,
	TS_LIMIT_UNREACHABLE,
	TS_LIMIT_PARAMETER_PROBLEM,
	TS_LIMIT_ICMP4_UNREACHABLE,
	TS_LIMIT_ECHO4,
	TS_LIMIT_ECHO6,
	TS_LIMIT_ICMP4_ERRORS, /* received and translated: G55 */
	TS_LIMIT_BUBBLES,      /* of the Teredo relay to clients it does not know (X3) */
	TS_LIMIT_RECOVERY,     /* to clients that it knew before a restart */
	TS_N_LIMITS
};

/* Rates that hold for each of many keys; 0 per second = unlimited. */
enum ts_keyed_limit {
	TS_KEYED_ICMP6_PREFIX,	/* ICMPv6 errors to a /64 (G42, G50) */
	TS_KEYED_ICMP4_SOURCE,	/* ICMPv4 errors from an address (G55) */
	TS_KEYED_SITE,		/* packets to and from an IPv4 site (S24) */
	TS_KEYED_NATIVE,	/* packets to and from a native /64 (S24) */
	TS_KEYED_ND,		/* answers to an ISATAP host (I6) */
	TS_KEYED_BUBBLE_SERVER, /* bubbles by Teredo server, client and native source /64 (X3) */
	TS_KEYED_BUBBLE_CLIENT,
	TS_KEYED_BUBBLE_SOURCE,
	TS_KEYED_RA_HOST, /* Teredo advertisements to an address and its /24 (V15) */
	TS_KEYED_RA_NET,
	TS_N_KEYED_LIMITS
};

struct ts_rate {
	uint32_t per_second, burst;
};

struct ts_worker_limits {
	struct ts_rate box[TS_N_LIMITS]; /* of the whole box, shared out over the workers; 0 per second = none at all */
	struct ts_rate keyed[TS_N_KEYED_LIMITS]; /* of each worker: what belongs to one key meets mostly one of them */
};

struct ts_handshakes; /* handshake.h */

struct ts_worker_conf {
	unsigned id; /* 0 .. n_workers - 1 */
	unsigned n_workers;
	unsigned cpu;
	int socket_id;	 /* NUMA node of everything that the worker writes */
	uint16_t burst;	 /* packets per receive, 1 .. TS_BURST_MAX */
	bool idle_pause; /* sleep politely when there is nothing to do */
	uint16_t n_rxq;
	struct {
		uint16_t port, queue;
	} rxq[TS_MAX_RXQ];
	uint32_t tx_ports;	  /* bit per port id that the worker may send to */
	uint32_t multi_seg_ports; /* those of them that send frames in several buffers */
	uint32_t lag_ports;	  /* those of them that are LAGs: LACP lives on the worker coming by (decisions.md 9) */
	uint16_t tx_queue;	  /* on every port */
	uint16_t neighbour_queue; /* packets that wait per unresolved next hop */
	struct ts_worker_limits limits;
	struct {
		uint32_t timeout_ms, max_datagrams, max_bytes, per_source, max_fragments, max_size;
	} reassembly;		   /* of this worker; lib/reassembly.h */
	struct rte_rcu_qsbr *qsbr; /* shared by all workers; thread id = id. NULL in tests of one thread */
	uint64_t seed;		   /* secret: IPv4 identification, flow hash */
	struct rte_mempool
		*observe_pool; /* buffers for observations, of this worker alone; NULL: nothing is observed */
	struct ts_handshakes *handshakes;   /* shared by all workers; NULL: none are looked at */
	const struct ts_stations *stations; /* NULL: the best for this CPU */
};

struct ts_worker; /* worker_priv.h */

/* NULL and a message in `err` when memory or rings cannot be had. */
struct ts_worker *ts_worker_create(const struct ts_worker_conf *conf, char *err, size_t err_len);
/* Frees packets that wait, too. The worker must have left its loop. */
void ts_worker_free(struct ts_worker *w);

/* Make the handoff rings, one per ordered pair, once all workers are there. 0, or -1 and a message. */
int ts_workers_connect(struct ts_worker *const *workers, unsigned n, char *err, size_t err_len);

/* The loop, for rte_eal_remote_launch(); returns on TS_COMMAND_STOP. */
int ts_worker_loop(void *worker);

/*
 * One turn: commands, injected packets, one burst from every queue, transmit, timers. `now` is in TSC cycles. Returns
 * the packets received. The loop calls this; wire tests and benchmarks do too.
 */
unsigned ts_worker_poll(struct ts_worker *w, uint64_t now);

/* The rings, as control and the punt thread use them. */
struct rte_ring *ts_worker_commands(struct ts_worker *w); /* struct ts_command */
struct rte_ring *ts_worker_injects(struct ts_worker *w);  /* struct ts_inject */
struct rte_ring *ts_worker_urgent_punts(
	struct ts_worker *w);				/* struct ts_punt: ARP, ND, BGP, BFD; to be emptied first */
struct rte_ring *ts_worker_punts(struct ts_worker *w);	/* struct ts_punt: all else */
struct rte_ring *ts_worker_events(struct ts_worker *w); /* struct ts_event */

/* mbufs with a struct ts_observation in their private area; whoever takes one frees it. */
struct rte_ring *ts_worker_observations(struct ts_worker *w);

/* Readable by any thread at any time; single values are whole, the set is not a snapshot. */
struct ts_worker_stats {
	const uint64_t *counters;	      /* [TS_N_COUNTERS] */
	const struct ts_port_counters *ports; /* [TS_TX_PORTS] */
	uint64_t loops, busy_loops;	      /* turns, and those that found work */
	uint64_t busy_cycles, cycles;
	struct {
		uint32_t datagrams, held, bytes;
		uint64_t timeouts, evicted;
	} reassembly;
	uint64_t table_version;
	uint64_t last_turn_tsc;
	unsigned id, cpu;
	const struct ts_strangers *strangers;			    /* O16 */
	const char *simd;					    /* name of its stations */
	const struct ts_worker_histograms *histograms;		    /* NULL: none are kept */
	const struct ts_neighbour_counters *neighbours[TS_N_FLOWS]; /* NULL: not counted */
};
void ts_worker_stats(const struct ts_worker *w, struct ts_worker_stats *out);

#endif
