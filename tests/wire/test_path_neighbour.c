/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a neighbour: a few packets, asked once a second, in order, and given up (decisions.md 1). */
#include "path_tests.h"
#include "path_util.h"

static bool
next_miss(struct ts_event *e)
{
	return rte_ring_dequeue_elem(ts_worker_events(rig.worker), e, sizeof(*e)) == 0;
}

static void
drain_misses(void)
{
	struct ts_event e;

	while (next_miss(&e))
		;
}

/* decisions.md 1: packets wait, a few; control is asked once a second; resolved, they go in order. */
void
test_wait_for_gateway(void **state)
{
	static const char *const gw[] = {"10.9.9.9"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint16_t iface[] = {1};
	uint8_t p[64], got[RIG_FRAME_MAX];
	struct ts_event e;

	(void)state;
	drain_misses();
	set_route(AF_INET, "192.0.2.42", 32, via(gw, iface, 1));
	for (uint8_t i = 0; i < 4; i++) {
		make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
		p[47] = i;
		send_ip(p, 48);
		assert_no_drops();
	}
	assert_int_equal(rig_receive(&rig, got), 0);
	assert_true(next_miss(&e));
	assert_int_equal(e.type, TS_EVENT_NEIGH_MISS);
	assert_int_equal(e.iface, 1);
	assert_int_equal(e.family, AF_INET);
	assert_memory_equal(e.addr, ((uint8_t[]){10, 9, 9, 9}), 4);
	assert_false(next_miss(&e));
	send_ip(p, 48); /* the fifth of four */
	assert_dropped(TS_C_drop_tx_neigh_unresolved);
	rig_advance_ms(&rig, 1100);
	rig_turn(&rig);
	assert_true(next_miss(&e)); /* asked again */

	/* a version that changes nothing for them leaves them waiting */
	set_route(AF_INET, "192.0.2.43", 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	del_route(AF_INET, "192.0.2.43", 32);
	assert_int_equal(rig_receive(&rig, got), 0);
	mark();
	neighbour(1, "10.9.9.9", mac);
	for (uint8_t i = 0; i < 4; i++) {
		assert_int_equal(rig_receive(&rig, got), 18 + 68);
		assert_memory_equal(got, mac, 6);
		assert_int_equal(got[18 + 20 + 47], i);
	}
	assert_no_drops();
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(1, "10.9.9.9", NULL);
}

void
test_wait_times_out(void **state)
{
	uint8_t p[128], got[RIG_FRAME_MAX];
	unsigned in_use = rig_buffers_in_use(&rig);

	(void)state;
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
	assert_no_drops();
	assert_int_equal(rig_buffers_in_use(&rig), in_use + 1);
	rig_advance_ms(&rig, 2900);
	rig_turn(&rig);
	assert_no_drops();
	rig_advance_ms(&rig, 200);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_tx_neigh_unresolved);
	assert_int_equal(rig_buffers_in_use(&rig), in_use);
	assert_int_equal(rig_receive(&rig, got), 0);
	del_route(AF_INET6, "2001:db8:5::", 48);
	drain_misses();
}

/* On-link destinations are resolved one by one; a scan of them is bounded. */
void
test_glean_and_scan(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x42};
	uint8_t p[64], got[RIG_FRAME_MAX];
	struct ts_event e;
	unsigned asked = 0;

	(void)state;
	drain_misses();
	set_route(AF_INET, "192.0.2.0", 24, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_no_drops();
	assert_true(next_miss(&e));
	assert_memory_equal(e.addr, ((uint8_t[]){192, 0, 2, 42}), 4);
	neighbour(1, SITE_V4, mac);
	assert_int_equal(rig_receive(&rig, got), 18 + 68);
	assert_memory_equal(got, mac, 6);

	mark();
	for (unsigned host = 1; host < 255; host++) {
		make_v6(p, "2001:db8::1", "2002:c000:200::1", 8);
		p[29] = (uint8_t)host;
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
	}
	while (next_miss(&e))
		asked++;
	/* half of the slots, and a share of 200 per second for what finds none */
	assert_in_range(asked, 32, 32 + 100);
	assert_int_equal(moved(TS_C_neigh_waits) + moved(TS_C_drop_tx_neigh_unresolved), 253);
	while (rig_receive(&rig, got) != 0)
		;
	neighbour(1, SITE_V4, NULL);
	del_route(AF_INET, "192.0.2.0", 24);
	rig_advance_ms(&rig, 4000);
	rig_turn(&rig);
	drain_misses();
}

void
test_event_ring_full(void **state)
{
	struct ts_event e = {0};
	uint8_t p[64];

	(void)state;
	while (rte_ring_enqueue_elem(ts_worker_events(rig.worker), &e, sizeof(e)) == 0)
		;
	set_route(AF_INET, "192.0.2.0", 24, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_int_equal(moved(TS_C_event_ring_full), 1);
	del_route(AF_INET, "192.0.2.0", 24);
	drain_misses();
	rig_advance_ms(&rig, 4000);
	rig_turn(&rig);
}
