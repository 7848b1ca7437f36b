/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting and stopping all ports, and what a worker is told about them.
 *
 * All steps of a port run in its own network namespace: net_tap opens further descriptors and sockets by interface name
 * when its queues are set up and when it starts, not only when it is probed.
 */
#include "ports.h"

#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "ports_priv.h"
#include "twin.h"

static int
open_port(const struct ts_config *cfg, unsigned index, struct ts_ports *ports, char *err, size_t err_len)
{
	const struct ts_cfg_port *p = &cfg->ports[index];
	struct ts_port *port = &ports->port[index];
	struct rte_mempool *pool;

	if (ts_port_probe(p, &port->id, err, err_len) < 0)
		return -1;
	snprintf(port->name, sizeof(port->name), "%s", p->name);
	port->socket_id = rte_eth_dev_socket_id(port->id);
	pool = ts_pool_get(cfg, ports, port->socket_id, err, err_len);
	if (pool == NULL)
		goto fail;
	if (port->id >= TS_TX_PORTS) {
		snprintf(err, err_len, "too many DPDK devices, members of LAGs included; at most %d", TS_TX_PORTS);
		goto fail;
	}
	if (ts_port_setup(cfg, index, port, pool, err, err_len) < 0)
		goto fail;
	return 0;
fail:
	ts_port_remove(p, port->id);
	return -1;
}

static int
open_port_in_netns(const struct ts_config *cfg, unsigned index, struct ts_ports *ports, char *err, size_t err_len)
{
	int ret, ns = ts_netns_enter(cfg->ports[index].netns, err, err_len);

	if (ns < 0)
		return -1;
	ret = open_port(cfg, index, ports, err, err_len);
	ts_netns_leave(ns);
	return ret;
}

/* The configuration of each port is needed again to close it; the caller keeps it until ts_ports_stop(). */
static const struct ts_config *started_cfg;

int
ts_ports_start(const struct ts_config *cfg, struct ts_ports *ports, struct ts_ifaces *ifaces, char *err, size_t err_len)
{
	char why[512];

	memset(ports, 0, sizeof(*ports));
	started_cfg = cfg;
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		if (open_port_in_netns(cfg, i, ports, why, sizeof(why)) < 0) {
			snprintf(err, err_len, "port %s: %s", cfg->ports[i].name, why);
			goto fail;
		}
		ports->n = i + 1;
	}
	for (unsigned i = 0; i < cfg->workers.n_cpus; i++)
		if (ts_pool_get(cfg, ports, (int)rte_lcore_to_socket_id(i + 1), err, err_len) == NULL)
			goto fail;
	if (ts_port_ifaces_fill(cfg, ports, ifaces, err, err_len) < 0)
		goto fail;
	return 0;
fail:
	ts_ports_stop(ports, ifaces);
	return -1;
}

void
ts_ports_stop(struct ts_ports *ports, struct ts_ifaces *ifaces)
{
	while (ports->n > 0) {
		ports->n--;
		ts_port_remove(&started_cfg->ports[ports->n], ports->port[ports->n].id);
	}
	ts_port_ifaces_free(ifaces);
	ts_pools_free(ports);
}

/*
 * With as many receive queues as workers, queue q is worker q's. A port with fewer starts at another worker than its
 * neighbour, so that single-queue ports do not all fall to worker 0.
 */
static bool
queue_of_worker(const struct ts_port *port, unsigned index, unsigned n_workers, unsigned worker, uint16_t *queue)
{
	unsigned first = port->n_rxq == n_workers ? 0 : index;

	*queue = (uint16_t)((worker + n_workers - first % n_workers) % n_workers);
	return *queue < port->n_rxq;
}

void
ts_ports_limits(const struct ts_config *cfg, struct ts_worker_limits *out)
{
	/* A host solicits a few times when it starts, then rarely. */
	static const struct ts_cfg_rate nd_answers = {.per_second = 10, .burst = 10};
	const struct ts_cfg_rate *rates[TS_N_LIMITS] = {
		[TS_LIMIT_TOO_BIG] = &cfg->limits.too_big,
		[TS_LIMIT_TIME_EXCEEDED] = &cfg->limits.time_exceeded,
		[TS_LIMIT_UNREACHABLE] = &cfg->limits.unreachable,
		[TS_LIMIT_PARAMETER_PROBLEM] = &cfg->limits.parameter_problem,
		[TS_LIMIT_ICMP4_UNREACHABLE] = &cfg->limits.icmp4_unreachable,
		[TS_LIMIT_ECHO4] = &cfg->limits.echo4,
		[TS_LIMIT_ECHO6] = &cfg->limits.echo6,
		[TS_LIMIT_ICMP4_ERRORS] = &cfg->limits.icmp4_errors,
		[TS_LIMIT_BUBBLES] = &cfg->teredo_relay.bubbles,
		[TS_LIMIT_RECOVERY] = &cfg->teredo_relay.recovery_bubbles,
	};
	const struct ts_cfg_rate *keyed[TS_N_KEYED_LIMITS] = {
		[TS_KEYED_ICMP6_PREFIX] = &cfg->limits.icmp6_per_prefix,
		[TS_KEYED_ICMP4_SOURCE] = &cfg->limits.icmp4_errors_per_source,
		[TS_KEYED_SITE] = &cfg->access.per_site4,
		[TS_KEYED_NATIVE] = &cfg->access.per_prefix6,
		[TS_KEYED_ND] = &nd_answers,
		[TS_KEYED_BUBBLE_SERVER] = &cfg->teredo_relay.bubbles_per_server,
		[TS_KEYED_BUBBLE_CLIENT] = &cfg->teredo_relay.bubbles_per_client,
		[TS_KEYED_BUBBLE_SOURCE] = &cfg->teredo_relay.bubbles_per_source,
		[TS_KEYED_RA_HOST] = &cfg->teredo_server.advertisements_per_host,
		[TS_KEYED_RA_NET] = &cfg->teredo_server.advertisements_per_net,
	};

	for (unsigned i = 0; i < TS_N_LIMITS; i++) {
		out->box[i].per_second = rates[i]->per_second;
		out->box[i].burst = rates[i]->burst;
	}
	for (unsigned i = 0; i < TS_N_KEYED_LIMITS; i++) {
		out->keyed[i].per_second = keyed[i]->per_second;
		out->keyed[i].burst = keyed[i]->burst;
	}
}

void
ts_ports_worker_conf(const struct ts_config *cfg, const struct ts_ports *ports, unsigned id, struct ts_worker_conf *out)
{
	uint16_t queue;

	memset(out, 0, sizeof(*out));
	out->id = id;
	out->n_workers = cfg->workers.n_cpus;
	out->cpu = cfg->workers.cpus[id];
	out->socket_id = rte_eal_has_hugepages() ? (int)rte_lcore_to_socket_id(id + 1) : 0;
	out->burst = cfg->workers.burst;
	out->idle_pause = cfg->workers.idle == TS_IDLE_PAUSE;
	out->tx_queue = (uint16_t)id;
	out->neighbour_queue = cfg->limits.neighbour_queue;
	out->reassembly.timeout_ms = cfg->reassembly.timeout_s * 1000;
	out->reassembly.max_datagrams = cfg->reassembly.datagrams;
	out->reassembly.max_bytes = cfg->reassembly.bytes;
	out->reassembly.per_source = cfg->reassembly.per_source;
	out->reassembly.max_fragments = cfg->reassembly.fragments;
	out->reassembly.max_size = cfg->reassembly.max_size;
	for (unsigned i = 0; i < cfg->n_interfaces; i++) /* G20 */
		out->reassembly.max_size = RTE_MAX(out->reassembly.max_size, (uint32_t)cfg->interfaces[i].mtu);
	for (unsigned i = 0; i < ports->n; i++) {
		out->tx_ports |= UINT32_C(1) << ports->port[i].id;
		if (ports->port[i].multi_segs)
			out->multi_seg_ports |= UINT32_C(1) << ports->port[i].id;
		if (strncmp(cfg->ports[i].device, "net_bonding", strlen("net_bonding")) == 0)
			out->lag_ports |= UINT32_C(1) << ports->port[i].id;
		if (out->n_rxq == TS_MAX_RXQ || !queue_of_worker(&ports->port[i], i, out->n_workers, id, &queue))
			continue;
		out->rxq[out->n_rxq].port = ports->port[i].id;
		out->rxq[out->n_rxq++].queue = queue;
	}
	ts_ports_limits(cfg, &out->limits);
}
