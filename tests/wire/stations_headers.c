/* SPDX-License-Identifier: BSD-3-Clause */
/* See stations_headers.h. */
#include "stations_headers.h"

/* --- addresses --- */

void
put_random(uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)frames_draw(256);
}

/* A far end by the routes of 80.0.0.0/4, each with a next hop of another kind; seldom one that is refused. */
void
put_site(uint8_t v4[4], bool hostile)
{
	static const char *const refused[] = {ROUTER_V4, "198.51.100.0", "198.51.100.255", "192.88.99.1", "192.88.99.7",
		"10.1.2.3", "127.0.0.1", "0.0.0.1", "224.0.0.5", "240.0.0.1", "255.255.255.255", "169.254.3.4",
		"172.16.0.1", "192.168.4.4", "100.64.0.1", "203.0.113.5", "198.18.0.1", A_BR, S_ROUTER, SERVER, R_V4,
		"95.0.0.9"};

	if (hostile && one_in(2)) {
		put_v4(v4, PICK(refused));
		return;
	}
	put_random(v4, 4);
	v4[0] = 81;
	if (one_in(3))
		v4[0] = (uint8_t)(80 + frames_draw(16));
	if (one_in(32))
		put_v4(v4, SITE_V4);
}

void
put_native(uint8_t v6[16], bool hostile)
{
	static const char *const refused[] = {"fe80::1", "fc00::1", "fd12::7", "ff02::1", "fec0::9", "::1",
		"::", "::ffff:1.2.3.4", PATH_ID6, "2001:db8:100::1", "2002:c058:6301::", "2002:5101:203::1", X_USER,
		A_USER, B_USER, S_USER, T_USER, CLIENT_ADDR, R_B, "2001:db8:1:2:0:5efe:198.51.100.1",
		"2001:db8:9::5efe:198.51.100.1", "2001:d00:1::1", "3fff:40::1", "2001:db8:66::1",
		"2001:db8:77:0:200:5efe:198.51.100.1"};

	if (hostile && one_in(2)) {
		put_v6(v6, PICK(refused));
		return;
	}
	put_v6(v6, "2001:db8::");
	v6[5] = one_in(3) ? (uint8_t)(0x80 + frames_draw(16)) : 0;
	v6[7] = (uint8_t)frames_draw(4);
	v6[15] = (uint8_t)frames_draw(256);
	if (one_in(8))
		put_random(v6 + 8, 8);
	if (one_in(16)) {
		v6[0] = 0x24;
		put_random(v6 + 1, 15);
	}
}

/* A user of the mechanism, and the relay's and his outer address. */
void
put_user(enum frame_kind kind, uint8_t v6[16], uint8_t relay[4], uint8_t site[4], bool hostile)
{
	bool second = one_in(4);

	memset(v6, 0, 16);
	put_site(site, hostile);
	switch (kind) {
	case FRAME_6TO4_IN:
	case FRAME_6TO4_OUT:
		v6[0] = 0x20;
		v6[1] = 2;
		memcpy(v6 + 2, site, 4);
		put_v4(relay, second ? ROUTER_V4 : X_RELAY);
		break;
	case FRAME_6RD_IN:
	case FRAME_6RD_OUT:
		put_v4(relay, second ? B_BR : A_BR);
		if (second) { /* all of IPv4 behind 26 bits */
			put_v6(v6, "3fff:40::");
			for (unsigned i = 0; i < 4; i++) {
				v6[3 + i] |= site[i] >> 2;
				v6[4 + i] |= (uint8_t)(site[i] << 6);
			}
			break;
		}
		put_v6(v6, "2001:d00::");
		put_random(v6 + 4, 3);
		if (hostile && one_in(4))
			memcpy(v6 + 4, one_in(2) ? "\0\0\1" : "\0\0\2", 3); /* of the relay itself, of a known one */
		site[0] = 10;
		memcpy(site + 1, v6 + 4, 3);
		break;
	default:
		put_v4(relay, second ? T_ROUTER : S_ROUTER);
		put_v6(v6, second ? "2001:db8:1:3::" : "2001:db8:1:2::");
		if (!hostile || one_in(2)) {
			put_v4(site, second ? "172.21.0.0" : "172.20.0.0");
			put_random(site + 3, 1);
		}
		v6[8] = one_in(4) ? 2 : 0;
		v6[10] = 0x5e;
		v6[11] = 0xfe;
		memcpy(v6 + 12, site, 4);
		if (hostile && one_in(8))
			v6[11] = 0xff;
	}
	v6[15] |= kind <= FRAME_6RD_OUT ? 1 : 0;
}

/* --- inner packets --- */

size_t
payload_len(void)
{
	static const uint16_t near[] = {1240, 1280 - 40, 1300 - 60, 1440, 1460, 1480 - 40};

	switch (frames_draw(16)) {
	case 0:
		return near[frames_draw(RTE_DIM(near))] + frames_draw(5) - 2;
	case 1:
		return frames_draw(1500);
	case 2:
		return 0;
	default:
		return frames_draw(100);
	}
}

/* A SYN, with options around its MSS. */
static void
put_tcp(uint8_t *p, size_t payload)
{
	uint8_t *tcp = p + 40;

	p[6] = 6;
	if (payload < 28)
		return;
	tcp[12] = (uint8_t)((5 + frames_draw(3)) << 4);
	tcp[13] = one_in(4) ? 0x10 : 0x02;
	tcp[20] = one_in(4) ? 1 : 2;
	tcp[21] = tcp[20] == 1 ? 2 : 4;
	tcp[22] = tcp[20] == 1 ? 4 : 0x05;
	tcp[23] = (uint8_t)frames_draw(256);
}

static void
put_extension(uint8_t *p, size_t payload)
{
	static const uint8_t types[] = {43, 43, 43, 0, 44, 60, 51, 59, 135};

	p[6] = types[frames_draw(RTE_DIM(types))];
	if (payload < 8)
		return;
	p[40] = 58;
	p[41] = 0;
	p[42] = one_in(2) ? 0 : (uint8_t)frames_draw(5);
	p[43] = (uint8_t)frames_draw(3);
}

/* The header is there up to the next header; addresses come later. */
size_t
put_inner(uint8_t *p, bool hostile)
{
	size_t payload = payload_len();
	uint32_t words = (uint32_t)frames_draw(1u << 28);

	memset(p, 0, 40);
	put_random(p + 40, payload);
	p[0] = (uint8_t)(0x60 | words >> 24);
	memcpy(p + 1, &words, 3);
	p[4] = (uint8_t)(payload >> 8);
	p[5] = (uint8_t)payload;
	p[6] = 17;
	p[7] = (uint8_t)(one_in(16) ? frames_draw(4) : 2 + frames_draw(250));
	if (one_in(12))
		put_tcp(p, payload);
	else if (hostile && one_in(3))
		put_extension(p, payload);
	if (hostile && one_in(4))
		p[7] = (uint8_t)frames_draw(3);
	return 40 + payload;
}

/* Something that the packet's own fields deny. */
void
bend_inner(uint8_t *p, size_t *len)
{
	switch (frames_draw(6)) {
	case 0:
		p[0] ^= (uint8_t)(1u << (4 + frames_draw(4)));
		break;
	case 1:
		p[4] = (uint8_t)frames_draw(8);
		break;
	case 2:
		p[5] = (uint8_t)frames_draw(256);
		break;
	case 3:
		*len = frames_draw(*len + 1);
		break;
	case 4: /* trailing bytes, as of a short frame */
		put_random(p + *len, 46);
		*len += frames_draw(46);
		break;
	default:
		p[frames_draw(40)] ^= (uint8_t)(1u << frames_draw(8));
	}
}

/* --- outer headers --- */

/* IPv4 in front of p + room; returns where it begins. Options move it forward. */
size_t
put_outer(
	uint8_t *p, size_t room, size_t len, uint8_t protocol, const uint8_t src[4], const uint8_t dst[4], bool hostile)
{
	size_t ihl = hostile && one_in(4) ? 20 + 4 * frames_draw(4) : 20, at = room - ihl;
	uint8_t *ip = p + at;
	uint16_t sum;

	memset(ip, 1, ihl); /* options of NOPs */
	if (ihl > 20 && one_in(4))
		memcpy(ip + 20, "\x83\x03\x04", 3);
	ip[0] = (uint8_t)(0x40 | ihl / 4);
	ip[1] = (uint8_t)frames_draw(256);
	if (!hostile && !one_in(64))
		ip[1] &= 0xfc;
	ip[2] = (uint8_t)((ihl + len) >> 8);
	ip[3] = (uint8_t)(ihl + len);
	put_random(ip + 4, 2);
	ip[6] = one_in(2) ? 0x40 : 0;
	ip[7] = 0;
	ip[8] = (uint8_t)(1 + frames_draw(255));
	ip[9] = protocol;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	if (hostile && one_in(6))
		ip[2 + frames_draw(2)] ^= (uint8_t)(1u << frames_draw(8));
	if (hostile && one_in(4)) { /* a fragment: of nothing, or the first one */
		ip[6] = one_in(2) ? 0x20 : 0;
		ip[7] = (uint8_t)frames_draw(3);
	}
	memset(ip + 10, 0, 2);
	sum = (uint16_t)~rte_raw_cksum(ip, ihl);
	memcpy(ip + 10, &sum, 2);
	if (hostile && one_in(6))
		ip[frames_draw(20)] ^= (uint8_t)(1u << frames_draw(8));
	return at;
}
