/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour discovery on the ISATAP link, byte for byte (protocols.md I6 to I8, I12; RFC 4861 4, 6.1; RFC 8106 5). */
#include "path_tests.h"
#include "path_tunnels.h"

#define S_LINK_LOCAL "fe80::5efe:172.20.0.1"
#define HOST_LINK_LOCAL "fe80::5efe:172.20.0.9"
#define ND_ANSWERS (RIG_N_WORKERS * PATH_BURST) /* a second, to a host; each worker counts for itself */

static const struct outer_header to_host = {.src = S_ROUTER, .dst = S_HOST, .ttl = 64};

/* clang-format off */
static const uint8_t advertisement[] = {134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
	/* prefix */ 3, 4, 64, 0xc0, 0, 0x27, 0x8d, 0, 0, 0x09, 0x3a, 0x80, 0, 0, 0, 0,
	0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
	/* MTU */ 5, 1, 0, 0, 0, 0, 0x05, 0};

static const uint8_t dns_options[] = {/* RFC 8106 5.1 */ 25, 5, 0, 0, 0, 0, 0x0e, 0x10,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54,
	/* 5.2 */ 31, 4, 0, 0, 0, 0, 0x0e, 0x10,
	7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 1, 'a', 2, 'b', 'c', 0, 0, 0, 0, 0, 0};
/* clang-format on */

/* An ICMPv6 message with hop limit 255 and a good checksum. */
static size_t
make_message(uint8_t *p, const char *src, const char *dst, const uint8_t *icmp, size_t len)
{
	make_v6(p, src, dst, len);
	p[6] = 58;
	p[7] = 255;
	memcpy(p + 40, icmp, len);
	set_icmp6_checksum(p, 40 + len);
	return 40 + len;
}

/* The same in a tunnel from the host. */
static void
send_message(const char *src, const char *dst, const uint8_t *icmp, size_t len)
{
	uint8_t p[512];
	size_t n = make_message(p + 20, src, dst, icmp, len);

	send_ip(p, wrap(p, S_HOST, S_ROUTER, n));
}

static void
assert_answer(const char *src, const char *dst, const uint8_t *icmp, size_t len)
{
	uint8_t want[512];

	assert_tunnelled(&to_host, want, make_message(want, src, dst, icmp, len));
}

static const uint8_t solicitation[16] = {133, [8] = 1, 1, 2, 0, 0, 0, 0, 1}; /* with a link-layer address */

void
test_isatap_advertisement(void **state)
{
	static const char *const to[] = {"ff02::2", S_LINK_LOCAL, "fe80::200:5efe:172.20.0.1"};
	static const char *const from[] = {HOST_LINK_LOCAL, "fe80::200:5efe:172.20.0.9", S_USER};

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(to); i++) {
		for (size_t k = 0; k < RTE_DIM(from); k++) {
			/* without an option, and with one that is ignored */
			send_message(from[k], to[i], solicitation, 8);
			assert_answer(S_LINK_LOCAL, from[k], advertisement, sizeof(advertisement));
			assert_int_equal(moved(TS_C_isatap_advertisements), 1);
			send_message(from[k], to[i], solicitation, 16);
			assert_answer(S_LINK_LOCAL, from[k], advertisement, sizeof(advertisement));
			rig_advance_ms(&rig, 1000);
		}
	}
	rig.cfg.isatap[SITE_S].u_bit = true;
	path_apply();
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	assert_answer("fe80::200:5efe:172.20.0.1", HOST_LINK_LOCAL, advertisement, sizeof(advertisement));
}

/* D23: after a random time within the configured one; what still waits when the site goes is dropped by name. */
void
test_isatap_delay(void **state)
{
	uint8_t got[RIG_FRAME_MAX];

	(void)state;
	tunnels_setup();
	rig.cfg.isatap[SITE_S].ra_delay_ms = 500;
	path_apply();
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 0);
	rig_advance_ms(&rig, 501);
	rig_turn(&rig);
	assert_answer(S_LINK_LOCAL, HOST_LINK_LOCAL, advertisement, sizeof(advertisement));
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	rig.cfg.n_isatap = 0;
	rig_configure(&rig, NULL, 0); /* at once: path_apply() lets time go by */
	mark();
	rig_advance_ms(&rig, 501);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_originate_no_route);
}

void
test_isatap_advertisement_fields(void **state)
{
	struct ts_cfg_isatap *s = &rig.cfg.isatap[SITE_S];
	uint8_t want[sizeof(advertisement) + sizeof(dns_options)];

	(void)state;
	tunnels_setup();
	memcpy(want, advertisement, sizeof(advertisement));
	memcpy(want + sizeof(advertisement), dns_options, sizeof(dns_options));
	put_v6(s->dns[0].s6_addr, "2001:db8::53");
	put_v6(s->dns[1].s6_addr, "2001:db8::54");
	s->n_dns = 2;
	strcpy(s->dns_search[0], "example.org");
	strcpy(s->dns_search[1], "a.bc");
	s->n_dns_search = 2;
	s->dns_lifetime = 3600;
	path_apply();
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	assert_answer(S_LINK_LOCAL, HOST_LINK_LOCAL, want, sizeof(want));

	s->n_dns = s->n_dns_search = 0;
	s->on_link = false;
	s->router_lifetime = 0;
	s->valid = 0xffffffff;
	s->preferred = 0;
	s->mtu = 1400;
	path_apply();
	memcpy(want, advertisement, sizeof(advertisement));
	want[6] = want[7] = 0;
	want[19] = 0x40;
	memset(want + 20, 0xff, 4);
	memset(want + 24, 0, 4);
	want[54] = 1400 >> 8;
	want[55] = 1400 & 255;
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	assert_answer(S_LINK_LOCAL, HOST_LINK_LOCAL, want, sizeof(advertisement));
}

/* A solicitation for `target`, with a link-layer address of 8 bytes. */
static void
make_ns(uint8_t ns[32], const char *target)
{
	memset(ns, 0, 32);
	ns[0] = 135;
	put_v6(ns + 8, target);
	ns[24] = ns[25] = 1;
}

/* I8: also what a host's reachability detection asks, unicast and from its global address. */
void
test_isatap_neighbour(void **state)
{
	static const char *const targets[] = {
		S_LINK_LOCAL, "fe80::200:5efe:172.20.0.1", "2001:db8:1:2:0:5efe:172.20.0.1"};
	static const char *const from[] = {HOST_LINK_LOCAL, S_USER};
	uint8_t ns[32], na[24] = {136, [4] = 0xc0};

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(targets); i++) {
		for (size_t k = 0; k < RTE_DIM(from); k++) {
			make_ns(ns, targets[i]);
			memcpy(na + 8, ns + 8, 16);
			send_message(from[k], S_LINK_LOCAL, ns, 24);
			assert_answer(S_LINK_LOCAL, from[k], na, 24);
			send_message(from[k], S_LINK_LOCAL, ns, 32);
			assert_answer(S_LINK_LOCAL, from[k], na, 24);
			rig_advance_ms(&rig, 1000);
		}
	}
	make_ns(ns, "2001:db8:1:2:0:5efe:172.20.0.8");
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, ns, 24);
	assert_dropped(TS_C_drop_isatap_decap_nd_ignored);
	make_ns(ns, "ff02::1");
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, ns, 24);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
}

/* I12 */
void
test_isatap_echo(void **state)
{
	static const char *const to[] = {S_LINK_LOCAL, "fe80::200:5efe:172.20.0.1"};
	uint8_t p[256], want[56];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(to); i++) {
		make_echo6(p + 20, HOST_LINK_LOCAL, to[i]);
		send_ip(p, wrap(p, S_HOST, S_ROUTER, 56));
		make_v6(want, to[i], HOST_LINK_LOCAL, 16);
		want[6] = 58;
		want[40] = 129;
		set_icmp6_checksum(want, 56);
		assert_tunnelled(&to_host, want, 56);
	}
	make_echo6(p + 20, HOST_LINK_LOCAL, S_LINK_LOCAL);
	p[62] ^= 1;
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 56));
	assert_dropped(TS_C_drop_isatap_decap_local_not_echo);
	make_echo6(p + 20, HOST_LINK_LOCAL, "ff02::2");
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 56));
	assert_dropped(TS_C_drop_isatap_decap_nd_ignored);
}

/* RFC 4861 6.1, 7.1 */
void
test_isatap_nd_invalid(void **state)
{
	static const uint8_t bad_options[][8] = {{1, 0}, {1, 2}, {200, 255}};
	uint8_t p[256], message[32];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(bad_options); i++) {
		memcpy(message, solicitation, 8);
		memcpy(message + 8, bad_options[i], 8);
		send_message(HOST_LINK_LOCAL, "ff02::2", message, 16);
		assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
		make_ns(message, S_LINK_LOCAL);
		memcpy(message + 24, bad_options[i], 8);
		send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, message, 32);
		assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	}
	/* an option without its length; one good one and then a bad one */
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 9);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	memset(message, 0, sizeof(message));
	memcpy(message, solicitation, 16);
	message[16] = 1;
	send_message(HOST_LINK_LOCAL, "ff02::2", message, 24);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	/* short */
	send_message(HOST_LINK_LOCAL, "ff02::2", solicitation, 7);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	make_ns(message, S_LINK_LOCAL);
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, message, 23);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	/* code, hop limit, checksum */
	memcpy(message, solicitation, 8);
	message[1] = 1;
	send_message(HOST_LINK_LOCAL, "ff02::2", message, 8);
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	make_message(p + 20, HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	p[27] = 254;
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 48));
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
	make_message(p + 20, HOST_LINK_LOCAL, "ff02::2", solicitation, 8);
	p[62] ^= 1;
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 48));
	assert_dropped(TS_C_drop_isatap_decap_nd_invalid);
}

/* What a router of a link without multicast has no use for. */
void
test_isatap_nd_ignored(void **state)
{
	static const uint8_t types[] = {1, 129, 134, 136, 137, 143};
	uint8_t message[40] = {0}, p[256];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(types); i++) {
		message[0] = types[i];
		send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, message, sizeof(message));
		assert_dropped(TS_C_drop_isatap_decap_nd_ignored);
		send_message(HOST_LINK_LOCAL, "ff02::2", message, sizeof(message));
		assert_dropped(TS_C_drop_isatap_decap_nd_ignored);
	}
	/* G16, 10.2: the exceptions are ICMPv6 only */
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "ff02::2", 24));
	assert_dropped(TS_C_drop_isatap_decap_v6_dst_invalid);
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, S_LINK_LOCAL, 24));
	assert_dropped(TS_C_drop_isatap_decap_v6_dst_invalid);
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, HOST_LINK_LOCAL, "ff02::2", 24));
	assert_dropped(TS_C_drop_isatap_decap_v6_src_invalid);
}

/* I6: so many a second to a host, of both kinds together; others are not affected. */
void
test_isatap_nd_limited(void **state)
{
	uint8_t got[RIG_FRAME_MAX], ns[32], p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	make_ns(ns, S_LINK_LOCAL);
	for (unsigned i = 0; i < ND_ANSWERS; i++) {
		send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, i % 2 == 0 ? solicitation : ns, i % 2 == 0 ? 8 : 24);
		assert_no_drops();
		assert_true(rig_receive(&rig, got) != 0);
	}
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, solicitation, 8);
	assert_dropped(TS_C_drop_isatap_decap_nd_limited);
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, ns, 24);
	assert_dropped(TS_C_drop_isatap_decap_nd_limited);
	n = make_message(p + 20, "fe80::5efe:172.20.0.8", "ff02::2", solicitation, 8);
	send_ip(p, wrap(p, "172.20.0.8", S_ROUTER, n));
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	rig_advance_ms(&rig, 1000 / ND_ANSWERS + 1);
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, ns, 24);
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	send_message(HOST_LINK_LOCAL, S_LINK_LOCAL, ns, 24);
	assert_dropped(TS_C_drop_isatap_decap_nd_limited);
}
