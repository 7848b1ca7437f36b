/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What strangers could make of the relay's limits against one client, or against all, although each limit held: the
 * limits have to refuse the strangers, and not whom they ask for (protocols.md X1 to X5).
 */
#include "path_teredo.h"
#include "path_tests.h"

#define FAKES 4 /* peers-per-mapping */

static void
answer_to(const struct client *c, const uint8_t cookie[16])
{
	char dst[INET6_ADDRSTRLEN];
	uint8_t p[128];

	inet_ntop(AF_INET6, cookie, dst, sizeof(dst));
	send_ip(p, make_bubble(p, c, dst));
}

/* Four addresses that nobody has, behind the mapping of `c`. */
static void
ask_fakes(const struct client *c)
{
	for (uint16_t i = 1; i <= FAKES; i++) {
		struct client fake = client_of(SERVER, i, c->v4, c->port);

		send_number(&fake, i);
		assert_no_drops();
		discard_sent();
	}
}

/* X3: addresses that do not answer keep the right one behind their mapping out for two seconds, not for 300. */
void
test_teredo_mapping_taken(void **state)
{
	struct client c;

	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		c = client_owned(owner, 0);
		ask_fakes(&c);
		send_number(&c, 0);
		assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
		rig_advance_ms(&rig, 2001);
		mark();
		send_number(&c, 0);
		assert_int_equal(moved(TS_C_teredo_peers_evicted), 1);
		assert_int_equal(relay_state(&c), R_UNCONFIRMED);
		assert_books();
		discard_sent();
	}
	relay_done();
}

/* X4: and who answers to a cookie need not wait for them at all. */
void
test_teredo_mapping_proven(void **state)
{
	uint8_t cookie[16];
	struct client c;

	(void)state;
	relay_setup();
	relay_cookies();
	c = client_owned(0, 0);
	send_number(&c, 0);
	next_bubble(&c, cookie, NULL);
	rig_advance_ms(&rig, 2001);
	ask_fakes(&c);
	assert_int_equal(relay_state(&c), R_NONE);
	answer_to(&c, cookie);
	assert_int_equal(moved(TS_C_teredo_cookies_accepted), 1);
	assert_int_equal(moved(TS_C_teredo_peers_evicted), 1);
	assert_int_equal(relay_state(&c), R_TRUSTED);
	assert_books();
	relay_done();
}

/* X5: what was answered does not count any more, also when another than the peer's owner has heard the answer. */
void
test_teredo_stateless_renewals(void **state)
{
	uint8_t cookie[16];
	struct client c;

	(void)state;
	relay_setup();
	relay_tables(1024, RIG_N_WORKERS);
	relay_cookies();
	c = client_owned(0, 0);
	plant(&c, 31000);
	for (unsigned i = 1; i <= 2 * TS_CONTACT_BUBBLES; i++) {
		struct client other = client_owned(0, i);

		send_number(&other, 0);
		discard_sent();
		send_number(&c, 0);
		next_bubble(&c, cookie, NULL);
		assert_dropped(TS_C_drop_teredo_encap_stateless);
		answer_to(&c, cookie);
		assert_int_equal(relay_state(&c), R_TRUSTED);
		rig_advance_ms(&rig, 31000);
		discard_sent();
	}
	relay_done();
}

/* T20: a client that goes on sending while it is asked does not keep others from being asked. */
void
test_teredo_recovery_share(void **state)
{
	struct client c, other;
	uint8_t p[256];

	(void)state;
	relay_setup();
	relay_tables(1024, RIG_N_WORKERS);
	relay_cookies();
	rig.cfg.teredo_relay.recover = true;
	relay_apply();
	other = client_owned(0, 0);
	send_number(&other, 0); /* takes the only record */
	discard_sent();
	set_limit(TS_LIMIT_RECOVERY, 1, 2);
	c = client_owned(0, 1);
	for (uint32_t i = 0; i < 8; i++) {
		send_ip(p, make_answer(p, &c, i));
		discard_sent();
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
	}
	other = client_owned(0, 2);
	send_ip(p, make_answer(p, &other, 0));
	assert_int_equal(moved(TS_C_teredo_recovery_bubbles), 1);
	discard_sent();
	relay_done();
}

/* X3: asking for one client too often leaves the others of its server what they have. */
void
test_teredo_server_share(void **state)
{
	struct client c;

	(void)state;
	relay_setup();
	set_keyed(TS_KEYED_BUBBLE_CLIENT, 1, 1);
	set_keyed(TS_KEYED_BUBBLE_SERVER, 1, 2);
	for (uint16_t i = 0; i < 3; i++) {
		c = client_of(SERVER, i, "81.2.3.4", 4000);
		send_number(&c, 0);
		if (i == 0)
			assert_next_bubble(&c);
		else
			assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
	}
	/* of the same owner, as each has a limit of its own */
	c = client_owned(ts_peers_hash(relay_peers(), c.addr).owner, 0);
	send_number(&c, 0);
	assert_next_bubble(&c);
	relay_done();
}

/* T10, X3: trusted without an answer, a cone client costs what a bubble would. */
void
test_teredo_cone_rate(void **state)
{
	struct client c;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.honour_cone = true;
	relay_apply();
	set_limit(TS_LIMIT_BUBBLES, 1, 1);
	c = client_of(SERVER, 0x8000, "81.2.3.4", 4000);
	send_number(&c, 0);
	assert_no_drops();
	assert_int_equal(relay_state(&c), R_TRUSTED);
	discard_sent();
	c = client_of(SERVER, 0x8001, "81.2.3.4", 4000);
	send_number(&c, 0);
	assert_dropped(TS_C_drop_teredo_encap_bubble_limited);
	assert_int_equal(relay_state(&c), R_NONE);
	assert_nothing_sent();
	rig.cfg.teredo_relay.honour_cone = false;
	relay_done();
}
