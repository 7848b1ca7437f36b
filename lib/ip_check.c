/* SPDX-License-Identifier: BSD-3-Clause */
#include "ip_check.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LSRR 131
#define OPTION_SSRR 137

static enum ts_v4_fault
check_options(const uint8_t *option, uint32_t left)
{
	while (left > 0 && option[0] != OPTION_END) {
		uint32_t step = 1;

		if (option[0] == OPTION_LSRR || option[0] == OPTION_SSRR)
			return TS_V4_SOURCE_ROUTE;
		if (option[0] != OPTION_NOP) {
			if (left < 2 || option[1] < 2 || option[1] > left)
				return TS_V4_HDR;
			step = option[1];
		}
		option += step;
		left -= step;
	}
	return TS_V4_OK;
}

enum ts_v4_fault
ts_ipv4_check(const uint8_t *packet, uint32_t len, uint32_t linear)
{
	const struct rte_ipv4_hdr *ip = (const void *)packet;
	uint32_t ihl, total;

	if (linear < TS_IPV4_HDR_LEN || packet[0] >> 4 != 4)
		return TS_V4_HDR;
	ihl = ts_ipv4_ihl(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	if (ihl < TS_IPV4_HDR_LEN || ihl > linear || total < ihl || total > len)
		return TS_V4_HDR;
	if (rte_raw_cksum(packet, ihl) != 0xffff)
		return TS_V4_CSUM;
	if (ihl == TS_IPV4_HDR_LEN)
		return TS_V4_OK;
	return check_options(packet + TS_IPV4_HDR_LEN, ihl - TS_IPV4_HDR_LEN);
}

#define NH_HOP_BY_HOP 0
#define NH_ROUTING 43
#define NH_FRAGMENT 44
#define NH_AUTH 51
#define NH_ICMPV6 58
#define NH_DEST_OPTIONS 60
#define NH_MOBILITY 135
#define ICMP6_REDIRECT 137

#define MAX_EXTENSION_HEADERS 8

static bool
is_error_or_redirect(uint8_t type)
{
	return type < 128 || type == ICMP6_REDIRECT;
}

bool
ts_icmp6_may_answer(const uint8_t *packet, uint32_t linear, bool packet_too_big)
{
	uint32_t at = TS_IPV6_HDR_LEN;
	uint8_t next = packet[6];

	for (unsigned i = 0; i <= MAX_EXTENSION_HEADERS; i++) {
		switch (next) {
		case NH_ICMPV6:
			/* A message cut off before its type may be an error for all we know. */
			return at < linear && !is_error_or_redirect(packet[at]);
		case NH_FRAGMENT:
			if (at + 8 > linear)
				return false;
			if ((packet[at + 2] << 8 | packet[at + 3]) >> 3 != 0)
				return packet_too_big || packet[at] != NH_ICMPV6;
			next = packet[at];
			at += 8;
			break;
		case NH_HOP_BY_HOP:
		case NH_ROUTING:
		case NH_DEST_OPTIONS:
		case NH_MOBILITY:
		case NH_AUTH:
			if (at + 2 > linear)
				return false;
			uint32_t len = next == NH_AUTH ? (packet[at + 1] + 2u) * 4 : (packet[at + 1] + 1u) * 8;
			next = packet[at];
			at += len;
			break;
		default:
			return true;
		}
	}
	return false;
}
