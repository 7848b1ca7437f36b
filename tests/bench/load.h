/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the tables take to load and to change, and how much memory they have. */
#ifndef TS_BENCH_LOAD_H
#define TS_BENCH_LOAD_H

#include <jansson.h>

#include "control/publish.h"
#include "traffic.h"

struct bench_load {
	double rib_s;			 /* all routes into the RIB */
	double publish_s;		 /* from there into both FIBs */
	double changes_per_s;		 /* other next hops for routes at random, into RIB and both FIBs */
	double rib_mb, fib4_mb, fib6_mb; /* MiB; of a FIB what is in use of one instance */
};

/* Put the routes into the RIB and publish it; `nh` has n_nh next hops for each family. Exits when something does not
 * fit. */
void bench_load(struct bench_load *l, struct ts_nexthops *nexthops, struct ts_rib *rib, struct ts_publisher *publisher,
	const struct bench_routes *r, const uint32_t *nh4, const uint32_t *nh6, unsigned n_nh);
void bench_load_print(const struct bench_load *l);
/* Adds its figures to a row. */
void bench_load_json(const struct bench_load *l, json_t *row);

#endif
