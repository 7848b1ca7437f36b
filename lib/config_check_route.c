/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of static routes and neighbours. The interface of a next hop is found here when the file leaves it out.
 *
 * There may be thousands of each, so duplicates are found by sorting.
 */
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

static int
compare_addr(const struct ts_cfg_addr *a, const struct ts_cfg_addr *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	if (a->prefix_len != b->prefix_len)
		return a->prefix_len - b->prefix_len;
	return memcmp(&a->v6, &b->v6, a->family == AF_INET ? sizeof(a->v4) : sizeof(a->v6));
}

/* Pointers into one array: what is equal stays in its order. */
static int
compare_routes(const void *pa, const void *pb)
{
	const struct ts_cfg_route *a = *(const struct ts_cfg_route *const *)pa;
	const struct ts_cfg_route *b = *(const struct ts_cfg_route *const *)pb;
	int d = compare_addr(&a->prefix, &b->prefix);

	return d != 0 ? d : (a > b) - (a < b);
}

static int
compare_neighbours(const void *pa, const void *pb)
{
	const struct ts_cfg_neighbour *a = *(const struct ts_cfg_neighbour *const *)pa;
	const struct ts_cfg_neighbour *b = *(const struct ts_cfg_neighbour *const *)pb;
	int d = compare_addr(&a->address, &b->address);

	if (d == 0)
		d = (a->interface > b->interface) - (a->interface < b->interface);
	return d != 0 ? d : (a > b) - (a < b);
}

/* The elements of an array as sorted pointers; NULL after a fault or when there are none. */
static void **
sorted(struct ts_load *l, void *array, unsigned n, size_t size, int (*compare)(const void *, const void *))
{
	void **p = n > 0 ? calloc(n, sizeof(*p)) : NULL;

	if (p == NULL) {
		if (n > 0)
			ts_fault(l, 0, "", "out of memory");
		return NULL;
	}
	for (unsigned i = 0; i < n; i++)
		p[i] = (char *)array + i * size;
	qsort(p, n, sizeof(*p), compare);
	return p;
}

static void
check_routes_twice(struct ts_load *l)
{
	struct ts_config *cfg = l->cfg;
	struct ts_cfg_route **p = (struct ts_cfg_route **)sorted(
		l, cfg->routes, cfg->n_routes, sizeof(cfg->routes[0]), compare_routes);
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	for (unsigned i = 1; p != NULL && i < cfg->n_routes; i++)
		if (p[i]->prefix.family != 0 && compare_addr(&p[i]->prefix, &p[i - 1]->prefix) == 0)
			ts_fault_at(l, ts_item(path, "routes", (unsigned)(p[i] - cfg->routes), "prefix"),
				"%s has a route already: routes[%u]", ts_cfg_addr_text(&p[i]->prefix, true, text),
				(unsigned)(p[i - 1] - cfg->routes));
	free(p);
}

static void
check_neighbours_twice(struct ts_load *l)
{
	struct ts_config *cfg = l->cfg;
	struct ts_cfg_neighbour **p = (struct ts_cfg_neighbour **)sorted(
		l, cfg->neighbours, cfg->n_neighbours, sizeof(cfg->neighbours[0]), compare_neighbours);
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	for (unsigned i = 1; p != NULL && i < cfg->n_neighbours; i++)
		if (p[i]->address.family != 0 && p[i]->interface == p[i - 1]->interface &&
			compare_addr(&p[i]->address, &p[i - 1]->address) == 0)
			ts_fault_at(l, ts_item(path, "neighbours", (unsigned)(p[i] - cfg->neighbours), "address"),
				"%s is there already on this interface: neighbours[%u]",
				ts_cfg_addr_text(&p[i]->address, false, text), (unsigned)(p[i - 1] - cfg->neighbours));
	free(p);
}

/* A next hop or neighbour: a host on the link that is not us. */
static void
check_other_host(struct ts_load *l, const char *path, const struct ts_cfg_addr *a)
{
	const char *why = ts_cfg_addr_unfit(a);
	char text[TS_ADDR_TEXT];

	if (why == NULL && ts_cfg_is_host_address(l->cfg, a) && !ts_cfg_addr_link_local(a))
		why = "is an address of the relay itself";
	if (why != NULL)
		ts_fault_at(l, path, "%s %s", ts_cfg_addr_text(a, false, text), why);
}

/* The interface on whose LAN the next hop is. */
static unsigned
find_interface(const struct ts_config *cfg, const struct ts_cfg_addr *via)
{
	unsigned found = TS_UNRESOLVED, best = 0;

	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		for (unsigned j = 0; j < cfg->interfaces[i].n_addresses; j++) {
			const struct ts_cfg_addr *lan = &cfg->interfaces[i].addresses[j];

			if (lan->prefix_len > best && ts_cfg_addr_on(lan, via)) {
				best = lan->prefix_len;
				found = i;
			}
		}
	}
	return found;
}

static void
check_via(struct ts_load *l, unsigned i, struct ts_cfg_route *r)
{
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT];
	unsigned line;

	ts_item(path, "routes", i, "via");
	check_other_host(l, path, &r->via);
	if (r->prefix.family != 0 && r->prefix.family != r->via.family)
		ts_fault_at(l, path, "%s is not of the family of the prefix: an %s next hop is needed",
			ts_cfg_addr_text(&r->via, false, text), r->prefix.family == AF_INET ? "IPv4" : "IPv6");
	if (r->interface != TS_UNRESOLVED)
		return;
	ts_item(path, "routes", i, "interface");
	/* A faulty one has been reported. */
	if (ts_node_find(l->root, path, &line) != NULL)
		return;
	if (!ts_cfg_addr_link_local(&r->via))
		r->interface = find_interface(l->cfg, &r->via);
	if (r->interface == TS_UNRESOLVED)
		ts_fault_at(l, path, "is missing: %s is not on the LAN of any interface",
			ts_cfg_addr_text(&r->via, false, text));
}

/* RFC 3056 section 5.2: nothing more specific than 2002::/16 in native routing; so for every tunnel. */
static void
check_route_in_tunnel(struct ts_load *l, unsigned i, const struct ts_cfg_tunnel *tunnels, unsigned n)
{
	const struct ts_cfg_addr *prefix = &l->cfg->routes[i].prefix;
	const struct ts_cfg_tunnel *t = ts_cfg_tunnel_around(tunnels, n, prefix);
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];

	if (t != NULL)
		ts_fault_at(l, ts_item(path, "routes", i, "prefix"), "%s lies in %s, which belongs to the tunnel %s",
			ts_cfg_addr_text(prefix, true, text), ts_prefix6_text(&t->prefix, other), t->name);
}

void
ts_check_routes(struct ts_load *l)
{
	struct ts_config *cfg = l->cfg;
	struct ts_cfg_tunnel tunnels[TS_MAX_TUNNELS];
	unsigned n_tunnels = ts_cfg_tunnels(cfg, tunnels);
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < cfg->n_routes && !l->more; i++) {
		struct ts_cfg_route *r = &cfg->routes[i];

		if (r->via.family != 0)
			check_via(l, i, r);
		if (r->interface == TS_UNRESOLVED && r->kind != TS_ROUTE_VIA)
			r->interface = 0;
		check_route_in_tunnel(l, i, tunnels, n_tunnels);
	}
	check_routes_twice(l);
	for (unsigned i = 0; i < cfg->n_neighbours && !l->more; i++)
		if (cfg->neighbours[i].address.family != 0)
			check_other_host(l, ts_item(path, "neighbours", i, "address"), &cfg->neighbours[i].address);
	check_neighbours_twice(l);
}
