/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers: one mempool per NUMA node that has a port or a worker.
 *
 * The ring under a mempool is of the RTS kind: cores may be shared with other threads, and with the default kind a
 * thread preempted between the two halves of its update stops all others (decisions.md 12).
 */
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "ports_priv.h"

struct rte_mempool *
ts_pool_get(const struct ts_config *cfg, struct ts_ports *ports, int socket_id, char *err, size_t err_len)
{
	/* Without hugepages all memory is on node 0. */
	int node = socket_id < 0 || !rte_eal_has_hugepages() ? 0 : socket_id;
	uint32_t n = ts_mbufs_per_node(cfg);
	char name[RTE_MEMPOOL_NAMESIZE];

	if (node >= RTE_MAX_NUMA_NODES)
		node = 0;
	if (ports->pool[node] != NULL)
		return ports->pool[node];
	snprintf(name, sizeof(name), "ts_mbuf_%d", node);
	ports->pool[node] = rte_pktmbuf_pool_create_by_ops(
		name, n, RTE_MEMPOOL_CACHE_MAX_SIZE, 0, ts_mbuf_data_room(cfg), node, "ring_mt_rts");
	if (ports->pool[node] == NULL)
		snprintf(err, err_len,
			"no memory for %u packet buffers on NUMA node %d (%s); see memory.size-mb and memory.mbufs", n,
			node, rte_strerror(rte_errno));
	return ports->pool[node];
}

void
ts_pools_free(struct ts_ports *ports)
{
	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		rte_mempool_free(ports->pool[i]);
		ports->pool[i] = NULL;
	}
}
