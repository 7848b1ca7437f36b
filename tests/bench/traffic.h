/* SPDX-License-Identifier: BSD-3-Clause */
/* Synthetic routes and Teredo peers: fixed seed, fixed histogram, the same in every run and on every machine. */
#ifndef TS_BENCH_TRAFFIC_H
#define TS_BENCH_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <rte_byteorder.h>

#include "lib/source_policy.h"

#define BENCH_SEED UINT64_C(0x7473756e616769) /* "tsunagi" */

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

/* After the routes: n addresses, the first ones the same whatever n is. They are freed with the routes. */
void bench_peers_make(struct bench_routes *r, size_t n);
/* A Teredo address like those; `state` goes on. */
void bench_peer(uint8_t addr[16], const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state);

/* A site's IPv4 address behind a random route that `policy` lets pass. */
rte_be32_t bench_site(const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state);
/* The relay's strictest. */
struct ts_source_policy *bench_policy(void);

uint64_t bench_random(uint64_t *state);
/* `p`; exits when it is NULL. */
void *bench_must(void *p);

#endif
