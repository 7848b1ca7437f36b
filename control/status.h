/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page of the HTTP server (protocols.md O29): what the relay is, how it is, and what it did in the last
 * hour, day and month. It takes the samples for that itself, and keeps them over a restart.
 *
 * Nothing that it shows or keeps tells one user from another: packets are summed by mechanism and port, Teredo clients
 * are a number. What else may not be for everybody, neighbours and devices, is left out unless status-page.public is
 * no.
 */
#ifndef TS_CTL_STATUS_H
#define TS_CTL_STATUS_H

#include <stddef.h>

struct ts_control;

/*
 * Read what was kept, and serve /, /page/, /status.json and /history.json. Nothing without the section `status-page`.
 * 0, or -1 and a message. To be stopped after the HTTP server.
 */
int ts_status_start(struct ts_control *c, char *err, size_t err_len);
/* Writes the history a last time. */
void ts_status_stop(struct ts_control *c);

/* Once a turn of the control loop; cheap when nothing is due. */
void ts_status_poll(struct ts_control *c);

#endif
