/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order is: bring the idle FIB up to date, hand out a version that points to it, start the grace period after the
 * last worker was handed it, and when it is over free what only the former version used and bring the other FIB up to
 * date. A thread that is offline in QSBR holds nothing up: before it uses tables again it drains its command ring.
 *
 * Writing to FIBs goes in steps of STEP_US, so that a full table keeps the control thread from nothing else, and what
 * takes longer than BATCH_US is published in parts. After each version the workers' caches hold the other FIB: versions
 * that only routes ask for come every SWAP_MS in the long run, SWAPS of them at once.
 */
#include "publish.h"

#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define SYNC_LIMIT_S 2
#define STEP_US 2000
#define STEP_PREFIXES 64 /* between two looks at the clock */
#define BATCH_US 50000
#define SWAP_MS 10
#define SWAPS 8

enum phase {
	IDLE,
	APPLYING, /* to the idle FIB, before it is published */
	SENDING,  /* some worker's command ring was full */
	GRACE,
	CATCHING_UP, /* the same to the other one */
};

struct ts_publisher {
	struct ts_rib *rib;
	struct ts_nexthops *nexthops;
	const struct ts_ifaces *ifaces;
	struct ts_worker *const *workers;
	unsigned n_workers;
	struct rte_rcu_qsbr *qsbr; /* NULL: nobody reads, every grace period is over at once */

	enum phase phase;
	bool sent[TS_MAX_WORKERS];
	uint64_t token;
	bool swapped;		     /* in GRACE: of a version with the other FIB, not only for adjacencies or ids */
	unsigned fib;		     /* the published one */
	uint64_t began;		     /* APPLYING, CATCHING_UP: TSC */
	uint64_t swaps_allowed_from; /* TSC; may lie SWAPS intervals back */
	uint64_t swapped_at, grace_began; /* TSC */
	uint64_t grace_last, grace_max;	  /* cycles */
	struct ts_tables *now, *former;
	struct ts_services *services_next; /* NULL: as they are */
	void (*free_services)(struct ts_services *);
};

struct ts_publisher *
ts_publisher_create(struct ts_rib *rib, struct ts_nexthops *nexthops, const struct ts_ifaces *ifaces,
	struct ts_worker *const *workers, unsigned n_workers, struct rte_rcu_qsbr *qsbr)
{
	struct ts_publisher *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->rib = rib;
	p->nexthops = nexthops;
	p->ifaces = ifaces;
	p->workers = workers;
	p->n_workers = n_workers;
	p->qsbr = qsbr;
	return p;
}

void
ts_publish_services(struct ts_publisher *p, struct ts_services *s, void (*free_fn)(struct ts_services *))
{
	/* No worker has seen what is still to be published. */
	if (p->services_next != NULL)
		p->free_services(p->services_next);
	p->services_next = s;
	p->free_services = free_fn;
}

/* What does not wait for its turn. */
static bool
is_urgent(const struct ts_publisher *p)
{
	return p->services_next != NULL || ts_adjacencies_dirty(p->nexthops);
}

static bool
needs_version(const struct ts_publisher *p)
{
	return p->now == NULL || is_urgent(p) || ts_rib_dirty(p->rib, p->fib);
}

static struct ts_tables *
new_tables(const struct ts_publisher *p)
{
	struct ts_tables *t = rte_zmalloc("ts_tables", sizeof(*t), RTE_CACHE_LINE_SIZE);

	if (t == NULL)
		return NULL;
	if (p->now != NULL)
		*t = *p->now;
	t->nexthops = ts_nexthop_array(p->nexthops);
	t->alone = ts_nexthop_alone(p->nexthops);
	t->ifaces = p->ifaces->dp;
	t->port_map = p->ifaces->port_map;
	t->n_ifaces = p->ifaces->n;
	t->version++;
	return t;
}

static bool
choose_adjacencies(struct ts_publisher *p, struct ts_tables *t)
{
	if (p->now == NULL || ts_adjacencies_dirty(p->nexthops))
		t->adjacencies = ts_adjacencies_snapshot(p->nexthops);
	return t->adjacencies != NULL;
}

/* Everything or nothing: what is missing memory is tried again at the next poll. */
static bool
build(struct ts_publisher *p, unsigned fib)
{
	struct ts_tables *t = new_tables(p);

	if (t == NULL)
		return false;
	if (!choose_adjacencies(p, t)) {
		rte_free(t);
		return false;
	}
	t->fib4 = ts_rib_fib4(p->rib, fib);
	t->fib6 = ts_rib_fib6(p->rib, fib);
	if (p->services_next != NULL) {
		t->services = p->services_next;
		p->services_next = NULL;
	}
	ts_rib_published(p->rib, fib);
	p->swapped = p->now == NULL || fib != p->fib;
	if (p->swapped)
		p->swapped_at = rte_rdtsc();
	p->fib = fib;
	p->former = p->now;
	p->now = t;
	for (unsigned i = 0; i < p->n_workers; i++)
		p->sent[i] = false;
	return true;
}

static bool
hand_out(struct ts_publisher *p)
{
	struct ts_command command = {.type = TS_COMMAND_TABLES, .tables = p->now};
	bool all = true;

	for (unsigned i = 0; i < p->n_workers; i++) {
		if (!p->sent[i])
			p->sent[i] = rte_ring_enqueue_elem(
					     ts_worker_commands(p->workers[i]), &command, sizeof(command)) == 0;
		all &= p->sent[i];
	}
	return all;
}

static void
start_grace(struct ts_publisher *p)
{
	if (p->qsbr != NULL)
		p->token = rte_rcu_qsbr_start(p->qsbr);
	p->grace_began = rte_rdtsc();
	p->phase = GRACE;
}

static bool
grace_over(const struct ts_publisher *p)
{
	return p->qsbr == NULL || rte_rcu_qsbr_check(p->qsbr, p->token, false) == 1;
}

/* No worker has the former version any more: free what only that one used. */
static void
free_former(struct ts_publisher *p)
{
	struct ts_tables *old = p->former;

	p->former = NULL;
	if (old == NULL)
		return;
	if (old->adjacencies != p->now->adjacencies)
		ts_adjacencies_free((struct ts_adjacency *)(uintptr_t)old->adjacencies);
	if (old->services != p->now->services && old->services != NULL)
		p->free_services((struct ts_services *)(uintptr_t)old->services);
	rte_free(old);
}

static void
finish_grace(struct ts_publisher *p)
{
	free_former(p);
	ts_nexthops_grace(p->nexthops);
	p->phase = p->swapped ? CATCHING_UP : IDLE;
	p->swapped = false;
	p->began = rte_rdtsc();
	p->grace_last = p->began - p->grace_began;
	p->grace_max = RTE_MAX(p->grace_max, p->grace_last);
}

static uint64_t
cycles(uint64_t us)
{
	return rte_get_tsc_hz() / 1000000 * us;
}

/* The workers have the other FIB or none, so the idle one may be written to. True when that is done, or enough. */
static bool
apply(const struct ts_publisher *p)
{
	uint64_t now = rte_rdtsc(), until = now + cycles(STEP_US);
	unsigned idle = ts_rib_idle(p->rib);

	while (ts_rib_dirty(p->rib, idle)) {
		ts_rib_apply_step(p->rib, idle, STEP_PREFIXES);
		now = rte_rdtsc();
		if (now > until)
			return p->qsbr != NULL && now - p->began > cycles(BATCH_US);
	}
	return true;
}

static bool
may_swap(struct ts_publisher *p)
{
	uint64_t now = rte_rdtsc(), earliest = now - SWAPS * cycles(SWAP_MS * 1000);

	if (p->swaps_allowed_from < earliest)
		p->swaps_allowed_from = earliest;
	if (p->now != NULL && p->swaps_allowed_from + cycles(SWAP_MS * 1000) > now)
		return false;
	p->swaps_allowed_from += cycles(SWAP_MS * 1000);
	return true;
}

/* Ids given back wait for grace periods also when there is nothing to publish. */
static void
start(struct ts_publisher *p)
{
	if ((p->now == NULL || ts_rib_dirty(p->rib, p->fib)) && may_swap(p)) {
		p->phase = APPLYING;
		p->began = rte_rdtsc();
	} else if (p->now != NULL && is_urgent(p)) {
		if (build(p, p->fib))
			p->phase = SENDING;
	} else if (ts_nexthops_dying(p->nexthops)) {
		start_grace(p);
	}
}

bool
ts_publish_poll(struct ts_publisher *p)
{
	if (p->phase == IDLE)
		start(p);
	if (p->phase == APPLYING && apply(p) && build(p, ts_rib_idle(p->rib)))
		p->phase = SENDING;
	if (p->phase == SENDING && hand_out(p))
		start_grace(p);
	if (p->phase == GRACE && grace_over(p))
		finish_grace(p);
	if (p->phase == CATCHING_UP && apply(p))
		p->phase = IDLE;
	return p->phase != IDLE || needs_version(p);
}

bool
ts_publish_busy(const struct ts_publisher *p)
{
	return p->phase == APPLYING || p->phase == CATCHING_UP;
}

static uint64_t
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

void
ts_publish_sync(struct ts_publisher *p)
{
	uint64_t limit = now_s() + SYNC_LIMIT_S;

	while (ts_publish_poll(p) || ts_nexthops_dying(p->nexthops)) {
		if (ts_publish_busy(p))
			limit = now_s() + SYNC_LIMIT_S;
		else if (now_s() > limit)
			return;
		rte_pause();
	}
}

uint64_t
ts_publish_version(const struct ts_publisher *p)
{
	return p->now != NULL ? p->now->version : 0;
}

const struct ts_services *
ts_publish_current(const struct ts_publisher *p)
{
	if (p->services_next != NULL)
		return p->services_next;
	return p->now != NULL ? p->now->services : NULL;
}

static uint64_t
microseconds(uint64_t tsc)
{
	return (uint64_t)((double)tsc * 1e6 / (double)rte_get_tsc_hz());
}

void
ts_publish_stats(const struct ts_publisher *p, struct ts_publish_stats *out)
{
	out->routes_age_us = p->swapped_at == 0 ? 0 : microseconds(rte_rdtsc() - p->swapped_at);
	out->grace_us = microseconds(p->grace_last);
	out->grace_max_us = microseconds(p->grace_max);
}

unsigned
ts_publish_workers(const struct ts_publisher *p)
{
	return p->n_workers;
}

void
ts_publisher_free(struct ts_publisher *p)
{
	if (p == NULL)
		return;
	if (p->services_next != NULL)
		p->free_services(p->services_next);
	if (p->now != NULL) {
		free_former(p);
		ts_adjacencies_free((struct ts_adjacency *)(uintptr_t)p->now->adjacencies);
		if (p->now->services != NULL)
			p->free_services((struct ts_services *)(uintptr_t)p->now->services);
		rte_free(p->now);
	}
	free(p);
}
