/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by nexthop.c (next hops) and adjacency.c (adjacencies and what is known of neighbours).
 */
#ifndef TS_CTL_NEXTHOP_PRIV_H
#define TS_CTL_NEXTHOP_PRIV_H

#include <uthash.h>

#include "id_pool.h"
#include "nexthop.h"

/* Hashed as bytes: no padding, unused address bytes are 0. */
struct neigh_key {
	uint16_t iface;
	uint8_t family;
	uint8_t zero;
	uint8_t addr[16];
};
_Static_assert(sizeof(struct neigh_key) == 20, "no padding in a hash key");

/* What the kernel or the configuration says. Exists only while it says something. */
struct neigh {
	struct neigh_key key;
	uint8_t mac[6];
	bool is_static;
	UT_hash_handle hh;
};

struct adjacency {
	struct neigh_key key;
	uint16_t id;
	uint32_t gateway_refs; /* next hops that take it for a gateway */
	UT_hash_handle hh;
};

#define NH_KEY_LEN 64

struct nexthop_meta {
	uint8_t key[NH_KEY_LEN]; /* the entry, a hash of the weights; the last byte says that it is a neighbour's own */
	uint8_t weight[TS_NH_SLOTS]; /* of a member, where its first slot is */
	uint16_t id;
	UT_hash_handle hh;
};

typedef void (*gateway_fn)(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16]);

struct ts_nexthops {
	const struct ts_ifaces *ifaces;
	struct ts_nexthop *entries; /* [TS_MAX_NEXTHOPS], read by workers */
	uint16_t *alone;	    /* likewise; from them */
	struct nexthop_meta *meta;  /* by id */
	struct nexthop_meta *by_key;
	struct ts_id_pool ids;
	uint64_t full;

	struct ts_adjacency *adj;   /* control's copy, by id */
	struct adjacency *adj_meta; /* by id */
	struct adjacency *adj_by_key;
	struct ts_id_pool adj_ids;
	bool adj_dirty;
	struct neigh *neighs;

	gateway_fn on_gateway, on_gateway_gone;
	void *on_gateway_arg, *on_gateway_gone_arg;
};

/* Find or make; one reference for the caller. TS_ID_NONE when the table is full. */
uint32_t ts_adjacency_get(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16]);
void ts_adjacency_gateway(struct ts_nexthops *n, uint32_t id, bool add);
void ts_adjacency_grace(struct ts_nexthops *n);

#endif
