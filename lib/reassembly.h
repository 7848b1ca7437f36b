/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 reassembly (protocols.md 2.4; RFC 791 3.2, RFC 1858): which fragments make a datagram, and when to give up. It
 * holds what the caller gives it as opaque pointers and never looks at packets, so that it can be tried and fuzzed
 * alone.
 *
 * All memory is had at creation. Time is in cycles of any clock that goes forward. Where a limit is reached, the oldest
 * incomplete datagram goes (G24). One owner, no locks.
 */
#ifndef TS_REASSEMBLY_H
#define TS_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_byteorder.h>

#define TS_REASSEMBLY_MAX_FRAGMENTS 64 /* upper bound of max_fragments */

struct ts_reassembly_conf {
	uint32_t max_datagrams;			    /* incomplete ones at a time */
	uint32_t max_held;			    /* fragments at a time, over all datagrams */
	uint32_t max_bytes;			    /* their payload, over all datagrams */
	uint32_t per_source;			    /* incomplete datagrams of one source address */
	uint32_t max_fragments;			    /* of one datagram */
	uint32_t max_size;			    /* of a datagram, IPv4 header without options included: G20 */
	uint64_t timeout;			    /* cycles */
	uint64_t seed;				    /* secret: hash */
	void (*free_fn)(void *arg, void *fragment); /* for fragments that it gives up */
	void *free_arg;
};

struct ts_fragment {
	rte_be32_t src, dst;
	rte_be16_t id;
	uint8_t protocol;
	uint8_t ecn;	 /* two bits of the TOS */
	uint16_t offset; /* bytes */
	uint16_t len;	 /* of the payload, bytes */
	bool more;	 /* more fragments follow */
	void *packet;
};

enum ts_reassembly_verdict {
	TS_REASSEMBLY_HELD,	 /* kept; the datagram is not complete */
	TS_REASSEMBLY_COMPLETE,	 /* the whole datagram is in *out, the last fragment included */
	TS_REASSEMBLY_DUPLICATE, /* seen already: not kept, nothing else happens (G22) */
	TS_REASSEMBLY_ALIGN,	 /* not kept: length of a non-last fragment no multiple of 8, or no payload (G21) */
	TS_REASSEMBLY_OVERSIZE,	 /* not kept, and the datagram is given up (G21) */
	TS_REASSEMBLY_OVERLAP,	 /* likewise, and its key is poisoned until its time is over (G22) */
	TS_REASSEMBLY_ECN_MIX,	 /* complete, but its fragments do not agree on ECN; all given up but this one (G23) */
	TS_REASSEMBLY_LIMIT,	 /* not kept: too many fragments of one datagram or datagrams of one source */
};

struct ts_datagram {
	unsigned n;
	void *fragment[TS_REASSEMBLY_MAX_FRAGMENTS]; /* in order of their offsets */
	uint8_t ecn;				     /* of the whole: G23 */
};

struct ts_reassembly;

struct ts_reassembly *ts_reassembly_create(const struct ts_reassembly_conf *conf);
/* Gives up what it holds. */
void ts_reassembly_free(struct ts_reassembly *r);

/* A fragment that is not kept stays the caller's. */
enum ts_reassembly_verdict ts_reassembly_add(
	struct ts_reassembly *r, const struct ts_fragment *f, uint64_t now, struct ts_datagram *out);

/* G21 alone, without state: HELD when the fragment may be added. */
enum ts_reassembly_verdict ts_reassembly_check(const struct ts_reassembly *r, const struct ts_fragment *f);

/* Give up what is too old, at most a few per call; returns how many datagrams. */
unsigned ts_reassembly_expire(struct ts_reassembly *r, uint64_t now);

struct ts_reassembly_stats {
	uint32_t datagrams, held, bytes; /* now */
	uint64_t timeouts, evicted;	 /* datagrams, ever */
};
void ts_reassembly_stats(const struct ts_reassembly *r, struct ts_reassembly_stats *out);

#endif
