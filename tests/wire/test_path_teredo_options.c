/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay's options in getting into contact (protocols.md T6, T10, T14, T16, T19, X7), its own server, clients that
 * it has forgotten (T20), and what the relay itself has to say to clients (T24, G49).
 */
#include "path_teredo.h"
#include "path_tests.h"

/* T10: by option the cone bit is believed, for the first packet and for those after 30 s. Otherwise it is nothing. */
void
test_teredo_cone(void **state)
{
	struct client c, plain;

	(void)state;
	relay_setup();
	c = client_of(SERVER, 0x8000, "81.2.3.4", 4096);
	plain = client_of(SERVER, 0x7cff, "81.2.3.4", 4097);
	begin_contact(&c);
	answer_bubble(&c, 1);
	assert_number_sent(&c, 0);
	c = client_of(SERVER, 0x8000, "81.2.3.4", 4098);
	rig.cfg.teredo_relay.honour_cone = true;
	relay_apply();
	for (unsigned i = 0; i < 3; i++) {
		send_number(&c, i);
		assert_number_sent(&c, i);
		assert_int_equal(moved(TS_C_teredo_indirect_bubbles), 0);
		assert_int_equal(relay_state(&c), R_TRUSTED);
		rig_advance_ms(&rig, i == 0 ? 100 : 31000);
	}
	begin_contact(&plain);
	answer_bubble(&plain, 1);
	assert_number_sent(&plain, 0);
	assert_books();
	relay_done();
}

/* T14: by option a second one to the mapping, before the first. */
void
test_teredo_direct_bubble(void **state)
{
	struct client c;
	uint8_t want[64];

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.direct_bubble = true;
	rig.cfg.teredo_relay.ttl = 77;
	relay_apply();
	c = client_number(6);
	send_number(&c, 0);
	put_bubble(want, R_B, c.v6);
	want[7] = 64;
	assert_next_udp(c.v4, c.port, want, 40);
	assert_next_udp(SERVER, SERVER_PORT, want, 40);
	assert_nothing_sent();
	assert_int_equal(moved(TS_C_teredo_direct_bubbles), 1);
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), 1);
	answer_bubble(&c, 1);
	assert_number_sent(&c, 0);
	relay_done();
}

/* T6: a client of our own server gets the bubble at once, as its server would have passed it on. */
void
test_teredo_own_server(void **state)
{
	uint8_t p[RIG_FRAME_MAX], want[256];
	struct client c;
	size_t n;

	(void)state;
	server_setup();
	relay_setup();
	rig.cfg.teredo_relay.nonce = true;
	relay_apply();
	c = client_number(7);
	send_number(&c, 0);
	assert_no_drops();
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), 1);
	n = next_packet(p);
	assert_int_equal(n, 28 + 8 + 46);
	ts_teredo_origin(PAYLOAD(want), RTE_BE16(R_PORT), inet_addr(R_V4));
	put_bubble(PAYLOAD(want) + 8, R_B, c.v6);
	PAYLOAD(want)[15] = 64;
	memcpy(PAYLOAD(want) + 48, ((uint8_t[]){1, 4}), 2);
	memcpy(PAYLOAD(want) + 50, PAYLOAD(p) + 50, 4);
	make_udp(want, SERVER, SERVER_PORT, c.v4, c.port, 54);
	memcpy(want + 4, p + 4, 2);
	set_v4_length(want, n);
	assert_memory_equal(p, want, n);
	answer_bubble(&c, 1);
	assert_number_sent(&c, 0);
	/* the secondary address is nobody's server */
	c = client_of(SERVER_2ND, 0, "81.2.3.4", 4096);
	send_number(&c, 0);
	assert_dropped(TS_C_drop_teredo_encap_server_martian);
	relay_done();
	server_done();
}

/* A bubble with this nonce from an address and port that are not the embedded ones. */
static size_t
make_introduction(uint8_t *p, const struct client *c, const char *v4, uint16_t port, const uint8_t nonce[4])
{
	size_t n = put_bubble(PAYLOAD(p), c->v6, R_B);

	ts_teredo_nonce_trailer(PAYLOAD(p) + n, nonce);
	return make_udp(p, v4, port, R_V4, R_PORT, n + TS_TEREDO_NONCE_TRAILER_LEN);
}

static struct client
mapped_to(const struct client *c, const char *v4, uint16_t port)
{
	struct client mapped = *c;

	memcpy(mapped.v4, v4, strlen(v4) + 1);
	mapped.port = port;
	return mapped;
}

/* T16, T19, X7: a client behind a symmetric NAT introduces itself by our nonce, from wherever it is. */
void
test_teredo_learned_mapping(void **state)
{
	static const char elsewhere[] = "82.1.1.1", third[] = "82.1.1.2";
	uint8_t p[256], nonce[4], source[16], wrong[4] = {1, 2, 3, 4};
	size_t n;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.nonce = rig.cfg.teredo_relay.accept_mismatch = true;
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		relay_apply();

		struct client c = client_owned(owner, 0), moved_to = mapped_to(&c, elsewhere, 5000);

		send_number(&c, 0);
		next_bubble(&c, source, nonce);
		/* not without the nonce, with another one, to another address, with data, from a port or address that
		 * T4 and T5 refuse */
		send_ip(p, make_udp(p, elsewhere, 5000, R_V4, R_PORT, put_bubble(PAYLOAD(p), c.v6, R_B)));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		send_ip(p, make_introduction(p, &c, elsewhere, 5000, wrong));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		make_introduction(p, &c, elsewhere, 5000, nonce);
		put_v6(PAYLOAD(p) + 24, PATH_ID6);
		send_ip(p, make_udp(p, elsewhere, 5000, R_V4, R_PORT, 46));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		n = make_answer(p, &c, 1);
		ts_teredo_nonce_trailer(p + n, nonce);
		send_ip(p, make_udp(p, elsewhere, 5000, R_V4, R_PORT, n - 28 + 6));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		send_ip(p, make_introduction(p, &c, elsewhere, 0, nonce));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		send_ip(p, make_introduction(p, &c, "10.0.0.1", 5000, nonce));
		assert_dropped(TS_C_drop_teredo_decap_v4_src_martian);
		assert_int_equal(relay_state(&c), R_UNCONFIRMED);
		/* (a) */
		send_ip(p, make_introduction(p, &c, elsewhere, 5000, nonce));
		assert_no_drops();
		assert_int_equal(moved(TS_C_teredo_mappings_learned), 1);
		assert_number_sent(&moved_to, 0);
		assert_nothing_sent();
		assert_int_equal(relay_state(&c), R_TRUSTED);
		send_number(&c, 1);
		assert_number_sent(&moved_to, 1);
		/* (b) */
		n = make_answer(p, &moved_to, 2);
		send_ip(p, n);
		assert_next_native(PAYLOAD(p), n - 28);
		assert_int_equal(moved(TS_C_teredo_mappings_learned), 0);
		send_ip(p, make_udp(p, elsewhere, 5001, R_V4, R_PORT, n - 28));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		send_ip(p, make_udp(p, third, 5000, R_V4, R_PORT, n - 28));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		/* X7: one change in ten seconds, back and forth through the embedded mapping, too */
		send_ip(p, make_introduction(p, &c, third, 5000, nonce));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		n = make_answer(p, &c, 3);
		send_ip(p, n);
		assert_next_native(PAYLOAD(p), n - 28);
		send_number(&c, 4);
		assert_number_sent(&c, 4);
		send_ip(p, make_introduction(p, &c, third, 5000, nonce));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		rig_advance_ms(&rig, 10100);
		send_ip(p, make_introduction(p, &c, third, 5000, nonce));
		assert_no_drops();
		assert_int_equal(moved(TS_C_teredo_mappings_learned), 1);
		moved_to = mapped_to(&c, third, 5000);
		send_number(&c, 5);
		assert_number_sent(&moved_to, 5);
		/* traffic stops 30 s after the last packet from there; the answer may come from anywhere again */
		rig_advance_ms(&rig, 30100);
		send_number(&c, 6);
		next_bubble(&c, source, nonce);
		assert_nothing_sent();
		send_ip(p, make_introduction(p, &c, elsewhere, 5000, nonce));
		moved_to = mapped_to(&c, elsewhere, 5000);
		assert_number_sent(&moved_to, 6);
		assert_books();
	}
	/* switched off, it is as any other client */
	struct client c = client_owned(0, 0);

	rig.cfg.teredo_relay.accept_mismatch = false;
	relay_apply();
	send_ip(p, make_udp(p, elsewhere, 5000, R_V4, R_PORT, put_bubble(PAYLOAD(p), c.v6, R_B)));
	assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
	relay_done();
}

/* T16: nonces are made anew every 30 s, and good for as long again. */
void
test_teredo_nonce(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX], first[4], second[4], source[16];
	struct client c, other;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.nonce = rig.cfg.teredo_relay.accept_mismatch = true;
	relay_apply();
	c = client_number(8);
	other = client_number(9);
	send_number(&c, 0);
	next_bubble(&c, source, first);
	send_number(&other, 0);
	next_bubble(&other, source, second);
	assert_memory_not_equal(first, second, 4);
	send_ip(p, make_introduction(p, &c, "82.1.1.1", 5000, second));
	assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
	/* two senders are told that nobody answered */
	let_pass(29);
	assert_true(next_packet(got) != 0 && next_packet(got) != 0);
	mark();
	send_ip(p, make_introduction(p, &other, "82.1.1.1", 5000, second));
	assert_no_drops();
	assert_int_equal(relay_state(&other), R_TRUSTED);
	let_pass(32);
	send_ip(p, make_introduction(p, &c, "82.1.1.1", 5000, first));
	assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
	relay_done();
}

/* T20: an unknown client is asked to introduce itself again, within limits; it then is as any other. */
void
test_teredo_recovery(void **state)
{
	struct client c, other;
	uint8_t p[256];
	size_t n;

	(void)state;
	relay_setup();
	for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
		rig.cfg.teredo_relay.recover = false;
		relay_apply();
		c = client_owned(owner, 0);
		n = make_answer(p, &c, 0);
		send_ip(p, n);
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		rig.cfg.teredo_relay.recover = true;
		relay_apply();
		send_ip(p, n);
		assert_next_bubble(&c);
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		assert_int_equal(moved(TS_C_teredo_recovery_bubbles), 1);
		assert_int_equal(relay_state(&c), R_UNCONFIRMED);
		/* RFC 4380 5.4.2: now that it is asked, any packet of it is an answer */
		send_ip(p, n);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), n - 28);
		assert_int_equal(relay_state(&c), R_TRUSTED);
		assert_books();
	}
	/* nothing for spoofed ones, nor by way of a server that cannot be one, nor for a port or a client that T4 and
	 * T5 refuse */
	other = client_of("10.0.0.1", 0, "81.2.3.4", 4096);
	send_ip(p, make_answer(p, &other, 0));
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	other = client_of("198.51.102.2", 0, "81.2.3.4", 4096);
	send_ip(p, make_answer(p, &other, 0));
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	other = client_at("81.2.3.4", 0);
	send_ip(p, make_answer(p, &other, 0));
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	assert_int_equal(relay_state(&other), R_NONE);
	other = client_at("81.2.3.4", 4097);
	make_answer(p, &other, 0);
	send_ip(p, make_udp(p, "81.2.3.5", 4097, R_V4, R_PORT, 80));
	assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
	assert_int_equal(relay_state(&other), R_NONE);
	/* the bucket of recovery, apart from that of bubbles */
	set_limit(TS_LIMIT_RECOVERY, 1, 2);
	set_limit(TS_LIMIT_BUBBLES, 0, 0);
	for (unsigned i = 0; i < 5; i++) {
		other = client_owned(0, 10 + i);
		send_ip(p, make_answer(p, &other, 0));
		if (i < 2)
			assert_next_bubble(&other);
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		assert_int_equal(relay_state(&other), i < 2 ? R_UNCONFIRMED : R_NONE);
	}
	/* per server and client as for any bubble */
	set_limit(TS_LIMIT_RECOVERY, PATH_BURST, PATH_BURST);
	set_keyed(TS_KEYED_BUBBLE_SERVER, 1, 1);
	other = client_owned(0, 20);
	send_ip(p, make_answer(p, &other, 0));
	assert_next_bubble(&other);
	other = client_owned(0, 21);
	send_ip(p, make_answer(p, &other, 0));
	assert_dropped(TS_C_drop_teredo_decap_no_peer);
	relay_done();
}

/* T24: the test that a client makes of this relay, through its server: the answer waits as any other packet. */
void
test_teredo_connectivity_test(void **state)
{
	static const char *const asked[] = {R_B, PATH_ID6};
	uint8_t p[256], want[64], bubble[128];
	struct client c;

	(void)state;
	relay_setup();
	for (size_t i = 0; i < RTE_DIM(asked); i++) {
		c = client_number((unsigned)i);
		send_ip(p, make_echo6(p, c.v6, asked[i]));
		assert_no_drops();
		assert_next_bubble(&c);
		assert_nothing_sent();
		make_echo6(want, asked[i], c.v6);
		want[40] = 129;
		set_icmp6_checksum(want, 56);
		send_ip(bubble, make_bubble(bubble, &c, R_B));
		assert_next_udp(c.v4, c.port, want, 56);
		assert_nothing_sent();
		/* trusted: at once */
		send_ip(p, make_echo6(p, c.v6, asked[i]));
		assert_next_udp(c.v4, c.port, want, 56);
		/* and through the tunnel */
		make_echo6(PAYLOAD(p), c.v6, asked[i]);
		PAYLOAD(p)[7] = 0;
		send_ip(p, from_client(p, &c, 56));
		assert_next_udp(c.v4, c.port, want, 56);
		assert_nothing_sent();
	}
	/* its answer given up: nobody is told, as the sender is the box itself */
	c = client_number(9);
	send_ip(p, make_echo6(p, c.v6, R_B));
	assert_next_bubble(&c);
	mark();
	let_pass(11);
	assert_dropped(TS_C_drop_teredo_encap_unreachable);
	relay_done();
}

/* G49: errors are for trusted clients alone, and no reason to get into contact with others. */
void
test_teredo_errors_to_clients(void **state)
{
	struct client c;
	uint8_t p[256], want[256];
	size_t n, len;

	(void)state;
	relay_setup();
	c = client_number(3);
	n = make_v6(p, c.v6, X_USER, 24); /* natively, from a Teredo address, for a 6to4 site */
	p[7] = 1;
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_encap_not_trusted);
	assert_int_equal(relay_state(&c), R_NONE);
	plant(&c, 31000);
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_encap_not_trusted);
	relay_tables(1024, 128);
	plant(&c, 0);
	send_ip(p, n);
	assert_no_drops();
	len = make_error(want, &(struct icmp6_error){.type = 3}, p, n);
	assert_next_udp(c.v4, c.port, want, len);
	/* nor to where no packet would be sent */
	c = client_at("10.0.0.1", 4096);
	n = make_v6(p, c.v6, X_USER, 24);
	p[7] = 1;
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_encap_dst_martian);
	relay_done();
}

/* Without a buffer for a bubble the packet waits all the same. */
void
test_teredo_no_buffer(void **state)
{
	struct rte_mbuf *all[1024];
	unsigned n = 0;
	struct client c;
	uint8_t p[128];
	size_t len;

	(void)state;
	relay_setup();
	c = client_number(1);
	len = make_native(p, &c, 0);
	rig_send_ip(&rig, p, len);
	while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(rig.pool)) != NULL)
		n++;
	mark();
	rig_turn(&rig);
	rig_turn(&rig);
	rte_pktmbuf_free_bulk(all, n);
	assert_no_drops();
	assert_nothing_sent();
	assert_int_equal(moved(TS_C_teredo_bubbles_no_buffer), 1);
	assert_int_equal(moved(TS_C_teredo_queued_packets), 1);
	rig_advance_ms(&rig, 2001);
	send_number(&c, 1);
	assert_next_bubble(&c);
	answer_bubble(&c, 2);
	assert_number_sent(&c, 0);
	assert_number_sent(&c, 1);
	relay_done();
}
