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
	send_frame(f, make_frame(f, rig_mac, 1, vlan, 0x0806, p, 46));
	assert_no_drops();
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + 46);
}
