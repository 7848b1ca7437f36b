/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routes as control knows them, both families, and the pair of FIBs that they go into.
 *
 * A prefix may have routes of several origins; the smallest origin wins, within an origin the smallest metric. A change
 * marks the prefix dirty for both FIBs. ts_rib_apply() brings the idle FIB up to date; it is then published, and when
 * the workers have let go of the other one, that one is brought up to date in its turn. Whatever looks at many routes
 * does so in steps, so that a full table never keeps the control thread for long.
 *
 * The RIB is the truth. A prefix that a FIB has no room for is unplaced: it is taken out of the other FIB, too, so that
 * both agree, and is tried again when there is room.
 */
#ifndef TS_CTL_RIB_H
#define TS_CTL_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/nexthop.h"
#include "dataplane/tables.h"

enum ts_origin {
	TS_ORIGIN_OWN,	     /* service and host addresses, tunnels, what must never be routed */
	TS_ORIGIN_NEIGHBOUR, /* /32 and /128 of resolved on-link neighbours */
	TS_ORIGIN_STATIC,    /* from the YAML */
	TS_ORIGIN_KERNEL,    /* mirrored */
	TS_ORIGIN_FPM,	     /* a routing daemon's, by FPM */
	TS_N_ORIGINS
};

struct ts_rib_conf {
	uint32_t max_ipv4, max_ipv6;   /* routes */
	uint32_t tbl8_ipv4, tbl8_ipv6; /* IPv4 groups, IPv6 lines of an instance; 0 = computed */
	int socket_id;
};

struct ts_rib;

struct ts_rib *ts_rib_create(const struct ts_rib_conf *conf, struct ts_nexthops *nexthops, char *err, size_t err_len);
void ts_rib_free(struct ts_rib *rib);

/*
 * Add or replace the route (prefix, origin, metric); takes over the caller's reference on `nh`. `gen` marks the route
 * for ts_rib_sweep(). 0, or -ENOSPC when the configured number of routes is reached (counted; the reference is put
 * back). `prefix` is 4 or 16 bytes in network byte order, bits beyond `len` zero.
 */
int ts_rib_set(struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, uint32_t nh, uint32_t gen);
/* 0, or -ENOENT. */
int ts_rib_del(
	struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin, uint32_t metric);
/* Remove the routes of an origin and family whose mark is not `gen`; returns how many (mark and sweep). */
unsigned ts_rib_sweep(struct ts_rib *rib, uint8_t family, enum ts_origin origin, uint32_t gen);

/* --- walking --- */

struct ts_route_info {
	uint8_t family, len;
	uint8_t prefix[16];
	enum ts_origin origin;
	uint32_t metric, nh, gen;
	bool best;
};

/*
 * Where a walk over a family's routes, in the order of prefixes, is. Zeroed: at the beginning. What is there from
 * beginning to end is seen exactly once, whatever else comes and goes between the steps.
 */
struct ts_rib_cursor {
	uint32_t bin;
	bool inside; /* of the bin: `addr`, `len` were seen last */
	uint8_t len;
	uint8_t addr[16];
};

/*
 * A step of about `n` prefixes (all routes of one are seen together). False when the walk has ended. `within` NULL:
 * everything, else only that prefix and those in it. `fn` must not change the RIB.
 */
struct ts_rib_range {
	uint8_t len;
	uint8_t prefix[16];
};
bool ts_rib_walk(const struct ts_rib *rib, uint8_t family, const struct ts_rib_range *within, struct ts_rib_cursor *at,
	unsigned n, void (*fn)(const struct ts_route_info *, void *), void *arg);
/* A step of ts_rib_sweep() over at least `n` prefixes, a bin's at a time; adds to *swept. False when it has ended. */
bool ts_rib_sweep_step(struct ts_rib *rib, uint8_t family, enum ts_origin origin, uint32_t gen,
	struct ts_rib_cursor *at, unsigned n, unsigned *swept);
/* Likewise all routes of an origin: `fn` may set or delete exactly the route that it is given. */
bool ts_rib_edit_step(struct ts_rib *rib, uint8_t family, enum ts_origin origin, struct ts_rib_cursor *at, unsigned n,
	void (*fn)(const struct ts_route_info *, void *), void *arg);

/* All routes in prefix order of each family; family 0 = both. Stops when fn returns false; fn must not change the RIB.
 */
void ts_rib_foreach(
	const struct ts_rib *rib, uint8_t family, bool (*fn)(const struct ts_route_info *, void *), void *arg);

/* --- finding --- */

/* The best route of exactly this prefix; false when there is none. */
bool ts_rib_get(
	const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, struct ts_route_info *out);

/* The route of exactly this prefix, origin and metric; false when there is none. `best` is not filled in. */
bool ts_rib_find(const struct ts_rib *rib, uint8_t family, const uint8_t *prefix, uint8_t len, enum ts_origin origin,
	uint32_t metric, struct ts_route_info *out);
/* Is the address covered by an on-link (GLEAN) best route of this interface, however short? */
bool ts_rib_on_link(const struct ts_rib *rib, uint8_t family, const uint8_t *addr, uint16_t iface);

size_t ts_rib_count(const struct ts_rib *rib, uint8_t family);
/* Routes by a gateway that the configuration or a routing daemon gave: what leads beyond the links (O2). */
size_t ts_rib_upstream(const struct ts_rib *rib, uint8_t family);

/* --- the pair of FIBs --- */

unsigned ts_rib_idle(const struct ts_rib *rib); /* 0 or 1: the one that is not published */
bool ts_rib_dirty(const struct ts_rib *rib, unsigned which);
/* Bring FIB `which` up to date with the RIB, all at once. Must not be the published one. */
void ts_rib_apply(struct ts_rib *rib, unsigned which);
/* The same, but at most about `max` prefixes, deletions first. False when there is nothing left to do. */
bool ts_rib_apply_step(struct ts_rib *rib, unsigned which, unsigned max);
void ts_rib_published(struct ts_rib *rib, unsigned which);
const struct ts_fib4 *ts_rib_fib4(const struct ts_rib *rib, unsigned which);
const struct ts_fib6 *ts_rib_fib6(const struct ts_rib *rib, unsigned which);

struct ts_rib_usage {
	uint32_t routes, max_routes;
	uint32_t used, room; /* of a FIB: IPv4 tbl8 groups, IPv6 lines */
	uint32_t unplaced;   /* prefixes that are in no FIB because there is no room for them */
	bool full;	     /* there are such prefixes, or no further route is taken from the kernel */
};
struct ts_rib_stats {
	uint64_t insert_failures;      /* times that a FIB had no room for a prefix */
	uint64_t retries;	       /* times that unplaced prefixes were tried again */
	uint64_t refused_full;	       /* routes beyond the configured number */
	uint64_t changes;	       /* prefixes whose best next hop became another */
	struct ts_rib_usage family[2]; /* IPv4, IPv6 */
};
void ts_rib_stats(const struct ts_rib *rib, struct ts_rib_stats *out);

#endif
