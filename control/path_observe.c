/* SPDX-License-Identifier: BSD-3-Clause */
/* Measuring round trips: on and off, from the workers' observations to the matcher. See path_rtt.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_cycles.h>

#include "control/log.h"
#include "control/observe.h"
#include "control/path_rtt.h"

static void
observed(const struct ts_observation *seen, const uint8_t *data, uint32_t len, void *arg)
{
	struct ts_path_rtt *p = arg;

	ts_path_match(p->matcher, seen, data, len, rte_rdtsc());
}

static bool
take_memory(struct ts_control *c)
{
	struct ts_path_rtt *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return false;
	p->c = c;
	p->hz = rte_get_tsc_hz();
	if (getrandom(p->key, sizeof(p->key), 0) == (ssize_t)sizeof(p->key))
		p->matcher = ts_path_matcher_create(p->hz, p->key, ts_path_rtt_take, p);
	if (p->matcher == NULL) {
		free(p);
		return false;
	}
	c->path_rtt = p;
	ts_observer_take(c->observer, TS_OBSERVED_HANDSHAKE, observed, p);
	return true;
}

int
ts_path_rtt_reloaded(struct ts_control *c)
{
	struct ts_observe *plan = ts_observer_plan(c->observer);
	bool on = c->cfg.path_rtt.enabled;
	uint32_t mask = c->cfg.path_rtt.sample - 1;

	if (on && c->path_rtt == NULL && !take_memory(c)) {
		ts_log_error("path-rtt: no memory; nothing is measured");
		return -1;
	}
	if (plan->handshakes == on && (!on || plan->handshake_mask == mask))
		return 0;
	plan->handshakes = on;
	plan->handshake_mask = mask;
	if (on)
		memcpy(&plan->handshake_seed, c->path_rtt->key, sizeof(plan->handshake_seed));
	ts_observer_apply(c->observer);
	return 0;
}

int
ts_path_rtt_start(struct ts_control *c, char *err, size_t err_len)
{
	if (ts_path_rtt_reloaded(c) == 0)
		return 0;
	snprintf(err, err_len, "no memory for path-rtt");
	return -1;
}

void
ts_path_rtt_stop(struct ts_control *c)
{
	if (c->path_rtt == NULL)
		return;
	ts_observer_take(c->observer, TS_OBSERVED_HANDSHAKE, NULL, NULL);
	ts_path_matcher_free(c->path_rtt->matcher);
	free(c->path_rtt);
	c->path_rtt = NULL;
}

void
ts_path_rtt_poll(struct ts_control *c)
{
	if (c->path_rtt != NULL)
		ts_path_matcher_expire(c->path_rtt->matcher, rte_rdtsc());
}
