/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show teredo`: peers by state, cut as O31 asks or in full, in steps of the control thread and up to a limit; the
 * summary's figures. The peer table is a real one, filled through its owner's functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "control/show.h"
#include "control/show_teredo.h"
#include "ctl_client.h"
#include "lib/teredo.h"

#define HZ 1000000000ULL
#define N_OWNERS 2
#define SERVER RTE_BE32(0xc6336401) /* 198.51.100.1 */
#define CLIENT RTE_BE32(0xcb007105) /* 203.0.113.5 */

uint64_t
rte_get_tsc_hz(void)
{
	return HZ;
}

static void *
allocate(size_t bytes)
{
	void *p = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, (size_t)RTE_CACHE_LINE_SIZE));

	assert_non_null(p);
	return memset(p, 0, bytes);
}

static int
setup(void **state)
{
	struct ts_peers_conf conf = {.peers = 100000, .n_owners = N_OWNERS, .seed = 1, .allocate = allocate};
	struct server *sv = server_start();

	sv->c->cfg.teredo_relay = (struct ts_cfg_teredo_relay){.enabled = true,
		.address = RTE_BE32(0xc0000201),
		.port = 3545,
		.peers = 100000,
		.valid_s = 30,
		.forget_s = 300,
		.queue_bytes = 5000};
	standins.teredo.peers = ts_peers_create(&conf);
	assert_non_null(standins.teredo.peers);
	*state = sv;
	return 0;
}

static int
teardown(void **state)
{
	if (standins.teredo.peers != NULL)
		ts_peers_free(standins.teredo.peers, free);
	server_stop(*state);
	return 0;
}

/* age in seconds. */
static void
add_peer(uint16_t n, enum ts_peer_state state, uint32_t age, bool learned)
{
	uint32_t tick = (ts_peer_tick_now() - age * TS_PEER_TICKS_PER_S) & TS_PEER_TICK_MASK;
	struct ts_peers *p = standins.teredo.peers;
	struct ts_peer_hash h;
	uint8_t addr[16];
	int64_t slot;

	ts_teredo_address(addr, SERVER, 0x8000, rte_cpu_to_be_16(n), CLIENT);
	h = ts_peers_hash(p, addr);
	slot = ts_peers_insert(p, addr, &h, state, tick, 0, 30 * TS_PEER_TICKS_PER_S, 300 * TS_PEER_TICKS_PER_S);
	assert_true(slot >= 0);
	if (learned)
		ts_peers_set(p, (uint32_t)slot, state, true, tick, ts_peer_mapping(CLIENT, RTE_BE16(4000), 0));
}

static json_t *
ask(void *state, const char *request)
{
	int fd = client_connect(state);
	json_t *doc = client_ask(state, fd, request);

	close(fd);
	return doc;
}

static void
test_cut(void **state)
{
	add_peer(40000, TS_PEER_CONFIRMED, 2, false);
	expect(*state, "show teredo peers",
		"{\"peers\":[{\"address\":\"2001:0:c633:6401::/64\",\"mapped\":\"203.0.113.0/24\",\"port\":null,"
		"\"state\":\"trusted\",\"age_s\":2,\"learned\":false}]}");
}

static void
test_full(void **state)
{
	add_peer(40000, TS_PEER_CONFIRMED, 40, true);
	expect(*state, "show teredo peers full",
		"{\"peers\":[{\"address\":\"2001:0:c633:6401:8000:63bf:34ff:8efa\",\"mapped\":\"203.0.113.5\","
		"\"port\":4000,\"state\":\"stale\",\"age_s\":40,\"learned\":true}]}");
}

static void
test_states(void **state)
{
	json_t *doc;

	add_peer(1, TS_PEER_UNCONFIRMED, 0, false);
	expect(*state, "show teredo peers",
		"{\"peers\":[{\"state\":\"unconfirmed\",\"age_s\":null,\"address\":"
		"\"2001:0:c633:6401::/64\",\"mapped\":\"203.0.113.0/24\",\"port\":null,"
		"\"learned\":false}]}");
	add_peer(2, TS_PEER_RENEWING, 50, false);
	add_peer(3, TS_PEER_CONFIRMED, 400, false); /* nobody has swept it away: not shown */
	doc = ask(*state, "show teredo peers");
	assert_int_equal(json_array_size(json_object_get(doc, "peers")), 2);
	json_decref(doc);
}

/* More than one step, with whole items and commas; and no more than asked for. */
static void
test_many(void **state)
{
	json_t *doc;

	for (uint16_t i = 1; i <= 20000; i++)
		add_peer(i, TS_PEER_CONFIRMED, 1, false);
	doc = ask(*state, "show teredo peers full");
	assert_int_equal(json_array_size(json_object_get(doc, "peers")), 20000);
	json_decref(doc);
	doc = ask(*state, "show teredo peers limit 777 full");
	assert_int_equal(json_array_size(json_object_get(doc, "peers")), 777);
	json_decref(doc);
	expect(*state, "show teredo peers limit 0", "{\"peers\":[]}");
}

/* A turn of the control thread looks at a part of the table only, also where it is empty. */
static void
test_steps(void **state)
{
	struct server *sv = *state;
	struct ts_answer a;
	unsigned steps = 1;

	ts_show(sv->c, "show teredo peers", 10 << 20, &a);
	assert_non_null(a.step);
	while (a.step(sv->c, &a))
		steps++;
	assert_true(steps > 10);
	ts_answer_free(sv->c, &a);
	ts_show(sv->c, "show teredo peers", 1000, &a);
	assert_non_null(json_object_get(a.whole, "error"));
	ts_answer_free(sv->c, &a);
}

static void
test_summary(void **state)
{
	struct server *sv = *state;

	add_peer(1, TS_PEER_CONFIRMED, 1, false);
	add_peer(2, TS_PEER_CONFIRMED, 31, false);
	add_peer(3, TS_PEER_CONFIRMED, 400, false);
	add_peer(4, TS_PEER_UNCONFIRMED, 0, false);
	add_peer(5, TS_PEER_RENEWING, 0, false);
	standins.contacts = (struct ts_contacts_stats){
		.records = 5, .records_max = 100, .queued_packets = 3, .queued_bytes = 4000, .failed = 2};
	standins.counters[TS_C_teredo_indirect_bubbles] = 4;
	standins.counters[TS_C_teredo_server_advertisements] = 3;
	expect(sv, "show teredo",
		"{\"teredo\":{\"relay\":{\"address\":\"192.0.2.1\",\"port\":3545,\"peers\":{\"trusted\":1,\"stale\":1,"
		"\"expired\":1,\"unconfirmed\":1,\"renewing\":1,\"capacity\":100000},\"table\":{\"inserted\":5},"
		"\"contacts\":{\"records\":5,\"records_max\":100,\"pending\":3,\"failed\":2,\"queued_packets\":3,"
		"\"queued_bytes\":4000,\"queued_bytes_max\":5000},\"counters\":{\"teredo_indirect_bubbles\":8}},"
		"\"server\":null}}");
	sv->c->cfg.teredo_server = (struct ts_cfg_teredo_server){
		.enabled = true, .address = SERVER, .secondary = SERVER + RTE_BE32(1)};
	expect(sv, "show teredo summary",
		"{\"teredo\":{\"server\":{\"address\":\"198.51.100.1\",\"secondary_address\":\"198.51.100.2\","
		"\"secure\":false,\"counters\":{\"teredo_server_advertisements\":6}}}}");
}

static void
test_off(void **state)
{
	struct server *sv = *state;

	ts_peers_free(standins.teredo.peers, free);
	standins.teredo.peers = NULL;
	sv->c->cfg.teredo_relay.enabled = false;
	expect(sv, "show teredo peers", "{\"peers\":[]}");
	expect(sv, "show teredo summary", "{\"teredo\":{\"relay\":null,\"server\":null}}");
}

static void
test_wrong_words(void **state)
{
	expect(*state, "show teredo clients",
		"{\"error\":\"show teredo takes \\\"summary\\\" or \\\"peers\\\", not \\\"clients\\\"\"}");
	expect(*state, "show teredo peers limit x",
		"{\"error\":\"show teredo peers takes \\\"full\\\" and \\\"limit N\\\", not \\\"limit x\\\"\"}");
	expect(*state, "show teredo peers limit",
		"{\"error\":\"show teredo peers takes \\\"full\\\" and \\\"limit N\\\", not \\\"limit\\\"\"}");
	expect(*state, "show teredo peers all",
		"{\"error\":\"show teredo peers takes \\\"full\\\" and \\\"limit N\\\", not \\\"all\\\"\"}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cut),
		T(test_full),
		T(test_states),
		T(test_many),
		T(test_steps),
		T(test_summary),
		T(test_off),
		T(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
