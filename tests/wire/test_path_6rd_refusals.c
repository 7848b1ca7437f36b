/* SPDX-License-Identifier: BSD-3-Clause */
/* 6rd: every reason to refuse, in the order of protocols.md 10.2; nothing is answered. */
#include "path_tests.h"
#include "path_tunnels.h"

static void
own_address(const char *text)
{
	struct ts_cfg_addr *a = &rig.cfg.local.addresses[rig.cfg.local.n_addresses++];

	*a = (struct ts_cfg_addr){.family = AF_INET, .prefix_len = 32};
	put_v4((uint8_t *)&a->v4, text);
}

/* 10.7.7.7 is ours, and 2001:db8:6000::/40 a 6rd prefix that we know of. */
static void
refusals_setup(void)
{
	struct ts_prefix6rd *known = &rig.cfg.loop_guard.known_6rd[0];

	own_address("10.7.7.7");
	memset(known, 0, sizeof(*known));
	put_v6(known->prefix.addr.s6_addr, "2001:db8:6000::");
	known->prefix.len = 40;
	put_v4((uint8_t *)&known->ipv4_common, "10.0.0.0");
	known->ipv4_mask_len = 8;
	rig.cfg.loop_guard.n_known_6rd = 1;
	tunnels_setup();
}

void
test_6rd_encap_refused(void **state)
{
	static const struct {
		const char *src, *dst;
		enum ts_counter counter;
	} cases[] = {
		{"::", A_USER, TS_C_drop_6rd_encap_v6_src_invalid},
		{"fe80::1", A_USER, TS_C_drop_6rd_encap_v6_src_invalid},
		{"ff0e::1", A_USER, TS_C_drop_6rd_encap_v6_src_invalid},
		{"fc00::1", A_USER, TS_C_drop_6rd_encap_v6_src_invalid},
		{A_OTHER_USER, A_USER, TS_C_drop_6rd_encap_src_6rd},
		{A_USER, "2001:d00:0:100::1", TS_C_drop_6rd_encap_src_6rd}, /* before the null route */
		{NATIVE, "2001:d00:0:100::1", TS_C_drop_6rd_encap_null_route},
		{NATIVE, "2001:d00:0:1ff:ffff::1", TS_C_drop_6rd_encap_null_route},
		{NATIVE, "2001:d00:707:700::1", TS_C_drop_6rd_encap_dst_own},
		{NATIVE, "3fff:71:8cd9:40::1", TS_C_drop_6rd_encap_dst_own}, /* 198.51.100.1 in B */
		{NATIVE, "2001:d00:0:200::1", TS_C_drop_6rd_encap_dst_relay},
		{NATIVE, "3fff:70:1618:c040::1", TS_C_drop_6rd_encap_dst_relay}, /* 192.88.99.1: ours, too, see below */
		{NATIVE, "3fff:5f:c000:40::1", TS_C_drop_6rd_encap_dst_martian}, /* 127.0.0.1 */
		{NATIVE, "3fff:78:0:40::1", TS_C_drop_6rd_encap_dst_martian},	 /* 224.0.0.1 */
		{NATIVE, "3fff:71:8cd9:3fc0::1", TS_C_drop_6rd_encap_dst_martian}, /* broadcast of an attached subnet */
		{"2002:a07:707::1", A_USER, TS_C_drop_6rd_encap_loop_src},
		{"2001:db8:5:6:0:5efe:198.51.100.1", A_USER, TS_C_drop_6rd_encap_loop_src},
		{"2001:db8:6007:707::1", A_USER, TS_C_drop_6rd_encap_loop_src},
	};
	uint8_t p[256];

	(void)state;
	rig.cfg.sixto4.enabled = false; /* so that 192.88.99.1 is not ours */
	refusals_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, make_v6(p, cases[i].src, cases[i].dst, 24));
		assert_dropped(cases[i].counter);
	}
	make_v6(p, NATIVE, A_USER, 24);
	p[6] = 43;
	memcpy(p + 40, ((uint8_t[]){59, 0, 0, 1}), 4);
	send_ip(p, 64);
	assert_dropped(TS_C_drop_6rd_encap_rh0);
	make_v6(p, NATIVE, A_USER, 24);
	p[6] = 58; /* Destination Unreachable, with no hops left */
	p[7] = 1;
	p[40] = 1;
	send_ip(p, 64);
	assert_dropped(TS_C_drop_6rd_encap_no_error_about_error);
	make_v6(p, NATIVE, A_USER, 24);
	p[7] = 1;
	assert_limited(p, 64, TS_C_drop_6rd_encap_icmp6_limited);
	set_route(AF_INET, "10.100.0.0", 16, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_v6(p, NATIVE, A_USER, 24));
	assert_dropped(TS_C_drop_6rd_encap_blackhole);
	del_route(AF_INET, "10.100.0.0", 16);
}

void
test_6rd_decap_refused(void **state)
{
	static const struct {
		const char *outer_src, *outer_dst, *src, *dst;
		enum ts_counter counter;
	} cases[] = {
		{"10.7.7.7", A_BR, A_USER, NATIVE, TS_C_drop_6rd_decap_v4_src_own},
		{A_BR, A_BR, A_USER, NATIVE, TS_C_drop_6rd_decap_v4_src_own},
		{A_RELAY, A_BR, "2001:d00:0:200::1", NATIVE, TS_C_drop_6rd_decap_v4_src_relay},
		{"192.88.99.7", B_BR, B_USER, NATIVE, TS_C_drop_6rd_decap_v4_src_relay},
		{"127.0.0.1", A_BR, A_USER, NATIVE, TS_C_drop_6rd_decap_v4_src_martian},
		{"198.51.100.255", B_BR, "3fff:71:8cd9:3fc0::1", NATIVE, TS_C_drop_6rd_decap_v4_src_martian},
		{"11.100.100.1", A_BR, A_USER, NATIVE, TS_C_drop_6rd_decap_v4_src_not_ce},
		{A_CE, A_BR, NATIVE, "2001:db8::2", TS_C_drop_6rd_decap_src_not_6rd},
		{A_CE, A_BR, "fe80::1", NATIVE, TS_C_drop_6rd_decap_src_not_6rd},
		{A_CE, A_BR, A_OTHER_USER, NATIVE, TS_C_drop_6rd_decap_src_mismatch},
		{A_CE, A_BR, A_USER, "ff02::1", TS_C_drop_6rd_decap_v6_dst_invalid},
		{A_CE, A_BR, A_USER, "fe80::1", TS_C_drop_6rd_decap_v6_dst_invalid},
		{A_CE, A_BR, A_USER, PATH_ID6, TS_C_drop_6rd_decap_local_not_echo},
		{A_CE, A_BR, A_USER, "2001:d00:0:100::1", TS_C_drop_6rd_decap_null_route},
		{A_CE, A_BR, A_USER, "2002:a07:707::1", TS_C_drop_6rd_decap_loop_dst},
		{A_CE, A_BR, A_USER, "2001:db8:5:6:200:5efe:198.51.100.1", TS_C_drop_6rd_decap_loop_dst},
		{A_CE, A_BR, A_USER, "2001:db8:6007:707::1", TS_C_drop_6rd_decap_loop_dst},
		{A_CE, A_BR, A_USER, "2001:d00:707:700::1", TS_C_drop_6rd_decap_dst_own},
		{A_CE, A_BR, A_USER, "2001:d00:0:200::1", TS_C_drop_6rd_decap_dst_relay},
		{B_CE, B_BR, B_USER, "3fff:5f:c000:40::1", TS_C_drop_6rd_decap_dst_martian},
		{A_CE, A_BR, A_USER, A_OTHER_USER, TS_C_drop_6rd_decap_hairpin},
	};
	uint8_t p[256];

	(void)state;
	refusals_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, make_tunnelled(p, cases[i].outer_src, cases[i].outer_dst, cases[i].src, cases[i].dst, 24));
		assert_dropped(cases[i].counter);
	}
}

/* What an inner header can have wrong in itself. */
void
test_6rd_decap_malformed(void **state)
{
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	make_v6(p + 20, A_USER, NATIVE, 24);
	send_ip(p, wrap(p, A_CE, A_BR, 39));
	assert_dropped(TS_C_drop_6rd_decap_v6_hdr);
	make_v6(p + 20, A_USER, NATIVE, 24);
	p[20] = 0x50;
	send_ip(p, wrap(p, A_CE, A_BR, 64));
	assert_dropped(TS_C_drop_6rd_decap_v6_hdr);
	make_v6(p + 20, A_USER, NATIVE, 24);
	send_ip(p, wrap(p, A_CE, A_BR, 63));
	assert_dropped(TS_C_drop_6rd_decap_v6_len);
	/* G27: what follows the inner packet is cut */
	make_v6(p + 20, A_USER, NATIVE, 24);
	send_ip(p, wrap(p, A_CE, A_BR, 71));
	assert_forwarded(NULL, p + 20, 64);
	make_v6(p + 20, A_USER, NATIVE, 24);
	p[26] = 43;
	memcpy(p + 60, ((uint8_t[]){59, 2, 0, 1}), 4);
	send_ip(p, wrap(p, A_CE, A_BR, 64));
	assert_dropped(TS_C_drop_6rd_decap_rh0);
	make_v6(p + 20, A_USER, NATIVE, 24);
	p[26] = 58;
	p[27] = 1;
	p[60] = 3;
	send_ip(p, wrap(p, A_CE, A_BR, 64));
	assert_dropped(TS_C_drop_6rd_decap_no_error_about_error);
	make_v6(p + 20, A_USER, NATIVE, 24);
	p[27] = 1;
	wrap(p, A_CE, A_BR, 64);
	assert_limited(p, 84, TS_C_drop_6rd_decap_icmp6_limited);
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "2001:db8:5::1", 24));
	assert_dropped(TS_C_drop_6rd_decap_blackhole);
	del_route(AF_INET6, "2001:db8:5::", 48);
}

/* R6, O20: addresses of a domain cannot come from outside, not even to be answered. */
void
test_6rd_local_source(void **state)
{
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	send_ip(p, make_echo6(p, A_USER, PATH_ID6));
	assert_dropped(TS_C_drop_ip6_local_src_6rd);
	send_ip(p, make_echo6(p, A_USER, "2001:d00:0:100::"));
	assert_dropped(TS_C_drop_ip6_local_src_6rd);
}
