/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the benchmark share: its options, and the control side that makes the tables. One process measures
 * one point of each axis (routes, peers, size, workers); scripts/bench starts one for each.
 */
#ifndef TS_BENCH_H
#define TS_BENCH_H

#include <jansson.h>

#include "control/local.h"
#include "control/publish.h"
#include "load.h"
#include "rows.h"

#define N_GATEWAYS 64
#define SLICE COLD /* packets of a row in a round: every flow at least once */

struct bench_options {
	size_t routes_v4, routes_v6, rounds, peers;
	unsigned seconds; /* from the start, after which rounds end */
	unsigned workers; /* 1, or 2 on a core each */
	unsigned size;	  /* bytes of IPv6, or BENCH_IMIX */
	unsigned burst;	  /* packets taken from a port at once */
	unsigned cache;	  /* packet buffers that a core keeps to itself */
	unsigned count;	  /* packets of each row for callgrind instead of measuring; 0: measure */
	bool churn;	  /* the cold rows again, while routes change */
	bool spread;	  /* Teredo's cold rows walk all peers */
	bool checksum;	  /* as from a NIC that has verified UDP checksums */
	const char *rows; /* patterns, NULL: all */
	const char *json;
};

struct bench {
	uint64_t started;
	struct bench_options opt;
	uint16_t null_port;
	struct ts_config cfg;
	struct ts_ifaces ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	struct ts_local *local;
	struct bench_routes routes;
	struct bench_load load;
	uint32_t nh4[N_GATEWAYS], nh6[N_GATEWAYS];
	size_t flows; /* of the cold rows of Teredo */
};

extern struct bench b;

/* Says what and, if DPDK set one, why; exits with 2. */
void bench_die(const char *what) __attribute__((noreturn));

/* options.c: arguments behind EAL's. Exits with 2 when they make no sense. */
void bench_options(struct bench_options *opt, int argc, char **argv);

extern const uint8_t bench_router_mac[6];

/* ports.c: a port per row and worker, and the one that all send to; the rows' packets. */
void bench_ports_add(void);

/* tables.c: the interface, the configuration, a worker for each end of a row, routes and peers in their tables. */
void bench_tables_make(void);

/* measure.c: all rows, round by round; opt.rounds is then how many there were. Exits when packets were not forwarded.
 */
void bench_measure(void);
/* For callgrind, row after row: warm up, then bench_counted() with opt.count packets. */
void bench_count(void);

/* show.c: the table, and the JSON if it is wanted. */
void bench_show(void);

/* spread.c: from now on each of the row's packets is of the next one of all peers. */
void bench_spread_start(struct row *r);

#endif
