/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo server, byte for byte (protocols.md 4.7, F3 to F8; RFC 4380 5.3): what it answers and passes on.
 * What it lets out natively
 * is in test_path_teredo_server_native.c, what it refuses in test_path_teredo_server_refusals.c.
 */
#include "path_server.h"
#include "path_tests.h"

#include "lib/teredo.h"
#include "lib/teredo_keys.h"

/* clang-format off */
/* V12 without addresses and checksum: IPv6 header, message. */
static const uint8_t ra_head[8] = {0x60, 0, 0, 0, 0, 56, 58, 255};
static const uint8_t ra_message[56] = {134, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0,
	3, 4, 64, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0x20, 0x01, 0, 0, 0x41, 0x36, 0xe3, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 0, 0x05, 0};
static const uint8_t client_origin[8] = {0, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd2};
static const uint8_t relay_origin[8] = {0, 0, 0xf2, 0x26, 0x34, 0xff, 0x8e, 0x9c};
/* clang-format on */

/* Origin indication and advertisement, 104 bytes. */
static size_t
put_ra(uint8_t *at, const char *to)
{
	memcpy(at, client_origin, 8);
	memcpy(at + 8, ra_head, 8);
	put_v6(at + 16, SERVER_LINK_LOCAL);
	put_v6(at + 32, to);
	memcpy(at + 48, ra_message, sizeof(ra_message));
	set_icmp6_checksum(at + 8, 96);
	return 104;
}

/* V11, V12, V14 without keys; an identifier is not sent back. */
void
test_teredo_server_advertisement(void **state)
{
	static const struct {
		const char *client, *asked, *answers;
	} cases[] = {
		{RS_CLIENT, SERVER, SERVER},
		{RS_CONE_CLIENT, SERVER, SERVER_2ND},
		{RS_CLIENT, SERVER_2ND, SERVER_2ND},
		{RS_CONE_CLIENT, SERVER_2ND, SERVER},
		{"febf::1", SERVER, SERVER},
	};
	static const size_t options[] = {0, 8, 1024};
	uint8_t p[2048], want[256];

	(void)state;
	server_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		for (size_t k = 0; k < RTE_DIM(options); k++) {
			for (unsigned id_len = 0; id_len < 3; id_len++) {
				size_t auth = put_auth(PAYLOAD(p), "ab", id_len, 5 * id_len), n;

				n = put_rs(PAYLOAD(p) + auth, cases[i].client, options[k]);
				send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, cases[i].asked, SERVER_PORT, auth + n));
				n = put_auth(want, "", 0, 0);
				n += put_ra(want + n, cases[i].client);
				assert_udp(cases[i].answers, CLIENT, CLIENT_PORT, want, n);
				assert_int_equal(moved(TS_C_teredo_server_advertisements), 1);
			}
			put_rs(PAYLOAD(p), cases[i].client, options[k]);
			send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, cases[i].asked, SERVER_PORT, 48 + options[k]));
			assert_udp(cases[i].answers, CLIENT, CLIENT_PORT, want, put_ra(want, cases[i].client));
		}
	}
	server_done();
}

/* Trailers behind a solicitation are none of the server's business; neither are IPv4 options. */
void
test_teredo_server_advertisement_around(void **state)
{
	uint8_t p[512], want[256];
	size_t n;

	(void)state;
	server_setup();
	rig.cfg.teredo_server.ttl = 33;
	path_apply();
	n = put_rs(PAYLOAD(p), RS_CLIENT, 0);
	memset(PAYLOAD(p) + n, 0xee, 9);
	n = make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, n + 9);
	memmove(p + 24, p + 20, n - 20);
	memset(p + 20, 1, 4); /* no operation */
	p[0] = 0x46;
	set_v4_length(p, n + 4);
	send_ip(p, n + 4);
	assert_udp_ttl(SERVER, CLIENT, CLIENT_PORT, want, put_ra(want, RS_CLIENT), 33);
	server_done();
}

/* V14: identifier as received, confirmation 0, the value over nonce, confirmation, origin and advertisement. */
static void
assert_secure_answer(const struct ts_teredo_key *key, const char *id, const uint8_t *nonce)
{
	size_t id_len = strlen(id), auth = 13 + id_len + TS_TEREDO_HMAC_LEN;
	uint8_t want[1024] = {0, 1, (uint8_t)id_len, TS_TEREDO_HMAC_LEN}, covered_nonce[9] = {0};
	const struct ts_teredo_part parts[] = {{covered_nonce, 9}, {want + auth, 104}};

	memcpy(covered_nonce, nonce, 8);
	memcpy(want + 4, id, id_len);
	memcpy(want + auth - 9, nonce, 8);
	put_ra(want + auth, RS_CLIENT);
	ts_teredo_hmac(key, parts, 2, want + 4 + id_len);
	assert_udp(SERVER, CLIENT, CLIENT_PORT, want, auth + 104);
}

void
test_teredo_server_secure(void **state)
{
	char long_id[256];
	const char *const ids[] = {"bob", "alice", long_id};
	uint8_t p[1024], *payload = PAYLOAD(p);

	(void)state;
	memset(long_id, 'x', 255);
	long_id[255] = '\0';
	server_setup();
	server_keys(long_id);
	for (size_t i = 0; i < RTE_DIM(ids); i++) {
		const struct ts_teredo_key *key = server_key(ids[i]);

		for (unsigned confirmation = 0; confirmation < 2; confirmation++) {
			/* with an option of 8 bytes, and with trailers, which are not covered */
			for (size_t trailers = 0; trailers < 12; trailers += 11) {
				size_t n = put_secure_rs(payload, ids[i], key, (uint8_t)confirmation, 8);

				memset(payload + n, 0, trailers);
				send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, n + trailers));
				assert_secure_answer(key, ids[i], payload + 4 + strlen(ids[i]) + 20);
			}
		}
	}
	/* bubbles need none (V5) */
	put_bubble(payload, RELAY_B, CLIENT_ADDR);
	send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40));
	assert_int_equal(moved(TS_C_teredo_server_bubbles), 1);
	server_done();
}

/* A bubble, with `len` bytes at `trailers` behind it, through the server; sent on by `from`:`port`. */
static void
assert_passed(const char *from, uint16_t port, const char *asked, const uint8_t *packet, size_t len, const char *to)
{
	uint8_t p[2048], want[2048];
	const uint8_t *origin = port == RELAY_PORT ? relay_origin : client_origin;

	memcpy(PAYLOAD(p), packet, len);
	send_ip(p, make_udp(p, from, port, asked, SERVER_PORT, len));
	memcpy(want, origin, 8);
	memcpy(want + 8, packet, len);
	assert_udp(SERVER, to, strcmp(to, CLIENT) == 0 ? CLIENT_PORT : OTHER_PORT, want, 8 + len);
}

/* V10: as it came, trailers included, hop limit as it was; always from the primary address. */
void
test_teredo_server_passes(void **state)
{
	static const char *const sources[] = {RELAY_B, "fe80::8000:1", "::", "ff02::1", "fd00::1", X_USER};
	static const uint8_t trailers[] = {1, 4, 0xa1, 0xb2, 0xc3, 0xd4, 0x40, 1, 0, 5, 0xff};
	uint8_t packet[256];

	(void)state;
	server_setup();
	for (size_t i = 0; i < RTE_DIM(sources); i++) {
		for (size_t k = 0; k <= sizeof(trailers); k++) {
			put_bubble(packet, sources[i], CLIENT_ADDR);
			packet[7] = (uint8_t)(k % 3 == 0 ? 0 : 255 / k);
			memcpy(packet + 40, trailers, k);
			assert_passed(RELAY, RELAY_PORT, k % 2 != 0 ? SERVER_2ND : SERVER, packet, 40 + k, CLIENT);
			assert_int_equal(moved(TS_C_teredo_server_bubbles), 1);
		}
	}
	/* between two clients: bubble, echo request of the largest size, echo reply */
	put_bubble(packet, CLIENT_ADDR, OTHER_ADDR);
	assert_passed(CLIENT, CLIENT_PORT, SERVER, packet, 40, OTHER);
	make_v6(packet, CLIENT_ADDR, OTHER_ADDR, 88);
	packet[6] = 58;
	packet[7] = 1;
	packet[40] = 128;
	assert_passed(CLIENT, CLIENT_PORT, SERVER, packet, 128, OTHER);
	assert_int_equal(moved(TS_C_teredo_server_echoes), 1);
	make_v6(packet, CLIENT_ADDR, OTHER_ADDR, 8);
	packet[6] = 58;
	packet[40] = 129;
	assert_passed(CLIENT, CLIENT_PORT, SERVER, packet, 48, OTHER);
	server_done();
}

/* Shims are for the server alone. */
void
test_teredo_server_takes_authentication_off(void **state)
{
	uint8_t p[1024], want[256];

	(void)state;
	server_setup();
	memcpy(want, relay_origin, 8);
	put_bubble(want + 8, RELAY_B, CLIENT_ADDR);
	memcpy(want + 48, "\001\004wxyz", 6);
	for (unsigned au_len = 0; au_len < 256; au_len += 51) {
		size_t n = put_auth(PAYLOAD(p), "carol", 5, (uint8_t)au_len);

		memcpy(PAYLOAD(p) + n, want + 8, 46);
		send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, n + 46));
		assert_udp(SERVER, CLIENT, CLIENT_PORT, want, 54);
	}
	server_done();
}

/* V10: without an origin indication, as RFC 4380 5.3.1 has it for another server's clients. */
void
test_teredo_server_foreign_clients(void **state)
{
	uint8_t p[256];

	(void)state;
	server_setup();
	put_bubble(PAYLOAD(p), CLIENT_ADDR, FOREIGN_ADDR);
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 40));
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	rig.cfg.teredo_server.foreign_clients = true;
	path_apply();
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 40));
	assert_udp(SERVER, OTHER, OTHER_PORT, PAYLOAD(p), 40);
	/* not from a relay: it asks the client's own server (V7) */
	put_bubble(PAYLOAD(p), RELAY_B, FOREIGN_ADDR);
	send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40));
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	server_done();
}

/* T6: the relay's own bubble, which never was on a wire. */
void
test_teredo_server_pass_of_the_relay(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.pool);
	uint8_t want[48];
	rte_be32_t v4;

	(void)state;
	server_setup();
	put_v4((uint8_t *)&v4, RELAY);
	memcpy(want, relay_origin, 8);
	put_bubble(want + 8, RELAY_B, CLIENT_ADDR);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, 40), want + 8, 40);
	mark();
	ts_teredo_server_pass(rig.worker, m, v4, rte_cpu_to_be_16(RELAY_PORT));
	rig_turn(&rig);
	assert_udp(SERVER, CLIENT, CLIENT_PORT, want, 48);
	assert_int_equal(moved(TS_C_teredo_server_bubbles), 1);
	server_done();
}

/* V8: from the address asked, hop limit 255, nothing around it. */
void
test_teredo_server_link_local_echo(void **state)
{
	static const char *const asked[] = {SERVER, SERVER_2ND};
	uint8_t p[256], want[64];

	(void)state;
	server_setup();
	for (size_t i = 0; i < RTE_DIM(asked); i++) {
		for (unsigned shim = 0; shim < 2; shim++) {
			size_t n = shim != 0 ? put_auth(PAYLOAD(p), "", 0, 0) : 0;

			put_echo(PAYLOAD(p) + n, CLIENT_ADDR, SERVER_LINK_LOCAL);
			PAYLOAD(p)[n + 7] = 0;
			memset(PAYLOAD(p) + n + 56, 0, 3);
			send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, asked[i], SERVER_PORT, n + 56 + 3));
			make_v6(want, SERVER_LINK_LOCAL, CLIENT_ADDR, 16);
			want[6] = 58;
			want[7] = 255;
			want[40] = 129;
			set_icmp6_checksum(want, 56);
			assert_udp(asked[i], CLIENT, CLIENT_PORT, want, 56);
			assert_int_equal(moved(TS_C_teredo_server_echo_replies), 1);
		}
	}
	make_echo6(PAYLOAD(p), CLIENT_ADDR, SERVER_LINK_LOCAL);
	PAYLOAD(p)[42] ^= 1;
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 56));
	assert_dropped(TS_C_drop_teredo_server_local_not_echo);
	server_done();
}

/* F8: none is as good as a right one; one that comes out as 0 is sent as ffff. */
void
test_teredo_server_checksums(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX], *payload = PAYLOAD(p);
	size_t n;

	(void)state;
	server_setup();
	put_bubble(payload, RELAY_B, CLIENT_ADDR);
	memcpy(payload + 40, "\000\002\000\000", 4);
	n = make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 44);
	memset(p + 26, 0, 2);
	send_ip(p, n);
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	/* what is missing to a sum of ffff is what the checksum says */
	memcpy(payload + 42, got + 14 + 26, 2);
	send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 44));
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	assert_int_equal(got[14 + 26] << 8 | got[14 + 27], 0xffff);
	/* and one that came like that */
	memset(payload + 42, 0, 2);
	make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 44);
	memcpy(payload + 42, p + 26, 2);
	n = make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 44);
	assert_int_equal(p[26] << 8 | p[27], 0xffff);
	send_ip(p, n);
	assert_int_equal(moved(TS_C_teredo_server_bubbles), 1);
	server_done();
}

/* The longest authentication there is, in fragments and in frames of several segments. */
void
test_teredo_server_pieces(void **state)
{
	static const size_t segments[] = {20, 90, 128, 200, 1024};
	uint8_t p[1500], frame[1600], want[256];
	size_t auth, n;

	(void)state;
	server_setup();
	auth = put_auth(PAYLOAD(p), "carol", 5, 255);
	n = auth + put_rs(PAYLOAD(p) + auth, RS_CLIENT, 8);
	n = make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, n);
	auth = put_auth(want, "", 0, 0);
	auth += put_ra(want + auth, RS_CLIENT);
	for (size_t i = 0; i < RTE_DIM(segments); i++) {
		rig_send_frame(&rig, frame, make_frame(frame, rig_mac, 0, NULL, 0x0800, p, n), segments[i]);
		mark();
		rig_turn(&rig);
		assert_udp(SERVER, CLIENT, CLIENT_PORT, want, auth);
	}
	for (uint16_t id = 1; id <= 8; id++) {
		/* some are handed to the other worker */
		send_fragment(p, id, 0, 8, true);
		send_fragment(p, id, 8, 64, true);
		send_fragment(p, id, 64, n - 20, false);
		rig_turn(&rig);
		rig_turn(&rig);
		assert_udp(SERVER, CLIENT, CLIENT_PORT, want, auth);
	}
	server_done();
}
