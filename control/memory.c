/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much memory EAL is asked for: the sum of what the configured limits can come to (decisions.md 15).
 *
 * Counted are the two pairs of FIBs, packet buffers per NUMA node, what a worker owns, the Teredo relay's peers and
 * contacts, and slack for what DPDK's drivers and libraries take. The routes themselves are in ordinary memory.
 */
#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <numa.h>

#include "dataplane/worker.h"
#include "eal.h"
#include "fib_pair.h"
#include "ports.h"
#include "teredo.h"

#define MIB (1024.0 * 1024.0)
#define ROUTES_RESERVED 10240u	 /* of our own, as in rib.c, beyond the configured limit */
#define WORKER_BYTES (17u << 20) /* rings, counters, limiters by key, observations, bookkeeping of what waits */
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
	n += cfg->workers.n_cpus * (cfg->workers.n_cpus - 1) * TS_HANDED_OVER_MAX;
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

static double
fib_bytes(const struct ts_config *cfg)
{
	uint32_t room4 = ts_fib_room4(cfg->tables.ipv4_tbl8, cfg->tables.ipv4_routes + ROUTES_RESERVED);
	uint32_t room6 = ts_fib_room6(cfg->tables.ipv6_tbl8, cfg->tables.ipv6_routes + ROUTES_RESERVED);

	return TS_FIBS * ((double)ts_fib4_bytes(room4) + (double)ts_fib6_bytes(room6));
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
