/* SPDX-License-Identifier: BSD-3-Clause */
#include "strangers.h"

#define FREE UINT64_MAX
#define BUCKETS (TS_STRANGER_SLOTS / TS_STRANGER_WAYS)

void
ts_strangers_init(struct ts_strangers *s, uint64_t seed)
{
	s->seed = seed;
	s->others = 0;
	for (unsigned i = 0; i < TS_STRANGER_SLOTS; i++)
		s->slot[i] = (struct ts_stranger){.key = FREE};
}

static uint64_t
make_key(uint16_t iface, const uint8_t mac[6])
{
	uint64_t key = iface;

	for (unsigned i = 0; i < 6; i++)
		key = key << 8 | mac[i];
	return key;
}

static struct ts_stranger *
bucket_of(struct ts_strangers *s, uint64_t key)
{
	uint64_t hash = (key ^ s->seed) * UINT64_C(0x9e3779b97f4a7c15);

	return &s->slot[(hash >> 32) % BUCKETS * TS_STRANGER_WAYS];
}

/* The key goes first and comes last: no reader ever counts one's packets for another. */
static void
take_over(struct ts_strangers *s, struct ts_stranger *slot, uint64_t key)
{
	__atomic_store_n(&s->others, s->others + slot->packets, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->key, FREE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&slot->packets, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
}

void
ts_strangers_count(struct ts_strangers *s, uint16_t iface, const uint8_t mac[6])
{
	uint64_t key = make_key(iface, mac);
	struct ts_stranger *bucket = bucket_of(s, key), *least = bucket;

	for (unsigned i = 0; i < TS_STRANGER_WAYS; i++) {
		if (bucket[i].key == key) {
			__atomic_store_n(&bucket[i].packets, bucket[i].packets + 1, __ATOMIC_RELAXED);
			return;
		}
		if (bucket[i].packets < least->packets)
			least = &bucket[i];
	}
	take_over(s, least, key);
}

bool
ts_strangers_read(const struct ts_strangers *s, unsigned i, uint16_t *iface, uint8_t mac[6], uint64_t *packets)
{
	const struct ts_stranger *slot = &s->slot[i];
	uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

	*packets = __atomic_load_n(&slot->packets, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (key == FREE || __atomic_load_n(&slot->key, __ATOMIC_RELAXED) != key)
		return false;
	*iface = (uint16_t)(key >> 48);
	for (unsigned k = 0; k < 6; k++)
		mac[k] = (uint8_t)(key >> (40 - 8 * k));
	return true;
}
