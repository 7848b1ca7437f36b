/* SPDX-License-Identifier: BSD-3-Clause */
#include "load.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "lib/fib4.h"
#include "lib/fib6.h"

#define MIB (1024.0 * 1024.0)
#define CHANGES 200000u

static double
seconds_since(uint64_t tsc)
{
	return (double)(rte_rdtsc() - tsc) / (double)rte_get_tsc_hz();
}

static void
set_route(struct ts_nexthops *nexthops, struct ts_rib *rib, const struct bench_route *r, uint32_t nh)
{
	ts_nexthop_hold(nexthops, nh);
	if (ts_rib_set(rib, r->family, r->prefix, r->len, TS_ORIGIN_KERNEL, 0, nh, 1) == 0)
		return;
	fprintf(stderr, "bench: the RIB is full\n");
	exit(2);
}

static void
add_routes(struct ts_nexthops *nexthops, struct ts_rib *rib, const struct bench_route *r, size_t n, const uint32_t *nh,
	unsigned n_nh)
{
	for (size_t i = 0; i < n; i++)
		set_route(nexthops, rib, &r[i], nh[(i * 2654435761u >> 8) % n_nh]);
}

static void
change_routes(struct ts_nexthops *nexthops, struct ts_rib *rib, const struct bench_routes *r, const uint32_t *nh4,
	const uint32_t *nh6, unsigned n_nh)
{
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < CHANGES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (x % 5 == 0)
			set_route(nexthops, rib, &r->v6[(x >> 8) % r->n_v6], nh6[i % n_nh]);
		else
			set_route(nexthops, rib, &r->v4[(x >> 8) % r->n_v4], nh4[i % n_nh]);
	}
}

static void
measure_memory(struct bench_load *l, const struct ts_rib *rib)
{
	struct ts_rib_stats stats;

	ts_rib_stats(rib, &stats);
	if (stats.insert_failures != 0) {
		fprintf(stderr, "bench: the tables do not hold the routes\n");
		exit(2);
	}
	l->fib4_mb = (double)ts_fib4_bytes(stats.family[0].used) / MIB;
	l->fib6_mb = (double)ts_fib6_bytes(stats.family[1].used) / MIB;
}

void
bench_load(struct bench_load *l, struct ts_nexthops *nexthops, struct ts_rib *rib, struct ts_publisher *publisher,
	const struct bench_routes *r, const uint32_t *nh4, const uint32_t *nh6, unsigned n_nh)
{
	size_t before = mallinfo2().uordblks;
	uint64_t start = rte_rdtsc();

	add_routes(nexthops, rib, r->v4, r->n_v4, nh4, n_nh);
	add_routes(nexthops, rib, r->v6, r->n_v6, nh6, n_nh);
	l->rib_s = seconds_since(start);
	l->rib_mb = (double)(mallinfo2().uordblks - before) / MIB;
	start = rte_rdtsc();
	ts_publish_sync(publisher);
	l->publish_s = seconds_since(start);
	start = rte_rdtsc();
	change_routes(nexthops, rib, r, nh4, nh6, n_nh);
	ts_publish_sync(publisher);
	l->changes_per_s = CHANGES / seconds_since(start);
	measure_memory(l, rib);
}

void
bench_load_print(const struct bench_load *l)
{
	printf("routes: %.2f s into the RIB (%.0f MiB), %.2f s into both FIBs (each %.0f MiB IPv4, %.1f MiB IPv6); "
	       "%.0f changes/s\n",
		l->rib_s, l->rib_mb, l->publish_s, l->fib4_mb, l->fib6_mb, l->changes_per_s);
}

void
bench_load_json(const struct bench_load *l, json_t *row)
{
	json_object_set_new(row, "load_rib_s", json_real(l->rib_s));
	json_object_set_new(row, "load_fibs_s", json_real(l->publish_s));
	json_object_set_new(row, "route_changes_per_s", json_real(l->changes_per_s));
	json_object_set_new(row, "rib_mb", json_real(l->rib_mb));
	json_object_set_new(row, "fib_v4_mb", json_real(l->fib4_mb));
	json_object_set_new(row, "fib_v6_mb", json_real(l->fib6_mb));
}
