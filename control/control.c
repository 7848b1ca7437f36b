/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Assembly and orderly stop.
 *
 * Each step has a start and a stop in one table; stopping runs from the last step that was started, down. A step's stop
 * is called only after its start succeeded, except that a start which fails undoes itself. The order is what matters:
 * workers run before the punt thread feeds them, the announcement comes last and goes first (loop.c), and memory that
 * workers may look at is freed only when they have left their loops.
 */
#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "ctlsock.h"
#include "dpdk_log.h"
#include "eal.h"
#include "health_run.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "observe.h"
#include "path_rtt.h"
#include "privileges.h"
#include "sflow.h"
#include "status.h"
#include "watch.h"

struct step {
	int (*start)(struct ts_control *c, char *err, size_t err_len);
	void (*stop)(struct ts_control *c);
};

static unsigned steps_done;

static int
no_memory(const char *what, char *err, size_t err_len)
{
	snprintf(err, err_len, "no memory for %s; see memory.size-mb", what);
	return -1;
}

static int
start_eal(struct ts_control *c, char *err, size_t err_len)
{
	return ts_eal_start(&c->cfg, err, err_len);
}

static void
stop_eal(struct ts_control *c)
{
	(void)c;
	ts_eal_stop();
}

static int
start_ports(struct ts_control *c, char *err, size_t err_len)
{
	return ts_ports_start(&c->cfg, &c->ports, &c->ifaces, err, err_len);
}

static void
stop_ports(struct ts_control *c)
{
	ts_ports_stop(&c->ports, &c->ifaces);
}

static int
start_twins(struct ts_control *c, char *err, size_t err_len)
{
	int ret, ns = ts_netns_enter(c->cfg.netns, err, err_len);

	if (ns < 0)
		return -1;
	ret = ts_twins_create(&c->cfg, &c->ifaces, err, err_len);
	ts_netns_leave(ns);
	return ret;
}

static void
stop_twins(struct ts_control *c)
{
	char err[256];
	int ns = ts_netns_enter(c->cfg.netns, err, sizeof(err));

	/* A namespace that was deleted meanwhile has nothing to restore; the TAPs are closed all the same. */
	if (ns < 0)
		ts_log("%s", err);
	ts_twins_destroy(&c->ifaces, ns >= 0);
	if (ns >= 0)
		ts_netns_leave(ns);
}

static int
start_tables(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_rib_conf conf = {
		.max_ipv4 = c->cfg.tables.ipv4_routes,
		.max_ipv6 = c->cfg.tables.ipv6_routes,
		.tbl8_ipv4 = c->cfg.tables.ipv4_tbl8,
		.tbl8_ipv6 = c->cfg.tables.ipv6_tbl8,
		.socket_id = rte_eal_has_hugepages() ? (int)rte_lcore_to_socket_id(1) : 0,
	};

	c->nexthops = ts_nexthops_create(c->cfg.tables.next_hops, c->cfg.tables.adjacencies, &c->ifaces);
	if (c->nexthops == NULL)
		return no_memory("next hops", err, err_len);
	c->rib = ts_rib_create(&conf, c->nexthops, err, err_len);
	if (c->rib != NULL)
		return 0;
	ts_nexthops_free(c->nexthops);
	return -1;
}

static void
stop_tables(struct ts_control *c)
{
	ts_rib_free(c->rib);
	ts_nexthops_free(c->nexthops);
}

static int
start_publisher(struct ts_control *c, char *err, size_t err_len)
{
	c->publisher = ts_publisher_create(c->rib, c->nexthops, &c->ifaces, c->workers, c->n_workers, c->qsbr);
	return c->publisher != NULL ? 0 : no_memory("the publisher", err, err_len);
}

static void
stop_publisher(struct ts_control *c)
{
	ts_publisher_free(c->publisher);
}

static int
start_local(struct ts_control *c, char *err, size_t err_len)
{
	c->local = ts_local_create(&c->cfg, &c->ifaces, c->nexthops, c->rib, c->publisher);
	if (c->local == NULL)
		return no_memory("local addresses", err, err_len);
	if (ts_local_prepare(c->local, &c->cfg, err, err_len) == 0) {
		if (ts_local_set_host_addrs(c->local, NULL, 0) != 0)
			no_memory("services", err, err_len);
		else if (ts_local_set_static(c->local, NULL, err, err_len) == 0)
			return 0;
	}
	ts_local_free(c->local);
	return -1;
}

static void
stop_local(struct ts_control *c)
{
	ts_local_free(c->local);
}

static void
on_addresses(void *arg, const struct ts_host_addr *addrs, unsigned n)
{
	struct ts_control *c = arg;

	if (ts_local_set_host_addrs(c->local, addrs, n) < 0)
		ts_log_warning("no memory for a change of addresses; the former ones stay in use");
}

static bool
is_tunnel(void *arg, const uint8_t prefix[16], uint8_t len)
{
	const struct ts_control *c = arg;

	return ts_local_is_tunnel(&c->cfg, prefix, len);
}

static bool
any_twin(const struct ts_ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->n; i++)
		if (ifaces->dp[i].twin)
			return true;
	return false;
}

static int
start_mirror(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_mirror_conf conf = {
		.table = c->cfg.kernel.table,
		.delete_hold_ms = c->cfg.kernel.delete_hold_ms,
		.delete_hold_max_ms = c->cfg.kernel.delete_hold_max_ms,
		.resync_s = c->cfg.kernel.resync_s,
		.on_addresses = on_addresses,
		.on_link_only = c->cfg.fpm.enabled,
		.is_tunnel = is_tunnel,
		.arg = c,
	};
	int ns;

	if (!any_twin(&c->ifaces))
		return 0;
	ns = ts_netns_enter(c->cfg.netns, err, err_len);
	if (ns < 0)
		return -1;
	c->mirror = ts_mirror_create(&conf, &c->ifaces, c->nexthops, c->rib, err, err_len);
	ts_netns_leave(ns);
	return c->mirror != NULL ? 0 : -1;
}

static void
stop_mirror(struct ts_control *c)
{
	if (c->mirror != NULL)
		ts_mirror_free(c->mirror);
	c->mirror = NULL;
}

static int
start_fpm(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_fpm_conf conf = {
		.address = c->cfg.fpm.address,
		.port = c->cfg.fpm.port,
		.stale_s = c->cfg.fpm.stale_s,
		.table = c->cfg.kernel.table,
		.is_tunnel = is_tunnel,
		.arg = c,
	};
	int ns;

	if (!c->cfg.fpm.enabled)
		return 0;
	ns = ts_netns_enter(c->cfg.netns, err, err_len);
	if (ns < 0)
		return -1;
	c->fpm = ts_fpm_create(&conf, &c->ifaces, c->nexthops, c->rib, err, err_len);
	ts_netns_leave(ns);
	return c->fpm != NULL ? 0 : -1;
}

static void
stop_fpm(struct ts_control *c)
{
	ts_fpm_free(c->fpm);
	c->fpm = NULL;
}

static int
start_punter(struct ts_control *c, char *err, size_t err_len)
{
	struct rte_mempool *pool = NULL;

	if (!any_twin(&c->ifaces))
		return 0;
	for (unsigned i = 0; pool == NULL && i < RTE_MAX_NUMA_NODES; i++)
		pool = c->ports.pool[i];
	c->punter = ts_punter_start(&c->ifaces, c->workers, c->n_workers, pool, err, err_len);
	return c->punter != NULL ? 0 : -1;
}

static void
stop_punter(struct ts_control *c)
{
	ts_punter_stop(c->punter);
	c->punter = NULL;
}

static int
start_health(struct ts_control *c, char *err, size_t err_len)
{
	c->health = ts_health_create(c);
	return c->health != NULL ? 0 : no_memory("health", err, err_len);
}

static void
stop_health(struct ts_control *c)
{
	ts_health_free(c->health);
	c->health = NULL;
}

static int
start_watches(struct ts_control *c, char *err, size_t err_len)
{
	return ts_watches_start(c) == 0 ? 0 : no_memory("traces and captures", err, err_len);
}

static int
start_ctlsock(struct ts_control *c, char *err, size_t err_len)
{
	c->ctlsock = ts_ctlsock_create(c, c->cfg.control.socket, err, err_len);
	if (c->ctlsock == NULL)
		return -1;
	if (ts_telemetry_register(c) == 0)
		return 0;
	snprintf(err, err_len, "DPDK telemetry refuses our commands");
	ts_ctlsock_free(c->ctlsock);
	c->ctlsock = NULL;
	return -1;
}

static void
stop_ctlsock(struct ts_control *c)
{
	/* EAL's telemetry thread outlives the workers whose counters it reads. */
	ts_telemetry_register(NULL);
	ts_ctlsock_free(c->ctlsock);
}

static const struct step steps[] = {
	{start_eal, stop_eal},
	{start_ports, stop_ports},
	{start_twins, stop_twins},
	{start_tables, stop_tables},
	{ts_observer_start, ts_observer_stop},
	{ts_workers_create, ts_workers_free},
	{start_publisher, stop_publisher},
	{start_local, stop_local},
	{start_mirror, stop_mirror},
	{start_fpm, stop_fpm},
	{ts_workers_start, ts_workers_stop},
	{start_punter, stop_punter},
	{start_health, stop_health},
	{start_watches, ts_watches_stop},
	{ts_sflow_start, ts_sflow_stop},
	{ts_path_rtt_start, ts_path_rtt_stop},
	{start_ctlsock, stop_ctlsock},
	{ts_status_start, ts_status_stop},
	{ts_metrics_start, ts_metrics_stop},
	{ts_http_start, ts_http_stop},
};

static void
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int
ts_control_start(struct ts_control *c, char *err, size_t err_len)
{
	block_signals();
	for (steps_done = 0; steps_done < RTE_DIM(steps); steps_done++) {
		if (steps[steps_done].start(c, err, err_len) == 0)
			continue;
		ts_control_stop(c);
		return -1;
	}
	ts_dpdk_log_show();
	ts_privileges_keep_network();
	return 0;
}

void
ts_control_stop(struct ts_control *c)
{
	ts_announcer_free(c->announcer);
	c->announcer = NULL;
	while (steps_done > 0)
		steps[--steps_done].stop(c);
}
