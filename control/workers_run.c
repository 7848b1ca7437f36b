/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers' life as control sees it: made before the tables are published to them, launched on their lcores, stopped
 * by a command, freed when nothing refers to them any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_malloc.h>

#include "daemon.h"
#include "log.h"
#include "observe.h"
#include "privileges.h"

#define WORKER_PATIENCE_S 5

void
ts_workers_free(struct ts_control *c)
{
	while (c->n_workers > 0)
		ts_worker_free(c->workers[--c->n_workers]);
	rte_free(c->qsbr);
	c->qsbr = NULL;
}

static int
create_qsbr(struct ts_control *c)
{
	size_t size = rte_rcu_qsbr_get_memsize(c->cfg.workers.n_cpus);

	c->qsbr = rte_zmalloc("ts_qsbr", size, RTE_CACHE_LINE_SIZE);
	return c->qsbr == NULL ? -1 : rte_rcu_qsbr_init(c->qsbr, c->cfg.workers.n_cpus);
}

static int
create_one(struct ts_control *c, unsigned id, char *err, size_t err_len)
{
	struct ts_worker_conf conf;

	ts_ports_worker_conf(&c->cfg, &c->ports, id, &conf);
	conf.qsbr = c->qsbr;
	conf.observe_pool = ts_observer_pool(c->observer, id);
	conf.handshakes = ts_observer_handshakes(c->observer);
	if (getrandom(&conf.seed, sizeof(conf.seed), 0) != sizeof(conf.seed)) {
		snprintf(err, err_len, "no random numbers: %s", strerror(errno));
		return -1;
	}
	c->workers[id] = ts_worker_create(&conf, err, err_len);
	if (c->workers[id] == NULL)
		return -1;
	c->n_workers = id + 1;
	return 0;
}

int
ts_workers_create(struct ts_control *c, char *err, size_t err_len)
{
	int ret = 0;

	if (create_qsbr(c) != 0) {
		snprintf(err, err_len, "no memory for workers; see memory.size-mb");
		ret = -1;
	}
	for (unsigned i = 0; ret == 0 && i < c->cfg.workers.n_cpus; i++)
		ret = create_one(c, i, err, err_len);
	if (ret == 0)
		ret = ts_workers_connect(c->workers, c->n_workers, err, err_len);
	if (ret != 0)
		ts_workers_free(c);
	return ret;
}

/* A worker handles packets of strangers: no privilege. */
static int
worker_main(void *worker)
{
	ts_privileges_drop_all();
	return ts_worker_loop(worker);
}

/* Leave the loops. A worker that does not within seconds is stuck in a driver, and nothing can be freed under it. */
void
ts_workers_stop(struct ts_control *c)
{
	struct ts_command stop = {.type = TS_COMMAND_STOP};
	uint64_t limit = rte_get_tsc_cycles() + WORKER_PATIENCE_S * rte_get_tsc_hz();

	for (unsigned i = 0; i < c->n_workers; i++) {
		while (rte_eal_get_lcore_state(i + 1) == RUNNING && rte_get_tsc_cycles() < limit &&
			rte_ring_sp_enqueue_elem(ts_worker_commands(c->workers[i]), &stop, sizeof(stop)) != 0)
			rte_delay_us_sleep(100);
		while (rte_eal_get_lcore_state(i + 1) == RUNNING && rte_get_tsc_cycles() < limit)
			rte_delay_us_sleep(100);
		if (rte_eal_get_lcore_state(i + 1) == RUNNING) {
			ts_log("worker %u does not stop; giving up", i);
			_exit(EXIT_FAILURE);
		}
		rte_eal_wait_lcore(i + 1);
	}
}

/* QSBR knows a worker only from its first turn on; a version freed before that could still be in its command ring. */
static bool
worker_turns(struct ts_worker *w, uint64_t limit)
{
	struct ts_worker_stats stats;

	do {
		ts_worker_stats(w, &stats);
		if (stats.loops != 0)
			return true;
		rte_delay_us_sleep(100);
	} while (rte_get_tsc_cycles() < limit);
	return false;
}

int
ts_workers_start(struct ts_control *c, char *err, size_t err_len)
{
	uint64_t limit = rte_get_tsc_cycles() + WORKER_PATIENCE_S * rte_get_tsc_hz();

	ts_publish_sync(c->publisher);
	for (unsigned i = 0; i < c->n_workers; i++)
		rte_eal_remote_launch(worker_main, c->workers[i], i + 1);
	for (unsigned i = 0; i < c->n_workers; i++) {
		if (worker_turns(c->workers[i], limit))
			continue;
		snprintf(err, err_len, "worker %u on CPU %u does not run", i, c->cfg.workers.cpus[i]);
		ts_workers_stop(c);
		return -1;
	}
	return 0;
}
