/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo's formats: addresses, what stands before and behind the IPv6 packet in a UDP datagram, bubbles (protocols.md
 * 4.1, F1 to F7; RFC 4380 4, 5.1.1, RFC 6081 4). Addresses and ports are in network byte order.
 */
#ifndef TS_TEREDO_H
#define TS_TEREDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"

#define TS_TEREDO_PORT 3544 /* RFC 4380 2.7 */
#define TS_TEREDO_MTU 1280  /* bytes of IPv6, RFC 4380 5.1.2 */
#define TS_TEREDO_ORIGIN_LEN 8
#define TS_TEREDO_NONCE_TRAILER_LEN 6

/* F1: the server's IPv4 address in bytes 4 to 7 of a Teredo address. */
static inline rte_be32_t
ts_teredo_server(const uint8_t addr[16])
{
	rte_be32_t v4;

	memcpy(&v4, addr + 4, sizeof(v4));
	return v4;
}

static inline bool
ts_teredo_cone(const uint8_t addr[16])
{
	return addr[8] >> 7;
}

/* F1: the mapped port, in the clear. */
static inline rte_be16_t
ts_teredo_port(const uint8_t addr[16])
{
	rte_be16_t port;

	memcpy(&port, addr + 10, sizeof(port));
	return (rte_be16_t)~port;
}

/* F1: the mapped IPv4 address, in the clear. */
static inline rte_be32_t
ts_teredo_client(const uint8_t addr[16])
{
	rte_be32_t v4;

	memcpy(&v4, addr + 12, sizeof(v4));
	return ~v4;
}

/* F1 */
void ts_teredo_address(uint8_t out[16], rte_be32_t server, uint16_t flags, rte_be16_t port, rte_be32_t client);

/* F2: the link-local address of a server. */
void ts_teredo_server_link_local(uint8_t out[16], rte_be32_t server);

/* F6: next header 59 and no payload; `ip6` is a whole IPv6 header. */
static inline bool
ts_teredo_is_bubble(const uint8_t *ip6)
{
	return ip6[6] == 59 && ip6[4] == 0 && ip6[5] == 0;
}

/* F6: writes 40 bytes. */
void ts_teredo_bubble(uint8_t out[40], const uint8_t src[16], const uint8_t dst[16], uint8_t hop_limit);

/* F5: writes 8 bytes. */
void ts_teredo_origin(uint8_t out[TS_TEREDO_ORIGIN_LEN], rte_be16_t port, rte_be32_t v4);

/* F3, F4: what stands before the IPv6 packet. Offsets are from the start of the UDP payload. */
struct ts_teredo_shims {
	bool auth;
	bool origin;
	uint8_t id_len, au_len; /* of the authentication */
	uint16_t id_at, au_at;	/* client identifier, authentication value */
	uint16_t nonce_at;	/* eight bytes, then the confirmation byte */
	uint16_t origin_at;
	uint16_t packet_at; /* of the IPv6 packet; may be the end */
};

enum ts_teredo_shim_fault {
	TS_SHIMS_OK,
	TS_SHIMS_LEN,	 /* an authentication or origin indication beyond the `len` bytes */
	TS_SHIMS_UNKNOWN /* 00 xx that is neither, twice the same, or authentication behind the origin indication */
};

/* Reads as many shims as there are; `len` bytes can be read at `payload`. */
enum ts_teredo_shim_fault ts_teredo_shims(const uint8_t *payload, uint32_t len, struct ts_teredo_shims *out);

/* F7: what stands behind the IPv6 packet. */
struct ts_teredo_trailers {
	bool nonce;
	uint8_t nonce_value[4];
};

/*
 * RFC 6081 4, 5.1.2: walks the trailers at `p`. False: the packet has to be discarded for one of an unknown type that
 * says so. A malformed one ends the walk, the packet is kept.
 */
bool ts_teredo_trailers(const uint8_t *p, uint32_t len, struct ts_teredo_trailers *out);

/* F7: writes the 6 bytes of a Nonce Trailer. */
void ts_teredo_nonce_trailer(uint8_t out[TS_TEREDO_NONCE_TRAILER_LEN], const uint8_t nonce[4]);

#endif
