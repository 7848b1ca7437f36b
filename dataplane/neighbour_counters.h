/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets and bytes by neighbour: by the MAC address at the other end of a port, as sender or as receiver (O23). Fixed
 * memory, one table per worker and direction. A key has its place, and three others beside it if somebody is there
 * before it: mostly one comparison, in half a cache line. Who finds all four taken gets that of whoever had least
 * there, whose packets go to `other`: invented addresses push each other out, not those who really send.
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

#define TS_NEIGHBOUR_WAYS 4u
#define TS_NEIGHBOUR_BITS 8 /* of a hash: a slot */
#define TS_NEIGHBOUR_SLOTS (1u << TS_NEIGHBOUR_BITS)
#define TS_NEIGHBOUR_GROUP (UINT64_C(1) << 16) /* IEEE 802 8.2.2: of the first byte of the MAC */
#define TS_NEIGHBOUR_FREE UINT64_MAX	       /* a free slot, or nobody: the group bit tells it from every neighbour */

enum ts_flow { TS_FLOW_RX, TS_FLOW_TX, TS_N_FLOWS };

/* Of one neighbour. */
struct ts_neighbour_slot {
	uint64_t key, packets, bytes;
} __rte_aligned(32);
_Static_assert(sizeof(struct ts_neighbour_slot) == 32, "half a cache line");

struct ts_neighbour_counters {
	struct ts_neighbour_slot slot[TS_NEIGHBOUR_SLOTS];
	struct ts_neighbour_slot other;
	uint64_t seed;
} __rte_cache_aligned;

void ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed);

/* Of a key that is not in `home`, its place: where else it is, or what somebody leaves for it; `other` for groups. */
struct ts_neighbour_slot *ts_neighbours_place(struct ts_neighbour_counters *t, uint64_t home, uint64_t key);

/* `mac`: in an Ethernet header, so that two bytes behind it can be read. */
static inline uint64_t
ts_neighbour_key(uint16_t port, const uint8_t *mac)
{
	uint64_t key;

	memcpy(&key, mac, sizeof(key));
	return key << 16 | port;
}

static inline uint64_t
ts_neighbour_home(const struct ts_neighbour_counters *t, uint64_t key)
{
	uint64_t hash = (key ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15);

	/* MACs differ in their last byte, the key's first: it moves the product's first bits only. */
	return hash >> (64 - TS_NEIGHBOUR_BITS);
}

static inline void
ts_neighbours_count(struct ts_neighbour_counters *t, uint64_t key, uint32_t packets, uint32_t bytes)
{
	uint64_t home = ts_neighbour_home(t, key);
	struct ts_neighbour_slot *s = &t->slot[home];

	if (unlikely(s->key != key))
		s = ts_neighbours_place(t, home, key);
	s->packets += packets;
	s->bytes += bytes;
}

/* A packet that has been counted and then was not sent. Whoever lost his place meanwhile has left his packets to
 * `other`. */
void ts_neighbours_take_back(struct ts_neighbour_counters *t, uint64_t key, uint32_t bytes);

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
