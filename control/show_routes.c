/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes. There may be a million, so they are walked in steps, one per turn of the control thread: what is there all
 * the while is shown once, what comes or goes meanwhile may or may not be.
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

#define ROUTES_STEP 512	  /* prefixes */
#define ROUTES_ROOM 1024u /* records, at first: a prefix may have several routes */

struct step {
	const struct ts_control *c;
	struct ts_answer *answer;
};

static const char *const origin_name[TS_N_ORIGINS] = {
	[TS_ORIGIN_OWN] = "own",
	[TS_ORIGIN_NEIGHBOUR] = "neighbour",
	[TS_ORIGIN_STATIC] = "static",
	[TS_ORIGIN_KERNEL] = "kernel",
	[TS_ORIGIN_FPM] = "fpm",
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

static void
take_route(const struct ts_route_info *r, void *arg)
{
	const struct step *s = arg;
	struct route_record rec = {r->family, r->len, (uint8_t)r->origin, r->best, r->metric, r->nh, {0}};
	uint64_t *word = &s->answer->held[r->nh / 64], bit = 1ULL << (r->nh % 64);

	memcpy(rec.prefix, r->prefix, sizeof(rec.prefix));
	if (!ts_answer_add(s->answer, &rec) || r->nh == TS_NH_NO_ROUTE || (*word & bit) != 0)
		return;
	ts_nexthop_hold(s->c->nexthops, r->nh);
	*word |= bit;
}

static bool
step_routes(const struct ts_control *c, struct ts_answer *a)
{
	struct step s = {c, a};

	ts_answer_release(c, a);
	if (ts_rib_walk(c->rib, a->family, a->within ? &a->range : NULL, &a->route_cursor, ROUTES_STEP, take_route, &s))
		return true;
	if (a->within || a->family == AF_INET6)
		return false;
	a->family = AF_INET6;
	a->route_cursor = (struct ts_rib_cursor){0};
	return true;
}

static bool
parse_range(struct ts_answer *a, const char *text)
{
	struct in6_addr v6;
	rte_be32_t v4;
	int family = ts_parse_prefix(text, &v4, &v6, &a->range.len);

	if (family < 0)
		return false;
	a->within = true;
	a->family = (uint8_t)family;
	if (family == AF_INET)
		memcpy(a->range.prefix, &v4, sizeof(v4));
	else
		memcpy(a->range.prefix, &v6, sizeof(v6));
	return true;
}

/* Room for the records of a step, so that the list does not end in the middle. */
static bool
reserve(struct ts_answer *a)
{
	a->held = calloc(TS_MAX_NEXTHOPS / 64, sizeof(*a->held));
	if (a->held != NULL && ROUTES_ROOM * a->record_size <= a->budget)
		a->records = malloc(ROUTES_ROOM * a->record_size);
	if (a->records != NULL)
		a->capacity = ROUTES_ROOM;
	return a->records != NULL;
}

void
ts_show_routes(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	out->family = AF_INET;
	if (arg != NULL && !parse_range(out, arg)) {
		ts_answer_error(c, out, "\"%s\" is not a prefix", arg);
		return;
	}
	ts_answer_list(out, "routes", sizeof(struct route_record), route_item);
	if (reserve(out))
		out->step = step_routes;
	else
		ts_answer_error(c, out, "too much is being shown already; try again later");
}
