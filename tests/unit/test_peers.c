/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dataplane/peers.h on one thread: what can be found, what gives way to what, time, room, the owners' books. Long churn
 * is test_peers_churn.c's, concurrency test_peers_threads.c's and test_peers_model.c's.
 */
#include "peers_util.h"

#define NOW 1000000u
#define CLIENT(n) ((n) << 4) /* the first address of each mapping */

static void *
allocate_nothing(size_t bytes)
{
	(void)bytes;
	return NULL;
}

/* Two buckets, which every peer shares. */
static struct ts_peers *
create_tiny(void)
{
	struct ts_peers *p = create(1, 1);

	p->per_owner = 2;
	return p;
}

static void
test_insert_find_remove(void **state)
{
	struct ts_peers *p = create(1000, 3);
	struct ts_peer_view view;
	uint8_t addr[16];
	int64_t slot;

	(void)state;
	assert_false(find(p, 5, &view));
	slot = insert(p, 5, TS_PEER_UNCONFIRMED, NOW, 77);
	assert_true(slot >= 0);
	assert_true(find(p, 5, &view));
	assert_int_equal(view.slot, slot);
	assert_int_equal(ts_peer_state(view.word), TS_PEER_UNCONFIRMED);
	assert_int_equal(view.v4, ts_teredo_client(address(5)));
	assert_int_equal(view.port, ts_teredo_port(address(5)));
	assert_int_equal(ts_peers_aside(p, view.slot), 77);
	ts_peers_address(p, view.slot, addr);
	assert_memory_equal(addr, address(5), 16);
	/* The same mapping with another server or other flags is another peer. */
	assert_false(find(p, 4, &view));
	assert_false(find(p, 6, &view));
	ts_peers_remove(p, (uint32_t)slot);
	assert_false(find(p, 5, &view));
	ts_peers_free(p, free);
}

static void
test_learned_mapping(void **state)
{
	uint64_t learned = ts_peer_mapping(rte_cpu_to_be_32(0xc6336401), rte_cpu_to_be_16(999), 12345);
	struct ts_peers *p = create(1000, 1);
	struct ts_peer_view view;
	uint32_t slot;

	(void)state;
	slot = (uint32_t)insert(p, 5, TS_PEER_UNCONFIRMED, NOW, 77);
	ts_peers_set(p, slot, TS_PEER_CONFIRMED, true, NOW, learned);
	assert_true(find(p, 5, &view));
	assert_int_equal(view.v4, rte_cpu_to_be_32(0xc6336401));
	assert_int_equal(view.port, rte_cpu_to_be_16(999));
	assert_int_equal(ts_peers_aside(p, slot) & 0xffff, 12345);
	/* A record number is never taken for a mapping, whatever is said. */
	ts_peers_set(p, slot, TS_PEER_RENEWING, true, NOW, 78);
	assert_true(find(p, 5, &view));
	assert_int_equal(view.v4, ts_teredo_client(address(5)));
	ts_peers_set(p, slot, TS_PEER_CONFIRMED, false, NOW, 0);
	assert_true(find(p, 5, &view));
	assert_int_equal(view.v4, ts_teredo_client(address(5)));
	assert_int_equal(p->owner[0].confirmed, 1);
	assert_int_equal(p->owner[0].renewing + p->owner[0].unconfirmed, 0);
	ts_peers_free(p, free);
}

static void
test_heard(void **state)
{
	struct ts_peers *p = create(1000, 1);
	struct ts_peer_view view, late;

	(void)state;
	insert(p, 5, TS_PEER_CONFIRMED, NOW, 0);
	assert_true(find(p, 5, &view));
	late = view;
	assert_true(ts_peers_heard(p, &view, NOW + 10));
	assert_true(find(p, 5, &view));
	assert_int_equal(ts_peer_age(view.word, NOW + 12), 2);
	/* A worker whose clock is behind takes nothing back, nor does one that looked earlier. */
	assert_true(ts_peers_heard(p, &late, NOW + 9));
	assert_true(find(p, 5, &view));
	assert_int_equal(ts_peer_age(view.word, NOW + 12), 2);
	assert_true(ts_peers_heard(p, &late, NOW + 11));
	ts_peers_set(p, view.slot, TS_PEER_RENEWING, false, NOW + 11, 3);
	assert_false(ts_peers_heard(p, &late, NOW + 20));
	assert_false(ts_peers_heard(p, &view, NOW + 20));
	/* The same state again is not the same. */
	ts_peers_set(p, view.slot, TS_PEER_CONFIRMED, false, NOW + 11, 3);
	assert_false(ts_peers_heard(p, &view, NOW + 20));
	ts_peers_remove(p, view.slot);
	assert_false(ts_peers_heard(p, &view, NOW + 20));
	ts_peers_free(p, free);
}

static void
test_age_wraps(void **state)
{
	struct ts_peers *p = create(1000, 1);
	struct ts_peer_view view;

	(void)state;
	assert_int_equal(ts_peer_age(TS_PEER_TICK_MASK - 4, 5), 10);
	assert_int_equal(ts_peer_age(7, 5), 0);
	assert_int_equal(ts_peer_age(3, TS_PEER_TICK_MASK - 3), 0);
	assert_int_equal(ts_peer_age(0, TS_PEER_TICK_MASK - TS_PEER_SKEW), TS_PEER_TICK_MASK - TS_PEER_SKEW);
	insert(p, 5, TS_PEER_CONFIRMED, TS_PEER_TICK_MASK - 1, 0);
	assert_true(find(p, 5, &view));
	assert_int_equal(ts_peer_state(view.word), TS_PEER_CONFIRMED);
	assert_true(ts_peers_heard(p, &view, TS_PEER_TICK_MASK + 3));
	assert_true(find(p, 5, &view));
	assert_int_equal(view.word & TS_PEER_TICK_MASK, 2);
	ts_peers_sweep(p, 0, p->per_owner, 2 + FORGET, FORGET);
	assert_true(find(p, 5, &view));
	ts_peers_sweep(p, 0, p->per_owner, 3 + FORGET, FORGET);
	assert_false(find(p, 5, &view));
	ts_peers_free(p, free);
}

/* Clocks of workers differ: who was heard by one that is ahead has not been silent for three days. */
static void
test_clock_skew(void **state)
{
	struct ts_peers *p = create(1000, 1);
	struct ts_peer_view view;

	(void)state;
	insert(p, 5, TS_PEER_CONFIRMED, NOW + TS_PEER_SKEW, 0);
	ts_peers_sweep(p, 0, p->per_owner, NOW, FORGET);
	assert_true(find(p, 5, &view));
	ts_peers_free(p, free);
}

static void
test_sweep_forgets_confirmed_alone(void **state)
{
	struct ts_peers *p = create(1000, 2);
	static const enum ts_peer_state states[] = {TS_PEER_UNCONFIRMED, TS_PEER_CONFIRMED, TS_PEER_RENEWING};
	struct ts_peer_view view;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		insert(p, CLIENT(i), states[i % 3], NOW, 0);
	for (unsigned turns = 0; turns < p->per_owner; turns++) {
		ts_peers_sweep(p, 0, 1, NOW + FORGET + 1, FORGET);
		ts_peers_sweep(p, 1, 1, NOW + FORGET + 1, FORGET);
	}
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(find(p, CLIENT(i), &view), i % 3 != 1);
	assert_int_equal(p->owner[0].expired + p->owner[1].expired, 100);
	assert_int_equal(p->owner[0].confirmed + p->owner[1].confirmed, 0);
	assert_int_equal(p->owner[0].unconfirmed + p->owner[1].unconfirmed, 100);
	assert_int_equal(p->owner[0].renewing + p->owner[1].renewing, 100);
	ts_peers_free(p, free);
}

/* X2: who gives way when both buckets are full. Peer i was last heard i ticks after NOW. */
static void
test_full_buckets(void **state)
{
	struct ts_peers *p = create_tiny();
	struct ts_peer_view view;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_true(insert(p, CLIENT(i), TS_PEER_CONFIRMED, NOW + i, 0) >= 0);
	/* All are trusted. */
	assert_int_equal(insert(p, CLIENT(8), TS_PEER_CONFIRMED, NOW + VALID, 0), -1);
	assert_int_equal(p->owner[0].full, 1);
	/* Peers 0 and 1 are stale: a stranger may not have their place, a confirmed peer that of the staler one. */
	assert_int_equal(insert(p, CLIENT(8), TS_PEER_UNCONFIRMED, NOW + VALID + 2, 0), -1);
	assert_true(insert(p, CLIENT(8), TS_PEER_CONFIRMED, NOW + VALID + 2, 0) >= 0);
	assert_int_equal(p->owner[0].evicted, 1);
	assert_false(find(p, CLIENT(0), &view));
	assert_true(find(p, CLIENT(1), &view));
	/* Peer 1 is forgotten, the others are not yet. */
	assert_true(insert(p, CLIENT(9), TS_PEER_UNCONFIRMED, NOW + FORGET + 2, 0) >= 0);
	assert_int_equal(p->owner[0].expired, 1);
	assert_false(find(p, CLIENT(1), &view));
	for (unsigned i = 2; i < 10; i++)
		assert_true(find(p, CLIENT(i), &view));
	assert_int_equal(p->owner[0].confirmed + p->owner[0].unconfirmed, 8);
	assert_int_equal(p->owner[0].inserted, 10);
	assert_int_equal(p->owner[0].full, 2);
	ts_peers_free(p, free);
}

static void
test_unconfirmed_never_give_way(void **state)
{
	struct ts_peers *p = create_tiny();

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		insert(p, CLIENT(i), i % 2 ? TS_PEER_UNCONFIRMED : TS_PEER_RENEWING, NOW, i);
	assert_int_equal(insert(p, CLIENT(8), TS_PEER_CONFIRMED, NOW + 10 * FORGET, 0), -1);
	assert_int_equal(p->owner[0].unconfirmed, 4);
	assert_int_equal(p->owner[0].renewing, 4);
	ts_peers_free(p, free);
}

/* X3: the addresses of one mapping share their buckets. */
static void
test_of_mapping(void **state)
{
	struct ts_peers *p = create(1000, 4);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct ts_peer_hash first = ts_peers_hash(p, address(CLIENT(7))),
				    h = ts_peers_hash(p, address(CLIENT(7) + i));

		assert_int_equal(ts_peers_of_mapping(p, address(CLIENT(7) + i), &h), i);
		assert_int_equal(h.owner, first.owner);
		assert_memory_equal(h.bucket, first.bucket, sizeof(h.bucket));
		assert_true(i == 0 || h.tag != first.tag);
		assert_true(insert(p, CLIENT(7) + i, i % 2 ? TS_PEER_CONFIRMED : TS_PEER_UNCONFIRMED, NOW, 0) >= 0);
		insert(p, CLIENT(8), TS_PEER_CONFIRMED, NOW, 0);
	}
	ts_peers_free(p, free);
}

static void
test_hash_ranges(void **state)
{
	unsigned owners[5] = {0};
	struct ts_peers *p = create(10000, 5);

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		struct ts_peer_hash h = ts_peers_hash(p, address(CLIENT(i)));

		assert_true(h.owner < 5);
		owners[h.owner]++;
		assert_true(h.bucket[0] != h.bucket[1]);
		assert_int_equal(h.bucket[0] / p->per_owner, h.owner);
		assert_int_equal(h.bucket[1] / p->per_owner, h.owner);
	}
	for (unsigned i = 0; i < 5; i++)
		assert_in_range(owners[i], 9500, 10500);
	ts_peers_free(p, free);
}

static void
test_create(void **state)
{
	struct ts_peers_conf conf = {.peers = 10, .n_owners = 1, .allocate = allocate_nothing};

	(void)state;
	assert_null(ts_peers_create(&conf));
	conf.allocate = allocate;
	conf.n_owners = 0;
	assert_null(ts_peers_create(&conf));
	conf.n_owners = TS_PEERS_MAX_OWNERS + 1;
	assert_null(ts_peers_create(&conf));
	/* 24 bytes for each of the slots, of which three in four are meant to be used. */
	assert_in_range(ts_peers_bytes(8000000, 4), 8000000ul * 32, 8000000ul * 34);
	ts_peers_free(NULL, free);
}

/* As many as were asked for, all trusted, however they are spread. */
static void
test_capacity(void **state)
{
	static const struct {
		uint32_t peers;
		unsigned owners;
	} sizes[] = {{1, 1}, {8, 8}, {100, 4}, {65536, 1}, {65536, 7}, {100000, 32}};

	(void)state;
	for (unsigned s = 0; s < RTE_DIM(sizes); s++) {
		struct ts_peers *p = create(sizes[s].peers, sizes[s].owners);
		struct ts_peer_view view;
		uint64_t full = 0;

		for (uint32_t i = 0; i < sizes[s].peers; i++)
			insert(p, CLIENT(i), i % 10 == 0 ? TS_PEER_UNCONFIRMED : TS_PEER_CONFIRMED, NOW, i);
		for (unsigned o = 0; o < sizes[s].owners; o++)
			full += p->owner[o].full;
		assert_true(full <= sizes[s].peers / 20000);
		for (uint32_t i = 0; i < sizes[s].peers; i++)
			full -= !find(p, CLIENT(i), &view);
		assert_int_equal(full, 0);
		ts_peers_free(p, free);
	}
}

struct walked {
	unsigned peers, calls[4096];
	bool learned;
};

static void
see(const struct ts_peer_info *info, void *arg)
{
	struct walked *seen = arg;
	uint32_t i = (rte_be_to_cpu_32(ts_teredo_client(info->addr)) - 0x08000000) << 8 |
		((unsigned)rte_be_to_cpu_16(ts_teredo_port(info->addr)) - 4096);

	assert_memory_equal(info->addr, address(CLIENT(i)), 16);
	assert_int_equal(info->state, TS_PEER_CONFIRMED);
	assert_int_equal(info->learned, i == 9);
	assert_int_equal(rte_be_to_cpu_16(info->port), i == 9 ? 1 : 4096 + (i & 255));
	assert_int_equal(info->age, i);
	seen->calls[i]++;
	seen->peers++;
}

static void
test_walk(void **state)
{
	struct ts_peers *p = create(5000, 3);
	struct walked seen = {0};
	struct ts_peer_view view;
	uint64_t cursor = 0;
	unsigned turns = 1;

	(void)state;
	for (unsigned i = 4000; i-- > 0;)
		insert(p, CLIENT(i), TS_PEER_CONFIRMED, NOW - i, 0);
	assert_true(find(p, CLIENT(9), &view));
	ts_peers_set(p, view.slot, TS_PEER_CONFIRMED, true, NOW - 9, ts_peer_mapping(1, rte_cpu_to_be_16(1), 0));
	while (ts_peers_walk(p, &cursor, 100, NOW, see, &seen))
		turns++;
	assert_int_equal(seen.peers, 4000);
	assert_int_equal(turns, (p->n_owners * p->per_owner + 99) / 100);
	for (unsigned i = 0; i < 4000; i++)
		assert_int_equal(seen.calls[i], 1);
	ts_peers_free(p, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_insert_find_remove),
		cmocka_unit_test(test_learned_mapping),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_age_wraps),
		cmocka_unit_test(test_clock_skew),
		cmocka_unit_test(test_sweep_forgets_confirmed_alone),
		cmocka_unit_test(test_full_buckets),
		cmocka_unit_test(test_unconfirmed_never_give_way),
		cmocka_unit_test(test_of_mapping),
		cmocka_unit_test(test_hash_ranges),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
