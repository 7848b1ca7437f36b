/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC's word about the outer UDP checksum (F8; dataplane/rx_checksum.h): whom it is believed, and of what. The
 * packets have a wrong checksum, so that what is forwarded was not verified.
 */
#include "path_teredo.h"
#include "path_tests.h"

#define PLAIN (RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4_EXT_UNKNOWN | RTE_PTYPE_L4_UDP)
#define GOOD RTE_MBUF_F_RX_L4_CKSUM_GOOD

static const struct {
	uint64_t flags;
	uint32_t type;
	bool believed;
} words[] = {
	{RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, PLAIN, false},
	{RTE_MBUF_F_RX_L4_CKSUM_NONE, PLAIN, false},
	{RTE_MBUF_F_RX_L4_CKSUM_BAD, PLAIN, false},
	{GOOD, PLAIN, true},
	{GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_VLAN, PLAIN, true},
	/* the IPv4 header is looked at anyway */
	{GOOD | RTE_MBUF_F_RX_IP_CKSUM_BAD, PLAIN, true},
	{GOOD, RTE_PTYPE_L2_ETHER_VLAN | RTE_PTYPE_L3_IPV4_EXT | RTE_PTYPE_L4_UDP, true},
	/* ice says this of every packet */
	{GOOD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD, PLAIN, true},
	{GOOD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_BAD, PLAIN, false},
	{GOOD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_INVALID, PLAIN, false},
	{GOOD | RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD, PLAIN, false},
	{GOOD, RTE_PTYPE_UNKNOWN, false},
	{GOOD, RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_FRAG, false},
	{GOOD, RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_TCP, false},
	{GOOD, RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4, false},
	{GOOD, PLAIN | RTE_PTYPE_TUNNEL_VXLAN, false},
	{GOOD, PLAIN | RTE_PTYPE_TUNNEL_GENEVE, false},
	{GOOD, PLAIN | RTE_PTYPE_TUNNEL_GRENAT | RTE_PTYPE_INNER_L2_ETHER, false},
	{GOOD, PLAIN | RTE_PTYPE_INNER_L3_IPV6_EXT_UNKNOWN | RTE_PTYPE_INNER_L4_UDP, false},
	{GOOD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD, PLAIN | RTE_PTYPE_TUNNEL_VXLAN, false},
};

static void
nic_says(size_t i)
{
	rig.nic_flags = words[i].flags;
	rig.nic_type = words[i].type;
}

/* The answer numbered `number`, with or without the right checksum; its length. */
static size_t
answer(uint8_t *p, const struct client *c, uint32_t number, bool right)
{
	size_t n = make_answer(p, c, number);

	p[26] ^= right ? 0 : 0x40;
	return n;
}

void
test_rx_checksum_flags(void **state)
{
	struct client c;
	uint8_t p[256];
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	for (size_t i = 0; i < RTE_DIM(words); i++) {
		nic_says(i);
		n = answer(p, &c, (uint32_t)i, false);
		send_ip(p, n);
		if (words[i].believed) {
			assert_no_drops();
			assert_next_native(PAYLOAD(p), 80);
		} else {
			assert_dropped(TS_C_drop_teredo_decap_udp_csum);
		}
		/* whatever it says, a right one is right, and none is none */
		n = answer(p, &c, (uint32_t)i, true);
		send_ip(p, n);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 80);
		memset(p + 26, 0, 2);
		send_ip(p, n);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 80);
	}
	relay_done();
}

/* Bubbles, and solicitations, which have a way of their own. */
void
test_rx_checksum_server(void **state)
{
	uint8_t p[256], got[RIG_FRAME_MAX];
	size_t n;

	(void)state;
	server_setup();
	for (size_t i = 0; i < 2 * RTE_DIM(words); i++) {
		bool bubble = i & 1;

		nic_says(i / 2);
		n = bubble ? put_bubble(PAYLOAD(p), RELAY_B, CLIENT_ADDR) : put_rs(PAYLOAD(p), RS_CLIENT, 0);
		n = make_udp(p, bubble ? RELAY : CLIENT, bubble ? RELAY_PORT : CLIENT_PORT, SERVER, SERVER_PORT, n);
		p[26] ^= 0x40;
		send_ip(p, n);
		if (!words[i / 2].believed) {
			assert_dropped(TS_C_drop_teredo_server_udp_csum);
			continue;
		}
		assert_no_drops();
		assert_int_equal(moved(bubble ? TS_C_teredo_server_bubbles : TS_C_teredo_server_advertisements), 1);
		assert_true(rig_receive(&rig, got) != 0);
	}
	server_done();
}

/* i40e calls fragments good. What they are joined to is verified, whatever was said of the first or of all of them. */
void
test_rx_checksum_joined(void **state)
{
	uint8_t p[256];
	struct client c;
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	rig.nic_flags = GOOD;
	rig.nic_type = PLAIN;
	for (uint16_t id = 0; id < 8; id++) {
		bool first_is_last = id & 1;

		n = answer(p, &c, id, false);
		send_fragment(p, id, first_is_last ? 48 : 0, first_is_last ? n - 20 : 48, !first_is_last);
		send_fragment(p, id, first_is_last ? 0 : 48, first_is_last ? 48 : n - 20, first_is_last);
		rig_turn(&rig);
		assert_dropped(TS_C_drop_teredo_decap_udp_csum);
		n = answer(p, &c, id, true);
		send_fragment(p, id, 0, 48, true);
		send_fragment(p, id, 48, n - 20, false);
		rig_turn(&rig);
		assert_no_drops();
		assert_next_native(PAYLOAD(p), 80);
	}
	relay_done();
}

/* Bytes behind the IPv4 packet, and behind the UDP datagram: who knows what the NIC has added up? */
void
test_rx_checksum_cut(void **state)
{
	uint8_t p[256] = {0};
	struct client c;
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	rig.nic_flags = GOOD;
	rig.nic_type = PLAIN;
	n = answer(p, &c, 0, false);
	send_ip(p, n + 4);
	assert_dropped(TS_C_drop_teredo_decap_udp_csum);
	set_v4_length(p, n + 4);
	send_ip(p, n + 4);
	assert_dropped(TS_C_drop_teredo_decap_udp_csum);
	n = answer(p, &c, 0, true);
	set_v4_length(p, n + 4);
	send_ip(p, n + 4);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), 80);
	relay_done();
}

/* `checksum-offload: off`, and a NIC that was not asked: some speak unasked. */
void
test_rx_checksum_ignored(void **state)
{
	uint8_t p[256];
	struct client c;
	size_t n;

	(void)state;
	relay_setup();
	c = known_client();
	rig.nic_flags = GOOD;
	rig.nic_type = PLAIN;
	rig.ifaces.port_map[rig.port].rx_checksum_ignored = true;
	n = answer(p, &c, 0, false);
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_decap_udp_csum);
	rig.ifaces.port_map[rig.port].rx_checksum_ignored = false;
	send_ip(p, n);
	assert_no_drops();
	assert_next_native(PAYLOAD(p), 80);
	relay_done();
}
