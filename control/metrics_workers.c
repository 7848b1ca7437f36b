/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers are doing. Load and burst fill are left to whoever asks: counters of cycles, turns and packets
 * give them over any time (config/prometheus/tsunagi.rules.yml has the expressions).
 */
#include <stdio.h>

#include <rte_cycles.h>

#include "control/metrics.h"
#include "control/show.h"

static const char *const mech_names[TS_N_MECHS] = {"6to4", "6rd", "isatap", "teredo"};
static const char *const direction_names[TS_N_DIRECTIONS] = {"encap", "decap"};

static void
worker_uint(struct ts_metrics *m, const struct ts_worker_stats *st, uint64_t value)
{
	ts_metrics_sample(m);
	ts_metrics_label_uint(m, "worker", st->id);
	ts_metrics_uint(m, value);
}

static void
worker_real(struct ts_metrics *m, const struct ts_worker_stats *st, double value)
{
	ts_metrics_sample(m);
	ts_metrics_label_uint(m, "worker", st->id);
	ts_metrics_real(m, value);
}

static void
turns(struct ts_metrics *m, const struct ts_worker_stats *st, unsigned n)
{
	double hz = (double)rte_get_tsc_hz();

	ts_metrics_family(m, TS_METRIC_COUNTER, "worker_turns", "turns of the worker's loop");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].loops);
	ts_metrics_family(m, TS_METRIC_COUNTER, "worker_busy_turns", "turns that found packets");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].busy_loops);
	ts_metrics_family(m, TS_METRIC_COUNTER, "worker_seconds", "time that the worker has been running");
	for (unsigned i = 0; i < n; i++)
		worker_real(m, &st[i], hz > 0 ? (double)st[i].cycles / hz : 0);
	ts_metrics_family(m, TS_METRIC_COUNTER, "worker_busy_seconds", "time spent in turns that found packets");
	for (unsigned i = 0; i < n; i++)
		worker_real(m, &st[i], hz > 0 ? (double)st[i].busy_cycles / hz : 0);
}

static void
state(struct ts_metrics *m, const struct ts_worker_stats *st, unsigned n)
{
	ts_metrics_family(m, TS_METRIC_GAUGE, "worker_age_seconds", "time since the worker's last turn ended");
	for (unsigned i = 0; i < n; i++)
		worker_real(m, &st[i], (double)ts_worker_age_us(&st[i]) / 1e6);
	ts_metrics_family(m, TS_METRIC_GAUGE, "worker_table_version", "version of the tables that the worker uses");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].table_version);
	ts_metrics_family(m, TS_METRIC_INFO, "worker", "CPU of the worker and the variant of its code");
	for (unsigned i = 0; i < n; i++) {
		ts_metrics_sample(m);
		ts_metrics_label_uint(m, "worker", st[i].id);
		ts_metrics_label_uint(m, "cpu", st[i].cpu);
		ts_metrics_label(m, "simd", st[i].simd != NULL ? st[i].simd : "");
		ts_metrics_uint(m, 1);
	}
}

static void
reassembly(struct ts_metrics *m, const struct ts_worker_stats *st, unsigned n)
{
	ts_metrics_family(m, TS_METRIC_GAUGE, "reassembly_datagrams", "IPv4 datagrams of which fragments are missing");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].reassembly.datagrams);
	ts_metrics_family(m, TS_METRIC_GAUGE, "reassembly_bytes", "payload of the fragments that are kept");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].reassembly.bytes);
	ts_metrics_family(m, TS_METRIC_COUNTER, "reassembly_timeouts", "datagrams given up when their time was over");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].reassembly.timeouts);
	ts_metrics_family(m, TS_METRIC_COUNTER, "reassembly_evicted", "datagrams given up to make room for others");
	for (unsigned i = 0; i < n; i++)
		worker_uint(m, &st[i], st[i].reassembly.evicted);
}

static void
add_histogram(struct ts_histogram *sum, const struct ts_histogram *one)
{
	for (unsigned i = 0; i < TS_HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += __atomic_load_n(&one->bucket[i], __ATOMIC_RELAXED);
	sum->sum += __atomic_load_n(&one->sum, __ATOMIC_RELAXED);
}

/* Over all workers: a histogram for each would be most of the page. */
static void
histograms(struct ts_metrics *m, const struct ts_worker_stats *st, unsigned n)
{
	struct ts_histogram sum;
	char labels[64];

	ts_metrics_family(m, TS_METRIC_HISTOGRAM, "tunnel_packet_size_bytes",
		"sizes of the IPv6 packets inside the tunnels, of one turn of the workers in eight");
	for (unsigned mech = 0; mech < TS_N_MECHS; mech++) {
		for (unsigned d = 0; d < TS_N_DIRECTIONS; d++) {
			sum = (struct ts_histogram){0};
			for (unsigned i = 0; i < n; i++)
				add_histogram(&sum, &st[i].histograms->size[mech][d]);
			snprintf(labels, sizeof(labels), "mechanism=\"%s\",direction=\"%s\"", mech_names[mech],
				direction_names[d]);
			ts_metrics_histogram(m, &sum, TS_HISTOGRAM_SIZE_SHIFT, 1, labels);
		}
	}
	sum = (struct ts_histogram){0};
	for (unsigned i = 0; i < n; i++)
		add_histogram(&sum, &st[i].histograms->bubble_rtt);
	ts_metrics_family(m, TS_METRIC_HISTOGRAM, "teredo_bubble_rtt_seconds",
		"time from the last bubble to a Teredo client until its answer");
	ts_metrics_histogram(m, &sum, TS_HISTOGRAM_RTT_SHIFT, 1e-6, "");
}

void
ts_metrics_workers(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_worker_stats st[TS_MAX_WORKERS];
	unsigned n = c->n_workers;

	for (unsigned i = 0; i < n; i++)
		ts_worker_stats(c->workers[i], &st[i]);
	turns(m, st, n);
	state(m, st, n);
	reassembly(m, st, n);
	if (n > 0 && st[0].histograms != NULL)
		histograms(m, st, n);
}

static void
ring(struct ts_metrics *m, unsigned worker, const char *name, unsigned value)
{
	ts_metrics_sample(m);
	ts_metrics_label_uint(m, "worker", worker);
	ts_metrics_label(m, "ring", name);
	ts_metrics_uint(m, value);
}

void
ts_metrics_rings(struct ts_metrics *m, const struct ts_control *c)
{
	static const struct {
		const char *name;
		struct rte_ring *(*get)(struct ts_worker *);
	} rings[] = {
		{"commands", ts_worker_commands},
		{"injects", ts_worker_injects},
		{"urgent_punts", ts_worker_urgent_punts},
		{"punts", ts_worker_punts},
		{"events", ts_worker_events},
	};

	ts_metrics_family(
		m, TS_METRIC_GAUGE, "ring_entries", "what waits in the rings between a worker and the others");
	for (unsigned w = 0; w < c->n_workers; w++)
		for (unsigned i = 0; i < RTE_DIM(rings); i++)
			ring(m, w, rings[i].name, rte_ring_count(rings[i].get(c->workers[w])));
	ts_metrics_family(m, TS_METRIC_GAUGE, "ring_capacity", "room of these rings");
	for (unsigned w = 0; w < c->n_workers; w++)
		for (unsigned i = 0; i < RTE_DIM(rings); i++)
			ring(m, w, rings[i].name, rte_ring_get_capacity(rings[i].get(c->workers[w])));
}
