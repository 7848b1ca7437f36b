/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A history of three series by clocks of the test's own, and a directory for its file. What the tests of the rings
 * (test_history.c) and of the file (test_history_file.c) share.
 */
#ifndef TS_TEST_HISTORY_RIG_H
#define TS_TEST_HISTORY_RIG_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/history.h"

#define T0 INT64_C(1700000000000) /* begins a slot of ten seconds, not one of an hour */
#define N_SERIES 3
#define HOUR TS_HISTORY_HOUR
#define MONTH TS_HISTORY_MONTH

static const struct ts_history_series series[N_SERIES] = {
	{.name = "packets"}, {.name = "clients", .level = true}, {.name = "other"}};

static struct ts_history *h;
static int64_t wall;
static uint64_t mono, packets, clients;
static char dir[32], path[64];

static int
setup(void **s)
{
	(void)s;
	h = ts_history_create(series, N_SERIES);
	wall = T0;
	mono = 5000;
	packets = 1000000;
	clients = 0;
	strcpy(dir, "/tmp/ts-history-XXXXXX");
	snprintf(path, sizeof(path), "%s/state/history", mkdtemp(dir));
	return h == NULL;
}

static int
teardown(void **s)
{
	char command[96];

	(void)s;
	ts_history_free(h);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
sample(struct ts_history *to)
{
	const uint64_t values[N_SERIES] = {packets, clients, 0};

	ts_history_add(to, wall, mono, values);
}

/* So much time, with this rate, sampled as often as the daemon does. */
static void
run_s(unsigned seconds, unsigned per_second)
{
	for (unsigned s = 0; s < seconds; s += 10) {
		wall += 10000;
		mono += 10000;
		packets += 10ull * per_second;
		sample(h);
	}
}

static void
near(double a, double b)
{
	if (!(fabs(a - b) <= fabs(b) * 1e-5 + 1e-9))
		fail_msg("%g is not %g", a, b);
}

#endif
