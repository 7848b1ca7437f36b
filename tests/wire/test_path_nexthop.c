/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops of every kind, sharing of flows, the outer identification, a port that takes no more. */
#include "path_tests.h"
#include "path_util.h"

/* What the route says when it forwards nowhere, in both directions. */
void
test_routes_that_refuse(void **state)
{
	static const struct {
		enum ts_nh_kind kind;
		uint8_t code;
	} cases[] = {{TS_NH_UNREACHABLE, 3}, {TS_NH_PROHIBIT, 1}};
	uint8_t p[256], got[RIG_FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_route(AF_INET, "192.0.2.42", 32, ts_nexthop_get_simple(rig.nexthops, cases[i].kind));
		set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, cases[i].kind));
		send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
		assert_no_drops();
		assert_int_equal(rig_receive(&rig, got), 14 + 48 + 48);
		assert_memory_equal(got + 14 + 40, ((uint8_t[]){1, cases[i].code}), 2);
		assert_memory_equal(got + 14 + 48, p, 48); /* as it came, hop limit too */
		send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
		assert_no_drops();
		assert_int_equal(rig_receive(&rig, got), 14 + 20 + 48 + 48);
		assert_memory_equal(got + 14 + 60, ((uint8_t[]){1, cases[i].code}), 2);
		del_route(AF_INET, "192.0.2.42", 32);
		del_route(AF_INET6, "2001:db8:5::", 48);
	}
	set_route(AF_INET, "192.0.2.42", 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_dropped(TS_C_drop_6to4_encap_blackhole);
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
	assert_dropped(TS_C_drop_6to4_decap_blackhole);
	/* a reply that has nowhere to go */
	send_ip(p, make_echo4(p, SITE_V4, "192.88.99.1"));
	assert_dropped(TS_C_drop_originate_no_route);
	del_route(AF_INET, "192.0.2.42", 32);
	del_route(AF_INET6, "2001:db8:5::", 48);
}

/* What only the relay's own test packets are sent to (O1) leads nowhere for others. */
void
test_probe_address(void **state)
{
	static const uint8_t nobody[16];
	uint8_t p[256];

	(void)state;
	set_route(AF_INET, "192.0.2.42", 32, ts_nexthop_get_neigh(rig.nexthops, 0, 0, nobody));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_dropped(TS_C_drop_tx_probe);
	del_route(AF_INET, "192.0.2.42", 32);
}

/* RFC 8950: an IPv4 route by an IPv6 neighbour; the frame is IPv4 all the same. */
void
test_ipv4_by_ipv6_neighbour(void **state)
{
	static const char *const gateway[] = {"fe80::9"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint16_t iface[] = {0};
	uint8_t p[256], got[RIG_FRAME_MAX];

	(void)state;
	neighbour(0, "fe80::9", mac);
	set_route(AF_INET, "192.0.2.42", 32, via(gateway, iface, 1));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + 48);
	assert_memory_equal(got, mac, 6);
	assert_memory_equal(got + 12, ((uint8_t[]){0x08, 0x00, 0x45}), 3);
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(0, "fe80::9", NULL);
}

/* A link that is smaller than the packet: PTB into the tunnel (G43); for an outer packet there is only a counter. */
void
test_small_link(void **state)
{
	static const char *const gw4[] = {"10.9.9.9"}, *const gw6[] = {"fe80::9"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint16_t iface[] = {1};
	uint8_t p[2048], got[RIG_FRAME_MAX];

	(void)state;
	rig.ifaces.dp[1].mtu = 1300;
	neighbour(1, "fe80::9", mac);
	neighbour(1, "10.9.9.9", mac);
	set_route(AF_INET6, "2001:db8:5::", 48, via(gw6, iface, 1));
	set_route(AF_INET, "192.0.2.42", 32, via(gw4, iface, 1));
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 1300));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + 1280);
	assert_memory_equal(got + 14 + 60, ((uint8_t[]){2, 0}), 2);
	assert_memory_equal(got + 14 + 64, ((uint8_t[]){0, 0, 1300 >> 8, 1300 & 255}), 4);
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1241));
	assert_dropped(TS_C_drop_tx_too_big);
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1240));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 18 + 1300);
	del_route(AF_INET6, "2001:db8:5::", 48);
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(1, "fe80::9", NULL);
	neighbour(1, "10.9.9.9", NULL);
	rig.ifaces.dp[1].mtu = 1500;
}

/* Equal routes share flows, one flow keeps its path. */
void
test_multipath(void **state)
{
	static const char *const gw[] = {"10.9.9.1", "10.9.9.2", "10.9.9.3"};
	static const uint16_t ifaces[] = {0, 0, 0};
	unsigned per_path[4] = {0};
	uint8_t p[64], got[RIG_FRAME_MAX];

	(void)state;
	for (uint8_t i = 1; i <= 3; i++)
		neighbour(0, gw[i - 1], (uint8_t[]){2, 0, 0, 0, 1, i});
	set_route(AF_INET, "192.0.0.0", 8, via(gw, ifaces, 3));
	for (unsigned flow = 0; flow < 300; flow++) {
		uint8_t first = 0;

		for (int again = 0; again < 2; again++) {
			make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
			p[20] = (uint8_t)(flow >> 8);
			p[21] = (uint8_t)flow;
			send_ip(p, 48);
			assert_no_drops();
			assert_int_equal(rig_receive(&rig, got), 14 + 68);
			assert_in_range(got[5], 1, 3);
			if (again)
				assert_int_equal(got[5], first);
			first = got[5];
		}
		per_path[first]++;
	}
	for (unsigned i = 1; i <= 3; i++)
		assert_in_range(per_path[i], 60, 140);
	del_route(AF_INET, "192.0.0.0", 8);
	for (uint8_t i = 0; i < 3; i++)
		neighbour(0, gw[i], NULL);
}

/* G39: the identification does not come again soon for the same destination. */
void
test_identification(void **state)
{
	static uint8_t seen[65536];
	uint8_t p[64], got[RIG_FRAME_MAX];

	(void)state;
	memset(seen, 0, sizeof(seen));
	make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	for (unsigned i = 0; i < 30000; i++) {
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
		assert_int_equal(rig_receive(&rig, got), 14 + 68);
		assert_int_equal(seen[got[18] << 8 | got[19]]++, 0);
	}
}

void
test_port_refuses(void **state)
{
	uint8_t p[64], got[RIG_FRAME_MAX];
	unsigned room = rte_ring_free_count(rig.from_port);

	(void)state;
	mark();
	make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	for (unsigned i = 0; i <= room; i++) {
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
	}
	assert_int_equal(moved(TS_C_drop_tx_refused), 1);
	covered(TS_C_drop_tx_refused);
	assert_int_equal(moved(TS_C_tx_packets), room);
	while (rig_receive(&rig, got) != 0)
		;
}
