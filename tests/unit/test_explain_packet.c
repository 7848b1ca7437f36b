/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `explain HEX`: what is no packet, what is not a sound one, and of each mechanism the lane and every verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ip.h>

#include "ctl_client.h"
#include "lib/source_policy.h"

#define SITE "2002:c000:22d::1" /* of 192.0.2.45, the outer source of all packets here */
#define NATIVE "2001:db8::1"
#define FORWARDED "forwarded natively, by the route"

static struct ts_services services;
static struct server *sv;

uint64_t
rte_get_tsc_hz(void)
{
	return 1000000000;
}

/* What the box's only address is. */
static struct ts_nexthop *
local(void)
{
	return (struct ts_nexthop *)(uintptr_t)&ts_nexthop_array(NULL)[STANDIN_NH_LOCAL];
}

static int
setup(void **state)
{
	struct ts_source_policy_conf policy = {.list = TS_POLICY_CORE};

	(void)state;
	sv = server_start();
	memset(&services, 0, sizeof(services));
	services.policy = ts_source_policy_create(&policy);
	services.managed = ts_source_policy_create(&policy);
	services.relay.port = RTE_BE16(3545);
	services.sixrd = calloc(1, sizeof(*services.sixrd));
	services.isatap = calloc(1, sizeof(*services.isatap));
	standins.services = &services;
	return services.sixrd == NULL || services.isatap == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	ts_source_policy_free(services.policy);
	ts_source_policy_free(services.managed);
	free((void *)(uintptr_t)services.sixrd);
	free((void *)(uintptr_t)services.isatap);
	server_stop(sv);
	return 0;
}

/* --- packets; all makers return the length --- */

static size_t
make_v6(uint8_t *p, const char *src, const char *dst)
{
	memset(p, 0, 48);
	p[0] = 0x60;
	p[5] = 8;
	p[6] = 17;
	p[7] = 64;
	assert_int_equal(inet_pton(AF_INET6, src, p + 8), 1);
	assert_int_equal(inet_pton(AF_INET6, dst, p + 24), 1);
	return 48;
}

/* The header in front of what is at p + 20 already; `words` of 32 bits. */
static size_t
make_v4(uint8_t *p, const char *dst, uint8_t protocol, size_t payload, unsigned words)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, 20);
	p[0] = (uint8_t)(0x40 | words);
	ip->total_length = rte_cpu_to_be_16((uint16_t)(words * 4 + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = protocol;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.45", p + 12), 1);
	assert_int_equal(inet_pton(AF_INET, dst, p + 16), 1);
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, words * 4);
	return words * 4 + payload;
}

static size_t
make_6in4(uint8_t *p, const char *src, const char *dst)
{
	return make_v4(p, "192.88.99.1", 41, make_v6(p + 20, src, dst), 5);
}

/* IPv6 in UDP, or nothing in it. */
static size_t
make_udp(uint8_t *p, uint16_t port, bool ipv6)
{
	size_t n = 8 + (ipv6 ? make_v6(p + 28, "2001:0:4136:e378:8000:63bf:3fff:fdd2", NATIVE) : 0);

	memset(p + 20, 0, 8);
	p[22] = (uint8_t)(port >> 8);
	p[23] = (uint8_t)port;
	p[25] = (uint8_t)n;
	return make_v4(p, "192.88.99.1", 17, n, 5);
}

/* --- questions --- */

static json_t *
explain(const uint8_t *p, size_t len)
{
	char request[1024] = "explain ";
	int fd = client_connect(sv);
	json_t *doc;

	for (size_t i = 0; i < len; i++)
		snprintf(request + 8 + 2 * i, sizeof(request) - 8 - 2 * i, "%02x", p[i]);
	doc = client_ask(sv, fd, request);
	close(fd);
	return doc;
}

/* `lane`: NULL, there is none. `verdict`: how it begins. */
static void
expect_packet(const uint8_t *p, size_t len, const char *lane, const char *verdict)
{
	json_t *doc = explain(p, len), *explained = json_object_get(doc, "explain");
	const char *said = json_string_value(json_object_get(explained, "verdict"));
	const char *in = json_string_value(json_object_get(explained, "lane"));

	if (said == NULL || strncmp(said, verdict, strlen(verdict)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", said != NULL ? said : "nothing", verdict);
	if (lane == NULL)
		assert_null(in);
	else
		assert_string_equal(in, lane);
	json_decref(doc);
}

static void
expect_error(const uint8_t *p, size_t len, const char *error)
{
	json_t *doc = explain(p, len);

	assert_string_equal(json_string_value(json_object_get(doc, "error")), error);
	json_decref(doc);
}

/* --- tests --- */

static void
test_no_packet(void **state)
{
	static const char none[] = "neither a frame nor a packet with an IPv4 or IPv6 header";
	uint8_t p[256];
	size_t n;

	(void)state;
	memset(p, 0xab, sizeof(p));
	expect_error(p, 60, none);
	make_v6(p, NATIVE, SITE);
	expect_error(p, 39, none);
	n = make_6in4(p, SITE, NATIVE);
	p[0] = 0x4f; /* the header would end behind the packet */
	expect_error(p, 40, none);
	p[0] = 0x44; /* or before its own end */
	expect_error(p, n, none);
	/* a frame that ends in its tag */
	memset(p, 0, 12);
	memcpy(p + 12, (uint8_t[]){0x81, 0, 0, 7, 0x81, 0, 0, 8}, 8);
	expect_error(p, 20, none);
	/* an odd number of digits */
	expect(sv, "explain 4500003c00004000400600000a0000010a0000021",
		"{\"error\":\"a packet is an even number of hexadecimal digits, at most 1000\"}");
}

static void
test_ipv4_malformed(void **state)
{
	uint8_t p[256];
	size_t n = make_6in4(p, SITE, NATIVE);

	(void)state;
	p[10] ^= 1;
	expect_packet(p, n, NULL, "dropped, drop_ip4_rx_v4_csum: ");
	make_v4(p, "192.88.99.1", 41, 0, 5);
	p[3] = 19;
	expect_packet(p, n, NULL, "dropped, drop_ip4_rx_v4_hdr: ");
	memcpy(p + 20, (uint8_t[]){131, 3, 4, 0}, 4); /* loose source route */
	make_v6(p + 24, SITE, NATIVE);
	n = make_v4(p, "192.88.99.1", 41, 48, 6);
	expect_packet(p, n, NULL, "dropped, drop_ip4_rx_v4_source_route: ");
	n = make_v4(p, "192.0.2.200", 41, make_v6(p + 20, SITE, NATIVE), 5);
	expect_packet(p, n, NULL, "dropped, drop_ip4_rx_no_tunnel: ");
}

/* A piece is no packet yet, whichever piece it is. */
static void
test_fragments(void **state)
{
	struct rte_ipv4_hdr *ip;
	uint8_t p[256];
	size_t n = make_6in4(p, SITE, NATIVE);

	(void)state;
	ip = (void *)p;
	for (unsigned i = 0; i < 2; i++) {
		ip->fragment_offset = i == 0 ? RTE_BE16(0x2000) : RTE_BE16(6);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		expect_packet(p, n, NULL, "a fragment");
	}
}

static void
test_6to4(void **state)
{
	static const struct {
		const char *src, *dst, *verdict;
	} cases[] = {
		{SITE, NATIVE, FORWARDED},
		{SITE, "2a00::1", "no route: Destination Unreachable"},
		{"2002:c000:22e::1", NATIVE, "dropped, drop_6to4_decap_src_mismatch: "},
		{NATIVE, NATIVE, "dropped, drop_6to4_decap_src_not_6to4: "},
		{"fe80::1", NATIVE, "dropped, drop_6to4_decap_v6_src_invalid: "},
		{SITE, "ff02::1", "dropped, drop_6to4_decap_v6_dst_invalid: "},
		{SITE, "2002:c000:201::1", "dropped, drop_6to4_decap_dst_6to4: "},
	};
	uint8_t p[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++)
		expect_packet(p, make_6in4(p, cases[i].src, cases[i].dst), "6to4-decap", cases[i].verdict);
	memset(p + 20, 0, 48);
	n = make_v4(p, "192.88.99.1", 41, 39, 5);
	expect_packet(p, n, "6to4-decap", "dropped, drop_6to4_decap_v6_hdr: ");
	/* the outer source is looked at first */
	standins.refused_source = TS_C_drop_6to4_decap_v4_src_martian;
	expect_packet(p, n, "6to4-decap", "dropped, drop_6to4_decap_v4_src_martian: ");
}

static void
test_other_protocol_41(void **state)
{
	static const struct {
		uint8_t proto41;
		const char *lane, *no_packet;
		int refused;
	} cases[] = {
		{TS_PROTO41_6RD, "6rd-decap", "dropped, drop_6rd_decap_v6_hdr: ", TS_C_drop_6rd_decap_v4_src_martian},
		{TS_PROTO41_ISATAP, "isatap-decap",
			"dropped, drop_isatap_decap_v6_hdr: ", TS_C_drop_isatap_decap_v4_src_not_site},
	};
	char verdict[96];
	uint8_t p[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		local()->proto41 = cases[i].proto41;
		n = make_6in4(p, SITE, NATIVE);
		standins.refused_source = 0;
		expect_packet(p, n, cases[i].lane, FORWARDED);
		expect_packet(p, make_v4(p, "192.88.99.1", 41, 20, 5), cases[i].lane, cases[i].no_packet);
		standins.refused_source = cases[i].refused;
		snprintf(verdict, sizeof(verdict), "dropped, %s: ", ts_counter_info[cases[i].refused].name);
		expect_packet(p, n, cases[i].lane, verdict);
	}
	local()->proto41 = TS_PROTO41_NONE;
	expect_packet(p, make_6in4(p, SITE, NATIVE), NULL, "protocol 41 to an address that no tunnel has");
}

static void
test_udp(void **state)
{
	uint8_t p[256];

	(void)state;
	expect_packet(p, make_udp(p, 3545, true), "teredo-decap", FORWARDED);
	expect_packet(p, make_udp(p, 3545, false), "teredo-decap", "dropped: no IPv6 packet");
	expect_packet(p, make_udp(p, 3544, true), "teredo-server", "taken by the Teredo server");
	expect_packet(p, make_udp(p, 53, false), "local4", "no service: Port Unreachable");
	standins.refused_source = TS_C_drop_teredo_decap_v4_src_martian;
	expect_packet(p, make_udp(p, 3545, true), "teredo-decap", "dropped, drop_teredo_decap_v4_src_martian: ");
	expect_packet(p, make_udp(p, 3544, true), "teredo-server", "dropped, drop_teredo_decap_v4_src_martian: ");
	local()->host = true;
	local()->udp = 0;
	expect_packet(p, make_udp(p, 3545, true), "local4", "given to the kernel");
}

static void
test_local(void **state)
{
	uint8_t p[256] = {0};
	size_t n;

	(void)state;
	p[20] = 8;
	n = make_v4(p, "192.88.99.1", 1, 8, 5);
	expect_packet(p, n, NULL, "echo answered, all else refused");
	local()->host = true;
	expect_packet(p, n, NULL, "echo answered, all else given to the kernel");
}

/* Native packets, and frames with and without tags; what of the headers is shown. */
static void
test_native(void **state)
{
	uint8_t f[256] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x81, 0, 0, 7, 0x86, 0xdd};
	size_t n = make_v6(f + 18, NATIVE, SITE);
	json_t *doc;
	const char *src, *dst, *mechanism;
	int next, hops;

	(void)state;
	expect_packet(f + 18, n, NULL, "put into IPv4 to 192.0.2.45, protocol 41");
	expect_packet(f, 18 + n, NULL, "put into IPv4 to 192.0.2.45, protocol 41");
	doc = explain(f, 18 + n);
	assert_int_equal(json_unpack(doc, "{s:{s:{s:s, s:s, s:i, s:i}, s:{s:s}}}", "explain", "ipv6", "source", &src,
				 "destination", &dst, "next_header", &next, "hop_limit", &hops, "destination",
				 "mechanism", &mechanism),
		0);
	assert_string_equal(src, NATIVE);
	assert_string_equal(dst, SITE);
	assert_int_equal(next, 17);
	assert_int_equal(hops, 64);
	assert_string_equal(mechanism, "6to4");
	json_decref(doc);
	standins.services = NULL;
	expect_error(f, 18 + n, "the tables are not made yet");
}

/* Addresses drawn at random begin with 4 or 6 one time in eight; a packet that is cut off is a packet still. */
static void
test_frame_like_a_packet(void **state)
{
	uint8_t f[256] = {0x46, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x08, 0};
	size_t n = make_6in4(f + 14, SITE, NATIVE);

	(void)state;
	expect_packet(f, 14 + n, "6to4-decap", FORWARDED);
	f[0] = 0x6a;
	expect_packet(f, 14 + n, "6to4-decap", FORWARDED);
	expect_packet(f + 14, n - 4, "6to4-decap", FORWARDED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_packet),
		T(test_ipv4_malformed),
		T(test_fragments),
		T(test_6to4),
		T(test_other_protocol_41),
		T(test_udp),
		T(test_local),
		T(test_native),
		T(test_frame_like_a_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
