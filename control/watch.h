/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `trace` and `capture`: what workers report of packets, kept until a client takes it. One session of each at a time;
 * it ends when its client says so or has not asked for some seconds, so that a client that is gone leaves nothing
 * switched on. What comes faster than it is taken is counted and lost.
 */
#ifndef TS_CTL_WATCH_H
#define TS_CTL_WATCH_H

#include "control/control.h"
#include "control/show.h"

/* 0, or -1: no memory. */
int ts_watches_start(struct ts_control *c);
void ts_watches_stop(struct ts_control *c);

/* Ends sessions whose client is gone. */
void ts_watches_poll(struct ts_control *c);

/*
 * trace start PACKETS [ADDRESS[/LEN]]               -> {"session": N}
 * capture start SNAP STATIONS REASONS [ADDRESS[/LEN]]  lists with commas, "-" for none
 * trace|capture take SESSION                        -> {"trace"|"capture": [...]}
 * trace|capture stop SESSION                        -> {"stopped": N}
 *
 * False: not such a request. `rest`: what follows the verb, or NULL.
 */
bool ts_watch_request(struct ts_control *c, const char *verb, const char *rest, struct ts_answer *out);
/* Its part of the answer to "help". */
void ts_watch_help(json_t *list);

#endif
