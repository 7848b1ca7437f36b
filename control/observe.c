/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers hold a pointer to the plan that they were given last; a plan is written over only when all of them have taken
 * the one after it. While nothing is asked for they have none.
 */
#include "observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#define BATCH 32u /* of one worker and turn: none keeps the others waiting */

struct ts_observer {
	struct ts_observe plan;	    /* what is wanted */
	struct ts_observe given[2]; /* by turns */
	unsigned turn;
	bool waiting;			/* the plan has changed */
	uint64_t loops[TS_MAX_WORKERS]; /* of each worker when it was given the last one */
	struct rte_mempool *pool[TS_MAX_WORKERS];
	struct ts_handshakes handshakes;
	struct {
		ts_observed_fn fn;
		void *arg;
	} takers[TS_OBSERVED_HANDSHAKE + 1];
};

static struct rte_mempool *
make_pool(unsigned worker)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	int node = rte_eal_has_hugepages() ? (int)rte_lcore_to_socket_id(worker + 1) : 0;

	snprintf(name, sizeof(name), "ts_observe_%u", worker);
	/* Of the kind that pools.c says why. */
	return rte_pktmbuf_pool_create_by_ops(name, TS_OBSERVATIONS, 0, RTE_ALIGN(sizeof(struct ts_observation), 8),
		RTE_PKTMBUF_HEADROOM + TS_OBSERVE_SNAP_MAX, node, "ring_mt_rts");
}

int
ts_observer_start(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_observer *o = calloc(1, sizeof(*o));
	bool ok = o != NULL;

	c->observer = o;
	for (unsigned i = 0; ok && i < c->cfg.workers.n_cpus; i++) {
		o->pool[i] = make_pool(i);
		ok = o->pool[i] != NULL;
	}
	if (ok && ts_observe_init() == 0)
		return 0;
	snprintf(err, err_len, "no memory to look at packets (%s); see memory.size-mb", rte_strerror(rte_errno));
	ts_observer_stop(c);
	return -1;
}

void
ts_observer_stop(struct ts_control *c)
{
	for (unsigned i = 0; c->observer != NULL && i < TS_MAX_WORKERS; i++)
		rte_mempool_free(c->observer->pool[i]);
	free(c->observer);
	c->observer = NULL;
}

struct rte_mempool *
ts_observer_pool(const struct ts_observer *o, unsigned worker)
{
	return o->pool[worker];
}

struct ts_handshakes *
ts_observer_handshakes(struct ts_observer *o)
{
	return &o->handshakes;
}

struct ts_observe *
ts_observer_plan(struct ts_observer *o)
{
	return &o->plan;
}

void
ts_observer_apply(struct ts_observer *o)
{
	o->waiting = true;
}

void
ts_observer_take(struct ts_observer *o, enum ts_observation_kind kind, ts_observed_fn fn, void *arg)
{
	o->takers[kind].fn = fn;
	o->takers[kind].arg = arg;
}

static bool
anything_wanted(const struct ts_observe *plan)
{
	bool wanted = plan->sample_every != 0 || plan->trace || plan->handshakes || plan->capture_stations != 0;

	for (unsigned i = 0; i < RTE_DIM(plan->capture_drops); i++)
		wanted |= plan->capture_drops[i] != 0;
	return wanted;
}

/* A turn takes all commands: after two of them the last one has been taken whole. */
static bool
all_have_it(const struct ts_control *c)
{
	struct ts_worker_stats st;

	for (unsigned i = 0; i < c->n_workers && c->observer->turn != 0; i++) {
		ts_worker_stats(c->workers[i], &st);
		if (st.loops - c->observer->loops[i] < 2)
			return false;
	}
	return true;
}

static void
hand_out(struct ts_control *c)
{
	struct ts_observer *o = c->observer;
	struct ts_observe *now = &o->given[o->turn++ % RTE_DIM(o->given)];
	struct ts_command command = {.type = TS_COMMAND_OBSERVE};

	*now = o->plan;
	command.observe = anything_wanted(now) ? now : NULL;
	o->waiting = false;
	for (unsigned i = 0; i < c->n_workers; i++) {
		struct ts_worker_stats st;

		/* Full: the worker hangs; what it holds must stay, so the whole is tried again. */
		o->waiting |= rte_ring_sp_enqueue_elem(ts_worker_commands(c->workers[i]), &command, sizeof(command)) !=
			0;
		ts_worker_stats(c->workers[i], &st);
		o->loops[i] = st.loops;
	}
}

static void
deliver(struct ts_observer *o, struct rte_mbuf *m)
{
	const struct ts_observation *seen = rte_mbuf_to_priv(m);

	if (seen->kind < RTE_DIM(o->takers) && o->takers[seen->kind].fn != NULL)
		o->takers[seen->kind].fn(
			seen, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, o->takers[seen->kind].arg);
	rte_pktmbuf_free(m);
}

bool
ts_observer_poll(struct ts_control *c)
{
	struct ts_observer *o = c->observer;
	bool more = false;

	if (o->waiting && all_have_it(c))
		hand_out(c);
	for (unsigned i = 0; i < c->n_workers; i++) {
		void *batch[BATCH];
		unsigned n = rte_ring_sc_dequeue_burst(ts_worker_observations(c->workers[i]), batch, BATCH, NULL);

		for (unsigned j = 0; j < n; j++)
			deliver(o, batch[j]);
		more |= n == BATCH;
	}
	return more;
}
