/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multipath arithmetic: the members of a route in a canonical order, with their weights shared out over a next hop's
 * slots.
 */
#ifndef TS_CTL_PATHS_H
#define TS_CTL_PATHS_H

#include "nexthop.h"

/* A route's member with its part of the slots. */
struct ts_share {
	struct ts_path path; /* its weight is that of the route, less all weights' common divisor */
	uint8_t slots;	     /* >= 1 */
};

/*
 * Equal paths are merged and the rest sorted. `slots` 0: as many as share out evenly, at most TS_NH_SLOTS, and one for
 * a single path; else exactly so many, not less than there are paths. What does not come out even is rounded by largest
 * remainder; a path that gets no slot is left out. Returns how many were written, at most TS_NH_SLOTS. Works on up to
 * TS_PATHS_MAX paths, further ones are ignored.
 */
unsigned ts_paths_share(const struct ts_path *paths, unsigned n, unsigned slots, struct ts_share out[TS_NH_SLOTS]);

/* By interface, family, address: the order of members. */
int ts_path_compare(const struct ts_path *a, const struct ts_path *b);

#define TS_PATHS_MAX 64

#endif
