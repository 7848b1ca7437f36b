/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adjacencies and neighbours. What is known of a neighbour is kept apart from the adjacency: it may come first, and it
 * outlives the adjacency. A static neighbour of the configuration stands above what the kernel says.
 */
#include "nexthop_priv.h"

#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_malloc.h>

static struct neigh_key
make_key(uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct neigh_key key = {.iface = iface, .family = family};

	memcpy(key.addr, addr, family == AF_INET ? 4 : 16);
	return key;
}

static struct neigh *
find_neigh(const struct ts_nexthops *n, const struct neigh_key *key)
{
	struct neigh *found;

	HASH_FIND(hh, n->neighs, key, sizeof(*key), found);
	return found;
}

static struct adjacency *
find_adjacency(const struct ts_nexthops *n, const struct neigh_key *key)
{
	struct adjacency *found;

	HASH_FIND(hh, n->adj_by_key, key, sizeof(*key), found);
	return found;
}

static void
write_be16(uint8_t *at, uint16_t value)
{
	rte_be16_t be = rte_cpu_to_be_16(value);

	memcpy(at, &be, sizeof(be));
}

/* The outer tag of two is an S-tag (IEEE 802.1ad), a single one a C-tag. */
static void
write_l2(uint8_t *l2, const struct ts_iface *iface, const uint8_t *mac)
{
	if (mac != NULL)
		memcpy(l2, mac, RTE_ETHER_ADDR_LEN);
	memcpy(l2 + RTE_ETHER_ADDR_LEN, iface->mac.addr_bytes, RTE_ETHER_ADDR_LEN);
	for (unsigned i = 0; i < iface->n_tags; i++) {
		bool outer_of_two = iface->n_tags == 2 && i == 0;
		uint8_t *tag = l2 + 2 * RTE_ETHER_ADDR_LEN + i * sizeof(struct rte_vlan_hdr);

		write_be16(tag, outer_of_two ? RTE_ETHER_TYPE_QINQ : RTE_ETHER_TYPE_VLAN);
		write_be16(tag + 2, iface->vlan[i]);
	}
}

/* Returns true when this changed the adjacency. */
static bool
fill_adjacency(struct ts_nexthops *n, const struct adjacency *a)
{
	const struct ts_iface *iface = &n->ifaces->dp[a->key.iface];
	const struct neigh *neigh = find_neigh(n, &a->key);
	struct ts_adjacency new;

	memset(&new, 0, sizeof(new));
	new.port = iface->port;
	new.iface = a->key.iface;
	new.mtu = iface->mtu;
	new.l2_len = RTE_ETHER_HDR_LEN + iface->n_tags * sizeof(struct rte_vlan_hdr);
	new.resolved = neigh != NULL;
	new.plain_mtu = neigh != NULL && iface->n_tags == 0 ? iface->mtu : 0;
	new.family = a->key.family;
	memcpy(new.addr, a->key.addr, sizeof(new.addr));
	write_l2(new.l2, iface, neigh != NULL ? neigh->mac : NULL);
	if (memcmp(&n->adj[a->id], &new, sizeof(new)) == 0)
		return false;
	n->adj[a->id] = new;
	n->adj_dirty = true;
	return true;
}

uint32_t
ts_adjacency_get(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct neigh_key key = make_key(iface, family, addr);
	struct adjacency *a = find_adjacency(n, &key);

	if (a != NULL) {
		ts_id_pool_hold(&n->adj_ids, a->id);
		return a->id;
	}

	uint32_t id = ts_id_pool_get(&n->adj_ids);

	if (id == TS_ID_NONE)
		return TS_ID_NONE;
	a = &n->adj_meta[id];
	memset(a, 0, sizeof(*a));
	a->key = key;
	a->id = (uint16_t)id;
	HASH_ADD(hh, n->adj_by_key, key, sizeof(a->key), a);
	fill_adjacency(n, a);
	return id;
}

void
ts_adjacency_gateway(struct ts_nexthops *n, uint32_t id, bool add)
{
	struct adjacency *a = &n->adj_meta[id];

	if (add) {
		if (a->gateway_refs++ == 0 && n->on_gateway != NULL)
			n->on_gateway(n->on_gateway_arg, a->key.iface, a->key.family, a->key.addr);
	} else if (--a->gateway_refs == 0 && n->on_gateway_gone != NULL) {
		n->on_gateway_gone(n->on_gateway_gone_arg, a->key.iface, a->key.family, a->key.addr);
	}
}

static void
release_adjacency(void *arg, uint32_t id)
{
	struct ts_nexthops *n = arg;

	HASH_DEL(n->adj_by_key, &n->adj_meta[id]);
	memset(&n->adj[id], 0, sizeof(n->adj[id]));
}

void
ts_adjacency_grace(struct ts_nexthops *n)
{
	ts_id_pool_grace(&n->adj_ids, release_adjacency, n);
}

static void
forget_neigh(struct ts_nexthops *n, struct neigh *neigh)
{
	HASH_DEL(n->neighs, neigh);
	free(neigh);
}

/* Out of memory leaves the neighbour unresolved: packets wait and it is asked for again. */
static void
remember_neigh(
	struct ts_nexthops *n, const struct neigh_key *key, struct neigh *neigh, const uint8_t mac[6], bool is_static)
{
	if (neigh == NULL) {
		neigh = calloc(1, sizeof(*neigh));
		if (neigh == NULL)
			return;
		neigh->key = *key;
		HASH_ADD(hh, n->neighs, key, sizeof(neigh->key), neigh);
	}
	memcpy(neigh->mac, mac, sizeof(neigh->mac));
	neigh->is_static = is_static;
}

bool
ts_neigh_set(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16], const uint8_t mac[6],
	bool is_static)
{
	struct neigh_key key = make_key(iface, family, addr);
	struct neigh *neigh = find_neigh(n, &key);

	if (neigh != NULL && neigh->is_static && !is_static)
		return false;
	if (mac != NULL)
		remember_neigh(n, &key, neigh, mac, is_static);
	else if (neigh != NULL)
		forget_neigh(n, neigh);

	const struct adjacency *a = find_adjacency(n, &key);

	return a != NULL && fill_adjacency(n, a);
}

static struct ts_neigh_info
describe(const struct neigh_key *key, const struct neigh *neigh, const struct adjacency *a)
{
	struct ts_neigh_info info = {
		.iface = key->iface,
		.family = key->family,
		.resolved = neigh != NULL,
		.is_static = neigh != NULL && neigh->is_static,
		.gateway = a != NULL && a->gateway_refs > 0,
	};

	memcpy(info.addr, key->addr, sizeof(info.addr));
	if (neigh != NULL)
		memcpy(info.mac, neigh->mac, sizeof(info.mac));
	return info;
}

bool
ts_neigh_get(
	const struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16], struct ts_neigh_info *out)
{
	struct neigh_key key = make_key(iface, family, addr);
	const struct neigh *neigh = find_neigh(n, &key);
	const struct adjacency *a = find_adjacency(n, &key);

	if (neigh == NULL && a == NULL)
		return false;
	*out = describe(&key, neigh, a);
	return true;
}

void
ts_neigh_foreach(const struct ts_nexthops *n, void (*fn)(const struct ts_neigh_info *, void *), void *arg)
{
	for (const struct neigh *neigh = n->neighs; neigh != NULL; neigh = neigh->hh.next) {
		struct ts_neigh_info info = describe(&neigh->key, neigh, find_adjacency(n, &neigh->key));

		fn(&info, arg);
	}
	for (const struct adjacency *a = n->adj_by_key; a != NULL; a = a->hh.next) {
		struct ts_neigh_info info = describe(&a->key, NULL, a);

		if (info.gateway && find_neigh(n, &a->key) == NULL)
			fn(&info, arg);
	}
}

bool
ts_adjacencies_dirty(const struct ts_nexthops *n)
{
	return n->adj_dirty;
}

struct ts_adjacency *
ts_adjacencies_snapshot(struct ts_nexthops *n)
{
	size_t size = n->adj_ids.max * sizeof(struct ts_adjacency);
	struct ts_adjacency *copy = rte_malloc("ts_adjacencies", size, RTE_CACHE_LINE_SIZE);

	if (copy == NULL)
		return NULL;
	memcpy(copy, n->adj, size);
	n->adj_dirty = false;
	return copy;
}

void
ts_adjacencies_free(struct ts_adjacency *a)
{
	rte_free(a);
}
