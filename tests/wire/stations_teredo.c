/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations_teredo.h"

#include "lib/teredo.h"
#include "stations_headers.h"

struct client teredo_client[FRAMES_CLIENTS];
static unsigned bad_servers; /* so many packets more have a server that is refused */

void
teredo_frames_seed(void)
{
	bad_servers = 0;
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

size_t
make_teredo_in(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &teredo_client[frames_draw(one_in(2) ? FRAMES_CLIENTS : FRAMES_CLIENTS / 2)];

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

size_t
make_teredo_out(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &teredo_client[frames_draw(one_in(2) ? FRAMES_CLIENTS : FRAMES_CLIENTS / 2)];
	struct client suspect = client_at("10.1.2.3", c->port);
	bool odd = !hostile && one_in(24);
	uint8_t *inner = p + ROOM;
	rte_be32_t relay;
	size_t at;

	if (one_in(32)) /* from an address that the policy refuses, and that its own says */
		c = &suspect;
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

size_t
make_to_server(uint8_t *p, size_t *len, bool hostile)
{
	const struct client *c = &teredo_client[frames_draw(FRAMES_CLIENTS)],
			    *other = &teredo_client[frames_draw(FRAMES_CLIENTS)];
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
