/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tsunagictl's two halves: tsunagictl.c speaks with the daemon, tsunagictl_print.c makes its answers readable. The
 * client knows the shapes of answers only as far as it must to lay them out, so that a daemon of another version can
 * still be asked.
 */
#ifndef TS_CTL_TSUNAGICTL_H
#define TS_CTL_TSUNAGICTL_H

#include <stdbool.h>

#include <jansson.h>

/* A whole document, for people. `what`: the word after show. `all`: counters that are zero, too. */
void ts_print_answer(const char *what, json_t *answer, bool all);

/* Routes come one at a time. */
void ts_print_routes_head(void);
void ts_print_route(json_t *route);

#endif
