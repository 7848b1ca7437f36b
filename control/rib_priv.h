/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by rib.c (routes of a prefix), rib_apply.c (from prefixes to FIBs) and fib_pair.c (DPDK's FIBs).
 *
 * A prefix stays a node until it has no routes, neither FIB holds it and neither list of changes names it. A node holds
 * a reference on a next hop per route, and one per FIB that it is installed in.
 */
#ifndef TS_CTL_RIB_PRIV_H
#define TS_CTL_RIB_PRIV_H

#include <uthash.h>

#include "fib_pair.h"
#include "rib.h"

struct rib_route {
	struct rib_route *next; /* by origin, then metric: the first is the best */
	uint32_t metric;
	uint32_t gen;
	uint16_t nh;
	uint8_t origin;
};

struct rib_key {
	uint8_t addr[16]; /* unused bytes are 0 */
	uint8_t len;
};
_Static_assert(sizeof(struct rib_key) == 17, "no padding in a hash key");

struct rib_prefix {
	struct rib_key key;
	uint8_t dirty;		     /* a bit per FIB: in that list of changes */
	uint16_t installed[TS_FIBS]; /* TS_NH_NO_ROUTE: not in that FIB */
	struct rib_route *routes;
	struct rib_prefix *next_dirty[TS_FIBS];
	UT_hash_handle hh;
};

/* Hash tables rather than rte_rib: only exact matches are asked for, and memory is taken for the routes that there are,
 * not for those that there may be. */
struct rib_family {
	struct rib_prefix *prefixes;
	struct rib_prefix *dirty[TS_FIBS];
	size_t n_routes;
	uint32_t max;
};

struct ts_rib {
	struct ts_nexthops *nexthops;
	struct rib_family family[TS_FAMILIES];
	struct ts_fib_pair fibs;
	unsigned published;
	struct ts_rib_stats stats;
};

static inline uint32_t
rib_best(const struct rib_prefix *p)
{
	return p->routes != NULL ? p->routes->nh : TS_NH_NO_ROUTE;
}

/* Free the node when nothing needs it any more. */
void rib_prefix_release(struct rib_family *f, struct rib_prefix *p);

#endif
