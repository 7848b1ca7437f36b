/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health: the one place that decides what is announced (protocols.md O1 to O6, X8). It looks at the relay a few times a
 * second, sends test packets through it, and gives the announcer the prefixes that may be up.
 */
#ifndef TS_CTL_HEALTH_RUN_H
#define TS_CTL_HEALTH_RUN_H

#include <jansson.h>

#include "control/control.h"

struct ts_health;

/* Uses c->announcer, which may be NULL, whenever it announces. NULL: no memory. */
struct ts_health *ts_health_create(struct ts_control *c);
void ts_health_free(struct ts_health *h);

/* Once a turn from the time on that the tables are complete; cheap when nothing is due. */
void ts_health_poll(struct ts_health *h);

/* A worker's TS_EVENT_PROBE. */
void ts_health_answer(struct ts_health *h, unsigned worker, const struct ts_event *ev);

/* The configuration has changed: what goes on as before keeps its state. */
void ts_health_reloaded(struct ts_health *h);

/* O3: by hand. Draining marks the routes (metric 65535) for health.drain-s, then withdraws them, until resumed. */
void ts_health_drain(struct ts_health *h, bool on);

/* Do all workers beat? For systemd's watchdog. */
bool ts_health_alive(const struct ts_health *h);

/* {"health": {...}}; health_show.c. NULL: no memory. */
json_t *ts_health_json(const struct ts_health *h);

#endif
