/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes and neighbours: lists that may be long, so a snapshot of small records is taken at once and its text is made
 * as the client takes it. A full table of both families, 1.3 million routes, takes 35 MiB as records.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/show.h"
#include "lib/addr.h"

/* What is kept of a struct ts_route_info. */
struct route_record {
	uint8_t family, len, origin, best;
	uint32_t metric, nh;
	uint8_t prefix[16];
};
_Static_assert(sizeof(struct route_record) == 28, "a million of them wait in memory");

struct route_filter {
	struct ts_answer *answer;
	const struct ts_control *c;
	uint8_t family, len; /* family 0: everything */
	uint8_t prefix[16];
};

static const char *const origin_name[TS_N_ORIGINS] = {
	[TS_ORIGIN_OWN] = "own",
	[TS_ORIGIN_NEIGHBOUR] = "neighbour",
	[TS_ORIGIN_STATIC] = "static",
	[TS_ORIGIN_KERNEL] = "kernel",
};

static const char *const kind_name[] = {
	[TS_NH_NONE] = "none",
	[TS_NH_BLACKHOLE] = "blackhole",
	[TS_NH_UNREACHABLE] = "unreachable",
	[TS_NH_PROHIBIT] = "prohibit",
	[TS_NH_ADJACENCY] = "via",
	[TS_NH_GLEAN] = "link",
	[TS_NH_PUNT] = "punt",
	[TS_NH_LOCAL] = "local",
	[TS_NH_6TO4] = "6to4",
	[TS_NH_6RD] = "6rd",
	[TS_NH_ISATAP] = "isatap",
	[TS_NH_TEREDO] = "teredo",
};

static const char *
iface_name(const struct ts_control *c, uint16_t iface)
{
	return iface < c->ifaces.n ? c->ifaces.ctl[iface].name : "?";
}

static json_t *
via_paths(const struct ts_control *c, uint32_t nh)
{
	struct ts_path paths[TS_NH_SLOTS];
	unsigned n = ts_nexthop_paths(c->nexthops, nh, paths, TS_NH_SLOTS);
	json_t *via = json_array();
	char addr[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < n; i++) {
		json_t *path = json_pack(
			"{s:s, s:i}", "interface", iface_name(c, paths[i].iface), "weight", (int)paths[i].weight);

		if (paths[i].family != 0 && inet_ntop(paths[i].family, paths[i].addr, addr, sizeof(addr)) != NULL)
			json_object_set_new(path, "address", json_string(addr));
		json_array_append_new(via, path);
	}
	return via;
}

static json_t *
via(const struct ts_control *c, uint32_t nh, const struct ts_nexthop *entry)
{
	if (entry->kind == TS_NH_ADJACENCY)
		return via_paths(c, nh);
	if (entry->kind == TS_NH_GLEAN)
		return json_pack("[{s:s, s:i}]", "interface", iface_name(c, entry->iface), "weight", 1);
	return json_array();
}

json_t *
ts_route_json(const struct ts_control *c, const struct ts_route_info *r)
{
	const struct ts_nexthop *entry = &ts_nexthop_array(c->nexthops)[r->nh];
	char addr[INET6_ADDRSTRLEN], prefix[INET6_ADDRSTRLEN + 4];

	inet_ntop(r->family, r->prefix, addr, sizeof(addr));
	snprintf(prefix, sizeof(prefix), "%s/%u", addr, r->len);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:b}", "prefix", prefix, "origin", origin_name[r->origin], "kind",
		kind_name[entry->kind], "via", via(c, r->nh, entry), "metric", (json_int_t)r->metric, "best",
		(int)r->best);
}

static json_t *
route_item(const struct ts_control *c, const void *record)
{
	const struct route_record *r = record;
	struct ts_route_info info = {.family = r->family,
		.len = r->len,
		.origin = r->origin,
		.metric = r->metric,
		.nh = r->nh,
		.best = r->best};

	memcpy(info.prefix, r->prefix, sizeof(info.prefix));
	return ts_route_json(c, &info);
}

static bool
in_filter(const struct route_filter *f, const struct ts_route_info *r)
{
	unsigned bytes = f->len / 8, bits = f->len % 8;

	if (f->family == 0)
		return true;
	if (r->family != f->family || r->len < f->len || memcmp(r->prefix, f->prefix, bytes) != 0)
		return false;
	return bits == 0 || ((r->prefix[bytes] ^ f->prefix[bytes]) & (0xff00 >> bits) & 0xff) == 0;
}

static bool
take_route(const struct ts_route_info *r, void *arg)
{
	struct route_filter *f = arg;
	struct route_record rec = {r->family, r->len, (uint8_t)r->origin, r->best, r->metric, r->nh, {0}};
	uint64_t *word = &f->answer->held[r->nh / 64], bit = 1ULL << (r->nh % 64);

	if (!in_filter(f, r))
		return true;
	memcpy(rec.prefix, r->prefix, sizeof(rec.prefix));
	if (!ts_answer_add(f->answer, &rec))
		return false;
	if (r->nh != TS_NH_NO_ROUTE && (*word & bit) == 0) {
		ts_nexthop_hold(f->c->nexthops, r->nh);
		*word |= bit;
	}
	return true;
}

static bool
parse_filter(struct route_filter *f, const char *text)
{
	struct in6_addr v6;
	rte_be32_t v4;
	int family = ts_parse_prefix(text, &v4, &v6, &f->len);

	if (family < 0)
		return false;
	f->family = (uint8_t)family;
	if (family == AF_INET)
		memcpy(f->prefix, &v4, sizeof(v4));
	else
		memcpy(f->prefix, &v6, sizeof(v6));
	return true;
}

void
ts_show_routes(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	struct route_filter f = {.answer = out, .c = c};

	if (arg != NULL && !parse_filter(&f, arg)) {
		ts_answer_error(c, out, "\"%s\" is not a prefix", arg);
		return;
	}
	ts_answer_list(out, "routes", sizeof(struct route_record), route_item);
	out->held = calloc(TS_MAX_NEXTHOPS / 64, sizeof(*out->held));
	if (out->held == NULL)
		out->full = true;
	else
		ts_rib_foreach(c->rib, f.family, take_route, &f);
	if (out->full)
		ts_answer_error(c, out, "too many routes are being shown already; wait, or ask for a prefix");
}

static json_t *
neighbour_item(const struct ts_control *c, const void *record)
{
	const struct ts_neigh_info *n = record;
	char addr[INET6_ADDRSTRLEN], mac[18];

	inet_ntop(n->family, n->addr, addr, sizeof(addr));
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0], n->mac[1], n->mac[2], n->mac[3],
		n->mac[4], n->mac[5]);
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:b}", "address", addr, "interface", iface_name(c, n->iface), "mac",
		n->resolved ? json_string(mac) : json_null(), "state", n->resolved ? "resolved" : "unresolved",
		"static", (int)n->is_static, "gateway", (int)n->gateway);
}

static void
take_neighbour(const struct ts_neigh_info *n, void *arg)
{
	ts_answer_add(arg, n);
}

void
ts_show_neighbours(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	(void)arg;
	ts_answer_list(out, "neighbours", sizeof(struct ts_neigh_info), neighbour_item);
	ts_neigh_foreach(c->nexthops, take_neighbour, out);
	if (out->full)
		ts_answer_error(c, out, "too much is being shown already; try again later");
}
