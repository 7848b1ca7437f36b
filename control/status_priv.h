/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the status page share: the series of the history, and how figures are written. status.c takes
 * samples and serves; status_page.c makes the page of fragments (status_now.c, status_traffic.c, status_about.c) and
 * graphs (status_graph.c); status_json.c tells programs the same.
 */
#ifndef TS_CTL_STATUS_PRIV_H
#define TS_CTL_STATUS_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "control/control.h"
#include "control/history.h"
#include "control/history_file.h"
#include "control/http.h"

/* Of a mechanism: out of its tunnels, into them; of a port: received, sent. */
enum ts_status_way { TS_WAY_IN, TS_WAY_OUT, TS_N_WAYS };
enum ts_status_unit { TS_UNIT_BYTES, TS_UNIT_PACKETS, TS_N_UNITS };

/* The series, in this order; those of the ports follow. */
#define TS_SERIES_MECH(mech, way, unit) (((unsigned)(mech)*TS_N_WAYS + (way)) * TS_N_UNITS + (unit))
enum {
	TS_SERIES_DROPS = TS_N_MECHS * TS_N_WAYS * TS_N_UNITS,
	TS_SERIES_LOST,	   /* at the ports: no descriptor, no buffer */
	TS_SERIES_CLIENTS, /* Teredo clients that answer: a level */
	TS_SERIES_LOAD,	   /* of the busiest worker, in thousandths: a level */
	TS_SERIES_PATHS,   /* round trips; status_path.c */
	TS_SERIES_PORTS = TS_SERIES_PATHS + TS_N_MECHS * 4
};
/* Of a mechanism's tunnel or native side (enum ts_path_side): how many were measured, and the sum of their logarithms.
 */
#define TS_SERIES_PATH(mech, side) (TS_SERIES_PATHS + (unsigned)(mech)*4 + (unsigned)(side)*2)
#define TS_SERIES_PORT(port, way, unit) (TS_SERIES_PORTS + TS_SERIES_MECH(port, way, unit))
_Static_assert(TS_SERIES_PORT(TS_MAX_PORTS, 0, 0) <= TS_HISTORY_MAX_SERIES, "a history has room for all ports");

struct ts_status {
	struct ts_control *c;
	struct ts_history *history;
	struct ts_history_writer writer;
	int64_t started_s;				       /* seconds since 1970 */
	uint64_t started_ms, save_due_ms, look_due_ms;	       /* CLOCK_BOOTTIME */
	uint64_t busy[TS_MAX_WORKERS], cycles[TS_MAX_WORKERS]; /* at the last sample */
};

/* status.c */
extern const char *const ts_status_mechs[TS_N_MECHS]; /* "6to4": as people write it */
bool ts_status_mech_on(const struct ts_config *cfg, unsigned mech);
uint64_t ts_status_boot_ms(void);
int64_t ts_status_wall_ms(void);
uint64_t ts_status_clients(const struct ts_control *c);

/* status_path.c: names and samples of TS_SERIES_PATHS. */
void ts_status_path_name(struct ts_history_series *series);
void ts_status_path_sample(const struct ts_control *c, uint64_t *values);

/* status_json.c: the documents of /status.json and /history.json. NULL: no memory. */
json_t *ts_status_json(const struct ts_status *s);
json_t *ts_status_history_json(const struct ts_status *s, enum ts_history_span span);

/* What a request asks to see; anything else than known words is the first of each. */
struct ts_status_view {
	const struct ts_status *s;
	enum ts_history_span span;
	enum ts_status_unit unit;
	json_t *health; /* the document of `tsunagictl health`, within its one key */
};

/* status_page.c: the whole page, to be freed; NULL: no memory. */
char *ts_status_page(const struct ts_status *s, enum ts_history_span span, enum ts_status_unit unit, size_t *len);

/* Fragments of the page, by the names that control/page/index.html has for them. */
typedef void (*ts_status_fragment)(FILE *out, const struct ts_status_view *v);
void ts_status_put_badge(FILE *out, const struct ts_status_view *v);
void ts_status_put_figures(FILE *out, const struct ts_status_view *v);
void ts_status_put_prefixes(FILE *out, const struct ts_status_view *v);
void ts_status_put_updated(FILE *out, const struct ts_status_view *v);
void ts_status_put_choice(FILE *out, const struct ts_status_view *v);
void ts_status_put_traffic(FILE *out, const struct ts_status_view *v);
void ts_status_put_mechanisms(FILE *out, const struct ts_status_view *v);
void ts_status_put_ports(FILE *out, const struct ts_status_view *v);
void ts_status_put_levels(FILE *out, const struct ts_status_view *v);
void ts_status_put_path(FILE *out, const struct ts_status_view *v);
void ts_status_put_drops(FILE *out, const struct ts_status_view *v);
void ts_status_put_services(FILE *out, const struct ts_status_view *v);
void ts_status_put_software(FILE *out, const struct ts_status_view *v);
void ts_status_put_neighbours(FILE *out, const struct ts_status_view *v);
void ts_status_put_contact(FILE *out, const struct ts_status_view *v);

/* status_text.c */
void ts_put_text(FILE *out, const char *text); /* with HTML's special characters escaped */
/* Three digits and a prefix, "12.3 M", "0", or a dash for what is not known. Returns buf. */
#define TS_SI_LEN 24
const char *ts_si(char buf[TS_SI_LEN], double value);
void ts_put_rate(FILE *out, double value, const char *unit);
void ts_put_count(FILE *out, uint64_t n);			 /* thousands apart */
void ts_put_time(FILE *out, int64_t second, const char *format); /* UTC, by strftime() */
void ts_put_duration(FILE *out, uint64_t seconds);		 /* its two largest units */
const char *ts_status_unit_name(enum ts_status_unit unit);
/* From a series' unit to the one that is shown: bytes become bits. */
double ts_status_factor(enum ts_status_unit unit);

/* What a span says of a series: the newest 10 s, and mean and peak of the span; NaN where nothing is known. */
struct ts_status_sums {
	double now, mean, peak;
};
struct ts_status_sums ts_status_sums(const struct ts_history *h, enum ts_history_span span, unsigned series);

/* The files of control/page/, by name; made at build. */
struct ts_page_file {
	const char *name, *content_type, *etag, *data;
	size_t len;
};
extern const struct ts_page_file ts_page_files[];
const struct ts_page_file *ts_page_file(const char *name);

#endif
