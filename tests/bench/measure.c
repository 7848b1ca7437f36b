/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounds of all rows interleaved, because the machine's speed drifts. With two workers each turn is measured with one
 * alone, then with both at the same time: what they take from each other is then theirs, not the machine's.
 *
 * ratio_min is the ratio of the two minima: the least of the ratios within the rounds would be that of the round in
 * which the floor was disturbed most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "attack.h"
#include "bench.h"

#define TRIES 4
#define ROUNDS_MIN 3

/* One worker's turn: what to do, when it was, and how often the kernel gave its CPU to somebody else. */
struct turn {
	const struct row *row;
	unsigned side;
	size_t packets;
	unsigned *ready; /* ends that have arrived; NULL: nobody to wait for */
	uint64_t start, end;
	long switches;
};

static void
run_io(const struct row *r, unsigned side, size_t packets)
{
	struct rte_mbuf *pkts[TS_BURST_MAX];

	for (size_t done = 0; done < packets;) {
		uint16_t n = rte_eth_rx_burst(r->end[side].port, 0, pkts, (uint16_t)b.opt.burst),
			 sent = rte_eth_tx_burst(b.null_port, (uint16_t)side, pkts, n);

		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
		done += n;
	}
}

static void
run(const struct row *r, unsigned side, size_t packets)
{
	if (r->io) {
		run_io(r, side, packets);
		return;
	}
	for (size_t done = 0; done < packets;)
		done += ts_worker_poll(r->end[side].worker, rte_rdtsc());
}

static long
preemptions(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

static int
take_turn(void *arg)
{
	struct turn *t = arg;
	long before;

	if (t->ready != NULL) {
		__atomic_add_fetch(t->ready, 1, __ATOMIC_ACQ_REL);
		while (__atomic_load_n(t->ready, __ATOMIC_ACQUIRE) < BENCH_WORKERS)
			;
	}
	before = preemptions();
	t->start = rte_rdtsc();
	run(t->row, t->side, t->packets);
	t->end = rte_rdtsc();
	t->switches = preemptions() - before;
	return 0;
}

/* Cycles per packet of one worker, from the first start to the last end. */
static double
together(const struct row *r, long *switches)
{
	unsigned ready = 0;
	struct turn t[BENCH_WORKERS];

	for (unsigned i = 0; i < BENCH_WORKERS; i++)
		t[i] = (struct turn){.row = r, .side = i, .packets = SLICE, .ready = &ready};
	if (rte_eal_remote_launch(take_turn, &t[1], rte_get_next_lcore(-1, 1, 0)) != 0)
		bench_die("the second worker");
	take_turn(&t[0]);
	rte_eal_mp_wait_lcore();
	*switches = t[0].switches + t[1].switches;
	return (double)(RTE_MAX(t[0].end, t[1].end) - RTE_MIN(t[0].start, t[1].start)) / SLICE;
}

static double
alone(const struct row *r, long *switches)
{
	struct turn t = {.row = r, .packets = SLICE};

	take_turn(&t);
	*switches = t.switches;
	return (double)(t.end - t.start) / SLICE;
}

static bool
past(double share_of_time)
{
	return (double)(rte_rdtsc() - b.started) > share_of_time * b.opt.seconds * (double)rte_get_tsc_hz();
}

/*
 * What was preempted is measured again, a few times; then it stands, and counts as disturbed. Once when half of the
 * time is over: a machine that is busy stays so, and there have to be some rounds.
 */
static double
undisturbed(struct row *r, double (*measure)(const struct row *, long *))
{
	double cycles = 0;
	long switches = 1;

	for (unsigned i = 0; switches != 0 && i < (past(0.5) ? 1 : TRIES); i++)
		cycles = measure(r, &switches);
	r->disturbed += switches != 0;
	r->switches += (unsigned long)switches;
	return cycles;
}

static void
measure_row(struct row *r, size_t round)
{
	r->cycles[round] = undisturbed(r, alone);
	if (b.opt.workers > 1) {
		r->one[round] = r->cycles[round];
		r->cycles[round] = undisturbed(r, together);
		r->speedup[round] = BENCH_WORKERS * r->one[round] / r->cycles[round];
	}
	r->ratio[round] = r->cycles[round] / r->floor->cycles[round];
}

static void
name_drops(const struct row *r, const uint64_t *counters)
{
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && counters[i] != 0)
			fprintf(stderr, "bench: %s: %s %lu\n", r->name, ts_counter_info[i].name, counters[i]);
}

/* A lane that dropped its packets has measured nothing. */
static void
check_forwarded(const struct row *r, unsigned side)
{
	struct ts_worker_stats s;

	ts_worker_stats(r->end[side].worker, &s);
	if (r->attack) {
		if (!bench_attack_held(&s, ts_local_teredo(b.local), &b.cfg, stdout))
			bench_die("the relay did not hold");
		return;
	}
	if (s.counters[TS_C_tx_packets] == s.counters[TS_C_rx_packets] &&
		s.counters[r->counts] == s.counters[TS_C_rx_packets])
		return;
	name_drops(r, s.counters);
	bench_die("packets were not forwarded");
}

static void
check_all(void)
{
	for (unsigned i = 0; i < n_rows; i++)
		for (unsigned side = 0; side < b.opt.workers && !rows[i].io; side++)
			check_forwarded(&rows[i], side);
}

void
bench_measure(void)
{
	for (unsigned i = 0; i < n_rows; i++) /* warms up; the first round writes over it */
		measure_row(&rows[i], 0);
	for (unsigned i = 0; i < n_rows; i++)
		rows[i].disturbed = 0, rows[i].switches = 0;
	for (size_t round = 0; round < b.opt.rounds; round++) {
		for (unsigned i = 0; i < n_rows; i++)
			measure_row(&rows[i], round);
		if (round + 1 >= ROUNDS_MIN && past(1))
			b.opt.rounds = round + 1;
	}
	check_all();
}

/* A function of its own, and never inlined: callgrind collects while it runs, and dumps when it returns. */
static __attribute__((noinline)) void
bench_counted(const struct row *r)
{
	run(r, 0, b.opt.count);
	__asm__ volatile("" ::: "memory");
}

void
bench_count(void)
{
	for (unsigned i = 0; i < n_rows; i++) {
		run(&rows[i], 0, RTE_MAX(b.opt.count, (unsigned)rows[i].packets));
		bench_counted(&rows[i]);
		printf("counted %s %u\n", rows[i].name, b.opt.count);
	}
	check_all();
}
