/* SPDX-License-Identifier: BSD-3-Clause */
/* What a kernel may say on an exchange (protocols.md O14, O15), frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/punt_filter.h"

static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};
static struct ts_punt_filter filter;
static uint64_t now = 1000; /* of a clock with 1000 ticks a second */
static uint8_t frame[256];
static size_t frame_len;

static void
ether(uint16_t type)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame, peer_mac, 6);
	memcpy(frame + 6, own_mac, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	frame_len = 14;
}

static void
ipv4(uint8_t proto, unsigned options)
{
	ether(0x0800);
	frame[14] = (uint8_t)(0x45 + options);
	frame[14 + 9] = proto;
	frame_len += 20 + 4 * options;
}

static void
ipv6(uint8_t next)
{
	ether(0x86dd);
	frame[14] = 0x60;
	frame[14 + 6] = next;
	frame_len += 40;
}

static void
add(const void *bytes, size_t n)
{
	memcpy(frame + frame_len, bytes, n);
	frame_len += n;
}

static bool
allowed(void)
{
	return ts_punt_filter_allows(&filter, frame, frame_len, now);
}

static void
add_udp(uint16_t src, uint16_t dst)
{
	uint8_t hdr[8] = {(uint8_t)(src >> 8), (uint8_t)src, (uint8_t)(dst >> 8), (uint8_t)dst, 0, 8};

	add(hdr, sizeof(hdr));
}

static void
test_ethertypes(void **state)
{
	static const uint16_t forbidden[] = {
		0x0000, 0x0026 /* 802.3 length: STP */, 0x88cc /* LLDP */, 0x8100, 0x88a8, 0x8847};

	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		ether(forbidden[i]);
		frame_len = 64;
		assert_false(allowed());
	}
}

static void
arp(uint8_t op, const char *sender, const char *target)
{
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};

	ether(0x0806);
	add(head, sizeof(head));
	add(&op, 1);
	add(own_mac, 6);
	add(sender, 4);
	add("\0\0\0\0\0", 6);
	add(target, 4);
}

static void
to(const char *mac)
{
	memcpy(frame, mac, 6);
}

#define BROADCAST "\xff\xff\xff\xff\xff\xff"
#define SOLICITED_NODE "\x33\x33\xff\x01\x02\x03"
#define ALL_NODES "\x33\x33\0\0\0\1"
#define OUR_V4 "\xc6\x33\x64\x01"
#define PEER_V4 "\xc6\x33\x64\x09"

static void
test_arp(void **state)
{
	(void)state;
	arp(1, OUR_V4, PEER_V4);
	for (size_t n = 0; n < frame_len; n++)
		assert_false(ts_punt_filter_allows(&filter, frame, n, now));
	assert_true(allowed());
	to(BROADCAST);
	assert_true(allowed());
	arp(2, OUR_V4, PEER_V4);
	assert_true(allowed());
	to(BROADCAST);
	assert_false(allowed());
	arp(1, OUR_V4, PEER_V4);
	to("\1\0\x5e\0\0\1");
	assert_false(allowed());
	arp(3, OUR_V4, PEER_V4); /* RARP */
	assert_false(allowed());
	arp(2, "\xc0\x58\x63\x01", PEER_V4); /* 192.88.99.1 */
	assert_false(allowed());
	arp(2, OUR_V4, PEER_V4);
	frame[14 + 8] ^= 4; /* somebody else's MAC address in it: proxy ARP */
	assert_false(allowed());
}

/* An address announced again and again, by ARP or ND: a few, then one a second. */
static void
test_unasked(void **state)
{
	unsigned passed = 0;

	(void)state;
	now += 60000;
	for (unsigned i = 0; i < 100; i++) {
		arp(1, OUR_V4, OUR_V4);
		to(BROADCAST);
		passed += allowed();
	}
	assert_in_range(passed, 1, 5);
	ipv6(58);
	add("\x88\0\0\0", 4);
	to(ALL_NODES);
	assert_false(allowed());
	now += 1000;
	assert_true(allowed());
	assert_false(allowed());
	arp(1, OUR_V4, PEER_V4);
	to(BROADCAST);
	assert_true(allowed());
}

static void
test_stations(void **state)
{
	static const char *const groups[] = {
		BROADCAST, SOLICITED_NODE, ALL_NODES, "\1\0\x5e\0\0\5", "\x33\x33\0\0\0\5"};

	(void)state;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		ipv4(89, 0);
		to(groups[i]);
		assert_false(allowed());
		ipv6(89);
		to(groups[i]);
		assert_false(allowed());
		ipv6(58);
		add("\x87\0\0\0", 4); /* neighbour solicitation */
		to(groups[i]);
		assert_int_equal(allowed(), i == 1);
		ipv6(58);
		add("\x80\0\0\0", 4); /* echo request */
		to(groups[i]);
		assert_false(allowed());
	}
	ipv4(6, 0);
	assert_true(allowed());
	memcpy(frame + 6, peer_mac, 6); /* a second MAC address behind our port */
	assert_false(allowed());
}

static void
test_truncated(void **state)
{
	(void)state;
	ipv6(58);
	add("\x87\0\0\0", 4);
	for (size_t n = 0; n < 14 + 40 + 1; n++)
		assert_false(ts_punt_filter_allows(&filter, frame, n, now));
	assert_true(allowed());
	ipv4(6, 2);
	add("abcd", 4);
	for (size_t n = 0; n < 14 + 28; n++)
		assert_false(ts_punt_filter_allows(&filter, frame, n, now));
	assert_true(allowed());
	frame[14] = 0x44; /* header shorter than 20 bytes */
	assert_false(allowed());
}

static void
test_protocols(void **state)
{
	(void)state;
	for (unsigned options = 0; options <= 10; options += 5) {
		ipv4(6, options);
		assert_true(allowed());
		ipv4(2, options);
		assert_false(allowed());
		ipv4(103, options);
		assert_false(allowed());
	}
	ipv6(6);
	assert_true(allowed());
	ipv6(103);
	assert_false(allowed());
}

static void
test_icmp(void **state)
{
	static const uint8_t forbidden4[] = {5, 9, 10}, allowed4[] = {0, 3, 8, 11, 12};
	static const uint8_t forbidden6[] = {130, 131, 132, 133, 134, 137, 143, 151, 152, 153};
	static const uint8_t allowed6[] = {1, 2, 3, 4, 128, 129, 135, 136};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		uint8_t t = (uint8_t)type;

		ipv4(1, 0);
		add(&t, 1);
		if (memchr(forbidden4, (int)type, sizeof(forbidden4)) != NULL)
			assert_false(allowed());
		if (memchr(allowed4, (int)type, sizeof(allowed4)) != NULL)
			assert_true(allowed());
		ipv6(58);
		add(&t, 1);
		if (memchr(forbidden6, (int)type, sizeof(forbidden6)) != NULL)
			assert_false(allowed());
		if (memchr(allowed6, (int)type, sizeof(allowed6)) != NULL)
			assert_true(allowed());
	}
}

static void
test_udp(void **state)
{
	static const uint16_t forbidden[] = {67, 68, 546, 547, 5353, 5355};

	(void)state;
	ipv4(17, 0);
	add_udp(49152, 3784); /* BFD, RFC 5881 */
	assert_true(allowed());
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		ipv4(17, 0);
		add_udp(forbidden[i], 1000);
		assert_false(allowed());
		ipv6(17);
		add_udp(1000, forbidden[i]);
		assert_false(allowed());
	}
}

/* MLD as the kernel sends it: behind a hop-by-hop header with the router alert. */
static void
test_extension_headers(void **state)
{
	static const uint8_t hop_by_hop[] = {58, 0, 5, 2, 0, 0, 1, 0}, first[] = {58, 0, 0, 1, 0, 0, 0, 1};
	static const uint8_t later[] = {58, 0, 0x05, 0xa8, 0, 0, 0, 1}, endless[] = {60, 0, 1, 4, 0, 0, 0, 0};

	(void)state;
	ipv6(0);
	add(hop_by_hop, sizeof(hop_by_hop));
	add("\x8f\0\0\0", 4);
	assert_false(allowed());
	frame[frame_len - 4] = 128;
	assert_true(allowed());
	ipv6(44);
	add(first, sizeof(first));
	add("\x86", 1);
	assert_false(allowed());
	ipv6(44);
	add(later, sizeof(later));
	add("\x86", 1);
	assert_true(allowed());
	ipv6(60);
	for (unsigned i = 0; i < 20; i++)
		add(endless, sizeof(endless));
	assert_false(allowed());
	ipv6(0);
	add("\x3a\xff\0\0\0\0\0\0", 8); /* longer than the frame */
	assert_false(allowed());
}

static void
test_ipv4_fragments(void **state)
{
	(void)state;
	ipv4(17, 0);
	frame[14 + 7] = 100;
	add_udp(68, 67);
	assert_true(allowed());
	frame[14 + 6] = 0x20; /* first fragment, more follow */
	frame[14 + 7] = 0;
	assert_false(allowed());
	ipv4(2, 0);
	frame[14 + 7] = 100;
	assert_false(allowed());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethertypes),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_stations),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_ipv4_fragments),
	};

	ts_punt_filter_init(&filter, own_mac, 1000, now);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
