/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "lib/teredo.h"

#define V6_LEN 40
#define V4_LEN 20
#define UDP_LEN 8
#define TEREDO_MAX 1280 /* what its clients take (RFC 4380 5.1) */
#define FRAME_MAX 1600

/* Simple IMIX: 7 small, 4 middling, 1 large, spread so that no two large ones follow each other. */
static uint16_t
imix(size_t i)
{
	static const uint16_t sizes[12] = {48, 576, 48, 48, 576, 48, 1480, 48, 576, 48, 48, 576};

	return sizes[i % 12];
}

uint16_t
bench_size(enum bench_kind kind, unsigned size, size_t i)
{
	uint16_t bytes = size == BENCH_IMIX ? imix(i) : (uint16_t)size;

	return kind == BENCH_TEREDO_ENCAP || kind == BENCH_TEREDO_DECAP || kind == BENCH_TEREDO_ATTACK
		? RTE_MIN(bytes, TEREDO_MAX)
		: bytes;
}

static void
native(uint8_t addr[16], const struct bench_routes *r, uint64_t *state)
{
	uint64_t low = bench_random(state);

	memcpy(addr, r->v6[bench_random(state) % r->n_v6].prefix, 16);
	memcpy(addr + 8, &low, 8);
}

/* The address of the host in `mechanism`'s tunnel whose IPv4 address is v4. */
static void
put_site(uint8_t addr[16], enum bench_kind kind, rte_be32_t v4)
{
	static const uint8_t prefix_6rd[4] = BENCH_6RD_PREFIX, prefix_isatap[8] = BENCH_ISATAP_PREFIX;

	memset(addr, 0, 16);
	switch (kind) {
	case BENCH_6RD_ENCAP:
	case BENCH_6RD_DECAP:
		memcpy(addr, prefix_6rd, 4);
		memcpy(addr + 4, &v4, 4);
		addr[15] = 1;
		break;
	case BENCH_ISATAP_ENCAP:
	case BENCH_ISATAP_DECAP:
		memcpy(addr, prefix_isatap, 8);
		addr[8] = 2;
		addr[10] = 0x5e;
		addr[11] = 0xfe;
		memcpy(addr + 12, &v4, 4);
		break;
	default:
		addr[0] = 0x20;
		addr[1] = 0x02;
		memcpy(addr + 2, &v4, 4);
		addr[15] = 1;
	}
}

static size_t
ip6(uint8_t *p, uint8_t next_header, const uint8_t src[16], const uint8_t dst[16], size_t len)
{
	rte_be16_t payload = rte_cpu_to_be_16((uint16_t)(len - V6_LEN));

	memset(p, 0, len);
	p[0] = 0x60;
	memcpy(p + 4, &payload, 2);
	p[6] = next_header;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return len;
}

static size_t
ip4(uint8_t *p, uint8_t protocol, rte_be32_t src, rte_be32_t dst, size_t payload)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, V4_LEN);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(V4_LEN + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = protocol;
	ip->src_addr = src;
	ip->dst_addr = dst;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return V4_LEN + payload;
}

/* A UDP header at `l4`, IPv4 addresses and all behind it there already; checksums included. */
static void
udp4(uint8_t *l4, rte_be16_t src_port, uint16_t dst_port, size_t payload)
{
	struct rte_udp_hdr *udp = (void *)l4;

	udp->src_port = src_port;
	udp->dst_port = rte_cpu_to_be_16(dst_port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(UDP_LEN + payload));
	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv4_udptcp_cksum((const void *)(l4 - V4_LEN), udp);
}

/* With a checksum, as everybody's has. */
static size_t
ip6_udp(uint8_t *p, const uint8_t src[16], const uint8_t dst[16], size_t len)
{
	struct rte_udp_hdr *udp = (void *)(p + V6_LEN);

	ip6(p, IPPROTO_UDP, src, dst, len);
	udp->src_port = udp->dst_port = RTE_BE16(4096);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(len - V6_LEN));
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
teredo(uint8_t *p, enum bench_kind kind, const struct bench_routes *r, const uint8_t host[16], size_t len, size_t i)
{
	const uint8_t *peer = r->peers[i % r->n_peers];
	rte_be32_t v4 = ts_teredo_client(peer);
	bool server = kind == BENCH_TEREDO_SERVER;

	if (kind != BENCH_TEREDO_DECAP && !server) {
		ip6_udp(p, host, peer, len);
		p[7] = kind == BENCH_TEREDO_ATTACK && i % 2 != 0 ? BENCH_STRANGER_HOPS : 64;
		return len;
	}
	len = server ? solicitation(p + V4_LEN + UDP_LEN) : ip6_udp(p + V4_LEN + UDP_LEN, peer, host, len);
	ip4(p, IPPROTO_UDP, v4, server ? BENCH_SERVER : BENCH_RELAY, UDP_LEN + len);
	udp4(p + V4_LEN, ts_teredo_port(peer), server ? TS_TEREDO_PORT : BENCH_RELAY_PORT, len);
	return V4_LEN + UDP_LEN + len;
}

/* The packet is as long as the IPv6 one of the other rows is natively, less what the headers differ by. */
static size_t
echo4(uint8_t *p, rte_be32_t from, size_t len)
{
	uint8_t *icmp = p + V4_LEN;

	len -= V4_LEN + 2;
	memset(icmp, 0, len);
	icmp[0] = 8;
	*(uint16_t *)(void *)(icmp + 2) = (uint16_t)~rte_raw_cksum(icmp, len);
	return ip4(p, IPPROTO_ICMP, from, TS_6TO4_ANYCAST, len);
}

static size_t
echo6(uint8_t *p, const uint8_t from[16], size_t len)
{
	static const uint8_t anycast6[16] = {0x20, 0x02, 0xc0, 0x58, 0x63, 0x01};

	ip6(p, IPPROTO_ICMPV6, from, anycast6, len);
	p[V6_LEN] = 128;
	*(uint16_t *)(void *)(p + V6_LEN + 2) = rte_ipv6_udptcp_cksum((const void *)p, p + V6_LEN);
	return len;
}

static rte_be32_t
relay_of(enum bench_kind kind)
{
	return kind == BENCH_6RD_DECAP ? BENCH_6RD_BR : kind == BENCH_ISATAP_DECAP ? BENCH_ISATAP : TS_6TO4_ANYCAST;
}

struct source {
	enum bench_kind kind;
	unsigned size;
	const struct bench_routes *routes;
	struct ts_source_policy *policy;
	uint64_t state;
};

static size_t
packet(uint8_t *p, struct source *s, size_t i)
{
	rte_be32_t v4 = bench_site(s->routes, s->policy, &s->state);
	size_t len = bench_size(s->kind, s->size, i);
	uint8_t v6[16], host[16];

	native(host, s->routes, &s->state);
	put_site(v6, s->kind, v4);
	switch (s->kind) {
	case BENCH_6TO4_ENCAP:
	case BENCH_6RD_ENCAP:
	case BENCH_ISATAP_ENCAP:
		return ip6(p, IPPROTO_UDP, host, v6, len);
	case BENCH_6TO4_DECAP:
	case BENCH_6RD_DECAP:
	case BENCH_ISATAP_DECAP:
		ip6(p + V4_LEN, IPPROTO_UDP, v6, host, len);
		return ip4(p, IPPROTO_IPV6, v4, relay_of(s->kind), len);
	case BENCH_ECHO4:
		return echo4(p, v4, len);
	case BENCH_ECHO6:
		return echo6(p, host, len);
	default:
		return teredo(p, s->kind, s->routes, host, len, i);
	}
}

static void
write_frames(pcap_dumper_t *out, struct source *s, size_t n, const uint8_t dst_mac[6], size_t *bytes)
{
	uint8_t frame[FRAME_MAX] = {0};
	struct pcap_pkthdr h = {0};

	memcpy(frame, dst_mac, 6);
	frame[6] = 2;
	for (size_t i = 0; i < n; i++) {
		uint8_t *ip = frame + RTE_ETHER_HDR_LEN;
		size_t len = packet(ip, s, i);
		rte_be16_t type = *ip >> 4 == 6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4);

		memcpy(frame + 2 * RTE_ETHER_ADDR_LEN, &type, sizeof(type));
		h.caplen = h.len = (uint32_t)(RTE_ETHER_HDR_LEN + len);
		*bytes += h.len;
		pcap_dump((u_char *)out, &h, frame);
	}
}

size_t
bench_pcap_write(const char *path, enum bench_kind kind, const struct bench_routes *r, size_t n, unsigned size,
	const uint8_t dst_mac[6])
{
	struct source s = {
		.kind = kind, .size = size, .routes = r, .policy = bench_policy(), .state = BENCH_SEED + 2 + kind};
	pcap_t *pcap = bench_must(pcap_open_dead(DLT_EN10MB, FRAME_MAX));
	pcap_dumper_t *out = pcap_dump_open(pcap, path);
	size_t bytes = 0;

	if (out == NULL) {
		fprintf(stderr, "bench: %s\n", pcap_geterr(pcap));
		exit(2);
	}
	write_frames(out, &s, n, dst_mac, &bytes);
	pcap_dump_close(out);
	pcap_close(pcap);
	ts_source_policy_free(s.policy);
	return (bytes + n / 2) / n;
}
