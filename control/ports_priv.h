/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of starting a port, between ports.c, port_probe.c, port_setup.c, port_iface.c and pools.c. On failure each
 * returns -1 and a message in `err`, without the port's name, which ports.c puts before it.
 */
#ifndef TS_CTL_PORTS_PRIV_H
#define TS_CTL_PORTS_PRIV_H

#include "ports.h"

/* Make the device and its members known to DPDK; on success *id is DPDK's port id. */
int ts_port_probe(const struct ts_cfg_port *cfg, uint16_t *id, char *err, size_t err_len);
/* Close the device, then its members. */
void ts_port_remove(const struct ts_cfg_port *cfg, uint16_t id);

/* Queues, MTU, offloads; then start. port->id and socket_id are set, the queue numbers get set. */
int ts_port_setup(const struct ts_config *cfg, unsigned index, struct ts_port *port, struct rte_mempool *pool,
	char *err, size_t err_len);

/* Packet buffers of this NUMA node, made at the first call. */
struct rte_mempool *ts_pool_get(
	const struct ts_config *cfg, struct ts_ports *ports, int socket_id, char *err, size_t err_len);
void ts_pools_free(struct ts_ports *ports);

/* The data path's side of the interfaces and the port map; the ports are started. */
int ts_port_ifaces_fill(
	const struct ts_config *cfg, const struct ts_ports *ports, struct ts_ifaces *ifaces, char *err, size_t err_len);
void ts_port_ifaces_free(struct ts_ifaces *ifaces);

#endif
