/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much memory EAL is asked for: the sum of what the configured limits can come to (decisions.md 15).
 *
 * Counted are the two pairs of FIBs with the routes that rte_fib keeps for itself, packet buffers per NUMA node, what a
 * worker owns, the Teredo relay's peers and contacts, and slack for what DPDK's drivers and libraries take. The figures
 * of rte_fib follow its types DIR24_8 with 2-byte and TRIE with 4-byte next hops.
 */
#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <numa.h>

#include "dataplane/worker.h"
#include "eal.h"
#include "ports.h"
#include "teredo.h"

#define MIB (1024.0 * 1024.0)
#define TBL24_ENTRIES (1u << 24)
#define TBL8_ENTRIES 256u
#define ROUTE4_BYTES 160u /* rte_rib's node with its share of the mempool, measured; a route makes up to two nodes */
#define ROUTE6_BYTES 272u
#define ROUTES_RESERVED 10240u	 /* of our own, as in rib.c, beyond the configured limit */
#define WORKER_BYTES (14u << 20) /* rings, counters, limiters by key, waiting packets' bookkeeping */
#define SLACK_BYTES (48u << 20)
#define L2_OVERHEAD 26u /* Ethernet, two tags, FCS */

/* Without a figure from the port, what drivers take when they are asked for the default. */
#define DEFAULT_DESCRIPTORS 1024u

static uint32_t
descriptors(uint16_t configured)
{
	return configured != 0 ? configured : DEFAULT_DESCRIPTORS;
}

/* Packets that wait for Teredo clients to answer; a buffer counts with its data room there. */
static uint32_t
teredo_queue_mbufs(const struct ts_config *cfg)
{
	return cfg->teredo_relay.enabled ? cfg->teredo_relay.queue_bytes / ts_mbuf_data_room(cfg) : 0;
}

/*
 * Every descriptor of every queue, what a worker has in hand, waiting for neighbours, for Teredo clients or for
 * fragments, in its mempool cache and in its rings to and from others, all at the same time: then an allocation fails
 * only when something leaks.
 */
uint32_t
ts_mbufs_per_node(const struct ts_config *cfg)
{
	uint32_t n = 0;

	if (cfg->memory.mbufs != 0)
		return cfg->memory.mbufs;
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		const struct ts_cfg_port *p = &cfg->ports[i];
		unsigned devices = 1 + p->n_members;

		n += devices * cfg->workers.n_cpus * (descriptors(p->rx_descriptors) + descriptors(p->tx_descriptors));
	}
	n += teredo_queue_mbufs(cfg);
	n += cfg->workers.n_cpus * (4 * TS_BURST_MAX + 2 * RTE_MEMPOOL_CACHE_MAX_SIZE + TS_REASSEMBLY_HELD_MAX + 4096);
	return rte_align32pow2(n) - 1; /* the best size for a ring of them */
}

/* One segment holds the largest frame, and drivers want receive buffers in steps of 1 KiB. */
uint16_t
ts_mbuf_data_room(const struct ts_config *cfg)
{
	uint32_t mtu = 1500;

	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		mtu = RTE_MAX(mtu, cfg->interfaces[i].mtu);
	return RTE_PKTMBUF_HEADROOM + RTE_MIN(RTE_MAX(RTE_ALIGN(mtu + L2_OVERHEAD, 1024u), 2048u), 63u * 1024u);
}

static unsigned
numa_nodes(const struct ts_config *cfg)
{
	uint64_t seen = 1; /* node 0 is where devices without a node go */

	if (numa_available() < 0)
		return 1;
	for (unsigned i = 0; i < cfg->workers.n_cpus; i++) {
		int node = numa_node_of_cpu((int)cfg->workers.cpus[i]);

		if (node > 0 && node < 64)
			seen |= UINT64_C(1) << node;
	}
	return (unsigned)__builtin_popcountll(seen);
}

static uint32_t
routes4(const struct ts_config *cfg)
{
	return cfg->tables.ipv4_routes + ROUTES_RESERVED;
}

static uint32_t
routes6(const struct ts_config *cfg)
{
	return cfg->tables.ipv6_routes + ROUTES_RESERVED;
}

/* The same figures as in fib_pair.c. */
static uint32_t
tbl8_ipv4(const struct ts_config *cfg)
{
	uint32_t n = cfg->tables.ipv4_tbl8;

	return RTE_MIN(n != 0 ? n : 1024 + routes4(cfg) / 64, 32767u);
}

static uint32_t
tbl8_ipv6(const struct ts_config *cfg)
{
	uint32_t n = cfg->tables.ipv6_tbl8;

	return n != 0 ? n : 2048 + 2 * routes6(cfg);
}

static double
fib_bytes(const struct ts_config *cfg)
{
	uint32_t tbl8_4 = tbl8_ipv4(cfg), tbl8_6 = tbl8_ipv6(cfg);
	double v4 = 2.0 * TBL24_ENTRIES + 2.0 * TBL8_ENTRIES * tbl8_4 + 2.0 * ROUTE4_BYTES * routes4(cfg);
	double v6 = 4.0 * TBL24_ENTRIES + 4.0 * TBL8_ENTRIES * tbl8_6 + 2.0 * ROUTE6_BYTES * routes6(cfg);

	return 2 * (v4 + v6);
}

uint32_t
ts_memory_needed_mb(const struct ts_config *cfg)
{
	double mbuf = sizeof(struct rte_mbuf) + ts_mbuf_data_room(cfg) + 2 * RTE_CACHE_LINE_SIZE;
	double bytes = SLACK_BYTES + fib_bytes(cfg);

	if (cfg->memory.size_mb != 0)
		return cfg->memory.size_mb;
	bytes += numa_nodes(cfg) * mbuf * ts_mbufs_per_node(cfg);
	bytes += (double)cfg->workers.n_cpus * WORKER_BYTES;
	if (cfg->teredo_relay.enabled)
		bytes += (double)ts_teredo_bytes(&cfg->teredo_relay, cfg->workers.n_cpus);
	/* Next hops, and adjacencies: the current version, the pending one, the one being made. */
	bytes += sizeof(struct ts_nexthop) * TS_MAX_NEXTHOPS;
	bytes += 3.0 * sizeof(struct ts_adjacency) * cfg->tables.adjacencies;
	return (uint32_t)(bytes / MIB * 1.05) + 1;
}
