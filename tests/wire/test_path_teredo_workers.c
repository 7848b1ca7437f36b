/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay on two workers: packets of one flow that come before, during and after the contact, at the worker
 * that owns the client and at the other one. Whatever the order of the workers' turns, what one worker receives of a
 * flow leaves in the order in which it came, and nothing is lost or doubled (relay_owner.c).
 *
 * Workers run at the same time; here one has its turn after the other. But a worker's turn may also fall into the
 * middle of the other's, at the moment that this one is about to hand packets to the port: there the order is made.
 */
#include "path_teredo.h"
#include "path_tests.h"

#define FLOWS 6	      /* clients; each has a flow in both directions */
#define STEPS 250     /* of a schedule */
#define SCHEDULES 200 /* each from its own seed */
#define STRANGERS 100 /* who never answer, and whose packets make the rings long */
#define RING_MOST 200 /* below the half of a ring, where packets to clients are refused */

/* Reproducible, and the same everywhere. */
static uint32_t
random_below(uint64_t *state, uint32_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) * n >> 31);
}

/* What has been given to a worker and what has come out, of each client and direction. */
struct flows {
	uint64_t seed;
	unsigned turning; /* the worker that has its turn; */
	bool nested;	  /* and in the middle of it the other one */
	struct client client[FLOWS];
	unsigned by[2][FLOWS]; /* the worker that receives it, as RSS would have it; [0]: to the client, [1]: from it */
	uint32_t given[2][FLOWS], out[2][FLOWS];
};

static unsigned
client_named(const struct flows *f, const uint8_t *addr)
{
	for (unsigned i = 0; i < FLOWS; i++)
		if (memcmp(f->client[i].addr, addr, 16) == 0)
			return i;
	fail_msg("a packet of nobody");
	return 0;
}

/* Takes what has been sent; it has to be the next of its flow. Bubbles are not looked at. */
static void
collect(struct flows *f)
{
	uint8_t p[RIG_FRAME_MAX];
	uint32_t number;

	while (next_packet(p) != 0) {
		bool native = p[0] >> 4 == 6;
		const uint8_t *ip6 = native ? p : PAYLOAD(p);
		uint32_t *next;

		if (ip6[6] == 59)
			continue;
		assert_int_equal(ip6[6], 17);
		memcpy(&number, ip6 + 48, sizeof(number));
		next = &f->out[native][client_named(f, ip6 + (native ? 8 : 24))];
		assert_int_equal(number, *next);
		++*next;
	}
}

static void
give_numbered(struct flows *f, unsigned i, bool from)
{
	uint8_t p[256];
	size_t n = from ? make_answer(p, &f->client[i], f->given[1][i]) : make_native(p, &f->client[i], f->given[0][i]);

	f->given[from][i]++;
	rig_send_ip(&rig, p, n);
}

/* One more for this worker's port, if the flow that chance picks is one of its. */
static void
give_one(struct flows *f, unsigned worker)
{
	unsigned i = random_below(&f->seed, FLOWS), state = relay_state(&f->client[i]);
	bool from = random_below(&f->seed, 3) == 0;

	if (f->by[from][i] != worker || (from && state == R_NONE))
		return;
	/* four may wait for a client, and no more */
	if (!from && state != R_TRUSTED && f->given[0][i] - f->out[0][i] >= 4)
		return;
	give_numbered(f, i, from);
}

static unsigned
longest_ring(void)
{
	return RTE_MAX(rte_ring_count(rig.workers[0]->peers_out[1]), rte_ring_count(rig.workers[1]->peers_out[0]));
}

static void
give_strangers(struct flows *f)
{
	struct client c;
	uint8_t p[256];

	for (unsigned n = random_below(&f->seed, 160); n > 0 && longest_ring() + n < RING_MOST; n--) {
		c = client_number(0x800000 + random_below(&f->seed, STRANGERS));
		rig_send_ip(&rig, p, make_native(p, &c, 0));
	}
}

static void
turn(struct flows *f, unsigned worker)
{
	f->turning = worker;
	turn_of(worker);
}

/* Packets are about to be sent. */
static uint16_t
meanwhile(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t n, void *flows)
{
	struct flows *f = flows;

	(void)port;
	(void)queue;
	(void)packets;
	if (f->nested || rte_ring_count(rig.to_port) != 0 || random_below(&f->seed, 2) == 0)
		return n;
	f->nested = true;
	for (unsigned k = random_below(&f->seed, 6); k > 0; k--)
		give_one(f, 1 - f->turning);
	turn_of(1 - f->turning);
	f->nested = false;
	return n;
}

static void
step(struct flows *f)
{
	unsigned worker = random_below(&f->seed, 2);

	if (random_below(&f->seed, 6) == 0)
		give_strangers(f);
	for (unsigned n = random_below(&f->seed, 8); n > 0; n--)
		give_one(f, worker);
	while (rte_ring_count(rig.to_port) != 0)
		turn(f, worker);
	if (random_below(&f->seed, 4) == 0)
		turn(f, worker);
	collect(f);
	/* not so long that somebody is told that nobody answers */
	rig_advance_ms(&rig, random_below(&f->seed, 3));
}

static void
settle(struct flows *f)
{
	for (unsigned i = 0; i < 32; i++) {
		turn(f, i % 2);
		collect(f);
	}
}

static void
start(struct flows *f, uint64_t seed)
{
	ts_contact_clear((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts());
	memset(f, 0, sizeof(*f));
	f->seed = seed;
	for (unsigned i = 0; i < FLOWS; i++) {
		f->client[i] = client_number((unsigned)seed * FLOWS + i);
		f->by[0][i] = random_below(&f->seed, 2);
		f->by[1][i] = random_below(&f->seed, 2);
	}
}

/* All clients answer in the end; all that is on its way arrives. */
static void
run(struct flows *f)
{
	for (unsigned k = 0; k < STEPS; k++)
		step(f);
	settle(f);
	for (unsigned i = 0; i < FLOWS; i++) {
		if (f->given[0][i] == 0)
			continue;
		give_numbered(f, i, true);
		turn(f, f->by[1][i]);
	}
	settle(f);
}

void
test_teredo_workers_order(void **state)
{
	const struct rte_eth_rxtx_callback *callback;
	static struct flows f;
	uint64_t handed = 0;

	(void)state;
	relay_setup();
	relay_tables(8192, 2048);
	rig.cfg.teredo_relay.unconfirmed_per_source = 60000;
	relay_apply();
	for (uint64_t i = 0; i < SCHEDULES; i++) {
		set_limit(TS_LIMIT_BUBBLES, 100000, 100000);
		start(&f, i);
		mark();
		callback = rte_eth_add_tx_callback(rig.port, 0, meanwhile, &f);
		assert_non_null(callback);
		run(&f);
		assert_int_equal(rte_eth_remove_tx_callback(rig.port, 0, callback), 0);
		handed += moved(TS_C_teredo_handed_off_packets);
		for (unsigned k = 0; k < FLOWS; k++) {
			assert_int_equal(f.out[0][k], f.given[0][k]);
			assert_int_equal(f.out[1][k], f.given[1][k]);
		}
		assert_int_equal(moved(TS_C_drop_teredo_encap_handoff_full), 0);
		assert_books();
	}
	assert_true(handed > 100 * SCHEDULES);
	relay_done();
}

/* Packets to clients that nobody knows, all of owner 1, until there are as many in its ring. */
static void
fill_ring(unsigned n)
{
	uint8_t p[128];

	for (unsigned i = 0; rte_ring_count(rig.workers[0]->peers_out[1]) < n; i++) {
		struct client c = client_number(0x900000 + i);

		if (ts_peers_hash(relay_peers(), c.addr).owner == 1)
			give_to(0, p, make_native(p, &c, 0));
	}
}

/* The trap, step by step: the peer is trusted while a packet for it is still far back in the ring to its owner. */
void
test_teredo_workers_overtaking(void **state)
{
	static const unsigned by[] = {0, 1};
	uint8_t p[128], got[RIG_FRAME_MAX];
	struct client c;

	(void)state;
	relay_setup();
	relay_tables(8192, 2048);
	rig.cfg.teredo_relay.unconfirmed_per_source = 60000;
	relay_apply();
	set_limit(TS_LIMIT_BUBBLES, 100000, 100000);
	for (size_t i = 0; i < RTE_DIM(by); i++) {
		unsigned sent = 0;

		ts_contact_clear((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts());
		c = client_owned(1, (unsigned)i);
		give_to(0, p, make_native(p, &c, 0));
		turn_of(1);
		assert_next_bubble(&c);
		fill_ring(3 * TS_BURST_MAX / 2);
		give_to(0, p, make_native(p, &c, 1));
		/* the answer reaches the owner itself, or by the same ring */
		give_to(by[i], p, make_bubble(p, &c, R_B));
		if (by[i] == 0)
			turn_of(1);
		give_to(0, p, make_native(p, &c, 2));
		if (by[i] == 1) {
			assert_int_equal(relay_state(&c), R_TRUSTED);
			assert_true(rte_ring_count(rig.workers[0]->peers_out[1]) > 2);
		}
		turn_of(1);
		give_to(0, p, make_native(p, &c, 3));
		turn_of(1);
		mark();
		give_to(0, p, make_native(p, &c, 4));
		assert_int_equal(moved(TS_C_teredo_handed_off_packets), 0);
		while (next_packet(got) != 0) {
			uint32_t number;

			if (PAYLOAD(got)[6] == 59)
				continue;
			memcpy(&number, PAYLOAD(got) + 48, sizeof(number));
			assert_int_equal(number, sent);
			sent++;
		}
		assert_int_equal(sent, 5);
	}
	ts_contact_clear((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts());
	relay_done();
}

/* Nothing in it is a packet but what the test has put there through the relay. */
static void
empty(struct rte_ring *ring)
{
	struct ts_peer_handoff p;

	while (rte_ring_dequeue_elem(ring, &p, sizeof(p)) == 0)
		rte_pktmbuf_free(p.packet);
}

static void
fill_up_to(struct rte_ring *ring, unsigned n_free)
{
	struct ts_peer_handoff nothing = {.packet = NULL};

	while (rte_ring_free_count(ring) > n_free)
		assert_int_equal(rte_ring_enqueue_elem(ring, &nothing, sizeof(nothing)), 0);
}

/* Half of a ring is for what comes from clients; what finds no room is counted by its direction. */
void
test_teredo_workers_ring_full(void **state)
{
	struct rte_ring *ring = rig.workers[0]->peers_out[1];
	struct client c, fresh;
	uint8_t p[256];

	(void)state;
	relay_setup();
	c = client_owned(1, 0);
	fresh = client_owned(1, 1);
	send_ip(p, make_native(p, &c, 0));
	assert_next_bubble(&c);
	fill_up_to(ring, rte_ring_get_capacity(ring) / 2 + 1);
	mark();
	give_to(0, p, make_native(p, &c, 1));
	assert_no_drops();
	assert_int_equal(moved(TS_C_teredo_handed_off_packets), 1);
	mark();
	give_to(0, p, make_native(p, &c, 2));
	assert_dropped(TS_C_drop_teredo_encap_handoff_full);
	mark();
	give_to(0, p, make_native(p, &fresh, 0));
	assert_dropped(TS_C_drop_teredo_encap_handoff_full);
	mark();
	give_to(0, p, make_bubble(p, &c, R_B));
	assert_no_drops();
	assert_int_equal(moved(TS_C_teredo_handed_off_packets), 1);
	fill_up_to(ring, 0);
	mark();
	give_to(0, p, make_bubble(p, &c, R_B));
	assert_dropped(TS_C_drop_teredo_decap_handoff_full);
	/* trusted ones do not need it */
	plant(&fresh, 0);
	mark();
	give_to(0, p, make_native(p, &fresh, 1));
	assert_no_drops();
	assert_next_to(&fresh, p, 80);
	give_to(0, p, make_answer(p, &fresh, 2));
	assert_next_native(PAYLOAD(p), 80);
	empty(ring);
	relay_done();
}

/* A reload switches the relay off while packets are in a ring and in a queue: they do not stay there. */
void
test_teredo_workers_switched_off(void **state)
{
	uint64_t before[TS_N_COUNTERS], after[TS_N_COUNTERS];
	struct client c, waiting;
	uint8_t p[256];

	(void)state;
	relay_setup();
	c = client_owned(1, 0);
	waiting = client_owned(0, 0);
	send_ip(p, make_native(p, &waiting, 0));
	assert_next_bubble(&waiting);
	send_ip(p, make_native(p, &c, 0));
	assert_next_bubble(&c);
	give_to(0, p, make_native(p, &c, 1));
	give_to(0, p, make_answer(p, &c, 0));
	assert_int_equal(rte_ring_count(rig.workers[0]->peers_out[1]), 2);
	rig_counters(&rig, before);
	rig.cfg.teredo_relay.enabled = false;
	relay_apply();
	rig_counters(&rig, after);
	assert_int_equal(after[TS_C_drop_ip6_rx_no_tunnel] - before[TS_C_drop_ip6_rx_no_tunnel], 1);
	assert_int_equal(after[TS_C_drop_ip4_rx_no_tunnel] - before[TS_C_drop_ip4_rx_no_tunnel], 1);
	assert_int_equal(rte_ring_count(rig.workers[0]->peers_out[1]), 0);
	assert_nothing_sent();
	send_ip(p, make_native(p, &c, 2));
	assert_dropped(TS_C_drop_ip6_rx_no_tunnel);
	mark();
	let_pass(11);
	assert_no_drops();
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p, make_native(p, &waiting, 0));
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p, make_native(p, &c, 0));
	assert_nothing_sent();
	assert_int_equal(rig_buffers_in_use(&rig), 0);
	/* and on again: those who were asked may answer still */
	rig.cfg.teredo_relay.enabled = true;
	relay_apply();
	send_ip(p, make_bubble(p, &c, R_B));
	assert_no_drops();
	assert_int_equal(relay_state(&c), R_TRUSTED);
	assert_books();
	relay_done();
}
