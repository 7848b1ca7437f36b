/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay's peer table (protocols.md T1, X2, X3; RFC 4380 5.2): one for all workers, read without locks.
 *
 * Each peer has an owner among the workers, by hash of its mapped address and port. The owner alone inserts, removes
 * and changes state; every worker looks up, and refreshes the time of the last reception. A slot is 16 bytes in a
 * bucket of one cache line: 12 bytes of key (the address behind 2001::/32) and one word
 *
 *	state:2 | learned:1 | generation:7 | tick of the last reception:22
 *
 * A reader loads the word, compares the key and loads the word again: only when all but the tick is the same did the
 * key belong to it. The generation makes a slot that was changed in between differ; it would have to change 128 times
 * to look the same. Refreshing the tick is a compare-and-swap, so that it never undoes what the owner did.
 * A key has two candidate buckets, both in its owner's part of the table, so that owners never write to the same
 * bucket. The owner may move a confirmed peer from one to the other; it is copied before it is given up.
 *
 * Each slot has 8 bytes aside: the mapping of a confirmed peer that was learned (T19), or the owner's record number
 * (contact.h) while the peer is not confirmed. Readers other than the owner look at it only when the word says that it
 * is a mapping, and the owner never changes it while the word says so. All memory is taken at creation.
 *
 * Time is in ticks of 1/16 s; 22 bits of it wrap after three days, so every peer has to be swept or set within that.
 * Workers need not agree on the time: a tick up to TS_PEER_SKEW ahead of one's own is taken as now.
 */
#ifndef TS_PEERS_H
#define TS_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include "lib/teredo.h"

#define TS_PEERS_MAX_OWNERS 32
#define TS_PEER_BUCKET_SLOTS 4
#define TS_PEER_TICKS_PER_S 16
#define TS_PEER_TICK_BITS 22
#define TS_PEER_TICK_MASK ((1u << TS_PEER_TICK_BITS) - 1)
#define TS_PEER_GENERATION_SHIFT TS_PEER_TICK_BITS
#define TS_PEER_GENERATION_MASK (0x7fu << TS_PEER_GENERATION_SHIFT)
#define TS_PEER_LEARNED (1u << 29)
#define TS_PEER_STATE_SHIFT 30
#define TS_PEER_SKEW 1024u /* ticks that workers' clocks may be apart, 64 s */

/* What a slot's word says. PENDING and FAILED of T1 are told apart by the owner's record, TRUSTED and STALE by the
 * tick. */
enum ts_peer_state {
	TS_PEER_NONE,	     /* empty slot */
	TS_PEER_UNCONFIRMED, /* never heard from the mapping: PENDING or FAILED; has a record */
	TS_PEER_CONFIRMED,   /* TRUSTED, or STALE when it was heard too long ago */
	TS_PEER_RENEWING,    /* was confirmed, is PENDING or FAILED again; has a record */
};

struct ts_peer_slot {
	uint64_t client; /* bytes 8 to 15 of the Teredo address: flags, mapped port and address */
	uint32_t server; /* bytes 4 to 7 */
	uint32_t word;
};

struct ts_peer_bucket {
	struct ts_peer_slot slot[TS_PEER_BUCKET_SLOTS];
} __rte_cache_aligned;
_Static_assert(sizeof(struct ts_peer_bucket) == RTE_CACHE_LINE_SIZE, "a bucket is one cache line");

/* An owner's books; written by it alone, whole values readable by anybody. */
struct ts_peer_owner {
	uint32_t confirmed, unconfirmed, renewing;	  /* slots in that state: exact */
	uint32_t sweep;					  /* next bucket to look at */
	uint64_t inserted, expired, evicted, moved, full; /* full: no slot could be had */
} __rte_cache_aligned;

struct ts_peers {
	struct ts_peer_bucket *buckets; /* [n_owners * per_owner] */
	uint64_t *aside;		/* [n_owners * per_owner * TS_PEER_BUCKET_SLOTS] */
	uint64_t seed[2];		/* secret */
	uint32_t n_owners, per_owner;	/* buckets of one owner; at least 2 */
	struct ts_peer_owner owner[TS_PEERS_MAX_OWNERS];
};

/* Where a peer is, by its address alone. */
struct ts_peer_hash {
	uint32_t bucket[2]; /* of the whole table */
	uint32_t tag;	    /* a further hash of the whole address */
	uint16_t owner;
};

/* What a lookup found, consistent in itself. */
struct ts_peer_view {
	uint32_t slot; /* number in the whole table */
	uint32_t word; /* as it was */
	rte_be32_t v4; /* mapping: embedded, or learned */
	rte_be16_t port;
};

struct ts_peers_conf {
	uint32_t peers;	   /* room for at least so many; a little more memory is taken, so that buckets rarely fill */
	unsigned n_owners; /* workers, at most TS_PEERS_MAX_OWNERS */
	uint64_t seed;
	void *(*allocate)(size_t bytes); /* zeroed, aligned to a cache line */
};

/* Bytes that ts_peers_create() will ask for. */
size_t ts_peers_bytes(uint32_t peers, unsigned n_owners);
/* NULL when memory is short. */
struct ts_peers *ts_peers_create(const struct ts_peers_conf *conf);
void ts_peers_free(struct ts_peers *p, void (*release)(void *));

/* ---- any worker ---- */

static inline struct ts_peer_hash ts_peers_hash(const struct ts_peers *p, const uint8_t addr[16]);
static inline void ts_peers_prefetch(const struct ts_peers *p, const struct ts_peer_hash *h);
/*
 * False: no such peer; for others than the owner also, very rarely, one that was moved twice meanwhile: only the owner
 * knows that a peer is not there. Expired peers that the sweep has not come to yet are found; ts_peer_age() tells.
 */
static inline bool ts_peers_find(
	const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h, struct ts_peer_view *out);
/*
 * A matching packet came: note the time, unless the slot has changed since `view`. Only for TS_PEER_CONFIRMED. Writes
 * at most once a tick. False: the slot has changed; look it up again or go to the owner.
 */
static inline bool ts_peers_heard(struct ts_peers *p, const struct ts_peer_view *view, uint32_t tick);

static inline enum ts_peer_state
ts_peer_state(uint32_t word)
{
	return (enum ts_peer_state)(word >> TS_PEER_STATE_SHIFT);
}

/* Readers take the aside word for a mapping. */
static inline bool
ts_peer_has_mapping(uint32_t word)
{
	return (word & TS_PEER_LEARNED) != 0 && ts_peer_state(word) == TS_PEER_CONFIRMED;
}

/* Ticks since the last reception. 0 also when another worker, whose clock is ahead, has heard it after `tick`. */
static inline uint32_t
ts_peer_age(uint32_t word, uint32_t tick)
{
	uint32_t age = (tick - word + TS_PEER_SKEW) & TS_PEER_TICK_MASK;

	return age > TS_PEER_SKEW ? age - TS_PEER_SKEW : 0;
}

/* ---- the owner ---- */

/*
 * Insert an absent peer in `state` with `tick` as its last reception and `aside` as its aside word. Takes an empty slot
 * of its two buckets, or that of a confirmed peer last heard more than `forget` ticks ago (expired), or that of a
 * confirmed peer that has room in its other bucket (moved: what the owner remembers of a confirmed peer's slot does
 * not outlive an insertion); for a CONFIRMED one also the slot of the longest silent confirmed peer that is older than
 * `valid` ticks (evicted), never a trusted or unconfirmed one. Returns the slot, or -1 when none can be had (counted).
 */
int64_t ts_peers_insert(struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h,
	enum ts_peer_state state, uint32_t tick, uint64_t aside, uint32_t valid, uint32_t forget);
/*
 * Change state, tick and aside of an existing peer; `learned`: aside is a mapping made by ts_peer_mapping(), which only
 * a CONFIRMED one can have. While a learned mapping is replaced others see the peer as RENEWING.
 */
void ts_peers_set(
	struct ts_peers *p, uint32_t slot, enum ts_peer_state state, bool learned, uint32_t tick, uint64_t aside);
void ts_peers_remove(struct ts_peers *p, uint32_t slot);
/* Peers (of any state) that embed the same mapped address and port; they all share their buckets (X3). */
unsigned ts_peers_of_mapping(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h);
/* The slots of those of them that are UNCONFIRMED; returns how many. */
unsigned ts_peers_unconfirmed_of_mapping(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h,
	uint32_t slots[2 * TS_PEER_BUCKET_SLOTS]);
/* Look at the owner's next `n` buckets and forget confirmed peers last heard more than `forget` ticks ago. */
void ts_peers_sweep(struct ts_peers *p, unsigned owner, uint32_t n, uint32_t tick, uint32_t forget);
/* The aside word. */
uint64_t ts_peers_aside(const struct ts_peers *p, uint32_t slot);
/* The address of a slot that is in use. */
void ts_peers_address(const struct ts_peers *p, uint32_t slot, uint8_t out[16]);

/* A learned mapping and when it was learned (in seconds, modulo 65536), as an aside word. */
static inline uint64_t
ts_peer_mapping(rte_be32_t v4, rte_be16_t port, uint16_t second)
{
	return (uint64_t)v4 << 32 | (uint64_t)port << 16 | second;
}

/* ---- anybody, for showing ---- */

struct ts_peer_info {
	uint8_t addr[16];
	enum ts_peer_state state;
	bool learned;
	rte_be32_t v4; /* mapping */
	rte_be16_t port;
	uint32_t age; /* ticks since the last reception; meaningless for UNCONFIRMED */
};
/*
 * Walks the table from *cursor (0 at first) through at most `buckets` buckets, telling `fn` each peer; false when the
 * end has been reached. A peer that moves meanwhile may be told twice or not at all.
 */
bool ts_peers_walk(const struct ts_peers *p, uint64_t *cursor, uint32_t buckets, uint32_t tick,
	void (*fn)(const struct ts_peer_info *, void *), void *arg);

#include "peers_inline.h"

#endif
