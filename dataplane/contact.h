/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Getting into contact with Teredo clients (protocols.md T9 to T16, X1 to X5; RFC 4380 5.4.1): a record for each peer
 * that is not confirmed, with its bubbles and the packets that wait for its answer.
 *
 * Records are a pool of their own, a share for each owner of peers (peers.h), which alone uses it. No packet is kept
 * and no slot taken without a record, so that the pool bounds what strangers can make the relay remember. When it is
 * full of clients that may still answer, nothing is remembered but a time stamp (X5), and the answer is known by its
 * cookie (X4).
 */
#ifndef TS_CONTACT_H
#define TS_CONTACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#define TS_CONTACT_QUEUE 4	    /* packets that wait for one peer (T2) */
#define TS_CONTACT_QUEUE_BYTES 5120 /* and their IPv6 bytes */
#define TS_CONTACT_BUBBLES 4	    /* without an answer (T2) */

struct ts_contacts;
struct ts_peers;

/* What is remembered of a peer that is not confirmed. */
struct ts_contact {
	TAILQ_ENTRY(ts_contact) by_bubble, by_queue; /* in use: oldest bubble first; with packets: oldest queue first */
	uint64_t last_bubble, queued_since;	     /* TSC */
	uint32_t peer;				     /* its slot in the peer table */
	uint32_t source, client;		     /* quotas that it counts against, or TS_CONTACT_NO_QUOTA */
	uint16_t queued_bytes;
	uint8_t bubbles, n_queued;
	bool failed; /* said so in a counter */
	struct rte_mbuf *queue[TS_CONTACT_QUEUE];
} __rte_cache_aligned;

#define TS_CONTACT_NO_QUOTA UINT32_MAX

struct ts_contacts_conf {
	unsigned n_owners;
	uint32_t records;		 /* of all owners together */
	uint32_t per_source, per_client; /* X3: unconfirmed peers of a native /64 and of an embedded IPv4 address */
	uint32_t queue_bytes;		 /* X3: of the buffers of all packets that wait */
	uint64_t seed;			 /* secret */
	void *(*allocate)(size_t bytes); /* zeroed, aligned to a cache line */
	void (*release)(void *);
};

/* Bytes that ts_contacts_create() will ask for. */
size_t ts_contacts_bytes(uint32_t records, unsigned n_owners);
/* NULL when memory is short. */
struct ts_contacts *ts_contacts_create(const struct ts_contacts_conf *conf);
/* Frees the packets that wait, too. No worker may use it any more. */
void ts_contacts_free(struct ts_contacts *c, void (*release)(void *));
/* For a reload, by control; workers see it at their next look. */
void ts_contacts_set_quotas(struct ts_contacts *c, uint32_t per_source, uint32_t per_client, uint32_t queue_bytes);

struct ts_contacts_stats {
	uint32_t records, records_max; /* in use; room for */
	uint32_t queued_packets, queued_bytes;
	uint32_t failed; /* of the records: four bubbles without an answer, as far as the timer has looked */
};
void ts_contacts_stats(const struct ts_contacts *c, struct ts_contacts_stats *out);

/* ---- the owner, each with its number ---- */

/* A record for a peer; NULL when none is free. Its queue is empty. */
struct ts_contact *ts_contact_take(struct ts_contacts *c, unsigned owner, uint32_t peer);
/* Its queue has to be empty; quotas are given back. */
void ts_contact_give(struct ts_contacts *c, unsigned owner, struct ts_contact *r);
/* The number by which the peer table knows a record, and back. */
uint64_t ts_contact_number(const struct ts_contacts *c, unsigned owner, const struct ts_contact *r);
struct ts_contact *ts_contact_numbered(const struct ts_contacts *c, unsigned owner, uint64_t number);
/* The record whose last bubble is oldest, or whose packets have waited longest; NULL: there is none. */
struct ts_contact *ts_contact_oldest(const struct ts_contacts *c, unsigned owner);
struct ts_contact *ts_contact_longest_queued(const struct ts_contacts *c, unsigned owner);

/* X3: room for one more unconfirmed peer of this native /64 and this embedded address? Counted until given back. */
bool ts_contact_quota_free(const struct ts_contacts *c, uint64_t source, rte_be32_t client);
void ts_contact_quota_take(struct ts_contacts *c, struct ts_contact *r, uint64_t source, rte_be32_t client);

/* A bubble is sent now. */
void ts_contact_bubble(struct ts_contacts *c, unsigned owner, struct ts_contact *r, uint64_t now);
/* FAILED, or not any more; for the statistics. */
void ts_contact_failed(struct ts_contacts *c, unsigned owner, struct ts_contact *r, bool failed);
/* T9: false when the queue of the peer, or that of all, is full. */
bool ts_contact_queue(struct ts_contacts *c, unsigned owner, struct ts_contact *r, struct rte_mbuf *m, uint64_t now);
/* Takes all packets out, first in first out; returns how many. */
unsigned ts_contact_unqueue(
	struct ts_contacts *c, unsigned owner, struct ts_contact *r, struct rte_mbuf *out[TS_CONTACT_QUEUE]);

/*
 * X5: bubbles without a record are remembered by a time stamp and a count, by hash of the address; of two addresses
 * that share a place the newer one is remembered. `tag`: of peers.h. Ticks of peers.h. Any worker may ask _open().
 */
bool ts_contact_gap_open(const struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t tick, uint32_t forget);
/* bubbles: so many have been sent, the last one now; 0: one more than before. */
void ts_contact_gap_note(
	struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t tick, uint32_t forget, unsigned bubbles);
/* It has answered. */
void ts_contact_gap_clear(struct ts_contacts *c, unsigned owner, uint32_t tag);
/* The same if it was heard, last at tick `heard`, since it was asked: whoever it was heard by has not said so here. */
void ts_contact_gap_heard(struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t heard, uint32_t tick);

/* ---- for tests, while no worker runs ---- */

/* A peer as if it had got there by itself. Ages in ms, -1: never. v4 and port 0: as embedded. */
struct ts_contact_seed {
	uint8_t addr[16];
	bool confirmed;
	rte_be32_t v4;
	rte_be16_t port;
	int64_t last_rx_age, last_bubble_age;
	unsigned bubbles;
	struct rte_mbuf *queue[TS_CONTACT_QUEUE]; /* IPv6 packets, hop limits decremented; taken over */
	unsigned n_queued;
};
/* 0, or -1 when there is no room. */
int ts_contact_plant(
	struct ts_peers *p, struct ts_contacts *c, const struct ts_contact_seed *seed, uint64_t now, uint64_t hz);
/* Forget all peers and all that waits. */
void ts_contact_clear(struct ts_peers *p, struct ts_contacts *c);

#endif
