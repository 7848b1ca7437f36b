/* SPDX-License-Identifier: BSD-3-Clause */
/* Source policy and loop guard: every list's edges, the reasons in their order, and the bitmap against the exact
 * answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/loop_guard.h"
#include "lib/source_policy.h"

static rte_be32_t
v4(const char *text)
{
	rte_be32_t a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static struct ts_source_policy *
make(enum ts_policy_list list)
{
	const rte_be32_t own[] = {v4("192.88.99.1"), v4("198.51.100.1")};
	const struct ts_prefix4 attached[] = {
		{v4("8.8.8.0"), 24},
		{v4("9.9.9.8"), 30},
		{v4("9.9.9.12"), 31},
		{v4("9.9.9.14"), 32},
		{v4("11.0.0.0"), 22},
	};
	const struct ts_source_policy_conf conf = {
		.list = list, .own = own, .n_own = 2, .attached = attached, .n_attached = 5};
	struct ts_source_policy *p = ts_source_policy_create(&conf);

	assert_non_null(p);
	return p;
}

struct want {
	const char *addr;
	enum ts_policy_verdict core, extended, managed;
};

#define OK TS_POLICY_OK
#define OWN TS_POLICY_OWN
#define REL TS_POLICY_RELAY
#define MAR TS_POLICY_MARTIAN

static const struct want wants[] = {
	{"0.0.0.0", MAR, MAR, MAR},
	{"0.255.255.255", MAR, MAR, MAR},
	{"1.0.0.0", OK, OK, OK},
	{"9.255.255.255", OK, OK, OK},
	{"10.0.0.0", MAR, MAR, OK},
	{"10.255.255.255", MAR, MAR, OK},
	{"100.63.255.255", OK, OK, OK},
	{"100.64.0.0", OK, MAR, OK},
	{"100.127.255.255", OK, MAR, OK},
	{"100.128.0.0", OK, OK, OK},
	{"127.0.0.1", MAR, MAR, MAR},
	{"128.0.0.0", OK, OK, OK},
	{"169.253.255.255", OK, OK, OK},
	{"169.254.0.0", MAR, MAR, MAR},
	{"172.15.255.255", OK, OK, OK},
	{"172.16.0.0", MAR, MAR, OK},
	{"172.31.255.255", MAR, MAR, OK},
	{"172.32.0.0", OK, OK, OK},
	{"192.0.0.1", OK, MAR, OK},
	{"192.0.2.42", OK, MAR, OK},
	{"192.0.1.0", OK, OK, OK},
	{"192.88.99.1", OWN, OWN, OWN},
	{"192.88.99.2", REL, REL, OK},
	{"192.88.98.255", OK, OK, OK},
	{"192.168.0.1", MAR, MAR, OK},
	{"198.18.0.0", OK, MAR, OK},
	{"198.20.0.0", OK, OK, OK},
	{"198.51.100.1", OWN, OWN, OWN},
	{"198.51.100.2", OK, MAR, OK},
	{"203.0.113.255", OK, MAR, OK},
	{"223.255.255.255", OK, OK, OK},
	{"224.0.0.0", MAR, MAR, MAR},
	{"239.255.255.255", MAR, MAR, MAR},
	{"240.0.0.0", MAR, MAR, MAR},
	{"255.255.255.255", MAR, MAR, MAR},
	/* G14: ends of attached subnets, but not of /31 and /32 */
	{"8.8.8.0", MAR, MAR, MAR},
	{"8.8.8.255", MAR, MAR, MAR},
	{"8.8.8.7", OK, OK, OK},
	{"9.9.9.8", MAR, MAR, MAR},
	{"9.9.9.11", MAR, MAR, MAR},
	{"9.9.9.9", OK, OK, OK},
	{"9.9.9.12", OK, OK, OK},
	{"9.9.9.13", OK, OK, OK},
	{"9.9.9.14", OK, OK, OK},
	{"11.0.0.0", MAR, MAR, MAR},
	{"11.0.3.255", MAR, MAR, MAR},
	{"11.0.0.255", OK, OK, OK},
};

static void
test_lists(void **state)
{
	(void)state;
	struct ts_source_policy *core = make(TS_POLICY_CORE), *extended = make(TS_POLICY_EXTENDED);
	struct ts_source_policy *managed = make(TS_POLICY_MANAGED);

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		rte_be32_t a = v4(wants[i].addr);

		if (ts_source_policy_check(core, a) != wants[i].core ||
			ts_source_policy_check(extended, a) != wants[i].extended ||
			ts_source_policy_check(managed, a) != wants[i].managed)
			fail_msg("%s", wants[i].addr);
	}
	ts_source_policy_free(core);
	ts_source_policy_free(extended);
	ts_source_policy_free(managed);
}

/* One load must never say OK where the lists say otherwise. */
static void
test_bitmap_covers_lists(void **state)
{
	(void)state;
	struct ts_source_policy *p = make(TS_POLICY_EXTENDED);
	uint32_t a = 1;

	for (int i = 0; i < 2000000; i++) {
		a = a * 1664525u + 1013904223u;
		if (!ts_source_policy_suspect(p, a))
			assert_int_equal(ts_source_policy_exact(p, a), TS_POLICY_OK);
	}
	ts_source_policy_free(p);
}

/* Access lists come last, so that a martian stays one; partial /24s are exact. */
static void
test_access(void **state)
{
	(void)state;
	const struct ts_prefix4 deny[] = {{v4("8.8.0.0"), 16}, {v4("9.1.2.128"), 25}};
	const struct ts_prefix4 allow[] = {{v4("9.0.0.0"), 8}, {v4("8.0.0.0"), 8}, {v4("7.7.7.7"), 32}};
	struct ts_source_policy_conf conf = {.list = TS_POLICY_CORE, .deny = deny, .n_deny = 2};
	struct ts_source_policy *p = ts_source_policy_create(&conf);

	assert_int_equal(ts_source_policy_check(p, v4("8.8.8.8")), TS_POLICY_DENIED);
	assert_int_equal(ts_source_policy_check(p, v4("9.1.2.128")), TS_POLICY_DENIED);
	assert_int_equal(ts_source_policy_check(p, v4("9.1.2.127")), TS_POLICY_OK);
	assert_int_equal(ts_source_policy_check(p, v4("11.0.0.1")), TS_POLICY_OK);
	ts_source_policy_free(p);
	conf.allow = allow;
	conf.n_allow = 3;
	p = ts_source_policy_create(&conf);
	assert_int_equal(ts_source_policy_check(p, v4("8.8.8.8")), TS_POLICY_DENIED);
	assert_int_equal(ts_source_policy_check(p, v4("8.9.0.1")), TS_POLICY_OK);
	assert_int_equal(ts_source_policy_check(p, v4("7.7.7.7")), TS_POLICY_OK);
	assert_int_equal(ts_source_policy_check(p, v4("7.7.7.8")), TS_POLICY_DENIED);
	assert_int_equal(ts_source_policy_check(p, v4("11.0.0.1")), TS_POLICY_DENIED);
	assert_int_equal(ts_source_policy_check(p, v4("10.0.0.1")), TS_POLICY_MARTIAN);
	ts_source_policy_free(p);
}

static bool
carries(const struct ts_loop_guard *g, const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return ts_loop_guard_carries_own(g, a.s6_addr, 0);
}

static void
test_loop_guard(void **state)
{
	(void)state;
	const rte_be32_t own[] = {v4("198.51.100.1"), v4("192.88.99.1"), v4("10.0.0.1")};
	struct ts_prefix6rd sixrd = {.ipv4_mask_len = 0};
	struct ts_prefix6 isatap = {.len = 64};
	struct ts_loop_guard *none = ts_loop_guard_create(own, 3, NULL, 0, NULL, 0);

	inet_pton(AF_INET6, "3fff:40::", &sixrd.prefix.addr);
	sixrd.prefix.len = 26;
	inet_pton(AF_INET6, "2001:db8:1:2::", &isatap.addr);
	struct ts_loop_guard *known = ts_loop_guard_create(own, 3, &sixrd, 1, &isatap, 1);

	assert_true(carries(none, "2002:c633:6401::1"));
	assert_true(carries(none, "2002:c058:6301:5::"));
	assert_false(carries(none, "2002:c633:6402::1"));
	assert_true(carries(none, "2001:db8:5:6:200:5efe:198.51.100.1"));
	assert_true(carries(none, "2001:db8:5:6:0:5efe:198.51.100.1"));
	assert_false(carries(none, "2001:db8:5:6:0:5efe:198.51.100.2"));
	/* D28: a private own address is somebody else's in every other site */
	assert_false(carries(none, "2001:db8:1:2:0:5efe:10.0.0.1"));
	assert_true(carries(known, "2001:db8:1:2:0:5efe:10.0.0.1"));
	assert_false(carries(known, "2001:db8:1:3:0:5efe:10.0.0.1"));
	assert_false(carries(none, "3fff:71:8cd9:40::1"));
	assert_true(carries(known, "3fff:71:8cd9:0040::1"));
	assert_false(carries(known, "3fff:71:8cd9:0080::1"));
	assert_false(carries(known, "2001:db8::1"));
	ts_loop_guard_free(none);
	ts_loop_guard_free(known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bitmap_covers_lists),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_loop_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
