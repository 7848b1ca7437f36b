/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer table's protocol, all of it: the owner, a reader and one that hears the peer run the real code as
 * coroutines that stop before each access to the slots in question, and every order of their accesses is tried. Orders
 * that differ only by accesses that commute are tried once (sleep sets). Sequentially consistent: what a machine may
 * reorder is for test_peers_threads.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#include <cmocka.h>
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include "lib/teredo.h"

static void step(const void *at, bool write);

#define __atomic_load_n(p, order) (step(p, false), __atomic_load_n(p, order))
#define __atomic_store_n(p, v, order) (step(p, true), __atomic_store_n(p, v, order))
#define __atomic_compare_exchange_n(p, e, v, w, s, f) (step(p, true), __atomic_compare_exchange_n(p, e, v, w, s, f))
#define TS_PEERS_SCALAR /* so that all loads are seen */
#include "dataplane/peers.c"

#define RECORD UINT64_C(0xdead0000dead0000) /* an aside word that is no mapping */
#define OLD_TICK 100
#define TICK 200
#define NEW_TICK 300
#define VALID 480
#define FORGET 4800

enum { OWNER, READER, HEARER, N_THREADS };

static const uint8_t A[16] = {0x20, 1, 0, 0, 65, 54, 227, 120, 0x80, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd2};
static const uint8_t B[16] = {0x20, 1, 0, 0, 65, 54, 227, 121, 0x80, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd3};
static struct {
	ucontext_t context;
	char stack[32768];
	const void *at; /* where it will go next */
	bool write, done;
} thread[N_THREADS];
static ucontext_t explorer;
static int running = -1;
static struct ts_peers *p;
static uint8_t *initial; /* the table as prepared */
static size_t bytes;

/* What the last run came to. */
static struct {
	bool find_done, found, heard_tried, heard;
	struct ts_peer_view view;
} result;

/* What is tried: a table made by prepare(), what the owner does, whom the reader looks for, what must be true then. */
static struct scenario {
	void (*prepare)(void);
	void (*owner)(void);
	const uint8_t *sought;
	uint32_t tick; /* of the hearer, who hears A */
	void (*check)(void);
} scenario;

static uint32_t slot_a, slot_b;

/* Of these alone there can be two opinions; nobody changes any other. */
static bool
is_watched(const void *at)
{
	uintptr_t a = (uintptr_t)at, buckets = (uintptr_t)p->buckets, aside = (uintptr_t)p->aside;
	uint32_t slot = a >= aside ? (uint32_t)((a - aside) / 8) : (uint32_t)((a - buckets) / 16);

	return a >= buckets && (slot == slot_a || slot == slot_b);
}

static void
step(const void *at, bool write)
{
	int self = running;

	if (self < 0 || !is_watched(at))
		return;
	thread[self].at = at;
	thread[self].write = write;
	swapcontext(&thread[self].context, &explorer);
}

static void
run_thread(int self)
{
	struct ts_peer_hash h;
	struct ts_peer_view view;

	if (self == OWNER) {
		scenario.owner();
	} else if (self == READER) {
		h = ts_peers_hash(p, scenario.sought);
		result.found = ts_peers_find(p, scenario.sought, &h, &result.view);
	} else {
		h = ts_peers_hash(p, A);
		if (ts_peers_find(p, A, &h, &view) && ts_peer_state(view.word) == TS_PEER_CONFIRMED) {
			result.heard_tried = true;
			result.heard = ts_peers_heard(p, &view, scenario.tick);
		}
	}
	thread[self].done = true;
	swapcontext(&thread[self].context, &explorer);
}

/* Lets a thread make its next access and go on to the one after that. */
static void
resume(int self)
{
	running = self;
	swapcontext(&explorer, &thread[self].context);
	running = -1;
}

static void
restart(void)
{
	memcpy(p, initial, bytes);
	memset(&result, 0, sizeof(result));
	for (int t = 0; t < N_THREADS; t++) {
		getcontext(&thread[t].context);
		thread[t].context.uc_stack.ss_sp = thread[t].stack;
		thread[t].context.uc_stack.ss_size = sizeof(thread[t].stack);
		thread[t].done = false;
		makecontext(&thread[t].context, (void (*)(void))run_thread, 1, t);
		resume(t);
	}
}

static bool
commute(int t, int u)
{
	return thread[t].at != thread[u].at || !(thread[t].write || thread[u].write);
}

static struct {
	unsigned alive, asleep, tried, choice;
} node[256];
static unsigned depth;

/* One run: by the nodes as far as they go, then anyhow. False: its end would be that of another run. */
static bool
run(void)
{
	unsigned asleep = 0, at = 0;

	for (restart();; at++) {
		unsigned alive = 0, next = 0;

		for (int t = 0; t < N_THREADS; t++)
			alive |= (unsigned)!thread[t].done << t;
		if (alive == 0)
			return true;
		if (at == depth) {
			if ((alive & ~asleep) == 0)
				return false;
			assert_true(++depth < RTE_DIM(node));
			node[at].alive = alive;
			node[at].asleep = asleep;
			node[at].tried = 0;
			node[at].choice = (unsigned)__builtin_ctz(alive & ~asleep);
		}
		for (int t = 0; t < N_THREADS; t++)
			if (((node[at].asleep | node[at].tried) >> t & 1) != 0 && commute(t, (int)node[at].choice))
				next |= 1u << t;
		asleep = next;
		resume((int)node[at].choice);
	}
}

/* Goes back to the last node with a choice left. */
static bool
another(void)
{
	for (; depth > 0; depth--) {
		unsigned left;

		node[depth - 1].tried |= 1u << node[depth - 1].choice;
		left = node[depth - 1].alive & ~(node[depth - 1].asleep | node[depth - 1].tried);
		if (left != 0) {
			node[depth - 1].choice = (unsigned)__builtin_ctz(left);
			return true;
		}
	}
	return false;
}

static void *
allocate(size_t n)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(n, RTE_CACHE_LINE_SIZE));

	assert_non_null(memory);
	return memset(memory, 0, n);
}

/* Runs the scenario in every order; how many there were. */
static unsigned
explore(const struct scenario *s)
{
	struct ts_peers_conf conf = {.peers = 1, .n_owners = 1, .seed = 1, .allocate = allocate};
	unsigned runs = 0;

	scenario = *s;
	bytes = ts_peers_bytes(conf.peers, conf.n_owners);
	p = ts_peers_create(&conf);
	p->per_owner = 2; /* so that every peer has both buckets */
	scenario.prepare();
	initial = allocate(bytes);
	memcpy(initial, p, bytes);
	depth = 0;
	do {
		if (run()) {
			scenario.check();
			runs++;
		}
	} while (another());
	ts_peers_free(p, free);
	free(initial);
	return runs;
}

static uint64_t
mapping(uint32_t v4, uint16_t port)
{
	return ts_peer_mapping(rte_cpu_to_be_32(v4), rte_cpu_to_be_16(port), 7);
}

static bool
shows(const struct ts_peer_view *view, uint64_t aside)
{
	return ts_peer_mapping(view->v4, view->port, 7) == aside;
}

static uint32_t
insert(const uint8_t addr[16], enum ts_peer_state state, uint32_t tick, uint64_t aside)
{
	struct ts_peer_hash h = ts_peers_hash(p, addr);
	int64_t slot = ts_peers_insert(p, addr, &h, state, tick, aside, VALID, FORGET);

	if (slot < 0)
		abort();
	return (uint32_t)slot;
}

static bool
find(const uint8_t addr[16], struct ts_peer_view *view)
{
	struct ts_peer_hash h = ts_peers_hash(p, addr);

	return ts_peers_find(p, addr, &h, view);
}

/* What is said of A or B must be true at some time: the embedded mapping, or the learned one of that peer. */
static void
assert_view(const uint8_t addr[16], uint64_t learned, uint64_t learned_too)
{
	const struct ts_peer_view *v = &result.view;

	if (ts_peer_has_mapping(v->word))
		assert_true(shows(v, learned) || shows(v, learned_too));
	else
		assert_true(v->v4 == ts_teredo_client(addr) && v->port == ts_teredo_port(addr));
}

#define M1 mapping(0xc0000201, 1111)
#define M2 mapping(0xc0000202, 2222)
#define MB mapping(0xc0000203, 3333)

static void
prepare_learned(void)
{
	slot_a = slot_b = insert(A, TS_PEER_CONFIRMED, OLD_TICK, 0);
	ts_peers_set(p, slot_a, TS_PEER_CONFIRMED, true, OLD_TICK, M1);
}

static void
renew(void)
{
	ts_peers_set(p, slot_a, TS_PEER_RENEWING, false, TICK, RECORD);
	ts_peers_set(p, slot_a, TS_PEER_CONFIRMED, true, TICK, M2);
}

static void
change_mapping(void)
{
	ts_peers_set(p, slot_a, TS_PEER_CONFIRMED, true, TICK, M2);
}

static void
check_changed(void)
{
	struct ts_peer_view end;

	assert_true(result.found && find(A, &end));
	assert_view(A, M1, M2);
	assert_true(ts_peer_has_mapping(end.word) && shows(&end, M2));
	assert_true(ts_peer_age(end.word, NEW_TICK) == 0 || ts_peer_age(end.word, TICK) == 0);
}

static void
prepare_unconfirmed(void)
{
	slot_a = slot_b = insert(A, TS_PEER_UNCONFIRMED, OLD_TICK, RECORD);
}

/* All other slots are taken. */
static void
prepare_full(void)
{
	uint8_t other[16];

	prepare_learned();
	memcpy(other, A, sizeof(other));
	for (other[15] = 0; other[15] < 2 * TS_PEER_BUCKET_SLOTS - 1; other[15]++)
		insert(other, TS_PEER_UNCONFIRMED, OLD_TICK, RECORD);
}

static void
replace(void)
{
	ts_peers_remove(p, slot_a);
	if (insert(B, TS_PEER_CONFIRMED, TICK, RECORD) != slot_a)
		abort();
	ts_peers_set(p, slot_a, TS_PEER_CONFIRMED, true, TICK, MB);
}

/* Who heard A may not have refreshed B. */
static void
check_replaced(void)
{
	struct ts_peer_view end;

	if (result.found)
		assert_view(scenario.sought, scenario.sought == A ? M1 : MB, scenario.sought == A ? M1 : MB);
	assert_false(find(A, &end));
	assert_true(find(B, &end));
	assert_true(shows(&end, MB) && (end.word & TS_PEER_TICK_MASK) == TICK);
}

static void
sweep(void)
{
	ts_peers_sweep(p, 0, 2, OLD_TICK + FORGET + 1, FORGET);
}

static void
check_swept(void)
{
	struct ts_peer_view end;

	assert_int_equal(find(A, &end), p->owner[0].confirmed);
	assert_int_equal(result.heard, p->owner[0].confirmed);
	assert_int_equal(result.heard, 1 - p->owner[0].expired);
}

/* The only empty slot is in A's other bucket. */
static void
prepare_move(void)
{
	uint8_t other[16];

	prepare_full();
	memcpy(other, A, sizeof(other));
	slot_b = slot_a / TS_PEER_BUCKET_SLOTS == 0 ? TS_PEER_BUCKET_SLOTS : 0;
	ts_peers_remove(p, slot_b);
}

static void
move_and_insert(void)
{
	move(p, slot_a, slot_b, A);
	if (insert(B, TS_PEER_CONFIRMED, TICK, RECORD) != slot_a)
		abort();
}

static void
check_moved(void)
{
	struct ts_peer_view end;

	assert_true(result.found && find(A, &end) && end.slot == slot_b && shows(&end, M1));
	assert_view(A, M1, M1);
	if (result.heard)
		assert_int_equal(end.word & TS_PEER_TICK_MASK, NEW_TICK);
	assert_true(find(B, &end) && (end.word & TS_PEER_TICK_MASK) == TICK);
}

static void
test_all_orders(void **state)
{
	static const struct scenario scenarios[] = {
		{prepare_learned, renew, A, NEW_TICK, check_changed},
		{prepare_learned, change_mapping, A, NEW_TICK, check_changed},
		{prepare_unconfirmed, change_mapping, A, NEW_TICK, check_changed},
		{prepare_full, replace, A, NEW_TICK, check_replaced},
		{prepare_full, replace, B, NEW_TICK, check_replaced},
		{prepare_learned, sweep, A, OLD_TICK + FORGET + 1, check_swept},
		{prepare_move, move_and_insert, A, NEW_TICK, check_moved},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(scenarios); i++)
		print_message("scenario %zu: %u orders\n", i, explore(&scenarios[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_orders)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
