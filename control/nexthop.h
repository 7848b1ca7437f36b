/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops and adjacencies: the arrays that the workers index, and who refers to what.
 *
 * A next hop is content-addressed: asking twice for the same thing gives the same id. Its entry never changes while
 * anything refers to it; an id that nothing refers to any more is reused only after two grace periods (decisions.md
 * 15). An adjacency's index stays with its (interface, address) while it is referred to; resolving it or changing its
 * MAC makes a new version of the adjacency array, not a new index.
 */
#ifndef TS_CTL_NEXTHOP_H
#define TS_CTL_NEXTHOP_H

#include <stdbool.h>
#include <stdint.h>

#include "control/iface.h"
#include "dataplane/tables.h"

struct ts_nexthops;

/* One member of a multipath route, or the only one. family 0: on-link, no gateway. */
struct ts_path {
	uint16_t iface;
	uint8_t family;
	uint8_t weight; /* >= 1 */
	uint8_t addr[16];
};

struct ts_nexthops *ts_nexthops_create(uint32_t max_nexthops, uint32_t max_adjacencies, const struct ts_ifaces *ifaces);
void ts_nexthops_free(struct ts_nexthops *n);

/*
 * Find or make the next hop; the caller then holds one reference. Returns its id (> 0), or TS_NH_NO_ROUTE when the
 * table is full (counted, see ts_nexthops_full()). Kinds: BLACKHOLE, UNREACHABLE, PROHIBIT, PUNT, 6TO4, TEREDO need
 * nothing more.
 */
uint32_t ts_nexthop_get_simple(struct ts_nexthops *n, enum ts_nh_kind kind);
uint32_t ts_nexthop_get_tunnel(struct ts_nexthops *n, enum ts_nh_kind kind, uint16_t domain);
/* udp: TS_UDP_* of the address. */
uint32_t ts_nexthop_get_local(struct ts_nexthops *n, bool host, enum ts_proto41 proto41, uint16_t domain, uint8_t udp);
uint32_t ts_nexthop_get_glean(struct ts_nexthops *n, uint16_t iface);
/* n_paths gateways (family != 0), weights shared out over at most TS_NH_SLOTS slots. */
uint32_t ts_nexthop_get_paths(struct ts_nexthops *n, const struct ts_path *paths, unsigned n_paths);
/*
 * The same for a route that has gone by next hop `like` so far (TS_NH_NO_ROUTE: none): flows stay with their member
 * where they can. When members only go, it is their slots alone that are given to others.
 */
uint32_t ts_nexthop_get_paths_like(struct ts_nexthops *n, const struct ts_path *paths, unsigned n_paths, uint32_t like);
/* The next hop of an on-link neighbour's own route: as with one path, but the neighbour does not become a gateway. */
uint32_t ts_nexthop_get_neigh(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16]);
void ts_nexthop_hold(struct ts_nexthops *n, uint32_t id);
void ts_nexthop_put(struct ts_nexthops *n, uint32_t id);

const struct ts_nexthop *ts_nexthop_array(const struct ts_nexthops *n); /* [TS_MAX_NEXTHOPS] */
const uint16_t *ts_nexthop_alone(const struct ts_nexthops *n);		/* likewise; struct ts_tables */

/* Paths of an ADJACENCY next hop with their weights, sorted; returns how many were written. */
unsigned ts_nexthop_paths(const struct ts_nexthops *n, uint32_t id, struct ts_path *out, unsigned max);

/*
 * What the kernel or the configuration says of a neighbour. mac NULL: it is gone or failed. Remembered whether or not
 * an adjacency exists yet. Returns true when an adjacency that is in use changed, i.e. a new version has to be
 * published.
 */
bool ts_neigh_set(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16], const uint8_t mac[6],
	bool is_static);

struct ts_neigh_info {
	uint16_t iface;
	uint8_t family;
	uint8_t addr[16];
	uint8_t mac[6];
	bool resolved, is_static, gateway; /* gateway: some route goes by it */
};
void ts_neigh_foreach(const struct ts_nexthops *n, void (*fn)(const struct ts_neigh_info *, void *), void *arg);

/* What is known of one neighbour; false when that is nothing. */
bool ts_neigh_get(
	const struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16], struct ts_neigh_info *out);

/* Has any adjacency changed since the last snapshot? */
bool ts_adjacencies_dirty(const struct ts_nexthops *n);
/* A new copy of the adjacency array for the next version; the publisher frees it after the grace period. */
struct ts_adjacency *ts_adjacencies_snapshot(struct ts_nexthops *n);
void ts_adjacencies_free(struct ts_adjacency *a);

/* A grace period has passed: ids given back two grace periods ago become free. */
void ts_nexthops_grace(struct ts_nexthops *n);

/* Does any id wait for a grace period? */
bool ts_nexthops_dying(const struct ts_nexthops *n);

uint32_t ts_nexthops_in_use(const struct ts_nexthops *n);
uint64_t ts_nexthops_full(const struct ts_nexthops *n); /* times that the table was full */

/* Called once for every gateway adjacency when it is made, so that the kernel can be asked to keep it resolved. */
void ts_nexthops_on_gateway(struct ts_nexthops *n,
	void (*fn)(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16]), void *arg);
/* Called when no route goes by a gateway any more. */
void ts_nexthops_on_gateway_gone(struct ts_nexthops *n,
	void (*fn)(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16]), void *arg);

#endif
