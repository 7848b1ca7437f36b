/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour_counters.h"

void
ts_neighbours_init(struct ts_neighbour_counters *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	t->other.key = TS_NEIGHBOUR_FREE;
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++)
		t->slot[i].key = TS_NEIGHBOUR_FREE;
}

/* The key goes first and comes last: no reader ever counts one's packets for another. */
static void
take_over(struct ts_neighbour_counters *t, struct ts_neighbour_slot *s, uint64_t key)
{
	t->other.packets += s->packets;
	t->other.bytes += s->bytes;
	__atomic_store_n(&s->key, TS_NEIGHBOUR_FREE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&s->packets, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->bytes, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->key, key, __ATOMIC_RELEASE);
}

static struct ts_neighbour_slot *
find(struct ts_neighbour_counters *t, uint64_t home, uint64_t key)
{
	for (unsigned way = 0; way < TS_NEIGHBOUR_WAYS; way++)
		if (t->slot[home ^ way].key == key)
			return &t->slot[home ^ way];
	return NULL;
}

struct ts_neighbour_slot *
ts_neighbours_place(struct ts_neighbour_counters *t, uint64_t home, uint64_t key)
{
	struct ts_neighbour_slot *s, *least = &t->slot[home];

	if (key & TS_NEIGHBOUR_GROUP)
		return &t->other;
	s = find(t, home, key);
	if (s != NULL)
		return s;
	for (unsigned way = 1; way < TS_NEIGHBOUR_WAYS; way++)
		if (t->slot[home ^ way].packets < least->packets)
			least = &t->slot[home ^ way];
	take_over(t, least, key);
	return least;
}

void
ts_neighbours_take_back(struct ts_neighbour_counters *t, uint64_t key, uint32_t bytes)
{
	struct ts_neighbour_slot *s = NULL;

	if (!(key & TS_NEIGHBOUR_GROUP))
		s = find(t, ts_neighbour_home(t, key), key);
	if (s == NULL)
		s = &t->other;
	s->packets--;
	s->bytes -= bytes;
}

bool
ts_neighbours_read(const struct ts_neighbour_counters *t, unsigned i, struct ts_neighbour_slot *out)
{
	const struct ts_neighbour_slot *s = &t->slot[i];

	out->key = __atomic_load_n(&s->key, __ATOMIC_ACQUIRE);
	out->packets = __atomic_load_n(&s->packets, __ATOMIC_RELAXED);
	out->bytes = __atomic_load_n(&s->bytes, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return out->key != TS_NEIGHBOUR_FREE && __atomic_load_n(&s->key, __ATOMIC_RELAXED) == out->key;
}
