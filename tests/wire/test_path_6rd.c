/* SPDX-License-Identifier: BSD-3-Clause */
/* 6rd: what is forwarded, field by field (protocols.md 5). Refusals are in test_path_6rd_refusals.c. */
#include "checksums.h"
#include "path_tests.h"
#include "path_tunnels.h"

static const struct outer_header to_ce = {.src = A_BR, .dst = A_CE, .ttl = 64};

/* R2: the address begins at bit 26; the outer header is the domain's own. */
void
test_6rd_unaligned(void **state)
{
	struct outer_header to_b = {.src = B_BR, .dst = B_CE, .ttl = 61, .df = true};
	uint8_t p[256];
	size_t n = make_v6(p, NATIVE, B_USER, 24);

	(void)state;
	tunnels_setup();
	send_ip(p, n);
	assert_forwarded(&to_b, p, n);
	assert_int_equal(moved(TS_C_6rd_encap_packets), 1);
	assert_int_equal(moved(TS_C_6rd_encap_bytes), n);
	n = make_tunnelled(p, B_CE, B_BR, B_USER, NATIVE, 24);
	send_ip(p, n);
	assert_forwarded(NULL, p + 20, n - 20);
	assert_int_equal(moved(TS_C_6rd_decap_packets), 1);
	assert_int_equal(moved(TS_C_6rd_decap_bytes), n - 20);
}

/* R9: DSCP and ECN are copied, or neither, or either; the inner traffic class stays. */
void
test_6rd_traffic_class(void **state)
{
	static const struct {
		enum ts_dscp_mode dscp;
		enum ts_ecn_mode ecn;
		uint8_t tos;
	} cases[] = {{TS_DSCP_COPY, TS_ECN_NORMAL, 0xbb}, {TS_DSCP_COPY, TS_ECN_COMPAT, 0xb8},
		{TS_DSCP_ZERO, TS_ECN_NORMAL, 0x03}, {TS_DSCP_ZERO, TS_ECN_COMPAT, 0}};
	struct outer_header o = to_ce;
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		rig.cfg.sixrd[DOMAIN_A].dscp = cases[i].dscp;
		rig.cfg.sixrd[DOMAIN_A].ecn = cases[i].ecn;
		path_apply();
		n = make_v6(p, NATIVE, A_USER, 24);
		p[0] = 0x6b;
		p[1] = 0xb0; /* EF, congestion experienced */
		o.tos = cases[i].tos;
		send_ip(p, n);
		assert_forwarded(&o, p, n);
	}
}

/* G36 on the way out of the tunnel: every pair of ECN fields, inner by outer; the inner DSCP stays (G37). */
void
test_6rd_ecn_decap(void **state)
{
	static const int result[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
	uint8_t p[256], want[256];
	size_t n;

	(void)state;
	tunnels_setup();
	for (unsigned inner = 0; inner < 4; inner++) {
		for (unsigned outer = 0; outer < 4; outer++) {
			n = make_v6(p + 20, A_USER, NATIVE, 24);
			p[20] = 0x6b;
			p[21] = (uint8_t)(0x80 | inner << 4);
			wrap(p, A_CE, A_BR, n);
			p[1] = (uint8_t)(0x48 | outer);
			p[10] = p[11] = 0;
			*(uint16_t *)(void *)(p + 10) = rte_ipv4_cksum((void *)p);
			send_ip(p, n + 20);
			if (result[inner][outer] < 0) {
				assert_dropped(TS_C_drop_6rd_decap_ecn_ce_not_ect);
				continue;
			}
			memcpy(want, p + 20, n);
			want[1] = (uint8_t)(0x80 | result[inner][outer] << 4);
			want[7]--;
			assert_native(want, n);
		}
	}
}

/* R14: to itself by default, to others if so configured, or not at all; hop limit and ECN as ever. */
void
test_6rd_hairpin(void **state)
{
	struct outer_header o = to_ce;
	uint8_t p[256], want[256];
	size_t n;

	(void)state;
	tunnels_setup();
	n = make_tunnelled(p, A_CE, A_BR, A_USER, A_USER, 24);
	send_ip(p, n);
	assert_forwarded(&to_ce, p + 20, n - 20);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, A_OTHER_USER, 24));
	assert_dropped(TS_C_drop_6rd_decap_hairpin);

	rig.cfg.sixrd[DOMAIN_A].hairpin = TS_6RD_HAIRPIN_ALL;
	path_apply();
	make_v6(p + 20, A_USER, A_OTHER_USER, 24);
	p[21] = 0x20; /* ECT(0), marked on the way to the relay */
	n = wrap(p, A_CE, A_BR, 64);
	p[1] = 3;
	p[10] = p[11] = 0;
	*(uint16_t *)(void *)(p + 10) = rte_ipv4_cksum((void *)p);
	send_ip(p, n);
	memcpy(want, p + 20, 64);
	want[1] = 0x30;
	want[7]--;
	o.dst = A_OTHER_CE;
	o.tos = 3;
	assert_tunnelled(&o, want, 64);

	rig.cfg.sixrd[DOMAIN_A].hairpin = TS_6RD_HAIRPIN_NONE;
	path_apply();
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, A_USER, 24));
	assert_dropped(TS_C_drop_6rd_decap_hairpin);
}

/* R7: of the relay's own delegated prefix the all-zero address answers, natively and out of the tunnel. */
void
test_6rd_null_route_echo(void **state)
{
	uint8_t p[256], want[256];
	size_t n;

	(void)state;
	tunnels_setup();
	n = make_echo6(p, NATIVE, "2001:d00:0:100::");
	p[7] = 1; /* G58: whatever it is */
	send_ip(p, n);
	make_v6(want, "2001:d00:0:100::", NATIVE, 16);
	want[6] = 58;
	want[40] = 129;
	set_icmp6_checksum(want, n);
	assert_native(want, n);

	make_echo6(p + 20, A_USER, "2001:d00:0:100::");
	send_ip(p, wrap(p, A_CE, A_BR, n));
	make_v6(want, "2001:d00:0:100::", A_USER, 16);
	want[6] = 58;
	want[40] = 129;
	set_icmp6_checksum(want, n);
	assert_tunnelled(&to_ce, want, n);

	send_ip(p, make_echo6(p, NATIVE, "2001:d00:0:100::1"));
	assert_dropped(TS_C_drop_6rd_encap_null_route);
	make_echo6(p + 20, A_USER, "2001:d00:0:1ff::");
	send_ip(p, wrap(p, A_CE, A_BR, n));
	assert_dropped(TS_C_drop_6rd_decap_null_route);
}

/* R5: each relay address takes its own domain only. Handing over from one to the other is in test_path_handover.c. */
void
test_6rd_domains(void **state)
{
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	send_ip(p, make_tunnelled(p, A_CE, B_BR, A_USER, NATIVE, 24));
	assert_dropped(TS_C_drop_6rd_decap_src_not_6rd);
	send_ip(p, make_tunnelled(p, B_CE, A_BR, B_USER, NATIVE, 24));
	assert_dropped(TS_C_drop_6rd_decap_v4_src_not_ce);
	/* a known relay of one domain is a CE of the other: 10.0.0.2 in B */
	send_ip(p, make_tunnelled(p, A_RELAY, B_BR, "3fff:42:8000:80::1", NATIVE, 24));
	assert_forwarded(NULL, p + 20, 64);
}

/* G16: unique local addresses, where the operator numbers a domain from them. */
void
test_6rd_allow_ula(void **state)
{
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	send_ip(p, make_v6(p, "fd00:1::1", A_USER, 24));
	assert_dropped(TS_C_drop_6rd_encap_v6_src_invalid);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "fd00:1::1", 24));
	assert_dropped(TS_C_drop_6rd_decap_v6_dst_invalid);
	rig.cfg.sixrd[DOMAIN_A].allow_ula = true;
	path_apply();
	n = make_v6(p, "fd00:1::1", A_USER, 24);
	send_ip(p, n);
	assert_forwarded(&to_ce, p, n);
	n = make_tunnelled(p, A_CE, A_BR, A_USER, "fd00:1::1", 24);
	send_ip(p, n);
	assert_forwarded(NULL, p + 20, n - 20);
	/* nothing else is */
	send_ip(p, make_v6(p, "fec0::1", A_USER, 24));
	assert_dropped(TS_C_drop_6rd_encap_v6_src_invalid);
	/* nor in the other domain */
	send_ip(p, make_v6(p, "fd00:1::1", B_USER, 24));
	assert_dropped(TS_C_drop_6rd_encap_v6_src_invalid);
}

/* G41, G43, G33, G49: errors about what a CE sent go back to it through the tunnel. */
void
test_6rd_errors(void **state)
{
	static const char *const gw[] = {"fe80::9"};
	static const uint16_t iface[] = {1};
	static const struct icmp6_error exceeded = {.type = 3};
	uint8_t p[2048];
	size_t n;

	(void)state;
	tunnels_setup();
	/* natively: larger than the tunnel, exactly as large, without hops left */
	n = make_v6(p, NATIVE, A_USER, 1241);
	send_ip(p, n);
	assert_error(NULL, &(struct icmp6_error){.type = 2, .word = 1280}, p, n);
	n = make_v6(p, NATIVE, A_USER, 1240);
	send_ip(p, n);
	assert_forwarded(&to_ce, p, n);
	n = make_v6(p, NATIVE, A_USER, 24);
	p[7] = 1;
	send_ip(p, n);
	assert_error(NULL, &exceeded, p, n);

	/* into the domain: a native link that is smaller, hops, back into the domain */
	rig.ifaces.dp[1].mtu = 1300;
	neighbour(1, gw[0], (uint8_t[]){2, 0, 0, 0, 0, 9});
	set_route(AF_INET6, "2001:db8:5::", 48, via(gw, iface, 1));
	n = make_tunnelled(p, A_CE, A_BR, A_USER, "2001:db8:5::1", 1300);
	send_ip(p, n);
	assert_error(&to_ce, &(struct icmp6_error){.type = 2, .word = 1300}, p + 20, n - 20);
	del_route(AF_INET6, "2001:db8:5::", 48);
	neighbour(1, gw[0], NULL);
	rig.ifaces.dp[1].mtu = 1500;
	for (uint8_t hops = 0; hops < 2; hops++) {
		n = make_tunnelled(p, A_CE, A_BR, A_USER, NATIVE, 24);
		p[27] = hops;
		send_ip(p, n);
		assert_error(&to_ce, &exceeded, p + 20, n - 20);
	}
	n = make_tunnelled(p, A_CE, A_BR, A_USER, A_USER, 1241);
	send_ip(p, n);
	assert_error(&to_ce, &(struct icmp6_error){.type = 2, .word = 1280}, p + 20, n - 20);
}

/* G7, R11: a CE's fragments are put together; those of others do not even wait. */
void
test_6rd_reassembly(void **state)
{
	uint8_t p[2048];
	size_t n;

	(void)state;
	tunnels_setup();
	for (uint16_t id = 1; id < 5; id++) {
		n = make_tunnelled(p, A_CE, A_BR, A_USER, NATIVE, 900);
		for (size_t i = 60; i < n; i++)
			p[i] = (uint8_t)(i * 5);
		send_fragment(p, id, 480, n - 20, false);
		assert_int_equal(moved(TS_C_consume_ip4_rx_incomplete), 1);
		send_fragment(p, id, 0, 480, true);
		assert_int_equal(moved(TS_C_reassembled_packets), 1);
		assert_forwarded(NULL, p + 20, n - 20);
	}
	make_tunnelled(p, A_RELAY, A_BR, A_USER, NATIVE, 900);
	send_fragment(p, 1, 0, 480, true);
	assert_dropped(TS_C_drop_6rd_decap_v4_src_relay);
	make_tunnelled(p, "192.0.2.1", A_BR, A_USER, NATIVE, 900);
	send_fragment(p, 1, 0, 480, true);
	assert_dropped(TS_C_drop_6rd_decap_v4_src_not_ce);
	make_tunnelled(p, "127.0.0.1", A_BR, A_USER, NATIVE, 900);
	send_fragment(p, 1, 480, 960, true);
	assert_dropped(TS_C_drop_6rd_decap_v4_src_martian);
}
