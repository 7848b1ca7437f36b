/* SPDX-License-Identifier: BSD-3-Clause */
/* ISATAP: what is forwarded and refused (protocols.md 6). Neighbour discovery is in test_path_isatap_nd.c. */
#include "path_tests.h"
#include "path_tunnels.h"

static const struct outer_header to_host = {.src = S_ROUTER, .dst = S_HOST, .ttl = 64};

/* I1, I4, I5: both u bits, in both directions. */
void
test_isatap_u_bit(void **state)
{
	static const char *const forms[] = {S_USER, "2001:db8:1:2:200:5efe:172.20.0.9"};
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(forms); i++) {
		n = make_v6(p, NATIVE, forms[i], 24);
		send_ip(p, n);
		assert_forwarded(&to_host, p, n);
		assert_int_equal(moved(TS_C_isatap_encap_packets), 1);
		assert_int_equal(moved(TS_C_isatap_encap_bytes), n);
		n = make_tunnelled(p, S_HOST, S_ROUTER, forms[i], NATIVE, 24);
		send_ip(p, n);
		assert_forwarded(NULL, p + 20, n - 20);
		assert_int_equal(moved(TS_C_isatap_decap_packets), 1);
		assert_int_equal(moved(TS_C_isatap_decap_bytes), n - 20);
	}
	/* the group bit is no u bit */
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, "2001:db8:1:2:100:5efe:172.20.0.9", NATIVE, 24));
	assert_dropped(TS_C_drop_isatap_decap_src_mismatch);
}

/* I4 (b): a router of the site may send anything; one that is listed but lies outside the site may not. */
void
test_isatap_prl(void **state)
{
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	n = make_tunnelled(p, S_OTHER_ROUTER, S_ROUTER, "2001:db8:77::1", NATIVE, 24);
	send_ip(p, n);
	assert_forwarded(NULL, p + 20, n - 20);
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, "2001:db8:77::1", NATIVE, 24));
	assert_dropped(TS_C_drop_isatap_decap_src_mismatch);
	send_ip(p, make_tunnelled(p, "203.0.113.99", S_ROUTER, "2001:db8:77::1", NATIVE, 24));
	assert_dropped(TS_C_drop_isatap_decap_v4_src_not_site);
}

/* I12: hosts whose prefix is not on-link send everything to the router. */
void
test_isatap_host_to_host(void **state)
{
	struct outer_header o = {.src = S_ROUTER, .dst = "192.0.2.9", .ttl = 64};
	static const char *const forms[] = {"2001:db8:1:2:200:5efe:192.0.2.9", "2001:db8:1:2:0:5efe:192.0.2.9"};
	uint8_t p[2048], want[64];
	size_t n;

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(forms); i++) {
		make_v6(p + 20, S_USER, forms[i], 24);
		p[21] = 0x20;
		n = wrap(p, S_HOST, S_ROUTER, 64);
		p[1] = 3;
		p[10] = p[11] = 0;
		*(uint16_t *)(void *)(p + 10) = rte_ipv4_cksum((void *)p);
		send_ip(p, n);
		memcpy(want, p + 20, 64);
		want[1] = 0x30;
		want[7]--;
		assert_tunnelled(&o, want, 64);
	}
	n = make_tunnelled(p, S_HOST, S_ROUTER, S_USER, forms[0], 1241);
	send_ip(p, n);
	assert_error(&to_host, &(struct icmp6_error){.type = 2, .word = 1280}, p + 20, n - 20);
	n = make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "2001:db8:1:2::9", 24);
	send_ip(p, n);
	assert_error(&to_host, &(struct icmp6_error){.type = 1, .code = 3}, p + 20, n - 20);
}

/* I5, G41, G33 natively; the same back into the site. */
void
test_isatap_errors(void **state)
{
	static const struct icmp6_error exceeded = {.type = 3}, unreachable = {.type = 1, .code = 3};
	uint8_t p[2048];
	size_t n;

	(void)state;
	tunnels_setup();
	n = make_v6(p, NATIVE, "2001:db8:1:2::9", 24);
	send_ip(p, n);
	assert_error(NULL, &unreachable, p, n);
	n = make_v6(p, NATIVE, S_USER, 1241);
	send_ip(p, n);
	assert_error(NULL, &(struct icmp6_error){.type = 2, .word = 1280}, p, n);
	n = make_v6(p, NATIVE, S_USER, 1240);
	send_ip(p, n);
	assert_forwarded(&to_host, p, n);
	n = make_v6(p, NATIVE, S_USER, 24);
	p[7] = 1;
	send_ip(p, n);
	assert_error(NULL, &exceeded, p, n);
	n = make_tunnelled(p, S_HOST, S_ROUTER, S_USER, NATIVE, 24);
	p[27] = 1;
	send_ip(p, n);
	assert_error(&to_host, &exceeded, p + 20, n - 20);
}

void
test_isatap_allow_ula(void **state)
{
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "fd00:1::1", 24));
	assert_dropped(TS_C_drop_isatap_decap_v6_dst_invalid);
	rig.cfg.isatap[SITE_S].allow_ula = true;
	path_apply();
	n = make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "fd00:1::1", 24);
	send_ip(p, n);
	assert_forwarded(NULL, p + 20, n - 20);
	n = make_v6(p, "fd00:1::1", S_USER, 24);
	send_ip(p, n);
	assert_forwarded(&to_host, p, n);
	send_ip(p, make_v6(p, "fd00:1::1", T_USER, 24));
	assert_dropped(TS_C_drop_isatap_encap_v6_src_invalid);
}

void
test_isatap_encap_refused(void **state)
{
	static const struct {
		const char *src, *dst;
		enum ts_counter counter;
	} cases[] = {
		{"fe80::1", S_USER, TS_C_drop_isatap_encap_v6_src_invalid},
		{"fc00::1", S_USER, TS_C_drop_isatap_encap_v6_src_invalid},
		{"2001:db8:1:2:0:5efe:172.20.0.8", S_USER, TS_C_drop_isatap_encap_src_isatap},
		{"2001:db8:1:2::8", "2001:db8:1:2::9", TS_C_drop_isatap_encap_src_isatap}, /* before the error */
		{NATIVE, "2001:db8:1:2:0:5efe:172.20.0.1", TS_C_drop_isatap_encap_dst_own},
		{NATIVE, "2001:db8:1:2:200:5efe:172.20.0.2", TS_C_drop_isatap_encap_dst_prl},
		{NATIVE, "2001:db8:1:2:0:5efe:203.0.113.99", TS_C_drop_isatap_encap_dst_prl},
		{NATIVE, "2001:db8:1:2:0:5efe:10.0.0.9", TS_C_drop_isatap_encap_dst_not_site},
		{NATIVE, "2001:db8:1:2:0:5efe:127.0.0.1", TS_C_drop_isatap_encap_dst_not_site},
		{"2002:ac14:1::1", S_USER, TS_C_drop_isatap_encap_loop_src},
		{"2001:db8:5:6:0:5efe:198.51.100.1", S_USER, TS_C_drop_isatap_encap_loop_src},
	};
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, make_v6(p, cases[i].src, cases[i].dst, 24));
		assert_dropped(cases[i].counter);
	}
	make_v6(p, NATIVE, S_USER, 24);
	p[6] = 43;
	memcpy(p + 40, ((uint8_t[]){59, 2, 0, 1}), 4);
	send_ip(p, 64);
	assert_dropped(TS_C_drop_isatap_encap_rh0);
	make_v6(p, NATIVE, "2001:db8:1:2::9", 24);
	p[6] = 58;
	p[40] = 1;
	send_ip(p, 64);
	assert_dropped(TS_C_drop_isatap_encap_no_error_about_error);
	assert_limited(p, make_v6(p, NATIVE, "2001:db8:1:2::9", 24), TS_C_drop_isatap_encap_icmp6_limited);
	set_route(AF_INET, "172.20.0.0", 16, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_v6(p, NATIVE, S_USER, 24));
	assert_dropped(TS_C_drop_isatap_encap_blackhole);
	del_route(AF_INET, "172.20.0.0", 16);
}

void
test_isatap_decap_refused(void **state)
{
	static const struct {
		const char *outer_src, *src, *dst;
		enum ts_counter counter;
	} cases[] = {
		{S_ROUTER, S_USER, NATIVE, TS_C_drop_isatap_decap_v4_src_own},
		{ROUTER_V4, S_USER, NATIVE, TS_C_drop_isatap_decap_v4_src_own},
		{T_HOST, "2001:db8:1:2:0:5efe:172.21.0.9", NATIVE, TS_C_drop_isatap_decap_v4_src_not_site},
		{"127.0.0.1", S_USER, NATIVE, TS_C_drop_isatap_decap_v4_src_not_site},
		{"172.20.0.8", S_USER, NATIVE, TS_C_drop_isatap_decap_src_mismatch},
		{S_HOST, "2001:db8:1:3:0:5efe:172.20.0.9", NATIVE, TS_C_drop_isatap_decap_src_mismatch},
		{S_HOST, "fe80:0:0:1:0:5efe:172.20.0.9", NATIVE, TS_C_drop_isatap_decap_src_mismatch},
		{S_HOST, "::", "ff02::2", TS_C_drop_isatap_decap_src_mismatch},
		{S_HOST, "fe80::5efe:172.20.0.9", NATIVE, TS_C_drop_isatap_decap_v6_src_invalid},
		{S_OTHER_ROUTER, "fc00::1", NATIVE, TS_C_drop_isatap_decap_v6_src_invalid},
		{S_HOST, S_USER, "ff02::1", TS_C_drop_isatap_decap_v6_dst_invalid},
		{S_HOST, S_USER, "fe80::5efe:172.20.0.8", TS_C_drop_isatap_decap_v6_dst_invalid},
		{S_HOST, S_USER, PATH_ID6, TS_C_drop_isatap_decap_local_not_echo},
		{S_HOST, S_USER, "2002:ac14:1::1", TS_C_drop_isatap_decap_loop_dst},
		{S_HOST, S_USER, "2001:db8:5:6:0:5efe:198.51.100.1", TS_C_drop_isatap_decap_loop_dst},
		{S_HOST, S_USER, "2001:db8:1:2:0:5efe:172.20.0.1", TS_C_drop_isatap_decap_dst_own},
		{S_HOST, S_USER, "2001:db8:1:2:0:5efe:198.51.100.1",
			TS_C_drop_isatap_decap_dst_own}, /* I12: not G29 (2) */
		{S_HOST, S_USER, "2001:db8:1:2:200:5efe:172.20.0.2", TS_C_drop_isatap_decap_dst_prl},
		{S_HOST, S_USER, "2001:db8:1:2:0:5efe:203.0.113.99", TS_C_drop_isatap_decap_dst_prl},
		{S_HOST, S_USER, "2001:db8:1:2:0:5efe:172.21.0.9", TS_C_drop_isatap_decap_dst_not_site},
		{S_HOST, S_USER, "2001:db8:1:2:0:5efe:224.0.0.1", TS_C_drop_isatap_decap_dst_not_site},
	};
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, make_tunnelled(p, cases[i].outer_src, S_ROUTER, cases[i].src, cases[i].dst, 24));
		assert_dropped(cases[i].counter);
	}
}

void
test_isatap_decap_malformed(void **state)
{
	uint8_t p[2048];

	(void)state;
	tunnels_setup();
	make_v6(p + 20, S_USER, NATIVE, 24);
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 39));
	assert_dropped(TS_C_drop_isatap_decap_v6_hdr);
	make_v6(p + 20, S_USER, NATIVE, 24);
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 63));
	assert_dropped(TS_C_drop_isatap_decap_v6_len);
	make_v6(p + 20, S_USER, NATIVE, 24);
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 70));
	assert_forwarded(NULL, p + 20, 64);
	make_v6(p + 20, S_USER, NATIVE, 24);
	p[26] = 43;
	memcpy(p + 60, ((uint8_t[]){59, 2, 0, 1}), 4);
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 64));
	assert_dropped(TS_C_drop_isatap_decap_rh0);
	make_v6(p + 20, S_USER, NATIVE, 24);
	wrap(p, S_HOST, S_ROUTER, 64);
	p[1] = 3;
	p[10] = p[11] = 0;
	*(uint16_t *)(void *)(p + 10) = rte_ipv4_cksum((void *)p);
	send_ip(p, 84);
	assert_dropped(TS_C_drop_isatap_decap_ecn_ce_not_ect);
	make_v6(p + 20, S_USER, "2001:db8:1:2::9", 24);
	p[26] = 58;
	p[60] = 1;
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 64));
	assert_dropped(TS_C_drop_isatap_decap_no_error_about_error);
	assert_limited(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "2001:db8:1:2::9", 24),
		TS_C_drop_isatap_decap_icmp6_limited);
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "2001:db8:5::1", 24));
	assert_dropped(TS_C_drop_isatap_decap_blackhole);
	del_route(AF_INET6, "2001:db8:5::", 48);
	/* G7: fragments from outside the site do not wait */
	make_tunnelled(p, "10.0.0.9", S_ROUTER, "2001:db8:1:2:0:5efe:10.0.0.9", NATIVE, 900);
	send_fragment(p, 1, 0, 480, true);
	assert_dropped(TS_C_drop_isatap_decap_v4_src_not_site);
}

/* Echo to an address of the box, out of the tunnel and back; from a site's address, but natively: not at all (O20). */
void
test_isatap_local(void **state)
{
	uint8_t p[256], want[56];

	(void)state;
	tunnels_setup();
	make_echo6(p + 20, S_USER, PATH_ID6);
	p[27] = 1;
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 56));
	make_v6(want, PATH_ID6, S_USER, 16);
	want[6] = 58;
	want[40] = 129;
	set_icmp6_checksum(want, 56);
	assert_tunnelled(&to_host, want, 56);
	send_ip(p, make_echo6(p, S_USER, PATH_ID6));
	assert_dropped(TS_C_drop_ip6_local_src_isatap);
}
