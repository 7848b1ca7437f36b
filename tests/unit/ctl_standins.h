/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stand-ins for what the control socket shows: workers, routes, next hops, neighbours, services, the Teredo relay's
 * contacts, the mirror and the punt thread, with figures that tests know.
 */
#ifndef TS_TEST_CTL_STANDINS_H
#define TS_TEST_CTL_STANDINS_H

#include "control/control.h"
#include "control/observe.h"
#include "control/teredo.h"

#define STANDIN_NH_VIA 7
#define STANDIN_NH_LINK 8
#define STANDIN_NH_6TO4 9
#define STANDIN_NH_TEREDO 10
#define STANDIN_NH_LOCAL 11
#define STANDIN_LIMIT_MS 10000 /* of every wait */

/* What the stand-ins show and what was done to them. */
struct standins {
	uint32_t n_routes;    /* IPv4 /32s from 10.0.0.0 on, beside the three fixed routes */
	unsigned paths_asked; /* calls of ts_nexthop_paths(): one per route shown */
	int held;	      /* next hops held and not put back */
	uint64_t counters[TS_N_COUNTERS];
	struct ts_port_counters ports[TS_TX_PORTS];
	const struct ts_worker_histograms *histograms;
	const struct ts_neighbour_counters *received;
	struct ts_teredo teredo; /* the peer table is a real one, if a test makes it */
	struct ts_contacts_stats contacts;
	const struct ts_services *services;
	int refused_source; /* what every lane says of an outer source; 0: it is fit */
	bool drained, faulty_file;
	struct ts_observe plan; /* of the observer */
	unsigned plans;		/* how often it was applied */
	ts_observed_fn sample_taker;
	void *sample_taker_arg;
};
extern struct standins standins;

/* A control with two workers, one port, two interfaces; figures reset. Released with free(). */
struct ts_control *standin_control(void);

#endif
