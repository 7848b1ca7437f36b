/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ring_elem.h>

#include "clock.h"
#include "control.h"
#include "daemon.h"
#include "health_run.h"
#include "log.h"
#include "metrics.h"
#include "path_rtt.h"
#include "sflow.h"

#define LISTEN_MS 500

/* The workers read the rates when they take the command, at the latest in the second turn after it was sent; then the
 * array of the time before is free. Their rings are no measure: test packets go by them all the time. */
static bool
listens(const struct ts_control *c, unsigned worker)
{
	struct ts_worker_stats st;

	ts_worker_stats(c->workers[worker], &st);
	return st.loops - c->limits_loops[worker] >= 2 && !rte_ring_full(ts_worker_commands(c->workers[worker]));
}

/* Reloads may follow each other faster than a worker whose CPU is somebody else's just now makes two turns. */
static bool
workers_listen(const struct ts_control *c)
{
	uint64_t until = ts_now_ms() + LISTEN_MS;

	for (unsigned i = 0; i < c->n_workers; i++)
		while (!listens(c, i)) {
			if (ts_now_ms() >= until)
				return false;
			rte_delay_us_sleep(200);
		}
	return true;
}

static void
hand_out_limits(struct ts_control *c)
{
	struct ts_worker_limits *limits = &c->limits[c->limits_turn++ % RTE_DIM(c->limits)];
	struct ts_command command = {.type = TS_COMMAND_LIMITS, .limits = limits};

	ts_ports_limits(&c->cfg, limits);
	for (unsigned i = 0; i < c->n_workers; i++) {
		struct ts_worker_stats st;

		rte_ring_sp_enqueue_elem(ts_worker_commands(c->workers[i]), &command, sizeof(command));
		ts_worker_stats(c->workers[i], &st);
		c->limits_loops[i] = st.loops;
	}
}

/* Everything of the model that is in use; as it was when something does not fit. */
static int
use(struct ts_control *c, const struct ts_config *former, char *err, size_t err_len)
{
	if (ts_local_refresh(c->local) == 0)
		return ts_local_set_static(c->local, former, err, err_len);
	snprintf(err, err_len, "no memory or no room in the tables for the changed configuration");
	return -1;
}

/* The new model in the place of the old one, which all modules point to; back again when it cannot be applied. */
static bool
replace(struct ts_control *c, struct ts_config *now, struct ts_config *before, FILE *out)
{
	char err[256], again[256];

	*before = c->cfg;
	c->cfg = *now;
	if (use(c, before, err, sizeof(err)) == 0)
		return true;
	c->cfg = *before;
	/* What was there before has its room still. */
	use(c, now, again, sizeof(again));
	fprintf(out, "%s: nothing changed\n", err);
	return false;
}

/* The device is there as long as the section is. */
static void
follow_announce(struct ts_control *c, FILE *out)
{
	char err[256];

	if (!c->cfg.announce.enabled) {
		ts_announcer_free(c->announcer);
		c->announcer = NULL;
	} else if (c->announcer == NULL && ts_control_announce(c, err, sizeof(err)) < 0) {
		fprintf(out, "%s; nothing is announced\n", err);
	}
}

/* Its sockets are those of the configuration before when it cannot have the new ones. */
static void
follow_sflow(struct ts_control *c, FILE *out)
{
	char err[256];

	if (ts_sflow_start(c, err, sizeof(err)) < 0)
		fprintf(out, "%s; samples are sent as before\n", err);
}

static void
tell_others(struct ts_control *c, FILE *out)
{
	hand_out_limits(c);
	ts_log_configure(&c->cfg.log);
	if (c->mirror != NULL) {
		ts_mirror_set_times(c->mirror, c->cfg.kernel.delete_hold_ms, c->cfg.kernel.delete_hold_max_ms,
			c->cfg.kernel.resync_s);
		/* Other prefixes may be tunnels now, and other neighbours the kernel's. */
		ts_mirror_compare(c->mirror);
	}
	if (c->fpm != NULL)
		ts_fpm_compare(c->fpm);
	follow_announce(c, out);
	follow_sflow(c, out);
	if (ts_path_rtt_reloaded(c) < 0)
		fprintf(out, "no memory for path-rtt; it is off\n");
	ts_health_reloaded(c->health);
}

static int
apply(struct ts_control *c, struct ts_config *now, struct ts_config *before, FILE *out)
{
	char err[256];

	if (!workers_listen(c)) {
		fprintf(out, "a worker has not taken the last change yet: nothing changed\n");
	} else if (ts_local_prepare(c->local, now, err, sizeof(err)) < 0) {
		fprintf(out, "%s: nothing changed\n", err);
	} else if (replace(c, now, before, out)) {
		tell_others(c, out);
		ts_config_free(before);
		fprintf(out, "configuration reloaded\n");
		return 0;
	}
	ts_config_free(now);
	return -1;
}

static int
reload(struct ts_control *c, FILE *out)
{
	struct ts_config *now = calloc(2, sizeof(*now));
	int ret = -1;

	if (now == NULL) {
		fprintf(out, "no memory to read the configuration: nothing changed\n");
	} else if (ts_config_load(now, c->cfg.file, out) < 0) {
		fprintf(out, "the configuration has faults: nothing changed\n");
	} else if (ts_config_fixed_differ(&c->cfg, now, out) != 0) {
		fprintf(out, "nothing changed\n");
		ts_config_free(now);
	} else {
		ret = apply(c, now, &now[1], out);
	}
	free(now);
	return ret;
}

/* Line by line, as the log has it. */
static void
log_lines(char *text)
{
	char *save, *line = strtok_r(text, "\n", &save);

	for (; line != NULL; line = strtok_r(NULL, "\n", &save))
		ts_log_all("%s", line);
}

int
ts_control_reload(struct ts_control *c, char *said, size_t len)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (out == NULL) {
		ts_log("no memory to read the configuration: nothing changed");
		return -1;
	}
	ret = reload(c, out);
	fclose(out);
	ts_metrics_configured(c, ret == 0);
	if (said != NULL)
		snprintf(said, len, "%s", text != NULL ? text : "");
	if (text != NULL)
		log_lines(text);
	free(text);
	return ret;
}
