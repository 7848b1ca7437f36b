/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/prefix_limiter.h: burst, mean rate, keys apart from each other, what a long silence does and does not give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/prefix_limiter.h"

#define HZ 1000000

static struct ts_prefix_limiter limiter;

/* How many of n events at `now` pass. */
static unsigned
passed(uint64_t key, uint64_t now, unsigned n)
{
	unsigned yes = 0;

	while (n-- > 0)
		yes += ts_prefix_limiter_take(&limiter, key, now);
	return yes;
}

static void
test_burst(void **state)
{
	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 10, 5, 1);
	assert_int_equal(passed(7, 0, 100), 5);
	assert_int_equal(passed(7, 0, 100), 0);
}

/* One event per interval, not a cycle earlier. */
static void
test_refill(void **state)
{
	uint64_t now = 12345;

	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 10, 5, 1);
	assert_int_equal(passed(7, now, 100), 5);
	assert_int_equal(passed(7, now + HZ / 10 - 1, 100), 0);
	assert_int_equal(passed(7, now + HZ / 10, 100), 1);
	assert_int_equal(passed(7, now + 3 * HZ / 10, 100), 2);
	assert_int_equal(passed(7, now + 3600ull * HZ, 100), 5); /* silence saves no more than a burst */
}

/* What is refused costs nothing: a host that keeps asking gets its rate. */
static void
test_mean_under_flood(void **state)
{
	unsigned yes = 0;

	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 10, 5, 1);
	for (uint64_t now = 0; now < 10 * HZ; now += HZ / 1000)
		yes += passed(7, now, 1);
	assert_in_range(yes, 100 + 3, 100 + 5);
}

static void
test_keys_are_apart(void **state)
{
	unsigned starved = 0;

	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 10, 5, 99);
	assert_int_equal(passed(0, 0, 100), 5);
	/* consecutive addresses, as a site numbers its hosts: those that share the flooder's slot are few */
	for (uint64_t key = 1; key <= 4096; key++)
		starved += passed(key << 24, 0, 1) == 0;
	assert_in_range(starved, 0, 12);
}

/* Which keys collide depends on the seed. */
static void
test_seed(void **state)
{
	uint64_t key = 1;

	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 10, 1, 1);
	assert_int_equal(passed(0, 0, 1), 1);
	while (passed(key, 0, 1) != 0)
		key++;
	/* now `key` has the slot of one that went before; afresh with other seeds it seldom has that of all */
	unsigned shared = 0;

	for (uint64_t seed = 2; seed < 34; seed++) {
		ts_prefix_limiter_init(&limiter, HZ, 10, 1, seed);
		assert_int_equal(passed(0, 0, 1), 1);
		shared += passed(key, 0, 1) == 0;
	}
	assert_in_range(shared, 0, 4);
}

static void
test_unlimited_and_smallest(void **state)
{
	(void)state;
	ts_prefix_limiter_init(&limiter, HZ, 0, 5, 1);
	assert_int_equal(passed(7, 0, 1000), 1000);
	ts_prefix_limiter_init(&limiter, HZ, 10, 0, 1); /* a burst of none is one */
	assert_int_equal(passed(7, 0, 10), 1);
	assert_int_equal(passed(7, HZ / 10, 10), 1);
	ts_prefix_limiter_init(&limiter, HZ, 2 * HZ, 1, 1); /* faster than the clock: one per cycle */
	assert_int_equal(passed(7, 5, 10), 1);
	assert_int_equal(passed(7, 6, 10), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_refill),
		cmocka_unit_test(test_mean_under_flood),
		cmocka_unit_test(test_keys_are_apart),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_unlimited_and_smallest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
