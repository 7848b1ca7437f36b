/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_config.h"

#include <stdio.h>
#include <string.h>

#include "vector_json.h"
#include "vector_teredo.h"

/* Is the address, as it stands in a packet, anywhere in the inputs? */
static bool
used(const char *inputs, rte_be32_t addr)
{
	char hex[9];

	snprintf(hex, sizeof(hex), "%08x", rte_be_to_cpu_32(addr));
	return strstr(inputs, hex) != NULL;
}

/* An address of the box on this subnet: one of own_v4, else one that the vector's packets do not name. */
static rte_be32_t
address_on(const struct ts_prefix4 *subnet, json_t *own, const char *inputs)
{
	size_t i;
	json_t *value;
	rte_be32_t a;

	json_array_foreach(own, i, value)
		if (vector_get_v4(value, &a) && ts_prefix4_contains(subnet, a))
			return a;

	uint32_t last = rte_be_to_cpu_32(subnet->addr | ~ts_mask4(subnet->len));

	for (uint32_t host = subnet->len >= 31 ? last : last - 1;; host--)
		if (!used(inputs, rte_cpu_to_be_32(host)))
			return rte_cpu_to_be_32(host);
}

static bool
attach(struct ts_config *cfg, json_t *subnets, json_t *own, const char *inputs, char *why, size_t why_len)
{
	struct ts_cfg_interface *iface = &cfg->interfaces[0];
	size_t i;
	json_t *value;

	iface->n_addresses = 0;
	json_array_foreach(subnets, i, value) {
		struct ts_cfg_addr *a = &iface->addresses[iface->n_addresses++];
		struct ts_prefix4 subnet;
		struct in6_addr v6;

		if (ts_parse_prefix(json_string_value(value), &subnet.addr, &v6, &subnet.len) != AF_INET)
			return vector_fail(why, why_len, "bad value", "attached_v4");
		subnet.addr &= ts_mask4(subnet.len);
		a->family = AF_INET;
		a->prefix_len = subnet.len;
		a->v4 = address_on(&subnet, own, inputs);
	}
	return true;
}

static bool
local(struct ts_config *cfg, json_t *own4, json_t *own6, char *why, size_t why_len)
{
	size_t i;
	json_t *value;

	cfg->local.n_addresses = 0;
	json_array_foreach(own4, i, value) {
		struct ts_cfg_addr *a = &cfg->local.addresses[cfg->local.n_addresses++];

		a->family = AF_INET;
		a->prefix_len = 32;
		if (!vector_get_v4(value, &a->v4))
			return vector_fail(why, why_len, "bad value", "own_v4");
	}
	json_array_foreach(own6, i, value) {
		struct ts_cfg_addr *a = &cfg->local.addresses[cfg->local.n_addresses++];
		struct ts_prefix6 p;

		a->family = AF_INET6;
		a->prefix_len = 128;
		if (!vector_get_prefix6(value, &p))
			return vector_fail(why, why_len, "bad value", "local_v6");
		a->v6 = p.addr;
	}
	return true;
}

static bool
loop_guard(struct ts_config *cfg, json_t *known_6rd, json_t *known_isatap, char *why, size_t why_len)
{
	static const char *const keys[] = {"prefix", "ipv4_mask_len", "ipv4_common", NULL};
	size_t i;
	json_t *value;

	cfg->loop_guard.n_known_6rd = cfg->loop_guard.n_known_isatap = 0;
	json_array_foreach(known_6rd, i, value) {
		struct ts_prefix6rd *d = &cfg->loop_guard.known_6rd[cfg->loop_guard.n_known_6rd++];

		if (!vector_known_keys(value, keys, why, why_len))
			return false;
		d->ipv4_mask_len = (uint8_t)json_integer_value(json_object_get(value, "ipv4_mask_len"));
		if (!vector_get_prefix6(json_object_get(value, "prefix"), &d->prefix) ||
			!vector_get_v4(json_object_get(value, "ipv4_common"), &d->ipv4_common))
			return vector_fail(why, why_len, "bad value", "known_6rd");
	}
	json_array_foreach(known_isatap, i, value)
		if (!vector_get_prefix6(value, &cfg->loop_guard.known_isatap[cfg->loop_guard.n_known_isatap++]))
			return vector_fail(why, why_len, "bad value", "known_isatap");
	return true;
}

/* What the mechanisms have in common. */
struct outer {
	uint16_t mtu;
	bool df;
	uint8_t ttl;
	enum ts_dscp_mode dscp;
	enum ts_ecn_mode ecn;
};

static struct outer
get_outer(json_t *o)
{
	const char *dscp = json_string_value(json_object_get(o, "dscp")),
		   *ecn = json_string_value(json_object_get(o, "ecn"));

	return (struct outer){
		.mtu = (uint16_t)json_integer_value(json_object_get(o, "tunnel_mtu")),
		.df = json_is_true(json_object_get(o, "df")),
		.ttl = (uint8_t)json_integer_value(json_object_get(o, "ttl")),
		.dscp = dscp != NULL && strcmp(dscp, "copy") == 0 ? TS_DSCP_COPY : TS_DSCP_ZERO,
		.ecn = ecn != NULL && strcmp(ecn, "normal") == 0 ? TS_ECN_NORMAL : TS_ECN_COMPAT,
	};
}

static bool
sixto4(struct ts_config *cfg, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"rx_v4", "tx_source", "tunnel_mtu", "df", "ttl", "dscp", "ecn", NULL};
	struct ts_cfg_6to4 *s = &cfg->sixto4;
	struct outer outer = get_outer(o);
	size_t i;
	json_t *value;

	memset(s, 0, sizeof(*s));
	if (o == NULL)
		return true;
	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	s->enabled = true;
	json_array_foreach(json_object_get(o, "rx_v4"), i, value)
		if (!vector_get_v4(value, &s->rx_v4[s->n_rx_v4++]))
			return vector_fail(why, why_len, "bad value", "6to4.rx_v4");
	if (!vector_get_v4(json_object_get(o, "tx_source"), &s->tx_source))
		return vector_fail(why, why_len, "bad value", "6to4.tx_source");
	s->mtu = outer.mtu;
	s->df = outer.df;
	s->ttl = outer.ttl;
	s->dscp = outer.dscp;
	s->ecn = outer.ecn;
	return true;
}

static bool
get_prefixes4(json_t *list, struct ts_prefix4 *out, unsigned *n)
{
	struct in6_addr v6;
	size_t i;
	json_t *value;

	*n = 0;
	json_array_foreach(list, i, value) {
		if (ts_parse_prefix(json_string_value(value), &out[*n].addr, &v6, &out[*n].len) != AF_INET)
			return false;
		(*n)++;
	}
	return true;
}

static bool
sixrd(struct ts_config *cfg, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"prefix", "ipv4_mask_len", "ipv4_common", "br", "tunnel_mtu", "df", "ttl",
		"dscp", "ecn", "hairpin", "known_relays", NULL};
	const char *hairpin = json_string_value(json_object_get(o, "hairpin"));
	struct ts_cfg_6rd *d = &cfg->sixrd[0];
	struct outer outer = get_outer(o);

	cfg->n_sixrd = 0;
	memset(d, 0, sizeof(*d));
	if (o == NULL)
		return true;
	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	d->map.ipv4_mask_len = (uint8_t)json_integer_value(json_object_get(o, "ipv4_mask_len"));
	if (!vector_get_prefix6(json_object_get(o, "prefix"), &d->map.prefix) ||
		!vector_get_v4(json_object_get(o, "ipv4_common"), &d->map.ipv4_common) ||
		!vector_get_v4(json_object_get(o, "br"), &d->br) || hairpin == NULL ||
		!get_prefixes4(json_object_get(o, "known_relays"), d->known_relays, &d->n_known_relays))
		return vector_fail(why, why_len, "bad value", "6rd");
	d->mtu = outer.mtu;
	d->df = outer.df;
	d->ttl = outer.ttl;
	d->dscp = outer.dscp;
	d->ecn = outer.ecn;
	d->hairpin = strcmp(hairpin, "all") == 0 ? TS_6RD_HAIRPIN_ALL
		: strcmp(hairpin, "none") == 0	 ? TS_6RD_HAIRPIN_NONE
						 : TS_6RD_HAIRPIN_SELF;
	cfg->n_sixrd = 1;
	return true;
}

static bool
isatap(struct ts_config *cfg, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"v4", "prefix", "prl", "site_v4", "u_bit", "router_lifetime", "valid",
		"preferred", "tunnel_mtu", "ttl", "dscp", "ecn", NULL};
	struct ts_cfg_isatap *s = &cfg->isatap[0];
	struct outer outer = get_outer(o);
	size_t i;
	json_t *value;

	cfg->n_isatap = 0;
	memset(s, 0, sizeof(*s));
	if (o == NULL)
		return true;
	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	json_array_foreach(json_object_get(o, "prl"), i, value)
		if (!vector_get_v4(value, &s->prl[s->n_prl++]))
			return vector_fail(why, why_len, "bad value", "isatap.prl");
	if (!vector_get_v4(json_object_get(o, "v4"), &s->address) ||
		!vector_get_prefix6(json_object_get(o, "prefix"), &s->prefix) ||
		!get_prefixes4(json_object_get(o, "site_v4"), s->site, &s->n_site))
		return vector_fail(why, why_len, "bad value", "isatap");
	s->mtu = outer.mtu;
	s->ttl = outer.ttl;
	s->dscp = outer.dscp;
	s->ecn = outer.ecn;
	s->u_bit = json_is_true(json_object_get(o, "u_bit"));
	s->router_lifetime = (uint16_t)json_integer_value(json_object_get(o, "router_lifetime"));
	s->valid = (uint32_t)json_integer_value(json_object_get(o, "valid"));
	s->preferred = (uint32_t)json_integer_value(json_object_get(o, "preferred"));
	s->on_link = s->autonomous = true;
	cfg->n_isatap = 1;
	return true;
}

bool
vector_config(struct ts_config *cfg, json_t *config, const char *inputs, char *why, size_t why_len)
{
	static const char *const keys[] = {"v4_filter", "attached_v4", "own_v4", "local_v6", "icmp6_source",
		"icmp6_hop_limit", "ipv4_id", "known_6rd", "known_isatap", "6to4", "6rd", "isatap", "teredo_relay",
		"teredo_server", NULL};
	json_t *own = json_object_get(config, "own_v4");
	const char *filter = json_string_value(json_object_get(config, "v4_filter"));
	struct ts_prefix6 id6;

	if (!vector_known_keys(config, keys, why, why_len))
		return false;
	cfg->n_interfaces = 1;
	cfg->interfaces[0].twin = TS_TWIN_NONE;
	cfg->source_policy.v4_filter = filter != NULL && strcmp(filter, "extended") == 0 ? TS_V4_FILTER_EXTENDED
											 : TS_V4_FILTER_CORE;
	if (!attach(cfg, json_object_get(config, "attached_v4"), own, inputs, why, why_len) ||
		!local(cfg, own, json_object_get(config, "local_v6"), why, why_len) ||
		!loop_guard(cfg, json_object_get(config, "known_6rd"), json_object_get(config, "known_isatap"), why,
			why_len))
		return false;
	if (!vector_get_prefix6(json_object_get(config, "icmp6_source"), &id6))
		return vector_fail(why, why_len, "bad value", "icmp6_source");
	cfg->local.icmp6_source = id6.addr;
	cfg->local.has_icmp6_source = true;
	cfg->local.hop_limit = (uint8_t)json_integer_value(json_object_get(config, "icmp6_hop_limit"));
	for (unsigned from = 0; from < TS_N_MECHS; from++)
		for (unsigned to = 0; to < TS_N_MECHS; to++)
			cfg->handover[from][to] = true;
	return sixto4(cfg, json_object_get(config, "6to4"), why, why_len) &&
		sixrd(cfg, json_object_get(config, "6rd"), why, why_len) &&
		isatap(cfg, json_object_get(config, "isatap"), why, why_len) &&
		vector_teredo(cfg, json_object_get(config, "teredo_relay"), json_object_get(config, "teredo_server"),
			why, why_len);
}
