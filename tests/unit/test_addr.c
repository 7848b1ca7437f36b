/* SPDX-License-Identifier: BSD-3-Clause */
/* Address mappings: the examples of the RFCs, and what must not be taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/addr.h"

static struct in6_addr
v6(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static rte_be32_t
v4(const char *text)
{
	rte_be32_t a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static void
test_6to4(void **state)
{
	(void)state;
	struct in6_addr a = v6("2002:c000:022a::1");

	assert_true(ts_is_6to4(a.s6_addr));
	assert_int_equal(ts_6to4_v4(a.s6_addr), v4("192.0.2.42"));
	a = v6("2002:c058:6301::");
	assert_int_equal(ts_6to4_v4(a.s6_addr), TS_6TO4_ANYCAST);
	a = v6("2001:2:c000:22a::1");
	assert_false(ts_is_6to4(a.s6_addr));
}

static void
test_teredo_prefix(void **state)
{
	(void)state;
	assert_true(ts_is_teredo(v6("2001:0:4136:e378:8000:63bf:3fff:fdd2").s6_addr));
	assert_false(ts_is_teredo(v6("2001:1::1").s6_addr));
	assert_false(ts_is_teredo(v6("2001:db8::1").s6_addr));
}

/* RFC 5214 6.1: both values of the u bit; no other neighbour of the pattern. */
static void
test_isatap(void **state)
{
	(void)state;
	struct in6_addr a = v6("2001:db8::200:5efe:10.1.2.3");

	assert_true(ts_is_isatap_iid(a.s6_addr));
	assert_int_equal(ts_isatap_v4(a.s6_addr), v4("10.1.2.3"));
	assert_true(ts_is_isatap_iid(v6("fe80::5efe:a01:203").s6_addr));
	assert_false(ts_is_isatap_iid(v6("fe80::100:5efe:a01:203").s6_addr));
	assert_false(ts_is_isatap_iid(v6("fe80::5eff:a01:203").s6_addr));
	assert_false(ts_is_isatap_iid(v6("fe80::201:5efe:a01:203").s6_addr));
}

struct case_6rd {
	const char *prefix;
	uint8_t len, mask;
	const char *common, *ce, *delegated;
	uint8_t delegated_len;
};

/* The table of protocols.md R3 and RFC 5969 section 4. */
static const struct case_6rd cases_6rd[] = {
	{"2001:db8::", 32, 8, "10.0.0.0", "10.100.100.1", "2001:db8:6464:100::", 56},
	{"2001:db8::", 32, 8, "10.0.0.0", "10.0.0.1", "2001:db8:0:100::", 56},
	{"3fff:40::", 26, 0, "0.0.0.0", "192.0.2.42", "3fff:70:0:8a80::", 58},
	{"3fff:0:4000::", 40, 12, "172.16.0.0", "172.19.86.120", "3fff:0:4035:6780::", 60},
	{"2001:db8::", 32, 32, "192.0.2.1", "192.0.2.1", "2001:db8::", 32},
};

static void
test_6rd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases_6rd) / sizeof(cases_6rd[0]); i++) {
		const struct case_6rd *c = &cases_6rd[i];
		struct ts_prefix6rd d = {{v6(c->prefix), c->len}, c->mask, v4(c->common)};
		struct in6_addr want = v6(c->delegated);
		struct ts_prefix6 got = ts_6rd_delegated(&d, v4(c->ce));

		assert_memory_equal(&got.addr, &want, 16);
		assert_int_equal(got.len, c->delegated_len);
		assert_int_equal(ts_6rd_v4(&d, want.s6_addr), v4(c->ce));
	}
}

static void
test_prefixes(void **state)
{
	(void)state;
	struct ts_prefix6 p = {v6("3fff:40::"), 26};
	struct ts_prefix4 q = {v4("198.51.100.0"), 23}, all = {0, 0};
	struct in6_addr a = v6("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), want;

	assert_true(ts_prefix6_contains(&p, v6("3fff:7f:ffff::1").s6_addr));
	assert_false(ts_prefix6_contains(&p, v6("3fff:80::1").s6_addr));
	assert_true(ts_prefix4_contains(&q, v4("198.51.101.255")));
	assert_false(ts_prefix4_contains(&q, v4("198.51.102.0")));
	assert_true(ts_prefix4_contains(&all, v4("255.255.255.255")));
	ts_mask6(&a, 33);
	want = v6("2001:db8:8000::");
	assert_memory_equal(&a, &want, 16);
	ts_mask6(&a, 0);
	want = v6("::");
	assert_memory_equal(&a, &want, 16);
}

static void
test_parse(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "/", "1.2.3.4/", "1.2.3.4/33", "1.2.3/24", "::1/129", "::1/-1",
		"1.2.3.4/ 8", "1.2.3.4/8x", "host", "1.2.3.4/99999999999999999999", "2001:db8::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"};
	rte_be32_t a;
	struct in6_addr b;
	uint8_t len;

	assert_int_equal(ts_parse_prefix("198.51.100.1/24", &a, &b, &len), AF_INET);
	assert_int_equal(a, v4("198.51.100.1"));
	assert_int_equal(len, 24);
	assert_int_equal(ts_parse_prefix("2001:db8::1", &a, &b, &len), AF_INET6);
	assert_int_equal(len, 128);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ts_parse_prefix(bad[i], &a, &b, &len), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_6to4),
		cmocka_unit_test(test_teredo_prefix),
		cmocka_unit_test(test_isatap),
		cmocka_unit_test(test_6rd),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
