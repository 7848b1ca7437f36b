/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mirror against the running kernel, in a network namespace of its own: two veth pairs, of which one end each
 * stands for a twin and the other for the LAN. Changes are made by ip(8); every step waits until the RIB says what it
 * should.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/mirror.h"
#include "control/neigh.h"
#include "route_rig.h"

#define LIMIT_MS 10000
#define TABLE 254

static const struct ts_rib_conf small = {.max_ipv4 = 30000, .max_ipv6 = 5000, .tbl8_ipv4 = 1024, .tbl8_ipv6 = 16384};

static struct rig r;
static struct ts_mirror *mirror;
static unsigned n_addrs, n_calls;

static void
run(const char *commands)
{
	char line[4096];

	snprintf(line, sizeof(line), "set -e; %s", commands);
	if (system(line) != 0)
		fail_msg("failed: %s", commands);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Turn until `done` says so. */
static void
wait_for(bool (*done)(const void *), const void *arg, const char *what)
{
	uint64_t limit = now_ms() + LIMIT_MS;
	int fds[2];
	unsigned n;

	ts_mirror_fds(mirror, fds, &n);
	for (;;) {
		struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
		int wait = ts_mirror_poll(mirror);

		if (done(arg))
			return;
		if (now_ms() > limit)
			fail_msg("waited in vain: %s", what);
		poll(p, n, wait < 0 || wait > 100 ? 100 : wait);
	}
}

/* "prefix kind [iface/address*weight ...]", as a route of the kernel is expected to be; "prefix -" for none. */
static void
describe(const char *prefix, char *out, size_t size)
{
	static const char *const kinds[] = {"none", "blackhole", "unreachable", "prohibit", "via", "glean"};
	char text[64], addr[64];
	int len = 0;
	uint8_t p[16] = {0};
	struct ts_route_info info;
	struct ts_path paths[TS_NH_SLOTS];

	sscanf(prefix, "%63[^/]/%d", text, &len);
	uint8_t family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, p), 1);
	if (!ts_rib_get(r.rib, family, p, (uint8_t)len, &info)) {
		snprintf(out, size, "-");
		return;
	}
	const struct ts_nexthop *nh = &ts_nexthop_array(r.nexthops)[info.nh];
	int at = snprintf(out, size, "%s", kinds[nh->kind]);

	if (nh->kind == TS_NH_GLEAN)
		snprintf(out + at, size - (size_t)at, " %u", nh->iface);
	unsigned n = ts_nexthop_paths(r.nexthops, info.nh, paths, TS_NH_SLOTS);

	for (unsigned i = 0; i < n; i++)
		at += snprintf(out + at, size - (size_t)at, " %u/%s*%u", paths[i].iface,
			inet_ntop(paths[i].family, paths[i].addr, addr, sizeof(addr)), paths[i].weight);
}

struct expectation {
	const char *prefix, *text;
	char now[512];
};

static bool
as_expected(const void *arg)
{
	struct expectation *e = (struct expectation *)(uintptr_t)arg;

	describe(e->prefix, e->now, sizeof(e->now));
	return strcmp(e->now, e->text) == 0;
}

static void
expect(const char *prefix, const char *text)
{
	struct expectation e = {.prefix = prefix, .text = text};

	wait_for(as_expected, &e, prefix);
}

static bool
is_synced(const void *arg)
{
	(void)arg;
	return ts_mirror_synced(mirror);
}

static struct ts_mirror_stats
stats(void)
{
	struct ts_mirror_stats s;

	ts_mirror_stats(mirror, &s);
	return s;
}

static bool
resynced_since(const void *arg)
{
	return stats().resyncs > *(const uint64_t *)arg;
}

static void
wait_resync(uint64_t since)
{
	wait_for(resynced_since, &since, "resync");
}

static void
count_addrs(void *arg, const struct ts_host_addr *addrs, unsigned n)
{
	(void)arg;
	(void)addrs;
	n_addrs = n;
	n_calls++;
}

static int
setup(void **state)
{
	struct ts_mirror_conf conf = {
		.table = TABLE, .delete_hold_ms = 20, .delete_hold_max_ms = 100, .on_addresses = count_addrs};
	char err[256] = "";
	(void)state;

	run("ip link set lo up; for i in 0 1; do ip link add tw$i type veth peer name lan$i; done;"
	    "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0;"
	    "for i in 0 1; do sysctl -qw net.ipv6.conf.tw$i.accept_dad=0; ip link set lan$i up; ip link set tw$i up;"
	    "ip addr add 10.$i.0.1/24 dev tw$i; ip -6 addr add 2001:db8:$i::1/64 dev tw$i nodad; done;"
	    "ip route add 203.0.113.0/24 via 10.0.0.9");
	rig_init(&r);
	rig_add_rib(&r, &small);
	r.ifaces.ctl[0].ifindex = (int)if_nametoindex("tw0");
	r.ifaces.ctl[1].ifindex = (int)if_nametoindex("tw1");
	mirror = ts_mirror_create(&conf, &r.ifaces, r.nexthops, r.rib, err, sizeof(err));
	if (mirror == NULL)
		fail_msg("%s", err);
	wait_for(is_synced, NULL, "first dump");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ts_mirror_free(mirror);
	rig_fini(&r);
	run("ip route flush table 254 || true; ip -6 route flush table 254 || true; ip nexthop flush >/dev/null 2>&1 || true;"
	    "ip link del tw0; ip link del tw1");
	return 0;
}

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

static void
multipath(void **state)
{
	(void)state;
	run("ip route add 198.51.100.0/24 nexthop via 10.0.0.2 weight 3 nexthop via 10.1.0.2 weight 1;"
	    "ip -6 route add 2001:db8:f::/48 nexthop via 2001:db8:0::2 nexthop via 2001:db8:1::2");
	expect("198.51.100.0/24", "via 0/10.0.0.2*3 1/10.1.0.2*1");
	expect("2001:db8:f::/48", "via 0/2001:db8::2*1 1/2001:db8:1::2*1");
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

static void
overrun_leads_to_resync(void **state)
{
	int fds[2], size = 1;
	unsigned n;
	(void)state;

	ts_mirror_fds(mirror, fds, &n);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	run("for i in $(seq 0 99); do for k in $(seq 0 19); do echo route add 172.16.$i.$((k * 8))/29 via 10.0.0.2; done; done |"
	    "ip -b -; ip route del 203.0.113.0/24");
	expect("172.16.99.152/29", "via 0/10.0.0.2*1");
	expect("172.16.50.0/29", "via 0/10.0.0.2*1");
	expect("203.0.113.0/24", "-");
	assert_true(stats().overruns > 0);
	wait_resync(0);
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 2000 + 2);
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
		cmocka_unit_test_setup_teardown(overrun_leads_to_resync, setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours_resolve_and_are_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(gateways_are_managed, setup, teardown),
		cmocka_unit_test_setup_teardown(misses_are_resolved_by_asking, setup, teardown),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "a network namespace is needed: %s\n", strerror(errno));
		return 1;
	}
	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
