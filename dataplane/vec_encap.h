/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the two halves of vector encapsulation: vec_encap.c finds out which packets of a burst are plain and what
 * their outer headers have in them, vec_encap_send.c writes the headers and sends.
 */
#ifndef TS_VEC_ENCAP_H
#define TS_VEC_ENCAP_H

#include "tunnel.h"
#include "vec_rules.h"
#include "vec_words.h"

#ifdef TS_VEC_SET

/* What the packets of a burst that go into one tunnel have in common. */
struct encap_lane {
	const struct ts_tunnel *t;
	const void *mechanism; /* struct ts_6rd or ts_isatap */
	const struct ts_source_policy *policy;
	const struct ts_encap_counters *counters;
	ts_lane_fn scalar;
	uint16_t domain;
	struct ts_rules sources; /* that are not plain */
	bool limited;
	uint32_t constant_sum;	 /* of the outer header's words that are the same in every packet */
	uint64_t constant_words; /* fragment offset, TTL, protocol; as they lie in memory behind the identification */
};

/* A burst, prepared. */
struct encap_batch {
	uint64_t plain; /* bit per packet */
	uint64_t easy;	/* of those: to a neighbour on an untagged link, in one segment, with room in front */
	uint32_t dst[TS_BURST_MAX] __rte_aligned(32); /* IPv4, host byte order */
	uint32_t first[TS_BURST_MAX] __rte_aligned(
		32); /* version, TOS, total length of the outer header, as they lie in memory */
	uint32_t sum[TS_BURST_MAX] __rte_aligned(32);	/* of the outer header without identification, not folded */
	uint32_t total[TS_BURST_MAX] __rte_aligned(32); /* length of the outer packet, bytes */
	uint32_t nh[TS_BURST_MAX];
	const struct ts_adjacency *adj[TS_BURST_MAX]; /* ts_vec_neighbours() */
};

void TS_VEC(ts_encap_send)(struct ts_worker *w, const struct encap_lane *l, struct rte_mbuf *const *pkt, unsigned n,
	const struct encap_batch *b);

#endif
#endif
