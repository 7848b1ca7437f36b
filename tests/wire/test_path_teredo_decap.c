/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay, client to native: what is refused (protocols.md T17 to T23, F3, F7, F8), what goes on, fragments,
 * and errors back to the client (G49). Whom the relay knows is the business of test_path_teredo_contact.c.
 */
#include "path_teredo.h"
#include "path_tests.h"

/* G8 to G10, before anything is read; also of a fragment, and for one that is not known. */
void
test_teredo_decap_refused_outside(void **state)
{
	static const struct {
		const char *src;
		enum ts_counter counter;
	} cases[] = {
		{R_V4, TS_C_drop_teredo_decap_v4_src_own},
		{ROUTER_V4, TS_C_drop_teredo_decap_v4_src_own},
		{"192.88.99.1", TS_C_drop_teredo_decap_v4_src_own},
		{"192.88.99.2", TS_C_drop_teredo_decap_v4_src_relay},
		{"10.0.0.1", TS_C_drop_teredo_decap_v4_src_martian},
		{"198.51.100.255", TS_C_drop_teredo_decap_v4_src_martian},
		{"240.0.0.1", TS_C_drop_teredo_decap_v4_src_martian},
	};
	uint8_t p[2048];

	(void)state;
	relay_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct client c = client_at(cases[i].src, 40000);

		plant(&c, 0);
		make_answer(p, &c, 0);
		p[26] ^= 1; /* nor is the checksum read */
		send_ip(p, 108);
		assert_dropped(cases[i].counter);
		send_fragment(p, 1, 0, 48, true);
		assert_dropped(cases[i].counter);
	}
	relay_done();
}

/* T17, F8 */
void
test_teredo_decap_refused_udp(void **state)
{
	struct client c;
	uint8_t p[256];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	for (unsigned len = 0; len < 8; len++) {
		make_answer(p, &c, 0);
		make_v4(p, c.v4, R_V4, 17, len);
		if (len < 4) {
			/* not even a port */
			send_ip(p, 20 + len);
			assert_true(moved(TS_C_drop_teredo_decap_udp_len) == 0);
			while (rig_receive(&rig, (uint8_t[RIG_FRAME_MAX]){0}) != 0)
				;
			continue;
		}
		send_ip(p, 20 + len);
		assert_dropped(TS_C_drop_teredo_decap_udp_len);
	}
	for (unsigned len = 0; len < 8; len++) {
		n = make_answer(p, &c, 0);
		p[24] = 0;
		p[25] = (uint8_t)len;
		send_ip(p, n);
		assert_dropped(TS_C_drop_teredo_decap_udp_len);
	}
	n = make_answer(p, &c, 0);
	p[25]++;
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_decap_udp_len);
	n = make_answer(p, &c, 0);
	p[27] ^= 1;
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_decap_udp_csum);
	/* none is accepted; so is what lies behind the datagram, which is neither read nor sent */
	n = make_answer(p, &c, 0);
	p[26] = p[27] = 0;
	send_ip(p, n);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), n - 28);
	n = make_answer(p, &c, 0);
	memset(p + n, 0xee, 5);
	set_v4_length(p, n + 5);
	send_ip(p, n + 5);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), n - 28);
	assert_nothing_sent();
	relay_done();
}

/* F3, G27, F7, T18, T19 */
void
test_teredo_decap_refused_inside(void **state)
{
	static const uint8_t shims[][13] = {{0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0}, {0, 0, 1, 2, 3, 4, 5, 6}, {0, 9}};
	struct client c, other;
	uint8_t p[2048];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	other = client_at("192.0.2.46", 40000);
	for (size_t i = 0; i < RTE_DIM(shims); i++) {
		memcpy(PAYLOAD(p), shims[i], sizeof(shims[i]));
		n = i == 0 ? 13 : i == 1 ? 8 : 2;
		n += put_bubble(PAYLOAD(p) + n, c.v6, R_B);
		send_ip(p, from_client(p, &c, n));
		assert_dropped(TS_C_drop_teredo_decap_shim_not_expected);
		send_ip(p, from_client(p, &c, 1)); /* nothing but its beginning */
		assert_dropped(TS_C_drop_teredo_decap_shim_not_expected);
	}
	for (unsigned len = 0; len < 40; len++) {
		put_bubble(PAYLOAD(p), c.v6, R_B);
		send_ip(p, from_client(p, &c, len));
		assert_dropped(TS_C_drop_teredo_decap_v6_hdr);
	}
	make_answer(p, &c, 0);
	PAYLOAD(p)[0] = 0x45;
	send_ip(p, from_client(p, &c, 80));
	assert_dropped(TS_C_drop_teredo_decap_v6_hdr);
	make_answer(p, &c, 0);
	send_ip(p, from_client(p, &c, 79));
	assert_dropped(TS_C_drop_teredo_decap_v6_len);
	/* one of an unknown type that asks for it, even behind others; its value may be cut short */
	make_answer(p, &c, 0);
	memcpy(PAYLOAD(p) + 80, ((uint8_t[]){1, 4, 1, 2, 3, 4, 0x21, 0, 0x40, 1, 0}), 11);
	send_ip(p, from_client(p, &c, 91));
	assert_dropped(TS_C_drop_teredo_decap_trailer_discard);
	make_v6(PAYLOAD(p), NATIVE, NATIVE, 24);
	send_ip(p, from_client(p, &c, 64));
	assert_dropped(TS_C_drop_teredo_decap_src_not_teredo);
	put_bubble(PAYLOAD(p), "fe80::1", R_B);
	send_ip(p, from_client(p, &c, 40));
	assert_dropped(TS_C_drop_teredo_decap_src_not_teredo);
	/* another address, another port; whether or not the one it claims to be is known */
	for (unsigned known = 0; known < 2; known++) {
		make_answer(p, &other, 0);
		send_ip(p, from_client(p, &c, 80));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		make_answer(p, &other, 0);
		send_ip(p, make_udp(p, other.v4, 40001, R_V4, R_PORT, 80));
		assert_dropped(TS_C_drop_teredo_decap_src_mismatch);
		if (!known)
			plant(&other, 0);
	}
	send_ip(p, make_answer(p, &c, 0));
	assert_no_drops();
	assert_next_native(PAYLOAD(p), 80);
	relay_done();
}

/* T22, T23 */
void
test_teredo_decap_refused_destination(void **state)
{
	static const struct {
		const char *dst;
		enum ts_counter counter;
	} cases[] = {
		{"::1", TS_C_drop_teredo_decap_v6_dst_invalid},
		{"fe80::1", TS_C_drop_teredo_decap_v6_dst_invalid},
		{"ff02::2", TS_C_drop_teredo_decap_v6_dst_invalid},
		{"fd00::1", TS_C_drop_teredo_decap_v6_dst_invalid},
		{"2001::1", TS_C_drop_teredo_decap_dst_teredo},
		{"2001:0:4136:e378:0:63bf:3fff:fdd2", TS_C_drop_teredo_decap_dst_teredo},
		{PATH_ID6, TS_C_drop_teredo_decap_local_not_echo},
		{R_B, TS_C_drop_teredo_decap_local_not_echo},
		{"2002:c633:6602::1", TS_C_drop_teredo_decap_loop_dst},
		{"2001:db8:5:6:0:5efe:198.51.102.2", TS_C_drop_teredo_decap_loop_dst},
	};
	struct client c;
	uint8_t p[256];

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, from_client(p, &c, make_v6(PAYLOAD(p), c.v6, cases[i].dst, 24)));
		assert_dropped(cases[i].counter);
	}
	make_v6(PAYLOAD(p), c.v6, NATIVE, 24);
	PAYLOAD(p)[6] = 43;
	memcpy(PAYLOAD(p) + 40, ((uint8_t[]){59, 2, 0, 1}), 4);
	send_ip(p, from_client(p, &c, 64));
	assert_dropped(TS_C_drop_teredo_decap_rh0);
	make_answer(p, &c, 0);
	p[1] = 3;
	set_v4_length(p, 108);
	send_ip(p, 108);
	assert_dropped(TS_C_drop_teredo_decap_ecn_ce_not_ect);
	/* an echo request whose checksum is wrong */
	make_echo6(PAYLOAD(p), c.v6, PATH_ID6);
	PAYLOAD(p)[50] ^= 1;
	send_ip(p, from_client(p, &c, 56));
	assert_dropped(TS_C_drop_teredo_decap_local_not_echo);
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, from_client(p, &c, make_v6(PAYLOAD(p), c.v6, "2001:db8:5::1", 24)));
	assert_dropped(TS_C_drop_teredo_decap_blackhole);
	del_route(AF_INET6, "2001:db8:5::", 48);
	rig.cfg.handover[TS_MECH_TEREDO][TS_MECH_6TO4] = false;
	relay_apply();
	send_ip(p, from_client(p, &c, make_v6(PAYLOAD(p), c.v6, X_USER, 24)));
	assert_dropped(TS_C_drop_teredo_decap_hairpin);
	relay_done();
}

/* G36: what the outer header has seen. G37: the DSCP stays. */
void
test_teredo_decap_ecn(void **state)
{
	static const uint8_t inner[] = {0, 2, 2, 1, 3}, outer[] = {1, 3, 1, 3, 0}, result[] = {0, 3, 1, 3, 3};
	struct client c;
	uint8_t p[256], want[128];

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t i = 0; i < RTE_DIM(inner); i++) {
		make_answer(p, &c, 0);
		PAYLOAD(p)[0] = 0x6a;
		PAYLOAD(p)[1] = (uint8_t)(inner[i] << 4 | 0xc5);
		from_client(p, &c, 80);
		p[1] = (uint8_t)(0xb8 | outer[i]);
		set_v4_length(p, 108);
		send_ip(p, 108);
		memcpy(want, PAYLOAD(p), 80);
		want[1] = (uint8_t)(result[i] << 4 | 0xc5);
		assert_no_drops();
		assert_next_native(want, 80);
	}
	relay_done();
}

/* F7: what stands behind the packet does not go on; the IPv4 options before it neither. */
void
test_teredo_decap_around(void **state)
{
	static const uint8_t trailers[] = {1, 4, 1, 2, 3, 4, 4, 4, 0, 0, 0, 0, 0x21, 2, 7, 7, 5, 200};
	struct client c;
	uint8_t p[512], original[128];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t cut = 0; cut <= sizeof(trailers); cut++) {
		make_answer(p, &c, 0);
		memcpy(PAYLOAD(p) + 80, trailers, cut);
		send_ip(p, from_client(p, &c, 80 + cut));
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 80);
		assert_nothing_sent();
	}
	n = make_answer(p, &c, 0);
	memcpy(original, PAYLOAD(p), 80);
	memmove(p + 60, p + 20, n - 20);
	memset(p + 20, 1, 40);
	p[0] = 0x4f;
	set_v4_length(p, n + 40);
	send_ip(p, n + 40);
	assert_no_drops();
	assert_next_native(original, 80);
	relay_done();
}

/* Two pieces; by way of the worker that puts them together to the one that owns the client. */
static void
send_two_fragments(const uint8_t *p, uint16_t id, size_t first, size_t len, uint64_t *handed)
{
	send_fragment(p, id, first, len, false);
	*handed += moved(TS_C_handed_off_packets);
	send_fragment(p, id, 0, first, true);
	assert_int_equal(moved(TS_C_reassembled_packets), 1);
	rig_turn(&rig);
}

/* Datagrams in several buffers, in fragments that come by either worker, and larger than the tunnel's MTU. */
void
test_teredo_decap_pieces(void **state)
{
	static const size_t segments[] = {15, 61, 128, 129, 333};
	uint8_t p[2048], frame[2048];
	struct client c, strange;
	uint64_t handed = 0;
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	n = make_v6(PAYLOAD(p), c.v6, NATIVE, 1365);
	for (size_t i = 40; i < n; i++)
		PAYLOAD(p)[i] = (uint8_t)(i * 11);
	memcpy(PAYLOAD(p) + n, ((uint8_t[]){0x21, 1, 0}), 3);
	n = from_client(p, &c, n + 3);
	for (size_t i = 0; i < RTE_DIM(segments); i++) {
		mark();
		rig_send_frame(
			&rig, frame, make_frame(frame, rig_mac, 0, NULL, RTE_ETHER_TYPE_IPV4, p, n), segments[i]);
		rig_turn(&rig);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 1405);
	}
	for (uint16_t id = 0; id < 20; id++) {
		send_two_fragments(p, id, 800, n - 20, &handed);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 1405);
		assert_nothing_sent();
	}
	assert_in_range(handed, 2, 18);
	/* one that is not known, in fragments: asked, if that is wanted, and answered like any other */
	rig.cfg.teredo_relay.recover = true;
	relay_apply();
	for (uint16_t id = 0; id < 4; id++) {
		strange = client_number(id);
		make_answer(p, &strange, 0);
		send_two_fragments(p, id, 32, 88, &handed);
		assert_next_bubble(&strange);
		assert_dropped(TS_C_drop_teredo_decap_no_peer);
		send_two_fragments(p, id, 32, 88, &handed);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 80);
	}
	relay_done();
}

/* G33, G43, G49 and routes: back to the mapping that the packet came from. */
void
test_teredo_decap_errors(void **state)
{
	static const struct {
		enum ts_nh_kind kind;
		struct icmp6_error error;
	} routes[] = {
		{TS_NH_NONE, {.type = 1, .code = 0}},
		{TS_NH_UNREACHABLE, {.type = 1, .code = 3}},
		{TS_NH_PROHIBIT, {.type = 1, .code = 1}},
	};
	struct icmp6_error exceeded = {.type = 3};
	struct client c;
	uint8_t p[2048], want[2048];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	for (uint8_t hop_limit = 0; hop_limit < 2; hop_limit++) {
		make_answer(p, &c, 0);
		PAYLOAD(p)[7] = hop_limit;
		from_client(p, &c, 80);
		send_ip(p, 108);
		assert_no_drops();
		assert_next_udp(c.v4, c.port, want, make_error(want, &exceeded, PAYLOAD(p), 80));
		assert_nothing_sent();
	}
	for (size_t i = 1; i < RTE_DIM(routes); i++) {
		set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, routes[i].kind));
		send_ip(p, from_client(p, &c, make_v6(PAYLOAD(p), c.v6, "2001:db8:5::1", 24)));
		assert_no_drops();
		assert_next_udp(c.v4, c.port, want, make_error(want, &routes[i].error, PAYLOAD(p), 64));
	}
	del_route(AF_INET6, "2001:db8:5::", 48);
	/* it was the packet itself that made it trusted */
	relay_tables(1024, 128);
	n = make_native(p, &c, 0);
	send_ip(p, n);
	assert_next_bubble(&c);
	make_answer(want, &c, 0);
	PAYLOAD(want)[7] = 1;
	send_ip(want, from_client(want, &c, 80));
	assert_no_drops();
	assert_next_to(&c, p, n);
	memcpy(p, PAYLOAD(want), 80);
	assert_next_udp(c.v4, c.port, want, make_error(want, &exceeded, p, 80));
	assert_nothing_sent();
	/* no error about an error, and so many a second */
	make_answer(p, &c, 0);
	PAYLOAD(p)[6] = 58;
	PAYLOAD(p)[7] = 1;
	PAYLOAD(p)[40] = 1;
	send_ip(p, from_client(p, &c, 80));
	assert_dropped(TS_C_drop_teredo_decap_no_error_about_error);
	rig.cfg.teredo_relay.valid_s = 3600;
	rig.cfg.teredo_relay.forget_s = 7200;
	relay_apply();
	make_answer(p, &c, 0);
	PAYLOAD(p)[7] = 1;
	assert_limited(p, from_client(p, &c, 80), TS_C_drop_teredo_decap_icmp6_limited);
	relay_done();
}

/* S24 */
void
test_teredo_decap_access(void **state)
{
	struct ts_config *cfg = &rig.cfg;
	struct client c;
	uint8_t p[256];

	(void)state;
	relay_setup();
	cfg->teredo_relay.valid_s = 3600;
	cfg->teredo_relay.forget_s = 7200;
	c = known_client();
	put_v4((uint8_t *)&cfg->access.deny4[0].addr, c.v4);
	cfg->access.deny4[0].len = 32;
	cfg->access.n_deny4 = 1;
	relay_apply();
	send_ip(p, make_answer(p, &c, 0));
	assert_dropped(TS_C_drop_teredo_decap_v4_src_denied);
	cfg->access.n_deny4 = 0;
	put_v6(cfg->access.deny6[0].addr.s6_addr, "2001:db8::");
	cfg->access.deny6[0].len = 64;
	cfg->access.n_deny6 = 1;
	relay_apply();
	send_ip(p, make_answer(p, &c, 0));
	assert_dropped(TS_C_drop_teredo_decap_dst_denied);
	cfg->access.n_deny6 = 0;
	relay_apply();
	set_keyed(TS_KEYED_SITE, PATH_BURST, PATH_BURST);
	assert_limited(p, make_answer(p, &c, 0), TS_C_drop_teredo_decap_site_limited);
	set_keyed(TS_KEYED_SITE, 0, 0);
	set_keyed(TS_KEYED_NATIVE, PATH_BURST, PATH_BURST);
	assert_limited(p, make_answer(p, &c, 0), TS_C_drop_teredo_decap_prefix_limited);
	set_keyed(TS_KEYED_NATIVE, 0, 0);
	relay_done();
}

/* G44 in this direction. */
void
test_teredo_decap_mss(void **state)
{
	static const uint8_t syn[24] = {0, 80, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0, 0, 0, 0, 0, 0, 2, 4, 5, 0xa0};
	struct client c;
	uint8_t p[256], got[RIG_FRAME_MAX];
	uint16_t sum;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.mss_clamp = true;
	relay_apply();
	c = known_client();
	make_v6(PAYLOAD(p), c.v6, NATIVE, 24);
	PAYLOAD(p)[6] = 6;
	memcpy(PAYLOAD(p) + 40, syn, 24);
	sum = rte_ipv6_udptcp_cksum((void *)PAYLOAD(p), PAYLOAD(p) + 40);
	memcpy(PAYLOAD(p) + 56, &sum, 2);
	send_ip(p, from_client(p, &c, 64));
	assert_int_equal(next_packet(got), 64);
	assert_int_equal(got[62] << 8 | got[63], 1220);
	assert_int_equal(rte_ipv6_udptcp_cksum_verify((void *)got, got + 40), 0);
	assert_int_equal(moved(TS_C_mss_clamped), 1);
	relay_done();
}
