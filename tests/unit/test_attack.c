/* SPDX-License-Identifier: BSD-3-Clause */
/* When 2001::/32 is withdrawn, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/attack.h"

#define LIMIT 100
#define AFTER 30

static struct ts_attack attack;
static uint64_t now, refused;

static int
setup(void **state)
{
	(void)state;
	attack = (struct ts_attack){0};
	now = 1000;
	refused = 5000;
	return 0;
}

/* So many seconds at this rate; is the prefix withdrawn at their end? */
static bool
pass(unsigned seconds, unsigned rate)
{
	bool withdrawn = false;

	for (unsigned i = 0; i < seconds; i++) {
		now++;
		refused += rate;
		withdrawn = ts_attack_step(&attack, now, refused, LIMIT, AFTER);
		assert_int_equal(ts_attack_step(&attack, now, refused + 100000, LIMIT, AFTER), withdrawn);
	}
	return withdrawn;
}

static void
test_only_a_lasting_overload_withdraws(void **state)
{
	(void)state;
	assert_false(pass(1, 1000000)); /* what was before the first step does not count */
	assert_false(pass(1000, LIMIT));
	assert_false(pass(AFTER - 1, LIMIT + 1));
	assert_false(pass(1, LIMIT));
	assert_false(pass(AFTER - 1, LIMIT + 1));
	assert_true(pass(1, LIMIT + 1));
}

static void
test_steps_may_be_late(void **state)
{
	(void)state;
	pass(1, 0);
	now += 10;
	refused += 10 * (LIMIT + 1);
	assert_false(ts_attack_step(&attack, now, refused, LIMIT, AFTER));
	now += 20;
	refused += 20 * (LIMIT + 1);
	assert_true(ts_attack_step(&attack, now, refused, LIMIT, AFTER));
}

static void
test_the_time_doubles(void **state)
{
	unsigned hold = TS_ATTACK_HOLD_S;

	(void)state;
	pass(1, 0);
	for (int i = 0; i < 8; i++) {
		assert_true(pass(AFTER, LIMIT + 1));
		assert_true(pass(hold - 1, 0));
		assert_false(pass(1, 0));
		hold = hold * 2 < TS_ATTACK_HOLD_MAX_S ? hold * 2 : TS_ATTACK_HOLD_MAX_S;
	}
	/* Long quiet: from the beginning. */
	assert_false(pass(TS_ATTACK_HOLD_MAX_S, 0));
	assert_true(pass(AFTER, LIMIT + 1));
	assert_true(pass(TS_ATTACK_HOLD_S - 1, 0));
	assert_false(pass(1, 0));
}

static void
test_goes_on_while_the_attack_does(void **state)
{
	(void)state;
	pass(1, 0);
	assert_true(pass(AFTER, LIMIT + 1));
	assert_true(pass(10 * TS_ATTACK_HOLD_S, LIMIT + 1));
	assert_false(pass(1, 0));
}

static void
test_never(void **state)
{
	(void)state;
	pass(1, 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_false(ts_attack_step(&attack, ++now, refused += 100000, LIMIT, 0));
	assert_true(pass(AFTER, LIMIT + 1));
	assert_false(ts_attack_step(&attack, ++now, refused, LIMIT, 0)); /* switched off by a reload */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_only_a_lasting_overload_withdraws, setup),
		cmocka_unit_test_setup(test_steps_may_be_late, setup),
		cmocka_unit_test_setup(test_the_time_doubles, setup),
		cmocka_unit_test_setup(test_goes_on_while_the_attack_does, setup),
		cmocka_unit_test_setup(test_never, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
