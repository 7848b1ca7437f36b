/* SPDX-License-Identifier: BSD-3-Clause */
/* What is off unless it is asked for: mirrored sources (S11), path MTU per site (G38, G56), MSS clamping (G44). */
#define TS_MAY_BLOCK
#include "dataplane/worker_priv.h"
#include "path_tests.h"
#include "path_util.h"

#define OUTER_SRC (14 + 12)
#define OUTER_FLAGS (14 + 6)

/* 6to4 from a site to one of the box's addresses. */
static void
from_site(const char *site, const char *v6, const char *box)
{
	uint8_t p[256], got[RIG_FRAME_MAX];

	make_v6(p + 20, v6, "2001:db8::1", 8);
	send_ip(p, make_v4(p, site, box, 41, 48));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 48);
}

static void
assert_source(const char *v6, const char *want)
{
	uint8_t p[256], got[RIG_FRAME_MAX], source[4];

	put_v4(source, want);
	send_ip(p, make_v6(p, "2001:db8::1", v6, 8));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 68);
	assert_memory_equal(got + OUTER_SRC, source, 4);
}

/* A site is answered from the address that it last sent to; others from the configured one. */
void
test_mirrored_source(void **state)
{
	(void)state;
	rig.cfg.sixto4.mirror = true;
	path_apply();
	assert_source("2002:c000:22a::1", "192.88.99.1");
	from_site(SITE_V4, "2002:c000:22a::1", ROUTER_V4);
	assert_source("2002:c000:22a::1", ROUTER_V4);
	assert_source("2002:c000:22b::1", "192.88.99.1");
	from_site(SITE_V4, "2002:c000:22a::1", "192.88.99.1");
	assert_source("2002:c000:22a::1", "192.88.99.1");
	from_site(SITE_V4, "2002:c000:22a::1", ROUTER_V4);
	rig.cfg.sixto4.mirror = false;
	path_apply();
	assert_source("2002:c000:22a::1", "192.88.99.1");
}

/* An ICMPv4 fragmentation needed about an IPv6 packet of `inner` bytes to SITE_V4. */
static void
frag_needed(uint16_t mtu, size_t inner)
{
	uint8_t p[2048] = {0}, got[RIG_FRAME_MAX];
	uint16_t sum;

	make_v6(p + 48, "2001:db8::1", "2002:c000:22a::1", inner - 40);
	make_v4(p + 28, "192.88.99.1", SITE_V4, 41, inner);
	p[20] = 3;
	p[21] = 4;
	p[26] = (uint8_t)(mtu >> 8);
	p[27] = (uint8_t)mtu;
	sum = (uint16_t)~rte_raw_cksum(p + 20, 108);
	memcpy(p + 22, &sum, 2);
	send_ip(p, make_v4(p, "203.0.113.9", "192.88.99.1", 1, 108));
	while (rig_receive(&rig, got) != 0)
		;
}

/* An IPv6 packet of `len` bytes to the site passes with this DF bit, or gets a Packet Too Big with this MTU. */
static void
assert_passes(size_t len, bool df)
{
	uint8_t p[2048], got[RIG_FRAME_MAX];

	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", len - 40));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + len);
	assert_int_equal(got[OUTER_FLAGS], df ? 0x40 : 0);
}

static void
assert_too_big(size_t len, uint16_t mtu)
{
	uint8_t p[2048], got[RIG_FRAME_MAX];

	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", len - 40));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 1280);
	assert_int_equal(got[14 + 40], 2);
	assert_memory_equal(got + 14 + 44, ((uint8_t[]){0, 0, (uint8_t)(mtu >> 8), (uint8_t)mtu}), 4);
}

void
test_path_mtu_of_a_site(void **state)
{
	(void)state;
	frag_needed(1400, 1480); /* not asked for: translated, but nothing is kept */
	assert_passes(1480, false);
	rig_advance_ms(&rig, 700000);
	rig.cfg.sixto4.dynamic_mtu = true;
	path_apply();
	assert_passes(1480, true);
	frag_needed(1400, 1480);
	assert_too_big(1480, 1380);
	assert_passes(1380, true);
	/* below what IPv6 needs: the path has to fragment, but only the smallest packets */
	frag_needed(1000, 1380);
	assert_too_big(1380, 1280);
	assert_passes(1280, false);
	/* G56: forgotten after ten minutes */
	rig_advance_ms(&rig, 580000);
	assert_too_big(1380, 1280);
	rig_advance_ms(&rig, 30000);
	assert_passes(1480, true);
}

static void
assert_mss(const uint8_t *tcp, uint16_t want)
{
	assert_int_equal(tcp[22] << 8 | tcp[23], want);
}

/* A SYN with MSS 1440, its checksum right; the payload of 24 bytes is the TCP header. */
static void
make_syn(uint8_t *ip6, const char *src, const char *dst)
{
	static const uint8_t option[4] = {2, 4, 0x05, 0xa0};
	uint16_t sum;

	make_v6(ip6, src, dst, 24);
	ip6[6] = 6;
	ip6[40 + 12] = 6 << 4;
	ip6[40 + 13] = 2;
	memcpy(ip6 + 60, option, 4);
	sum = rte_ipv6_udptcp_cksum((const void *)ip6, ip6 + 40);
	memcpy(ip6 + 56, &sum, 2);
}

void
test_mss_in_both_directions(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX];

	(void)state;
	rig.cfg.sixto4.mtu = 1280;
	for (unsigned clamp = 0; clamp < 2; clamp++) {
		rig.cfg.sixto4.mss_clamp = clamp != 0;
		path_apply();
		make_syn(p, "2001:db8::1", "2002:c000:22a::1");
		send_ip(p, 64);
		assert_int_equal(rig_receive(&rig, got), 14 + 20 + 64);
		assert_mss(got + 34 + 40, clamp ? 1220 : 1440);
		assert_int_equal(rte_ipv6_udptcp_cksum_verify((const void *)(got + 34), got + 74), 0);
		assert_int_equal(moved(TS_C_mss_clamped), clamp);
		make_syn(p + 20, "2002:c000:22a::1", "2001:db8::1");
		send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 64));
		assert_int_equal(rig_receive(&rig, got), 14 + 64);
		assert_mss(got + 14 + 40, clamp ? 1220 : 1440);
		assert_int_equal(rte_ipv6_udptcp_cksum_verify((const void *)(got + 14), got + 54), 0);
	}
}

static void
send_in_pieces(size_t payload)
{
	uint8_t p[4096], f[4096];
	size_t n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", payload);

	mark();
	rig_send_frame(&rig, f, make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n), 600);
	rig_turn(&rig);
}

/* A port that sends single buffers only: chains are brought together, and what does not fit is dropped by name. */
void
test_chains_on_a_plain_port(void **state)
{
	static const char *const gateway[] = {"10.9.9.9"};
	static const uint16_t jumbo[] = {1};
	uint32_t ports = rig.worker->conf.multi_seg_ports;
	uint16_t mtu = rig.ifaces.dp[1].mtu;
	uint8_t got[RIG_FRAME_MAX];

	(void)state;
	rig.ifaces.dp[1].mtu = 9000;
	rig.cfg.sixto4.mtu = 8000;
	path_apply();
	neighbour(1, "10.9.9.9", rig_peer);
	set_route(AF_INET, "192.0.2.42", 32, via(gateway, jumbo, 1));
	rig.worker->conf.multi_seg_ports = 0;
	send_in_pieces(1000);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 18 + 20 + 1040);
	send_in_pieces(3000);
	assert_dropped(TS_C_drop_tx_segments);
	rig.worker->conf.multi_seg_ports = ports;
	send_in_pieces(3000);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 18 + 20 + 3040);
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(1, "10.9.9.9", NULL);
	rig.ifaces.dp[1].mtu = mtu;
}
