/* SPDX-License-Identifier: BSD-3-Clause */
/* Synthetic routes and the packets that go by them: fixed seed, fixed histogram, the same in every run and on every
 * machine. */
#ifndef TS_BENCH_TRAFFIC_H
#define TS_BENCH_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <rte_byteorder.h>

struct bench_route {
	uint8_t family, len;
	uint8_t prefix[16];
};

struct bench_routes {
	struct bench_route *v4, *v6;
	size_t n_v4, n_v6;
};

/* Distinct prefixes with the lengths of a full table (docs/performance.md). Exits when memory is short. */
void bench_routes_make(struct bench_routes *r, size_t n_v4, size_t n_v6);
void bench_routes_free(struct bench_routes *r);

enum bench_kind {
	BENCH_6TO4_ENCAP,
	BENCH_6TO4_DECAP,
	BENCH_ECHO4,
	BENCH_ECHO6,
};

/*
 * Write `n` frames, each with other addresses, to a pcap file: destinations drawn from the routes, 6to4 sites from
 * public space, an IPv6 packet of 48 bytes. Returns the bytes of one frame.
 */
size_t bench_pcap_write(
	const char *path, enum bench_kind kind, const struct bench_routes *r, size_t n, const uint8_t dst_mac[6]);

#endif
