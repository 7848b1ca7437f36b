/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RIB and its pair of FIBs: preference, sweeping, and churn of parents and children at random in a small space at
 * both ends of the address range, every lookup compared with a plain reference that tries all prefix lengths.
 */
#include <errno.h>

#include <rte_byteorder.h>

#include "route_rig.h"

static const struct ts_rib_conf small = {.max_ipv4 = 5000, .max_ipv6 = 5000, .tbl8_ipv4 = 4096, .tbl8_ipv6 = 16384};

static struct rig r;

static int
setup(void **state)
{
	(void)state;
	rig_init(&r);
	rig_add_rib(&r, &small);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_fini(&r);
	return 0;
}

static void
publish_both(void)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned idle = ts_rib_idle(r.rib);

		ts_rib_apply(r.rib, idle);
		ts_rib_published(r.rib, idle);
	}
}

static uint32_t
lookup(unsigned which, uint8_t family, const uint8_t *addr)
{
	uint64_t nh = 0;
	rte_be32_t be;
	uint8_t v6[1][16];

	memcpy(&be, addr, 4);
	memcpy(v6[0], addr, family == AF_INET ? 4 : 16);
	uint32_t v4 = rte_be_to_cpu_32(be);

	if (family == AF_INET)
		rte_fib_lookup_bulk(ts_rib_fib4(r.rib, which), &v4, &nh, 1);
	else
		rte_fib6_lookup_bulk(ts_rib_fib6(r.rib, which), v6, &nh, 1);
	return (uint32_t)nh;
}

static void
mask(uint8_t *addr, int len)
{
	for (int bit = len; bit < 128; bit++)
		addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static uint32_t
reference(uint8_t family, const uint8_t *addr)
{
	struct ts_route_info info;
	uint8_t p[16];

	memcpy(p, addr, 16);
	for (int len = family == AF_INET ? 32 : 128; len >= 0; len--) {
		mask(p, len);
		if (ts_rib_get(r.rib, family, p, (uint8_t)len, &info))
			return info.nh;
	}
	return TS_NH_NO_ROUTE;
}

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

/* Few bits vary, so that parents, children and neighbours meet often; one in four lies at the end of the address space.
 */
static void
random_addr(uint8_t family, uint8_t a[16])
{
	static const uint8_t bytes[] = {0, 1, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};

	memset(a, 0, 16);
	for (unsigned i = 0; i < (family == AF_INET ? 4u : 16u); i++)
		a[i] = bytes[rand() % 8];
	if (rand() % 4 == 0)
		memset(a, 0xff, (size_t)(rand() % (family == AF_INET ? 5 : 17)));
	else if (rand() % 2 == 0)
		memcpy(a, "\x20\x01\x0d", 3);
}

static void
change_one(uint8_t family, uint32_t *nhs, unsigned n)
{
	uint8_t p[16];
	int max = family == AF_INET ? 32 : rand() % 2 ? 128 : 64;
	uint8_t len = (uint8_t)(rand() % (max + 1));

	if (len < 12 && rand() % 16 != 0)
		len += 12; /* writing short ones takes its time */

	random_addr(family, p);
	mask(p, len);
	if (rand() % 5 < 2) {
		ts_rib_del(r.rib, family, p, len, TS_ORIGIN_KERNEL, 0);
		return;
	}
	uint32_t nh = nhs[(unsigned)rand() % n];

	ts_nexthop_hold(r.nexthops, nh);
	ts_rib_set(r.rib, family, p, len, TS_ORIGIN_KERNEL, 0, nh, 0);
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

/* design.md, "Traps": each round costs tbl8 reservations for good, until the FIB is made anew. */
static void
tbl8_drift_is_survived(void **state)
{
	static const uint8_t parent[16] = {0x20, 1, 0x0d, 0xb8}, child[16] = {0x20, 1, 0x0d, 0xb8, 0, 1};
	struct ts_rib_stats stats;
	(void)state;

	for (unsigned round = 0; round < 6000; round++) {
		uint32_t a = rig_nexthop(&r, 1), b = rig_nexthop(&r, 2);

		ts_rib_set(r.rib, AF_INET6, parent, 32, TS_ORIGIN_KERNEL, 0, a, 0);
		publish_both();
		ts_rib_set(r.rib, AF_INET6, child, 48, TS_ORIGIN_KERNEL, 0, b, 0);
		publish_both();
		for (unsigned which = 0; which < 2; which++) {
			assert_int_equal(lookup(which, AF_INET6, parent), a);
			assert_int_equal(lookup(which, AF_INET6, child), b);
		}
		ts_rib_del(r.rib, AF_INET6, parent, 32, TS_ORIGIN_KERNEL, 0);
		publish_both();
		ts_rib_del(r.rib, AF_INET6, child, 48, TS_ORIGIN_KERNEL, 0);
		publish_both();
	}
	ts_rib_stats(r.rib, &stats);
	assert_true(stats.rebuilds > 0);
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

struct order {
	struct ts_route_info last;
	unsigned n;
};

static bool
check_order(const struct ts_route_info *i, void *arg)
{
	struct order *o = arg;

	if (o->n > 0 && o->last.family == i->family)
		assert_true(memcmp(o->last.prefix, i->prefix, 16) <= 0);
	o->last = *i;
	o->n++;
	return true;
}

static void
walking_is_in_prefix_order(void **state)
{
	struct order o = {.n = 0};
	uint32_t nh = rig_nexthop(&r, 1);
	(void)state;

	srand(1);
	for (unsigned i = 0; i < 300; i++)
		change_one(i % 2 ? AF_INET : AF_INET6, &nh, 1);
	ts_rib_foreach(r.rib, 0, check_order, &o);
	assert_int_equal(o.n, ts_rib_count(r.rib, AF_INET) + ts_rib_count(r.rib, AF_INET6));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_best_route_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(default_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(churn4, setup, teardown),
		cmocka_unit_test_setup_teardown(churn6, setup, teardown),
		cmocka_unit_test_setup_teardown(tbl8_drift_is_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(the_limit_holds_for_the_kernel_only, setup, teardown),
		cmocka_unit_test_setup_teardown(walking_is_in_prefix_order, setup, teardown),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
