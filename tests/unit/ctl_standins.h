/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stand-ins for what the control socket shows: workers, routes, next hops, neighbours, services, the Teredo relay's
 * contacts, the mirror and the punt thread, with figures that tests know. Also the talking to a socket that is served
 * by the same thread.
 */
#ifndef TS_TEST_CTL_STANDINS_H
#define TS_TEST_CTL_STANDINS_H

#include <jansson.h>

#include "control/control.h"
#include "control/ctlsock.h"
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

struct server {
	struct ts_control *c;
	struct ts_ctlsock *s;
	char dir[32];
	char path[64]; /* dir/run/ctl.sock */
};
struct server *server_start(void);
void server_stop(struct server *sv); /* removes directory and all */

int client_connect(const struct server *sv);
void client_send(int fd, const void *data, size_t len);
/* The next line, without its end, to be freed; NULL when the server closed. Serves meanwhile. */
char *client_line(const struct server *sv, int fd);
/* Ask and parse; the caller puts the document back. */
json_t *client_ask(const struct server *sv, int fd, const char *request);
/* One turn of the control thread, waiting for something to do. False when nothing came within `ms`. */
bool server_turn(const struct server *sv, int ms);
/* Ask on a connection of its own, and compare with a document in which what is not said may be anything. */
void expect(const struct server *sv, const char *request, const char *subset);
/* CLOCK_MONOTONIC in so many milliseconds. */
uint64_t later_ms(uint64_t ms);
/* A socket that nobody serves, as a killed daemon leaves it. */
void leave_stale(const char *path);

#endif
