/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload may change, and that everything else is named; lines and order of keys do not matter. */
#include "config_util.h"

#define BASE                                       \
	"ports: [{name: ix, device: net_null0}]\n" \
	"interfaces:\n"                            \
	"  - {name: ix0, port: ix, addresses: [198.51.100.1/24, \"2001:db8:100::1/64\"]}\n"
#define TUNNEL                                                     \
	"local: {icmp6-source: \"2001:200:0:b000:192:88:99:1\"}\n" \
	"6to4: {anycast: yes}\n"
#define ROUTE "routes: [{prefix: 0.0.0.0/0, via: 198.51.100.254}]\n"

static struct ts_config before;

/* The lines that say what cannot change from one text to the other; "" for none. */
static void
assert_fixed(const char *was, const char *is, const char *want)
{
	size_t len;

	assert_int_equal(test_load(was), 0);
	before = test_cfg;
	assert_int_equal(test_load(is), 0);
	FILE *err = test_listen(&len);
	unsigned n = ts_config_fixed_differ(&before, &test_cfg, err);

	fclose(err);
	if (strcmp(test_said, want) != 0)
		fail_msg("said: %s", test_said);
	for (; *want != '\0'; want = strchr(want, '\n') + 1)
		n--;
	assert_int_equal(n, 0); /* one for each line */
	ts_config_free(&before);
	ts_config_free(&test_cfg);
}

static void
test_reloadable(void **state)
{
	(void)state;
	assert_fixed(BASE, BASE, "");
	assert_fixed(BASE ROUTE, "# moved down\n\n" ROUTE BASE, "");
	assert_fixed(BASE TUNNEL, BASE TUNNEL "access: {deny-ipv4: [192.0.2.0/24], rate-per-site: 5}\n", "");
	assert_fixed(BASE TUNNEL "access: {deny-ipv4: [192.0.2.0/24]}\n", BASE TUNNEL, "");
	assert_fixed(BASE TUNNEL, BASE TUNNEL "limits: {echo4: 3}\nsource-policy: {ipv4: core}\n", "");
	assert_fixed(BASE, BASE TUNNEL, "");
	assert_fixed(BASE ROUTE, BASE, "");
	assert_fixed(BASE ROUTE, BASE "routes: [{prefix: 0.0.0.0/0, blackhole: yes}]\n", "");
	assert_fixed(
		BASE, BASE "neighbours: [{address: 198.51.100.9, interface: ix0, mac: \"02:00:00:00:00:09\"}]\n", "");
	assert_fixed(BASE, BASE "kernel: {delete-hold-ms: 5, delete-hold-max-ms: 50, resync-s: 60}\n", "");
	assert_fixed(BASE, BASE "health: {probe: no, min-ipv4-routes: 100000, hold-down-s: 5}\n", "");
}

/* The section comes and goes; its device and table stay as long as it is there. */
static void
test_announce(void **state)
{
	(void)state;
	assert_fixed(BASE, BASE "announce: {device: a0}\n", "");
	assert_fixed(BASE "announce: {table: 77}\n", BASE, "");
	assert_fixed(BASE "announce: {table: 77}\n", BASE "announce: {table: 78}\n",
		"t.yaml: announce.table: changes only at a restart\n");
}

static void
test_fixed(void **state)
{
	(void)state;
	assert_fixed(BASE, BASE "workers: {burst: 16}\n", "t.yaml: workers.burst: changes only at a restart\n");
	assert_fixed(BASE "netns: a\n", BASE "netns: b\n", "t.yaml: netns: changes only at a restart\n");
	assert_fixed(BASE "workers: {cpus: [1]}\n", BASE "workers: {cpus: [1, 2]}\nkernel: {table: 5}\n",
		"t.yaml: workers.cpus: changes only at a restart\nt.yaml: kernel.table: changes only at a restart\n");
	assert_fixed("ports: [{name: ix, device: net_null0}]\ninterfaces: [{name: ix0, port: ix}]\n",
		"ports: [{name: ix, device: net_null1}]\ninterfaces: [{name: ix0, port: ix, mtu: 9000}]\n",
		"t.yaml: ports[0].device: changes only at a restart\n"
		"t.yaml: interfaces[0].mtu: changes only at a restart\n");
	assert_fixed("ports: [{name: ix, device: net_null0}]\ninterfaces: [{name: ix0, port: ix}]\n",
		"ports: [{name: ix, device: net_null0}]\ninterfaces: [{name: ix0, port: ix, addresses: [192.0.2.1/24]}]\n",
		"t.yaml: interfaces[0].addresses: changes only at a restart\n");
}

/* Its socket is opened once. */
static void
test_fpm(void **state)
{
	(void)state;
	assert_fixed(BASE, BASE, "");
	assert_fixed(BASE "fpm: {}\n", BASE "fpm: {port: 2620}\n", "");
	assert_fixed(BASE, BASE "fpm: {}\n", "t.yaml: fpm: changes only at a restart\n");
	assert_fixed(BASE "fpm: {}\n", BASE, "t.yaml: fpm: changes only at a restart\n");
	assert_fixed(BASE "fpm: {}\n", BASE "fpm: {port: 2621, stale-s: 9}\n",
		"t.yaml: fpm.port: changes only at a restart\n"
		"t.yaml: fpm.stale-s: changes only at a restart\n");
}

#define TEREDO(more) TUNNEL "teredo-relay: {address: 192.0.2.1" more "}\n"

/* The peer table is made once; without it there is nothing that could not change. */
static void
test_teredo(void **state)
{
	(void)state;
	assert_fixed(BASE TEREDO(""),
		BASE TEREDO(", port: 4000, valid-time: 9, bubbles: 1, "
			    "unconfirmed-per-source: 5"),
		"");
	assert_fixed(BASE TEREDO(", peers: 1024"), BASE TEREDO(", peers: 2048, unconfirmed: 99, queue-bytes: 0"),
		"t.yaml: teredo-relay.peers: changes only at a restart\n"
		"t.yaml: teredo-relay.unconfirmed: changes only at a restart\n"
		"t.yaml: teredo-relay.queue-bytes: changes only at a restart\n");
	assert_fixed(BASE TUNNEL, BASE TEREDO(", peers: 2048"), "");
	assert_fixed(BASE TEREDO(", peers: 2048"), BASE TUNNEL, "");
	assert_fixed(BASE TUNNEL, BASE TUNNEL "teredo-server: {address: 192.0.2.1}\n", "");
	assert_fixed(BASE TUNNEL "teredo-server: {address: 192.0.2.1}\n",
		BASE TUNNEL "teredo-server: {address: 192.0.2.3, ttl: 3, max-icmp6: 64}\n", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reloadable),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_fpm),
		cmocka_unit_test(test_announce),
		cmocka_unit_test(test_teredo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
