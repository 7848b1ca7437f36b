/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of measured round trips: for each mechanism and side a histogram, and for a bounded number of prefixes a
 * histogram each. No address is kept, only IPv4 /24s on the side of tunnels and IPv6 /32s on the native one (O31), and
 * of those that the prefix has been measured for a bit map by hash: a prefix is shown only if it stands for several
 * sites, however many handshakes one of them had (O30).
 */
#ifndef TS_CTL_PATH_FIGURES_H
#define TS_CTL_PATH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/histogram.h"

/* Eight steps to a doubling, from 64 us to 8.4 s: a quantile is right to about 6 %. */
#define TS_RTT_STEPS 8u
#define TS_RTT_LEAST_SHIFT 6u
#define TS_RTT_OCTAVES 17u
#define TS_RTT_BUCKETS (1 + TS_RTT_OCTAVES * TS_RTT_STEPS)
/* When so many have come, half of each bucket is forgotten: quantiles follow what changes. */
#define TS_RTT_KEPT 1024u

struct ts_rtt {
	uint64_t n;    /* all there ever were */
	uint32_t kept; /* in the buckets */
	uint16_t bucket[TS_RTT_BUCKETS];
};

void ts_rtt_add(struct ts_rtt *r, uint64_t us);
/* Microseconds; NaN when there is nothing. `q`: 0 to 1. */
double ts_rtt_quantile(const struct ts_rtt *r, double q);

/* Sides of the relay; `WHOLE`: both together, from client to server and back. */
enum ts_path_side { TS_PATH_TUNNEL, TS_PATH_NATIVE, TS_PATH_WHOLE, TS_PATH_N_SIDES };
extern const char *const ts_path_side_name[TS_PATH_N_SIDES]; /* "tunnel", ... */

#define TS_PATH_RTT_SHIFT 8 /* of the exported histogram, as TS_HISTOGRAM_RTT_SHIFT: from 256 us to 4.2 s */

struct ts_path_figures {
	struct ts_rtt rtt;
	struct ts_histogram histogram; /* since the start, for /metrics */
	uint64_t log_sum; /* of 1000 * log2(microseconds): over a time, its growth by that of rtt.n is a mean that one
			     slow handshake does not move */
};

void ts_path_figures_add(struct ts_path_figures *f, uint64_t us);

#define TS_PATH_PREFIXES 256u /* of each side; the one that was not measured for longest gives way to a new one */
#define TS_PATH_SITES 4u      /* a prefix of fewer is not shown */

struct ts_path_prefix {
	uint64_t used;	/* when it was measured last, in measurements */
	uint64_t sites; /* bit map by hash */
	uint8_t mech;	/* enum ts_mechanism; of the native side 0 */
	uint8_t addr[4];
	struct ts_rtt rtt;
};

struct ts_path_prefixes {
	uint32_t n;
	uint64_t clock;
	struct ts_path_prefix of[TS_PATH_PREFIXES];
};

/* `addr`: the first four bytes, which hold no more than the prefix; `site`: of which of its sites, hashed. */
void ts_path_prefixes_add(struct ts_path_prefixes *p, uint8_t mech, const uint8_t addr[4], uint64_t site, uint64_t us);

/* Whether it may be shown. */
bool ts_path_prefix_shown(const struct ts_path_prefix *p, uint32_t min_handshakes);

#endif
