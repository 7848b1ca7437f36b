/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the relay gets into contact with a client (protocols.md T1, T2, T9 to T21): states and timers, packets that wait,
 * bubbles and their answers. What an attacker makes of it is in test_path_teredo_attack.c.
 */
#include "path_teredo.h"
#include "path_tests.h"

static const struct icmp6_error unreachable = {.type = 1, .code = 3};

/* T2, T8, T9, T21: for peers of either worker. Four packets wait, a fifth does not; they leave in order. */
void
test_teredo_contact(void **state)
{
	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		struct client c = client_owned(owner, 0);

		assert_int_equal(relay_state(&c), R_NONE);
		begin_contact(&c);
		assert_int_equal(moved(TS_C_teredo_handed_off_packets), owner);
		assert_int_equal(relay_state(&c), R_UNCONFIRMED);
		for (uint32_t i = 1; i < 4; i++) {
			send_number(&c, i);
			assert_no_drops();
			assert_int_equal(moved(TS_C_queue_teredo_encap_bubble_interval), 1);
			assert_int_equal(moved(TS_C_teredo_queued_packets), 1);
			assert_nothing_sent();
		}
		send_number(&c, 4);
		assert_dropped(TS_C_drop_teredo_encap_queue_full);
		assert_books();
		answer_bubble(&c, 4);
		assert_int_equal(moved(TS_C_teredo_peers_confirmed), 1);
		assert_int_equal(moved(TS_C_teredo_encap_packets), 4);
		assert_int_equal(moved(TS_C_teredo_encap_bytes), 4 * 80);
		for (uint32_t i = 0; i < 4; i++)
			assert_number_sent(&c, i);
		send_number(&c, 5);
		assert_number_sent(&c, 5);
		assert_nothing_sent();
		assert_int_equal(moved(TS_C_teredo_handed_off_packets), 0);
		assert_books();
	}
	relay_done();
}

/* T2: 5 KiB are four packets of the tunnel's MTU exactly. */
void
test_teredo_queue_bytes(void **state)
{
	struct client c;
	uint8_t p[2048], got[RIG_FRAME_MAX];

	(void)state;
	relay_setup();
	c = client_number(1);
	for (unsigned i = 0; i < 4; i++) {
		send_ip(p, make_v6(p, NATIVE, c.v6, 1240));
		assert_no_drops();
		assert_int_equal(moved(TS_C_teredo_queued_packets), 1);
	}
	assert_next_bubble(&c);
	answer_bubble(&c, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(next_packet(got), 1280 + 28);
	relay_done();
}

/* The packet that confirms leaves after those that waited, and natively; so it may be an answer to none of them. */
void
test_teredo_confirmed_by_data(void **state)
{
	struct client c;
	uint8_t p[256];
	size_t n;

	(void)state;
	relay_setup();
	c = client_number(2);
	begin_contact(&c);
	n = make_answer(p, &c, 7);
	send_ip(p, n);
	assert_no_drops();
	assert_number_sent(&c, 0);
	assert_next_native(PAYLOAD(p), n - 28);
	assert_nothing_sent();
	assert_int_equal(moved(TS_C_teredo_decap_packets), 1);
	assert_int_equal(moved(TS_C_teredo_decap_bytes), n - 28);
	/* T21: what is dropped by T22 has confirmed all the same; its hop limit and destination are nobody's business
	 */
	c = client_number(3);
	begin_contact(&c);
	put_bubble(PAYLOAD(p), c.v6, "ff02::1");
	PAYLOAD(p)[7] = 0;
	send_ip(p, from_client(p, &c, 40));
	assert_no_drops();
	assert_number_sent(&c, 0);
	c = client_number(4);
	begin_contact(&c);
	n = make_v6(PAYLOAD(p), c.v6, "fe80::1", 8);
	send_ip(p, from_client(p, &c, n));
	assert_number_sent(&c, 0);
	assert_dropped(TS_C_drop_teredo_decap_v6_dst_invalid);
	assert_int_equal(relay_state(&c), R_TRUSTED);
	relay_done();
}

/* T2, T9, T11: bubbles after 2, 4, 6 s if somebody asks; after the fourth, Unreachable; after 300 s from the start. */
void
test_teredo_failed(void **state)
{
	uint8_t p[128];

	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		struct client c = client_owned(owner, 0);

		begin_contact(&c);
		for (uint32_t bubbles = 1; bubbles < 4; bubbles++) {
			rig_advance_ms(&rig, 1990);
			send_number(&c, 9);
			assert_nothing_sent();
			rig_advance_ms(&rig, 11);
			send_number(&c, 9);
			assert_next_bubble(&c);
			assert_nothing_sent();
		}
		/* 6 s later: 4 wait, all others found no room; nothing has been said yet */
		rig_advance_ms(&rig, 1990);
		send_number(&c, 9);
		assert_dropped(TS_C_drop_teredo_encap_queue_full);
		rig_advance_ms(&rig, 11);
		send_number(&c, 10);
		assert_no_drops();
		assert_int_equal(moved(TS_C_teredo_peers_unreachable), 1);
		for (unsigned i = 0; i < 4; i++)
			assert_next_error(&unreachable, p, make_native(p, &c, i == 0 ? 0 : 9));
		assert_next_error(&unreachable, p, make_native(p, &c, 10));
		assert_nothing_sent();
		/* it stays quiet */
		let_pass(290);
		mark();
		send_number(&c, 11);
		assert_int_equal(moved(TS_C_teredo_peers_unreachable), 0);
		assert_next_error(&unreachable, p, make_native(p, &c, 11));
		assert_nothing_sent();
		assert_books();
		let_pass(11);
		assert_int_equal(relay_state(&c), R_NONE);
		begin_contact(&c);
		answer_bubble(&c, 1);
		assert_number_sent(&c, 0);
	}
	relay_done();
}

/* As above, when the timer has not come by: the first packet after 300 s does it. An answer is as good. */
void
test_teredo_failed_answers(void **state)
{
	struct client c;

	(void)state;
	relay_setup();
	for (unsigned late = 0; late < 2; late++) {
		c = client_number(late);
		begin_contact(&c);
		for (unsigned i = 0; i < 3; i++) {
			rig_advance_ms(&rig, 2001);
			send_number(&c, 9);
			assert_next_bubble(&c);
		}
		rig_advance_ms(&rig, 2001);
		send_number(&c, 9);
		for (unsigned i = 0; i < 5; i++) {
			uint8_t p[RIG_FRAME_MAX];

			assert_true(next_packet(p) != 0);
		}
		assert_nothing_sent();
		if (late) {
			rig_advance_ms(&rig, 301000);
			send_number(&c, 0);
			assert_no_drops();
			assert_next_bubble(&c);
			answer_bubble(&c, 1);
			assert_number_sent(&c, 0);
		} else
			answer_bubble(&c, 0);
		assert_nothing_sent();
		send_number(&c, 12);
		assert_number_sent(&c, 12);
		assert_books();
	}
	relay_done();
}

/* Who sends one packet and no more is told after 10 s; who waits for the timer gets it from the timer. */
void
test_teredo_queue_time(void **state)
{
	uint8_t p[128];

	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		struct client c = client_owned(owner, 0);

		begin_contact(&c);
		let_pass(9);
		assert_nothing_sent();
		mark();
		let_pass(2);
		assert_no_drops();
		assert_next_error(&unreachable, p, make_native(p, &c, 0));
		assert_nothing_sent();
		assert_int_equal(moved(TS_C_icmp6_unreachable_sent), 1);
		/* it may still answer */
		assert_int_equal(relay_state(&c), R_UNCONFIRMED);
		answer_bubble(&c, 0);
		assert_nothing_sent();
	}
	relay_done();
}

/* T1: 30 s without reception, and it is asked again, keeping its place; 300 s, and it is gone. */
void
test_teredo_stale(void **state)
{
	uint8_t p[256];
	size_t n;

	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		struct client c = client_owned(owner, 0);

		begin_contact(&c);
		answer_bubble(&c, 1);
		assert_number_sent(&c, 0);
		rig_advance_ms(&rig, 29900);
		send_number(&c, 1);
		assert_number_sent(&c, 1);
		/* a packet from the mapping refreshes, for which nobody needs the owner */
		n = make_answer(p, &c, 2);
		send_ip(p, n);
		assert_next_native(PAYLOAD(p), n - 28);
		assert_int_equal(moved(TS_C_teredo_handed_off_packets), 0);
		rig_advance_ms(&rig, 29900);
		send_number(&c, 3);
		assert_number_sent(&c, 3);
		rig_advance_ms(&rig, 200);
		assert_int_equal(relay_state(&c), R_STALE);
		begin_contact(&c);
		assert_int_equal(relay_state(&c), R_RENEWING);
		assert_books();
		n = make_answer(p, &c, 4);
		send_ip(p, n);
		assert_number_sent(&c, 0);
		assert_next_native(PAYLOAD(p), n - 28);
		assert_int_equal(relay_state(&c), R_TRUSTED);
		/* from STALE by a packet of the client itself */
		rig_advance_ms(&rig, 200000);
		assert_int_equal(relay_state(&c), R_STALE);
		send_ip(p, n);
		assert_next_native(PAYLOAD(p), n - 28);
		assert_int_equal(relay_state(&c), R_TRUSTED);
		/* gone for its packets at once, from the table when the sweep comes by */
		rig_advance_ms(&rig, 300100);
		send_ip(p, n);
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		let_pass(61);
		assert_int_equal(relay_state(&c), R_NONE);
		assert_books();
	}
	relay_done();
}

/* T11, X3: the buffers of all that waits are bounded. */
void
test_teredo_queue_full(void **state)
{
	struct client c[3];

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.queue_bytes = 2 * RTE_MBUF_DEFAULT_BUF_SIZE + 100;
	relay_apply();
	for (unsigned i = 0; i < 3; i++)
		c[i] = client_number(i);
	begin_contact(&c[0]);
	begin_contact(&c[1]);
	/* the third is asked, but its packet is lost */
	send_number(&c[2], 0);
	assert_next_bubble(&c[2]);
	assert_dropped(TS_C_drop_teredo_encap_queue_full);
	answer_bubble(&c[2], 0);
	answer_bubble(&c[0], 1);
	assert_number_sent(&c[0], 0);
	send_number(&c[1], 1);
	assert_no_drops();
	answer_bubble(&c[1], 2);
	assert_number_sent(&c[1], 0);
	assert_number_sent(&c[1], 1);
	assert_books();
	relay_done();
}

/* G44: a SYN that waits is lowered as one that does not. G45: what the sender is told of is what it sent. */
void
test_teredo_queue_mss(void **state)
{
	static const uint8_t syn[24] = {0, 80, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0, 0, 0, 0, 0, 0, 2, 4, 5, 0xa0};
	struct client c;
	uint8_t p[128], want[128];
	uint16_t sum;
	size_t n;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.mss_clamp = true;
	relay_apply();
	c = client_number(5);
	n = make_v6(p, NATIVE, c.v6, 24);
	p[6] = 6;
	memcpy(p + 40, syn, 24);
	sum = rte_ipv6_udptcp_cksum((void *)p, p + 40);
	memcpy(p + 56, &sum, 2);
	memcpy(want, p, n);
	want[62] = 1220 >> 8;
	want[63] = 1220 & 0xff;
	memset(want + 56, 0, 2);
	sum = rte_ipv6_udptcp_cksum((void *)want, want + 40);
	memcpy(want + 56, &sum, 2);
	send_ip(p, n);
	assert_next_bubble(&c);
	answer_bubble(&c, 1);
	assert_next_to(&c, want, n);
	send_ip(p, n);
	assert_next_to(&c, want, n);
	assert_int_equal(moved(TS_C_mss_clamped), 1);
	relay_done();
}
