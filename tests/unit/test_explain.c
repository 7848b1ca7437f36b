/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `explain ADDRESS`: every kind of address, each check of T4 to T6 with the counter that it names, the peer's states.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "control/show_teredo.h"
#include "ctl_client.h"
#include "lib/source_policy.h"

#define OWN RTE_BE32(0xc0586301)	/* 192.88.99.1 */
#define OUR_SERVER RTE_BE32(0xc6336407) /* 198.51.100.7 */

/* Server 65.54.227.120, cone, client 192.0.2.45, port 40000: the example of F1. */
#define EXAMPLE "2001:0:4136:e378:8000:63bf:3fff:fdd2"

static struct ts_services services;

static void *
allocate(size_t bytes)
{
	void *p = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, (size_t)RTE_CACHE_LINE_SIZE));

	assert_non_null(p);
	return memset(p, 0, bytes);
}

uint64_t
rte_get_tsc_hz(void)
{
	return 1000000000;
}

static void
configure(struct ts_config *cfg)
{
	cfg->teredo_relay = (struct ts_cfg_teredo_relay){
		.enabled = true, .port = 3545, .min_client_port = 1024, .peers = 1000, .valid_s = 30, .forget_s = 300};
	cfg->n_sixrd = cfg->n_isatap = 1;
	strcpy(cfg->sixrd[0].name, "isp");
	inet_pton(AF_INET6, "2001:db8:6464::", &cfg->sixrd[0].map.prefix.addr);
	cfg->sixrd[0].map.prefix.len = 48;
	cfg->sixrd[0].map.ipv4_mask_len = 16;
	cfg->sixrd[0].map.ipv4_common = RTE_BE32(0x0a640000);
	strcpy(cfg->isatap[0].name, "site");
	inet_pton(AF_INET6, "2001:db8:15a::", &cfg->isatap[0].prefix.addr);
	cfg->isatap[0].prefix.len = 64;
}

static int
setup(void **state)
{
	static const rte_be32_t own[2] = {OWN, OUR_SERVER};
	static const struct ts_prefix4 deny = {RTE_BE32(0xc6120000), 15};
	struct ts_source_policy_conf policy = {
		.list = TS_POLICY_CORE, .own = own, .n_own = 2, .deny = &deny, .n_deny = 1};
	struct ts_peers_conf peers = {.peers = 1000, .n_owners = 1, .seed = 1, .allocate = allocate};
	struct server *sv = server_start();

	memset(&services, 0, sizeof(services));
	services.policy = ts_source_policy_create(&policy);
	policy.list = TS_POLICY_MANAGED;
	services.managed = ts_source_policy_create(&policy);
	services.server.enabled = true;
	services.server.address[0] = OUR_SERVER;
	standins.services = &services;
	standins.teredo.peers = ts_peers_create(&peers);
	configure(&sv->c->cfg);
	*state = sv;
	return 0;
}

static int
teardown(void **state)
{
	ts_source_policy_free(services.policy);
	ts_source_policy_free(services.managed);
	ts_peers_free(standins.teredo.peers, free);
	server_stop(*state);
	return 0;
}

static void
add_peer(const char *text, enum ts_peer_state state, uint32_t age)
{
	uint32_t tick = (ts_peer_tick_now() - age * TS_PEER_TICKS_PER_S) & TS_PEER_TICK_MASK;
	struct ts_peers *p = standins.teredo.peers;
	struct ts_peer_hash h;
	uint8_t addr[16];

	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	h = ts_peers_hash(p, addr);
	assert_true(ts_peers_insert(p, addr, &h, state, tick, 0, 480, 4800) >= 0);
}

static void
test_fields(void **state)
{
	expect(*state, "explain " EXAMPLE,
		"{\"explain\":{\"address\":\"2001:0:4136:e378:8000:63bf:3fff:fdd2\",\"mechanism\":\"teredo\","
		"\"server\":\"65.54.227.120\",\"server_is_ours\":false,\"flags\":\"0x8000\",\"cone\":true,"
		"\"client\":\"192.0.2.45\",\"client_port\":40000,"
		"\"checks\":{\"client\":\"ok\",\"port\":\"ok\",\"server\":\"ok\"},\"peer\":null,"
		"\"route\":{\"prefix\":\"2001::/32\",\"kind\":\"teredo\"},"
		"\"verdict\":\"queued, if the limits allow, and the client is asked by a bubble through its server; "
		"sent when it answers\"}}");
}

static void
check_is(void **state, const char *address, const char *check, const char *counter)
{
	char request[128], want[256];

	snprintf(request, sizeof(request), "explain %s", address);
	snprintf(want, sizeof(want), "{\"explain\":{\"checks\":{\"%s\":\"%s\"}}}", check, counter);
	expect(*state, request, want);
}

static void
expect_verdict(void **state, const char *request, const char *begin)
{
	struct server *sv = *state;
	int fd = client_connect(sv);
	json_t *doc = client_ask(sv, fd, request);
	const char *verdict = json_string_value(json_object_get(json_object_get(doc, "explain"), "verdict"));

	assert_non_null(verdict);
	if (strncmp(verdict, begin, strlen(begin)) != 0)
		fail_msg("%s: \"%s\" does not begin with \"%s\"", request, verdict, begin);
	json_decref(doc);
	close(fd);
}

static void
test_checks(void **state)
{
	/* clients 192.88.99.1 (own), 10.0.0.1, 198.18.0.1 (denied) */
	check_is(state, "2001:0:4136:e378:0:63bf:3fa7:9cfe", "client", "drop_teredo_encap_dst_own");
	check_is(state, "2001:0:4136:e378:0:63bf:f5ff:fffe", "client", "drop_teredo_encap_dst_martian");
	check_is(state, "2001:0:4136:e378:0:63bf:39ed:fffe", "client", "drop_teredo_encap_dst_denied");
	/* ports 0, 1023 */
	check_is(state, "2001:0:4136:e378:0:ffff:3fff:fdd2", "port", "drop_teredo_encap_dst_port_0");
	check_is(state, "2001:0:4136:e378:0:fc00:3fff:fdd2", "port", "drop_teredo_encap_dst_port_0");
	check_is(state, "2001:0:4136:e378:0:fbff:3fff:fdd2", "port", "ok");
	/* servers 10.0.0.1, 192.88.99.1 (own), 198.18.0.1 (denied), 198.51.100.7 (our server) */
	check_is(state, "2001:0:a00:1:0:63bf:3fff:fdd2", "server", "drop_teredo_encap_server_martian");
	check_is(state, "2001:0:c058:6301:0:63bf:3fff:fdd2", "server", "drop_teredo_encap_server_martian");
	check_is(state, "2001:0:c612:1:0:63bf:3fff:fdd2", "server", "drop_teredo_encap_dst_denied");
	check_is(state, "2001:0:c633:6407:0:63bf:3fff:fdd2", "server", "ok");
	expect_verdict(state, "explain 2001:0:a00:1:0:63bf:3fff:fdd2", "dropped, drop_teredo_encap_server_martian: ");
	/* the first failure counts */
	expect_verdict(state, "explain 2001:0:a00:1:0:ffff:f5ff:fffe", "dropped, drop_teredo_encap_dst_martian: ");
	expect_verdict(state, "explain 2001:0:c633:6407:0:63bf:3fff:fdd2",
		"queued, if the limits allow, and the client is asked by a bubble from our own server");
}

static void
test_peer_states(void **state)
{
	add_peer(EXAMPLE, TS_PEER_CONFIRMED, 3);
	expect(*state, "explain " EXAMPLE,
		"{\"explain\":{\"peer\":{\"state\":\"trusted\",\"mapped\":\"192.0.2.45\",\"port\":40000,\"age_s\":3,"
		"\"learned\":false},\"verdict\":\"sent to 192.0.2.45, UDP port 40000: the client is trusted\"}}");
	add_peer("2001:0:4136:e378:0:63bf:3fff:fdd2", TS_PEER_CONFIRMED, 60);
	expect(*state, "explain 2001:0:4136:e378:0:63bf:3fff:fdd2", "{\"explain\":{\"peer\":{\"state\":\"stale\"}}}");
	expect_verdict(state, "explain 2001:0:4136:e378:0:63bf:3fff:fdd2", "queued, if the limits allow");
	add_peer("2001:0:4136:e378:1:63bf:3fff:fdd2", TS_PEER_UNCONFIRMED, 0);
	expect(*state, "explain 2001:0:4136:e378:1:63bf:3fff:fdd2",
		"{\"explain\":{\"peer\":{\"state\":\"unconfirmed\",\"age_s\":null}}}");
	expect_verdict(state, "explain 2001:0:4136:e378:1:63bf:3fff:fdd2", "queued while the client is asked");
	add_peer("2001:0:4136:e378:2:63bf:3fff:fdd2", TS_PEER_CONFIRMED, 400);
	expect(*state, "explain 2001:0:4136:e378:2:63bf:3fff:fdd2", "{\"explain\":{\"peer\":null}}");
	services.relay.honour_cone = true;
	expect_verdict(state, "explain 2001:0:4136:e378:8001:63bf:3fff:fdd2", "sent to the mapped address at once");
}

static void
test_other_tunnels(void **state)
{
	expect(*state, "explain 2002:c000:22d::1",
		"{\"explain\":{\"mechanism\":\"6to4\",\"ipv4\":\"192.0.2.45\",\"ipv4_check\":\"ok\",\"route\":{\"kind\":"
		"\"6to4\"},\"verdict\":\"put into IPv4 to 192.0.2.45, protocol 41\"}}");
	expect_verdict(state, "explain 2002:a00:1::1", "dropped: its IPv4 address is martian");
	expect(*state, "explain 2001:db8:6464:6401::1",
		"{\"explain\":{\"mechanism\":\"6rd\",\"domain\":\"isp\",\"ipv4\":\"10.100.100.1\",\"ipv4_check\":\"ok\"}}");
	expect(*state, "explain 2001:db8:15a::5efe:a00:1",
		"{\"explain\":{\"mechanism\":\"isatap\",\"site\":\"site\",\"ipv4\":\"10.0.0.1\",\"ipv4_check\":\"ok\"}}");
}

static void
test_plain(void **state)
{
	expect(*state, "explain 2001:db8::1",
		"{\"explain\":{\"mechanism\":\"none\",\"route\":{\"prefix\":\"2001:db8::/32\",\"kind\":\"via\"},"
		"\"verdict\":\"forwarded natively, by the route\"}}");
	expect(*state, "explain 2a00::1",
		"{\"explain\":{\"mechanism\":\"none\",\"route\":null,\"verdict\":\"no route: Destination Unreachable\"}}");
	expect(*state, "explain 192.88.99.1",
		"{\"explain\":{\"tunnel_end\":\"an address of the box\",\"protocol_41\":\"6to4\","
		"\"teredo_relay_port\":3545,\"teredo_server_port\":3544,\"verdict\":\"an address of the box\"}}");
	expect(*state, "explain 192.0.2.1", "{\"explain\":{\"tunnel_end\":\"ok\",\"route\":{\"kind\":\"via\"}}}");
}

static void
test_wrong(void **state)
{
	expect(*state, "explain 2001::/32", "{\"error\":\"\\\"2001::/32\\\" is not an address\"}");
	expect(*state, "explain", "{\"error\":\"no such request: \\\"explain\\\"; try \\\"help\\\"\"}");
	standins.services = NULL;
	expect(*state, "explain ::1", "{\"error\":\"::1: the tables are not made yet\"}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_fields),
		T(test_checks),
		T(test_peer_states),
		T(test_other_tunnels),
		T(test_plain),
		T(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
