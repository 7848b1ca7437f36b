/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets and bytes by neighbour: by the MAC address at the other end of a port, as sender or as receiver (O23). Fixed
 * memory, one table per worker and direction. Packets of a burst mostly belong together, so the last place is looked at
 * first: a comparison and two additions then. Who finds its bucket full takes the place of whoever had least there,
 * whose packets go to `other_packets`: invented addresses push each other out, not those who really send.
 *
 * One writer. A reader skips a slot that changes hands meanwhile; packets and bytes need not agree to the packet.
 */
#ifndef TS_NEIGHBOUR_COUNTERS_H
#define TS_NEIGHBOUR_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>

#define TS_NEIGHBOUR_SLOTS 256
#define TS_NEIGHBOUR_WAYS 4
#define TS_NEIGHBOUR_FREE UINT64_MAX /* the group bit of its MAC tells it from every neighbour */

enum ts_flow { TS_FLOW_RX, TS_FLOW_TX, TS_N_FLOWS };

struct ts_neighbour_slot {
	uint64_t key, packets, bytes;
};

struct ts_neighbour_counters {
	uint64_t seed;
	uint32_t last; /* slot that was counted in last */
	uint64_t other_packets, other_bytes;
	struct ts_neighbour_slot slot[TS_NEIGHBOUR_SLOTS];
};

void ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed);

/* The bucket's slot for the key; not for the packet path itself. */
uint32_t ts_neighbours_place(struct ts_neighbour_counters *t, uint64_t key);

/* `mac`: in an Ethernet header, so that two bytes behind it can be read. */
static inline uint64_t
ts_neighbour_key(uint16_t port, const uint8_t *mac)
{
	uint64_t key;

	memcpy(&key, mac, sizeof(key));
	return key << 16 | port;
}

static inline void
ts_neighbours_count(struct ts_neighbour_counters *t, uint64_t key, uint32_t bytes)
{
	struct ts_neighbour_slot *slot = &t->slot[t->last];

	if (unlikely(slot->key != key)) {
		t->last = ts_neighbours_place(t, key);
		slot = &t->slot[t->last];
	}
	slot->packets++;
	slot->bytes += bytes;
}

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
