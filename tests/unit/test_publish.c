/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishing to workers that this test plays itself: a command ring each, and QSBR threads that report when told to.
 */
#include <rte_malloc.h>
#include <rte_ring_elem.h>

#include "control/publish.h"
#include "route_rig.h"

#define WORKERS 2
#define RING 4

struct ts_worker {
	struct rte_ring *commands;
	const struct ts_tables *tables;
};

struct rte_ring *
ts_worker_commands(struct ts_worker *w)
{
	return w->commands;
}

static const struct ts_rib_conf small = {.max_ipv4 = 1000, .max_ipv6 = 1000, .tbl8_ipv4 = 256, .tbl8_ipv6 = 256};
static const uint8_t prefix[16] = {198, 51, 100};

static struct rig r;
static struct ts_worker worker[WORKERS];
static struct ts_worker *workers[WORKERS] = {&worker[0], &worker[1]};
static struct rte_rcu_qsbr *qsbr;
static struct ts_publisher *publisher;
static unsigned freed;

static int
setup(void **state)
{
	static const char *const names[] = {"commands0", "commands1"};
	(void)state;

	rig_init(&r);
	rig_add_rib(&r, &small);
	qsbr = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(WORKERS), RTE_CACHE_LINE_SIZE);
	assert_int_equal(rte_rcu_qsbr_init(qsbr, WORKERS), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		worker[i].tables = NULL;
		worker[i].commands = rte_ring_create_elem(
			names[i], sizeof(struct ts_command), RING, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
		assert_non_null(worker[i].commands);
	}
	publisher = ts_publisher_create(r.rib, r.nexthops, &r.ifaces, workers, WORKERS, qsbr);
	freed = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ts_publisher_free(publisher);
	for (unsigned i = 0; i < WORKERS; i++)
		rte_ring_free(worker[i].commands);
	rte_free(qsbr);
	rig_fini(&r);
	return 0;
}

static void
start_worker(unsigned i)
{
	rte_rcu_qsbr_thread_register(qsbr, i);
	rte_rcu_qsbr_thread_online(qsbr, i);
}

static void
turn(unsigned i)
{
	struct ts_command c;

	while (rte_ring_dequeue_elem(worker[i].commands, &c, sizeof(c)) == 0)
		worker[i].tables = c.tables;
	rte_rcu_qsbr_quiescent(qsbr, i);
}

static uint32_t
lookup(const struct ts_tables *t)
{
	uint32_t ip = 0xc6336401;
	uint32_t nh;

	ts_fib4_lookup_bulk(t->fib4, &ip, &nh, 1);
	return nh;
}

static void
set_route(uint32_t nh)
{
	ts_rib_set(r.rib, AF_INET, prefix, 24, TS_ORIGIN_KERNEL, 0, nh, 0);
}

static void
without_running_workers(void **state)
{
	(void)state;
	ts_publish_sync(publisher);
	assert_int_equal(ts_publish_version(publisher), 1);
	uint32_t nh = rig_nexthop(&r, 1);
	set_route(nh);
	ts_publish_sync(publisher);
	assert_int_equal(ts_publish_version(publisher), 2);
	turn(0);
	assert_int_equal(worker[0].tables->version, 2);
	assert_int_equal(lookup(worker[0].tables), nh);
	assert_false(ts_rib_dirty(r.rib, 0) || ts_rib_dirty(r.rib, 1));
	assert_false(ts_publish_poll(publisher)); /* nothing changed: no new version */
	assert_int_equal(ts_publish_version(publisher), 2);
}

static void
a_version_stays_until_everybody_passed(void **state)
{
	(void)state;
	uint32_t a = rig_nexthop(&r, 1), b = rig_nexthop(&r, 2);

	start_worker(0);
	start_worker(1);
	set_route(a);
	assert_true(ts_publish_poll(publisher));
	turn(0);
	assert_true(ts_publish_poll(publisher));
	turn(1);
	ts_publish_poll(publisher);
	const struct ts_tables *old = worker[1].tables;

	assert_int_equal(lookup(old), a);
	set_route(b);
	assert_true(ts_publish_poll(publisher));
	turn(0);
	assert_true(ts_publish_poll(publisher));
	assert_int_equal(lookup(worker[0].tables), b);
	assert_int_equal(lookup(old), a); /* worker 1 still uses it */
	assert_int_equal(old->nexthops[a].kind, TS_NH_ADJACENCY);
	assert_ptr_not_equal(worker[0].tables->fib4, old->fib4);
	for (unsigned i = 0; i < 8; i++) {
		turn(0);
		turn(1);
		ts_publish_poll(publisher);
	}
	assert_int_equal(lookup(worker[1].tables), b);
	assert_int_equal(ts_nexthop_array(r.nexthops)[a].kind, TS_NH_NONE); /* free again, without another change */
	assert_int_equal(ts_nexthops_in_use(r.nexthops), 1);
}

static void
a_full_ring_is_tried_again_for_that_worker_only(void **state)
{
	struct ts_command junk = {.type = TS_COMMAND_TABLES};
	(void)state;

	ts_publish_sync(publisher);
	turn(0);
	turn(1);
	while (rte_ring_enqueue_elem(worker[1].commands, &junk, sizeof(junk)) == 0)
		;
	set_route(rig_nexthop(&r, 1));
	assert_true(ts_publish_poll(publisher));
	assert_true(ts_publish_poll(publisher));
	assert_int_equal(rte_ring_count(worker[0].commands), 1);
	turn(1);
	ts_publish_poll(publisher);
	assert_int_equal(rte_ring_count(worker[1].commands), 1);
	turn(0);
	turn(1);
	assert_ptr_equal(worker[0].tables, worker[1].tables);
}

static void
free_services(struct ts_services *s)
{
	freed++;
	free(s);
}

static void
services_and_adjacencies_change_alone(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct ts_path p = rig_path(0, 1, 1);
	struct ts_services *first = calloc(1, sizeof(*first)), *second = calloc(1, sizeof(*second));
	(void)state;

	start_worker(0);
	set_route(rig_nexthop(&r, 1));
	assert_null(ts_publish_current(publisher));
	ts_publish_services(publisher, first, free_services);
	assert_ptr_equal(ts_publish_current(publisher), first);
	ts_publish_poll(publisher);
	turn(0);
	ts_publish_poll(publisher);
	const struct ts_tables *t = worker[0].tables;
	const struct ts_fib4 *fib = t->fib4;
	const struct ts_adjacency *adj = t->adjacencies;
	uint16_t slot = t->nexthops[lookup(t)].slots[0];

	assert_ptr_equal(t->services, first);
	ts_neigh_set(r.nexthops, 0, AF_INET, p.addr, mac, false);
	assert_true(ts_publish_poll(publisher));
	assert_int_equal(adj[slot].resolved, 0); /* a version that is in use does not change */
	turn(0);
	ts_publish_poll(publisher);
	t = worker[0].tables;
	assert_int_equal(t->adjacencies[slot].resolved, 1);
	assert_ptr_equal(t->fib4, fib);
	assert_ptr_equal(t->services, first);
	ts_publish_services(publisher, calloc(1, sizeof(*first)), free_services);
	ts_publish_services(publisher, second, free_services); /* the one before was never published */
	assert_ptr_equal(ts_publish_current(publisher), second);
	assert_int_equal(freed, 1);
	assert_true(ts_publish_poll(publisher));
	assert_int_equal(freed, 1);
	turn(0);
	assert_false(ts_publish_poll(publisher));
	assert_int_equal(freed, 2);
	assert_ptr_equal(worker[0].tables->services, second);
	assert_ptr_equal(ts_publish_current(publisher), second);
	assert_int_equal(ts_publish_version(publisher), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_running_workers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_version_stays_until_everybody_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_ring_is_tried_again_for_that_worker_only, setup, teardown),
		cmocka_unit_test_setup_teardown(services_and_adjacencies_change_alone, setup, teardown),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
