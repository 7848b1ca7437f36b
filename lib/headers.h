/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the headers of a packet begin, for whoever looks at packets without forwarding them. Reads no further than it
 * is told that there is, and makes nothing of what it does not know.
 */
#ifndef TS_HEADERS_H
#define TS_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#define TS_NO_HEADER UINT16_MAX

/* Offsets from the packet's first byte, TS_NO_HEADER where there is none, or not all of its fixed part. */
struct ts_headers {
	uint16_t ethertype; /* host order; of what follows the tags. 0: no Ethernet header was looked for */
	uint16_t ipv4;
	uint16_t udp;	  /* behind the IPv4 header */
	uint16_t ipv6;	  /* native, or in protocol 41 or Teredo */
	uint16_t l4;	  /* behind `ipv6`, or behind `ipv4` if there is none: where the protocol's header begins */
	uint8_t protocol; /* its number; extension headers of IPv6 are not walked */
	bool tunnelled;	  /* ipv6 is inside ipv4 */
};

/*
 * `len` bytes can be read at `packet`, which begins at its Ethernet header (at most two tags) or at its IP header. The
 * payload of UDP is taken for Teredo if it is one by its shims and the IPv6 header behind them (RFC 4380 5.1.1).
 */
void ts_headers_find(const uint8_t *packet, uint32_t len, bool ethernet, struct ts_headers *out);

#endif
