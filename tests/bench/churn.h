/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the data path loses while routes change: a worker's cycles per packet with a second thread that gives other next
 * hops to random routes of both families, 210000 a second, through the RIB into both FIBs, as the control thread does;
 * beside the same worker with nothing changing, interleaved.
 *
 * It is the last thing that a program does with its tables: a publisher of its own takes over the RIB, and workers
 * other than the one that is measured must not be polled any more (the tables that they hold may be written to). The
 * bench calls it after all rows, for one row of each direction, cold, as that is where the tables are in no cache.
 */
#ifndef TS_BENCH_CHURN_H
#define TS_BENCH_CHURN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "control/publish.h"
#include "traffic.h"

#define BENCH_CHURN_WANTED 200000 /* changes a second, below which the figures are worth nothing */

/* All of it outlives the call. `before` has the services that are in use; it must not be polled afterwards. */
struct bench_churn_tables {
	struct ts_rib *rib;
	struct ts_nexthops *nexthops;
	const struct ts_ifaces *ifaces;
	const struct ts_publisher *before;
	const struct bench_routes *routes;
	const uint32_t *nh4, *nh6; /* [n_nh] the next hops that bench_load() was given */
	unsigned n_nh;
};

struct bench_churn {
	double idle_min, idle_median;	/* cycles per packet */
	double churn_min, churn_median; /* the same while routes change */
	double ratio_median;		/* of the ratios within each round: the figure that counts, wanted below 1.05 */
	double changes_per_s;		/* that went into both FIBs */
	unsigned versions;		/* of the tables that the worker was given meanwhile */
	unsigned rounds, disturbed; /* in so many the kernel gave the CPU to somebody else; they are in the figures */
};

/*
 * Measure a worker whose port always has packets, for about two seconds, in the thread that calls, which should have a
 * CPU of its own; the changes are made on any other CPU. May be called for several workers, one after the other. False
 * when there is no other CPU: nothing was measured. Exits when memory is short.
 */
bool bench_churn(struct bench_churn *c, const struct bench_churn_tables *t, struct ts_worker *worker);

void bench_churn_print(const char *row, const struct bench_churn *c);
/* A row of its own for the JSON list: `name` is the row's with "-churn" appended. */
json_t *bench_churn_json(const char *row, const struct bench_churn *c);

#endif
