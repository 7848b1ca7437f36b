/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks on IPv4 and IPv6 headers that depend on nothing but the packet (protocols.md 2.2, 2.3, 2.5, 2.6). Callers have
 * made sure that the headers lie in one piece of memory.
 */
#ifndef TS_IP_CHECK_H
#define TS_IP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ip.h>

enum ts_v4_fault {
	TS_V4_OK,
	TS_V4_HDR,
	TS_V4_CSUM,
	TS_V4_SOURCE_ROUTE,
};

#define TS_IPV4_HDR_LEN 20
#define TS_IPV6_HDR_LEN 40

/*
 * G5, G6 (RFC 1812 5.2.2, RFC 7126 4.3): `len` bytes are there from the header on, of which `linear` can be read; the
 * header lies in the latter when it is sound.
 */
enum ts_v4_fault ts_ipv4_check(const uint8_t *packet, uint32_t len, uint32_t linear);

/* Header length of a checked header. */
static inline uint32_t
ts_ipv4_ihl(const struct rte_ipv4_hdr *ip)
{
	return (ip->version_ihl & 0x0f) * 4u;
}

static inline bool
ts_ipv4_is_fragment(const struct rte_ipv4_hdr *ip)
{
	return (ip->fragment_offset & RTE_BE16(0x3fff)) != 0;
}

/* G16: ::/16, fe80::/10, fec0::/10, ff00::/8, fc00::/7 never go through a tunnel. */
static inline bool
ts_ipv6_addr_refused(const uint8_t addr[16])
{
	uint16_t hi = (uint16_t)(addr[0] << 8 | addr[1]);

	return hi == 0 || hi >= 0xfe80 || (hi & 0xfe00) == 0xfc00;
}

/* Where configuration permits a site to number itself from fc00::/7. */
static inline bool
ts_ipv6_addr_refused_unless_ula(const uint8_t addr[16], bool allow_ula)
{
	return ts_ipv6_addr_refused(addr) && !(allow_ula && (addr[0] & 0xfe) == 0xfc);
}

/* G28: a type 0 routing header with segments left directly behind the IPv6 header (RFC 5095 3). `linear` as above. */
static inline bool
ts_ipv6_rh0(const uint8_t *packet, uint32_t linear)
{
	return packet[6] == 43 && linear >= TS_IPV6_HDR_LEN + 4 && packet[TS_IPV6_HDR_LEN + 2] == 0 &&
		packet[TS_IPV6_HDR_LEN + 3] != 0;
}

/*
 * G46 (RFC 4443 2.4 (e)): may an ICMPv6 error be sent about this packet? Its source and destination have passed G16.
 * Extension headers are walked up to a bound; giving up means no. A fragment that does not show its transport header
 * gets an answer unless it may be part of an ICMPv6 message; Packet Too Big it always gets.
 */
bool ts_icmp6_may_answer(const uint8_t *packet, uint32_t linear, bool packet_too_big);

/*
 * G36 (RFC 6040 4.2): the ECN field of a decapsulated packet; -1 = drop. Both in 0..3: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3
 * CE.
 */
static inline int
ts_ecn_decap(unsigned inner, unsigned outer)
{
	static const int8_t result[4][4] = {
		/* outer: 00  01  10  11 */
		{0, 0, 0, -1}, /* inner Not-ECT */
		{1, 1, 1, 3},  /* ECT(1) */
		{2, 1, 2, 3},  /* ECT(0) */
		{3, 3, 3, 3},  /* CE */
	};

	return result[inner & 3][outer & 3];
}

#endif
