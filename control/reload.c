/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "log.h"

/* The workers read the rates when they take the command, so the array of the last time is free once their rings are
 * empty. */
static bool
workers_listen(const struct ts_control *c)
{
	for (unsigned i = 0; i < c->n_workers; i++)
		if (!rte_ring_empty(ts_worker_commands(c->workers[i])))
			return false;
	return true;
}

static void
hand_out_limits(struct ts_control *c)
{
	struct ts_worker_limits *limits = &c->limits[c->limits_turn++ % RTE_DIM(c->limits)];
	struct ts_command command = {.type = TS_COMMAND_LIMITS, .limits = limits};

	ts_ports_limits(&c->cfg, limits);
	for (unsigned i = 0; i < c->n_workers; i++)
		rte_ring_sp_enqueue_elem(ts_worker_commands(c->workers[i]), &command, sizeof(command));
}

/* The new model in the place of the old one, which all modules point to; back again when it cannot be applied. */
static bool
replace(struct ts_control *c, struct ts_config *now, struct ts_config *before)
{
	*before = c->cfg;
	c->cfg = *now;
	if (ts_local_refresh(c->local) == 0)
		return true;
	c->cfg = *before;
	ts_local_refresh(c->local);
	ts_log("no memory or no room in the tables for the changed configuration: nothing changed");
	return false;
}

static void
apply(struct ts_control *c, struct ts_config *now, struct ts_config *before)
{
	char err[256];

	if (!workers_listen(c)) {
		ts_log("a worker has not taken the last change yet: nothing changed");
	} else if (ts_local_prepare(c->local, now, err, sizeof(err)) < 0) {
		ts_log("%s: nothing changed", err);
	} else if (replace(c, now, before)) {
		hand_out_limits(c);
		if (c->mirror != NULL) /* other prefixes may be tunnels now */
			ts_mirror_compare(c->mirror);
		if (c->announcer != NULL && ts_announcer_update(c->announcer, &c->cfg) < 0)
			ts_log("the kernel refuses a route of the announcement");
		ts_config_free(before);
		ts_log("configuration reloaded");
		return;
	}
	ts_config_free(now);
}

void
ts_control_reload(struct ts_control *c)
{
	struct ts_config *now = calloc(2, sizeof(*now));

	if (now == NULL) {
		ts_log("no memory to read the configuration: nothing changed");
	} else if (ts_config_load(now, c->cfg.file, stderr) < 0) {
		ts_log("the configuration has faults: nothing changed");
	} else if (ts_config_fixed_differ(&c->cfg, now, stderr) != 0) {
		ts_log("nothing changed");
		ts_config_free(now);
	} else {
		apply(c, now, &now[1]);
	}
	free(now);
}
