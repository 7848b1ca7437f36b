/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tsunagictl's two halves: tsunagictl.c speaks with the daemon, tsunagictl_print.c and tsunagictl_list.c make its
 * answers readable. The client knows the shapes of answers only as far as it must to lay them out, so that a daemon of
 * another version can still be asked.
 */
#ifndef TS_CTL_TSUNAGICTL_H
#define TS_CTL_TSUNAGICTL_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* A whole document, for people. `what`: the word after show. `all`: counters that are zero, too. */
void ts_print_answer(const char *what, json_t *answer, bool all);

/* The same of `show history`, with small graphs. */
void ts_print_history(json_t *answer);

/* What `explain` and `decode` answer, in the daemon's order. */
void ts_print_explain(const char *verb, json_t *answer);

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

/*
 * Commands with options of their own, and a while to run. argv[0] is the command. `socket`, `json`: what was said
 * before it. They return the exit code.
 */
struct ts_command_conf {
	const char *socket;
	bool json;
};
int ts_trace_main(struct ts_command_conf conf, int argc, char **argv);
int ts_capture_main(struct ts_command_conf conf, int argc, char **argv);
int ts_top_main(struct ts_command_conf conf, int argc, char **argv);

/* The daemon; NULL: it has been said on standard error that nobody answers. */
FILE *ts_connect(const char *path);
/* A request (with its newline) and its answer; NULL: what is wrong has been said on standard error. */
json_t *ts_ask(FILE *daemon, const char *socket, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* 0, or 2 and a message. */
int ts_number_of(const char *what, const char *text, unsigned long max, unsigned long *out);
/* SIGINT and SIGTERM end a command in order. */
void ts_until_interrupted(void);
bool ts_interrupted(void);
void ts_pause_ms(unsigned ms);

/* pcapng (IETF opsawg): two interfaces, Ethernet and raw IP, times in nanoseconds. 0, or -1 with errno. */
int ts_pcapng_begin(FILE *out, unsigned snap);
int ts_pcapng_packet(FILE *out, bool ethernet, unsigned long long time_ns, const unsigned char *data, unsigned len,
	unsigned whole_len, const char *comment, unsigned long long lost_before);

#endif
