/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "lib/teredo.h"

#define ALLOCATIONS_V6 60000 /* of a /32 each */
#define SERVERS 256	     /* of the Teredo clients */

/* Per mille of the table by prefix length, rounded from public full tables. */
struct share {
	uint8_t len;
	uint16_t per_mille;
};
static const struct share shares_v4[] = {{24, 600}, {23, 105}, {22, 120}, {21, 50}, {20, 45}, {19, 27}, {18, 14},
	{17, 9}, {16, 14}, {15, 3}, {14, 3}, {13, 4}, {12, 2}, {11, 2}, {10, 1}, {9, 1}};
static const struct share shares_v6[] = {{48, 470}, {47, 30}, {46, 40}, {45, 15}, {44, 100}, {42, 30}, {40, 85},
	{38, 15}, {36, 40}, {34, 10}, {33, 15}, {32, 120}, {30, 10}, {29, 20}};

uint64_t
bench_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void *
bench_must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "bench: out of memory\n");
		exit(2);
	}
	return p;
}

static void
random_v4(struct bench_route *r, uint8_t len, uint64_t *state)
{
	rte_be32_t a = rte_cpu_to_be_32((uint32_t)(1u << 24) + (uint32_t)(bench_random(state) % (223u << 24))) &
		ts_mask4(len);

	memset(r, 0, sizeof(*r));
	r->family = AF_INET;
	r->len = len;
	memcpy(r->prefix, &a, 4);
}

/*
 * In 2400::/12 and its neighbours: nothing that means a tunnel. As in the Internet, long prefixes are parts of the
 * allocations that registries made, not spread over the whole space.
 */
static void
random_v6(struct bench_route *r, uint8_t len, uint64_t *state)
{
	uint64_t allocation = BENCH_SEED + bench_random(state) % ALLOCATIONS_V6, block = bench_random(&allocation),
		 bits = bench_random(state);
	struct in6_addr a = {0};

	memcpy(a.s6_addr, &bits, 8);
	memcpy(a.s6_addr, &block, 4);
	a.s6_addr[0] = 0x24 + (a.s6_addr[0] & 7);
	ts_mask6(&a, len);
	memset(r, 0, sizeof(*r));
	r->family = AF_INET6;
	r->len = len;
	memcpy(r->prefix, &a, 16);
}

static int
by_prefix(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct bench_route));
}

static size_t
unique(struct bench_route *r, size_t n)
{
	size_t kept = 0;

	qsort(r, n, sizeof(*r), by_prefix);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_prefix(&r[kept - 1], &r[i]) != 0)
			r[kept++] = r[i];
	return kept;
}

static uint8_t
pick_len(const struct share *shares, size_t n, uint64_t random)
{
	unsigned x = (unsigned)(random % 1000);

	for (size_t i = 0; i < n; i++) {
		if (x < shares[i].per_mille)
			return shares[i].len;
		x -= shares[i].per_mille;
	}
	return shares[0].len;
}

/* Draw, drop doubles, draw again for what is missing. */
static struct bench_route *
make(size_t want, const struct share *shares, size_t n_shares, void (*one)(struct bench_route *, uint8_t, uint64_t *),
	uint64_t seed)
{
	struct bench_route *r = bench_must(calloc(want + 1, sizeof(*r)));
	size_t have = 0;

	while (have < want) {
		for (size_t i = have; i < want; i++)
			one(&r[i], pick_len(shares, n_shares, bench_random(&seed)), &seed);
		have = unique(r, want);
	}
	return r;
}

void
bench_routes_make(struct bench_routes *r, size_t n_v4, size_t n_v6)
{
	r->v4 = make(n_v4, shares_v4, RTE_DIM(shares_v4), random_v4, BENCH_SEED);
	r->v6 = make(n_v6, shares_v6, RTE_DIM(shares_v6), random_v6, BENCH_SEED + 1);
	r->n_v4 = n_v4;
	r->n_v6 = n_v6;
}

void
bench_routes_free(struct bench_routes *r)
{
	free(r->v4);
	free(r->v6);
	free(r->peers);
}

rte_be32_t
bench_site(const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state)
{
	for (;;) {
		const struct bench_route *route = &r->v4[bench_random(state) % r->n_v4];
		rte_be32_t a;

		memcpy(&a, route->prefix, 4);
		a |= (rte_be32_t)bench_random(state) & ~ts_mask4(route->len);
		if (ts_source_policy_check(policy, a) == TS_POLICY_OK)
			return a;
	}
}

struct ts_source_policy *
bench_policy(void)
{
	const struct ts_source_policy_conf conf = {.list = TS_POLICY_EXTENDED};

	return bench_must(ts_source_policy_create(&conf));
}

void
bench_peer(uint8_t addr[16], const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state)
{
	uint64_t server = BENCH_SEED + bench_random(state) % SERVERS, bits = bench_random(state);
	rte_be16_t port = rte_cpu_to_be_16((uint16_t)(1024 + (bits >> 16) % 64512));

	ts_teredo_address(addr, bench_site(r, policy, &server), bits & 0x3cff, port, bench_site(r, policy, state));
}

void
bench_peers_make(struct bench_routes *r, size_t n)
{
	struct ts_source_policy *policy = bench_policy();
	uint64_t state = BENCH_SEED + 100;

	r->peers = bench_must(calloc(n, sizeof(*r->peers)));
	r->n_peers = n;
	for (size_t i = 0; i < n; i++)
		bench_peer(r->peers[i], r, policy, &state);
	ts_source_policy_free(policy);
}
