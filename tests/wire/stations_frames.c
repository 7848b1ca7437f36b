/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations_frames.h"
#include "stations_headers.h"
#include "stations_teredo.h"

#include "lib/teredo.h"

#define PACKET_MAX 2000
#define ETHERTYPE_ARP 0x0806

static uint64_t state;

void
frames_seed(uint64_t seed)
{
	state = seed;
	teredo_frames_seed();
}

/* splitmix64 */
uint64_t
frames_draw(uint64_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

void
frames_clients(void)
{
	for (unsigned i = 0; i < FRAMES_CLIENTS; i++)
		teredo_client[i] = client_number(i);
}

/* --- packets of each kind: begin at p + the number returned; *len bytes --- */

static size_t
make_into_tunnel(uint8_t *p, size_t *len, enum frame_kind kind, bool hostile)
{
	uint8_t relay[4], site[4];

	*len = put_inner(p + ROOM, hostile);
	put_native(p + ROOM + 8, hostile);
	put_user(kind, p + ROOM + 24, relay, site, hostile);
	if (hostile && one_in(4))
		bend_inner(p + ROOM, len);
	return ROOM;
}

static size_t
make_out_of_tunnel(uint8_t *p, size_t *len, enum frame_kind kind, bool hostile)
{
	uint8_t relay[4], site[4], unused[4];
	size_t at;

	*len = put_inner(p + ROOM, hostile);
	put_user(kind, p + ROOM + 8, relay, site, hostile);
	put_native(p + ROOM + 24, hostile);
	if (one_in(16))
		put_user((enum frame_kind)(frames_draw(3) * 2), p + ROOM + 24, unused, unused, hostile);
	else if (one_in(16))
		memcpy(p + ROOM + 24, teredo_client[frames_draw(FRAMES_CLIENTS)].addr, 16);
	if (hostile && one_in(6))
		put_site(site, true);
	if (hostile && one_in(6))
		bend_inner(p + ROOM, len);
	at = put_outer(p, ROOM, *len, 41, site, relay, hostile);
	*len += ROOM - at;
	return at;
}

static size_t
make_ping4(uint8_t *p, size_t *len, bool hostile)
{
	static const char *const to[] = {X_RELAY, ROUTER_V4, A_BR, S_ROUTER, R_V4};
	uint8_t src[4], dst[4], *icmp = p + ROOM;
	size_t n = 8 + payload_len(), at;
	uint16_t sum;

	n = RTE_MIN(n, (size_t)1480);
	put_random(icmp, n);
	memcpy(icmp, "\x08\0\0\0", 4);
	if (hostile && one_in(4))
		icmp[0] = (uint8_t)frames_draw(20);
	sum = (uint16_t)~rte_raw_cksum(icmp, n);
	memcpy(icmp + 2, &sum, 2);
	if (hostile && one_in(4))
		icmp[frames_draw(8)] ^= 1;
	put_site(src, hostile);
	put_v4(dst, hostile ? PICK(to) : X_RELAY);
	at = put_outer(p, ROOM, n, 1, src, dst, hostile);
	*len = n + ROOM - at;
	return at;
}

/* To the relay's own addresses, natively or out of the tunnel. */
static size_t
make_ping6(uint8_t *p, size_t *len, bool hostile)
{
	static const char *const to[] = {"2002:c058:6301::", PATH_ID6, "2001:db8:100::1"};
	uint8_t *ip = p + ROOM, relay[4], site[4];
	size_t n = 8 + RTE_MIN(payload_len(), (size_t)1400), at;

	make_v6(ip, NATIVE, hostile ? PICK(to) : to[0], n);
	put_random(ip + 40, n);
	ip[6] = 58;
	memcpy(ip + 40, "\x80\0\0\0", 4);
	if (hostile && one_in(2))
		ip[40] = (uint8_t)frames_draw(256);
	put_native(ip + 8, hostile);
	*len = 40 + n;
	if (one_in(2)) {
		set_icmp6_checksum(ip, 40 + n);
		if (hostile && one_in(4))
			ip[frames_draw(48)] ^= 1;
		return ROOM;
	}
	put_user(FRAME_6TO4_OUT, ip + 8, relay, site, hostile);
	set_icmp6_checksum(ip, 40 + n);
	at = put_outer(p, ROOM, *len, 41, site, relay, hostile);
	*len += ROOM - at;
	return at;
}

/* For the host itself, or for nobody. */
static size_t
make_for_host(uint8_t *p, size_t *len, bool hostile)
{
	static const char *const v6[] = {
		"2001:db8:100::1", "ff02::1", "fe80::1", "2001:db8:85::7", "ff02::1:ff00:1", "2001:200:0:b000::b"};
	static const char *const v4[] = {ROUTER_V4, "81.1.1.1", "224.0.0.5", X_RELAY, R_V4, "198.51.100.255"};
	static const uint8_t protocols[] = {6, 17, 1, 41, 47, 89};
	uint8_t src[4], dst[4];
	size_t at;

	*len = put_inner(p + ROOM, hostile);
	if (one_in(2)) {
		put_native(p + ROOM + 8, hostile);
		put_v6(p + ROOM + 24, PICK(v6));
		p[ROOM + 6] = one_in(2) ? 58 : 6;
		return ROOM;
	}
	put_site(src, hostile);
	put_v4(dst, PICK(v4));
	at = put_outer(p, ROOM, *len, protocols[frames_draw(RTE_DIM(protocols))], src, dst, hostile);
	*len += ROOM - at;
	return at;
}

/* From a router on the way to a site, about what the relay sent there. */
static size_t
make_error4(uint8_t *p, size_t *len, bool hostile)
{
	uint8_t relay[4], site[4], router[4], *icmp = p + ROOM;
	size_t inner = 40 + frames_draw(60), n, at;
	uint16_t sum;

	make_into_tunnel(icmp + 28 - ROOM, &n, FRAME_6TO4_IN, false);
	put_user(FRAME_6TO4_IN, icmp + 28 + 24, relay, site, hostile);
	put_outer(icmp, 28, inner, 41, relay, site, false);
	memset(icmp, 0, 8);
	icmp[0] = one_in(4) ? 11 : 3;
	icmp[1] = icmp[0] == 3 ? (uint8_t)(one_in(4) ? frames_draw(6) : 4) : 0;
	icmp[6] = (uint8_t)frames_draw(7);
	icmp[7] = (uint8_t)frames_draw(256);
	n = 28 + inner;
	sum = (uint16_t)~rte_raw_cksum(icmp, n);
	memcpy(icmp + 2, &sum, 2);
	put_site(router, hostile);
	at = put_outer(p, ROOM, n, 1, router, relay, hostile);
	*len = n + ROOM - at;
	return at;
}

static size_t
make_packet(uint8_t *p, size_t *len, enum frame_kind kind, bool hostile)
{
	switch (kind) {
	case FRAME_6TO4_IN:
	case FRAME_6RD_IN:
	case FRAME_ISATAP_IN:
		return make_into_tunnel(p, len, kind, hostile);
	case FRAME_6TO4_OUT:
	case FRAME_6RD_OUT:
	case FRAME_ISATAP_OUT:
		return make_out_of_tunnel(p, len, kind, hostile);
	case FRAME_TEREDO_IN:
		return make_teredo_in(p, len, hostile);
	case FRAME_TEREDO_OUT:
		return make_teredo_out(p, len, hostile);
	case FRAME_SERVER:
		return make_to_server(p, len, hostile);
	case FRAME_ECHO4:
		return make_ping4(p, len, hostile);
	case FRAME_ECHO6:
		return make_ping6(p, len, hostile);
	case FRAME_ERROR:
		return make_error4(p, len, hostile);
	default:
		return make_for_host(p, len, hostile);
	}
}

/* --- frames --- */

static bool one_vlan;

void
frames_one_vlan(bool on)
{
	one_vlan = on;
}

static unsigned
pick_tags(uint16_t tags[2], bool hostile)
{
	tags[0] = RIG_VLAN;
	tags[1] = RIG_QINQ_INNER;
	if (hostile && one_in(8)) {
		tags[0] = (uint16_t)(one_in(2) ? 0 : frames_draw(4096)); /* 0: a priority tag */
		return 1;
	}
	if (one_vlan && !one_in(hostile ? 4 : 40)) {
		tags[0] |= (uint16_t)(frames_draw(16) << 12); /* priority, drop eligible */
		return 1;
	}
	switch (frames_draw(hostile ? 4 : 40)) {
	case 0:
		return 1;
	case 1:
		tags[0] = RIG_QINQ_OUTER;
		return 2;
	default:
		return 0;
	}
}

static void
put_frame(struct frame *f, const uint8_t *packet, size_t len, bool arp, bool hostile)
{
	static const uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint16_t tags[2], type = packet[0] >> 4 == 6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;
	unsigned n_tags = pick_tags(tags, hostile);
	uint8_t mac[6];

	memcpy(mac, rig_mac, 6);
	if (hostile && one_in(8))
		mac[frames_draw(6)] ^= (uint8_t)(1u << frames_draw(8));
	if (hostile && one_in(16))
		memcpy(mac, group, 6);
	if (arp || (hostile && one_in(24)))
		type = one_in(2) ? ETHERTYPE_ARP : (uint16_t)frames_draw(65536);
	else if (hostile && one_in(24))
		type = one_in(2) ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	f->len = make_frame(f->bytes, mac, n_tags, tags, type, packet, len);
	if (hostile && one_in(16)) /* the version is not the EtherType's */
		f->bytes[RTE_ETHER_HDR_LEN + n_tags * RTE_VLAN_HLEN] ^= (uint8_t)(0x10u << frames_draw(4));
	if (hostile && one_in(24))
		f->len = frames_draw(RTE_MIN(f->len, (size_t)62) + 1);
	if (f->len == 0)
		f->len = 1;
}

/* Most say what a NIC without offloads does, or that all is well. */
static void
put_nic_words(struct frame *f, bool hostile)
{
	static const uint64_t l4[] = {RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD,
		RTE_MBUF_F_RX_L4_CKSUM_NONE, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN};
	static const uint64_t outer[] = {RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD, RTE_MBUF_F_RX_OUTER_L4_CKSUM_BAD,
		RTE_MBUF_F_RX_OUTER_L4_CKSUM_INVALID, RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD};
	static const uint32_t types[] = {RTE_PTYPE_L4_FRAG, RTE_PTYPE_UNKNOWN, RTE_PTYPE_L4_NONFRAG,
		RTE_PTYPE_L4_UDP | RTE_PTYPE_TUNNEL_VXLAN | RTE_PTYPE_INNER_L4_UDP};

	f->nic_flags = 0;
	f->nic_type = 0;
	if (one_in(2))
		return;
	f->nic_flags = hostile ? l4[frames_draw(RTE_DIM(l4))] : RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	f->nic_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4_EXT_UNKNOWN | RTE_PTYPE_L4_UDP;
	if (hostile && one_in(2))
		f->nic_flags |= outer[frames_draw(RTE_DIM(outer))];
	if (hostile && one_in(4))
		f->nic_type = types[frames_draw(RTE_DIM(types))];
}

void
frame_make(struct frame *f, enum frame_kind kind, unsigned hostility)
{
	static const size_t segments[] = {16, 40, 61, 64, 129, 130, 142, 700};
	static uint8_t packet[ROOM + PACKET_MAX + 256];
	bool hostile = frames_draw(100) < hostility;
	size_t len, at = make_packet(packet, &len, kind, hostile);

	put_frame(f, packet + at, RTE_MIN(len, (size_t)PACKET_MAX), kind == FRAME_LINK && one_in(3), hostile);
	f->segment = hostile && one_in(4) ? segments[frames_draw(RTE_DIM(segments))] : 0;
	f->headroom = hostile && one_in(12) ? (uint16_t)frames_draw(48) : RTE_PKTMBUF_HEADROOM;
	f->rss = hostile && one_in(4);
	f->hash = (uint32_t)frames_draw(UINT32_MAX);
	put_nic_words(f, hostile);
}
