/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops by content. An id without references keeps its entry and its place in the hash until two grace periods have
 * passed; asking for the same thing meanwhile takes it up again. Its adjacencies are given back only then.
 */
#include "nexthop_priv.h"

#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>
#include <rte_malloc.h>

#include "paths.h"

/* What stands before the padding and the slots. */
#define KEY_HEAD_LEN (offsetof(struct ts_nexthop, udp) + 1)

static struct nexthop_meta *
find_entry(const struct ts_nexthops *n, const uint8_t key[NH_KEY_LEN])
{
	struct nexthop_meta *found;

	HASH_FIND(hh, n->by_key, key, NH_KEY_LEN, found);
	return found;
}

/* Equal slots with other weights are another next hop: what is shown and what becomes of it when a member goes differ.
 */
static void
make_key(uint8_t key[NH_KEY_LEN], const struct ts_nexthop *e, const uint8_t weight[TS_NH_SLOTS], bool neigh)
{
	uint32_t hash = rte_jhash(weight, TS_NH_SLOTS, 0);

	memset(key, 0, NH_KEY_LEN);
	memcpy(key, e, KEY_HEAD_LEN);
	memcpy(key + KEY_HEAD_LEN, e->slots, sizeof(e->slots));
	memcpy(key + KEY_HEAD_LEN + sizeof(e->slots), &hash, sizeof(hash));
	key[NH_KEY_LEN - 1] = neigh;
}
_Static_assert(
	KEY_HEAD_LEN == 7 && sizeof(((struct ts_nexthop *)0)->slots) + sizeof(uint32_t) < NH_KEY_LEN - KEY_HEAD_LEN,
	"no padding in the hash key, and room for the flag");

static bool
is_neigh(const struct nexthop_meta *m)
{
	return m->key[NH_KEY_LEN - 1] != 0;
}

/* A slot's adjacency counts once for every different one. */
static bool
first_of_its_kind(const struct ts_nexthop *e, unsigned slot)
{
	for (unsigned i = 0; i < slot; i++)
		if (e->slots[i] == e->slots[slot])
			return false;
	return true;
}

/* Once for every different adjacency: a new entry takes over what the caller holds on them. */
static uint32_t
make_entry(struct ts_nexthops *n, const struct ts_nexthop *e, const uint8_t weight[TS_NH_SLOTS],
	const uint8_t key[NH_KEY_LEN])
{
	uint32_t id = ts_id_pool_get(&n->ids);

	if (id == TS_ID_NONE) {
		n->full++;
		return TS_NH_NO_ROUTE;
	}

	struct nexthop_meta *m = &n->meta[id];

	memset(m, 0, sizeof(*m));
	memcpy(m->key, key, NH_KEY_LEN);
	memcpy(m->weight, weight, TS_NH_SLOTS);
	m->id = (uint16_t)id;
	HASH_ADD(hh, n->by_key, key, NH_KEY_LEN, m);
	n->entries[id] = *e;
	n->alone[id] = e->kind == TS_NH_ADJACENCY && e->n_slots == 1 ? e->slots[0] : TS_ADJACENCY_NONE;
	for (unsigned i = 0; i < e->n_slots && !is_neigh(m); i++)
		if (first_of_its_kind(e, i))
			ts_adjacency_gateway(n, e->slots[i], true);
	return id;
}

static void
put_adjacencies(struct ts_nexthops *n, const struct ts_nexthop *e)
{
	for (unsigned i = 0; i < e->n_slots; i++)
		if (first_of_its_kind(e, i))
			ts_id_pool_put(&n->adj_ids, e->slots[i]);
}

static uint32_t
get_weighted(struct ts_nexthops *n, const struct ts_nexthop *e, const uint8_t weight[TS_NH_SLOTS], bool neigh)
{
	uint8_t key[NH_KEY_LEN];

	make_key(key, e, weight, neigh);

	const struct nexthop_meta *m = find_entry(n, key);

	if (m == NULL) {
		uint32_t id = make_entry(n, e, weight, key);

		if (id == TS_NH_NO_ROUTE)
			put_adjacencies(n, e);
		return id;
	}
	ts_id_pool_hold(&n->ids, m->id);
	put_adjacencies(n, e);
	return m->id;
}

static uint32_t
get_entry(struct ts_nexthops *n, const struct ts_nexthop *e)
{
	static const uint8_t none[TS_NH_SLOTS];

	return get_weighted(n, e, none, false);
}

uint32_t
ts_nexthop_get_simple(struct ts_nexthops *n, enum ts_nh_kind kind)
{
	struct ts_nexthop e = {.kind = kind};

	return get_entry(n, &e);
}

uint32_t
ts_nexthop_get_tunnel(struct ts_nexthops *n, enum ts_nh_kind kind, uint16_t domain)
{
	struct ts_nexthop e = {.kind = kind, .domain = domain};

	return get_entry(n, &e);
}

uint32_t
ts_nexthop_get_local(struct ts_nexthops *n, bool host, enum ts_proto41 proto41, uint16_t domain, uint8_t udp)
{
	struct ts_nexthop e = {.kind = TS_NH_LOCAL, .host = host, .proto41 = proto41, .domain = domain, .udp = udp};

	return get_entry(n, &e);
}

uint32_t
ts_nexthop_get_glean(struct ts_nexthops *n, uint16_t iface)
{
	struct ts_nexthop e = {.kind = TS_NH_GLEAN, .iface = iface};

	return get_entry(n, &e);
}

struct member {
	uint16_t adj;
	uint8_t weight;
	uint8_t has; /* slots so far */
	uint8_t due;
};

static struct member *
find_member(struct member *members, unsigned n, uint16_t adj)
{
	for (unsigned i = 0; i < n; i++)
		if (members[i].adj == adj)
			return &members[i];
	return NULL;
}

static bool
only_loses(const struct ts_nexthop *like, const struct member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned slot = 0;

		while (slot < like->n_slots && like->slots[slot] != members[i].adj)
			slot++;
		if (slot == like->n_slots)
			return false;
	}
	return true;
}

static struct member *
most_due(struct member *members, unsigned n)
{
	struct member *best = &members[0];

	for (unsigned i = 1; i < n; i++)
		if (members[i].due - members[i].has > best->due - best->has)
			best = &members[i];
	return best;
}

/* Members stay in the slots that they had, as long as they are due them or nobody came. `like` NULL: one after another.
 */
static void
arrange(struct ts_nexthop *e, struct member *members, unsigned n, const struct ts_nexthop *like)
{
	struct member *slots[TS_NH_SLOTS] = {NULL};
	bool keep_all = like != NULL && only_loses(like, members, n);
	unsigned next = 0;

	for (unsigned i = 0; like != NULL && i < e->n_slots; i++) {
		struct member *m = find_member(members, n, like->slots[i]);

		if (m == NULL || (!keep_all && m->has == m->due))
			continue;
		slots[i] = m;
		m->has++;
	}
	for (unsigned i = 0; i < e->n_slots; i++) {
		while (like == NULL && members[next].has == members[next].due)
			next++;
		if (slots[i] == NULL) {
			slots[i] = like == NULL ? &members[next] : most_due(members, n);
			slots[i]->has++;
		}
		e->slots[i] = slots[i]->adj;
	}
}

static uint32_t
get_members(struct ts_nexthops *n, struct ts_nexthop *e, struct member *members, unsigned n_members, uint32_t like,
	bool neigh)
{
	uint8_t weight[TS_NH_SLOTS] = {0};

	arrange(e, members, n_members, like != TS_NH_NO_ROUTE ? &n->entries[like] : NULL);
	for (unsigned i = 0; i < e->n_slots; i++)
		if (first_of_its_kind(e, i))
			weight[i] = find_member(members, n_members, e->slots[i])->weight;
	return get_weighted(n, e, weight, neigh);
}

static uint32_t
get_adjacencies(struct ts_nexthops *n, const struct ts_share *shares, unsigned n_shares, uint32_t like, bool neigh)
{
	struct ts_nexthop e = {.kind = TS_NH_ADJACENCY};
	struct member members[TS_NH_SLOTS];

	for (unsigned i = 0; i < n_shares; i++) {
		const struct ts_path *p = &shares[i].path;
		uint32_t adj = ts_adjacency_get(n, p->iface, p->family, p->addr);

		if (adj == TS_ID_NONE) {
			n->full++;
			while (i > 0)
				ts_id_pool_put(&n->adj_ids, members[--i].adj);
			return TS_NH_NO_ROUTE;
		}
		members[i] = (struct member){(uint16_t)adj, p->weight, 0, shares[i].slots};
		e.n_slots = (uint8_t)(e.n_slots + shares[i].slots);
	}
	return get_members(n, &e, members, n_shares, like, neigh);
}

/* Nobody's flows are kept together where there was one path, or is one: then all go the same way. */
static bool
is_resilient(const struct ts_nexthops *n, uint32_t like, unsigned n_paths)
{
	const struct ts_nexthop *e = &n->entries[like];

	return e->kind == TS_NH_ADJACENCY && n_paths > 1 && e->n_slots >= TS_NH_SLOTS / 2 && n_paths <= e->n_slots;
}

uint32_t
ts_nexthop_get_paths_like(struct ts_nexthops *n, const struct ts_path *paths, unsigned n_paths, uint32_t like)
{
	struct ts_share shares[TS_NH_SLOTS];
	unsigned n_shares;

	if (!is_resilient(n, like, n_paths))
		like = TS_NH_NO_ROUTE;
	n_shares = ts_paths_share(paths, n_paths, n->entries[like].n_slots, shares);
	if (n_shares == 1) {
		shares[0].slots = 1;
		like = TS_NH_NO_ROUTE;
	}
	return n_shares == 0 ? TS_NH_NO_ROUTE : get_adjacencies(n, shares, n_shares, like, false);
}

uint32_t
ts_nexthop_get_paths(struct ts_nexthops *n, const struct ts_path *paths, unsigned n_paths)
{
	return ts_nexthop_get_paths_like(n, paths, n_paths, TS_NH_NO_ROUTE);
}

uint32_t
ts_nexthop_get_neigh(struct ts_nexthops *n, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct ts_share share = {.path = {.iface = iface, .family = family, .weight = 1}, .slots = 1};

	memcpy(share.path.addr, addr, family == AF_INET ? 4 : 16);
	return get_adjacencies(n, &share, 1, TS_NH_NO_ROUTE, true);
}

void
ts_nexthop_hold(struct ts_nexthops *n, uint32_t id)
{
	if (id != TS_NH_NO_ROUTE)
		ts_id_pool_hold(&n->ids, id);
}

void
ts_nexthop_put(struct ts_nexthops *n, uint32_t id)
{
	if (id != TS_NH_NO_ROUTE)
		ts_id_pool_put(&n->ids, id);
}

const struct ts_nexthop *
ts_nexthop_array(const struct ts_nexthops *n)
{
	return n->entries;
}

const uint16_t *
ts_nexthop_alone(const struct ts_nexthops *n)
{
	return n->alone;
}

static int
by_path(const void *a, const void *b)
{
	return ts_path_compare(a, b);
}

unsigned
ts_nexthop_paths(const struct ts_nexthops *n, uint32_t id, struct ts_path *out, unsigned max)
{
	const struct ts_nexthop *e = &n->entries[id];
	unsigned n_out = 0;

	if (e->kind != TS_NH_ADJACENCY)
		return 0;
	for (unsigned i = 0; i < e->n_slots && n_out < max; i++) {
		const struct ts_adjacency *a = &n->adj[e->slots[i]];

		if (!first_of_its_kind(e, i))
			continue;
		out[n_out] = (struct ts_path){.iface = a->iface, .family = a->family, .weight = n->meta[id].weight[i]};
		memcpy(out[n_out++].addr, a->addr, sizeof(a->addr));
	}
	qsort(out, n_out, sizeof(*out), by_path);
	return n_out;
}

static void
release_nexthop(void *arg, uint32_t id)
{
	struct ts_nexthops *n = arg;
	struct nexthop_meta *m = &n->meta[id];
	struct ts_nexthop *e = &n->entries[id];

	for (unsigned i = 0; i < e->n_slots && !is_neigh(m); i++)
		if (first_of_its_kind(e, i))
			ts_adjacency_gateway(n, e->slots[i], false);
	put_adjacencies(n, e);
	HASH_DEL(n->by_key, m);
	memset(e, 0, sizeof(*e));
}

void
ts_nexthops_grace(struct ts_nexthops *n)
{
	ts_adjacency_grace(n);
	ts_id_pool_grace(&n->ids, release_nexthop, n);
}

bool
ts_nexthops_dying(const struct ts_nexthops *n)
{
	return n->ids.n_dying > 0 || n->adj_ids.n_dying > 0;
}

uint32_t
ts_nexthops_in_use(const struct ts_nexthops *n)
{
	return HASH_COUNT(n->by_key);
}

uint64_t
ts_nexthops_full(const struct ts_nexthops *n)
{
	return n->full;
}

void
ts_nexthops_on_gateway(struct ts_nexthops *n, gateway_fn fn, void *arg)
{
	n->on_gateway = fn;
	n->on_gateway_arg = arg;
}

void
ts_nexthops_on_gateway_gone(struct ts_nexthops *n, gateway_fn fn, void *arg)
{
	n->on_gateway_gone = fn;
	n->on_gateway_gone_arg = arg;
}

/* Ids are 1 .. max_nexthops; adjacency indexes are 16 bits wide. */
static bool
allocate(struct ts_nexthops *n, uint32_t max_nexthops, uint32_t max_adj)
{
	uint32_t ids = RTE_MIN(max_nexthops + 1, (uint32_t)TS_MAX_NEXTHOPS);

	max_adj = RTE_MIN(max_adj, (uint32_t)UINT16_MAX) + TS_ADJACENCY_NONE + 1;
	if (ts_id_pool_init(&n->ids, 1, ids) < 0 || ts_id_pool_init(&n->adj_ids, TS_ADJACENCY_NONE + 1, max_adj) < 0)
		return false;
	n->meta = calloc(ids, sizeof(*n->meta));
	n->entries = rte_zmalloc("ts_nexthops", TS_MAX_NEXTHOPS * sizeof(*n->entries), RTE_CACHE_LINE_SIZE);
	n->alone = rte_zmalloc("ts_alone", TS_MAX_NEXTHOPS * sizeof(*n->alone), RTE_CACHE_LINE_SIZE);
	n->adj_meta = calloc(max_adj, sizeof(*n->adj_meta));
	n->adj = aligned_alloc(RTE_CACHE_LINE_SIZE, max_adj * sizeof(*n->adj));
	if (n->meta == NULL || n->entries == NULL || n->alone == NULL || n->adj_meta == NULL || n->adj == NULL)
		return false;
	memset(n->adj, 0, max_adj * sizeof(*n->adj));
	n->adj_dirty = true;
	return true;
}

struct ts_nexthops *
ts_nexthops_create(uint32_t max_nexthops, uint32_t max_adjacencies, const struct ts_ifaces *ifaces)
{
	struct ts_nexthops *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->ifaces = ifaces;
	if (!allocate(n, max_nexthops, max_adjacencies)) {
		ts_nexthops_free(n);
		return NULL;
	}
	return n;
}

void
ts_nexthops_free(struct ts_nexthops *n)
{
	struct neigh *neigh, *next;

	if (n == NULL)
		return;
	HASH_CLEAR(hh, n->by_key);
	HASH_CLEAR(hh, n->adj_by_key);
	HASH_ITER(hh, n->neighs, neigh, next) {
		HASH_DEL(n->neighs, neigh);
		free(neigh);
	}
	ts_id_pool_fini(&n->ids);
	ts_id_pool_fini(&n->adj_ids);
	rte_free(n->entries);
	rte_free(n->alone);
	free(n->meta);
	free(n->adj_meta);
	free(n->adj);
	free(n);
}
