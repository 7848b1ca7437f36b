/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file of packets cannot have as many flows as there are Teredo peers. So an rx callback writes the next peer's
 * addresses into every packet, and keeps the checksums right; the floor pays for the same.
 *
 * Peers are random, so walking them one by one reads their table at random.
 */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "bench.h"
#include "lib/teredo.h"

#define L3 RTE_ETHER_HDR_LEN

struct walk {
	size_t next;
	bool decap;
};

/* RFC 1624; `was` and `is`: sums of what was there and of what is there now. */
static rte_be16_t
update(rte_be16_t checksum, uint32_t was, uint32_t is)
{
	uint32_t sum = (uint16_t)~checksum + (uint16_t)~was + is;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : (rte_be16_t)~sum;
}

/* The address of an IPv6 packet with UDP in it; the sum of what UDP covers stays the same. */
static void
write_address(uint8_t *ip, size_t at, const uint8_t peer[16])
{
	struct rte_udp_hdr *udp = (void *)(ip + sizeof(struct rte_ipv6_hdr));

	udp->dgram_cksum = update(udp->dgram_cksum, rte_raw_cksum(ip + at, 16), rte_raw_cksum(peer, 16));
	memcpy(ip + at, peer, 16);
}

static void
write_outer(struct rte_ipv4_hdr *ip, const uint8_t peer[16])
{
	struct rte_udp_hdr *udp = (void *)(ip + 1);
	rte_be32_t v4 = ts_teredo_client(peer);
	rte_be16_t port = ts_teredo_port(peer);
	uint32_t was = rte_raw_cksum(&ip->src_addr, 4), is = rte_raw_cksum(&v4, 4);

	ip->hdr_checksum = update(ip->hdr_checksum, was, is);
	udp->dgram_cksum = update(udp->dgram_cksum, was, is);
	udp->dgram_cksum = update(udp->dgram_cksum, udp->src_port, port);
	ip->src_addr = v4;
	udp->src_port = port;
}

static uint16_t
write_next(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint16_t max, void *arg)
{
	struct walk *walk = arg;

	(void)port, (void)queue, (void)max;
	for (uint16_t i = 0; i < n; i++) {
		uint8_t *l3 = rte_pktmbuf_mtod_offset(pkts[i], uint8_t *, L3);
		const uint8_t *peer = b.routes.peers[walk->next];

		walk->next = walk->next + 1 < b.routes.n_peers ? walk->next + 1 : 0;
		if (walk->decap) {
			write_outer((void *)l3, peer);
			write_address(l3 + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr), 8, peer);
		} else
			write_address(l3, 24, peer);
	}
	return n;
}

void
bench_spread_start(struct row *r)
{
	static struct walk walks[MAX_ROWS * BENCH_WORKERS];
	static unsigned used;

	b.flows = b.routes.n_peers;
	for (unsigned side = 0; side < b.opt.workers; side++) {
		struct walk *walk = &walks[used++];

		walk->decap = r->kind == BENCH_TEREDO_DECAP;
		walk->next = side * b.routes.n_peers / BENCH_WORKERS;
		if (rte_eth_add_rx_callback(r->end[side].port, 0, write_next, walk) == NULL)
			bench_die("no rx callback");
	}
}
