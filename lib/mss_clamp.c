/* SPDX-License-Identifier: BSD-3-Clause */
#include "mss_clamp.h"

#define IPV6_HDR_LEN 40
#define TCP_HDR_LEN 20
#define NH_TCP 6
#define TCP_SYN 0x02
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* One's complement of a checksum that covered `was` and is to cover `is`; both at an even offset, or swapped by the
 * caller. */
static void
adjust(uint8_t *cksum, uint16_t was, uint16_t is)
{
	uint32_t sum = (uint16_t)~get16(cksum) + (uint32_t)(uint16_t)~was + is;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(cksum, (uint16_t)~sum);
}

static uint16_t
swap(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

static bool
lower(uint8_t *tcp, uint8_t *mss, uint16_t max)
{
	uint16_t was = get16(mss);
	bool odd = (mss - tcp) % 2 != 0;

	if (was <= max)
		return false;
	put16(mss, max);
	adjust(tcp + 16, odd ? swap(was) : was, odd ? swap(max) : max);
	return true;
}

bool
ts_mss_clamp(uint8_t *packet, uint32_t linear, uint16_t mtu)
{
	uint8_t *tcp = packet + IPV6_HDR_LEN;
	uint32_t hdr_len, at = TCP_HDR_LEN;

	if (linear < IPV6_HDR_LEN + TCP_HDR_LEN || packet[6] != NH_TCP || !(tcp[13] & TCP_SYN))
		return false;
	hdr_len = (tcp[12] >> 4) * 4u;
	if (hdr_len > linear - IPV6_HDR_LEN)
		return false;
	while (at < hdr_len && tcp[at] != OPTION_END) {
		uint32_t len = tcp[at] == OPTION_NOP ? 1 : at + 1 < hdr_len ? tcp[at + 1] : 0;

		if (len == 0 || (len == 1 && tcp[at] != OPTION_NOP) || at + len > hdr_len)
			return false;
		if (tcp[at] == OPTION_MSS && len == 4)
			return lower(tcp, tcp + at + 2, (uint16_t)(mtu - IPV6_HDR_LEN - TCP_HDR_LEN));
		at += len;
	}
	return false;
}
