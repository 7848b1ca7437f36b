/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of the status page by clocks of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history_rig.h"

#define DAY TS_HISTORY_DAY

static double
mean(enum ts_history_span span, unsigned age)
{
	return ts_history_cell(h, span, 0, age).mean;
}

static void
test_nothing_is_known_at_first(void **s)
{
	(void)s;
	assert_int_equal(ts_history_end(h, HOUR), 0);
	assert_true(isnan(mean(HOUR, 0)));
	assert_true(ts_history_due(h, wall));
	sample(h);
	assert_int_equal(ts_history_end(h, HOUR), 0);
	assert_false(ts_history_due(h, wall + 9999));
	assert_true(ts_history_due(h, wall + 10000));
}

static void
test_rates(void **s)
{
	(void)s;
	sample(h);
	run_s(10, 7);
	run_s(10, 9);
	near(mean(HOUR, 0), 9);
	near(mean(HOUR, 1), 7);
	assert_true(isnan(mean(HOUR, 2)));
	assert_int_equal(ts_history_end(h, HOUR), T0 / 1000 + 20);
	near(mean(DAY, 0), 8);
	near(ts_history_cell(h, DAY, 0, 0).peak, 9);
	near(mean(MONTH, 0), 8);
	near(ts_history_cell(h, HOUR, 2, 0).mean, 0);
}

static void
test_levels(void **s)
{
	(void)s;
	sample(h);
	clients = 40;
	run_s(10, 0);
	clients = 20;
	run_s(10, 0);
	near(ts_history_cell(h, HOUR, 1, 0).mean, 20);
	near(ts_history_cell(h, DAY, 1, 0).mean, 30);
	near(ts_history_cell(h, DAY, 1, 0).peak, 40);
}

/* Samples are a little late, and slots get their shares. */
static void
test_samples_between_slots(void **s)
{
	(void)s;
	wall += 2000;
	sample(h);
	wall += 10000, mono += 10000, packets += 100;
	sample(h);
	wall += 10000, mono += 10000, packets += 200;
	sample(h);
	near(mean(HOUR, 2), 10);
	near(mean(HOUR, 1), (10 * 2 + 20 * 8) / 10.0);
	near(mean(HOUR, 0), 20);
	assert_int_equal(ts_history_shown(h, HOUR), 1);
}

static void
test_a_day_and_a_month(void **s)
{
	unsigned known = 0;

	(void)s;
	sample(h);
	for (unsigned day = 0; day < 40; day++)
		run_s(86400, day);
	near(mean(HOUR, 359), 39);
	near(mean(DAY, 1), 39);
	near(mean(DAY, 287), 39);
	near(mean(MONTH, 0), 39);
	near(mean(MONTH, 30 * 24 + 1), 9);
	for (unsigned age = 0; age < TS_HISTORY_MAX_CELLS + 5; age++)
		known += !isnan(mean(MONTH, age));
	assert_int_equal(known, TS_HISTORY_MAX_CELLS);
}

static void
test_counters_that_begin_again(void **s)
{
	(void)s;
	sample(h);
	run_s(10, 50);
	packets = 0;
	run_s(10, 3);
	near(mean(HOUR, 0), 3);
	near(mean(HOUR, 1), 50);
}

/* The thread was not there: what came meanwhile is spread evenly. */
static void
test_late_by_minutes(void **s)
{
	(void)s;
	sample(h);
	wall += 60000, mono += 60000, packets += 600;
	sample(h);
	for (unsigned age = 0; age < 6; age++)
		near(mean(HOUR, age), 10);
	assert_true(isnan(mean(HOUR, 6)));
	wall += 7200000, mono += 7200000, packets += 72000;
	sample(h);
	near(mean(HOUR, 0), 10);
	near(mean(HOUR, 359), 10);
}

static void
jump(int64_t by)
{
	int64_t end;

	sample(h);
	run_s(20, 5);
	end = ts_history_end(h, HOUR);
	wall += by;
	run_s(10, 6);
	near(mean(HOUR, 0), 6);
	near(mean(HOUR, 1), 5);
	near(mean(HOUR, 2), 5);
	assert_true(isnan(mean(HOUR, 3)));
	assert_int_equal(ts_history_end(h, HOUR), end + by / 1000 + 10);
}

static void
test_the_clock_is_put_forward(void **s)
{
	(void)s;
	jump(INT64_C(86400000) * 365 * 20);
}

static void
test_the_clock_is_put_back(void **s)
{
	(void)s;
	jump(-T0);
}

static void
test_the_clock_is_put_back_a_little(void **s)
{
	(void)s;
	sample(h);
	run_s(20, 5);
	wall -= 3000;
	run_s(10, 5);
	run_s(10, 5);
	for (unsigned age = 0; age < 4; age++)
		near(mean(HOUR, age), 5);
	assert_true(ts_history_end(h, HOUR) <= wall / 1000 + 10);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_known_at_first),
		TEST(test_rates),
		TEST(test_levels),
		TEST(test_samples_between_slots),
		TEST(test_a_day_and_a_month),
		TEST(test_counters_that_begin_again),
		TEST(test_late_by_minutes),
		TEST(test_the_clock_is_put_forward),
		TEST(test_the_clock_is_put_back),
		TEST(test_the_clock_is_put_back_a_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
