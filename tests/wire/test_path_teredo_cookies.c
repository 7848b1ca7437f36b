/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay when there is no room to remember whom it has asked (protocols.md X4 to X6): the answer itself shows
 * that it was asked for. Each worker has one record here.
 */
#include "path_teredo.h"
#include "path_tests.h"

/* A record for each worker, and cookies. */
static void
small_setup(void)
{
	relay_setup();
	relay_tables(1024, RIG_N_WORKERS);
	relay_cookies();
}

/* Asked, but nothing is remembered. */
static void
assert_stateless(const struct client *c, uint8_t cookie[16])
{
	next_bubble(c, cookie, NULL);
	assert_int_equal(moved(TS_C_teredo_stateless_bubbles), 1);
	assert_dropped(TS_C_drop_teredo_encap_stateless);
	assert_int_equal(relay_state(c), R_NONE);
}

static size_t
make_bubble_to(uint8_t *p, const struct client *c, const uint8_t dst[16])
{
	make_bubble(p, c, "::");
	memcpy(PAYLOAD(p) + 24, dst, 16);
	return from_client(p, c, 40);
}

static void
answer_cookie(const struct client *c, const uint8_t cookie[16])
{
	uint8_t p[128];

	send_ip(p, make_bubble_to(p, c, cookie));
	assert_no_drops();
	assert_int_equal(moved(TS_C_teredo_cookies_accepted), 1);
	assert_int_equal(moved(TS_C_teredo_peers_confirmed), 1);
	assert_int_equal(relay_state(c), R_TRUSTED);
	assert_nothing_sent();
}

/* The start of an epoch (30 s) or of a key's period (an hour), plus this much. */
static void
advance_to(unsigned period_s, unsigned ms)
{
	uint64_t period = period_s * rte_get_tsc_hz();

	rig.now += period - rig.now % period;
	rig_advance_ms(&rig, ms);
	rig_turn(&rig);
	rig_turn(&rig);
}

/* X4: the answer to a cookie is enough; by another client, changed, too old, or with data it is nothing. */
void
test_teredo_cookie(void **state)
{
	uint8_t p[256], cookie[16], later[16];
	struct client first, c, other;

	(void)state;
	small_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		first = client_owned(owner, 0);
		c = client_owned(owner, 1);
		other = client_owned(owner, 2);
		advance_to(30, 1000);
		discard_sent();
		send_number(&first, 0);
		assert_next_bubble(&first);
		assert_no_drops();
		send_number(&c, 0);
		assert_stateless(&c, cookie);
		send_ip(p, make_bubble_to(p, &other, cookie));
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		cookie[15] ^= 1;
		send_ip(p, make_bubble_to(p, &c, cookie));
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		cookie[15] ^= 1;
		cookie[7] ^= 1;
		send_ip(p, make_bubble_to(p, &c, cookie));
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		cookie[7] ^= 1;
		make_answer(p, &c, 0);
		memcpy(PAYLOAD(p) + 24, cookie, 16);
		send_ip(p, from_client(p, &c, 80));
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		make_bubble_to(p, &c, cookie);
		send_ip(p, make_udp(p, "81.9.9.9", c.port, R_V4, R_PORT, 40));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		answer_cookie(&c, cookie);
		send_ip(p, make_native(p, &c, 1));
		assert_next_to(&c, p, 80);
		assert_books();
		/* through one change of the epoch, not through two */
		send_number(&other, 0);
		assert_stateless(&other, cookie);
		advance_to(30, 1000);
		discard_sent();
		answer_cookie(&other, cookie);
		other = client_owned(owner, 3);
		send_number(&first, 0);
		discard_sent();
		send_number(&other, 0);
		assert_stateless(&other, cookie);
		advance_to(30, 0);
		advance_to(30, 0);
		discard_sent();
		send_ip(p, make_bubble_to(p, &other, cookie));
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		/* another epoch, another cookie */
		rig_advance_ms(&rig, 2100);
		send_number(&first, 0);
		discard_sent();
		send_number(&other, 0);
		next_bubble(&other, later, NULL);
		assert_memory_equal(cookie, later, 8);
		assert_memory_not_equal(cookie + 8, later + 8, 8);
	}
	discard_sent();
	relay_done();
}

/* X6: the epoch after a change of keys takes the cookies of the one before. */
void
test_teredo_cookie_key(void **state)
{
	uint8_t cookie[16];
	struct client first, c;

	(void)state;
	small_setup();
	first = client_owned(0, 0);
	c = client_owned(0, 1);
	advance_to(3600, 3600000 - 5000);
	send_number(&first, 0);
	discard_sent();
	send_number(&c, 0);
	assert_stateless(&c, cookie);
	advance_to(3600, 20000);
	discard_sent();
	/* control replaces the key that is not in use; not yet */
	ts_local_poll(rig.local, rig.now);
	rig_publish(&rig);
	answer_cookie(&c, cookie);
	/* when it has been replaced, cookies of the key in use are good still */
	advance_to(3600, 1800000);
	discard_sent();
	c = client_owned(0, 2);
	send_number(&first, 0);
	discard_sent();
	send_number(&c, 0);
	assert_stateless(&c, cookie);
	ts_local_poll(rig.local, rig.now);
	rig_publish(&rig);
	answer_cookie(&c, cookie);
	relay_done();
}

/* T13, X4: who was asked may test its bubble's source; for others, and from outside, it is nobody's address. */
void
test_teredo_cookie_echo(void **state)
{
	uint8_t p[256], want[64], cookie[16];
	char text[INET6_ADDRSTRLEN];
	struct client c, other;

	(void)state;
	small_setup();
	c = client_owned(0, 0);
	other = client_owned(0, 1);
	advance_to(30, 1000);
	send_number(&c, 0);
	next_bubble(&c, cookie, NULL);
	inet_ntop(AF_INET6, cookie, text, sizeof(text));
	make_echo6(want, text, c.v6);
	want[40] = 129;
	set_icmp6_checksum(want, 56);
	/* natively, before it is trusted: the answer waits */
	send_ip(p, make_echo6(p, c.v6, text));
	assert_no_drops();
	assert_nothing_sent();
	send_ip(p, make_bubble_to(p, &c, cookie));
	assert_next_to(&c, p, make_native(p, &c, 0));
	assert_next_udp(c.v4, c.port, want, 56);
	send_ip(p, make_echo6(p, c.v6, text));
	assert_next_udp(c.v4, c.port, want, 56);
	make_echo6(PAYLOAD(p), c.v6, text);
	send_ip(p, from_client(p, &c, 56));
	assert_no_drops();
	assert_next_udp(c.v4, c.port, want, 56);
	/* others */
	send_ip(p, make_echo6(p, other.v6, text));
	assert_dropped(TS_C_drop_ip6_local_cookie);
	send_ip(p, make_echo6(p, NATIVE, text));
	assert_dropped(TS_C_drop_ip6_local_cookie);
	plant(&other, 0);
	make_echo6(PAYLOAD(p), other.v6, text);
	send_ip(p, from_client(p, &other, 56));
	assert_dropped(TS_C_drop_ip6_local_cookie);
	send_ip(p, make_echo6(p, c.v6, R_COOKIES "1"));
	assert_dropped(TS_C_drop_ip6_local_cookie);
	/* nor is anything else there */
	send_ip(p, make_v6(p, c.v6, text, 24));
	assert_dropped(TS_C_drop_ip6_local_local_not_echo);
	advance_to(30, 0);
	advance_to(30, 0);
	send_ip(p, make_echo6(p, c.v6, text));
	assert_dropped(TS_C_drop_ip6_local_cookie);
	relay_done();
}

/* X5: two seconds between bubbles, four of them, then silence until 300 s after the last. */
void
test_teredo_gap(void **state)
{
	uint8_t cookie[16];
	struct client first, c;

	(void)state;
	small_setup();
	first = client_owned(1, 0);
	c = client_owned(1, 1);
	for (unsigned bubbles = 0; bubbles < 4; bubbles++) {
		send_number(&first, 0); /* keeps its record young */
		discard_sent();
		send_number(&c, 0);
		assert_stateless(&c, cookie);
		send_number(&c, 0);
		assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
		rig_advance_ms(&rig, 1900);
		send_number(&c, 0);
		assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
		rig_advance_ms(&rig, 200);
	}
	rig_advance_ms(&rig, 10000);
	send_number(&c, 0);
	discard_sent();
	assert_true(moved(TS_C_drop_teredo_encap_bubble_limited) == 1);
	rig_advance_ms(&rig, 287000);
	send_number(&c, 0);
	assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
	rig_advance_ms(&rig, 5000);
	send_number(&c, 0);
	discard_sent();
	assert_int_equal(moved(TS_C_drop_teredo_encap_bubble_limited), 0);
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), 1);
	relay_done();
}

/* A STALE client when the pool is full: asked by cookie, with the gaps of T2; its answer opens them. */
void
test_teredo_stateless_renewal(void **state)
{
	struct client first, c;
	uint8_t p[128], cookie[16];

	(void)state;
	small_setup();
	first = client_owned(0, 0);
	c = client_owned(0, 1);
	plant(&c, 60000);
	for (unsigned i = 0; i < 3; i++) {
		send_number(&first, 0);
		discard_sent();
		send_number(&c, 0);
		next_bubble(&c, cookie, NULL);
		assert_dropped(TS_C_drop_teredo_encap_stateless);
		send_number(&c, 0);
		assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
		assert_int_equal(relay_state(&c), R_STALE);
		rig_advance_ms(&rig, 2100);
	}
	discard_sent();
	send_ip(p, make_bubble_to(p, &c, cookie));
	assert_no_drops();
	assert_int_equal(relay_state(&c), R_TRUSTED);
	relay_done();
}

/* X3, X4: a client with as many addresses as it may have does not get one more by a cookie. */
void
test_teredo_no_room_for_trusted(void **state)
{
	struct client first, c, same[2];
	uint8_t p[128], cookie[16];

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.per_mapping = 2;
	relay_tables(1024, RIG_N_WORKERS);
	relay_cookies();
	c = client_at("82.0.0.2", 6000);
	first = client_owned(ts_peers_hash(relay_peers(), c.addr).owner, 0);
	for (unsigned i = 0; i < 2; i++)
		same[i] = client_of(SERVER, (uint16_t)(0x400 << i), "82.0.0.2", 6000);
	send_number(&first, 0);
	discard_sent();
	send_number(&c, 0);
	assert_stateless(&c, cookie);
	plant(&same[0], 0);
	plant(&same[1], 0);
	send_ip(p, make_bubble_to(p, &c, cookie));
	assert_dropped(TS_C_drop_teredo_decap_no_room);
	assert_int_equal(relay_state(&c), R_NONE);
	relay_done();
}

/* T20 when the pool is full. */
void
test_teredo_stateless_recovery(void **state)
{
	struct client first, c;
	uint8_t p[128], cookie[16];

	(void)state;
	small_setup();
	rig.cfg.teredo_relay.recover = true;
	relay_apply();
	first = client_owned(1, 0);
	c = client_owned(1, 1);
	send_number(&first, 0);
	assert_next_bubble(&first);
	send_ip(p, make_answer(p, &c, 0));
	next_bubble(&c, cookie, NULL);
	assert_int_equal(moved(TS_C_teredo_stateless_bubbles), 1);
	assert_int_equal(moved(TS_C_teredo_recovery_bubbles), 1);
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	/* T2 holds here, too */
	send_ip(p, make_answer(p, &c, 1));
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	answer_cookie(&c, cookie);
	relay_done();
}
