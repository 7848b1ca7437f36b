/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quality of the path: how long packets take between the relay and either end of TCP connections through it, measured
 * in passing (section path-rtt). Workers report the packets of handshakes as their lanes see them, of one flow in so
 * many; path_match.c makes times of them, path_figures.c keeps figures by mechanism and prefix.
 *
 * Only connections of which both directions pass this relay are measured. Of one between two tunnels each half counts
 * for its tunnel and nothing for the native side; a Teredo packet that waits for its client to answer a bubble waits in
 * the time, too. All in the control thread.
 */
#ifndef TS_CTL_PATH_RTT_H
#define TS_CTL_PATH_RTT_H

#include <jansson.h>

#include "control/control.h"
#include "control/path_figures.h"
#include "control/path_match.h"

struct ts_path_rtt {
	struct ts_control *c;
	struct ts_path_matcher *matcher;
	uint64_t hz;	  /* of the TSC */
	uint8_t key[16];  /* random */
	uint64_t strange; /* handshakes whose addresses are none of the mechanism's */
	struct ts_path_figures mechs[TS_N_MECHS][TS_PATH_N_SIDES];
	struct ts_path_prefixes tunnels, natives;
};

/* Before the workers run. 0, or -1 and a message. */
int ts_path_rtt_start(struct ts_control *c, char *err, size_t err_len);
void ts_path_rtt_stop(struct ts_control *c);
/* As the configuration now says; what was measured stays. 0, or -1: it is off for want of memory. */
int ts_path_rtt_reloaded(struct ts_control *c);

/* Once a turn of the control loop. */
void ts_path_rtt_poll(struct ts_control *c);

/* A handshake that was measured; the matcher's, and tests'. `arg`: struct ts_path_rtt *. */
void ts_path_rtt_take(const struct ts_path_handshake *h, void *arg);

/* What there is to show: NULL when it is off. */
const struct ts_path_rtt *ts_path_rtt_shown(const struct ts_control *c);
/* [{"mechanism", "side", "handshakes", "p10_ms", "median_ms", "p90_ms"}]: those with anything measured. */
json_t *ts_path_mechanisms_json(const struct ts_path_rtt *p);

/* The prefixes of a side that may be shown, those with most handshakes first; `out` has room for TS_PATH_PREFIXES. */
uint32_t ts_path_prefixes_list(const struct ts_path_rtt *p, enum ts_path_side side, const struct ts_path_prefix **out);
#define TS_PATH_PREFIX_TEXT 24
/* "203.0.113.0/24", "2001:db8::/32". Returns buf. */
const char *ts_path_prefix_text(const struct ts_path_prefix *p, enum ts_path_side side, char buf[TS_PATH_PREFIX_TEXT]);

#endif
