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
	uint8_t (*peers)[16]; /* Teredo addresses whose clients are behind the IPv4 routes */
	size_t n_peers;
};

/* Distinct prefixes with the lengths of a full table (docs/performance.md). Exits when memory is short. */
void bench_routes_make(struct bench_routes *r, size_t n_v4, size_t n_v6);
void bench_routes_free(struct bench_routes *r);

enum bench_kind {
	BENCH_6TO4_ENCAP,
	BENCH_6TO4_DECAP,
	BENCH_ECHO4,
	BENCH_ECHO6,
	BENCH_TEREDO_ENCAP,
	BENCH_TEREDO_DECAP,
	BENCH_TEREDO_SERVER, /* router solicitations with a nonce */
	BENCH_TEREDO_ATTACK, /* every other one as in encap, the rest for attack.c to write strangers' addresses into */
};

#define BENCH_RELAY RTE_BE32(0xc058ff02) /* 192.88.255.2:3545 */
#define BENCH_RELAY_PORT 3545
#define BENCH_SERVER RTE_BE32(0xc058ff04) /* and the next address */
#define BENCH_STRANGER_HOPS 63		  /* hop limit of a frame for a stranger */

/* After the routes: n addresses, the first ones the same whatever n is. They are freed with the routes. */
void bench_peers_make(struct bench_routes *r, size_t n);
/* A Teredo address like those; `state` goes on. */
struct ts_source_policy;
void bench_peer(uint8_t addr[16], const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state);

/*
 * Write `n` frames, each with other addresses, to a pcap file: destinations drawn from the routes, 6to4 sites from
 * public space, Teredo clients from the peers, an IPv6 packet of 48 bytes. Returns the bytes of one frame.
 */
size_t bench_pcap_write(
	const char *path, enum bench_kind kind, const struct bench_routes *r, size_t n, const uint8_t dst_mac[6]);

#endif
