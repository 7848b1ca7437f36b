/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay, native to client: what is refused (protocols.md T3 to T7), and the outer headers with the checksum
 * that is hardly ever computed (T8, F8). Clients are trusted already; how they get there is in
 * test_path_teredo_contact.c.
 */
#include "path_teredo.h"
#include "path_tests.h"

#define CLIENT_V4 "192.0.2.45"

void
test_teredo_encap_refused(void **state)
{
	static const struct {
		const char *src, *server, *v4;
		uint16_t port;
		enum ts_counter counter;
	} cases[] = {
		{"fe80::1", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_v6_src_invalid},
		{"fc00::1", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_v6_src_invalid},
		{"::ffff:1.2.3.4", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_v6_src_invalid},
		{"2001:0:1:2:3:4:5:6", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_src_teredo},
		{"2001:0:1:2:3:4:5:6", SERVER, "10.0.0.1", 0, TS_C_drop_teredo_encap_src_teredo},
		{NATIVE, SERVER, R_V4, 40000, TS_C_drop_teredo_encap_dst_own},
		{NATIVE, SERVER, ROUTER_V4, 40000, TS_C_drop_teredo_encap_dst_own},
		{NATIVE, "10.0.0.1", "10.0.0.1", 0, TS_C_drop_teredo_encap_dst_martian},
		{NATIVE, SERVER, "192.88.99.77", 40000, TS_C_drop_teredo_encap_dst_martian},
		{NATIVE, SERVER, "198.51.100.255", 40000, TS_C_drop_teredo_encap_dst_martian},
		{NATIVE, SERVER, "224.0.0.1", 40000, TS_C_drop_teredo_encap_dst_martian},
		{NATIVE, "10.0.0.1", CLIENT_V4, 0, TS_C_drop_teredo_encap_dst_port_0},
		{NATIVE, "10.0.0.1", CLIENT_V4, 40000, TS_C_drop_teredo_encap_server_martian},
		{NATIVE, "198.51.100.0", CLIENT_V4, 40000, TS_C_drop_teredo_encap_server_martian},
		{NATIVE, "192.88.99.1", CLIENT_V4, 40000, TS_C_drop_teredo_encap_server_martian},
		{NATIVE, R_V4, CLIENT_V4, 40000, TS_C_drop_teredo_encap_server_martian},
		{"2002:c633:6602::1", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_loop_src},
		{"2001:db8:5:6:0:5efe:198.51.102.2", SERVER, CLIENT_V4, 40000, TS_C_drop_teredo_encap_loop_src},
	};
	uint8_t p[256];

	(void)state;
	relay_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct client c = client_of(
			cases[i].server, 0, cases[i].v4, (uint16_t)(cases[i].port + (cases[i].port != 0 ? i : 0)));

		/* whether it is known or not */
		for (unsigned known = 0; known < 2; known++) {
			send_ip(p, make_v6(p, cases[i].src, c.v6, 24));
			assert_dropped(cases[i].counter);
			assert_int_equal(relay_state(&c), known ? R_TRUSTED : R_NONE);
			if (!known)
				plant(&c, 0);
		}
	}
	/* T5 by the operator's word */
	rig.cfg.teredo_relay.min_client_port = 1024;
	relay_apply();

	struct client low = client_at(CLIENT_V4, 1023), high = client_at(CLIENT_V4, 1024);

	plant(&low, 0);
	plant(&high, 0);
	send_ip(p, make_native(p, &low, 0));
	assert_dropped(TS_C_drop_teredo_encap_dst_port_0);
	send_ip(p, make_native(p, &high, 0));
	assert_no_drops();
	assert_next_to(&high, p, 80);
	relay_done();
}

/* O20: addresses of our own domains and sites, natively. */
void
test_teredo_encap_foreign(void **state)
{
	struct client c;
	uint8_t p[256];

	(void)state;
	relay_setup();
	tunnels_setup();
	c = known_client();
	send_ip(p, make_v6(p, A_USER, c.v6, 24));
	assert_dropped(TS_C_drop_teredo_encap_src_6rd);
	send_ip(p, make_v6(p, S_USER, c.v6, 24));
	assert_dropped(TS_C_drop_teredo_encap_src_isatap);
	send_ip(p, make_v6(p, PATH_ID6, c.v6, 24));
	assert_dropped(TS_C_drop_teredo_encap_src_own);
	relay_done();
}

/* G28, G33, G41, and what a route may say; for a client that is known, and for one that is not. */
void
test_teredo_encap_errors(void **state)
{
	struct client c, stranger;
	uint8_t p[2048];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	stranger = client_at("81.0.0.1", 4096);
	for (unsigned i = 0; i < 2; i++) {
		const char *to = i == 0 ? c.v6 : stranger.v6;

		make_v6(p, NATIVE, to, 24);
		p[6] = 43;
		memcpy(p + 40, ((uint8_t[]){59, 2, 0, 1}), 4);
		send_ip(p, 64);
		assert_dropped(TS_C_drop_teredo_encap_rh0);
		for (uint8_t hop_limit = 0; hop_limit < 2; hop_limit++) {
			n = make_v6(p, NATIVE, to, 24);
			p[7] = hop_limit;
			send_ip(p, n);
			assert_no_drops();
			assert_next_error(&(struct icmp6_error){.type = 3}, p, n);
			assert_nothing_sent();
		}
		n = make_v6(p, NATIVE, to, 1241);
		send_ip(p, n);
		assert_no_drops();
		assert_next_error(&(struct icmp6_error){.type = 2, .word = 1280}, p, n);
		assert_nothing_sent();
		make_v6(p, NATIVE, to, 24);
		p[6] = 58;
		p[7] = 1;
		p[40] = 1;
		send_ip(p, 64);
		assert_dropped(TS_C_drop_teredo_encap_no_error_about_error);
	}
	assert_int_equal(relay_state(&stranger), R_NONE);
	n = make_v6(p, NATIVE, c.v6, 1240);
	p[7] = 2;
	send_ip(p, n);
	assert_no_drops();
	assert_next_to(&c, p, n);
	n = make_v6(p, NATIVE, c.v6, 24);
	p[7] = 1;
	assert_limited(p, n, TS_C_drop_teredo_encap_icmp6_limited);
	relay_done();
}

void
test_teredo_encap_routes(void **state)
{
	static const struct {
		enum ts_nh_kind kind;
		struct icmp6_error error;
	} cases[] = {
		{TS_NH_UNREACHABLE, {.type = 1, .code = 3}},
		{TS_NH_PROHIBIT, {.type = 1, .code = 1}},
	};
	struct client c;
	uint8_t p[256], bubble[128];
	size_t n;

	(void)state;
	relay_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		c = client_at(CLIENT_V4, (uint16_t)(50000 + i));
		plant(&c, 0);
		set_route(AF_INET, CLIENT_V4, 32, ts_nexthop_get_simple(rig.nexthops, cases[i].kind));
		n = make_native(p, &c, 0);
		send_ip(p, n);
		assert_no_drops();
		assert_next_error(&cases[i].error, p, n);
		assert_nothing_sent();
	}
	c = known_client();
	set_route(AF_INET, CLIENT_V4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_native(p, &c, 0));
	assert_dropped(TS_C_drop_teredo_encap_blackhole);
	/* what has waited meanwhile is told by its own name */
	c = client_at(CLIENT_V4, 40001);
	send_ip(p, make_native(p, &c, 0));
	assert_next_bubble(&c);
	send_ip(bubble, make_bubble(bubble, &c, R_B));
	assert_dropped(TS_C_drop_originate_no_route);
	assert_int_equal(relay_state(&c), R_TRUSTED);
	del_route(AF_INET, CLIENT_V4, 32);
	relay_done();
}

/* T8, 1.1: nothing of the traffic class goes outside, DF is clear, the identification changes. */
void
test_teredo_encap_headers(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX], first[2];
	struct client c;

	(void)state;
	relay_setup();
	rig.cfg.teredo_relay.ttl = 33;
	relay_apply();
	c = known_client();
	make_native(p, &c, 5);
	p[0] = 0x6f;
	p[1] = 0xfa;
	p[2] = 0xbc;
	p[3] = 0xde;
	send_ip(p, 80);
	assert_next_to(&c, p, 80);
	send_ip(p, 80);
	assert_int_equal(next_packet(got), 108);
	memcpy(first, got + 4, 2);
	send_ip(p, 80);
	assert_int_equal(next_packet(got), 108);
	assert_memory_not_equal(first, got + 4, 2);
	assert_int_equal(moved(TS_C_teredo_encap_packets), 1);
	assert_int_equal(moved(TS_C_teredo_encap_bytes), 80);
	relay_done();
}

/* What may be inside, with checksums right and wrong; `upper`: next header of what is at p + 40. */
struct inside {
	const char *what;
	uint8_t next; /* of the IPv6 header */
	uint8_t head[16];
	size_t head_len;
	size_t checksum_at; /* in the payload; 0: none */
	bool wrong;	    /* the receiver finds its outer checksum wrong, too */
};

static const struct inside insides[] = {
	{"UDP", 17, {1, 2, 3, 4}, 8, 6, false},
	{"UDP without a checksum", 17, {1, 2, 3, 4}, 8, 0, false},
	{"TCP", 6, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x50, 0x10}, 20, 16, false},
	{"ICMPv6", 58, {128}, 4, 2, false},
	{"no next header", 59, {0}, 0, 0, false},
	{"fragment", 44, {6, 0, 0, 1, 1, 2, 3, 4}, 8, 0, false},
	{"hop-by-hop options and TCP", 0, {6, 0, 1, 4}, 28, 0, false},
	{"routing header, type 2", 43, {59, 2, 2, 1}, 24, 0, false},
	{"ESP", 50, {9, 9, 9, 9}, 8, 0, false},
	{"SCTP", 132, {9, 9, 9, 9}, 12, 0, false},
	{"damaged TCP", 6, {1, 2, 3, 4}, 20, 16, true},
	{"damaged UDP", 17, {1, 2, 3, 4}, 8, 6, true},
};

static size_t
make_inside(uint8_t *p, const struct inside *in, const struct client *c, size_t len, uint8_t seed)
{
	size_t n = make_v6(p, NATIVE, c->v6, len);
	uint16_t sum;

	for (size_t i = 0; i < len; i++)
		p[40 + i] = (uint8_t)(seed + i * i * 7);
	memcpy(p + 40, in->head, RTE_MIN(len, RTE_MIN(in->head_len, sizeof(in->head))));
	p[6] = in->next;
	if (in->next == 17) {
		p[44] = (uint8_t)(len >> 8);
		p[45] = (uint8_t)len;
		memset(p + 46, 0, 2);
	}
	if (in->checksum_at == 0 || len < in->head_len)
		return n;
	memset(p + 40 + in->checksum_at, 0, 2);
	sum = rte_ipv6_udptcp_cksum((const void *)p, p + 40);
	if (in->wrong)
		sum ^= 0x1234;
	memcpy(p + 40 + in->checksum_at, &sum, 2);
	return n;
}

/* In one buffer, or in segments; the outer checksum is a plain sum over all, whatever way it was made. */
static void
assert_checksum(const struct inside *in, const struct client *c, size_t len, size_t segment, uint8_t seed)
{
	uint8_t p[2048], frame[2048], got[RIG_FRAME_MAX], want[2048];
	size_t n = make_inside(p, in, c, len, seed);

	mark();
	rig_send_frame(&rig, frame, make_frame(frame, rig_mac, 0, NULL, RTE_ETHER_TYPE_IPV6, p, n), segment);
	rig_turn(&rig);
	assert_no_drops();
	if (!in->wrong) {
		assert_next_to(c, p, n);
		return;
	}
	/* as the header comment of relay_output.c says: it keeps a wrong checksum, now an outer one */
	p[7]--;
	memcpy(PAYLOAD(want), p, n);
	make_udp(want, R_V4, R_PORT, c->v4, c->port, n);
	assert_int_equal(next_packet(got), n + 28);
	assert_memory_equal(got + 28, p, n);
	assert_memory_not_equal(got + 26, want + 26, 2);
}

void
test_teredo_encap_checksums(void **state)
{
	static const size_t lengths[] = {0, 1, 2, 3, 4, 7, 8, 9, 19, 20, 21, 63, 64, 65, 100, 1239, 1240};
	struct client c;

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t i = 0; i < RTE_DIM(insides); i++)
		for (size_t k = 0; k < RTE_DIM(lengths); k++)
			for (uint8_t seed = 0; seed < 3; seed++)
				if (!insides[i].wrong || lengths[k] >= insides[i].head_len)
					assert_checksum(&insides[i], &c, lengths[k], 0, (uint8_t)(seed * 41));
	relay_done();
}

/* The same in several buffers, of odd lengths, too. */
void
test_teredo_encap_segments(void **state)
{
	static const size_t segments[] = {15, 129, 142, 143, 500, 701};
	struct client c;

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t i = 0; i < RTE_DIM(insides); i++)
		for (size_t k = 0; k < RTE_DIM(segments); k++)
			assert_checksum(&insides[i], &c, segments[k] == 15 ? 90 : 1201, segments[k], 3);
	relay_done();
}

/* F8: where the sum is 0 the field is ffff. Two bytes of the payload go through all values. */
void
test_teredo_encap_checksum_zero(void **state)
{
	uint8_t p[128], got[RIG_FRAME_MAX];
	unsigned full = 0;
	struct client c;
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	for (unsigned way = 0; way < 2; way++) {
		/* flow label: outside of every inner checksum; once the whole is summed up, once not */
		full = 0;
		for (uint32_t label = 0; label < 65536; label++) {
			n = make_native(p, &c, 1);
			if (way == 1)
				p[6] = 253;
			p[2] = (uint8_t)(label >> 8);
			p[3] = (uint8_t)label;
			send_ip(p, n);
			assert_int_equal(next_packet(got), n + 28);
			assert_true((got[26] | got[27]) != 0);
			if (got[26] == 0xff && got[27] == 0xff) {
				full++;
				p[7]--;
				memcpy(PAYLOAD(got), p, n);
				make_udp(got, R_V4, R_PORT, c.v4, c.port, n);
				assert_int_equal(got[26] << 8 | got[27], 0xffff);
			}
		}
		assert_in_range(full, 1, 2);
	}
	relay_done();
}

/* S24 */
void
test_teredo_encap_access(void **state)
{
	struct ts_config *cfg = &rig.cfg;
	struct client c;
	uint8_t p[256];

	(void)state;
	relay_setup();
	c = known_client();
	put_v6(cfg->access.deny6[0].addr.s6_addr, "2001:db8::");
	cfg->access.deny6[0].len = 64;
	cfg->access.n_deny6 = 1;
	relay_apply();
	send_ip(p, make_native(p, &c, 0));
	assert_dropped(TS_C_drop_teredo_encap_src_denied);
	cfg->access.n_deny6 = 0;
	for (unsigned i = 0; i < 2; i++) {
		put_v4((uint8_t *)&cfg->access.deny4[0].addr, i == 0 ? CLIENT_V4 : SERVER);
		cfg->access.deny4[0].len = 32;
		cfg->access.n_deny4 = 1;
		relay_apply();
		send_ip(p, make_native(p, &c, 0));
		assert_dropped(TS_C_drop_teredo_encap_dst_denied);
	}
	cfg->access.n_deny4 = 0;
	relay_apply();
	send_ip(p, make_native(p, &c, 0));
	assert_no_drops();
	assert_next_to(&c, p, 80);
	c = client_owned(0, 0);
	rig.cfg.teredo_relay.valid_s = 3600; /* assert_limited() lets time go by */
	rig.cfg.teredo_relay.forget_s = 7200;
	relay_apply();
	plant(&c, 0);
	set_keyed(TS_KEYED_SITE, PATH_BURST, PATH_BURST);
	assert_limited(p, make_native(p, &c, 0), TS_C_drop_teredo_encap_site_limited);
	set_keyed(TS_KEYED_SITE, 0, 0);
	set_keyed(TS_KEYED_NATIVE, PATH_BURST, PATH_BURST);
	assert_limited(p, make_native(p, &c, 0), TS_C_drop_teredo_encap_prefix_limited);
	set_keyed(TS_KEYED_NATIVE, 0, 0);
	relay_done();
}
