/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops, adjacencies and neighbours: sharing, weights, reuse after two grace periods, ready headers. */
#include "route_rig.h"

static void
equal_ones_are_shared(void **state)
{
	struct rig r;
	struct ts_path p[2] = {rig_path(0, 1, 1), rig_path(1, 2, 1)}, q[2] = {p[1], p[0]};
	(void)state;

	rig_init(&r);
	uint32_t a = ts_nexthop_get_paths(r.nexthops, p, 2), b = ts_nexthop_get_paths(r.nexthops, q, 2);
	uint32_t local = ts_nexthop_get_local(r.nexthops, true, TS_PROTO41_6TO4, 0, 0);

	assert_true(a > 0);
	assert_int_equal(a, b);
	assert_int_not_equal(a, ts_nexthop_get_paths(r.nexthops, p, 1));
	assert_int_equal(local, ts_nexthop_get_local(r.nexthops, true, TS_PROTO41_6TO4, 0, 0));
	assert_int_not_equal(local, ts_nexthop_get_local(r.nexthops, false, TS_PROTO41_6TO4, 0, 0));
	assert_int_not_equal(local, ts_nexthop_get_local(r.nexthops, true, TS_PROTO41_6TO4, 0, TS_UDP_TEREDO_RELAY));
	assert_int_not_equal(ts_nexthop_get_glean(r.nexthops, 0), ts_nexthop_get_glean(r.nexthops, 1));
	assert_int_equal(ts_nexthops_in_use(r.nexthops), 7);
	rig_fini(&r);
}

/* The slots of the gateways numbered from 0, and all together. */
static unsigned
count_slots(struct rig *r, uint32_t id, unsigned has[40])
{
	const struct ts_nexthop *e = &ts_nexthop_array(r->nexthops)[id];
	struct ts_adjacency *a = ts_adjacencies_snapshot(r->nexthops);

	memset(has, 0, 40 * sizeof(*has));
	for (unsigned i = 0; i < e->n_slots; i++)
		has[a[e->slots[i]].addr[3]]++;
	ts_adjacencies_free(a);
	return e->n_slots;
}

static void
weights_become_slots(void **state)
{
	static const struct {
		uint8_t weight[5], slots[5];
	} cases[] = {
		{{1}, {1}},
		{{2, 2}, {12, 12}},
		{{3, 1}, {18, 6}},
		{{100, 50, 51}, {12, 6, 6}},
		{{255, 1}, {1}},
		{{10, 10, 11}, {8, 8, 8}},
		{{7, 7, 7, 8}, {6, 6, 6, 6}},
		{{1, 1, 1, 1, 1}, {4, 4, 4, 4, 4}},
	};
	struct rig r;
	(void)state;

	rig_init(&r);
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct ts_path p[5], out[5];
		unsigned n = 0, has[40];

		for (; n < 5 && cases[c].weight[n] != 0; n++)
			p[n] = rig_path(0, n, cases[c].weight[n]);
		count_slots(&r, ts_nexthop_get_paths(r.nexthops, p, n), has);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(has[i], cases[c].slots[i]);
		if (c == 3) { /* what is shown is what was said */
			ts_nexthop_paths(r.nexthops, ts_nexthop_get_paths(r.nexthops, p, n), out, 5);
			assert_true(out[0].weight == 100 && out[1].weight == 50 && out[2].weight == 51);
		}
	}
	rig_fini(&r);
}

/* Slots of those who are in both, and how many of them changed hands. */
static unsigned
moved(struct rig *r, uint32_t from, uint32_t to, unsigned gone)
{
	const struct ts_nexthop *a = &ts_nexthop_array(r->nexthops)[from], *b = &ts_nexthop_array(r->nexthops)[to];
	struct ts_adjacency *adj = ts_adjacencies_snapshot(r->nexthops);
	unsigned n = 0;

	assert_int_equal(a->n_slots, b->n_slots); /* else all flows would be shuffled */
	for (unsigned i = 0; i < a->n_slots; i++)
		n += a->slots[i] != b->slots[i] && adj[a->slots[i]].addr[3] != gone;
	ts_adjacencies_free(adj);
	return n;
}

static void
flows_of_the_others_stay_when_a_member_goes(void **state)
{
	struct rig r;
	(void)state;

	rig_init(&r);
	for (unsigned n_paths = 3; n_paths <= 8; n_paths++) {
		struct ts_path p[8];
		unsigned n = n_paths, has[40];

		for (unsigned i = 0; i < n; i++)
			p[i] = rig_path(0, i, (uint8_t)(n_paths == 8 ? i + 1 : 1));

		uint32_t all = ts_nexthop_get_paths(r.nexthops, p, n), now = all;

		while (n > 2) {
			unsigned gone = n * 7 / 3 % n, number = p[gone].addr[3];
			uint32_t next;

			p[gone] = p[--n];
			next = ts_nexthop_get_paths_like(r.nexthops, p, n, now);
			assert_int_equal(moved(&r, now, next, number), 0);
			assert_int_equal(count_slots(&r, next, has), ts_nexthop_array(r.nexthops)[all].n_slots);
			assert_int_equal(has[number], 0);
			now = next;
		}
		count_slots(&r, now, has);
		if (n_paths < 8) /* equal weights come out even, or nearly */
			assert_true(abs((int)has[p[0].addr[3]] - (int)has[p[1].addr[3]]) <= 1);
	}
	rig_fini(&r);
}

static void
a_member_that_comes_takes_its_part_only(void **state)
{
	struct rig r;
	struct ts_path p[4] = {rig_path(0, 0, 1), rig_path(0, 1, 1), rig_path(0, 2, 1), rig_path(0, 3, 1)}, out[4];
	unsigned has[40];
	(void)state;

	rig_init(&r);
	uint32_t three = ts_nexthop_get_paths(r.nexthops, p, 3);
	uint32_t four = ts_nexthop_get_paths_like(r.nexthops, p, 4, three);

	assert_int_equal(moved(&r, three, four, 99), 6);
	count_slots(&r, four, has);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(has[i], 6);
	assert_int_equal(ts_nexthop_paths(r.nexthops, four, out, 4), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(out[i].addr[3] == i && out[i].weight == 1);
	assert_int_equal(four, ts_nexthop_get_paths_like(r.nexthops, p, 4, four)); /* nothing changed */
	rig_fini(&r);
}

static void
more_than_slots_and_more_than_256(void **state)
{
	struct rig r;
	struct ts_path p[40], out[TS_NH_SLOTS];
	uint32_t ids[900];
	(void)state;

	rig_init(&r);
	for (unsigned i = 0; i < 40; i++)
		p[i] = rig_path(0, i, 1);
	assert_int_equal(
		ts_nexthop_paths(r.nexthops, ts_nexthop_get_paths(r.nexthops, p, 40), out, TS_NH_SLOTS), TS_NH_SLOTS);
	for (unsigned i = 0; i < 900; i++)
		ids[i] = rig_nexthop(&r, i);
	for (unsigned i = 0; i < 900; i++) {
		struct ts_path want = rig_path(0, i, 1);

		assert_int_equal(ts_nexthop_paths(r.nexthops, ids[i], out, 1), 1);
		assert_memory_equal(out[0].addr, want.addr, 16);
	}
	rig_fini(&r);
}

static void
full_table_is_counted_and_ids_come_back_after_two_graces(void **state)
{
	struct rig r;
	uint32_t first;
	(void)state;

	rig_init(&r);
	first = rig_nexthop(&r, 0);
	for (unsigned i = 1; i < RIG_ADJACENCIES; i++)
		assert_int_not_equal(rig_nexthop(&r, i), TS_NH_NO_ROUTE);
	assert_int_equal(rig_nexthop(&r, 5000), TS_NH_NO_ROUTE);
	assert_int_equal(ts_nexthops_full(r.nexthops), 1);

	ts_nexthop_put(r.nexthops, first);
	assert_true(ts_nexthops_dying(r.nexthops));
	ts_nexthops_grace(r.nexthops);
	assert_int_equal(ts_nexthop_array(r.nexthops)[first].kind, TS_NH_ADJACENCY);
	assert_int_equal(rig_nexthop(&r, 5000), TS_NH_NO_ROUTE);
	assert_int_equal(rig_nexthop(&r, 0), first); /* taken up again */
	ts_nexthop_put(r.nexthops, first);
	for (unsigned i = 0; i < 4; i++) /* the next hop, then its adjacency */
		ts_nexthops_grace(r.nexthops);
	assert_false(ts_nexthops_dying(r.nexthops));
	assert_int_not_equal(rig_nexthop(&r, 5000), TS_NH_NO_ROUTE);
	rig_fini(&r);
}

static void
neighbours_make_headers(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint8_t tags[8] = {0x88, 0xa8, 0, 100, 0x81, 0, 0, 200};
	struct rig r;
	struct ts_path p = rig_path(2, 7, 1);
	(void)state;

	rig_init(&r);
	uint32_t id = ts_nexthop_get_paths(r.nexthops, &p, 1);
	struct ts_adjacency *a = ts_adjacencies_snapshot(r.nexthops);
	uint16_t adj = ts_nexthop_array(r.nexthops)[id].slots[0];

	assert_int_equal(a[adj].resolved, 0);
	assert_false(ts_adjacencies_dirty(r.nexthops));
	ts_adjacencies_free(a);
	assert_true(ts_neigh_set(r.nexthops, 2, AF_INET, p.addr, mac, false));
	assert_false(ts_neigh_set(r.nexthops, 2, AF_INET, p.addr, mac, false)); /* nothing new */
	assert_true(ts_adjacencies_dirty(r.nexthops));
	a = ts_adjacencies_snapshot(r.nexthops);
	assert_int_equal(a[adj].resolved, 1);
	assert_int_equal(a[adj].l2_len, 22);
	assert_int_equal(a[adj].port, 12);
	assert_int_equal(a[adj].mtu, 1498);
	assert_memory_equal(a[adj].l2, mac, 6);
	assert_memory_equal(a[adj].l2 + 6, r.ifaces.dp[2].mac.addr_bytes, 6);
	assert_memory_equal(a[adj].l2 + 12, tags, 8);
	ts_adjacencies_free(a);
	assert_true(ts_neigh_set(r.nexthops, 2, AF_INET, p.addr, mac, true) == false);
	assert_false(ts_neigh_set(r.nexthops, 2, AF_INET, p.addr, NULL, false)); /* static stays */
	assert_true(ts_neigh_set(r.nexthops, 2, AF_INET, p.addr, NULL, true));
	rig_fini(&r);
}

static void
count_gateway(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	(void)iface;
	(void)family;
	(void)addr;
	++*(unsigned *)arg;
}

static void
gateways_are_told_once(void **state)
{
	struct rig r;
	struct ts_path p[2] = {rig_path(0, 1, 1), rig_path(0, 2, 1)};
	unsigned made = 0, gone = 0;
	(void)state;

	rig_init(&r);
	ts_nexthops_on_gateway(r.nexthops, count_gateway, &made);
	ts_nexthops_on_gateway_gone(r.nexthops, count_gateway, &gone);
	uint32_t neigh = ts_nexthop_get_neigh(r.nexthops, 0, AF_INET, p[0].addr);
	assert_int_equal(made, 0);
	uint32_t a = ts_nexthop_get_paths(r.nexthops, p, 1), b = ts_nexthop_get_paths(r.nexthops, p, 2);
	assert_int_equal(made, 2);
	ts_nexthop_put(r.nexthops, a);
	ts_nexthop_put(r.nexthops, b);
	ts_nexthops_grace(r.nexthops);
	ts_nexthops_grace(r.nexthops);
	assert_int_equal(gone, 2);
	assert_int_equal(ts_nexthop_array(r.nexthops)[neigh].kind, TS_NH_ADJACENCY);
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_are_shared),
		cmocka_unit_test(weights_become_slots),
		cmocka_unit_test(flows_of_the_others_stay_when_a_member_goes),
		cmocka_unit_test(a_member_that_comes_takes_its_part_only),
		cmocka_unit_test(more_than_slots_and_more_than_256),
		cmocka_unit_test(full_table_is_counted_and_ids_come_back_after_two_graces),
		cmocka_unit_test(neighbours_make_headers),
		cmocka_unit_test(gateways_are_told_once),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
