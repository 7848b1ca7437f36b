/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over the RIB and sweeping it, in steps of any size. */
#include "rib_rig.h"

struct order {
	struct ts_route_info last;
	unsigned n;
};

static void
check_order(const struct ts_route_info *i, void *arg)
{
	struct order *o = arg;

	if (o->n > 0)
		assert_true(memcmp(o->last.prefix, i->prefix, 16) < 0 ||
			(memcmp(o->last.prefix, i->prefix, 16) == 0 && o->last.len < i->len));
	o->last = *i;
	o->n++;
}

static bool
count_route(const struct ts_route_info *i, void *arg)
{
	(void)i;
	++*(unsigned *)arg;
	return true;
}

/* Whatever the size of a step; what comes and goes between steps takes nothing else along. */
static void
walking_is_in_prefix_order(void **state)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	uint32_t nh = rig_nexthop(&r, 1);
	unsigned all = 0;
	(void)state;

	srand(1);
	for (unsigned i = 0; i < 600; i++)
		change_one(families[i % 2], &nh, 1);
	ts_rib_foreach(r.rib, 0, count_route, &all);
	assert_int_equal(all, ts_rib_count(r.rib, AF_INET) + ts_rib_count(r.rib, AF_INET6));
	for (unsigned f = 0; f < 2; f++) {
		for (unsigned step = 1; step < 70; step = step * 3 + 1) {
			struct ts_rib_cursor at = {0};
			struct order o = {.n = 0};

			while (ts_rib_walk(r.rib, families[f], NULL, &at, step, check_order, &o)) {
				ts_nexthop_hold(r.nexthops, nh);
				ts_rib_set(
					r.rib, families[f], (const uint8_t[16]){0x7e}, 16, TS_ORIGIN_STATIC, 0, nh, 0);
				ts_rib_del(r.rib, families[f], (const uint8_t[16]){0x7e}, 16, TS_ORIGIN_STATIC, 0);
			}
			assert_int_equal(o.n, ts_rib_count(r.rib, families[f]));
		}
	}
}

static void
walking_within_a_prefix(void **state)
{
	struct ts_rib_range ranges[] = {{.len = 0}, {.len = 3, .prefix = {0x20}}, {.len = 16, .prefix = {0x20, 1}},
		{.len = 24, .prefix = {0x20, 1, 0x0d}}, {.len = 33, .prefix = {0x20, 1, 0x0d, 0x40, 0x80}}};
	uint32_t nh = rig_nexthop(&r, 1);
	(void)state;

	srand(2);
	for (unsigned i = 0; i < 600; i++)
		change_one(AF_INET6, &nh, 1);
	for (unsigned i = 0; i < 5; i++) {
		struct ts_rib_cursor at = {0}, all = {0};
		struct order o = {.n = 0}, whole = {.n = 0};

		while (ts_rib_walk(r.rib, AF_INET6, &ranges[i], &at, 7, check_order, &o))
			;
		while (ts_rib_walk(r.rib, AF_INET6, NULL, &all, 7, check_order, &whole))
			;
		if (i == 0)
			assert_int_equal(o.n, whole.n);
		else
			assert_true(o.n < whole.n);
		if (o.n > 0) {
			mask(o.last.prefix, ranges[i].len);
			assert_memory_equal(o.last.prefix, ranges[i].prefix, 16);
		}
	}
}

static void
sweeping_in_steps(void **state)
{
	struct ts_rib_cursor at = {0};
	unsigned swept = 0, steps = 0;
	uint32_t nh = rig_nexthop(&r, 1);
	(void)state;

	srand(3);
	for (unsigned i = 0; i < 900; i++)
		change_one(AF_INET, &nh, 1);
	unsigned before = (unsigned)ts_rib_count(r.rib, AF_INET);

	ts_nexthop_hold(r.nexthops, nh);
	ts_rib_set(r.rib, AF_INET, (const uint8_t[16]){9}, 8, TS_ORIGIN_KERNEL, 0, nh, 7);
	while (ts_rib_sweep_step(r.rib, AF_INET, TS_ORIGIN_KERNEL, 7, &at, 10, &swept))
		steps++;
	assert_int_equal(swept, before);
	assert_true(steps > 3);
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(walking_is_in_prefix_order, setup, teardown),
		cmocka_unit_test_setup_teardown(walking_within_a_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(sweeping_in_steps, setup, teardown),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
