/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations_frames.h"
#include "stations_headers.h"

#include "lib/teredo.h"

#define PACKET_MAX 2000
#define ETHERTYPE_ARP 0x0806

static uint64_t state;
static unsigned bad_servers; /* so many Teredo packets more have a server that is refused */
static struct client clients[FRAMES_CLIENTS];

void
frames_seed(uint64_t seed)
{
	state = seed;
	bad_servers = 0;
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
		clients[i] = client_number(i);
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
		memcpy(p + ROOM + 24, clients[frames_draw(FRAMES_CLIENTS)].addr, 16);
	if (hostile && one_in(6))
		put_site(site, true);
	if (hostile && one_in(6))
		bend_inner(p + ROOM, len);
	at = put_outer(p, ROOM, *len, 41, site, relay, hostile);
	*len += ROOM - at;
	return at;
}

/* A whole UDP header, but for one in `odd`. */
static void
put_inner_udp(uint8_t *p, size_t payload, unsigned odd)
{
	size_t len = one_in(odd) ? payload + frames_draw(3) - 1 : payload;

	if (payload < 8)
		return;
	p[44] = (uint8_t)(len >> 8);
	p[45] = (uint8_t)len;
	if (one_in(odd))
		memset(p + 46, 0, 2);
	else
		p[47] |= 1;
}

/* So that the checksum of the relay's UDP header comes to 0, by way of the flow label. */
static void
put_balance(uint8_t *p, size_t len, const struct client *c)
{
	uint8_t other[20];
	uint16_t sum;

	put_v4(other, R_V4);
	put_v4(other + 4, c->v4);
	len += 8;
	for (unsigned i = 8; i < 12; i += 2) {
		other[i] = (uint8_t)(len >> 8);
		other[i + 1] = (uint8_t)len;
	}
	memcpy(other + 12, (uint8_t[]){0, 17, R_PORT >> 8, R_PORT & 0xff, c->port >> 8, c->port & 0xff}, 6);
	/* Of the packet itself, what relay_output.c sums. */
	memcpy(other + 18, (uint8_t[]){p[6], (uint8_t)(p[7] - 1)}, 2);
	memset(p + 2, 0, 2);
	sum = __rte_raw_cksum_reduce(__rte_raw_cksum(p, 4, __rte_raw_cksum(other, 20, 0)));
	sum = __rte_raw_cksum_reduce(sum + (uint32_t)(uint16_t)~rte_cpu_to_be_16(p[6]));
	sum = (uint16_t)~sum;
	memcpy(p + 2, &sum, 2);
}

static void
set_payload(uint8_t *p, size_t *len, size_t payload)
{
	*len = 40 + payload;
	p[4] = (uint8_t)(payload >> 8);
	p[5] = (uint8_t)payload;
}

/* One thing, at the limit of what is plain, of a packet in which all else is. */
static void
bend_teredo_in(uint8_t *p, size_t *len)
{
	static const uint8_t types[] = {0, 43, 44, 59, 60};

	switch (frames_draw(9)) {
	case 0:
		memset(p + 34, 0xff, 2); /* port 0 */
		break;
	case 1: /* the relay itself */
		put_v4(p + 36, R_V4);
		for (unsigned i = 36; i < 40; i++)
			p[i] ^= 0xff;
		break;
	case 2:
		bad_servers = 16 + (unsigned)frames_draw(24); /* so that they fill groups */
		put_v4(p + 28, "10.1.2.3");
		break;
	case 3:
		p[7] = (uint8_t)frames_draw(3);
		break;
	case 4:
		set_payload(p, len, 1278 - 40 + frames_draw(5));
		put_inner_udp(p, *len - 40, 64);
		break;
	case 5:
		put_inner_udp(p, *len - 40, 1);
		break;
	case 6:
		p[6] = one_in(2) ? 6 : 58;
		set_payload(p, len, p[6] == 6 ? 17 + frames_draw(5) : frames_draw(10));
		break;
	case 7:
		p[6] = types[frames_draw(RTE_DIM(types))];
		break;
	default:
		put_native(p + 8, true);
	}
}

static size_t
make_teredo_in(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &clients[frames_draw(one_in(2) ? FRAMES_CLIENTS : FRAMES_CLIENTS / 2)];

	*len = put_inner(p, hostile);
	if (p[6] == 17)
		put_inner_udp(p, *len - 40, hostile ? 3 : 64);
	put_native(p + 8, hostile);
	memcpy(p + 24, c->addr, 16);
	if (one_in(8)) { /* a ping, as tests of connectivity send it */
		p[6] = 58;
		p[40] = 128;
	}
	if (hostile)
		p[24 + frames_draw(16)] ^= (uint8_t)(1u << frames_draw(8));
	else if (one_in(24))
		bend_teredo_in(p, len);
	if (one_in(16))
		put_balance(p, *len, c);
	if (bad_servers > 0) {
		bad_servers--;
		put_v4(p + 28, "10.1.2.3");
	}
	if (hostile && one_in(4))
		bend_inner(p, len);
	return 0;
}

/* UDP from the client, around the inner packet at p + ROOM. */
static size_t
put_udp(uint8_t *p, size_t inner, const struct client *c, rte_be32_t to, uint16_t port, bool hostile)
{
	uint8_t *udp = p + ROOM - 8, src[4];
	size_t len = inner + 8;
	uint32_t sum;

	put_v4(src, c->v4);
	if (hostile && one_in(6))
		put_site(src, true);
	udp[0] = (uint8_t)(c->port >> 8);
	udp[1] = (uint8_t)(c->port + (hostile && one_in(6)));
	udp[2] = (uint8_t)(port >> 8);
	udp[3] = (uint8_t)port;
	udp[4] = (uint8_t)(len >> 8);
	udp[5] = (uint8_t)(len + (hostile && one_in(6)));
	memset(udp + 6, 0, 2);
	if (!one_in(8)) {
		uint16_t halves[4];

		memcpy(halves, src, 4);
		memcpy(halves + 2, &to, 4);
		sum = rte_raw_cksum(udp, len) + halves[0] + halves[1] + halves[2] + halves[3] + RTE_BE16(17) +
			rte_cpu_to_be_16((uint16_t)len);
		while (sum >> 16 != 0)
			sum = (sum & 0xffff) + (sum >> 16);
		halves[0] = sum == 0xffff ? 0xffff : (uint16_t)~sum;
		memcpy(udp + 6, halves, 2);
		if (hostile && one_in(6))
			udp[6] ^= 0x10;
	}
	return put_outer(p, ROOM - 8, len, 17, src, (const uint8_t *)&to, hostile);
}

/* As bend_teredo_in(). */
static void
bend_teredo_out(uint8_t *p, size_t *len)
{
	static const uint8_t at[] = {8 + 3, 8 + 7, 8 + 8, 8 + 10, 8 + 11, 8 + 12, 8 + 15};

	switch (frames_draw(6)) {
	case 0:
		p[0] ^= (uint8_t)(0x10u << frames_draw(4));
		break;
	case 1: /* of the source, what says where the packet came from, and what does not */
		p[at[frames_draw(RTE_DIM(at))]] ^= (uint8_t)(1u << frames_draw(8));
		break;
	case 2:
		p[7] = (uint8_t)frames_draw(3);
		break;
	case 3: /* a bubble but for its payload, or like one */
		set_payload(p, len, frames_draw(3));
		p[6] = (uint8_t)(58 + frames_draw(3));
		break;
	case 4:
		p[6] = 43;
		p[42] = 0;
		break;
	default:
		put_native(p + 24, true);
	}
}

static size_t
make_teredo_out(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &clients[frames_draw(one_in(2) ? FRAMES_CLIENTS : FRAMES_CLIENTS / 2)];
	bool odd = !hostile && one_in(24);
	uint8_t *inner = p + ROOM;
	rte_be32_t relay;
	size_t at;

	put_v4((uint8_t *)&relay, R_V4);
	if (one_in(16))
		*len = put_bubble(inner, c->v6, one_in(4) ? NATIVE : R_B);
	else {
		*len = put_inner(inner, hostile);
		memcpy(inner + 8, c->addr, 16);
		put_native(inner + 24, hostile);
	}
	if (odd)
		bend_teredo_out(inner, len);
	if (hostile && one_in(3))
		inner[8 + frames_draw(16)] ^= (uint8_t)(1u << frames_draw(8));
	if (hostile && one_in(8)) /* something in front of it */
		inner[0] = 0;
	if (hostile && one_in(6))
		bend_inner(inner, len);
	at = put_udp(p, *len, c, relay, R_PORT, hostile);
	if (!hostile && one_in(24)) /* damaged on the way */
		inner[frames_draw(*len)] ^= (uint8_t)(1u << frames_draw(8));
	*len += ROOM - at;
	return at;
}

static size_t
make_to_server(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &clients[frames_draw(FRAMES_CLIENTS)], *other = &clients[frames_draw(FRAMES_CLIENTS)];
	rte_be32_t server;
	size_t at;

	put_v4((uint8_t *)&server, one_in(4) ? SERVER_2ND : SERVER);
	switch (frames_draw(8)) {
	case 0:
		*len = put_bubble(p + ROOM, c->v6, other->v6);
		break;
	case 1:
		*len = put_echo(p + ROOM, c->v6, one_in(2) ? NATIVE : other->v6);
		break;
	default:
		*len = put_rs(p + ROOM, one_in(2) ? RS_CLIENT : RS_CONE_CLIENT, 8 * frames_draw(2));
	}
	if (hostile && one_in(3))
		p[ROOM + frames_draw(48)] ^= (uint8_t)(1u << frames_draw(8));
	if (hostile && one_in(6))
		bend_inner(p + ROOM, len);
	at = put_udp(p, *len, c, server, SERVER_PORT, hostile);
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
