/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly across workers, and ICMPv4 errors from inside a tunnel. */
#include "path_tests.h"
#include "path_util.h"

/* Whichever worker owns the datagram: many identifications reach both. */
void
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

void
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

void
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
	covered(TS_C_drop_ip4_rx_handoff_full);
	while (rte_ring_dequeue_elem(ring, &nothing, sizeof(nothing)) == 0)
		assert_null(nothing.packet);
	rig_advance_ms(&rig, 16000);
	for (int i = 0; i < 8; i++)
		rig_turn(&rig);
}

/* What the vectors do not have: short quotations, other types, a host address, no usable source, the limits. */
void
test_icmp4_errors(void **state)
{
	uint8_t p[256] = {0}, quoted[128], got[RIG_FRAME_MAX];
	size_t inner = make_v6(quoted + 20, "2001:db8::1", "2002:c000:22a::1", 8);

	(void)state;
	make_v4(quoted, ROUTER_V4, SITE_V4, 41, inner);
#define ERROR(type, code, n)                                                               \
	do {                                                                               \
		memset(p + 20, 0, 8);                                                      \
		p[20] = type;                                                              \
		p[21] = code;                                                              \
		memcpy(p + 28, quoted, n);                                                 \
		*(uint16_t *)(void *)(p + 22) = (uint16_t)~rte_raw_cksum(p + 20, 8 + (n)); \
		send_ip(p, make_v4(p, "203.0.113.9", "192.88.99.1", 1, 8 + (n)));          \
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
	rig_advance_ms(&rig, 600000);
	for (unsigned i = 0; i < PATH_BURST; i++) {
		ERROR(3, 1, 68);
		assert_no_drops();
		assert_true(rig_receive(&rig, got) != 0);
	}
	ERROR(3, 1, 68);
	assert_dropped(TS_C_drop_ip4_local_icmp4_limited);
	/* the same kind of ICMPv6 error is used up by other packets */
	rig_advance_ms(&rig, 600000);
	set_route(AF_INET, "192.0.2.9", 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_UNREACHABLE));
	for (unsigned i = 0; i < PATH_BURST; i++) {
		uint8_t native[64];

		send_ip(native, make_v6(native, "2001:db8::1", "2002:c000:209::1", 8));
		assert_no_drops();
		assert_true(rig_receive(&rig, got) != 0);
	}
	del_route(AF_INET, "192.0.2.9", 32);
	ERROR(3, 1, 68);
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
