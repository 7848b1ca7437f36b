/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL and ports: from the configuration to started DPDK devices with a receive and a transmit queue per worker.
 */
#ifndef TS_CTL_PORTS_H
#define TS_CTL_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "control/iface.h"
#include "dataplane/worker.h"
#include "lib/config.h"

struct ts_port {
	uint16_t id; /* DPDK's */
	int socket_id;
	uint16_t n_rxq, n_txq;
	bool multi_segs;  /* sends frames in several buffers */
	bool rx_checksum; /* asked to verify UDP checksums, and believed */
	char name[TS_NAME_LEN];
};

struct ts_ports {
	unsigned n;
	struct ts_port port[TS_MAX_PORTS];	      /* same index as in the configuration */
	struct rte_mempool *pool[RTE_MAX_NUMA_NODES]; /* by NUMA node; NULL where no port or worker is */
};

/* Memory that EAL will ask for, in MiB, from the configured limits; printed by --check (decisions.md 15). */
uint32_t ts_memory_needed_mb(const struct ts_config *cfg);

/* rte_eal_init() with arguments made from the configuration. Checks CPUs and hugepages first, for a message that an
 * operator understands. 0, or -1 and a message in `err`. */
int ts_eal_start(const struct ts_config *cfg, char *err, size_t err_len);

/* Probe, configure and start every port; fill in the data path's side of the interfaces (port, MAC, MTU, tags, port
 * map). 0, or -1 and a message that names the port; what was opened is closed. */
int ts_ports_start(
	const struct ts_config *cfg, struct ts_ports *ports, struct ts_ifaces *ifaces, char *err, size_t err_len);
void ts_ports_stop(struct ts_ports *ports, struct ts_ifaces *ifaces);

/* The rates of the configuration as workers take them. */
void ts_ports_limits(const struct ts_config *cfg, struct ts_worker_limits *out);

/* The queues of worker `id`, the transmit queue and ports, limits; what the configuration says of a worker. */
void ts_ports_worker_conf(
	const struct ts_config *cfg, const struct ts_ports *ports, unsigned id, struct ts_worker_conf *out);

#endif
