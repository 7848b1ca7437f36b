/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_vect.h>

#include "attack.h"
#include "bench.h"
#include "churn.h"

static int
by_double(const void *x, const void *y)
{
	double a = *(const double *)x, c = *(const double *)y;

	return (a > c) - (a < c);
}

static double
median(double *values)
{
	qsort(values, b.opt.rounds, sizeof(double), by_double);
	return values[b.opt.rounds / 2];
}

static unsigned
page_kb(void)
{
	return rte_eal_has_hugepages() ? 2048 : 4;
}

static size_t
flows_of(const struct row *r)
{
	return r->packets == COLD && bench_row_has_peers(r) && b.flows != 0 ? b.flows : r->packets;
}

static void
put(json_t *o, const char *key, size_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* The point of each axis at which the row was measured. */
static void
axes_json(json_t *o, const struct row *r)
{
	put(o, "routes_v4", b.opt.routes_v4);
	put(o, "routes_v6", b.opt.routes_v6);
	put(o, "peers", bench_row_has_peers(r) ? b.opt.peers : 0);
	put(o, "frame_bytes", r->frame_bytes);
	put(o, "packets", r->packets);
	put(o, "flows", flows_of(r));
	put(o, "size", b.opt.size); /* 0: IMIX */
	put(o, "workers", b.opt.workers);
	put(o, "burst", b.opt.burst);
	put(o, "cache", b.opt.cache);
	put(o, "page_size", page_kb() * 1024);
	put(o, "simd_bits", rte_vect_get_max_simd_bitwidth());
}

/* What the second worker gave: ratio of the minima, and median of the ratios within each round. */
static void
workers_json(json_t *o, struct row *r)
{
	double one = median(r->one), both_min = r->cycles[0];

	json_object_set_new(o, "one_cycles_min", json_real(r->one[0]));
	json_object_set_new(o, "one_cycles_median", json_real(one));
	json_object_set_new(o, "speedup", json_real(BENCH_WORKERS * r->one[0] / both_min));
	json_object_set_new(o, "speedup_median", json_real(median(r->speedup)));
	printf("%-18s two workers: %.2f times one by the minima, %.2f in the middle; %lu involuntary switches\n", "",
		BENCH_WORKERS * r->one[0] / both_min, median(r->speedup), r->switches);
}

/* Floors come first in the list, so theirs are sorted already. */
static json_t *
row_json(struct row *r)
{
	double mhz = (double)rte_get_tsc_hz() / 1e6, mid = median(r->cycles), ratio = median(r->ratio);
	double least = r->cycles[0], mpps = b.opt.workers * mhz / least, ratio_min = least / r->floor->cycles[0];
	json_t *o = json_pack("{s:s s:f s:f s:f s:f s:f s:i s:i s:i}", "name", r->name, "cycles_min", least,
		"cycles_median", mid, "mpps_max", mpps, "ratio_min", ratio_min, "ratio_median", ratio, "rounds",
		(int)b.opt.rounds, "rounds_disturbed", (int)r->disturbed, "involuntary_switches", (int)r->switches);

	printf("%-18s %8.1f %8.1f %8.2f %8.2f %8.2f %6zu %8zu %9u\n", r->name, least, mid, mpps, ratio_min, ratio,
		r->frame_bytes, flows_of(r), r->disturbed);
	axes_json(o, r);
	if (b.opt.workers > 1)
		workers_json(o, r);
	if (r->attack)
		bench_attack_json(o);
	bench_load_json(&b.load, o);
	return o;
}

/* The last thing that may be done with the tables (churn.h). */
static void
add_churn(json_t *list)
{
	const struct bench_churn_tables tables = {
		b.rib, b.nexthops, &b.ifaces, b.publisher, &b.routes, b.nh4, b.nh6, N_GATEWAYS};
	struct bench_churn c;

	for (unsigned i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];
		json_t *o;

		if (r->io || r->attack || r->packets != COLD)
			continue;
		if (!bench_churn(&c, &tables, r->end[0].worker)) {
			printf("no other CPU to change routes on\n");
			return;
		}
		bench_churn_print(r->name, &c);
		o = bench_churn_json(r->name, &c);
		axes_json(o, r);
		json_array_append_new(list, o);
	}
}

void
bench_show(void)
{
	json_t *list = json_array();

	printf("TSC %.0f MHz, %u KiB pages, SIMD up to %u bits, %zu rounds of %d packets, %u worker%s\n",
		(double)rte_get_tsc_hz() / 1e6, page_kb(), rte_vect_get_max_simd_bitwidth(), b.opt.rounds, SLICE,
		b.opt.workers, b.opt.workers > 1 ? "s" : "");
	printf("%-18s %8s %8s %8s %8s %8s %6s %8s %9s\n", "row", "cyc min", "median", "Mpps max", "x io min", "median",
		"bytes", "flows", "disturbed");
	for (unsigned i = 0; i < n_rows; i++)
		json_array_append_new(list, row_json(&rows[i]));
	if (b.opt.churn)
		add_churn(list);
	if (b.opt.json != NULL && json_dump_file(list, b.opt.json, JSON_INDENT(1) | JSON_REAL_PRECISION(5)) != 0)
		bench_die(b.opt.json);
	json_decref(list);
}
