/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "lib/source_policy.h"
#include "lib/teredo.h"

#define SEED UINT64_C(0x7473756e616769) /* "tsunagi" */
#define FRAME_MAX 128
#define PAYLOAD 8
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

static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void *
must(void *p)
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
	rte_be32_t a = rte_cpu_to_be_32((uint32_t)(1u << 24) + (uint32_t)(next(state) % (223u << 24))) & ts_mask4(len);

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
	uint64_t allocation = SEED + next(state) % ALLOCATIONS_V6, block = next(&allocation), bits = next(state);
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
	struct bench_route *r = must(calloc(want + 1, sizeof(*r)));
	size_t have = 0;

	while (have < want) {
		for (size_t i = have; i < want; i++)
			one(&r[i], pick_len(shares, n_shares, next(&seed)), &seed);
		have = unique(r, want);
	}
	return r;
}

void
bench_routes_make(struct bench_routes *r, size_t n_v4, size_t n_v6)
{
	r->v4 = make(n_v4, shares_v4, RTE_DIM(shares_v4), random_v4, SEED);
	r->v6 = make(n_v6, shares_v6, RTE_DIM(shares_v6), random_v6, SEED + 1);
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

/* A 6to4 site's IPv4 address behind a random route. */
static rte_be32_t
site(const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state)
{
	for (;;) {
		const struct bench_route *route = &r->v4[next(state) % r->n_v4];
		rte_be32_t a;

		memcpy(&a, route->prefix, 4);
		a |= (rte_be32_t)next(state) & ~ts_mask4(route->len);
		if (ts_source_policy_check(policy, a) == TS_POLICY_OK)
			return a;
	}
}

static void
native(uint8_t addr[16], const struct bench_routes *r, uint64_t *state)
{
	uint64_t low = next(state);

	memcpy(addr, r->v6[next(state) % r->n_v6].prefix, 16);
	memcpy(addr + 8, &low, 8);
}

static void
put_6to4(uint8_t addr[16], rte_be32_t v4)
{
	memset(addr, 0, 16);
	addr[0] = 0x20;
	addr[1] = 0x02;
	memcpy(addr + 2, &v4, 4);
	addr[15] = 1;
}

void
bench_peer(uint8_t addr[16], const struct bench_routes *r, const struct ts_source_policy *policy, uint64_t *state)
{
	uint64_t server = SEED + next(state) % SERVERS, bits = next(state);
	rte_be16_t port = rte_cpu_to_be_16((uint16_t)(1024 + (bits >> 16) % 64512));

	ts_teredo_address(addr, site(r, policy, &server), bits & 0x3cff, port, site(r, policy, state));
}

void
bench_peers_make(struct bench_routes *r, size_t n)
{
	const struct ts_source_policy_conf conf = {.list = TS_POLICY_EXTENDED};
	struct ts_source_policy *policy = must(ts_source_policy_create(&conf));
	uint64_t state = SEED + 100;

	r->peers = must(calloc(n, sizeof(*r->peers)));
	r->n_peers = n;
	for (size_t i = 0; i < n; i++)
		bench_peer(r->peers[i], r, policy, &state);
	ts_source_policy_free(policy);
}

static size_t
ip6(uint8_t *p, uint8_t next_header, const uint8_t src[16], const uint8_t dst[16])
{
	memset(p, 0, 40 + PAYLOAD);
	p[0] = 0x60;
	p[5] = PAYLOAD;
	p[6] = next_header;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return 40 + PAYLOAD;
}

static size_t
ip4(uint8_t *p, uint8_t protocol, rte_be32_t src, rte_be32_t dst, size_t payload)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, 20);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(20 + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = protocol;
	ip->src_addr = src;
	ip->dst_addr = dst;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return 20 + payload;
}

/* A UDP header at `l4`, IPv4 addresses and all behind it there already; checksums included. */
static void
udp4(uint8_t *l4, rte_be16_t src_port, uint16_t dst_port, size_t payload)
{
	struct rte_udp_hdr *udp = (void *)l4;

	udp->src_port = src_port;
	udp->dst_port = rte_cpu_to_be_16(dst_port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(8 + payload));
	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv4_udptcp_cksum((const void *)(l4 - 20), udp);
}

/* IPv6 with a UDP header that has a checksum, as everybody's has. */
static size_t
ip6_udp(uint8_t *p, const uint8_t src[16], const uint8_t dst[16])
{
	struct rte_udp_hdr *udp = (void *)(p + 40);
	size_t len = ip6(p, IPPROTO_UDP, src, dst);

	udp->src_port = udp->dst_port = RTE_BE16(4096);
	udp->dgram_len = RTE_BE16(PAYLOAD);
	udp->dgram_cksum = rte_ipv6_udptcp_cksum((const void *)p, udp);
	return len;
}

/* F4, V5: with a nonce, from fe80::ffff:ffff:fffd. */
static size_t
solicitation(uint8_t *p)
{
	static const uint8_t rs[13 + 48] = {0, 1, [4] = 1, 2, 3, 4, 5, 6, 7, 8, [13] = 0x60, [18] = 8, IPPROTO_ICMPV6,
		255, 0xfe, 0x80, [31 ... 35] = 0xff, 0xfd, 0xff, 0x02, [52] = 2, 133, 0, 0x7d, 0x39};

	memcpy(p, rs, sizeof(rs));
	return sizeof(rs);
}

/* The i-th packet of one of the Teredo rows. */
static size_t
teredo(uint8_t *p, enum bench_kind kind, const struct bench_routes *r, const uint8_t host[16], size_t i)
{
	const uint8_t *peer = r->peers[i % r->n_peers];
	rte_be32_t v4 = ts_teredo_client(peer);
	size_t len;

	switch (kind) {
	case BENCH_TEREDO_DECAP:
		len = ip6_udp(p + 28, peer, host);
		ip4(p, IPPROTO_UDP, v4, BENCH_RELAY, 8 + len);
		udp4(p + 20, ts_teredo_port(peer), BENCH_RELAY_PORT, len);
		return 28 + len;
	case BENCH_TEREDO_SERVER:
		len = solicitation(p + 28);
		ip4(p, IPPROTO_UDP, v4, BENCH_SERVER, 8 + len);
		udp4(p + 20, ts_teredo_port(peer), TS_TEREDO_PORT, len);
		return 28 + len;
	default:
		len = ip6_udp(p, host, peer);
		p[7] = kind == BENCH_TEREDO_ATTACK && i % 2 != 0 ? BENCH_STRANGER_HOPS : 64;
		return len;
	}
}

static bool
is_ipv6(enum bench_kind kind)
{
	return kind == BENCH_6TO4_ENCAP || kind == BENCH_ECHO6 || kind == BENCH_TEREDO_ENCAP ||
		kind == BENCH_TEREDO_ATTACK;
}

static size_t
packet(uint8_t *p, enum bench_kind kind, const struct bench_routes *r, const struct ts_source_policy *policy,
	uint64_t *state, size_t i)
{
	static const uint8_t anycast6[16] = {0x20, 0x02, 0xc0, 0x58, 0x63, 0x01};
	rte_be32_t v4 = site(r, policy, state);
	uint8_t v6[16], host[16];
	size_t len;

	native(host, r, state);
	put_6to4(v6, v4);
	switch (kind) {
	case BENCH_6TO4_ENCAP:
		return ip6(p, IPPROTO_UDP, host, v6);
	case BENCH_6TO4_DECAP:
		len = ip6(p + 20, IPPROTO_UDP, v6, host);
		return ip4(p, IPPROTO_IPV6, v4, TS_6TO4_ANYCAST, len);
	case BENCH_ECHO4:
		memset(p + 20, 0, 26);
		p[20] = 8;
		*(uint16_t *)(void *)(p + 22) = (uint16_t)~rte_raw_cksum(p + 20, 26);
		return ip4(p, IPPROTO_ICMP, v4, TS_6TO4_ANYCAST, 26);
	case BENCH_ECHO6:
		len = ip6(p, IPPROTO_ICMPV6, host, anycast6);
		p[40] = 128;
		*(uint16_t *)(void *)(p + 42) = rte_ipv6_udptcp_cksum((const void *)p, p + 40);
		return len;
	default:
		return teredo(p, kind, r, host, i);
	}
}

size_t
bench_pcap_write(
	const char *path, enum bench_kind kind, const struct bench_routes *r, size_t n, const uint8_t dst_mac[6])
{
	const struct ts_source_policy_conf conf = {.list = TS_POLICY_EXTENDED};
	struct ts_source_policy *policy = must(ts_source_policy_create(&conf));
	pcap_t *pcap = must(pcap_open_dead(DLT_EN10MB, FRAME_MAX));
	pcap_dumper_t *out = pcap_dump_open(pcap, path);
	uint64_t state = SEED + 2 + kind;
	uint8_t frame[FRAME_MAX] = {0};
	struct pcap_pkthdr h = {0};

	if (out == NULL) {
		fprintf(stderr, "bench: %s\n", pcap_geterr(pcap));
		exit(2);
	}
	memcpy(frame, dst_mac, 6);
	frame[6] = 2;
	for (size_t i = 0; i < n; i++) {
		uint16_t type = is_ipv6(kind) ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;

		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		h.caplen = h.len = (uint32_t)(RTE_ETHER_HDR_LEN + packet(frame + 14, kind, r, policy, &state, i));
		pcap_dump((u_char *)out, &h, frame);
	}
	pcap_dump_close(out);
	pcap_close(pcap);
	ts_source_policy_free(policy);
	return h.len;
}
