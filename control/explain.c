/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `explain ADDRESS`: what an address is, and what the relay does with a packet to it (O32). The address is decoded by
 * its looks, whether or not its mechanism is configured; what happens is decided by the longest route, as in the data
 * path, and by the checks of the mechanism that the route leads to.
 *
 * Nothing is cut here (O31): whoever asks has the whole address already.
 */
#include "control/explain.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/show.h"

void
ts_explain_text(struct ts_explain *e, const char *key, const char *value)
{
	json_object_set_new(e->out, key, json_string(value));
}

void
ts_explain_v4(struct ts_explain *e, const char *key, rte_be32_t v4)
{
	char text[INET_ADDRSTRLEN];

	ts_explain_text(e, key, inet_ntop(AF_INET, &v4, text, sizeof(text)));
}

void
ts_explain_verdict(struct ts_explain *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->verdict, sizeof(e->verdict), fmt, ap);
	va_end(ap);
}

static const char *
policy_text(const struct ts_source_policy *p, rte_be32_t v4)
{
	switch (ts_source_policy_exact(p, v4)) {
	case TS_POLICY_OK:
		return "ok";
	case TS_POLICY_OWN:
		return "an address of the box";
	case TS_POLICY_RELAY:
		return "in 192.88.99.0/24";
	case TS_POLICY_MARTIAN:
		return "martian, or a subnet's broadcast";
	default:
		return "refused by access";
	}
}

/* The longest route of the RIB: the FIBs say the same, but not why. */
static void
find_route(struct ts_explain *e)
{
	uint8_t max = e->family == AF_INET ? 32 : 128, prefix[16];

	memcpy(prefix, e->addr, sizeof(prefix));
	for (int len = max; len >= 0 && !e->routed; len--) {
		if (len < max)
			prefix[len / 8] &= (uint8_t)(0xff00 >> (len % 8));
		e->routed = ts_rib_get(e->c->rib, e->family, prefix, (uint8_t)len, &e->route);
	}
	if (e->routed)
		e->kind = ts_nexthop_array(e->c->nexthops)[e->route.nh].kind;
}

/* An IPv4 address inside an IPv6 one, and whether a packet may be sent to it. */
static void
embedded(struct ts_explain *e, enum ts_nh_kind tunnel, const struct ts_source_policy *policy, rte_be32_t v4)
{
	const char *check = policy_text(policy, v4);
	char text[INET_ADDRSTRLEN];

	ts_explain_v4(e, "ipv4", v4);
	ts_explain_text(e, "ipv4_check", check);
	if (e->kind != tunnel)
		return;
	if (strcmp(check, "ok") == 0)
		ts_explain_verdict(e, "put into IPv4 to %s, protocol 41", inet_ntop(AF_INET, &v4, text, sizeof(text)));
	else
		ts_explain_verdict(e, "dropped: its IPv4 address is %s", check);
}

/* The configured domain or site that the address lies in, or -1. */
static int
domain_6rd(const struct ts_explain *e)
{
	for (unsigned i = 0; i < e->c->cfg.n_sixrd; i++)
		if (ts_prefix6_contains(&e->c->cfg.sixrd[i].map.prefix, e->addr))
			return (int)i;
	return -1;
}

static int
site_isatap(const struct ts_explain *e)
{
	for (unsigned i = 0; i < e->c->cfg.n_isatap; i++)
		if (ts_prefix6_contains(&e->c->cfg.isatap[i].prefix, e->addr))
			return (int)i;
	return -1;
}

static void
explain_isatap(struct ts_explain *e, int site)
{
	ts_explain_text(e, "mechanism", "isatap");
	if (site >= 0)
		ts_explain_text(e, "site", e->c->cfg.isatap[site].name);
	if (ts_is_isatap_iid(e->addr))
		embedded(e, TS_NH_ISATAP, e->s->managed, ts_isatap_v4(e->addr));
	else if (e->kind == TS_NH_ISATAP)
		ts_explain_verdict(e, "Destination Unreachable: its interface identifier is none of ISATAP");
}

static void
explain_6(struct ts_explain *e)
{
	int domain = domain_6rd(e), site = site_isatap(e);

	if (ts_is_teredo(e->addr)) {
		ts_explain_text(e, "mechanism", "teredo");
		ts_explain_teredo(e);
	} else if (ts_is_6to4(e->addr)) {
		ts_explain_text(e, "mechanism", "6to4");
		embedded(e, TS_NH_6TO4, e->s->policy, ts_6to4_v4(e->addr));
	} else if (domain >= 0) {
		ts_explain_text(e, "mechanism", "6rd");
		ts_explain_text(e, "domain", e->c->cfg.sixrd[domain].name);
		embedded(e, TS_NH_6RD, e->s->managed, ts_6rd_v4(&e->c->cfg.sixrd[domain].map, e->addr));
	} else if (site >= 0 || ts_is_isatap_iid(e->addr)) {
		explain_isatap(e, site);
	} else {
		ts_explain_text(e, "mechanism", "none");
	}
}

/* What protocol 41 and UDP to an own IPv4 address are taken for. */
static void
own_uses(struct ts_explain *e)
{
	static const char *const proto41[] = {
		[TS_PROTO41_NONE] = "none",
		[TS_PROTO41_6TO4] = "6to4",
		[TS_PROTO41_6RD] = "6rd",
		[TS_PROTO41_ISATAP] = "isatap",
	};
	const struct ts_nexthop *nh = &ts_nexthop_array(e->c->nexthops)[e->route.nh];

	ts_explain_text(e, "protocol_41", proto41[nh->proto41]);
	if (nh->udp & TS_UDP_TEREDO_RELAY)
		json_object_set_new(e->out, "teredo_relay_port", json_integer(e->c->cfg.teredo_relay.port));
	if (nh->udp & TS_UDP_TEREDO_SERVER)
		json_object_set_new(e->out, "teredo_server_port", json_integer(3544));
}

static void
explain_4(struct ts_explain *e)
{
	rte_be32_t v4;

	memcpy(&v4, e->addr, sizeof(v4));
	ts_explain_text(e, "mechanism", "none");
	ts_explain_text(e, "tunnel_end", policy_text(e->s->policy, v4));
	if (e->kind == TS_NH_LOCAL)
		own_uses(e);
}

/* For what no mechanism has said anything about. */
static const char *
verdict_of_route(const struct ts_explain *e)
{
	switch (e->kind) {
	case TS_NH_NONE:
		return "no route: Destination Unreachable";
	case TS_NH_BLACKHOLE:
		return "dropped silently: blackhole";
	case TS_NH_UNREACHABLE:
	case TS_NH_PROHIBIT:
		return "Destination Unreachable, by the route";
	case TS_NH_PUNT:
		return "given to the kernel";
	case TS_NH_LOCAL:
		return "an address of the box";
	default:
		return e->family == AF_INET ? "reached by the route; only tunnel packets of the box are sent there"
					    : "forwarded natively, by the route";
	}
}

static json_t *
finish(struct ts_explain *e)
{
	json_object_set_new(e->out, "route", e->routed ? ts_route_json(e->c, &e->route) : json_null());
	ts_explain_text(e, "verdict", e->verdict[0] != '\0' ? e->verdict : verdict_of_route(e));
	return json_pack("{s:o}", "explain", e->out);
}

void
ts_explain(const struct ts_control *c, const char *address, struct ts_answer *out)
{
	struct ts_explain e = {.c = c, .s = ts_publish_current(c->publisher)};
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, address, e.addr) == 1)
		e.family = AF_INET6;
	else if (inet_pton(AF_INET, address, e.addr) == 1)
		e.family = AF_INET;
	if (e.family == 0 || e.s == NULL) {
		ts_answer_error(c, out, e.family == 0 ? "\"%s\" is not an address" : "%s: the tables are not made yet",
			address);
		return;
	}
	e.out = json_object();
	ts_explain_text(&e, "address", inet_ntop(e.family, e.addr, text, sizeof(text)));
	find_route(&e);
	if (e.family == AF_INET)
		explain_4(&e);
	else
		explain_6(&e);
	out->whole = finish(&e);
}
