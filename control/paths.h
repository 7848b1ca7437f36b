/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multipath arithmetic: the members of a route in a canonical order, with their weights shared out over a next hop's
 * slots.
 */
#ifndef TS_CTL_PATHS_H
#define TS_CTL_PATHS_H

#include "nexthop.h"

/*
 * Equal paths are merged and the rest sorted. When the weights (less their common divisor) do not add up to at most
 * TS_NH_SLOTS they are rounded by largest remainder; a path that gets no slot is left out. Writes at most TS_NH_SLOTS
 * paths whose `weight` is their number of slots; returns how many. Works on up to TS_PATHS_MAX paths, further ones are
 * ignored.
 */
unsigned ts_paths_to_slots(const struct ts_path *paths, unsigned n, struct ts_path out[TS_NH_SLOTS]);

#define TS_PATHS_MAX 64

#endif
