/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer table in long random churn against a plain list of what should be there: no peer lost, none twice, and the
 * owners' books right at any time (dataplane/peers.h).
 */
#include "peers_util.h"

static uint64_t random_state = 1;

static uint32_t
random32(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 32);
}

/* What should be there. */
#define MODEL_PEERS 6000
static struct {
	enum ts_peer_state state;
	bool learned;
	uint32_t tick;
	uint64_t aside;
} model[MODEL_PEERS];

/* Who is not found must have been evictable or expired: confirmed and silent. */
static void
churn_check(struct ts_peers *p, uint32_t n, uint32_t now, struct ts_peer_view *view, bool *found)
{
	*found = find(p, n, view);
	if (!*found) {
		assert_true(model[n].state == TS_PEER_NONE ||
			(model[n].state == TS_PEER_CONFIRMED && ts_peer_age(model[n].tick, now) > VALID));
		model[n].state = TS_PEER_NONE;
		return;
	}
	assert_int_equal(ts_peer_state(view->word), model[n].state);
	assert_int_equal(view->word & TS_PEER_TICK_MASK, model[n].tick);
	assert_int_equal(ts_peers_aside(p, view->slot), model[n].aside);
	assert_int_equal((view->word & TS_PEER_LEARNED) != 0, model[n].learned);
	assert_int_equal(
		view->port, model[n].learned ? (rte_be16_t)(model[n].aside >> 16) : ts_teredo_port(address(n)));
}

static void
churn_change(struct ts_peers *p, uint32_t n, uint32_t now, const struct ts_peer_view *view)
{
	unsigned what = random32() % 8;
	uint64_t aside = (uint64_t)random32() << 32 | random32();

	if (what == 0) {
		ts_peers_remove(p, view->slot);
		model[n].state = TS_PEER_NONE;
	} else if (what <= 2) {
		model[n].state = 1 + random32() % 3;
		model[n].learned = model[n].state == TS_PEER_CONFIRMED && random32() % 2;
		model[n].tick = now;
		model[n].aside = aside;
		ts_peers_set(p, view->slot, model[n].state, model[n].learned, now, aside);
	} else if (ts_peer_state(view->word) == TS_PEER_CONFIRMED) {
		assert_true(ts_peers_heard(p, view, now));
		model[n].tick = now;
	}
}

static void
churn_insert(struct ts_peers *p, uint32_t n, uint32_t now)
{
	enum ts_peer_state state = random32() % 4 == 0 ? TS_PEER_UNCONFIRMED : TS_PEER_CONFIRMED;

	if (insert(p, n, state, now, n) < 0)
		return;
	model[n].state = state;
	model[n].learned = false;
	model[n].tick = now;
	model[n].aside = n;
}

struct tally {
	uint32_t by_state[4];
	uint64_t inserted, gone;
};

static void
tally_peer(const struct ts_peer_info *info, void *arg)
{
	((struct tally *)arg)->by_state[info->state]++;
}

/* The books, the slots and the plain list say the same; each peer is there once. */
static void
churn_balance(struct ts_peers *p, uint32_t now, uint64_t removed)
{
	struct tally slots = {0}, books = {0}, list = {0};
	struct ts_peer_view view;
	uint64_t cursor = 0;
	bool found;

	while (ts_peers_walk(p, &cursor, UINT32_MAX, now, tally_peer, &slots))
		;
	for (unsigned o = 0; o < p->n_owners; o++) {
		books.by_state[TS_PEER_CONFIRMED] += p->owner[o].confirmed;
		books.by_state[TS_PEER_UNCONFIRMED] += p->owner[o].unconfirmed;
		books.by_state[TS_PEER_RENEWING] += p->owner[o].renewing;
		books.inserted += p->owner[o].inserted;
		books.gone += p->owner[o].expired + p->owner[o].evicted;
	}
	for (uint32_t n = 0; n < MODEL_PEERS; n++) {
		churn_check(p, n, now, &view, &found);
		list.by_state[model[n].state] += found;
	}
	assert_memory_equal(slots.by_state, books.by_state, sizeof(slots.by_state));
	assert_memory_equal(list.by_state, books.by_state, sizeof(list.by_state));
	assert_int_equal(books.inserted - books.gone - removed,
		list.by_state[TS_PEER_CONFIRMED] + list.by_state[TS_PEER_UNCONFIRMED] +
			list.by_state[TS_PEER_RENEWING]);
}

static void
test_churn(void **state)
{
	struct ts_peers *p = create(2400, 3);
	uint32_t now = TS_PEER_TICK_MASK - 20000; /* so that the ticks wrap on the way */
	uint64_t removed = 0, evicted = 0, moved = 0, full = 0;
	struct ts_peer_view view;
	bool found;

	(void)state;
	for (unsigned i = 0; i < 2000000; i++) {
		uint32_t n = random32() % MODEL_PEERS;

		now = (now + (random32() % 32 == 0)) & TS_PEER_TICK_MASK;
		churn_check(p, n, now, &view, &found);
		if (found) {
			churn_change(p, n, now, &view);
			removed += model[n].state == TS_PEER_NONE;
		} else {
			churn_insert(p, n, now);
		}
		if (i % 16 == 0)
			ts_peers_sweep(p, random32() % 3, 1, now, FORGET);
		if (i % 100000 == 0)
			churn_balance(p, now, removed);
	}
	churn_balance(p, now, removed);
	for (unsigned o = 0; o < p->n_owners; o++) {
		evicted += p->owner[o].evicted;
		moved += p->owner[o].moved;
		full += p->owner[o].full;
	}
	/* All of it has happened. */
	assert_true(evicted > 1000 && moved > 1000 && full > 0);
	ts_peers_free(p, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_churn)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
