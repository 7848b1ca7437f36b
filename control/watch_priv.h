/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside `trace` and `capture`: watch.c keeps sessions, watch_words.c reads and writes their words. */
#ifndef TS_CTL_WATCH_PRIV_H
#define TS_CTL_WATCH_PRIV_H

#include <jansson.h>

#include "control/control.h"
#include "dataplane/observe.h"

/* One packet at one station. */
struct ts_seen {
	struct ts_observation o;
	uint64_t wall_ns; /* since 1970 */
	uint64_t lost;	  /* of the session, between the one before and this one */
	uint32_t len;	  /* bytes of `data` */
	uint8_t data[];
};

size_t ts_seen_size(uint32_t snap);

/* {"time", "worker", "id", "station", "port", "length", "ethernet", "packet", "data"}, "drop" and "lost" if any. */
json_t *ts_seen_json(const struct ts_control *c, const struct ts_seen *s);

/* A decimal number, and nothing behind it but blanks. NULL is none. */
bool ts_watch_number(const char *word, uint32_t min, uint32_t max, uint32_t *out);
/* An address, or a prefix of either family; NULL: all packets. */
bool ts_watch_match(const char *word, struct ts_match *out);
/* Lists with commas, "-": none. NULL, or the word that is unknown. Both write into `list`. */
const char *ts_watch_stations(char *list, uint32_t *out);
const char *ts_watch_reasons(char *list, uint64_t out[(TS_N_COUNTERS + 63) / 64]);

#endif
