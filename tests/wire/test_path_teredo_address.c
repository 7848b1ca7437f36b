/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What else comes to the relay's address: ICMPv4 errors about its packets (G53), other ports and fragments, where the
 * address is a service address and where the kernel has it, too (decisions.md 2).
 */
#include "path_teredo.h"
#include "path_tests.h"

/* An ICMPv4 error to `own` that quotes `n` bytes of the packet at p + 28. */
static size_t
quote(uint8_t *p, const char *own, uint8_t type, uint8_t code, size_t n)
{
	uint16_t sum;

	memset(p + 20, 0, 8);
	p[20] = type;
	p[21] = code;
	if (code == 4)
		p[26] = 500 >> 8, p[27] = 500 & 0xff;
	sum = (uint16_t)~rte_raw_cksum(p + 20, 8 + n);
	memcpy(p + 22, &sum, 2);
	return make_v4(p, "203.0.113.9", own, 1, 8 + n);
}

/* What the relay has sent to a client, at p + 28. */
static size_t
put_sent(uint8_t *p, const char *src, uint16_t port, const struct client *c)
{
	make_native(p + 28 + 28, c, 0);
	return make_udp(p + 28, src, port, c->v4, c->port, 80);
}

/* G53 for UDP: the service address may be ours alone, or the kernel's as well. */
static void
icmp4_errors(const char *own, enum ts_counter not_ours)
{
	struct client c = client_at("192.0.2.45", 40000);
	uint8_t p[256], want[256];
	size_t n;

	n = put_sent(p, own, R_PORT, &c);
	send_ip(p, quote(p, own, 3, 1, n));
	assert_no_drops();
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p + 56, 80);
	send_ip(p, quote(p, own, 11, 0, 28 + 40));
	assert_no_drops();
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p + 56, 40);
	assert_nothing_sent();
	/* it can make no packet smaller than it is */
	send_ip(p, quote(p, own, 3, 4, n));
	assert_dropped(TS_C_drop_ip4_local_icmp4_no_ptb);
	send_ip(p, quote(p, own, 3, 1, 28 + 39));
	assert_dropped(TS_C_drop_ip4_local_icmp4_short);
	send_ip(p, quote(p, own, 3, 1, 28));
	assert_dropped(TS_C_drop_ip4_local_icmp4_short);
	/* another port than the service port is the kernel's, if it has the address */
	put_sent(p, own, R_PORT + 1, &c);
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(not_ours);
	/* about a bubble, to its server and to the client: nobody is told */
	put_bubble(p + 56, R_B, c.v6);
	make_udp(p + 28, own, R_PORT, SERVER, SERVER_PORT, 40);
	send_ip(p, quote(p, own, 3, 1, 68));
	assert_dropped(TS_C_drop_ip4_local_icmp4_not_ours);
	put_bubble(p + 56, R_B, c.v6);
	make_udp(p + 28, own, R_PORT, c.v4, c.port, 40);
	send_ip(p, quote(p, own, 3, 1, 68));
	assert_dropped(TS_C_drop_ip4_local_icmp4_not_ours);
	/* from a client, to another than it says, from nobody */
	put_sent(p, own, R_PORT, &c);
	put_v6(p + 56 + 8, "2001::1");
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(TS_C_drop_ip4_local_icmp4_not_ours);
	put_sent(p, own, R_PORT, &c);
	put_v4(p + 28 + 16, "192.0.2.46");
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(TS_C_drop_ip4_local_icmp4_not_ours);
	put_sent(p, own, R_PORT, &c);
	put_v6(p + 56 + 24, NATIVE);
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(TS_C_drop_ip4_local_icmp4_not_ours);
	put_sent(p, own, R_PORT, &c);
	put_v6(p + 56 + 8, "fe80::1");
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(TS_C_drop_ip4_local_v6_src_invalid);
	put_sent(p, own, R_PORT, &c);
	p[56 + 6] = 58;
	p[56 + 40] = 1;
	send_ip(p, quote(p, own, 3, 1, n));
	assert_dropped(TS_C_drop_ip4_local_no_error_about_error);
	(void)want;
}

/* The relay's address becomes one of the kernel's. */
static void
relay_on_host(void)
{
	put_v4((uint8_t *)&rig.cfg.teredo_relay.address, ROUTER_V4);
	relay_apply();
}

void
test_teredo_icmp4_errors(void **state)
{
	uint8_t p[256];
	struct client c = client_at("192.0.2.45", 40000);

	(void)state;
	relay_setup();
	icmp4_errors(R_V4, TS_C_drop_ip4_local_icmp4_not_ours);
	relay_on_host();
	rig_advance_ms(&rig, 60000);
	icmp4_errors(ROUTER_V4, TS_C_drop_punt_no_twin);
	/* to another address of the box than the one it was sent from: as good */
	rig_advance_ms(&rig, 60000);
	send_ip(p, quote(p, "192.88.99.1", 3, 1, put_sent(p, ROUTER_V4, R_PORT, &c)));
	assert_no_drops();
	assert_next_error(&(struct icmp6_error){.type = 1, .code = 3}, p + 56, 80);
	relay_done();
}

/* Decisions.md 2: other ports of a host address are the kernel's, in fragments, too. */
void
test_teredo_host_address(void **state)
{
	uint8_t p[2048], got[RIG_FRAME_MAX], frame[2048];
	uint16_t iface, vlan = RIG_VLAN;
	struct client c;
	size_t n;

	(void)state;
	relay_setup();
	relay_on_host();
	c = known_client();
	make_answer(p, &c, 0);
	n = make_udp(p, c.v4, c.port, ROUTER_V4, R_PORT, 80);
	send_ip(p, n);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), 80);
	send_fragment(p, 1, 32, 88, false);
	send_fragment(p, 1, 0, 32, true);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), 80);
	/* not for the relay: as it came */
	n = make_udp(p, c.v4, c.port, ROUTER_V4, 53, 80);
	send_frame(frame, make_frame(frame, rig_mac, 1, &vlan, RTE_ETHER_TYPE_IPV4, p, n));
	assert_no_drops();
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
	assert_int_equal(iface, 1);
	assert_memory_equal(got + 14, p, n);
	n = make_udp(p, c.v4, c.port, ROUTER_V4, TS_TEREDO_PORT, 80); /* no server here */
	send_frame(frame, make_frame(frame, rig_mac, 1, &vlan, RTE_ETHER_TYPE_IPV4, p, n));
	assert_int_equal(rig_punted(&rig, got, &iface), 14 + n);
	/* a service address has no kernel behind it */
	n = make_udp(p, c.v4, c.port, "192.88.99.1", R_PORT, 80);
	send_ip(p, n);
	assert_no_drops();
	assert_int_equal(moved(TS_C_icmp4_unreachable_sent), 1);
	assert_true(next_packet(got) != 0);
	relay_done();
}

/* What worker `id` has for the kernel, its first frame without the Ethernet header; 0: nothing. */
static size_t
punted_by(unsigned id, uint8_t *packet)
{
	struct ts_punt punt;
	size_t len;

	if (rte_ring_dequeue_elem(ts_worker_punts(rig.workers[id]), &punt, sizeof(punt)) != 0)
		return 0;
	len = rte_pktmbuf_pkt_len(punt.frame) - 14;
	memcpy(packet, rte_pktmbuf_read(punt.frame, 14, (uint32_t)len, packet), len);
	rte_pktmbuf_free(punt.frame);
	return len;
}

/*
 * Only the first fragment says which port it is for, so all are put together first: what then is the kernel's reaches
 * it whole, and is not refused for what the relay would refuse.
 */
void
test_teredo_host_fragments(void **state)
{
	uint8_t p[2048], got[2048], frame[2048], piece[2048];
	uint16_t vlan = RIG_VLAN;
	size_t n, len;

	(void)state;
	relay_setup();
	relay_on_host();
	for (uint16_t id = 0; id < 8; id++) {
		memset(PAYLOAD(p), id, 1000);
		n = make_udp(p, "10.0.0.9", 1053, ROUTER_V4, 53, 1000);
		for (unsigned i = 0; i < 2; i++) {
			struct rte_ipv4_hdr *ip = (void *)piece;
			size_t from = i == 0 ? 0 : 504, to = i == 0 ? 504 : n - 20;

			memcpy(piece, p, 20);
			memcpy(piece + 20, p + 20 + from, to - from);
			ip->packet_id = rte_cpu_to_be_16(id);
			ip->fragment_offset = rte_cpu_to_be_16(
				(uint16_t)(from / 8 | (i == 0 ? RTE_IPV4_HDR_MF_FLAG : 0)));
			set_v4_length(piece, 20 + to - from);
			len = make_frame(frame, rig_mac, 1, &vlan, RTE_ETHER_TYPE_IPV4, piece, 20 + to - from);
			send_frame(frame, len);
			assert_no_drops();
		}
		len = punted_by(0, got);
		if (len == 0)
			len = punted_by(1, got);
		assert_int_equal(len, n);
		assert_memory_equal(got + 20, p + 20, n - 20);
	}
	relay_done();
}
