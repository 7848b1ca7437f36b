/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control socket answers with, apart from how it travels (ctlsock.c).
 *
 * An answer is a whole JSON document when it is small, or a list whose items are made one at a time from compact
 * records, so that a million routes take neither the control thread's time nor memory for their text. The records are a
 * snapshot; the next hops that they name are held as long as they stand there, because an id may be reused once nothing
 * refers to it. What is too much to look at in one turn of the control thread is looked at in steps: the records are
 * then those of one step.
 */
#ifndef TS_CTL_SHOW_H
#define TS_CTL_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/control.h"

struct ts_answer {
	json_t *whole;	  /* the document, or NULL when this is a list */
	const char *name; /* of the list: {"name":[...]} */
	json_t *(*item)(const struct ts_control *c, const void *record);
	char *records;
	size_t record_size, n, capacity;
	size_t next;	/* the record whose text comes next */
	size_t budget;	/* bytes that the records may take */
	uint64_t *held; /* bit per next hop that this answer refers to; NULL = none */
	/*
	 * Called when there are no records left, once a turn: takes the next ones, or makes the document in the end.
	 * False: that was the last step. NULL: all is there already.
	 */
	bool (*step)(const struct ts_control *c, struct ts_answer *a);
	uint64_t cursor;		   /* of step(): where it is */
	struct ts_rib_cursor route_cursor; /* likewise, in the routes of `family` */
	struct ts_rib_range range;	   /* the routes that are shown, if `within` */
	uint8_t family;
	bool within;
	uint64_t left;	   /* of step(): how many records may still come */
	bool begun, comma; /* the list's head has been written; an item has */
	bool full;	   /* budget or memory ran out while records were taken */
};

/* Answer one request, a line without its end. `budget`: bytes that a snapshot may take. Never fails: errors are
 * answers. */
void ts_show(struct ts_control *c, const char *request, size_t budget, struct ts_answer *out);
void ts_answer_free(const struct ts_control *c, struct ts_answer *a);
/* Put back the next hops that the records name; there are none left. */
void ts_answer_release(const struct ts_control *c, struct ts_answer *a);

/* {"error": text}, in place of whatever the answer held. */
void ts_answer_error(const struct ts_control *c, struct ts_answer *a, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* For list answers: start one, and take a record into it. False when the budget is used up (and `full` is then set). */
void ts_answer_list(struct ts_answer *a, const char *name, size_t record_size,
	json_t *(*item)(const struct ts_control *, const void *));
bool ts_answer_add(struct ts_answer *a, const void *record);

/* The figures that the socket and DPDK's telemetry both show. Counters are sums over workers, not a snapshot. */
void ts_sum_counters(const struct ts_control *c, uint64_t sum[TS_N_COUNTERS]);
uint64_t ts_sum_counter(const struct ts_control *c, enum ts_counter counter);

struct ts_port_figures {
	struct ts_port_counters sum;   /* over the workers */
	uint64_t rx_missed, rx_nombuf; /* the device's own: no descriptor, no buffer */
	bool link;
	int64_t speed_mbps; /* -1 = unknown */
	char mac[18];
};
void ts_port_figures(const struct ts_control *c, unsigned port, struct ts_port_figures *out);

/* One turn of the worker ended this long ago; 0 when the clocks of two cores disagree. */
uint64_t ts_worker_age_us(const struct ts_worker_stats *st);

/* What the relay would do with a packet to this address; explain.c. */
void ts_explain(const struct ts_control *c, const char *address, struct ts_answer *out);

/* explain_packet.c: the same for a packet in hexadecimal digits; is this one? */
bool ts_explain_is_packet(const char *word);
void ts_explain_packet(const struct ts_control *c, const char *hex, struct ts_answer *out);
/* What an address carries. */
void ts_decode(const struct ts_control *c, const char *address, struct ts_answer *out);

/* For other answers: a route as `show routes` has it. */
json_t *ts_route_json(const struct ts_control *c, const struct ts_route_info *r);

/* What changes something or says how things are, in one word: true if `verb` is such a request; do.c. */
bool ts_do(struct ts_control *c, const char *verb, struct ts_answer *out);
/* Its part of the answer to "help". */
void ts_do_help(json_t *list);

/* The documents; `arg` is what follows the name, single blanks between its words, or NULL. */
void ts_show_counters(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_drops(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_ports(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_workers(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_interfaces(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_routes(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_fpm(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_neighbours(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_history(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_strangers(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_teredo(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_sflow(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_path(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_tables(const struct ts_control *c, const char *arg, struct ts_answer *out);
void ts_show_version(const struct ts_control *c, const char *arg, struct ts_answer *out);

#endif
