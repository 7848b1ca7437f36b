/* SPDX-License-Identifier: BSD-3-Clause */
/* To the kernel and back: what is punted, as what, and what is injected. */
#include "path_tests.h"
#include "path_util.h"

void
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

void
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

	while (rte_ring_enqueue_elem(ts_worker_urgent_punts(rig.worker), &nothing, sizeof(nothing)) == 0)
		;
	rig_send_frame(&rig, f, n, 0);
	rig_turn(&rig);
	assert_dropped(TS_C_drop_punt_ring_full);
	while (rte_ring_dequeue_elem(ts_worker_urgent_punts(rig.worker), &nothing, sizeof(nothing)) == 0)
		assert_null(nothing.frame);
	assert_int_equal(rig_punted(&rig, got, &iface), 0);
}

static const uint16_t lan[1] = {RIG_VLAN};

static size_t
make_arp(uint8_t *p, const char *sender, const char *target)
{
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1};

	memset(p, 0, 46);
	memcpy(p, head, sizeof(head));
	memcpy(p + 8, rig_peer, 6);
	put_v4(p + 14, sender);
	put_v4(p + 24, target);
	return 46;
}

/* type 135: a solicitation from `address`; 136: an advertisement of it. */
static size_t
make_nd(uint8_t *p, uint8_t type, const char *address)
{
	size_t n = make_v6(p, type == 135 ? address : "fe80::9", "2001:db8:100::1", 24);

	p[6] = 58;
	p[7] = 255;
	p[40] = type;
	put_v6(p + 48, type == 135 ? "2001:db8:100::1" : address);
	return n;
}

static bool
handed_over(uint16_t ethertype, const uint8_t *p, size_t n)
{
	uint8_t f[512], got[RIG_FRAME_MAX];
	uint16_t iface;

	send_frame(f, make_frame(f, rig_mac, 1, lan, ethertype, p, n));
	if (rig_punted(&rig, got, &iface) != 0) {
		assert_no_drops();
		assert_int_equal(iface, 1);
		return true;
	}
	assert_dropped(TS_C_drop_punt_off_link);
	return false;
}

/* O17: the kernel learns from ARP and ND only what the LAN's prefix covers, or a gateway that is configured so. */
void
test_punt_claims(void **state)
{
	static const char *const gw[] = {"10.9.9.9"};
	static const uint16_t one[] = {1}, two[] = {2};
	uint8_t p[256];

	(void)state;
	set_route(AF_INET, "198.51.100.0", 24, ts_nexthop_get_glean(rig.nexthops, 1));
	set_route(AF_INET6, "2001:db8:100::", 64, ts_nexthop_get_glean(rig.nexthops, 1));
	assert_true(handed_over(0x0806, p, make_arp(p, "198.51.100.9", ROUTER_V4)));
	assert_true(handed_over(0x0806, p, make_arp(p, "0.0.0.0", ROUTER_V4)));
	assert_true(handed_over(0x0806, p, make_arp(p, ROUTER_V4, ROUTER_V4))); /* a duplicate of ours */
	assert_false(handed_over(0x0806, p, make_arp(p, "203.0.113.9", ROUTER_V4)));
	assert_false(handed_over(0x0806, p, 20));
	assert_true(handed_over(0x86dd, p, make_nd(p, 135, "2001:db8:100::9")));
	assert_true(handed_over(0x86dd, p, make_nd(p, 135, "fe80::9")));
	assert_true(handed_over(0x86dd, p, make_nd(p, 135, "::")));
	assert_false(handed_over(0x86dd, p, make_nd(p, 135, "2001:db8:666::9")));
	assert_true(handed_over(0x86dd, p, make_nd(p, 136, "2001:db8:100::9")));
	assert_false(handed_over(0x86dd, p, make_nd(p, 136, "2001:db8:666::9")));
	make_nd(p, 135, "fe80::9");
	p[5] = 8;
	assert_false(handed_over(0x86dd, p, 48));

	/* a gateway beside the LAN's prefix, on this interface; then on another */
	set_route(AF_INET, "10.9.9.9", 32, via(gw, one, 1));
	assert_true(handed_over(0x0806, p, make_arp(p, "10.9.9.9", ROUTER_V4)));
	set_route(AF_INET, "10.9.9.9", 32, via(gw, two, 1));
	assert_false(handed_over(0x0806, p, make_arp(p, "10.9.9.9", ROUTER_V4)));
	del_route(AF_INET, "10.9.9.9", 32);
	set_route(AF_INET, "198.51.100.0", 24, ts_nexthop_get_glean(rig.nexthops, 2));
	assert_false(handed_over(0x0806, p, make_arp(p, "198.51.100.9", ROUTER_V4)));
	del_route(AF_INET, "198.51.100.0", 24);
	del_route(AF_INET6, "2001:db8:100::", 64);
}

/* How many frames of `f` the kernel gets before the share of their source is used up. */
static unsigned
share_of(uint8_t *f, size_t len)
{
	uint8_t got[RIG_FRAME_MAX];
	unsigned n = 0;
	uint16_t iface;

	for (mark(); moved(TS_C_drop_punt_source_limited) == 0 && n < 10000; n++) {
		send_frame(f, len);
		rig_punted(&rig, got, &iface);
	}
	assert_dropped(TS_C_drop_punt_source_limited);
	return n - 1;
}

/* O17: one MAC's flood of ARP, or of BGP, takes nothing from the other, nor from other MACs; time gives it back. */
void
test_punt_shares(void **state)
{
	uint8_t p[256], arp[256], bgp[256], got[RIG_FRAME_MAX];
	size_t n_arp = make_frame(arp, rig_mac, 1, lan, 0x0806, p, make_arp(p, "0.0.0.0", ROUTER_V4)), n_bgp;
	uint16_t iface;

	(void)state;
	make_v4(p, "198.51.100.9", ROUTER_V4, 6, 20);
	memset(p + 20, 0, 20);
	p[23] = 179;
	n_bgp = make_frame(bgp, rig_mac, 1, lan, 0x0800, p, 40);
	assert_in_range(share_of(arp, n_arp), 100, 400);
	assert_in_range(share_of(bgp, n_bgp), 400, 512);
	arp[11] ^= 1;
	bgp[11] ^= 1;
	send_frame(arp, n_arp);
	send_frame(bgp, n_bgp);
	assert_no_drops();
	assert_int_not_equal(rig_punted(&rig, got, &iface), 0);
	assert_int_not_equal(rig_punted(&rig, got, &iface), 0);
	arp[11] ^= 1;
	rig_advance_ms(&rig, 1000);
	send_frame(arp, n_arp);
	assert_no_drops();
	assert_int_not_equal(rig_punted(&rig, got, &iface), 0);
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

void
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

void
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

/* What sessions live on has a ring of its own and no limit; all else has both. */
void
test_punt_priority(void **state)
{
	static const uint16_t vlan[1] = {RIG_VLAN};
	static const struct {
		uint8_t protocol;
		uint16_t src, dst;
		bool urgent;
	} cases[] = {{6, 179, 40000, true}, {6, 40000, 179, true}, {6, 22, 40000, false}, {17, 49152, 3784, true},
		{17, 49152, 4784, true}, {17, 3784, 53, false}, {89, 179, 179, false}};
	uint8_t p[256], f[512], got[RIG_FRAME_MAX];
	uint16_t iface;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned v6 = 0; v6 < 2; v6++) {
			uint8_t *l4 = p + (v6 ? 40 : 20);
			size_t n = v6 ? make_v6(p, "2001:db8:100::9", "2001:db8:100::1", 20)
				      : make_v4(p, "198.51.100.9", ROUTER_V4, cases[i].protocol, 20);

			if (v6)
				p[6] = cases[i].protocol;
			l4[0] = (uint8_t)(cases[i].src >> 8);
			l4[1] = (uint8_t)cases[i].src;
			l4[2] = (uint8_t)(cases[i].dst >> 8);
			l4[3] = (uint8_t)cases[i].dst;
			send_frame(f, make_frame(f, rig_mac, 1, vlan, v6 ? 0x86dd : 0x0800, p, n));
			assert_int_equal(rte_ring_count(ts_worker_urgent_punts(rig.worker)), cases[i].urgent);
			assert_int_equal(rte_ring_count(ts_worker_punts(rig.worker)), !cases[i].urgent);
			assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
		}
	}
	/* a flood of the rest is cut off; ARP still gets through */
	size_t n = make_v4(p, "198.51.100.9", ROUTER_V4, 17, 20), len = make_frame(f, rig_mac, 1, vlan, 0x0800, p, n);

	for (unsigned i = 0; i < 100000 && moved(TS_C_drop_punt_limited) == 0; i++) {
		send_frame(f, len);
		rig_punted(&rig, got, &iface);
	}
	assert_dropped(TS_C_drop_punt_limited);
	memset(p, 0, 46);
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x0806, p, 46));
	assert_no_drops();
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + 46);
}
