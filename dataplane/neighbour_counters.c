/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour_counters.h"

#define BUCKETS (TS_NEIGHBOUR_SLOTS / TS_NEIGHBOUR_WAYS)

void
ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++)
		t->slot[i].key = TS_NEIGHBOUR_FREE;
}

/* The key goes first and comes last: no reader ever counts one's packets for another. */
static void
take_over(struct ts_neighbour_counters *t, struct ts_neighbour_slot *slot, uint64_t key)
{
	t->other_packets += slot->packets;
	t->other_bytes += slot->bytes;
	__atomic_store_n(&slot->key, TS_NEIGHBOUR_FREE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&slot->packets, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->bytes, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
}

uint32_t
ts_neighbours_place(struct ts_neighbour_counters *t, uint64_t key)
{
	uint64_t hash = (key ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t first = (uint32_t)(hash >> 32) % BUCKETS * TS_NEIGHBOUR_WAYS, least = first;

	for (uint32_t i = first; i < first + TS_NEIGHBOUR_WAYS; i++) {
		if (t->slot[i].key == key)
			return i;
		if (t->slot[i].packets < t->slot[least].packets)
			least = i;
	}
	take_over(t, &t->slot[least], key);
	return least;
}

bool
ts_neighbours_read(const struct ts_neighbour_counters *t, unsigned i, struct ts_neighbour_slot *out)
{
	const struct ts_neighbour_slot *slot = &t->slot[i];

	out->key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
	out->packets = __atomic_load_n(&slot->packets, __ATOMIC_RELAXED);
	out->bytes = __atomic_load_n(&slot->bytes, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return out->key != TS_NEIGHBOUR_FREE && __atomic_load_n(&slot->key, __ATOMIC_RELAXED) == out->key;
}
