/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of the box, and refusals of 6to4 that the vectors show in one direction only. */
#include "checksums.h"
#include "path_tests.h"
#include "path_util.h"

void
test_service_addresses(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX];
	char why[64];
	size_t n;

	(void)state;
	/* a host address is pinged like a service address; the reply has no options */
	n = make_echo4(p, SITE_V4, ROUTER_V4);
	send_ip(p, n);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + n);
	assert_int_equal(got[14 + 20], 0);
	assert_true(checksums_good(got + 14, n, why, sizeof(why)));
	/* an unknown protocol to a service address */
	n = make_v4(p, SITE_V4, "192.88.99.1", 47, 20);
	send_ip(p, n);
	assert_dropped(TS_C_drop_ip4_rx_no_tunnel);
	/* other ICMP */
	n = make_echo4(p, SITE_V4, "192.88.99.1");
	p[20] = 13;
	p[22] = 0xf2;
	send_ip(p, n);
	assert_dropped(TS_C_drop_ip4_local_icmp4_ignored);
	/* not an echo request, and an echo request with a wrong checksum */
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c058:6301::", 8));
	assert_dropped(TS_C_drop_ip6_local_local_not_echo);
	n = make_echo6(p, "2001:db8::1", "2002:c058:6301::");
	p[42] ^= 1;
	send_ip(p, n);
	assert_dropped(TS_C_drop_ip6_local_local_not_echo);
	send_ip(p, make_echo6(p, "fe80::1", "2002:c058:6301::"));
	assert_dropped(TS_C_drop_ip6_local_v6_src_invalid);
	/* through the tunnel */
	make_v6(p + 20, "2002:c000:22a::1", "2002:c058:6301::", 8);
	send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 48));
	assert_dropped(TS_C_drop_6to4_decap_local_not_echo);
	/* for nobody */
	send_ip(p, make_v6(p, "2001:db8::1", "2001:db8:ffff::1", 8));
	assert_dropped(TS_C_drop_ip6_rx_no_tunnel);
}

/* G60: a closed port of a service address says so, so that traceroute ends visibly; but never to martians. */
void
test_closed_port(void **state)
{
	uint8_t p[1024] = {0}, got[RIG_FRAME_MAX];
	char why[64];
	size_t n = make_v4(p, SITE_V4, "192.88.99.1", 17, 800);

	(void)state;
	send_ip(p, n);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 576);
	assert_memory_equal(got + 14 + 12, ((uint8_t[]){192, 88, 99, 1, 192, 0, 2, 42, 3, 3}), 10);
	assert_memory_equal(got + 14 + 28, p, 548);
	assert_true(checksums_good(got + 14, 576, why, sizeof(why)));
	send_ip(p, make_v4(p, "10.0.0.1", "192.88.99.1", 6, 20));
	assert_dropped(TS_C_drop_ip4_local_src_martian);
	rig_advance_ms(&rig, 600000);
	assert_limited(p, make_v4(p, SITE_V4, "192.88.99.1", 17, 20), TS_C_drop_ip4_local_unreachable_limited);
}

/* Refusals that the vectors show in one direction only. */
void
test_6to4_refusals(void **state)
{
	static const uint8_t rh0[8] = {59, 0, 0, 1};
	uint8_t p[256], got[RIG_FRAME_MAX];
	size_t n;

	(void)state;
	send_ip(p, make_v6(p, "2001:db8:5:6:0:5efe:198.51.100.1", "2002:c000:22a::1", 8));
	assert_dropped(TS_C_drop_6to4_encap_loop_src);
	n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	p[6] = 43;
	memcpy(p + 40, rh0, 8);
	send_ip(p, n);
	assert_dropped(TS_C_drop_6to4_encap_rh0);
	rig.cfg.source_policy.pass_rh0 = true;
	path_apply();
	send_ip(p, n);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + n);
	rig.cfg.source_policy.pass_rh0 = false;
	path_apply();
	make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 8);
	send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 39));
	assert_dropped(TS_C_drop_6to4_decap_v6_hdr);
	send_ip(p, make_6in4(p, SITE_V4, "2002:c000:22a::1", "2002:c000:22b::1", 8));
	assert_dropped(TS_C_drop_6to4_decap_dst_6to4);
	n = make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 8);
	p[26] = 58; /* an ICMPv6 error with hop limit 1 */
	p[27] = 1;
	p[60] = 1;
	send_ip(p, n);
	assert_dropped(TS_C_drop_6to4_decap_no_error_about_error);
}
