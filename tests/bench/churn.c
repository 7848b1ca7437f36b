/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounds of two halves, each long enough for several versions of the tables: after each version the worker's caches
 * hold the FIB that it has just left, which is most of what it costs. Between the halves the changes are let run out,
 * the worker turning all the while, because the grace periods need it.
 */
#include "churn.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define ROUNDS 20
#define HALF_MS 50
#define CHANGES_PER_S 210000
#define BATCH 256 /* changes between two steps of the publisher */

enum order { REST, CHANGE, END };

struct churner {
	const struct bench_churn_tables *t;
	struct ts_publisher *publisher;
	struct rte_rcu_qsbr *qsbr;
	_Atomic enum order order;
	atomic_bool resting;
	uint64_t random, began, tsc; /* `tsc`: spent changing */
	uint64_t changes, of_this_turn;
};

static void
change_one(struct churner *c)
{
	const struct bench_churn_tables *t = c->t;
	uint64_t x = bench_random(&c->random);
	bool v6 = x % 5 == 0;
	const struct bench_route *r = v6 ? &t->routes->v6[(x >> 8) % t->routes->n_v6]
					 : &t->routes->v4[(x >> 8) % t->routes->n_v4];
	uint32_t nh = (v6 ? t->nh6 : t->nh4)[(x >> 40) % t->n_nh];

	ts_nexthop_hold(t->nexthops, nh);
	if (ts_rib_set(t->rib, r->family, r->prefix, r->len, TS_ORIGIN_KERNEL, 0, nh, 1) != 0) {
		fprintf(stderr, "bench: a change of next hop found no room\n");
		exit(2);
	}
	c->of_this_turn++;
}

static uint64_t
due(const struct churner *c)
{
	return (uint64_t)((double)(rte_rdtsc() - c->began) / (double)rte_get_tsc_hz() * CHANGES_PER_S);
}

/* Paced, so that a fast machine does not measure more than is asked for. */
static void
change_some(struct churner *c)
{
	uint64_t wanted = due(c);

	for (unsigned i = 0; i < BATCH && c->of_this_turn < wanted; i++)
		change_one(c);
}

static void
start_changing(struct churner *c)
{
	c->began = rte_rdtsc();
	c->of_this_turn = 0;
	atomic_store(&c->resting, false);
}

/* Nothing is left to be written: what was changed is in both FIBs. */
static void
come_to_rest(struct churner *c)
{
	while (ts_publish_poll(c->publisher))
		rte_pause();
	c->tsc += rte_rdtsc() - c->began;
	c->changes += c->of_this_turn;
	atomic_store(&c->resting, true);
}

static void *
churn_loop(void *arg)
{
	struct churner *c = arg;
	enum order order;

	while ((order = atomic_load(&c->order)) != END) {
		if (order == CHANGE) {
			if (atomic_load(&c->resting))
				start_changing(c);
			change_some(c);
			ts_publish_poll(c->publisher);
		} else if (!atomic_load(&c->resting)) {
			come_to_rest(c);
		} else {
			rte_pause();
		}
	}
	return NULL;
}

/* On any CPU but this one. */
static bool
start_thread(pthread_t *thread, struct churner *c)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int here = sched_getcpu(), ret;

	CPU_ZERO(&cpus);
	for (int i = 0; i < sysconf(_SC_NPROCESSORS_ONLN) && i < CPU_SETSIZE; i++)
		if (i != here)
			CPU_SET(i, &cpus);
	pthread_attr_init(&attr);
	ret = CPU_COUNT(&cpus) == 0 || pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus) != 0 ||
		pthread_create(thread, &attr, churn_loop, c) != 0;
	pthread_attr_destroy(&attr);
	return ret == 0;
}

static unsigned
turn(struct churner *c, struct ts_worker *w)
{
	unsigned n = ts_worker_poll(w, rte_rdtsc());

	rte_rcu_qsbr_quiescent(c->qsbr, 0);
	return n;
}

/* Cycles per packet. */
static double
half(struct churner *c, struct ts_worker *w)
{
	uint64_t start = rte_rdtsc(), end = start + rte_get_tsc_hz() / 1000 * HALF_MS, now, n = 0;

	do {
		n += turn(c, w);
		now = rte_rdtsc();
	} while (now < end);
	return n != 0 ? (double)(now - start) / (double)n : 0;
}

static double
idle_half(struct churner *c, struct ts_worker *w)
{
	atomic_store(&c->order, REST);
	while (!atomic_load(&c->resting))
		turn(c, w);
	return half(c, w);
}

static double
churn_half(struct churner *c, struct ts_worker *w)
{
	atomic_store(&c->order, CHANGE);
	while (atomic_load(&c->resting))
		turn(c, w);
	return half(c, w);
}

static long
preemptions(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

static int
by_double(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static void
measure(struct bench_churn *out, struct churner *c, struct ts_worker *w)
{
	double idle[ROUNDS], churn[ROUNDS], ratio[ROUNDS];

	idle_half(c, w); /* warms up */
	for (unsigned i = 0; i < ROUNDS; i++) {
		long before = preemptions();

		idle[i] = idle_half(c, w);
		churn[i] = churn_half(c, w);
		ratio[i] = churn[i] / idle[i];
		out->disturbed += preemptions() != before;
	}
	idle_half(c, w);
	qsort(idle, ROUNDS, sizeof(double), by_double);
	qsort(churn, ROUNDS, sizeof(double), by_double);
	qsort(ratio, ROUNDS, sizeof(double), by_double);
	out->idle_min = idle[0];
	out->idle_median = idle[ROUNDS / 2];
	out->churn_min = churn[0];
	out->churn_median = churn[ROUNDS / 2];
	out->ratio_median = ratio[ROUNDS / 2];
	out->rounds = ROUNDS;
}

/* The services belong to the publisher of before. */
static void
keep(struct ts_services *s)
{
	(void)s;
}

static void
take_over(struct churner *c, struct ts_worker **worker)
{
	const struct bench_churn_tables *t = c->t;

	c->qsbr = bench_must(rte_zmalloc("churn", rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE));
	rte_rcu_qsbr_init(c->qsbr, 1);
	c->publisher = bench_must(ts_publisher_create(t->rib, t->nexthops, t->ifaces, worker, 1, c->qsbr));
	ts_publish_services(c->publisher, (struct ts_services *)(uintptr_t)ts_publish_current(t->before), keep);
	rte_rcu_qsbr_thread_register(c->qsbr, 0);
	rte_rcu_qsbr_thread_online(c->qsbr, 0);
	while (ts_publish_poll(c->publisher))
		turn(c, *worker);
}

bool
bench_churn(struct bench_churn *out, const struct bench_churn_tables *t, struct ts_worker *worker)
{
	struct churner c = {.t = t, .order = REST, .resting = true, .random = BENCH_SEED};
	uint64_t first;
	pthread_t thread;

	*out = (struct bench_churn){0};
	take_over(&c, &worker);
	first = ts_publish_version(c.publisher);
	if (!start_thread(&thread, &c))
		return false;
	measure(out, &c, worker);
	atomic_store(&c.order, END);
	pthread_join(thread, NULL);
	out->versions = (unsigned)(ts_publish_version(c.publisher) - first);
	out->changes_per_s = (double)c.changes / ((double)c.tsc / (double)rte_get_tsc_hz());
	rte_rcu_qsbr_thread_offline(c.qsbr, 0);
	rte_rcu_qsbr_thread_unregister(c.qsbr, 0);
	/* The worker goes on holding the last version. */
	return true;
}

void
bench_churn_print(const char *row, const struct bench_churn *c)
{
	printf("%s while routes change, %.0f/s, %u versions: %.1f cycles at best (%.1f idle), median %.1f (%.1f), "
	       "x idle %.3f; %u of %u rounds disturbed%s\n",
		row, c->changes_per_s, c->versions, c->churn_min, c->idle_min, c->churn_median, c->idle_median,
		c->ratio_median, c->disturbed, c->rounds,
		c->changes_per_s < BENCH_CHURN_WANTED ? "; too few changes, the other CPU was busy" : "");
}

json_t *
bench_churn_json(const char *row, const struct bench_churn *c)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-churn", row);
	return json_pack("{s:s s:f s:f s:f s:f s:f s:f s:f s:I s:I}", "name", name, "cycles_min", c->churn_min,
		"cycles_median", c->churn_median, "idle_cycles_min", c->idle_min, "idle_cycles_median", c->idle_median,
		"ratio_idle_min", c->churn_min / c->idle_min, "ratio_idle_median", c->ratio_median,
		"route_changes_per_s", c->changes_per_s, "rounds", (json_int_t)c->rounds, "rounds_disturbed",
		(json_int_t)c->disturbed);
}
