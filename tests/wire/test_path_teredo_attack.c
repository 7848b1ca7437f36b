/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay when strangers make it ask many clients (protocols.md X1 to X6): what it remembers, keeps and sends
 * is bounded, trusted clients notice nothing, and who answers to a cookie gets through.
 */
#include "path_teredo.h"

#include <stdio.h>

#include "path_tests.h"

/* X2: the oldest that has had its two seconds makes room, and its packets' senders are told; a trusted one never. */
void
test_teredo_eviction(void **state)
{
	struct client old, c, trusted;
	uint8_t p[128];

	(void)state;
	relay_setup();
	relay_tables(1024, RIG_N_WORKERS);
	relay_cookies();
	old = client_owned(0, 0);
	c = client_owned(0, 1);
	trusted = client_owned(0, 2);
	plant(&trusted, 29000);
	send_number(&old, 0);
	assert_next_bubble(&old);
	rig_advance_ms(&rig, 500);
	send_number(&c, 0);
	discard_sent();
	assert_dropped(TS_C_drop_teredo_encap_stateless);
	rig_advance_ms(&rig, 2600);
	mark();
	send_number(&c, 0);
	assert_no_drops();
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p, make_native(p, &old, 0));
	assert_next_bubble(&c);
	assert_nothing_sent();
	assert_int_equal(moved(TS_C_teredo_peers_evicted), 1);
	assert_int_equal(relay_state(&old), R_NONE);
	assert_int_equal(relay_state(&c), R_UNCONFIRMED);
	assert_true(relay_word(&trusted) != 0);
	/* that it has been asked is not forgotten with it */
	for (unsigned i = 0; i < 2; i++) {
		send_number(&old, 0);
		if (i == 0)
			discard_sent();
	}
	assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
	assert_books();
	relay_done();
}

/* Without a cookie prefix there is no other way; no packet is kept then. */
void
test_teredo_no_cookies(void **state)
{
	struct client first, c;

	(void)state;
	relay_setup();
	relay_tables(1024, RIG_N_WORKERS);
	first = client_owned(0, 0);
	c = client_owned(0, 1);
	send_number(&first, 0);
	assert_next_bubble(&first);
	send_number(&c, 0);
	assert_dropped(TS_C_drop_teredo_encap_no_room);
	relay_done();
}

static void
assert_asked_without_room(const struct client *c)
{
	assert_next_bubble(c);
	assert_dropped(TS_C_drop_teredo_encap_stateless);
	assert_int_equal(relay_state(c), R_NONE);
}

/* X3: unconfirmed clients by native /64, by IPv4 address, by mapping. */
void
test_teredo_quotas(void **state)
{
	uint8_t p[256];
	struct client c;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.unconfirmed_per_source = 3;
	rig.cfg.teredo_relay.unconfirmed_per_client = 2;
	rig.cfg.teredo_relay.per_mapping = 2;
	relay_tables(1024, 128);
	relay_cookies();
	for (unsigned i = 0; i < 4; i++) {
		c = client_number(i);
		send_ip(p, make_v6(p, i % 2 == 0 ? NATIVE : "2001:db8::ffff", c.v6, 24));
		if (i < 3)
			assert_next_bubble(&c);
		else
			assert_asked_without_room(&c);
	}
	/* one that answers makes room; another /64 has its own */
	c = client_number(0);
	send_ip(p, make_bubble(p, &c, R_B));
	assert_int_equal(relay_state(&c), R_TRUSTED);
	discard_sent();
	c = client_number(4);
	send_number(&c, 0);
	assert_next_bubble(&c);
	assert_no_drops();
	for (unsigned i = 0; i < 3; i++) {
		c = client_at("82.0.0.1", (uint16_t)(5000 + i));
		send_ip(p, make_v6(p, "2001:db8:7::1", c.v6, 24));
		if (i < 2)
			assert_next_bubble(&c);
		else
			assert_asked_without_room(&c);
	}
	/* as many addresses as there are flags, servers and so on, for one mapping */
	for (unsigned i = 0; i < 4; i++) {
		c = client_of(SERVER, (uint16_t)(i << 10), "82.0.0.2", 6000);
		send_ip(p, make_v6(p, "2001:db8:8::1", c.v6, 24));
		if (i < 2)
			assert_next_bubble(&c);
		else
			assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
	}
	assert_books();
	relay_done();
}

/* X3: of so many packets, each to another client, these many cause a bubble. */
static void
assert_bubbles(const char *const *sources, unsigned n_sources, bool same_server, bool same_client, unsigned n)
{
	char server[INET_ADDRSTRLEN], v4[INET_ADDRSTRLEN];
	unsigned sent = 0;
	uint8_t p[256], got[RIG_FRAME_MAX];

	ts_contact_clear((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts());
	rig_advance_ms(&rig, 60000);
	mark();
	for (unsigned i = 0; i < 40; i++) {
		snprintf(server, sizeof(server), "83.0.0.%u", same_server ? 1 : i + 1);
		snprintf(v4, sizeof(v4), "84.0.0.%u", same_client ? 1 : i + 1);

		struct client c = client_of(server, 0, v4, (uint16_t)(2000 + i));

		rig_send_ip(&rig, p, make_v6(p, sources[i % n_sources], c.v6, 24));
		rig_turn(&rig);
		sent += next_packet(got) != 0;
	}
	assert_int_equal(sent, n);
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), n);
	assert_int_equal(moved(TS_C_drop_teredo_encap_bubble_limited), 40 - n);
	ts_contact_clear((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts());
}

/*
 * X3. A worker counts what it sends itself, so that of two workers each sends its share; who receives the packet asks
 * for the source.
 */
void
test_teredo_bubble_rates(void **state)
{
	static const char *const sources[] = {
		"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"};
	static const struct {
		enum ts_keyed_limit limit;
		unsigned n_sources;
		bool same_server, same_client;
	} keyed[] = {
		{TS_KEYED_BUBBLE_SERVER, 4, true, false},
		{TS_KEYED_BUBBLE_CLIENT, 4, false, true},
	};

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.unconfirmed_per_client = 1000;
	relay_apply();
	set_limit(TS_LIMIT_BUBBLES, 1000, 1000);
	assert_bubbles(sources, 4, true, true, 40);
	for (size_t i = 0; i < RTE_DIM(keyed); i++) {
		set_keyed(keyed[i].limit, 1, 3);
		assert_bubbles(sources, 4, keyed[i].same_server, keyed[i].same_client, 3 * RIG_N_WORKERS);
		assert_bubbles(sources, 4, false, false, 40);
		set_keyed(keyed[i].limit, 0, 0);
	}
	set_keyed(TS_KEYED_BUBBLE_SOURCE, 1, 3);
	assert_bubbles(sources, 1, false, false, 3);
	assert_bubbles(sources, 4, false, false, 12);
	set_keyed(TS_KEYED_BUBBLE_SOURCE, 0, 0);
	set_limit(TS_LIMIT_BUBBLES, 1, 4);
	assert_bubbles(sources, 4, false, false, 4 * RIG_N_WORKERS);
	relay_done();
}

/* A bubble that a rate forbids later on: the packet waits all the same. */
void
test_teredo_repeat_limited(void **state)
{
	struct client c;
	uint8_t p[128];

	(void)state;
	relay_setup();
	c = client_number(0);
	set_keyed(TS_KEYED_BUBBLE_SERVER, 1, 1);
	send_number(&c, 0);
	assert_next_bubble(&c);
	set_limit(TS_LIMIT_BUBBLES, 0, 0);
	rig_advance_ms(&rig, 2100);
	send_number(&c, 0);
	assert_no_drops();
	assert_nothing_sent();
	assert_int_equal(moved(TS_C_teredo_bubbles_limited), 1);
	assert_int_equal(moved(TS_C_teredo_queued_packets), 1);
	send_ip(p, make_bubble(p, &c, R_B));
	assert_int_equal(moved(TS_C_teredo_released_packets), 2);
	discard_sent();
	relay_done();
}

#define ATTACK_PACKETS 100000
#define ATTACK_RATE 200 /* bubbles a second and worker */
#define ATTACK_US 200	/* between two packets */
#define ATTACK_RECORDS 256
#define ATTACK_QUEUED 128

struct attack {
	struct client trusted[2];
	uint32_t number[2];
	uint64_t seed, bubbles, errors;
};

static uint64_t
next_random(struct attack *a)
{
	a->seed = a->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return a->seed ^ a->seed >> 29;
}

static void
collect(struct attack *a)
{
	uint8_t p[RIG_FRAME_MAX];

	while (next_packet(p) != 0) {
		if (p[0] >> 4 == 4 && PAYLOAD(p)[6] == 59)
			a->bubbles++;
		else if (p[0] >> 4 == 6 && p[6] == 58)
			a->errors++;
		else
			fail_msg("neither a bubble nor an error");
	}
}

/* From one of very many /64s, to any address behind 2001::/32. */
static void
send_random(struct attack *a)
{
	uint64_t r[3] = {next_random(a), next_random(a), next_random(a)};
	uint8_t p[64];

	make_v6(p, NATIVE, "2001::", 24);
	memcpy(p + 12, &r[0], 4);
	memcpy(p + 28, &r[1], 4);
	memcpy(p + 32, &r[2], 8);
	rig_send_ip(&rig, p, 64);
	rig_turn(&rig);
	collect(a);
}

/* Both directions, at once and unharmed. */
static void
talk(struct attack *a, unsigned i)
{
	const struct client *c = &a->trusted[i];
	uint8_t p[256];

	rig_send_ip(&rig, p, make_native(p, c, a->number[i]++));
	rig_turn(&rig);
	assert_next_to(c, p, 80);
	rig_send_ip(&rig, p, make_answer(p, c, a->number[i]++));
	rig_turn(&rig);
	assert_next_native(PAYLOAD(p), 80);
}

static void
assert_bounded(const struct attack *a, unsigned packets)
{
	uint64_t most = RIG_N_WORKERS * ((uint64_t)packets * ATTACK_US * ATTACK_RATE / 1000000 + ATTACK_RATE + 1);
	struct ts_contacts_stats s;

	assert_books();
	ts_contacts_stats(relay_contacts(), &s);
	assert_true(s.records <= ATTACK_RECORDS);
	assert_true(s.queued_packets <= ATTACK_QUEUED);
	assert_true(rig_buffers_in_use(&rig) <= s.queued_packets + rte_ring_count(rig.workers[0]->peers_out[1]));
	assert_true(a->bubbles <= most);
}

static void
attack(bool cookies)
{
	struct attack a = {.seed = 7};

	relay_setup();
	rig.cfg.teredo_relay.queue_bytes = ATTACK_QUEUED * RTE_MBUF_DEFAULT_BUF_SIZE;
	relay_tables(2048, ATTACK_RECORDS);
	if (cookies)
		relay_cookies();
	set_limit(TS_LIMIT_BUBBLES, ATTACK_RATE, ATTACK_RATE);
	for (unsigned i = 0; i < 2; i++) {
		a.trusted[i] = client_owned(i, 0);
		plant(&a.trusted[i], 0);
	}
	mark();
	for (unsigned i = 0; i < ATTACK_PACKETS; i++) {
		send_random(&a);
		rig.now += ATTACK_US * rte_get_tsc_hz() / 1000000;
		if (i % 50 == 0)
			talk(&a, i / 50 % 2);
		if (i % 1000 == 0)
			assert_bounded(&a, i + 1);
	}
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), a.bubbles);
	assert_int_equal(
		moved(TS_C_teredo_encap_packets) + moved(TS_C_teredo_decap_packets), a.number[0] + a.number[1]);
	/* everything has a name: what came is sent, dropped, or waits; bubbles are the box's own */
	struct ts_contacts_stats s;
	uint64_t drops = 0;

	ts_contacts_stats(relay_contacts(), &s);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		drops += ts_counter_info[i].is_drop ? moved(i) : 0;
	assert_int_equal(moved(TS_C_rx_packets) + a.bubbles, moved(TS_C_tx_packets) + drops + s.queued_packets);
	if (cookies)
		assert_true(moved(TS_C_teredo_stateless_bubbles) > 0);
	else
		assert_int_equal(moved(TS_C_drop_teredo_encap_stateless), 0);
	/* afterwards all of it goes away, and nothing is left */
	for (unsigned i = 0; i < 700; i++) {
		let_pass(1);
		collect(&a);
	}
	assert_books();
	ts_contacts_stats(relay_contacts(), &s);
	assert_int_equal(s.records, 0);
	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		assert_int_equal(relay_peers()->owner[i].confirmed, 0);
	assert_int_equal(rig_buffers_in_use(&rig), 0);
	relay_done();
}

void
test_teredo_attack_cookies(void **state)
{
	(void)state;
	attack(true);
}

void
test_teredo_attack_plain(void **state)
{
	(void)state;
	attack(false);
}
