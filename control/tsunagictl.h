/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tsunagictl's two halves: tsunagictl.c speaks with the daemon, tsunagictl_print.c and tsunagictl_list.c make its
 * answers readable. The client knows the shapes of answers only as far as it must to lay them out, so that a daemon of
 * another version can still be asked.
 */
#ifndef TS_CTL_TSUNAGICTL_H
#define TS_CTL_TSUNAGICTL_H

#include <stdbool.h>

#include <jansson.h>

/* A whole document, for people. `what`: the word after show. `all`: counters that are zero, too. */
void ts_print_answer(const char *what, json_t *answer, bool all);

/* What `explain` answers, in the daemon's order. */
void ts_print_explain(json_t *answer);

/* What `health`, `drain`, `resume` and `reload` answer; returns the exit code. */
int ts_print_done(const char *verb, json_t *answer);
int ts_exit_code(const char *verb, json_t *answer);

/* A value as one word, to be freed; "-" for what is not there. NULL: no memory. */
char *ts_cell_text(json_t *v);

/* Lists that come one item at a time: their name in the answer, the header line, an item's line. */
struct ts_list {
	const char *name;
	void (*head)(void);
	void (*item)(json_t *item);
};
/* "routes" or "peers". */
const struct ts_list *ts_list_layout(const char *name);

#endif
