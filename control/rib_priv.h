/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by rib.c (routes of a prefix), rib_table.c (finding prefixes), rib_apply.c (from prefixes to FIBs) and
 * rib_walk.c (all of them, in order).
 *
 * A prefix stays a node until it has no routes, neither FIB holds it and no list names it. A node holds a reference on
 * a next hop per route, and one per FIB that it is installed in.
 */
#ifndef TS_CTL_RIB_PRIV_H
#define TS_CTL_RIB_PRIV_H

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
_Static_assert(sizeof(struct rib_key) == 17, "keys are compared as bytes");

struct rib_prefix {
	struct rib_key key;
	uint8_t dirty;		     /* a bit per FIB: in that list of changes */
	bool unplaced;		     /* there was no room for it in a FIB; it is to be in neither */
	uint16_t installed[TS_FIBS]; /* TS_NH_NO_ROUTE: not in that FIB */
	struct rib_route *routes;
	struct rib_prefix *next_dirty[TS_FIBS];
	struct rib_prefix *next_unplaced, **at_unplaced; /* when it is */
	struct rib_prefix *next_hash;
	struct rib_prefix *next_in_bin, **at_in_bin;
};

#define RIB_BINS 65536u

/*
 * Two ways to a prefix. The hash table finds one; it never grows, because moving a million nodes would take longer than
 * the control thread may be away. Bins, by the first 16 bits, give them in order, some at a time.
 */
struct rib_family {
	struct rib_prefix **buckets; /* [mask + 1] */
	uint32_t mask;
	uint64_t seed[3];
	struct rib_prefix **bins; /* [RIB_BINS] */
	uint32_t of_len[129];	  /* how many prefixes have this length */
	struct rib_prefix *dirty[TS_FIBS];
	struct rib_prefix *additions[TS_FIBS]; /* of what was dirty, when the deletions among it have been written */
	struct rib_prefix *unplaced;
	uint32_t n_unplaced;
	uint32_t used_when_full; /* of a FIB's room */
	size_t n_routes;
	size_t n_upstream; /* see ts_rib_upstream() */
	uint32_t max;
};

struct ts_rib {
	struct ts_nexthops *nexthops;
	struct rib_family family[TS_FAMILIES];
	struct ts_fib_pair fibs;
	unsigned published;
	struct ts_rib_stats stats;
};

static inline unsigned
rib_family_index(uint8_t family)
{
	return family == AF_INET ? TS_FAMILY4 : TS_FAMILY6;
}

static inline uint32_t
rib_best(const struct rib_prefix *p)
{
	return p->routes != NULL ? p->routes->nh : TS_NH_NO_ROUTE;
}

/* What is to be in both FIBs. */
static inline uint32_t
rib_wanted(const struct rib_prefix *p)
{
	return p->unplaced ? TS_NH_NO_ROUTE : rib_best(p);
}

/* rib_table.c */
int rib_table_init(struct rib_family *f, uint32_t max);
void rib_table_fini(struct rib_family *f);
struct rib_key rib_key_of(uint8_t family, const uint8_t *prefix, uint8_t len);
struct rib_prefix *rib_table_find(const struct rib_family *f, const struct rib_key *key);
struct rib_prefix *rib_table_add(struct rib_family *f, const struct rib_key *key); /* NULL: no memory */
void rib_table_remove(struct rib_family *f, struct rib_prefix *p);
/* The next longest prefix above the key, which becomes that one's; lengths that nothing has are left out. NULL: none.
 */
struct rib_prefix *rib_table_up(const struct rib_family *f, struct rib_key *key);
static inline uint32_t
rib_bin_of(const uint8_t *addr)
{
	return (uint32_t)addr[0] << 8 | addr[1];
}

/* rib.c */
void rib_mark_dirty(struct rib_family *f, struct rib_prefix *p);
/* Into or out of the list of what has no room. */
void rib_set_unplaced(struct rib_family *f, struct rib_prefix *p, bool unplaced);
/* Free the node when nothing needs it any more. */
void rib_prefix_release(struct rib_family *f, struct rib_prefix *p);
void rib_route_remove(struct ts_rib *rib, struct rib_family *f, struct rib_route **at);
/* Where the route is, or where it would have to be. */
struct rib_route **rib_route_place(struct rib_prefix *p, enum ts_origin origin, uint32_t metric);

#endif
