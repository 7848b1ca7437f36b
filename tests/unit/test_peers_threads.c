/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer table under threads: owners insert, confirm, renew, remove and sweep without pause, each its own peers, in
 * a table so small that buckets are full and peers get moved; readers look up and refresh all the time. What a learned
 * mapping must be follows from the address, so that each view can be checked by itself. Also run with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/peers.h"

#define OWNERS 2
#define READERS 2
#define PEERS 160
#define BUCKETS 9 /* of one owner: slots for somewhat less than half of the peers */
#ifdef __SANITIZE_THREAD__
#define OPERATIONS 250000
#else
#define OPERATIONS 4000000
#endif
#define OPERATIONS_PER_TICK (OPERATIONS / 1000) /* a thread that stands still is never TS_PEER_SKEW behind */
#define VALID 2
#define FORGET 6
#define RECORD UINT64_C(0xdead000000000000) /* an aside word that is no mapping */

static struct ts_peers *peers;
static uint8_t address[PEERS][16];
static struct ts_peer_hash hash[PEERS];
static uint32_t tick_of[OWNERS]; /* an owner's time is its own, so that it does not run while the owner does not */
static unsigned owners_left;

/* Each thread tells what it saw; cmocka's assertions are for the main thread. */
struct player {
	pthread_t thread;
	unsigned number;
	uint64_t random;
	uint64_t bad, lost, found, learned, heard;
};

static uint32_t
random32(struct player *me)
{
	me->random = me->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(me->random >> 32);
}

/* One of four learned mappings that peer n may have. */
static uint64_t
mapping(uint32_t n, uint32_t which)
{
	return ts_peer_mapping(0x0a000000 + n * 4 + which, (rte_be16_t)(n * 257 + which), 1);
}

static bool
is_consistent(uint32_t n, const struct ts_peer_view *v)
{
	if (!ts_peer_has_mapping(v->word))
		return v->v4 == ts_teredo_client(address[n]) && v->port == ts_teredo_port(address[n]);
	for (uint32_t which = 0; which < 4; which++)
		if (ts_peer_mapping(v->v4, v->port, 1) == mapping(n, which))
			return true;
	return false;
}

/* Never evicted, never removed: every lookup has to find it, wherever it has been moved. */
static bool
is_steady(uint32_t n)
{
	return n % 16 == 0;
}

static bool
find(uint32_t n, struct ts_peer_view *view)
{
	return ts_peers_find(peers, address[n], &hash[n], view);
}

static void
insert(uint32_t n, enum ts_peer_state state, uint32_t tick)
{
	ts_peers_insert(peers, address[n], &hash[n], state, tick, RECORD | n, VALID, FORGET);
}

/* Some peers of the owner, other ones as time goes by, so that those before fall silent. */
static void
change(struct player *me, uint32_t tick)
{
	uint32_t n = (tick / 4 * 32 + random32(me) % 64) % PEERS, what = random32(me) % 8;
	struct ts_peer_view view;

	if (hash[n].owner != me->number || is_steady(n))
		return;
	if (!find(n, &view))
		insert(n, what == 0 ? TS_PEER_UNCONFIRMED : TS_PEER_CONFIRMED, tick);
	else if (what == 0)
		ts_peers_remove(peers, view.slot);
	else if (what == 1)
		ts_peers_set(peers, view.slot, TS_PEER_RENEWING, false, tick, RECORD | n);
	else
		ts_peers_set(peers, view.slot, TS_PEER_CONFIRMED, what > 2, tick, mapping(n, random32(me) % 4));
}

static void
hear_steady(struct player *me, uint32_t tick)
{
	struct ts_peer_view view;

	for (uint32_t n = 0; n < PEERS; n++)
		if (is_steady(n) && hash[n].owner == me->number)
			me->lost += !find(n, &view) || !ts_peers_heard(peers, &view, tick);
}

static void *
own(void *arg)
{
	struct player *me = arg;

	for (uint32_t i = 0; i < OPERATIONS; i++) {
		uint32_t tick = i / OPERATIONS_PER_TICK;

		if (i % OPERATIONS_PER_TICK == 0) {
			__atomic_store_n(&tick_of[me->number], tick, __ATOMIC_RELAXED);
			hear_steady(me, tick);
			/* Who was never confirmed is the contacts' to give up; here there are none. */
			for (uint32_t n = 0; n < PEERS; n++) {
				struct ts_peer_view view;

				if (hash[n].owner == me->number && find(n, &view) &&
					ts_peer_state(view.word) != TS_PEER_CONFIRMED)
					ts_peers_remove(peers, view.slot);
			}
		}
		change(me, tick);
		if (i % 16 == 0)
			ts_peers_sweep(peers, me->number, 1, tick, FORGET);
	}
	__atomic_sub_fetch(&owners_left, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *
look(void *arg)
{
	struct player *me = arg;
	struct ts_peer_view view;

	while (__atomic_load_n(&owners_left, __ATOMIC_ACQUIRE) > 0) {
		uint32_t n = random32(me) % PEERS;

		/* Once it may have been moved twice meanwhile, with this thread standing still. */
		if (!find(n, &view) && !find(n, &view)) {
			me->lost += is_steady(n);
			continue;
		}
		me->found++;
		me->bad += !is_consistent(n, &view);
		me->learned += ts_peer_has_mapping(view.word);
		if (ts_peer_state(view.word) == TS_PEER_CONFIRMED && random32(me) % 2)
			me->heard += ts_peers_heard(
				peers, &view, __atomic_load_n(&tick_of[hash[n].owner], __ATOMIC_RELAXED));
	}
	return NULL;
}

static void *
allocate(size_t bytes)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));

	return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

static int
setup(void **state)
{
	struct ts_peers_conf conf = {.peers = PEERS, .n_owners = OWNERS, .seed = 3, .allocate = allocate};

	(void)state;
	peers = ts_peers_create(&conf);
	assert_non_null(peers);
	assert_true(peers->per_owner > BUCKETS);
	peers->per_owner = BUCKETS;
	for (uint32_t n = 0; n < PEERS; n++) {
		memcpy(address[n], (uint8_t[16]){0x20, 1, 0, 0, 192, 0, 2, 1, 0x80}, 16);
		/* Two in a row have the same mapping and another server. */
		address[n][7] = n % 2;
		address[n][15] = n / 2;
		hash[n] = ts_peers_hash(peers, address[n]);
		if (is_steady(n))
			insert(n, TS_PEER_CONFIRMED, 0);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ts_peers_free(peers, free);
	return 0;
}

static void
tell(const struct ts_peer_info *info, void *arg)
{
	unsigned *times = arg;

	for (uint32_t n = 0; n < PEERS; n++)
		times[n] += memcmp(info->addr, address[n], 16) == 0;
}

/* Who can be found is there once; the books are right; the steady ones are all there. */
static void
check_end(void)
{
	unsigned times[PEERS] = {0}, total = 0, booked = 0;
	struct ts_peer_view view;
	uint64_t cursor = 0;

	while (ts_peers_walk(peers, &cursor, 4, 0, tell, times))
		;
	for (uint32_t n = 0; n < PEERS; n++) {
		assert_int_equal(times[n], find(n, &view));
		assert_true(times[n] == 1 || !is_steady(n));
		total += times[n];
	}
	for (unsigned o = 0; o < OWNERS; o++) {
		const struct ts_peer_owner *books = &peers->owner[o];

		booked += books->confirmed + books->unconfirmed + books->renewing;
		assert_true(books->evicted > 0 && books->moved > 0);
	}
	assert_int_equal(total, booked);
}

static void
test_views_are_consistent(void **state)
{
	struct player player[OWNERS + READERS] = {0};

	(void)state;
	owners_left = OWNERS;
	for (unsigned i = 0; i < OWNERS + READERS; i++) {
		player[i].number = i;
		player[i].random = i + 1;
		assert_int_equal(pthread_create(&player[i].thread, NULL, i < OWNERS ? own : look, &player[i]), 0);
	}
	for (unsigned i = 0; i < OWNERS + READERS; i++)
		assert_int_equal(pthread_join(player[i].thread, NULL), 0);
	for (unsigned i = 0; i < OWNERS + READERS; i++) {
		assert_int_equal(player[i].bad, 0);
		assert_int_equal(player[i].lost, 0);
		assert_true(i < OWNERS || (player[i].learned > 0 && player[i].heard > 0));
	}
	check_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_views_are_consistent, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
