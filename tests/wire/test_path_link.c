/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet: frames that are refused, tags in and out, packets in segments. */
#include "path_tests.h"
#include "path_util.h"

void
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
void
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
	assert_memory_equal(
		got + 12, ((uint8_t[]){0x88, 0xa8, 0, RIG_QINQ_OUTER, 0x81, 0x00, 1, RIG_QINQ_INNER - 256, 8, 0}), 10);
	del_route(AF_INET, "192.0.2.0", 24);
	neighbour(1, "10.9.9.9", NULL);
	neighbour(2, "10.9.9.9", NULL);
}

/* Headers spread over segments are brought together; a packet in segments goes through whole. */
void
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

/* RFC 1812 5.3.4, RFC 4443 2.4 (e): a group frame is for the kernel if IP says so, too, else for nobody. */
void
test_group_frames(void **state)
{
	static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255}, group[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t p[256], f[512];

	(void)state;
	send_frame(f, make_frame(f, group, 0, NULL, 0x86dd, p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8)));
	assert_dropped(TS_C_drop_l2_rx_group_unicast);
	send_frame(f, make_frame(f, broadcast, 0, NULL, 0x0800, p, make_echo4(p, SITE_V4, "192.88.99.1")));
	assert_dropped(TS_C_drop_l2_rx_group_unicast);
	send_frame(f,
		make_frame(
			f, broadcast, 0, NULL, 0x0800, p, make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 8)));
	assert_dropped(TS_C_drop_l2_rx_group_unicast);
}

/* 802.1Q: VLAN 0 carries a priority only. */
void
test_priority_tag(void **state)
{
	static const uint16_t priority[1] = {0xe000};
	uint8_t p[256], f[512], got[RIG_FRAME_MAX];
	size_t n = make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);

	(void)state;
	send_frame(f, make_frame(f, rig_mac, 1, priority, 0x86dd, p, n));
	assert_no_drops();
	assert_int_equal(rig_receive(&rig, got), 14 + 20 + n);
}

/* What the interface's members sent in vain, by MAC. */
static uint64_t
sent_in_vain(uint16_t iface, const uint8_t *mac)
{
	struct ts_worker_stats st;
	uint64_t packets;
	uint8_t who[6];
	uint16_t where;

	ts_worker_stats(rig.worker, &st);
	for (unsigned i = 0; i < TS_STRANGER_SLOTS; i++)
		if (ts_strangers_read(st.strangers, i, &where, who, &packets) && where == iface &&
			memcmp(who, mac, 6) == 0)
			return packets;
	return 0;
}

/* O16: whoever takes us for a default route is counted by MAC and interface; who asks for a service is not. */
void
test_strangers(void **state)
{
	static const uint8_t other[6] = {2, 0x77, 0, 0, 0, 1};
	static const uint16_t vlan[1] = {RIG_VLAN}, priority[1] = {0xe000};
	uint64_t before_peer = sent_in_vain(0, rig_peer);
	uint8_t p[256], f[512], got[RIG_FRAME_MAX];
	size_t n = make_v6(p, "2001:db8::1", "2001:db8:9::1", 8), len;

	(void)state;
	send_frame(f, make_frame(f, rig_mac, 0, NULL, 0x86dd, p, n));
	assert_dropped(TS_C_drop_ip6_rx_no_tunnel);
	len = make_frame(f, rig_mac, 1, vlan, 0x86dd, p, n);
	memcpy(f + 6, other, 6);
	send_frame(f, len);
	assert_dropped(TS_C_drop_ip6_rx_no_tunnel);
	n = make_v4(p, SITE_V4, "192.0.2.77", 17, 20);
	len = make_frame(f, rig_mac, 1, vlan, 0x0800, p, n);
	memcpy(f + 6, other, 6);
	send_frame(f, len);
	assert_dropped(TS_C_drop_ip4_rx_no_tunnel);
	send_frame(f, make_frame(f, rig_mac, 1, priority, 0x0800, p, n));
	assert_dropped(TS_C_drop_ip4_rx_no_tunnel);
	assert_int_equal(sent_in_vain(0, rig_peer), before_peer + 2);
	assert_int_equal(sent_in_vain(1, other), 2);
	assert_int_equal(sent_in_vain(1, rig_peer), 0);

	len = make_frame(f, rig_mac, 0, NULL, 0x86dd, p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8));
	memcpy(f + 6, other, 6);
	send_frame(f, len);
	assert_int_not_equal(rig_receive(&rig, got), 0);
	assert_int_equal(sent_in_vain(0, other), 0);
}

/* Invented addresses push each other out, never those who really send; nothing is lost from the sum. */
void
test_strangers_table(void **state)
{
	static struct ts_strangers s;
	uint8_t heavy[6] = {2, 0, 0, 0, 0, 1}, mac[6] = {2, 1};
	uint64_t packets, sum, seen = 0;
	uint16_t iface;

	(void)state;
	ts_strangers_init(&s, 4711);
	for (unsigned i = 0; i < 1000; i++)
		ts_strangers_count(&s, 3, heavy);
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(mac + 2, &i, sizeof(i));
		ts_strangers_count(&s, 3, mac);
	}
	sum = s.others;
	for (unsigned i = 0; i < TS_STRANGER_SLOTS; i++) {
		if (!ts_strangers_read(&s, i, &iface, mac, &packets))
			continue;
		assert_int_equal(iface, 3);
		sum += packets;
		if (memcmp(mac, heavy, 6) == 0)
			seen = packets;
	}
	assert_int_equal(seen, 1000);
	assert_int_equal(sum, 101000);
}
