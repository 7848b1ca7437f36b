/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What FRR's zebra says by FPM, and what becomes of it in the RIB.
 */
#include "fpm_rig.h"

static void
routes_come_change_and_go(void **state)
{
	(void)state;
	put_route("203.0.113.0/24", "10.0.0.9");
	put_route("2001:db8:6::/48", "2001:db8::9");
	put_route("0.0.0.0/0", "10.0.0.1");
	put_type("10.1.0.0/16", RTN_BLACKHOLE);
	put_type("10.2.0.0/16", RTN_UNREACHABLE);
	put_type("2001:db8:7::/48", RTN_PROHIBIT);
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
	expect("2001:db8:6::/48", "via 2001:db8::9*1@0");
	expect("0.0.0.0/0", "via 10.0.0.1*1@0");
	expect("10.1.0.0/16", "blackhole");
	expect("10.2.0.0/16", "unreachable");
	expect("2001:db8:7::/48", "prohibit");
	assert_int_equal(stats().routes, 6);

	put_route("203.0.113.0/24", "10.0.0.8");
	put_delete("2001:db8:6::/48");
	put_delete("10.1.0.0/16");
	put_delete("198.51.100.0/24");
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.8*1@0");
	expect("2001:db8:6::/48", "-");
	expect("10.1.0.0/16", "-");
	assert_int_equal(stats().routes, 4);
}

/* Zebra's deletion tells the metric of what follows. */
static void
a_prefix_has_one_route(void **state)
{
	struct fpm_route cheap = {.prefix = "203.0.113.0/24", .via = "10.0.0.9", .oif = IF0, .metric = 20};
	struct fpm_route dear = {.prefix = "203.0.113.0/24", .via = "10.0.0.8", .oif = IF1, .metric = 200};

	(void)state;
	FPM_ONE(&out, fpm_put_route(&out, &dear));
	fpm_begin(&out);
	fpm_put_delete(&out, "203.0.113.0/24", 20);
	fpm_put_route(&out, &cheap);
	fpm_end(&out);
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
	assert_int_equal(stats().routes, 1);
	FPM_ONE(&out, fpm_put_delete(&out, "203.0.113.0/24", 7));
	send_out();
	expect("203.0.113.0/24", "-");
	assert_int_equal(stats().routes, 0);
}

static void
put_multipath(const char *prefix)
{
	struct fpm_route route = {.prefix = prefix};
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	fpm_begin(&out);
	nlh = fpm_route_head(&out, RTM_NEWROUTE, &route);
	nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
	for (unsigned i = 0; i < 2; i++) {
		struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(nlh);

		nlh->nlmsg_len += RTNH_LENGTH(0);
		*nh = (struct rtnexthop){.rtnh_hops = (uint8_t)(2 * i), .rtnh_ifindex = (int)(IF0 + i)};
		fpm_put_addr(nlh, RTA_GATEWAY, i == 0 ? "10.0.0.9" : "10.1.0.9");
		nh->rtnh_len = (uint16_t)((uint8_t *)mnl_nlmsg_get_payload_tail(nlh) - (uint8_t *)nh);
	}
	mnl_attr_nest_end(nlh, nest);
	fpm_nlmsg_done(&out, nlh);
	fpm_end(&out);
}

static void
multipath_with_weights(void **state)
{
	(void)state;
	put_multipath("203.0.113.0/24");
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0 10.1.0.9*3@1");
	put_route("203.0.113.0/24", "10.0.0.9");
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
}

static void
objects_and_groups(void **state)
{
	const struct nexthop_grp group[] = {{.id = 1}, {.id = 2, .weight = 2}};

	(void)state;
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.9", IF0));
	FPM_ONE(&out, fpm_put_object(&out, 2, "10.1.0.9", IF1));
	FPM_ONE(&out, fpm_put_group(&out, 3, group, 2));
	put_by_object("203.0.113.0/24", 3);
	put_by_object("198.51.100.0/24", 1);
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0 10.1.0.9*3@1");
	expect("198.51.100.0/24", "via 10.0.0.9*1@0");

	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.7", IF0)); /* replaced: all that lead to it follow */
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.7*1@0 10.1.0.9*3@1");
	expect("198.51.100.0/24", "via 10.0.0.7*1@0");

	FPM_ONE(&out, fpm_put_group(&out, 3, &group[1], 1));
	send_out();
	expect("203.0.113.0/24", "via 10.1.0.9*1@1");
}

static void
objects_in_any_order(void **state)
{
	const struct nexthop_grp group[] = {{.id = 11}, {.id = 12}};

	(void)state;
	put_by_object("203.0.113.0/24", 13);
	send_out();
	expect("203.0.113.0/24", "-");
	FPM_ONE(&out, fpm_put_group(&out, 13, group, 2));
	send_out();
	expect("203.0.113.0/24", "-");
	FPM_ONE(&out, fpm_put_object(&out, 12, "10.1.0.9", IF1));
	send_out();
	expect("203.0.113.0/24", "via 10.1.0.9*1@1");
	FPM_ONE(&out, fpm_put_object(&out, 11, "10.0.0.9", IF0));
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0 10.1.0.9*1@1");

	/* A deleted route does not come back with its object. */
	put_delete("203.0.113.0/24");
	FPM_ONE(&out, fpm_put_object(&out, 11, "10.0.0.7", IF0));
	send_out();
	expect("203.0.113.0/24", "-");
}

/* Zebra takes each route away by itself; an object that goes before them takes nothing. */
static void
objects_go(void **state)
{
	(void)state;
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.9", IF0));
	put_by_object("203.0.113.0/24", 1);
	FPM_ONE(&out, fpm_put_object_gone(&out, 1));
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.8", IF0));
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.8*1@0");
	put_delete("203.0.113.0/24");
	FPM_ONE(&out, fpm_put_object_gone(&out, 1));
	send_out();
	expect("203.0.113.0/24", "-");
	assert_int_equal(stats().next_hop_objects, 0);
}

/* RFC 8950: an object of the other family; without objects an attribute of its own. */
static void
ipv4_via_ipv6(void **state)
{
	struct fpm_route route = {.prefix = "198.51.100.0/24", .oif = IF1};
	struct {
		uint16_t family;
		uint8_t addr[16];
	} __attribute__((packed)) via = {.family = AF_INET6};
	struct nlmsghdr *nlh;

	(void)state;
	FPM_ONE(&out, fpm_put_object(&out, 1, "2001:db8::9", IF0));
	put_by_object("203.0.113.0/24", 1);
	inet_pton(AF_INET6, "fe80::9", via.addr);
	fpm_begin(&out);
	nlh = fpm_route_head(&out, RTM_NEWROUTE, &route);
	mnl_attr_put(nlh, RTA_VIA, sizeof(via), &via);
	mnl_attr_put_u32(nlh, RTA_OIF, IF1);
	fpm_nlmsg_done(&out, nlh);
	fpm_end(&out);
	send_out();
	expect("203.0.113.0/24", "via 2001:db8::9*1@0");
	expect("198.51.100.0/24", "via fe80::9*1@1");
}

static void
what_is_not_for_us(void **state)
{
	struct fpm_route other_table = {.prefix = "203.0.113.0/24", .via = "10.0.0.9", .oif = IF0, .table = 100};
	struct fpm_route connected = {.prefix = "10.0.0.0/24", .oif = IF0, .protocol = RTPROT_KERNEL};
	struct fpm_route foreign = {.prefix = "198.51.100.0/24", .via = "10.0.0.9", .oif = 7};

	(void)state;
	FPM_ONE(&out, fpm_put_route(&out, &other_table));
	FPM_ONE(&out, fpm_put_route(&out, &connected));
	FPM_ONE(&out, fpm_put_route(&out, &foreign));
	put_route("2002:c000:200::/40", "2001:db8::9");
	FPM_ONE(&out, fpm_nlmsg_done(&out, fpm_nlmsg(&out, RTM_NEWNEIGH)));
	send_out();
	assert_int_equal(stats().routes, 0);
	assert_int_equal(stats().foreign, 1);
	assert_int_equal(stats().in_tunnel, 1);
	assert_true(stats().connected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(routes_come_change_and_go),
		TEST(a_prefix_has_one_route),
		TEST(multipath_with_weights),
		TEST(objects_and_groups),
		TEST(objects_in_any_order),
		TEST(objects_go),
		TEST(ipv4_via_ipv6),
		TEST(what_is_not_for_us),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
