/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every reason for which the Teredo server refuses, in the order of the checks (protocols.md 10.2): a packet with two
 * faults has the first one's.
 */
#include "path_server.h"
#include "path_tests.h"

#include "lib/teredo_keys.h"

/* V4, V13; before anything of UDP is looked at. */
void
test_teredo_server_refuses_sources(void **state)
{
	static const struct {
		const char *src;
		enum ts_counter counter;
	} cases[] = {
		{SERVER, TS_C_drop_teredo_server_v4_src_own},
		{SERVER_2ND, TS_C_drop_teredo_server_v4_src_own},
		{ROUTER_V4, TS_C_drop_teredo_server_v4_src_own},
		{X_RELAY, TS_C_drop_teredo_server_v4_src_own},
		{"192.88.99.2", TS_C_drop_teredo_server_v4_src_relay},
		{"10.0.0.1", TS_C_drop_teredo_server_v4_src_martian},
		{"192.168.1.1", TS_C_drop_teredo_server_v4_src_martian},
		{"224.0.0.1", TS_C_drop_teredo_server_v4_src_martian},
		{"198.51.100.255", TS_C_drop_teredo_server_v4_src_martian},
		{"192.0.2.77", TS_C_drop_teredo_server_v4_src_denied},
	};
	uint8_t p[256];

	(void)state;
	server_setup();
	put_v4((uint8_t *)&rig.cfg.access.deny4[0].addr, "192.0.2.77");
	rig.cfg.access.deny4[0].len = 32;
	rig.cfg.access.n_deny4 = 1;
	path_apply();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		put_rs(PAYLOAD(p), RS_CLIENT, 0);
		make_udp(p, cases[i].src, CLIENT_PORT, SERVER, SERVER_PORT, 48);
		send_ip(p, 76);
		assert_dropped(cases[i].counter);
		memset(p + 24, 0xff, 4); /* UDP length and checksum as well */
		send_ip(p, 76);
		assert_dropped(cases[i].counter);
		put_v4(p + 16, "192.0.2.1");
		put_v4(p + 16, SERVER);
	}
	/* G7: refused while it is a fragment */
	send_fragment(p, 1, 0, 16, true);
	assert_dropped(TS_C_drop_teredo_server_v4_src_denied);
	/* an embedded destination likewise (G18) */
	put_bubble(PAYLOAD(p), RELAY_B, "2001:0:4136:e378:0:63bf:3fff:fdb2");
	send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40));
	assert_dropped(TS_C_drop_teredo_server_dst_denied);
	server_done();
}

/* F8 */
void
test_teredo_server_refuses_udp(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX];
	size_t n;

	(void)state;
	server_setup();
	put_bubble(PAYLOAD(p), RELAY_B, CLIENT_ADDR);
	for (size_t have = 4; have < 8; have++) {
		make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40);
		set_v4_length(p, 20 + have);
		send_ip(p, 20 + have);
		assert_dropped(TS_C_drop_teredo_server_udp_len);
	}
	n = make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40);
	for (unsigned len = 0; len < 8; len++) {
		p[25] = (uint8_t)len;
		send_ip(p, n);
		assert_dropped(TS_C_drop_teredo_server_udp_len);
	}
	p[25] = 49;
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_server_udp_len);
	for (size_t at = 20; at < n; at++) {
		if (at >= 22 && at < 26)
			continue; /* destination port and length have faults of their own */
		make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40);
		p[at] ^= 1;
		send_ip(p, n);
		assert_dropped(TS_C_drop_teredo_server_udp_csum);
		p[at] ^= 1;
	}
	/* what lies behind the UDP datagram is not part of it */
	make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40);
	memset(p + n, 0xee, 5);
	set_v4_length(p, n + 5);
	send_ip(p, n + 5);
	assert_int_equal(moved(TS_C_teredo_server_bubbles), 1);
	assert_int_equal(rig_receive(&rig, got), 14 + 28 + 48);
	server_done();
}

/* F3, F4 */
void
test_teredo_server_refuses_shims(void **state)
{
	uint8_t p[512], *payload = PAYLOAD(p);
	size_t auth, n;

	(void)state;
	server_setup();
	auth = put_auth(payload, "carol", 5, 20);
	put_rs(payload + auth, RS_CLIENT, 0);
	for (size_t len = 1; len < auth; len++) {
		send_from_client(p, len);
		assert_dropped(TS_C_drop_teredo_server_shim_len);
	}
	send_from_client(p, auth);
	assert_dropped(TS_C_drop_teredo_server_v6_hdr);
	send_from_client(p, 0);
	assert_dropped(TS_C_drop_teredo_server_v6_hdr);
	n = put_auth(payload + auth, "", 0, 0);
	put_rs(payload + auth + n, RS_CLIENT, 0);
	send_from_client(p, auth + n + 48);
	assert_dropped(TS_C_drop_teredo_server_shim_not_expected);
	/* an origin indication, alone and behind an authentication; too short; a shim nobody knows */
	memset(payload, 0, 8);
	put_rs(payload + 8, RS_CLIENT, 0);
	send_from_client(p, 56);
	assert_dropped(TS_C_drop_teredo_server_shim_not_expected);
	send_from_client(p, 7);
	assert_dropped(TS_C_drop_teredo_server_shim_len);
	n = put_auth(payload, "", 0, 0);
	memset(payload + n, 0, 8);
	put_rs(payload + n + 8, RS_CLIENT, 0);
	send_from_client(p, n + 56);
	assert_dropped(TS_C_drop_teredo_server_shim_not_expected);
	payload[0] = 0;
	payload[1] = 2;
	send_from_client(p, n + 56);
	assert_dropped(TS_C_drop_teredo_server_shim_not_expected);
	server_done();
}

/* G27; V3, its first half. */
void
test_teredo_server_refuses_packets(void **state)
{
	uint8_t p[512], *payload = PAYLOAD(p);
	size_t auth;

	(void)state;
	server_setup();
	put_bubble(payload, RELAY_B, CLIENT_ADDR);
	for (size_t len = 1; len < 40; len++) {
		send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, len));
		assert_dropped(TS_C_drop_teredo_server_v6_hdr);
	}
	for (unsigned version = 1; version < 16; version++) {
		if (version == 6)
			continue;
		payload[0] = (uint8_t)(version << 4);
		send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40));
		assert_dropped(TS_C_drop_teredo_server_v6_hdr);
	}
	auth = put_auth(payload, "carol", 5, 1);
	put_echo(payload + auth, CLIENT_ADDR, NATIVE);
	for (size_t len = 40; len < 56; len++) {
		send_from_client(p, auth + len);
		assert_dropped(TS_C_drop_teredo_server_v6_len);
	}
	/* no bubble although nothing follows; a bubble with a payload; TCP; an ICMPv6 message behind options */
	make_v6(payload, RELAY_B, CLIENT_ADDR, 8);
	static const uint8_t next_headers[] = {59, 6, 17, 0, 60, 43, 44, 41};

	for (size_t i = 0; i < RTE_DIM(next_headers); i++) {
		payload[6] = next_headers[i];
		payload[5] = next_headers[i] == 6 ? 0 : 8;
		send_ip(p, make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 48));
		assert_dropped(TS_C_drop_teredo_server_server_proto);
	}
	server_done();
}

/* A solicitation with this change; the checksum is right unless `at` is 42. */
static void
assert_rs_invalid(size_t at, uint8_t value, size_t options)
{
	uint8_t p[256], *rs = PAYLOAD(p);
	size_t n = put_rs(rs, RS_CLIENT, options);

	rs[at] = value;
	if (at != 42)
		set_icmp6_checksum(rs, n);
	send_from_client(p, n);
	assert_dropped(TS_C_drop_teredo_server_rs_invalid);
}

/* V5, RFC 4861 6.1.1; and what only looks like one. */
void
test_teredo_server_refuses_solicitations(void **state)
{
	uint8_t p[256], *rs = PAYLOAD(p);

	(void)state;
	server_setup();
	assert_rs_invalid(7, 254, 0);
	assert_rs_invalid(41, 1, 0);
	assert_rs_invalid(42, 0, 0);
	assert_rs_invalid(49, 0, 8);   /* an option of length 0 */
	assert_rs_invalid(49, 2, 8);   /* one beyond the message */
	assert_rs_invalid(49, 255, 8); /* far beyond */
	for (size_t len = 1; len < 8; len++) {
		put_rs(rs, RS_CLIENT, 0);
		rs[5] = (uint8_t)len;
		set_icmp6_checksum(rs, 40 + RTE_MAX(len, (size_t)4));
		send_from_client(p, 48);
		assert_dropped(TS_C_drop_teredo_server_rs_invalid);
	}
	/* half an option */
	put_rs(rs, RS_CLIENT, 8);
	rs[5] = 9;
	set_icmp6_checksum(rs, 49);
	send_from_client(p, 49);
	assert_dropped(TS_C_drop_teredo_server_rs_invalid);
	/* not from a link-local address; not to all routers; another message; none */
	put_rs(rs, NATIVE, 0);
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	put_rs(rs, CLIENT_ADDR, 0);
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_v6_dst_invalid);
	put_rs(rs, RS_CLIENT, 0);
	rs[39] = 1;
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	put_rs(rs, RS_CLIENT, 0);
	rs[40] = 134;
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	rs[5] = 0;
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_server_not_ours);
	put_rs(rs, CLIENT_ADDR, 0);
	put_v6(rs + 24, OTHER_ADDR);
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_server_proto);
	server_done();
}

/* V5: whoever cannot prove to have the secret. */
void
test_teredo_server_refuses_keys(void **state)
{
	uint8_t p[512], *payload = PAYLOAD(p);
	const struct ts_teredo_key *bob;
	size_t n;

	(void)state;
	server_setup();
	server_keys("carol");
	bob = server_key("bob");
	put_rs(payload, RS_CLIENT, 0);
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_auth_absent);
	/* a wrong solicitation is one before anybody asks who sent it */
	payload[7] = 64;
	send_from_client(p, 48);
	assert_dropped(TS_C_drop_teredo_server_rs_invalid);
	n = put_auth(payload, "", 0, 0);
	put_rs(payload + n, RS_CLIENT, 0);
	send_from_client(p, n + 48);
	assert_dropped(TS_C_drop_teredo_server_auth_fail);
	/* no value, a short one, a long one */
	for (uint8_t au_len = 0; au_len <= 40; au_len += 1 + (au_len == 0) * 18 + (au_len > 21) * 17) {
		if (au_len == TS_TEREDO_HMAC_LEN)
			continue;
		n = put_auth(payload, "bob", 3, au_len);
		put_rs(payload + n, RS_CLIENT, 0);
		send_from_client(p, n + 48);
		assert_dropped(TS_C_drop_teredo_server_auth_fail);
	}
	/* the right one with a byte behind it */
	n = put_secure_rs(payload, "bob", bob, 0, 0);
	memmove(payload + 28, payload + 27, n - 27);
	payload[3]++;
	send_from_client(p, n + 1);
	assert_dropped(TS_C_drop_teredo_server_auth_fail);
	/* another's identifier, one that is longer, one that is shorter, none */
	static const char *const ids[] = {"alice", "bobb", "bo", "dave", "", "Bob"};

	for (size_t i = 0; i < RTE_DIM(ids); i++) {
		send_from_client(p, put_secure_rs(payload, ids[i], bob, 0, 0));
		assert_dropped(TS_C_drop_teredo_server_auth_fail);
	}
	/* every byte that the value covers, and itself; of the IPv6 packet, where it stays a solicitation */
	n = put_secure_rs(payload, "bob", bob, 0, 8);
	for (size_t at = 7; at < 36; at++) {
		payload[at] ^= 0x80;
		send_from_client(p, n);
		assert_dropped(TS_C_drop_teredo_server_auth_fail);
		payload[at] ^= 0x80;
	}
	payload[36 + 20] ^= 1; /* source */
	set_icmp6_checksum(payload + 36, 56);
	send_from_client(p, n);
	assert_dropped(TS_C_drop_teredo_server_auth_fail);
	server_done();
}

/* V15: at most so many to a host, and to its /24; with one bucket full the other is not touched. */
void
test_teredo_server_limits(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX];
	size_t n;

	(void)state;
	server_setup();
	put_rs(PAYLOAD(p), RS_CLIENT, 0);
	n = make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 48);
	set_keyed_rate(TS_KEYED_RA_HOST, PATH_BURST);
	assert_limited(p, n, TS_C_drop_teredo_server_ra_limited);
	for (unsigned i = 0; i < PATH_BURST; i++) {
		send_ip(p, n);
		assert_true(rig_receive(&rig, got) != 0);
	}
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_server_ra_limited);
	/* from another port it is still the same host; another host is not */
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT + 1, SERVER, SERVER_PORT, 48));
	assert_dropped(TS_C_drop_teredo_server_ra_limited);
	send_ip(p, make_udp(p, OTHER, CLIENT_PORT, SERVER, SERVER_PORT, 48));
	assert_true(rig_receive(&rig, got) != 0);
	set_keyed_rate(TS_KEYED_RA_HOST, 0);
	set_keyed_rate(TS_KEYED_RA_NET, PATH_BURST);
	assert_limited(p, n, TS_C_drop_teredo_server_ra_limited);
	for (unsigned i = 0; i < PATH_BURST; i++) {
		send_ip(p, n);
		assert_true(rig_receive(&rig, got) != 0);
	}
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 48));
	assert_dropped(TS_C_drop_teredo_server_ra_limited);
	send_ip(p, make_udp(p, "192.0.3.45", CLIENT_PORT, SERVER, SERVER_PORT, 48));
	assert_true(rig_receive(&rig, got) != 0);
	set_keyed_rate(TS_KEYED_RA_NET, 0);
	/* S24: what it passes on */
	put_bubble(PAYLOAD(p), RELAY_B, CLIENT_ADDR);
	n = make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 40);
	set_keyed_rate(TS_KEYED_SITE, PATH_BURST);
	assert_limited(p, n, TS_C_drop_teredo_server_site_limited);
	set_keyed_rate(TS_KEYED_SITE, 0);
	server_done();
}

/* V6 to V8, V10, T4, T5: addresses, and the message of what gets as far. */
void
test_teredo_server_refuses_addresses(void **state)
{
	static const struct {
		const char *src, *dst;
		uint8_t next_header;
		enum ts_counter counter;
	} cases[] = {
		/* another port, another address; also to the server itself */
		{"2001:0:4136:e378:0:63be:3fff:fdd2", OTHER_ADDR, 59, TS_C_drop_teredo_server_src_mismatch},
		{"2001:0:4136:e378:0:63bf:3fff:fdd1", OTHER_ADDR, 59, TS_C_drop_teredo_server_src_mismatch},
		{OTHER_ADDR, SERVER_LINK_LOCAL, 58, TS_C_drop_teredo_server_src_mismatch},
		/* neither end is a client of ours */
		{RELAY_B, FOREIGN_ADDR, 59, TS_C_drop_teredo_server_server_not_ours},
		{RELAY_B, "2001:0:4136:e379:0:63bf:3fff:fdd2", 59, TS_C_drop_teredo_server_server_not_ours},
		{RELAY_B, NATIVE, 58, TS_C_drop_teredo_server_server_not_ours},
		{RELAY_B, SERVER_LINK_LOCAL, 58, TS_C_drop_teredo_server_server_not_ours},
		{CLIENT_ADDR, FOREIGN_ADDR, 59, TS_C_drop_teredo_server_server_not_ours},
		/* G16 */
		{CLIENT_ADDR, "fe80::1", 58, TS_C_drop_teredo_server_v6_dst_invalid},
		{CLIENT_ADDR, SERVER_LINK_LOCAL, 59, TS_C_drop_teredo_server_v6_dst_invalid},
		{CLIENT_ADDR, "::1", 58, TS_C_drop_teredo_server_v6_dst_invalid},
		{CLIENT_ADDR, "fd00::1", 58, TS_C_drop_teredo_server_v6_dst_invalid},
		{CLIENT_ADDR, "ff02::1", 59, TS_C_drop_teredo_server_v6_dst_invalid},
		/* a bubble that no client is meant by */
		{CLIENT_ADDR, NATIVE, 59, TS_C_drop_teredo_server_server_proto},
		/* the client's address: the box's (V13), a relay's, martian, a subnet's broadcast */
		{RELAY_B, "2001:0:4136:e378:0:f227:bec9:1c87", 59, TS_C_drop_teredo_server_dst_own},
		{RELAY_B, "2001:0:4136:e378:0:63bf:bec9:1c86", 59, TS_C_drop_teredo_server_dst_own},
		{CLIENT_ADDR, "2001:0:4136:e378:0:63bf:39cc:9bfe", 59, TS_C_drop_teredo_server_dst_own},
		{RELAY_B, "2001:0:4136:e378:0:63bf:3fa7:9cfd", 59, TS_C_drop_teredo_server_dst_martian},
		{RELAY_B, "2001:0:4136:e378:0:63bf:f5ff:fffe", 59, TS_C_drop_teredo_server_dst_martian},
		{RELAY_B, "2001:0:4136:e378:0:63bf:39cc:9b00", 59, TS_C_drop_teredo_server_dst_martian},
		/* its port */
		{RELAY_B, "2001:0:4136:e378:0:ffff:3fff:fdd2", 59, TS_C_drop_teredo_server_dst_port_0},
		{RELAY_B, "2001:0:4136:e378:0:fc00:3fff:fdd2", 59, TS_C_drop_teredo_server_dst_port_0},
		/* two faults: address before port */
		{RELAY_B, "2001:0:4136:e378:0:ffff:f5ff:fffe", 59, TS_C_drop_teredo_server_dst_martian},
	};
	uint8_t p[256], *payload = PAYLOAD(p), got[RIG_FRAME_MAX];

	(void)state;
	server_setup();
	rig.cfg.teredo_server.min_client_port = 1024;
	path_apply();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		size_t n = cases[i].next_header == 58 ? make_echo6(payload, cases[i].src, cases[i].dst)
						      : put_bubble(payload, cases[i].src, cases[i].dst);

		send_from_client(p, n);
		assert_dropped(cases[i].counter);
	}
	put_bubble(payload, RELAY_B, "2001:0:4136:e378:0:fbff:3fff:fdd2"); /* port 1024 */
	send_from_client(p, 40);
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	/* port 0 is none, whatever is configured */
	rig.cfg.teredo_server.min_client_port = 0;
	path_apply();
	put_bubble(payload, RELAY_B, "2001:0:4136:e378:0:ffff:3fff:fdd2");
	send_from_client(p, 40);
	assert_dropped(TS_C_drop_teredo_server_dst_port_0);
	server_done();
}

/* V3, its second half. */
void
test_teredo_server_refuses_messages(void **state)
{
	static const char *const to[] = {NATIVE, OTHER_ADDR};
	uint8_t p[256], *payload = PAYLOAD(p);

	(void)state;
	server_setup();
	for (size_t i = 0; i < RTE_DIM(to); i++) {
		for (unsigned type = 0; type < 256; type++) {
			if (type == 128 || type == 129)
				continue;
			make_echo6(payload, CLIENT_ADDR, to[i]);
			payload[40] = (uint8_t)type;
			send_from_client(p, 56);
			assert_dropped(TS_C_drop_teredo_server_server_proto);
		}
		for (size_t len = 0; len <= 89; len += len == 7 ? 82 : 1) {
			make_v6(payload, CLIENT_ADDR, to[i], len);
			payload[6] = 58;
			payload[40] = 128;
			send_from_client(p, 40 + len);
			assert_dropped(TS_C_drop_teredo_server_server_proto);
		}
	}
	server_done();
}

/* A datagram that does not fit into one buffer cannot be a server's. */
void
test_teredo_server_too_many_pieces(void **state)
{
	static uint8_t p[4096], frame[4200];
	size_t n;

	(void)state;
	server_setup();
	put_bubble(PAYLOAD(p), RELAY_B, CLIENT_ADDR);
	n = make_udp(p, RELAY, RELAY_PORT, SERVER, SERVER_PORT, 4000);
	rig_send_frame(&rig, frame, make_frame(frame, rig_mac, 0, NULL, 0x0800, p, n), 1024);
	mark();
	rig_turn(&rig);
	assert_dropped(TS_C_drop_l2_rx_segments);
	server_done();
}
