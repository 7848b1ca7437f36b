/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What crosses between workers and control, each kind over rte_rings of its own with one producer and one consumer
 * (rte_ring_create_elem with these sizes). A full ring is counted, never waited for.
 */
#ifndef TS_MESSAGES_H
#define TS_MESSAGES_H

#include <stdint.h>

#include <rte_mbuf.h>

struct ts_observe;
struct ts_tables;
struct ts_worker_limits;

/* control -> worker */
enum ts_command_type {
	TS_COMMAND_TABLES,  /* use this version from now on */
	TS_COMMAND_STOP,    /* leave the loop */
	TS_COMMAND_LIMITS,  /* these rates from now on; full buckets */
	TS_COMMAND_OBSERVE, /* look at these packets from now on; begin to count traces anew */
	TS_COMMAND_PROBE,   /* take this test packet through its lane; probe.c */
};

struct ts_command {
	uint64_t type;
	union {
		const struct ts_tables *tables;
		const struct ts_worker_limits *limits; /* read when the command is taken, not later */
		const struct ts_observe *observe;      /* NULL: at none; must stay until another took its place */
		struct rte_mbuf *probe; /* begins at its IP header; its hash.usr comes back with the event */
	};
};

/* worker -> punt thread: an untagged Ethernet frame for the interface's twin */
struct ts_punt {
	struct rte_mbuf *frame;
	uint64_t iface;
};

/* punt thread -> worker: an untagged Ethernet frame from the twin, to be tagged and sent */
struct ts_inject {
	struct rte_mbuf *frame;
	uint64_t iface;
};

/* worker -> worker: a fragment for the worker that reassembles it, beginning at its IPv4 header */
struct ts_handoff {
	struct rte_mbuf *packet;
	uint64_t iface;
};

/* worker -> worker: a packet for the worker that owns its Teredo client (relay.h) */
struct ts_peer_handoff {
	struct rte_mbuf *packet;
	uint64_t way; /* enum ts_relay_way */
};

/* worker -> control */
enum ts_event_type {
	TS_EVENT_NEIGH_MISS, /* resolve `addr` on `iface`; repeated at most once a second per next hop and worker */
	TS_EVENT_PROBE,	     /* a test packet is through: `addr` is a struct ts_probe_result, `tsc` the packet's mark */
};

struct ts_probe_result {
	struct rte_mbuf *out; /* what came out, from its IP header on, the receiver's now; NULL: nothing */
	uint32_t dropped_by;  /* enum ts_counter; TS_N_COUNTERS: nothing was dropped */
	uint32_t pad;
};

struct ts_event {
	uint16_t type;
	uint16_t iface;
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t pad[3];
	uint8_t addr[16];
	uint64_t tsc;
};
_Static_assert(sizeof(struct ts_probe_result) == sizeof(((struct ts_event *)0)->addr), "a result fits into an event");
_Static_assert(sizeof(struct ts_event) == 32, "ring elements are multiples of 4 bytes");

#endif
