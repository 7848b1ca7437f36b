/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB and its pair of FIBs: preference, sweeping, and churn of parents and children at random in a small space at
 * both ends of the address range, every lookup compared with a plain reference that tries all prefix lengths; also when
 * the FIBs are too small.
 */
#include "rib_rig.h"

static void
the_best_route_wins(void **state)
{
	static const uint8_t p[16] = {198, 51, 100}, in[16] = {198, 51, 100, 7};
	struct ts_route_info info;
	uint32_t nh[4];
	(void)state;

	for (unsigned i = 0; i < 4; i++)
		nh[i] = rig_nexthop(&r, i);
	ts_rib_set(r.rib, AF_INET, p, 24, TS_ORIGIN_KERNEL, 20, nh[0], 1);
	ts_rib_set(r.rib, AF_INET, p, 24, TS_ORIGIN_KERNEL, 10, nh[1], 2);
	publish_both();
	assert_int_equal(lookup(0, AF_INET, in), nh[1]);
	ts_rib_set(r.rib, AF_INET, p, 24, TS_ORIGIN_STATIC, 99, nh[2], 1);
	publish_both();
	assert_int_equal(lookup(0, AF_INET, in), nh[2]);
	assert_int_equal(ts_rib_del(r.rib, AF_INET, p, 24, TS_ORIGIN_STATIC, 99), 0);
	assert_int_equal(ts_rib_del(r.rib, AF_INET, p, 24, TS_ORIGIN_STATIC, 99), -ENOENT);
	assert_int_equal(ts_rib_sweep(r.rib, AF_INET, TS_ORIGIN_KERNEL, 1), 1);
	publish_both();
	for (unsigned which = 0; which < 2; which++)
		assert_int_equal(lookup(which, AF_INET, in), nh[0]);
	assert_true(ts_rib_get(r.rib, AF_INET, p, 24, &info));
	assert_int_equal(info.metric, 20);
	assert_true(info.best);
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 1);
}

static void
default_routes(void **state)
{
	static const uint8_t zero[16], half[16] = {0x80}, low[16] = {9, 9, 9, 9}, high[16] = {0xfa, 1, 1, 1};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	(void)state;

	for (unsigned f = 0; f < 2; f++) {
		uint32_t a = rig_nexthop(&r, 1), b = rig_nexthop(&r, 2), c = rig_nexthop(&r, 3);

		ts_rib_set(r.rib, families[f], zero, 1, TS_ORIGIN_KERNEL, 0, a, 0);
		ts_rib_set(r.rib, families[f], half, 1, TS_ORIGIN_KERNEL, 0, b, 0);
		publish_both();
		ts_rib_set(r.rib, families[f], zero, 0, TS_ORIGIN_KERNEL, 0, c, 0);
		publish_both();
		assert_int_equal(lookup(0, families[f], low), a);
		assert_int_equal(lookup(0, families[f], high), b);
		ts_rib_del(r.rib, families[f], zero, 1, TS_ORIGIN_KERNEL, 0);
		ts_rib_del(r.rib, families[f], half, 1, TS_ORIGIN_KERNEL, 0);
		publish_both();
		assert_int_equal(lookup(1, families[f], low), c);
		assert_int_equal(lookup(0, families[f], high), c);
		ts_rib_del(r.rib, families[f], zero, 0, TS_ORIGIN_KERNEL, 0);
		publish_both();
		assert_int_equal(lookup(0, families[f], low), TS_NH_NO_ROUTE);
		assert_int_equal(lookup(1, families[f], high), TS_NH_NO_ROUTE);
	}
}

struct gathered {
	struct ts_route_info routes[6000];
	unsigned n;
};

static bool
gather_some(const struct ts_route_info *i, void *arg)
{
	struct gathered *g = arg;

	if (rand() % 3 == 0)
		g->routes[g->n++] = *i;
	return true;
}

static void
delete_some(uint8_t family)
{
	static struct gathered g;

	g.n = 0;
	ts_rib_foreach(r.rib, family, gather_some, &g);
	for (unsigned k = 0; k < g.n; k++) {
		const struct ts_route_info *i = &g.routes[k];

		assert_int_equal(ts_rib_del(r.rib, i->family, i->prefix, i->len, i->origin, i->metric), 0);
	}
}

static void
check_many(uint8_t family, unsigned round)
{
	for (unsigned i = 0; i < 400; i++) {
		uint8_t a[16];

		random_addr(family, a);
		for (unsigned which = 0; which < 2; which++)
			if (lookup(which, family, a) != reference(family, a))
				fail_msg("round %u: FIB %u and the reference differ at %02x%02x%02x%02x...", round,
					which, a[0], a[1], a[2], a[3]);
	}
}

static void
churn(uint8_t family)
{
	uint32_t nhs[300];

	srand(4711);
	for (unsigned i = 0; i < 300; i++)
		nhs[i] = rig_nexthop(&r, i);
	for (unsigned round = 0; round < 60; round++) {
		for (unsigned i = 0; i < 150; i++)
			change_one(family, nhs, 300);
		if (round % 10 == 9)
			delete_some(family);
		publish_both();
		assert_false(ts_rib_dirty(r.rib, 0) || ts_rib_dirty(r.rib, 1));
		check_many(family, round);
	}
	ts_rib_sweep(r.rib, family, TS_ORIGIN_KERNEL, 1);
	publish_both();
	check_many(family, 1000);
	assert_int_equal(ts_rib_count(r.rib, family), 0);
	for (unsigned i = 0; i < 300; i++)
		ts_nexthop_put(r.nexthops, nhs[i]);
	for (unsigned i = 0; i < 4; i++)
		ts_nexthops_grace(r.nexthops);
	assert_int_equal(ts_nexthops_in_use(r.nexthops), 0); /* no reference leaked */
}

static void
churn4(void **state)
{
	(void)state;
	churn(AF_INET);
}

static void
churn6(void **state)
{
	(void)state;
	churn(AF_INET6);
}

static void
the_limit_holds_for_the_kernel_only(void **state)
{
	uint8_t p[16] = {10};
	struct ts_rib_stats stats;
	int ret = 0;
	(void)state;

	for (unsigned i = 0; i <= small.max_ipv4; i++) {
		p[1] = (uint8_t)(i >> 8);
		p[2] = (uint8_t)i;
		ret = ts_rib_set(r.rib, AF_INET, p, 24, TS_ORIGIN_KERNEL, 0, rig_nexthop(&r, 1), 0);
	}
	assert_int_equal(ret, -ENOSPC);
	assert_int_equal(ts_rib_set(r.rib, AF_INET, p, 24, TS_ORIGIN_OWN, 0, rig_nexthop(&r, 1), 0), 0);
	ts_rib_stats(r.rib, &stats);
	assert_int_equal(stats.refused_full, 1);
	publish_both();
	assert_int_not_equal(lookup(0, AF_INET, p), TS_NH_NO_ROUTE);
}

/* Both FIBs are asked, so they cannot differ unnoticed. */
static unsigned
unplaced(uint8_t family)
{
	struct ts_rib_stats stats;

	ts_rib_stats(r.rib, &stats);
	return stats.family[family == AF_INET6].unplaced;
}

static const struct ts_rib_conf tiny = {.max_ipv4 = 5000, .max_ipv6 = 5000, .tbl8_ipv4 = 16, .tbl8_ipv6 = 200};

static int
setup_tiny(void **state)
{
	(void)state;
	rig_init(&r);
	rig_add_rib(&r, &tiny);
	return 0;
}

/* What the FIBs hold: the reference does not know what is unplaced, so only routes that both must have are compared. */
static void
check_exhausted(uint8_t family, const struct ts_route_info *route, unsigned *missing)
{
	uint32_t first = lookup(0, family, route->prefix), second = lookup(1, family, route->prefix);

	assert_int_equal(first, second);
	*missing += first != reference(family, route->prefix);
}

struct exhausted {
	uint8_t family;
	unsigned missing;
};

static void
check_one(const struct ts_route_info *route, void *arg)
{
	struct exhausted *e = arg;

	check_exhausted(e->family, route, &e->missing);
}

static void
exhaust(uint8_t family)
{
	struct ts_rib_stats stats;
	uint32_t nhs[300];

	srand(815);
	for (unsigned i = 0; i < 300; i++)
		nhs[i] = rig_nexthop(&r, i);
	for (unsigned round = 0; round < 60; round++) {
		struct ts_rib_cursor at = {0};
		struct exhausted e = {.family = family};

		for (unsigned i = 0; i < 100; i++)
			change_one(family, nhs, 300);
		if (round % 8 == 7)
			delete_some(family);
		publish_both();
		publish_both();
		assert_false(ts_rib_dirty(r.rib, 0) || ts_rib_dirty(r.rib, 1));
		while (ts_rib_walk(r.rib, family, NULL, &at, 100, check_one, &e))
			;
		/* A prefix's first address may belong to a longer one that is unplaced. */
		assert_true(e.missing <= 2 * unplaced(family));
		if (unplaced(family) == 0)
			check_many(family, round);
	}
	ts_rib_stats(r.rib, &stats);
	assert_true(stats.insert_failures > 0 && stats.retries > 0);
	while (unplaced(family) > 0) { /* room comes back, and what was refused takes it */
		delete_some(family);
		publish_both();
		publish_both();
	}
	check_many(family, 1000);
	ts_rib_sweep(r.rib, family, TS_ORIGIN_KERNEL, 1);
	publish_both();
	ts_rib_stats(r.rib, &stats);
	assert_int_equal(stats.family[family == AF_INET6].used, 0);
	for (unsigned i = 0; i < 300; i++)
		ts_nexthop_put(r.nexthops, nhs[i]);
	for (unsigned i = 0; i < 4; i++)
		ts_nexthops_grace(r.nexthops);
	assert_int_equal(ts_nexthops_in_use(r.nexthops), 0);
}

static void
exhaustion4(void **state)
{
	(void)state;
	exhaust(AF_INET);
}

static void
exhaustion6(void **state)
{
	(void)state;
	exhaust(AF_INET6);
}

static void
no_room_is_said_and_forgotten(void **state)
{
	struct ts_rib_stats stats;
	uint8_t p[16] = {10};
	(void)state;

	for (unsigned i = 0; i < 20; i++) {
		p[2] = (uint8_t)i;
		ts_rib_set(r.rib, AF_INET, p, 32, TS_ORIGIN_KERNEL, 0, rig_nexthop(&r, i), 0);
	}
	publish_both();
	publish_both();
	ts_rib_stats(r.rib, &stats);
	assert_int_equal(stats.family[0].used, 16);
	assert_int_equal(stats.family[0].unplaced, 4);
	assert_true(stats.family[0].full && !stats.family[1].full);
	for (unsigned i = 0; i < 20; i++) {
		p[2] = (uint8_t)i;
		if (lookup(0, AF_INET, p) == 0)
			continue;
		ts_rib_del(r.rib, AF_INET, p, 32, TS_ORIGIN_KERNEL, 0);
		if (stats.family[0].unplaced-- == 1)
			break;
	}
	publish_both();
	publish_both();
	ts_rib_stats(r.rib, &stats);
	assert_int_equal(stats.family[0].unplaced, 0);
	assert_int_equal(stats.family[0].used, 16);
	assert_false(stats.family[0].full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_best_route_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(default_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(churn4, setup, teardown),
		cmocka_unit_test_setup_teardown(churn6, setup, teardown),
		cmocka_unit_test_setup_teardown(the_limit_holds_for_the_kernel_only, setup, teardown),
		cmocka_unit_test_setup_teardown(exhaustion4, setup_tiny, teardown),
		cmocka_unit_test_setup_teardown(exhaustion6, setup_tiny, teardown),
		cmocka_unit_test_setup_teardown(no_room_is_said_and_forgotten, setup_tiny, teardown),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
