/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Twins and announcement device against the real kernel, in a network namespace of this process alone, which goes with
 * it. Needs root; skipped (exit code 77 for meson) where a namespace cannot be made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "control/kernel_settings.h"
#include "control/tun.h"
#include "control/twin.h"

static struct ts_config cfg;
static struct ts_ifaces ifaces;
static char err[512];

static void
sysctl_is(const char *path, const char *expected)
{
	char full[160], value[32] = "";
	FILE *f;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	f = fopen(full, "r");
	assert_non_null(f);
	assert_non_null(fgets(value, sizeof(value), f));
	fclose(f);
	value[strcspn(value, "\n")] = '\0';
	assert_string_equal(value, expected);
}

/* Does a command's output contain this? */
static bool
output_has(const char *command, const char *what)
{
	char line[512];
	bool found = false;
	FILE *p = popen(command, "r");

	assert_non_null(p);
	while (fgets(line, sizeof(line), p) != NULL)
		found |= strstr(line, what) != NULL;
	pclose(p);
	return found;
}

static void
add_address(struct ts_cfg_interface *f, const char *text, uint8_t len)
{
	struct ts_cfg_addr *a = &f->addresses[f->n_addresses++];

	a->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	a->prefix_len = len;
	assert_int_equal(inet_pton(a->family, text, &a->v6), 1);
}

static int
setup(void **state)
{
	static const struct rte_ether_addr mac = {{0x02, 0, 0x5e, 0x10, 0, 1}};
	struct ts_cfg_interface *f = &cfg.interfaces[0];

	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	memset(&ifaces, 0, sizeof(ifaces));
	strcpy(f->name, "ix0");
	f->mtu = 1480;
	add_address(f, "198.51.100.1", 24);
	add_address(f, "2001:db8:100::1", 64);
	cfg.n_interfaces = 1;
	ifaces.n = 1;
	ifaces.dp[0].twin = 1;
	ifaces.dp[0].mac = mac;
	ifaces.ctl[0].tap_fd = -1;
	strcpy(ifaces.ctl[0].name, "ix0");
	strcpy(cfg.announce.device, "tsunagi0");
	cfg.announce.table = 6424;
	cfg.sixto4.enabled = true;
	cfg.sixto4.anycast = true;
	return ts_sysctl_set("ipv4/ip_forward", "1", NULL) | ts_sysctl_set("ipv4/conf/all/rp_filter", "1", NULL) |
		ts_sysctl_set("ipv6/conf/all/forwarding", "0", NULL);
}

static void
test_twin_life(void **state)
{
	(void)state;
	assert_return_code(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), 0);
	assert_int_equal(ifaces.ctl[0].ifindex, if_nametoindex("ix0"));
	assert_true(output_has("ip -o link show ix0", "02:00:5e:10:00:01"));
	assert_true(output_has("ip -o link show ix0", "mtu 1480"));
	assert_true(output_has("ip -o addr show ix0", "198.51.100.1/24 brd 198.51.100.255"));
	assert_true(output_has("ip -o addr show ix0", "2001:db8:100::1/64"));
	assert_false(output_has("ip -o addr show ix0 to 2001:db8:100::1", "tentative"));
	ts_twins_destroy(&ifaces, true);
	assert_int_equal(if_nametoindex("ix0"), 0);
}

static void
test_kernel_settings(void **state)
{
	(void)state;
	assert_return_code(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), 0);
	sysctl_is("ipv4/ip_forward", "0");
	sysctl_is("ipv6/conf/all/forwarding", "1");
	sysctl_is("ipv4/conf/all/rp_filter", "0");
	sysctl_is("ipv4/conf/ix0/arp_ignore", "1");
	sysctl_is("ipv4/conf/ix0/arp_announce", "2");
	sysctl_is("ipv4/conf/ix0/send_redirects", "0");
	sysctl_is("ipv4/conf/ix0/accept_redirects", "0");
	sysctl_is("ipv6/conf/ix0/accept_ra", "0");
	sysctl_is("ipv4/conf/ix0/arp_accept", "0");
	sysctl_is("ipv4/conf/ix0/proxy_arp_pvlan", "0");
	sysctl_is("ipv6/conf/ix0/ndisc_notify", "0");
	sysctl_is("ipv4/neigh/ix0/gc_stale_time", "14400");
	sysctl_is("ipv6/neigh/ix0/mcast_resolicit", "3");
	sysctl_is("ipv6/conf/ix0/forwarding", "1");
	assert_true(output_has("nft list table inet tsunagi", "policy drop"));
	ts_twins_destroy(&ifaces, true);
	sysctl_is("ipv4/ip_forward", "1");
	sysctl_is("ipv6/conf/all/forwarding", "0");
	sysctl_is("ipv4/conf/all/rp_filter", "1");
	assert_false(output_has("nft list tables", "tsunagi"));
}

/* A table that a killed daemon left does not stop the next one. */
static void
test_table_left_over(void **state)
{
	(void)state;
	assert_return_code(ts_nft_forward_drop(true, err, sizeof(err)), 0);
	assert_return_code(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), 0);
	ts_twins_destroy(&ifaces, true);
	assert_false(output_has("nft list tables", "tsunagi"));
}

static void
test_name_taken(void **state)
{
	int index, fd = ts_tun_open("ix0", true, &index, err, sizeof(err));

	(void)state;
	assert_return_code(fd, 0);
	assert_int_equal(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "ix0"));
	assert_non_null(strstr(err, "exists already"));
	assert_int_equal(ifaces.ctl[0].tap_fd, -1);
	sysctl_is("ipv4/ip_forward", "1");
	assert_false(output_has("nft list tables", "tsunagi"));
	close(fd);
}

static void
test_without_twin(void **state)
{
	(void)state;
	ifaces.dp[0].twin = 0;
	assert_return_code(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), 0);
	assert_int_equal(if_nametoindex("ix0"), 0);
	sysctl_is("ipv4/ip_forward", "1");
	ts_twins_destroy(&ifaces, true);
}

/* 192.88.99.0/24 and 2002::/16. */
static void
prefixes(struct ts_cfg_addr out[2])
{
	memset(out, 0, 2 * sizeof(*out));
	out[0].family = AF_INET;
	out[0].prefix_len = 24;
	assert_int_equal(inet_pton(AF_INET, "192.88.99.0", &out[0].v4), 1);
	out[1].family = AF_INET6;
	out[1].prefix_len = 16;
	assert_int_equal(inet_pton(AF_INET6, "2002::", &out[1].v6), 1);
}

static void
test_announcer(void **state)
{
	struct ts_announcer *a = ts_announcer_create(&cfg, err, sizeof(err));
	struct ts_cfg_addr p[2];

	(void)state;
	prefixes(p);
	assert_non_null(a);
	assert_false(output_has("ip route show table 6424 2>&1", "192.88.99.0/24"));
	assert_false(output_has("ip -6 -o addr show dev tsunagi0", "fe80"));
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	assert_true(output_has("ip route show table 6424", "192.88.99.0/24 dev tsunagi0"));
	assert_true(output_has("ip -6 route show table 6424", "2002::/16 dev tsunagi0"));
	assert_int_equal(ts_announcer_set(a, &p[1], 1, false), 0);
	assert_false(output_has("ip route show table 6424", "192.88.99.0/24"));
	assert_true(output_has("ip -6 route show table 6424", "2002::/16"));
	assert_int_equal(ts_announcer_set(a, NULL, 0, false), 0);
	assert_int_equal(ts_announcer_set(a, NULL, 0, false), 0);
	assert_false(output_has("ip -6 route show table 6424", "2002::/16"));
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	ts_announcer_free(a);
	assert_int_equal(if_nametoindex("tsunagi0"), 0);
	assert_false(output_has("ip -6 route show table 6424 2>&1", "2002::/16"));
}

/* RFC 8326: seen to be going, then gone; or staying after all. */
static void
test_announcer_going(void **state)
{
	struct ts_announcer *a = ts_announcer_create(&cfg, err, sizeof(err));
	struct ts_cfg_addr p[2];

	(void)state;
	prefixes(p);
	assert_non_null(a);
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	assert_int_equal(ts_announcer_set(a, p, 2, true), 0);
	for (unsigned i = 0; i < 2; i++) {
		const char *show = i == 0 ? "ip -o route show table 6424" : "ip -o -6 route show table 6424";

		assert_true(output_has(show, "metric 65535"));
		assert_false(output_has(show, i == 0 ? "scope link \n" : "metric 1024"));
	}
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	assert_false(output_has("ip route show table 6424", "65535"));
	assert_true(output_has("ip -6 route show table 6424", "2002::/16 dev tsunagi0 proto static metric 1024"));
	assert_int_equal(ts_announcer_set(a, p, 2, true), 0);
	assert_int_equal(ts_announcer_set(a, NULL, 0, true), 0);
	assert_false(output_has("ip -6 route show table 6424", "2002::/16"));
	ts_announcer_free(a);
}

static void
test_announcer_tolerates_others(void **state)
{
	struct ts_announcer *a = ts_announcer_create(&cfg, err, sizeof(err));
	struct ts_cfg_addr p[2];

	(void)state;
	prefixes(p);
	assert_non_null(a);
	assert_true(ts_announcer_alive(a));
	assert_int_equal(ts_announcer_set(a, p, 2, false), 0);
	assert_int_equal(system("ip route flush table 6424"), 0);
	assert_int_equal(ts_announcer_set(a, NULL, 0, false), 0);
	assert_int_equal(system("ip link del tsunagi0"), 0);
	assert_false(ts_announcer_alive(a));
	assert_true(ts_announcer_set(a, p, 2, false) < 0);
	ts_announcer_free(a);
}

static void
test_carrier(void **state)
{
	(void)state;
	assert_return_code(ts_twins_create(&cfg, &ifaces, err, sizeof(err)), 0);
	assert_false(output_has("ip -o link show ix0", "NO-CARRIER"));
	ts_tun_carrier(ifaces.ctl[0].tap_fd, false);
	assert_true(output_has("ip -o link show ix0", "NO-CARRIER"));
	ts_tun_carrier(ifaces.ctl[0].tap_fd, true);
	assert_false(output_has("ip -o link show ix0", "NO-CARRIER"));
	assert_true(ts_tun_alive(ifaces.ctl[0].tap_fd));
	assert_int_equal(system("ip link del ix0"), 0);
	assert_false(ts_tun_alive(ifaces.ctl[0].tap_fd));
	ts_twins_destroy(&ifaces, true);
}

static void
test_netns_absent(void **state)
{
	(void)state;
	assert_int_equal(ts_netns_enter("ts-no-such-namespace", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "ts-no-such-namespace"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_twin_life, setup),
		cmocka_unit_test_setup(test_kernel_settings, setup),
		cmocka_unit_test_setup(test_table_left_over, setup),
		cmocka_unit_test_setup(test_name_taken, setup),
		cmocka_unit_test_setup(test_without_twin, setup),
		cmocka_unit_test_setup(test_announcer, setup),
		cmocka_unit_test_setup(test_announcer_going, setup),
		cmocka_unit_test_setup(test_announcer_tolerates_others, setup),
		cmocka_unit_test_setup(test_carrier, setup),
		cmocka_unit_test(test_netns_absent),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		perror("skipped: no network namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
