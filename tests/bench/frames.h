/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of the benchmark, a kind for each lane. */
#ifndef TS_BENCH_FRAMES_H
#define TS_BENCH_FRAMES_H

#include "traffic.h"

enum bench_kind {
	BENCH_6TO4_ENCAP,
	BENCH_6TO4_DECAP,
	BENCH_6RD_ENCAP,
	BENCH_6RD_DECAP,
	BENCH_ISATAP_ENCAP,
	BENCH_ISATAP_DECAP,
	BENCH_ECHO4,
	BENCH_ECHO6,
	BENCH_TEREDO_ENCAP,
	BENCH_TEREDO_DECAP,
	BENCH_TEREDO_SERVER, /* router solicitations with a nonce, of one size */
	BENCH_TEREDO_ATTACK, /* every other one as in encap, the rest for attack.c to write strangers' addresses into */
};

#define BENCH_RELAY RTE_BE32(0xc058ff02) /* 192.88.255.2:3545 */
#define BENCH_RELAY_PORT 3545
#define BENCH_SERVER RTE_BE32(0xc058ff04) /* and the next address */
#define BENCH_6RD_BR RTE_BE32(0xc058ff06)
#define BENCH_ISATAP RTE_BE32(0xc058ff07)
#define BENCH_6RD_PREFIX               \
	{                              \
		0x20, 0x01, 0x0d, 0x68 \
	} /* 2001:d68::/32, whole IPv4 addresses behind it */
#define BENCH_ISATAP_PREFIX                              \
	{                                                \
		0x20, 0x01, 0x02, 0x08, 0, 0, 0x1a, 0x7a \
	}		       /* 2001:208:0:1a7a::/64 */
#define BENCH_STRANGER_HOPS 63 /* hop limit of a frame for a stranger */

#define BENCH_ROUTER_MAC         \
	{                        \
		2, 0, 0, 0, 0, 1 \
	}

#define BENCH_IMIX 0 /* as a size: 48, 576 and 1480 bytes of IPv6, 7:4:1 */

/* Bytes of IPv6 of the i-th packet; Teredo's are never longer than its MTU. */
uint16_t bench_size(enum bench_kind kind, unsigned size, size_t i);

/*
 * Write `n` frames, each with other addresses, to a pcap file: destinations drawn from the routes, sites from public
 * space, Teredo clients from the peers, an IPv6 packet of `size` bytes (48 to 1480, or BENCH_IMIX). Returns the bytes
 * of a frame, of IMIX the mean.
 */
size_t bench_pcap_write(const char *path, enum bench_kind kind, const struct bench_routes *r, size_t n, unsigned size,
	const uint8_t dst_mac[6]);

#endif
