/* SPDX-License-Identifier: BSD-3-Clause */
/* The mirror: what the kernel says, and what it does not say. */
#include "mirror_rig.h"

static void
routes_come_change_and_go(void **state)
{
	(void)state;
	expect("203.0.113.0/24", "via 0/10.0.0.9*1");
	expect("10.0.0.0/24", "glean 0");
	expect("2001:db8:1::/64", "glean 1");
	run("ip route add 198.51.100.0/24 via 10.0.0.2; ip -6 route add 2001:db8:f::/48 via 2001:db8:1::2");
	expect("198.51.100.0/24", "via 0/10.0.0.2*1");
	expect("2001:db8:f::/48", "via 1/2001:db8:1::2*1");
	run("ip route replace 198.51.100.0/24 via 10.1.0.3; ip -6 route replace 2001:db8:f::/48 via fe80::77 dev tw0");
	expect("198.51.100.0/24", "via 1/10.1.0.3*1");
	expect("2001:db8:f::/48", "via 0/fe80::77*1");
	run("ip route del 198.51.100.0/24; ip -6 route del 2001:db8:f::/48");
	expect("198.51.100.0/24", "-");
	expect("2001:db8:f::/48", "-");
	run("ip route add default via 10.0.0.5; ip -6 route add default via fe80::1 dev tw1");
	expect("0.0.0.0/0", "via 0/10.0.0.5*1");
	expect("::/0", "via 1/fe80::1*1");
}

static void
kinds_metrics_and_strangers(void **state)
{
	(void)state;
	run("ip route add blackhole 198.18.0.0/24; ip route add unreachable 198.18.1.0/24;"
	    "ip route add prohibit 198.18.2.0/24;"
	    "ip -6 route add blackhole 2001:db8:20::/48; ip -6 route add unreachable 2001:db8:21::/48;"
	    "ip route add 198.18.3.0/24 dev lan0; ip route add 198.18.4.0/24 via 10.0.0.2 metric 50;"
	    "ip route add 198.18.4.0/24 via 10.0.0.3 metric 40; ip route add 198.18.5.0/24 via 10.0.0.3 table 77;"
	    "ip route add 198.18.6.0/24 via inet6 fe80::6 dev tw1; ip route add throw 198.18.7.0/24;"
	    "ip route add 198.18.9.0/24 via 10.0.0.3");
	expect("198.18.9.0/24", "via 0/10.0.0.3*1");
	expect("198.18.0.0/24", "blackhole");
	expect("198.18.1.0/24", "unreachable");
	expect("198.18.2.0/24", "prohibit");
	expect("2001:db8:20::/48", "blackhole");
	expect("2001:db8:21::/48", "unreachable");
	expect("198.18.3.0/24", "-");
	expect("198.18.4.0/24", "via 0/10.0.0.3*1");
	expect("198.18.5.0/24", "-");
	expect("198.18.6.0/24", "via 1/fe80::6*1"); /* RFC 8950 */
	expect("198.18.7.0/24", "-");
	assert_true(stats().foreign > 0);
	run("ip route del 198.18.4.0/24 metric 40; ip route replace 198.18.9.0/24 dev lan0");
	expect("198.18.4.0/24", "via 0/10.0.0.2*1");
	expect("198.18.9.0/24", "-");
}

/* The members that stay keep their slots when one goes. */
static void
flows_stay(void)
{
	static const uint8_t p[16] = {198, 51, 104};
	struct ts_route_info info;
	struct ts_nexthop before, after;
	unsigned kept = 0;

	run("ip route add 198.51.104.0/24 nexthop via 10.0.0.2 nexthop via 10.0.0.3 nexthop via 10.1.0.4");
	expect("198.51.104.0/24", "via 0/10.0.0.2*1 0/10.0.0.3*1 1/10.1.0.4*1");
	assert_true(ts_rib_get(r.rib, AF_INET, p, 24, &info));
	before = ts_nexthop_array(r.nexthops)[info.nh];
	run("ip route replace 198.51.104.0/24 nexthop via 10.0.0.2 nexthop via 10.1.0.4");
	expect("198.51.104.0/24", "via 0/10.0.0.2*1 1/10.1.0.4*1");
	assert_true(ts_rib_get(r.rib, AF_INET, p, 24, &info));
	after = ts_nexthop_array(r.nexthops)[info.nh];
	assert_int_equal(before.n_slots, after.n_slots);
	for (unsigned i = 0; i < after.n_slots; i++)
		kept += before.slots[i] == after.slots[i];
	assert_int_equal(kept, after.n_slots * 2 / 3);
}

static void
multipath(void **state)
{
	(void)state;
	run("ip route add 198.51.100.0/24 nexthop via 10.0.0.2 weight 3 nexthop via 10.1.0.2 weight 1;"
	    "ip -6 route add 2001:db8:f::/48 nexthop via 2001:db8:0::2 nexthop via 2001:db8:1::2");
	expect("198.51.100.0/24", "via 0/10.0.0.2*3 1/10.1.0.2*1");
	expect("2001:db8:f::/48", "via 0/2001:db8::2*1 1/2001:db8:1::2*1");
	flows_stay();
	run("ip -6 route append 2001:db8:f::/48 via 2001:db8:1::3");
	expect("2001:db8:f::/48", "via 0/2001:db8::2*1 1/2001:db8:1::2*1 1/2001:db8:1::3*1");
	run("ip -6 route del 2001:db8:f::/48 via 2001:db8:1::2");
	expect("2001:db8:f::/48", "via 0/2001:db8::2*1 1/2001:db8:1::3*1");
	run("ip -6 route replace 2001:db8:f::/48 nexthop via 2001:db8:1::4 nexthop via 2001:db8:1::5;"
	    "ip route replace 198.51.100.0/24 via 10.0.0.7");
	expect("2001:db8:f::/48", "via 1/2001:db8:1::4*1 1/2001:db8:1::5*1");
	expect("198.51.100.0/24", "via 0/10.0.0.7*1");
	run("ip -6 route del 2001:db8:f::/48");
	expect("2001:db8:f::/48", "-");
}

static void
ipv4_appended(void **state)
{
	(void)state;
	run("ip route add 198.51.100.0/24 via 10.0.0.2; ip route append 198.51.100.0/24 via 10.0.0.3");
	expect("198.51.100.0/24", "via 0/10.0.0.2*1");
	run("ip route del 198.51.100.0/24 via 10.0.0.2");
	expect("198.51.100.0/24", "via 0/10.0.0.3*1");
}

static void
nexthop_objects(void **state)
{
	(void)state;
	run("ip nexthop add id 1 via 10.0.0.2 dev tw0; ip nexthop add id 2 via 10.1.0.2 dev tw1;"
	    "ip nexthop add id 10 group 1/2; ip nexthop add id 6 via fe80::9 dev tw0; ip nexthop add id 7 blackhole;"
	    "ip route add 198.51.100.0/24 nhid 10; ip route add 198.51.101.0/24 nhid 1;"
	    "ip route add 198.51.102.0/24 nhid 6; ip -6 route add 2001:db8:f::/48 nhid 6;"
	    "ip route add 198.51.103.0/24 nhid 7");
	expect("198.51.100.0/24", "via 0/10.0.0.2*1 1/10.1.0.2*1");
	expect("198.51.101.0/24", "via 0/10.0.0.2*1");
	expect("198.51.102.0/24", "via 0/fe80::9*1");
	expect("2001:db8:f::/48", "via 0/fe80::9*1");
	expect("198.51.103.0/24", "blackhole");
	run("ip nexthop replace id 1 via 10.0.0.3 dev tw0");
	expect("198.51.100.0/24", "via 0/10.0.0.3*1 1/10.1.0.2*1");
	expect("198.51.101.0/24", "via 0/10.0.0.3*1");
	run("ip nexthop del id 1"); /* its route goes without a word */
	expect("198.51.101.0/24", "-");
	expect("198.51.100.0/24", "via 1/10.1.0.2*1");
	run("ip nexthop del id 6");
	expect("198.51.102.0/24", "-");
	expect("2001:db8:f::/48", "-");
}

static void
link_down_loses_routes_silently(void **state)
{
	(void)state;
	run("ip route add 198.51.100.0/24 via 10.0.0.2; ip route add 198.51.101.0/24 via 10.1.0.2;"
	    "ip route add 198.51.102.0/24 nexthop via 10.0.0.2 nexthop via 10.1.0.2;"
	    "ip nexthop add id 1 via 10.0.0.2 dev tw0; ip route add 198.51.103.0/24 nhid 1");
	expect("198.51.103.0/24", "via 0/10.0.0.2*1");
	run("ip link set tw0 down");
	expect("198.51.100.0/24", "-");
	expect("198.51.101.0/24", "via 1/10.1.0.2*1");
	expect("198.51.102.0/24", "via 1/10.1.0.2*1");
	expect("198.51.103.0/24", "-");
	expect("203.0.113.0/24", "-");
	assert_true(stats().silent_losses > 0);
	wait_resync(stats().resyncs - (stats().resyncs > 0));
	run("ip link set tw0 up; ip route add 198.51.100.0/24 via 10.0.0.2");
	expect("198.51.100.0/24", "via 0/10.0.0.2*1");
	expect("198.51.102.0/24", "via 0/10.0.0.2*1 1/10.1.0.2*1"); /* alive again without a word */
}

static void
address_removal_loses_routes_silently(void **state)
{
	(void)state;
	run("ip addr add 10.0.9.1/24 dev tw0; ip route add 198.51.100.0/24 via 10.0.0.2 src 10.0.9.1;"
	    "ip route add 198.51.101.0/24 via 10.1.0.2; ip route add 198.51.102.0/24 via inet6 fe80::5 dev tw1");
	expect("198.51.102.0/24", "via 1/fe80::5*1");
	run("ip addr del 10.0.9.1/24 dev tw0"); /* the route's preferred source */
	expect("198.51.100.0/24", "-");
	expect("203.0.113.0/24", "via 0/10.0.0.9*1");
	run("ip addr del 10.1.0.1/24 dev tw1"); /* the last one */
	expect("198.51.101.0/24", "-");
	expect("10.1.0.0/24", "-");
}

static bool
watch_route(const void *arg)
{
	char now[128];

	describe("198.51.100.0/24", now, sizeof(now));
	assert_string_not_equal(now, "-");
	return resynced_since(arg) || stats().cancelled_deletes > 0;
}

static void
delete_and_add_does_no_harm(void **state)
{
	uint64_t never = UINT64_MAX - 1;
	(void)state;
	run("ip route add 198.51.100.0/24 via 10.0.0.2");
	expect("198.51.100.0/24", "via 0/10.0.0.2*1");
	run("printf 'route del 198.51.100.0/24 via 10.0.0.2\\nroute add 198.51.100.0/24 via 10.0.0.3\\n' | ip -b -");
	wait_for(watch_route, &never, "cancelled delete");
	expect("198.51.100.0/24", "via 0/10.0.0.3*1");
	assert_int_equal(stats().cancelled_deletes, 1);
}

static bool
addresses_are(const void *arg)
{
	return n_addrs == *(const unsigned *)arg;
}

static void
addresses_are_told(void **state)
{
	unsigned before = n_addrs, more = n_addrs + 2;
	(void)state;

	assert_true(n_calls > 0 && before >= 4);
	run("ip addr add 10.5.5.5/32 dev tw0; ip -6 addr add 2001:db8:5::5/128 dev tw0 nodad");
	wait_for(addresses_are, &more, "two more addresses");
	run("ip addr del 10.5.5.5/32 dev tw0; ip -6 addr del 2001:db8:5::5/128 dev tw0");
	wait_for(addresses_are, &before, "two fewer addresses");
}

static void
neighbours_resolve_and_are_forgotten(void **state)
{
	(void)state;
	run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev tw0;"
	    "ip -6 neigh add 2001:db8:1::7 lladdr 02:00:00:00:00:08 dev tw1;"
	    "ip -6 neigh add 2001:db8:bad::7 lladdr 02:00:00:00:00:09 dev tw1 nud stale");
	expect("10.0.0.7/32", "via 0/10.0.0.7*1");
	expect("2001:db8:1::7/128", "via 1/2001:db8:1::7*1");
	expect("2001:db8:bad::7/128", "-"); /* not on this link */
	uint64_t before = stats().resyncs;

	run("ip addr add 10.9.9.9/32 dev lo; ip addr del 10.9.9.9/32 dev lo"); /* makes for a comparison */
	wait_resync(before);
	expect("10.0.0.7/32", "via 0/10.0.0.7*1");
	run("ip -6 addr add 2001:db8:bad::1/64 dev tw1 nodad");
	expect("2001:db8:bad::7/128", "via 1/2001:db8:bad::7*1"); /* now it is */
	run("ip neigh del 10.0.0.7 dev tw0; ip -6 neigh del 2001:db8:1::7 dev tw1");
	expect("10.0.0.7/32", "-");
	expect("2001:db8:1::7/128", "-");
}

static const uint8_t gateway[16] = {10, 0, 0, 9};

static bool
kernel_was_asked(const void *arg)
{
	(void)arg;
	return system("ip neigh show 10.0.0.9 dev tw0 | grep -q managed") == 0;
}

static bool
kernel_may_forget(const void *arg)
{
	(void)arg;
	ts_nexthops_grace(r.nexthops);
	return system("ip neigh show 10.0.0.9 dev tw0 | grep -q managed") != 0;
}

static void
gateways_are_managed(void **state)
{
	struct ts_neigh_info info;
	(void)state;

	wait_for(kernel_was_asked, NULL, "managed neighbour");
	assert_true(ts_neigh_get(r.nexthops, 0, AF_INET, gateway, &info));
	assert_true(info.gateway && !info.resolved);
	run("ip route del 203.0.113.0/24");
	expect("203.0.113.0/24", "-");
	wait_for(kernel_may_forget, NULL, "no longer managed");
}

static bool
gateway_is_resolved(const void *arg)
{
	struct ts_neigh_info info;

	(void)arg;
	return ts_neigh_get(r.nexthops, 0, AF_INET, gateway, &info) && info.resolved;
}

/* Both ends are in one namespace, so the LAN's end must take the twin's address for a stranger's. */
static void
misses_are_resolved_by_asking(void **state)
{
	static const uint8_t host[16] = {10, 0, 0, 44};
	(void)state;

	run("sysctl -qw net.ipv4.conf.lan0.accept_local=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0;"
	    "ip addr add 10.0.0.9/32 dev lan0; ip addr add 10.0.0.44/32 dev lan0");
	ts_mirror_resolve(mirror, 0, AF_INET, host, false);
	expect("10.0.0.44/32", "via 0/10.0.0.44*1");
	wait_for(gateway_is_resolved, NULL, "gateway resolved");
	run("ip route del 203.0.113.0/24; ip link set lan0 down; ip neigh flush dev tw0 || true");
	expect("10.0.0.44/32", "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(routes_come_change_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds_metrics_and_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(multipath, setup, teardown),
		cmocka_unit_test_setup_teardown(ipv4_appended, setup, teardown),
		cmocka_unit_test_setup_teardown(nexthop_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(link_down_loses_routes_silently, setup, teardown),
		cmocka_unit_test_setup_teardown(address_removal_loses_routes_silently, setup, teardown),
		cmocka_unit_test_setup_teardown(delete_and_add_does_no_harm, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours_resolve_and_are_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(gateways_are_managed, setup, teardown),
		cmocka_unit_test_setup_teardown(misses_are_resolved_by_asking, setup, teardown),
	};

	return mirror_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
