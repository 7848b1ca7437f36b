/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration: defaults, what each key puts into the model, and files that are no configuration at all.
 */
#include "config_util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINIMAL                                    \
	"ports: [{name: ix, device: net_null0}]\n" \
	"interfaces: [{name: ix0, port: ix}]\n"

static void
assert_defaults(const struct ts_config *c)
{
	assert_string_equal(c->netns, "");
	assert_int_equal(c->memory.hugepages, TS_HUGEPAGES_REQUIRED);
	assert_int_equal(c->memory.size_mb, 0);
	assert_int_equal(c->memory.mbufs, 0);
	assert_int_equal(c->workers.n_cpus, 1);
	assert_int_equal(c->workers.cpus[0], 1);
	assert_int_equal(c->workers.idle, TS_IDLE_SPIN);
	assert_int_equal(c->workers.burst, 32);
	assert_string_equal(c->control.socket, "/run/tsunagi/tsunagi.sock");
	assert_string_equal(c->control.file_prefix, "tsunagi");
	assert_int_equal(c->control.n_cpus, 0);
	assert_int_equal(c->tables.ipv4_routes, 1200000);
	assert_int_equal(c->tables.ipv6_routes, 300000);
	assert_int_equal(c->tables.ipv4_tbl8, 0);
	assert_int_equal(c->tables.ipv6_tbl8, 0);
	assert_int_equal(c->tables.next_hops, 4096);
	assert_int_equal(c->tables.adjacencies, 1024);
	assert_int_equal(c->kernel.table, 254);
	assert_int_equal(c->kernel.delete_hold_ms, 20);
	assert_int_equal(c->kernel.delete_hold_max_ms, 100);
	assert_int_equal(c->kernel.resync_s, 0);
	assert_int_equal(c->source_policy.v4_filter, TS_V4_FILTER_EXTENDED);
	assert_false(c->local.has_icmp6_source);
	assert_int_equal(c->local.hop_limit, 64);
	assert_int_equal(c->limits.too_big.per_second, 10000);
	assert_int_equal(c->limits.too_big.burst, 10000);
	assert_int_equal(c->limits.time_exceeded.per_second, 1000);
	assert_int_equal(c->limits.unreachable.per_second, 1000);
	assert_int_equal(c->limits.parameter_problem.per_second, 100);
	assert_int_equal(c->limits.icmp4_unreachable.per_second, 100);
	assert_int_equal(c->limits.echo4.per_second, 1000000);
	assert_int_equal(c->limits.echo6.burst, 1000000);
	assert_int_equal(c->limits.neighbour_queue, 8);
	assert_false(c->fpm.enabled);
	assert_int_equal(c->fpm.address.family, AF_INET);
	assert_int_equal(c->fpm.address.v4, htonl(INADDR_LOOPBACK));
	assert_int_equal(c->fpm.port, 2620);
	assert_int_equal(c->fpm.stale_s, 120);
	assert_false(c->announce.enabled);
	assert_string_equal(c->announce.device, "tsunagi0");
	assert_int_equal(c->announce.table, 6424);
	assert_false(c->sixto4.enabled);
	assert_false(c->sixto4.anycast);
	assert_int_equal(c->sixto4.mtu, 1280);
	assert_int_equal(c->sixto4.ttl, 64);
	assert_false(c->sixto4.df);
	assert_int_equal(c->sixto4.dscp, TS_DSCP_ZERO);
	assert_int_equal(c->sixto4.ecn, TS_ECN_COMPAT);
}

static void
test_init_is_the_defaults(void **state)
{
	(void)state;
	ts_config_init(&test_cfg);
	assert_defaults(&test_cfg);
	ts_config_free(&test_cfg);
}

static void
test_minimal_file(void **state)
{
	const struct ts_config *c = &test_cfg;

	(void)state;
	test_load_fine(MINIMAL);
	assert_defaults(c);
	assert_string_equal(c->file, "t.yaml");
	assert_int_equal(c->n_ports, 1);
	assert_int_equal(c->ports[0].rx_descriptors, 1024);
	assert_int_equal(c->ports[0].tx_descriptors, 1024);
	assert_false(c->ports[0].promiscuous);
	assert_int_equal(c->ports[0].line, 1);
	assert_int_equal(c->n_interfaces, 1);
	assert_int_equal(c->interfaces[0].port, 0);
	assert_int_equal(c->interfaces[0].mtu, 1500);
	assert_int_equal(c->interfaces[0].n_tags, 0);
	assert_int_equal(c->interfaces[0].twin, TS_TWIN_TAP);
	assert_int_equal(c->interfaces[0].line, 2);
	ts_config_free(&test_cfg);
}

/* Sections may come in any order: a reference may be before what it names. */
static void
test_order_is_free(void **state)
{
	(void)state;
	test_load_fine("neighbours: [{address: 192.0.2.9, interface: b, mac: 02:00:00:00:00:0A}]\n"
		       "interfaces: [{name: a, port: two}, {name: b, port: one}]\n"
		       "ports: [{name: one, device: net_null0}, {name: two, device: net_null1}]\n");
	assert_int_equal(test_cfg.interfaces[0].port, 1);
	assert_int_equal(test_cfg.interfaces[1].port, 0);
	assert_int_equal(test_cfg.neighbours[0].interface, 1);
	assert_int_equal(test_cfg.neighbours[0].mac[5], 0x0a);
	assert_int_equal(test_cfg.neighbours[0].line, 1);
	ts_config_free(&test_cfg);
}

static void
assert_example_front(const struct ts_config *c)
{
	assert_string_equal(c->netns, "relay");
	assert_int_equal(c->workers.n_cpus, 4);
	assert_int_equal(c->workers.cpus[3], 5);
	assert_int_equal(c->control.n_cpus, 2);
	assert_int_equal(c->n_ports, 2);
	assert_string_equal(c->ports[0].device, "0000:3b:00.0");
	assert_int_equal(c->ports[1].n_members, 2);
	assert_string_equal(c->ports[1].members[1], "0000:5e:00.1");
	assert_int_equal(c->n_interfaces, 3);
	assert_int_equal(c->interfaces[0].n_addresses, 2);
	assert_int_equal(c->interfaces[0].addresses[0].family, AF_INET);
	assert_int_equal(c->interfaces[0].addresses[0].prefix_len, 24);
	assert_int_equal(c->interfaces[0].addresses[0].v4, v4("198.51.100.1"));
	assert_v6(&c->interfaces[0].addresses[1].v6, "2001:db8:100::1");
	assert_int_equal(c->interfaces[1].n_tags, 1);
	assert_int_equal(c->interfaces[1].vlan[0], 100);
	assert_int_equal(c->interfaces[2].n_tags, 2);
	assert_int_equal(c->interfaces[2].vlan[0], 2000);
	assert_int_equal(c->interfaces[2].vlan[1], 7);
	assert_int_equal(c->interfaces[2].mtu, 9000);
	assert_int_equal(c->interfaces[2].twin, TS_TWIN_NONE);
}

static void
assert_example_rest(const struct ts_config *c)
{
	assert_v6(&c->local.icmp6_source, "2001:200:0:b000:192:88:99:1");
	assert_true(c->local.has_icmp6_source);
	assert_int_equal(c->local.n_addresses, 1);
	assert_int_equal(c->local.addresses[0].prefix_len, 128);
	assert_int_equal(c->limits.too_big.per_second, 10000);
	assert_int_equal(c->limits.too_big.burst, 20000);
	assert_int_equal(c->loop_guard.n_known_6rd, 1);
	assert_int_equal(c->loop_guard.known_6rd[0].prefix.len, 36);
	assert_int_equal(c->loop_guard.known_6rd[0].ipv4_mask_len, 8);
	assert_int_equal(c->loop_guard.known_6rd[0].ipv4_common, v4("10.0.0.0"));
	assert_int_equal(c->loop_guard.n_known_isatap, 1);
	assert_v6(&c->loop_guard.known_isatap[0].addr, "2001:db8:5efe::");
	assert_true(c->announce.enabled);
	assert_int_equal(c->n_sixrd, 1);
	assert_string_equal(c->sixrd[0].name, "isp");
	assert_int_equal(c->sixrd[0].n_known_relays, 1);
	assert_int_equal(c->n_isatap, 1);
	assert_int_equal(c->isatap[0].n_prl, 2);
	assert_int_equal(c->access.n_deny4, 1);
	assert_int_equal(c->access.per_prefix6.burst, 400000);
	assert_int_equal(c->n_routes, 5);
	assert_int_equal(c->routes[0].kind, TS_ROUTE_VIA);
	assert_v6(&c->routes[0].via.v6, "2001:db8:300::2");
	assert_int_equal(c->routes[0].interface, 2);
	assert_int_equal(c->routes[1].kind, TS_ROUTE_VIA);
	assert_int_equal(c->routes[1].via.family, 0);
	assert_int_equal(c->routes[2].kind, TS_ROUTE_BLACKHOLE);
	assert_int_equal(c->routes[3].kind, TS_ROUTE_UNREACHABLE);
	assert_int_equal(c->routes[4].kind, TS_ROUTE_PROHIBIT);
	assert_int_equal(c->n_neighbours, 1);
}

/* config/tsunagi.yaml has every key. */
static void
test_full_file(void **state)
{
	const struct ts_config *c = &test_cfg;
	char path[4096];

	(void)state;
	assert_int_equal(test_load_file(test_source(path, sizeof(path), "config/tsunagi.yaml")), 0);
	assert_string_equal(test_said, "");
	assert_example_front(c);
	assert_example_rest(c);
	assert_true(c->sixto4.enabled);
	assert_int_equal(c->sixto4.n_rx_v4, 2);
	assert_int_equal(c->sixto4.rx_v4[0], v4("198.51.100.1"));
	assert_int_equal(c->sixto4.rx_v4[1], TS_6TO4_ANYCAST);
	assert_int_equal(c->sixto4.tx_source, TS_6TO4_ANYCAST);
	ts_config_free(&test_cfg);
}

static void
test_other_values(void **state)
{
	const struct ts_config *c = &test_cfg;

	(void)state;
	test_load_fine(MINIMAL "memory: {hugepages: no, size-mb: 64, mbufs: 4096}\n"
			       "workers: {cpus: [0], idle: pause, burst: 64}\n"
			       "source-policy: {ipv4: core}\n"
			       "local: {icmp6-source: \"2002:c000:201::1\"}\n"
			       "limits: {echo4: 0, echo6: {per-second: 5}}\n"
			       "routes: []\nneighbours:\nannounce:\n"
			       "6to4: {addresses: [192.0.2.1, 192.0.2.2], mtu: 1480, df: ON, ttl: 1, dscp: copy, "
			       "ecn: normal}\n");
	assert_int_equal(c->memory.hugepages, TS_HUGEPAGES_NO);
	assert_int_equal(c->workers.cpus[0], 0);
	assert_int_equal(c->workers.idle, TS_IDLE_PAUSE);
	assert_int_equal(c->workers.burst, 64);
	assert_int_equal(c->source_policy.v4_filter, TS_V4_FILTER_CORE);
	assert_int_equal(c->limits.echo4.per_second, 0);
	assert_int_equal(c->limits.echo6.burst, 5);
	assert_true(c->announce.enabled);
	assert_int_equal(c->sixto4.tx_source, v4("192.0.2.1"));
	assert_int_equal(c->sixto4.mtu, 1480);
	assert_true(c->sixto4.df);
	assert_int_equal(c->sixto4.dscp, TS_DSCP_COPY);
	assert_int_equal(c->sixto4.ecn, TS_ECN_NORMAL);
	ts_config_free(&test_cfg);
}

static void
test_6to4_switched_off(void **state)
{
	(void)state;
	test_load_fine(MINIMAL "6to4: {anycast: no, mtu: 1400}\n");
	assert_false(test_cfg.sixto4.enabled);
	ts_config_free(&test_cfg);
}

/* The interface of a next hop is the one with the longest LAN prefix around it. */
static void
test_route_interface_found(void **state)
{
	(void)state;
	test_load_fine("ports: [{name: ix, device: net_null0}]\n"
		       "interfaces: [{name: a, port: ix, addresses: [10.0.0.1/8]},\n"
		       "  {name: b, port: ix, vlan: 2, addresses: [10.1.0.1/16]}]\n"
		       "routes: [{prefix: 0.0.0.0/0, via: 10.1.2.3}, {prefix: 192.0.2.0/24, via: 10.2.0.1},\n"
		       "  {prefix: 198.51.100.0/24, via: 192.0.2.1, interface: b, blackhole: no}]\n");
	assert_int_equal(test_cfg.routes[0].interface, 1);
	assert_int_equal(test_cfg.routes[1].interface, 0);
	assert_int_equal(test_cfg.routes[2].interface, 1);
	assert_int_equal(test_cfg.routes[2].kind, TS_ROUTE_VIA);
	assert_int_equal(test_cfg.routes[2].line, 5);
	ts_config_free(&test_cfg);
}

/* A failed load leaves nothing to free, and freeing it again does no harm (the sanitizer watches). */
static void
test_failed_load_is_freed(void **state)
{
	(void)state;
	assert_int_equal(test_load(MINIMAL "routes: [{prefix: 10.0.0.0/8, blackhole: yes}]\nbad: 1\n"), -1);
	assert_null(test_cfg.routes);
	ts_config_free(&test_cfg);
}

static void
assert_file_refused(const char *path, const char *why)
{
	char want[4200];

	assert_int_equal(test_load_file(path), -1);
	snprintf(want, sizeof(want), "%s: %s", path, why);
	assert_non_null(strstr(test_said, want));
	assert_int_equal(test_lines_said(), 1);
	ts_config_free(&test_cfg);
}

static void
test_no_such_file(void **state)
{
	(void)state;
	assert_file_refused("/nonexistent/tsunagi.yaml", "cannot be opened: No such file or directory");
	assert_file_refused("/", "is a directory");
	assert_file_refused("/dev/zero", "is too long");
	assert_file_refused("/dev/null", "is empty: at least `ports` and `interfaces` are needed");
}

static void
test_huge_file(void **state)
{
	char path[] = "/tmp/tsunagi-test-config-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	int rc = ftruncate(fd, 10 << 20);

	close(fd);
	if (rc == 0)
		assert_file_refused(path, "is 10485760 bytes long: a configuration has at most 1048576");
	unlink(path);
	assert_int_equal(rc, 0);
}

/* A pipe has no length to ask for and comes in pieces. */
static void
test_pipe(void **state)
{
	char path[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], MINIMAL, strlen(MINIMAL)), strlen(MINIMAL));
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_int_equal(test_load_file(path), 0);
	close(fds[0]);
	assert_int_equal(test_cfg.n_ports, 1);
	ts_config_free(&test_cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_is_the_defaults),
		cmocka_unit_test(test_minimal_file),
		cmocka_unit_test(test_order_is_free),
		cmocka_unit_test(test_full_file),
		cmocka_unit_test(test_other_values),
		cmocka_unit_test(test_6to4_switched_off),
		cmocka_unit_test(test_route_interface_found),
		cmocka_unit_test(test_failed_load_is_freed),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_huge_file),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
