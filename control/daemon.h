/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the daemon: assembled in one order, taken apart in the reverse one.
 */
#ifndef TS_CTL_DAEMON_H
#define TS_CTL_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

#include "control.h"

/*
 * From a valid configuration in c->cfg to running workers; everything but the announcement. Blocks SIGTERM, SIGINT and
 * SIGHUP in this thread and those made later. 0, or -1 and a message after undoing what was done.
 */
int ts_control_start(struct ts_control *c, char *err, size_t err_len);

/* Announce when the kernel's routes have been read, then serve until SIGTERM or SIGINT. 0, or -1 and a message. */
int ts_control_loop(struct ts_control *c, char *err, size_t err_len);

/* Also after a failed loop. */
void ts_control_stop(struct ts_control *c);

/* Make the announcement device in the relay's namespace, if one is configured; health announces. 0, or -1 and a
 * message. */
int ts_control_announce(struct ts_control *c, char *err, size_t err_len);

/* The workers' part of starting and stopping (workers_run.c); errors as above. */
int ts_workers_create(struct ts_control *c, char *err, size_t err_len);
void ts_workers_free(struct ts_control *c);
int ts_workers_start(struct ts_control *c, char *err, size_t err_len);
void ts_workers_stop(struct ts_control *c);

/* Tell systemd, if it started us: "READY=1", "STOPPING=1", "WATCHDOG=1". */
void ts_sd_notify(const char *state);

/* WATCHDOG=1 has to come this often, in microseconds; 0: systemd does not watch us. */
uint64_t ts_sd_watchdog_us(void);

#endif
