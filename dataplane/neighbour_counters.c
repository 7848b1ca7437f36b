/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour_counters.h"

void
ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	for (unsigned i = 0; i < TS_NEIGHBOUR_BUCKETS; i++)
		memset(t->bucket[i].key, 0xff, sizeof(t->bucket[i].key)); /* TS_NEIGHBOUR_FREE */
}

/* The key goes first and comes last: no reader ever counts one's packets for another. */
static void
take_over(struct ts_neighbour_counters *t, struct ts_neighbour_bucket *b, unsigned way, uint64_t key)
{
	t->other_packets += b->packets[way];
	t->other_bytes += b->bytes[way];
	__atomic_store_n(&b->key[way], TS_NEIGHBOUR_FREE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&b->packets[way], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&b->bytes[way], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&b->key[way], key, __ATOMIC_RELEASE);
}

unsigned
ts_neighbours_place(struct ts_neighbour_counters *t, struct ts_neighbour_bucket *b, uint64_t key)
{
	unsigned least = 0;

	for (unsigned way = 1; way < TS_NEIGHBOUR_WAYS; way++)
		if (b->packets[way] < b->packets[least])
			least = way;
	take_over(t, b, least, key);
	return least;
}

void
ts_neighbours_take_back(struct ts_neighbour_counters *t, struct ts_neighbour_run run)
{
	struct ts_neighbour_bucket *b = ts_neighbour_bucket_of(t, run.key);
	unsigned ways = run.key & TS_NEIGHBOUR_GROUP ? 0 : ts_neighbour_ways(b, run.key);

	if (ways == 0) {
		t->other_packets -= run.packets;
		t->other_bytes -= run.bytes;
		return;
	}
	b->packets[__builtin_ctz(ways)] -= run.packets;
	b->bytes[__builtin_ctz(ways)] -= run.bytes;
}

bool
ts_neighbours_read(const struct ts_neighbour_counters *t, unsigned i, struct ts_neighbour_slot *out)
{
	const struct ts_neighbour_bucket *b = &t->bucket[i / TS_NEIGHBOUR_WAYS];
	unsigned way = i % TS_NEIGHBOUR_WAYS;

	out->key = __atomic_load_n(&b->key[way], __ATOMIC_ACQUIRE);
	out->packets = __atomic_load_n(&b->packets[way], __ATOMIC_RELAXED);
	out->bytes = __atomic_load_n(&b->bytes[way], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return out->key != TS_NEIGHBOUR_FREE && __atomic_load_n(&b->key[way], __ATOMIC_RELAXED) == out->key;
}
