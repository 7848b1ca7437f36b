/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets and bytes by neighbour: by the MAC address at the other end of a port, as sender or as receiver (O23). Fixed
 * memory, one table per worker and direction. Packets of a burst mostly belong together and are counted as runs of one
 * address; where they do not, at an exchange, a bucket's keys are four comparisons in half a cache line. Who finds its
 * bucket full takes the place of whoever had least there, whose packets go to `other_packets`: invented addresses push
 * each other out, not those who really send.
 *
 * Groups are no neighbours: what is sent to one is `other`, too, as is a frame too short to have a sender. So all slots
 * and `other` together are what the worker's ports received or sent.
 *
 * One writer. A reader skips a slot that changes hands meanwhile; packets and bytes need not agree to the packet.
 */
#ifndef TS_NEIGHBOUR_COUNTERS_H
#define TS_NEIGHBOUR_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_vect.h>

#define TS_NEIGHBOUR_WAYS 4
#define TS_NEIGHBOUR_BITS 6 /* of a hash: a bucket */
#define TS_NEIGHBOUR_BUCKETS (1u << TS_NEIGHBOUR_BITS)
#define TS_NEIGHBOUR_SLOTS (TS_NEIGHBOUR_BUCKETS * TS_NEIGHBOUR_WAYS)
#define TS_NEIGHBOUR_GROUP (UINT64_C(1) << 16) /* IEEE 802 8.2.2: of the first byte of the MAC */
#define TS_NEIGHBOUR_FREE UINT64_MAX	       /* a free slot, or nobody: the group bit tells it from every neighbour */

enum ts_flow { TS_FLOW_RX, TS_FLOW_TX, TS_N_FLOWS };

/* Of one neighbour, for readers. */
struct ts_neighbour_slot {
	uint64_t key, packets, bytes;
};

struct ts_neighbour_bucket {
	uint64_t key[TS_NEIGHBOUR_WAYS], packets[TS_NEIGHBOUR_WAYS], bytes[TS_NEIGHBOUR_WAYS];
};

struct ts_neighbour_counters {
	struct ts_neighbour_bucket bucket[TS_NEIGHBOUR_BUCKETS];
	uint64_t seed;
	uint64_t other_packets, other_bytes;
} __rte_cache_aligned;

/* Packets next to each other in a burst, all from or to the same. */
struct ts_neighbour_run {
	uint64_t key;
	uint32_t packets, bytes;
};

void ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed);

/* The way of a key that is not in the bucket yet, which somebody else leaves; not for the packet path itself. */
unsigned ts_neighbours_place(struct ts_neighbour_counters *t, struct ts_neighbour_bucket *b, uint64_t key);

/* `mac`: in an Ethernet header, so that two bytes behind it can be read. */
static inline uint64_t
ts_neighbour_key(uint16_t port, const uint8_t *mac)
{
	uint64_t key;

	memcpy(&key, mac, sizeof(key));
	return key << 16 | port;
}

/* Bit per way that has the key. */
static inline unsigned
ts_neighbour_ways(const struct ts_neighbour_bucket *b, uint64_t key)
{
#ifdef __SSE4_1__
	const __m128i *keys = (const void *)b->key, wanted = _mm_set1_epi64x((long long)key);
	__m128i found = _mm_packs_epi32(_mm_cmpeq_epi64(keys[0], wanted), _mm_cmpeq_epi64(keys[1], wanted));

	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(found));
#else
	unsigned ways = 0;

	for (unsigned way = 0; way < TS_NEIGHBOUR_WAYS; way++)
		ways |= (unsigned)(b->key[way] == key) << way;
	return ways;
#endif
}

static inline struct ts_neighbour_bucket *
ts_neighbour_bucket_of(struct ts_neighbour_counters *t, uint64_t key)
{
	uint64_t hash = (key ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15);

	/* MACs differ in their last byte, the key's first: it moves the product's first bits only. */
	return &t->bucket[hash >> (64 - TS_NEIGHBOUR_BITS)];
}

static inline void
ts_neighbours_count(struct ts_neighbour_counters *t, struct ts_neighbour_run run)
{
	struct ts_neighbour_bucket *b = ts_neighbour_bucket_of(t, run.key);
	unsigned ways, way;

	if (unlikely(run.key & TS_NEIGHBOUR_GROUP)) {
		t->other_packets += run.packets;
		t->other_bytes += run.bytes;
		return;
	}
	ways = ts_neighbour_ways(b, run.key);
	way = likely(ways != 0) ? (unsigned)__builtin_ctz(ways) : ts_neighbours_place(t, b, run.key);
	b->packets[way] += run.packets;
	b->bytes[way] += run.bytes;
}

/* What has been counted and then was not sent. Whoever lost his place meanwhile has left his packets to `other`. */
void ts_neighbours_take_back(struct ts_neighbour_counters *t, struct ts_neighbour_run run);

/* For readers in other threads: slot `i`, false when it is free or changes just now. */
bool ts_neighbours_read(const struct ts_neighbour_counters *t, unsigned i, struct ts_neighbour_slot *out);

static inline uint16_t
ts_neighbour_key_port(uint64_t key)
{
	return (uint16_t)key;
}

static inline void
ts_neighbour_key_mac(uint64_t key, uint8_t mac[6])
{
	uint64_t bytes = key >> 16;

	memcpy(mac, &bytes, 6);
}

#endif
