/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vectors cannot show, because they have no Ethernet: tags, punting and injecting, next hops of every kind, waiting for
 * a neighbour, limits, segments. Ends by asking that every drop counter of the list has moved somewhere here or in the vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "checksums.h"
#include "control/neigh.h"
#include "rig.h"
#include "vector_run.h"

static struct rig rig;

#define ROUTER_V4 "198.51.100.1"
#define SITE_V4 "192.0.2.42"

/* --- packets --- */

static void
put_v4(uint8_t *at, const char *text)
{
	assert_int_equal(inet_pton(AF_INET, text, at), 1);
}

static void
put_v6(uint8_t *at, const char *text)
{
	assert_int_equal(inet_pton(AF_INET6, text, at), 1);
}

/* An IPv6 packet with `payload` bytes of UDP (next header 17), hop limit 64. */
static size_t
make_v6(uint8_t *p, const char *src, const char *dst, size_t payload)
{
	memset(p, 0, 40 + payload);
	p[0] = 0x60;
	p[4] = (uint8_t)(payload >> 8);
	p[5] = (uint8_t)payload;
	p[6] = 17;
	p[7] = 64;
	put_v6(p + 8, src);
	put_v6(p + 24, dst);
	return 40 + payload;
}

static size_t
make_v4(uint8_t *p, const char *src, const char *dst, uint8_t protocol, size_t payload)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, 20);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(20 + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = protocol;
	put_v4(p + 12, src);
	put_v4(p + 16, dst);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return 20 + payload;
}

static size_t
make_6in4(uint8_t *p, const char *outer_src, const char *src, const char *dst, size_t payload)
{
	size_t inner = make_v6(p + 20, src, dst, payload);

	return make_v4(p, outer_src, "192.88.99.1", 41, inner);
}

static size_t
make_echo4(uint8_t *p, const char *src, const char *dst)
{
	memset(p + 20, 0, 16);
	p[20] = 8;
	p[22] = 0xf7;
	p[23] = 0xff;
	return make_v4(p, src, dst, 1, 16);
}

static size_t
make_echo6(uint8_t *p, const char *src, const char *dst)
{
	size_t len = make_v6(p, src, dst, 16);
	struct rte_ipv6_hdr *ip = (void *)p;

	p[6] = 58;
	p[40] = 128;
	uint32_t sum = rte_ipv6_phdr_cksum(ip, 0) + rte_raw_cksum(p + 40, 16);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(uint16_t *)(void *)(p + 42) = (uint16_t)~sum;
	return len;
}

static size_t
make_frame(uint8_t *f, const uint8_t *dst, unsigned n_tags, const uint16_t *tags, uint16_t type, const uint8_t *packet,
	size_t len)
{
	size_t at = 12;

	memcpy(f, dst, 6);
	memcpy(f + 6, rig_peer, 6);
	for (unsigned i = 0; i < n_tags; i++) {
		uint16_t tpid = n_tags == 2 && i == 0 ? 0x88a8 : 0x8100;

		f[at++] = (uint8_t)(tpid >> 8);
		f[at++] = (uint8_t)tpid;
		f[at++] = (uint8_t)(tags[i] >> 8);
		f[at++] = (uint8_t)tags[i];
	}
	f[at++] = (uint8_t)(type >> 8);
	f[at++] = (uint8_t)type;
	memcpy(f + at, packet, len);
	return at + len;
}

/* --- counters --- */

static uint64_t before[TS_N_COUNTERS];

static void
mark(void)
{
	rig_counters(&rig, before);
}

static uint64_t
moved(enum ts_counter c)
{
	uint64_t now[TS_N_COUNTERS];

	rig_counters(&rig, now);
	return now[c] - before[c];
}

/* Exactly this drop, once, since mark(); nothing sent. */
static void
assert_dropped(enum ts_counter c)
{
	uint64_t now[TS_N_COUNTERS];
	uint8_t frame[RIG_FRAME_MAX];

	rig_counters(&rig, now);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && now[i] - before[i] != (i == c ? 1 : 0))
			fail_msg("%s moved by %lu", ts_counter_info[i].name, (unsigned long)(now[i] - before[i]));
	assert_int_equal(rig_receive(&rig, frame), 0);
}

static void
assert_no_drops(void)
{
	uint64_t now[TS_N_COUNTERS];

	rig_counters(&rig, now);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && now[i] != before[i])
			fail_msg("%s moved", ts_counter_info[i].name);
}

static void
send_ip(const uint8_t *packet, size_t len)
{
	mark();
	rig_send_ip(&rig, packet, len);
	rig_turn(&rig);
}

static void
send_frame(const uint8_t *frame, size_t len)
{
	mark();
	rig_send_frame(&rig, frame, len, 0);
	rig_turn(&rig);
}

/* --- configuration --- */

static int
setup(void **state)
{
	struct ts_config *c = &rig.cfg;
	struct ts_host_addr host[2] = {{.family = AF_INET, .prefix_len = 24, .ifindex = 1, .iface = 1},
		{.family = AF_INET6, .prefix_len = 64, .ifindex = 1, .iface = 1}};

	(void)state;
	c->n_interfaces = 3;
	c->interfaces[0].twin = TS_TWIN_NONE;
	c->interfaces[0].n_addresses = 0;
	c->source_policy.v4_filter = TS_V4_FILTER_CORE;
	c->local.n_addresses = 0;
	inet_pton(AF_INET6, "2001:200:0:b000:192:88:99:1", &c->local.icmp6_source);
	c->local.has_icmp6_source = true;
	c->local.hop_limit = 64;
	memset(&c->sixto4, 0, sizeof(c->sixto4));
	c->sixto4.enabled = c->sixto4.anycast = true;
	c->sixto4.rx_v4[0] = TS_6TO4_ANYCAST;
	put_v4((uint8_t *)&c->sixto4.rx_v4[1], ROUTER_V4);
	c->sixto4.n_rx_v4 = 2;
	c->sixto4.tx_source = TS_6TO4_ANYCAST;
	c->sixto4.mtu = 1480;
	c->sixto4.ttl = 64;
	put_v4(host[0].addr, ROUTER_V4);
	put_v6(host[1].addr, "2001:db8:100::1");
	rig_advance_ms(&rig, 600000);
	rig_configure(&rig, host, 2);
	mark();
	return 0;
}

static void
set_route(uint8_t family, const char *text, uint8_t len, uint32_t nh)
{
	uint8_t prefix[16] = {0};

	inet_pton(family == AF_INET ? AF_INET : AF_INET6, text, prefix);
	assert_int_equal(ts_rib_set(rig.rib, family, prefix, len, TS_ORIGIN_STATIC, 1, nh, 0), 0);
	rig_publish(&rig);
}

static void
del_route(uint8_t family, const char *text, uint8_t len)
{
	uint8_t prefix[16] = {0};

	inet_pton(family == AF_INET ? AF_INET : AF_INET6, text, prefix);
	assert_int_equal(ts_rib_del(rig.rib, family, prefix, len, TS_ORIGIN_STATIC, 1), 0);
	rig_publish(&rig);
}

static uint32_t
via(const char *const *gateways, const uint16_t *ifaces, unsigned n)
{
	struct ts_path paths[8] = {0};

	for (unsigned i = 0; i < n; i++) {
		paths[i].iface = ifaces[i];
		paths[i].weight = 1;
		paths[i].family = strchr(gateways[i], ':') != NULL ? AF_INET6 : AF_INET;
		inet_pton(paths[i].family, gateways[i], paths[i].addr);
	}
	return ts_nexthop_get_paths(rig.nexthops, paths, n);
}

static void
neighbour(uint16_t iface, const char *text, const uint8_t *mac)
{
	uint8_t family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET, addr[16] = {0};

	inet_pton(family, text, addr);
	ts_neigh_update(rig.nexthops, rig.rib, iface, family, addr, mac, false);
	rig_publish(&rig);
}

/* --- the link layer --- */

static void
test_frames_refused(void **state)
{
	static const uint8_t other[6] = {2, 9, 9, 9, 9, 9};
	static const uint16_t unknown[2] = {77, 78};
	uint8_t p[256], f[512];
	size_t n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);

	(void)state;
	send_frame(f, 13);
	assert_dropped(TS_C_drop_l2_rx_runt);
	send_frame(f, make_frame(f, other, 0, NULL, 0x86dd, p, n));
	assert_dropped(TS_C_drop_l2_rx_not_ours);
	send_frame(f, make_frame(f, rig_mac, 1, unknown, 0x86dd, p, n));
	assert_dropped(TS_C_drop_l2_rx_unknown_vlan);
	send_frame(f, make_frame(f, rig_mac, 2, unknown, 0x86dd, p, n));
	assert_dropped(TS_C_drop_l2_rx_unknown_vlan);
	make_frame(f, rig_mac, 1, unknown, 0x86dd, p, n);
	send_frame(f, 15); /* cut inside the tag */
	assert_dropped(TS_C_drop_l2_rx_unknown_vlan);
	send_frame(f, make_frame(f, rig_mac, 0, NULL, 0x88cc, p, n));
	assert_dropped(TS_C_drop_l2_rx_ethertype);
	send_frame(f, make_frame(f, rig_mac, 0, NULL, 0x86dd, p, 39));
	assert_dropped(TS_C_drop_ip6_rx_v6_hdr);
	send_frame(f, make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n - 1));
	assert_dropped(TS_C_drop_ip6_rx_v6_len);
	p[0] = 0x40;
	send_frame(f, make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n));
	assert_dropped(TS_C_drop_ip6_rx_v6_hdr);
}

/* Tagged in, tagged out; the interface is (port, tags). */
static void
test_tags(void **state)
{
	static const uint8_t gw[6] = {2, 0, 0, 0, 0, 0x55};
	static const uint16_t vlan[1] = {RIG_VLAN}, qinq[2] = {RIG_QINQ_OUTER, RIG_QINQ_INNER};
	static const uint16_t iface1[1] = {1}, iface2[1] = {2};
	static const char *const gw4[1] = {"10.9.9.9"};
	uint8_t p[256], f[512], got[RIG_FRAME_MAX];
	size_t n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);

	(void)state;
	neighbour(1, "10.9.9.9", gw);
	set_route(AF_INET, "192.0.2.0", 24, via(gw4, iface1, 1));
	send_frame(f, make_frame(f, rig_mac, 2, qinq, 0x86dd, p, n));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 4 + 20 + n);
	assert_memory_equal(got, gw, 6);
	assert_memory_equal(got + 6, rig_mac, 6);
	assert_memory_equal(got + 12, ((uint8_t[]){0x81, 0x00, 0, RIG_VLAN, 0x08, 0x00, 0x45}), 7);

	neighbour(2, "10.9.9.9", gw);
	set_route(AF_INET, "192.0.2.0", 24, via(gw4, iface2, 1));
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x86dd, p, n));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 8 + 20 + n);
	assert_memory_equal(got + 12, ((uint8_t[]){0x88, 0xa8, 0, RIG_QINQ_OUTER, 0x81, 0x00, 1, RIG_QINQ_INNER - 256, 8, 0}),
		10);
	del_route(AF_INET, "192.0.2.0", 24);
	neighbour(1, "10.9.9.9", NULL);
	neighbour(2, "10.9.9.9", NULL);
}

/* Headers spread over segments are brought together; a packet in segments goes through whole. */
static void
test_segments(void **state)
{
	uint8_t p[4096], f[4096], got[RIG_FRAME_MAX];
	size_t n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1000), len;

	(void)state;
	for (size_t i = 40; i < n; i++)
		p[i] = (uint8_t)i;
	len = make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n);
	for (size_t segment = 60; segment <= 600; segment += 67) {
		mark();
		rig_send_frame(&rig, f, len, segment);
		rig_turn(&rig);
		assert_no_drops();
		assert_int_equal(rig_receive(&rig, got), len + 20);
		p[7] = 63;
		assert_memory_equal(got + 34, p, n);
		p[7] = 64;
	}
	/* too much to bring together into one buffer */
	n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 2200);
	len = make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n);
	mark();
	rig_send_frame(&rig, f, len, 100);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_l2_rx_segments);
}

/* --- to the kernel and back --- */

static void
test_punt(void **state)
{
	static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255}, nd[6] = {0x33, 0x33, 0xff, 0, 0, 1};
	static const uint16_t vlan[1] = {RIG_VLAN};
	uint8_t p[256] = {0}, f[512], plain[512], got[RIG_FRAME_MAX];
	uint16_t iface;
	size_t n;

	(void)state;
	/* ARP, as it came but without its tag */
	send_frame(f, make_frame(f, broadcast, 1, vlan, 0x0806, p, 46));
	assert_no_drops();
	n = make_frame(plain, broadcast, 0, NULL, 0x0806, p, 46);
	assert_int_equal(rig_punted(&rig, got, &iface), n);
	assert_int_equal(iface, 1);
	assert_memory_equal(got, plain, n);

	/* what is for a host address, link-local, ND multicast */
	static const char *const to_kernel[] = {"2001:db8:100::1", "fe80::1", "ff02::1:ff00:1", "ff02::1"};

	for (size_t i = 0; i < 4; i++) {
		n = make_v6(p, "fe80::99", to_kernel[i], 8);
		send_frame(f, make_frame(f, i < 2 ? rig_mac : nd, 1, vlan, 0x86dd, p, n));
		assert_no_drops();
		assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
		assert_memory_equal(got + 14, p, n);
	}
	/* TCP to a host address; an echo request from private space, which we must not answer but the kernel may */
	n = make_v4(p, SITE_V4, ROUTER_V4, 6, 20);
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x0800, p, n));
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
	n = make_echo4(p, "10.0.0.7", ROUTER_V4);
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x0800, p, n));
	assert_no_drops();
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
	n = make_v4(p, "198.51.100.9", "224.0.0.5", 89, 20);
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x0800, p, n));
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
	assert_int_equal(moved(TS_C_punted_packets), 1);

	/* the same on an interface without a twin */
	send_frame(f, make_frame(f, broadcast, 0, NULL, 0x0806, p, 46));
	assert_dropped(TS_C_drop_punt_no_twin);
}

static void
test_punt_ring_full(void **state)
{
	static const uint16_t vlan[1] = {RIG_VLAN};
	uint8_t p[64] = {0}, f[128], got[RIG_FRAME_MAX];
	size_t n = make_frame(f, rig_mac, 1, vlan, 0x0806, p, 46);
	uint16_t iface;

	(void)state;
	mark();
	/* The pool is smaller than the ring: fill the ring with what costs no buffer. */
	struct ts_punt nothing = {.frame = NULL};

	while (rte_ring_enqueue_elem(ts_worker_punts(rig.worker), &nothing, sizeof(nothing)) == 0)
		;
	rig_send_frame(&rig, f, n, 0);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_punt_ring_full);
	while (rte_ring_dequeue_elem(ts_worker_punts(rig.worker), &nothing, sizeof(nothing)) == 0)
		assert_null(nothing.frame);
	assert_int_equal(rig_punted(&rig, got, &iface), 0);
}

static void
inject(uint16_t iface, const uint8_t *frame, size_t len)
{
	struct ts_inject in = {.frame = rte_pktmbuf_alloc(rig.pool), .iface = iface};

	assert_non_null(in.frame);
	memcpy(rte_pktmbuf_append(in.frame, (uint16_t)len), frame, len);
	mark();
	assert_int_equal(rte_ring_enqueue_elem(ts_worker_injects(rig.worker), &in, sizeof(in)), 0);
	rig_turn(&rig);
}

static void
test_inject(void **state)
{
	static const uint16_t qinq[2] = {RIG_QINQ_OUTER, RIG_QINQ_INNER};
	uint8_t p[64] = {1, 2, 3}, f[128], want[128], got[RIG_FRAME_MAX];
	size_t n = make_frame(f, rig_peer, 0, NULL, 0x0806, p, 46), tagged;

	(void)state;
	inject(0, f, n);
	assert_int_equal(rig_receive(&rig, got), n);
	assert_memory_equal(got, f, n);
	inject(2, f, n);
	tagged = make_frame(want, rig_peer, 2, qinq, 0x0806, p, 46);
	assert_int_equal(rig_receive(&rig, got), tagged);
	assert_memory_equal(got, want, tagged);
	assert_int_equal(moved(TS_C_injected_packets), 1);
	inject(3, f, n);
	assert_dropped(TS_C_drop_tx_inject_iface);
}

static void
test_no_headroom(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.pool);
	uint8_t p[64], f[128];
	size_t n = make_frame(f, rig_mac, 0, NULL, 0x86dd, p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));

	(void)state;
	m->data_off = 0;
	memcpy(rte_pktmbuf_append(m, (uint16_t)n), f, n);
	mark();
	assert_int_equal(rte_ring_enqueue(rig.to_port, m), 0);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_tx_headroom);
}

/* --- addresses of the box --- */

static void
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
static void
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
}

/* Refusals that the vectors show in one direction only. */
static void
test_6to4_refusals(void **state)
{
	static const uint8_t rh0[8] = {59, 0, 0, 1};
	uint8_t p[256];
	size_t n;

	(void)state;
	send_ip(p, make_v6(p, "2001:db8:5:6:0:5efe:198.51.100.1", "2002:c000:22a::1", 8));
	assert_dropped(TS_C_drop_6to4_encap_loop_src);
	n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	p[6] = 43;
	memcpy(p + 40, rh0, 8);
	send_ip(p, n);
	assert_dropped(TS_C_drop_6to4_encap_rh0);
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

/* --- fragments --- */

/* A fragment of the IPv4 packet at `whole`: payload bytes [from, to). */
static void
send_fragment(const uint8_t *whole, uint16_t id, size_t from, size_t to, bool more)
{
	uint8_t p[2048];
	struct rte_ipv4_hdr *ip = (void *)p;

	memcpy(p, whole, 20);
	memcpy(p + 20, whole + 20 + from, to - from);
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->total_length = rte_cpu_to_be_16((uint16_t)(20 + to - from));
	ip->fragment_offset = rte_cpu_to_be_16((uint16_t)(from / 8 | (more ? RTE_IPV4_HDR_MF_FLAG : 0)));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	send_ip(p, 20 + to - from);
}

/* Whichever worker owns the datagram: many identifications reach both. */
static void
test_fragments_reach_their_owner(void **state)
{
	uint8_t p[2048], got[RIG_FRAME_MAX];
	size_t n = make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 600);
	uint64_t handed = 0;

	(void)state;
	for (size_t i = 60; i < n; i++)
		p[i] = (uint8_t)(i * 7);
	for (uint16_t id = 0; id < 40; id++) {
		send_fragment(p, id, 320, n - 20, false);
		handed += moved(TS_C_handed_off_packets);
		assert_int_equal(moved(TS_C_consume_ip4_rx_incomplete), 1);
		send_fragment(p, id, 16, 320, true);
		send_fragment(p, id, 0, 16, true); /* not even the inner header is in one piece */
		assert_no_drops();
		assert_int_equal(moved(TS_C_reassembled_packets), 1);
		assert_int_equal(rig_receive(&rig, got), 14 + n - 20);
		p[27]--;
		assert_memory_equal(got + 14, p + 20, n - 20);
		p[27]++;
	}
	assert_in_range(handed, 5, 35);
	/* a large ping to a service address; what is for a host address is the kernel's to reassemble */
	n = make_echo4(p, SITE_V4, "192.88.99.1");
	send_fragment(p, 1, 0, 8, true);
	send_fragment(p, 1, 8, 16, false);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + n);
	make_echo4(p, SITE_V4, ROUTER_V4);
	send_fragment(p, 2, 0, 8, true);
	assert_dropped(TS_C_drop_punt_no_twin);
}

static void
test_fragments_refused(void **state)
{
	uint8_t p[2048];

	(void)state;
	make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 600);
	send_fragment(p, 1, 0, 13, true);
	assert_dropped(TS_C_drop_ip4_rx_frag_align);
	for (uint16_t id = 100; moved(TS_C_drop_ip4_rx_frag_limit) == 0; id++) {
		assert_true(id < 200);
		send_fragment(p, id, 0, 16, true);
		if (moved(TS_C_consume_ip4_rx_incomplete) == 1) {
			send_fragment(p, id, 0, 16, true);
			assert_dropped(TS_C_drop_ip4_rx_frag_duplicate);
		}
	}
	assert_dropped(TS_C_drop_ip4_rx_frag_limit);
	/* bogons do not fill the buffers */
	make_6in4(p, "10.0.0.1", "2002:a00:1::1", "2001:db8::1", 600);
	send_fragment(p, 1, 0, 16, true);
	assert_dropped(TS_C_drop_6to4_decap_v4_src_martian);
	make_echo4(p, "10.0.0.1", "192.88.99.1");
	send_fragment(p, 1, 0, 8, true);
	assert_dropped(TS_C_drop_ip4_local_src_martian);
	rig_advance_ms(&rig, 16000);
	for (int i = 0; i < 8; i++)
		rig_turn(&rig);
}

static void
test_handoff_full(void **state)
{
	struct ts_handoff nothing = {.packet = NULL};
	struct rte_ring *ring = rte_ring_lookup("ts_handoff_0_1");
	uint8_t p[2048];
	uint64_t full = 0;

	(void)state;
	assert_non_null(ring);
	make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 600);
	for (uint16_t id = 0; id < 20 && full == 0; id++) {
		/* only the sender's turn, so that nobody empties the ring meanwhile */
		uint8_t f[64] = {0};
		struct rte_ipv4_hdr *ip = (void *)(f + 14);

		while (rte_ring_enqueue_elem(ring, &nothing, sizeof(nothing)) == 0)
			;
		make_frame(f, rig_mac, 0, NULL, 0x0800, p, 36);
		ip->packet_id = rte_cpu_to_be_16(id);
		ip->total_length = RTE_BE16(36);
		ip->fragment_offset = RTE_BE16(0x2000);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		mark();
		rig_send_frame(&rig, f, 50, 0);
		ts_worker_poll(rig.worker, rig.now);
		full += moved(TS_C_drop_ip4_rx_handoff_full);
	}
	assert_int_equal(full, 1);
	while (rte_ring_dequeue_elem(ring, &nothing, sizeof(nothing)) == 0)
		assert_null(nothing.packet);
	rig_advance_ms(&rig, 16000);
	for (int i = 0; i < 8; i++)
		rig_turn(&rig);
}

/* --- ICMPv4 errors --- */

/* What the vectors do not have: short quotations, other types, a host address, a source that cannot be told, the limit. */
static void
test_icmp4_errors(void **state)
{
	uint8_t p[256] = {0}, quoted[128], got[RIG_FRAME_MAX];
	size_t inner = make_v6(quoted + 20, "2001:db8::1", "2002:c000:22a::1", 8);

	(void)state;
	make_v4(quoted, ROUTER_V4, SITE_V4, 41, inner);
#define ERROR(type, code, n)                                                                                           \
	do {                                                                                                           \
		memset(p + 20, 0, 8);                                                                                  \
		p[20] = type;                                                                                          \
		p[21] = code;                                                                                          \
		memcpy(p + 28, quoted, n);                                                                             \
		*(uint16_t *)(void *)(p + 22) = (uint16_t)~rte_raw_cksum(p + 20, 8 + (n));                             \
		send_ip(p, make_v4(p, "203.0.113.9", "192.88.99.1", 1, 8 + (n)));                                      \
	} while (0)
	ERROR(11, 0, 68);
	assert_no_drops();
	assert_int_equal(moved(TS_C_icmp4_errors_translated), 1);
	assert_int_equal(rig_receive(&rig, got), 14 + 48 + 48);
	assert_memory_equal(got + 14 + 40, ((uint8_t[]){1, 3}), 2);
	ERROR(11, 1, 68);
	assert_dropped(TS_C_drop_ip4_local_icmp4_ignored);
	ERROR(3, 5, 68);
	assert_dropped(TS_C_drop_ip4_local_icmp4_ignored);
	ERROR(3, 1, 16);
	assert_dropped(TS_C_drop_ip4_local_icmp4_short);
	ERROR(3, 1, 28); /* old routers quote 8 bytes */
	assert_dropped(TS_C_drop_ip4_local_icmp4_short);
	put_v6(quoted + 20 + 8, "fe80::1");
	ERROR(3, 1, 68);
	assert_dropped(TS_C_drop_ip4_local_v6_src_invalid);
	put_v6(quoted + 20 + 8, "2001:db8::1");
	for (unsigned i = 0; i < 40; i++) {
		ERROR(3, 1, 68);
		while (rig_receive(&rig, got) != 0)
			;
	}
	assert_dropped(TS_C_drop_ip4_local_icmp6_limited);
	/* to a host address: errors about the tunnel are ours, others the kernel's */
	rig_advance_ms(&rig, 600000);
	make_v4(p, "203.0.113.9", ROUTER_V4, 1, 76);
	send_ip(p, 96);
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 48 + 48);
	p[28 + 9] = 6;
	send_ip(p, 96);
	assert_dropped(TS_C_drop_punt_no_twin);
}

/* --- next hops --- */

/* What the route says when it forwards nowhere, in both directions. */
static void
test_routes_that_refuse(void **state)
{
	static const struct {
		enum ts_nh_kind kind;
		uint8_t code;
	} cases[] = {{TS_NH_UNREACHABLE, 3}, {TS_NH_PROHIBIT, 1}};
	uint8_t p[256], got[RIG_FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_route(AF_INET, "192.0.2.42", 32, ts_nexthop_get_simple(rig.nexthops, cases[i].kind));
		set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, cases[i].kind));
		send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
		assert_no_drops();
		assert_int_equal(rig_receive(&rig, got), 14 + 48 + 48);
		assert_memory_equal(got + 14 + 40, ((uint8_t[]){1, cases[i].code}), 2);
		assert_memory_equal(got + 14 + 48, p, 48); /* as it came, hop limit too */
		send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
		assert_no_drops();
		assert_int_equal(rig_receive(&rig, got), 14 + 20 + 48 + 48);
		assert_memory_equal(got + 14 + 60, ((uint8_t[]){1, cases[i].code}), 2);
		del_route(AF_INET, "192.0.2.42", 32);
		del_route(AF_INET6, "2001:db8:5::", 48);
	}
	set_route(AF_INET, "192.0.2.42", 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_dropped(TS_C_drop_6to4_encap_blackhole);
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
	assert_dropped(TS_C_drop_6to4_decap_blackhole);
	/* a reply that has nowhere to go */
	send_ip(p, make_echo4(p, SITE_V4, "192.88.99.1"));
	assert_dropped(TS_C_drop_originate_no_route);
	del_route(AF_INET, "192.0.2.42", 32);
	del_route(AF_INET6, "2001:db8:5::", 48);
}

/* A link that is smaller than the packet: PTB into the tunnel (G43); for an outer packet there is only a counter. */
static void
test_small_link(void **state)
{
	static const char *const gw4[] = {"10.9.9.9"}, *const gw6[] = {"fe80::9"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint16_t iface[] = {1};
	uint8_t p[2048], got[RIG_FRAME_MAX];

	(void)state;
	rig.ifaces.dp[1].mtu = 1300;
	neighbour(1, "fe80::9", mac);
	neighbour(1, "10.9.9.9", mac);
	set_route(AF_INET6, "2001:db8:5::", 48, via(gw6, iface, 1));
	set_route(AF_INET, "192.0.2.42", 32, via(gw4, iface, 1));
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 1300));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + 1280);
	assert_memory_equal(got + 14 + 60, ((uint8_t[]){2, 0}), 2);
	assert_memory_equal(got + 14 + 64, ((uint8_t[]){0, 0, 1300 >> 8, 1300 & 255}), 4);
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1241));
	assert_dropped(TS_C_drop_tx_too_big);
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1240));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 18 + 1300);
	del_route(AF_INET6, "2001:db8:5::", 48);
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(1, "fe80::9", NULL);
	neighbour(1, "10.9.9.9", NULL);
	rig.ifaces.dp[1].mtu = 1500;
}

static bool
next_miss(struct ts_event *e)
{
	return rte_ring_dequeue_elem(ts_worker_events(rig.worker), e, sizeof(*e)) == 0;
}

static void
drain_misses(void)
{
	struct ts_event e;

	while (next_miss(&e))
		;
}

/* decisions.md 1: packets wait, a few; control is asked once a second; resolved, they go in order. */
static void
test_wait_for_gateway(void **state)
{
	static const char *const gw[] = {"10.9.9.9"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint16_t iface[] = {1};
	uint8_t p[64], got[RIG_FRAME_MAX];
	struct ts_event e;

	(void)state;
	drain_misses();
	set_route(AF_INET, "192.0.2.42", 32, via(gw, iface, 1));
	for (uint8_t i = 0; i < 4; i++) {
		make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
		p[47] = i;
		send_ip(p, 48);
		assert_no_drops();
	}
	assert_int_equal(rig_receive(&rig, got), 0);
	assert_true(next_miss(&e));
	assert_int_equal(e.type, TS_EVENT_NEIGH_MISS);
	assert_int_equal(e.iface, 1);
	assert_int_equal(e.family, AF_INET);
	assert_memory_equal(e.addr, ((uint8_t[]){10, 9, 9, 9}), 4);
	assert_false(next_miss(&e));
	send_ip(p, 48); /* the fifth of four */
	assert_dropped(TS_C_drop_tx_neigh_unresolved);
	rig_advance_ms(&rig, 1100);
	rig_turn(&rig);
	assert_true(next_miss(&e)); /* asked again */

	/* a version that changes nothing for them leaves them waiting */
	set_route(AF_INET, "192.0.2.43", 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	del_route(AF_INET, "192.0.2.43", 32);
	assert_int_equal(rig_receive(&rig, got), 0);
	mark();
	neighbour(1, "10.9.9.9", mac);
	for (uint8_t i = 0; i < 4; i++) {
		assert_int_equal(rig_receive(&rig, got), 18 + 68);
		assert_memory_equal(got, mac, 6);
		assert_int_equal(got[18 + 20 + 47], i);
	}
	assert_no_drops();
	del_route(AF_INET, "192.0.2.42", 32);
	neighbour(1, "10.9.9.9", NULL);
}

static void
test_wait_times_out(void **state)
{
	uint8_t p[128], got[RIG_FRAME_MAX];
	unsigned in_use = rig_buffers_in_use(&rig);

	(void)state;
	set_route(AF_INET6, "2001:db8:5::", 48, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_6in4(p, "192.0.2.43", "2002:c000:22b::1", "2001:db8:5::1", 8));
	assert_no_drops();
	assert_int_equal(rig_buffers_in_use(&rig), in_use + 1);
	rig_advance_ms(&rig, 2900);
	rig_turn(&rig);
	assert_no_drops();
	rig_advance_ms(&rig, 200);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_tx_neigh_unresolved);
	assert_int_equal(rig_buffers_in_use(&rig), in_use);
	assert_int_equal(rig_receive(&rig, got), 0);
	del_route(AF_INET6, "2001:db8:5::", 48);
	drain_misses();
}

/* On-link destinations are resolved one by one; a scan of them is bounded. */
static void
test_glean_and_scan(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x42};
	uint8_t p[64], got[RIG_FRAME_MAX];
	struct ts_event e;
	unsigned asked = 0;

	(void)state;
	drain_misses();
	set_route(AF_INET, "192.0.2.0", 24, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_no_drops();
	assert_true(next_miss(&e));
	assert_memory_equal(e.addr, ((uint8_t[]){192, 0, 2, 42}), 4);
	neighbour(1, SITE_V4, mac);
	assert_int_equal(rig_receive(&rig, got), 18 + 68);
	assert_memory_equal(got, mac, 6);

	mark();
	for (unsigned host = 1; host < 255; host++) {
		make_v6(p, "2001:db8::1", "2002:c000:200::1", 8);
		p[29] = (uint8_t)host;
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
	}
	while (next_miss(&e))
		asked++;
	assert_in_range(asked, 1, 64);
	assert_int_equal(moved(TS_C_neigh_waits) + moved(TS_C_drop_tx_neigh_unresolved), 253);
	while (rig_receive(&rig, got) != 0)
		;
	neighbour(1, SITE_V4, NULL);
	del_route(AF_INET, "192.0.2.0", 24);
	rig_advance_ms(&rig, 4000);
	rig_turn(&rig);
	drain_misses();
}

static void
test_event_ring_full(void **state)
{
	struct ts_event e = {0};
	uint8_t p[64];

	(void)state;
	while (rte_ring_enqueue_elem(ts_worker_events(rig.worker), &e, sizeof(e)) == 0)
		;
	set_route(AF_INET, "192.0.2.0", 24, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	assert_int_equal(moved(TS_C_event_ring_full), 1);
	del_route(AF_INET, "192.0.2.0", 24);
	drain_misses();
	rig_advance_ms(&rig, 4000);
	rig_turn(&rig);
}

/* Equal routes share flows, one flow keeps its path. */
static void
test_multipath(void **state)
{
	static const char *const gw[] = {"10.9.9.1", "10.9.9.2", "10.9.9.3"};
	static const uint16_t ifaces[] = {0, 0, 0};
	unsigned per_path[4] = {0};
	uint8_t p[64], got[RIG_FRAME_MAX];

	(void)state;
	for (uint8_t i = 1; i <= 3; i++)
		neighbour(0, gw[i - 1], (uint8_t[]){2, 0, 0, 0, 1, i});
	set_route(AF_INET, "192.0.0.0", 8, via(gw, ifaces, 3));
	for (unsigned flow = 0; flow < 300; flow++) {
		uint8_t first = 0;

		for (int again = 0; again < 2; again++) {
			make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
			p[20] = (uint8_t)(flow >> 8);
			p[21] = (uint8_t)flow;
			send_ip(p, 48);
			assert_no_drops();
			assert_int_equal(rig_receive(&rig, got), 14 + 68);
			assert_in_range(got[5], 1, 3);
			if (again)
				assert_int_equal(got[5], first);
			first = got[5];
		}
		per_path[first]++;
	}
	for (unsigned i = 1; i <= 3; i++)
		assert_in_range(per_path[i], 60, 140);
	del_route(AF_INET, "192.0.0.0", 8);
	for (uint8_t i = 0; i < 3; i++)
		neighbour(0, gw[i], NULL);
}

/* G39: the identification does not come again soon for the same destination. */
static void
test_identification(void **state)
{
	static uint8_t seen[65536];
	uint8_t p[64], got[RIG_FRAME_MAX];

	(void)state;
	memset(seen, 0, sizeof(seen));
	make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	for (unsigned i = 0; i < 30000; i++) {
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
		assert_int_equal(rig_receive(&rig, got), 14 + 68);
		assert_int_equal(seen[got[18] << 8 | got[19]]++, 0);
	}
}

static void
test_port_refuses(void **state)
{
	uint8_t p[64], got[RIG_FRAME_MAX];
	unsigned room = rte_ring_free_count(rig.from_port);

	(void)state;
	mark();
	make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	for (unsigned i = 0; i <= room; i++) {
		rig_send_ip(&rig, p, 48);
		rig_turn(&rig);
	}
	assert_int_equal(moved(TS_C_drop_tx_refused), 1);
	assert_int_equal(moved(TS_C_tx_packets), room);
	while (rig_receive(&rig, got) != 0)
		;
}

/* Every limit: beyond its burst there is silence, and its name. */
static void
test_limits(void **state)
{
	uint8_t p[2048], got[RIG_FRAME_MAX];
	enum ts_counter limited[] = {TS_C_drop_6to4_encap_icmp6_limited, TS_C_drop_6to4_decap_icmp6_limited,
		TS_C_drop_ip4_local_echo_limited, TS_C_drop_ip6_local_echo_limited};

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		uint64_t sent = 0;
		size_t n;

		mark();
		rig_advance_ms(&rig, 600000);
		for (unsigned i = 0; i < 40; i++) {
			if (kind == 0)
				n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1441);
			else if (kind == 1)
				n = make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 8), p[27] = 1;
			else if (kind == 2)
				n = make_echo4(p, SITE_V4, "192.88.99.1");
			else
				n = make_echo6(p, "2001:db8::1", "2002:c058:6301::");
			rig_send_ip(&rig, p, n);
			rig_turn(&rig);
			sent += rig_receive(&rig, got) != 0;
		}
		assert_int_equal(sent, 20);
		assert_int_equal(moved(limited[kind]), 20);
	}
}

/* --- the list is covered --- */

static void
test_every_drop_counter_moved(void **state)
{
	uint64_t now[TS_N_COUNTERS];
	unsigned missing = 0;

	(void)state;
	rig_counters(&rig, now);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (!ts_counter_info[i].is_drop || now[i] != 0)
			continue;
		print_error("%s: no test moves it\n", ts_counter_info[i].name);
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void
test_vectors_for_coverage(void **state)
{
	const char *root = getenv("TS_SOURCE_ROOT");
	char path[4096], why[256];
	json_t *vectors, *v;
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/vectors/6to4.json", root != NULL ? root : ".");
	vectors = json_load_file(path, 0, NULL);
	assert_true(json_is_array(vectors));
	json_array_foreach(vectors, i, v)
		vector_run(&rig, v, why, sizeof(why));
	json_decref(vectors);
	setup(NULL);
}

static int
no_leak(void **state)
{
	uint8_t frame[RIG_FRAME_MAX];
	uint16_t iface;

	(void)state;
	while (rig_receive(&rig, frame) != 0 || rig_punted(&rig, frame, &iface) != 0)
		;
	if (rig_buffers_in_use(&rig) == 0)
		return 0;
	print_error("%u buffers are still in use\n", rig_buffers_in_use(&rig));
	return -1;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, no_leak)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_frames_refused),
		T(test_tags),
		T(test_segments),
		T(test_punt),
		T(test_punt_ring_full),
		T(test_inject),
		T(test_no_headroom),
		T(test_service_addresses),
		T(test_closed_port),
		T(test_6to4_refusals),
		T(test_fragments_reach_their_owner),
		T(test_fragments_refused),
		T(test_handoff_full),
		T(test_icmp4_errors),
		T(test_routes_that_refuse),
		T(test_small_link),
		T(test_wait_for_gateway),
		T(test_wait_times_out),
		T(test_glean_and_scan),
		T(test_event_ring_full),
		T(test_multipath),
		T(test_identification),
		T(test_port_refuses),
		T(test_limits),
		T(test_vectors_for_coverage),
		T(test_every_drop_counter_moved),
	};

	(void)argc;
	rig_start(&rig, argv[0], 20, true);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	rig_stop(&rig);
	return failed;
}
