/* SPDX-License-Identifier: BSD-3-Clause */
/* Header checks, when an ICMPv6 error may be sent, the ECN table, the token bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/ip_check.h"
#include "lib/token_bucket.h"

/* A sound header of ihl bytes with these options, total length `total`. */
static void
make_v4(uint8_t *p, uint8_t ihl, const uint8_t *options, uint16_t total)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, 60);
	ip->version_ihl = 0x40 | ihl / 4;
	ip->total_length = rte_cpu_to_be_16(total);
	ip->time_to_live = 64;
	ip->src_addr = RTE_BE32(0xc000022a);
	if (ihl > 20)
		memcpy(p + 20, options, ihl - 20);
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(p, ihl);
}

static void
test_ipv4(void **state)
{
	(void)state;
	static const uint8_t nop_end[4] = {1, 1, 1, 0}, lsrr[4] = {131, 3, 4, 0}, ssrr[4] = {1, 137, 3, 4};
	static const uint8_t short_option[4] = {7, 1, 0, 0}, long_option[4] = {7, 5, 0, 0}, cut[4] = {1, 1, 1, 7};
	static const uint8_t after_end[4] = {0, 131, 3, 4}, record[4] = {7, 4, 4, 0};
	uint8_t p[128] = {0};

	make_v4(p, 20, NULL, 60);
	assert_int_equal(ts_ipv4_check(p, 60, 60), TS_V4_OK);
	assert_int_equal(ts_ipv4_check(p, 66, 66), TS_V4_OK);
	assert_int_equal(ts_ipv4_check(p, 59, 59), TS_V4_HDR);
	assert_int_equal(ts_ipv4_check(p, 19, 19), TS_V4_HDR);
	p[9] ^= 1;
	assert_int_equal(ts_ipv4_check(p, 60, 60), TS_V4_CSUM);
	make_v4(p, 20, NULL, 19);
	assert_int_equal(ts_ipv4_check(p, 60, 60), TS_V4_HDR);
	make_v4(p, 20, NULL, 60);
	p[0] = 0x44;
	assert_int_equal(ts_ipv4_check(p, 60, 60), TS_V4_HDR);
	p[0] = 0x65;
	assert_int_equal(ts_ipv4_check(p, 60, 60), TS_V4_HDR);
	make_v4(p, 24, nop_end, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_OK);
	assert_int_equal(ts_ipv4_check(p, 24, 23), TS_V4_HDR);
	make_v4(p, 24, record, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_OK);
	make_v4(p, 24, lsrr, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_SOURCE_ROUTE);
	make_v4(p, 24, ssrr, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_SOURCE_ROUTE);
	make_v4(p, 24, after_end, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_OK);
	make_v4(p, 24, short_option, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_HDR);
	make_v4(p, 24, long_option, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_HDR);
	make_v4(p, 24, cut, 24);
	assert_int_equal(ts_ipv4_check(p, 24, 24), TS_V4_HDR);
}

static bool
refused(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return ts_ipv6_addr_refused(a.s6_addr);
}

static void
test_g16(void **state)
{
	(void)state;
	static const char *const bad[] = {"::", "::1", "::ffff:1.2.3.4", "::1.2.3.4", "0:ffff::1", "fe80::1", "febf::1",
		"fec0::1", "feff::1", "ff02::1", "ff0e::1", "fc00::1", "fdff::1"};
	static const char *const good[] = {
		"1::1", "64:ff9b::1", "2001:db8::1", "2002::1", "fbff::1", "fe00::1", "fe7f::1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!refused(bad[i]))
			fail_msg("%s", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (refused(good[i]))
			fail_msg("%s", good[i]);
}

/* RFC 6040 4.2, all sixteen. */
static void
test_ecn(void **state)
{
	(void)state;
	enum { NOT, ECT1, ECT0, CE };
	static const int want[4][4] = {
		[NOT] = {[NOT] = NOT, [ECT0] = NOT, [ECT1] = NOT, [CE] = -1},
		[ECT0] = {[NOT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE},
		[ECT1] = {[NOT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE},
		[CE] = {[NOT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE},
	};

	for (unsigned inner = 0; inner < 4; inner++)
		for (unsigned outer = 0; outer < 4; outer++)
			assert_int_equal(ts_ecn_decap(inner, outer), want[inner][outer]);
}

static bool
may(const uint8_t *after, size_t n, uint8_t next, bool too_big)
{
	uint8_t p[256] = {0x60};

	p[6] = next;
	if (n != 0)
		memcpy(p + 40, after, n);
	return ts_icmp6_may_answer(p, 40 + (uint32_t)n, too_big);
}

static void
test_may_answer(void **state)
{
	(void)state;
	static const uint8_t echo[8] = {128}, unreachable[8] = {1}, redirect[8] = {137};
	static const uint8_t hbh_error[16] = {58, 0, 1, 4, 0, 0, 0, 0, 3},
			     hbh_echo[16] = {58, 0, 1, 4, 0, 0, 0, 0, 128};
	static const uint8_t first_fragment_error[16] = {58, 0, 0, 1, 0, 0, 0, 0, 1};
	static const uint8_t later_fragment_icmp[16] = {58, 0, 0, 9}, later_fragment_udp[16] = {17, 0, 0, 9};
	static const uint8_t auth_error[20] = {58, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4};
	uint8_t chain[128] = {0};

	assert_true(may(echo, 8, 58, false));
	assert_false(may(unreachable, 8, 58, false));
	assert_false(may(unreachable, 8, 58, true));
	assert_false(may(redirect, 8, 58, false));
	assert_false(may(NULL, 0, 58, false)); /* the type is not there */
	assert_true(may(NULL, 0, 59, false));
	assert_true(may(echo, 8, 6, false));
	assert_false(may(hbh_error, 16, 0, false));
	assert_true(may(hbh_echo, 16, 0, false));
	assert_false(may(auth_error, 20, 51, false));
	assert_false(may(first_fragment_error, 16, 44, false));
	assert_false(may(later_fragment_icmp, 16, 44, false));
	assert_true(may(later_fragment_icmp, 16, 44, true));
	assert_true(may(later_fragment_udp, 16, 44, false));
	assert_false(may(chain, sizeof(chain), 0, false)); /* hop-by-hop without end: giving up means no error */
	assert_false(may(hbh_error, 1, 0, false));
}

static void
test_rh0(void **state)
{
	(void)state;
	uint8_t p[64] = {0x60};

	p[6] = 43;
	p[43] = 1;
	assert_true(ts_ipv6_rh0(p, 64));
	p[43] = 0; /* no segments left */
	assert_false(ts_ipv6_rh0(p, 64));
	p[43] = 1;
	p[42] = 2; /* another type */
	assert_false(ts_ipv6_rh0(p, 64));
	p[42] = 0;
	assert_false(ts_ipv6_rh0(p, 43));
}

static void
test_token_bucket(void **state)
{
	(void)state;
	struct ts_token_bucket b;
	unsigned passed = 0;

	ts_token_bucket_init(&b, 1000000, 100, 5, 50);
	for (int i = 0; i < 20; i++)
		passed += ts_token_bucket_take(&b, 50);
	assert_int_equal(passed, 5);
	assert_false(ts_token_bucket_take(&b, 50 + 9999));
	assert_true(ts_token_bucket_take(&b, 50 + 10000));
	/* a long pause fills the bucket to its depth, no more; time never goes back */
	passed = 0;
	for (int i = 0; i < 20; i++)
		passed += ts_token_bucket_take(&b, UINT64_C(1) << 60);
	assert_int_equal(passed, 5);
	assert_false(ts_token_bucket_take(&b, 7));
	ts_token_bucket_init(&b, 1000000, 0, 5, 0);
	assert_false(ts_token_bucket_take(&b, UINT64_MAX));
	ts_token_bucket_init(&b, 1000, 4000000000u, 0, 0);
	assert_true(ts_token_bucket_take(&b, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_g16),
		cmocka_unit_test(test_ecn),
		cmocka_unit_test(test_may_answer),
		cmocka_unit_test(test_rh0),
		cmocka_unit_test(test_token_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
