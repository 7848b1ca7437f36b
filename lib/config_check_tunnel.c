/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of what all tunnels have in common: IPv6 prefixes that keep out of each other's way and of the LANs', room for
 * the outer header, IPv4 addresses that a managed network can have, and the source of ICMPv6 errors, which no tunnel
 * can do without: path MTU discovery rests on errors that arrive. Who owns which IPv4 address is in
 * config_check_addr.c.
 */
#include <arpa/inet.h>
#include <string.h>

#include "config_internal.h"

static void
add(struct ts_cfg_tunnel *t, const struct ts_prefix6 *prefix, const char *list, unsigned i)
{
	t->prefix = *prefix;
	t->well_known = false;
	snprintf(t->name, sizeof(t->name), "%s[%u]", list, i);
}

unsigned
ts_cfg_tunnels(const struct ts_config *cfg, struct ts_cfg_tunnel tunnels[TS_MAX_TUNNELS])
{
	unsigned n = 0;

	if (cfg->sixto4.enabled)
		tunnels[n++] = (struct ts_cfg_tunnel){
			.prefix = {.addr = {.s6_addr = {0x20, 0x02}}, .len = 16},
			.name = "6to4",
			.well_known = true,
		};
	if (cfg->teredo_relay.enabled)
		tunnels[n++] = (struct ts_cfg_tunnel){
			.prefix = {.addr = {.s6_addr = {0x20, 0x01}}, .len = 32},
			.name = "teredo-relay",
			.well_known = true,
		};
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		add(&tunnels[n++], &cfg->sixrd[i].map.prefix, "6rd", i);
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		add(&tunnels[n++], &cfg->isatap[i].prefix, "isatap", i);
	return n;
}

const struct ts_cfg_tunnel *
ts_cfg_tunnel_around(const struct ts_cfg_tunnel *tunnels, unsigned n, const struct ts_cfg_addr *prefix)
{
	const struct ts_prefix6 p = {.addr = prefix->v6, .len = prefix->prefix_len};

	if (prefix->family != AF_INET6)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		if (tunnels[i].prefix.len > 0 && ts_prefix6_covers(&tunnels[i].prefix, &p))
			return &tunnels[i];
	return NULL;
}

/* Elsewhere every packet would fail the checks of inner addresses (G16). */
void
ts_check_tunnel_prefix(struct ts_load *l, const char *path, const struct ts_prefix6 *prefix, bool allow_ula)
{
	bool ula = prefix->len >= 7 && (prefix->addr.s6_addr[0] & 0xfe) == 0xfc;
	char text[TS_ADDR_TEXT];

	if (prefix->len == 0)
		return;
	if (ula && !allow_ula)
		ts_fault_at(l, path, "%s is in fc00::/7, which needs `allow-ula: yes`", ts_prefix6_text(prefix, text));
	else if (!ula && (prefix->addr.s6_addr[0] & 0xe0) != 0x20)
		ts_fault_at(l, path, "%s is not global unicast space (2000::/3)", ts_prefix6_text(prefix, text));
}

void
ts_check_tunnel_mtu(struct ts_load *l, const char *path, unsigned mtu, unsigned headers, const char *what)
{
	for (unsigned i = 0; i < l->cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *iface = &l->cfg->interfaces[i];

		/* The relay would have to fragment: G40, O18, RFC 4213 section 3.2.1. */
		if (mtu + headers > iface->mtu)
			ts_fault_at(l, path,
				"%u and %u bytes of %s do not fit into the MTU %u of interface `%s`: give "
				"it at least %u%s",
				mtu, headers, what, iface->mtu, iface->name, mtu + headers,
				mtu > 1280 ? ", or the tunnel less" : "");
	}
}

void
ts_check_managed(struct ts_load *l, const char *path, const struct ts_prefix4 *prefix)
{
	static const struct {
		struct ts_prefix4 range;
		const char *what;
	} martians[] = {
		{{RTE_BE32(0x00000000), 8}, "which no host has"},
		{{RTE_BE32(0x7f000000), 8}, "loopback"},
		{{RTE_BE32(0xa9fe0000), 16}, "link-local"},
		{{RTE_BE32(0xe0000000), 4}, "multicast"},
		{{RTE_BE32(0xf0000000), 4}, "reserved"},
	};
	char text[TS_ADDR_TEXT], range[TS_ADDR_TEXT];

	for (unsigned i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		const struct ts_prefix4 *m = &martians[i].range;

		if (!ts_prefix4_covers(m, prefix) && !ts_prefix4_covers(prefix, m))
			continue;
		ts_fault_at(l, path, "%s %s %s, %s: tunnel packets from there are dropped",
			ts_prefix4_text(prefix, text), prefix->len < m->len ? "contains" : "is in",
			ts_prefix4_text(m, range), martians[i].what);
		return;
	}
}

void
ts_check_managed_host(struct ts_load *l, const char *path, rte_be32_t v4)
{
	const struct ts_prefix4 host = {.addr = v4, .len = 32};
	char text[INET_ADDRSTRLEN];

	/* What a faulty value left. */
	if (v4 == 0)
		return;
	if (ts_is_6to4_anycast_net(v4))
		ts_fault_at(l, path, "%s is in 192.88.99.0/24, 6to4's anycast prefix",
			inet_ntop(AF_INET, &v4, text, sizeof(text)));
	else
		ts_check_managed(l, path, &host);
}

const char *
ts_cfg_reserved(const struct ts_prefix6 *prefix, struct ts_prefix6 *its)
{
	static const struct {
		struct ts_prefix6 prefix;
		const char *owner;
	} reserved[] = {
		{{{.s6_addr = {0x20, 0x02}}, 16}, "6to4"},
		{{{.s6_addr = {0x20, 0x01}}, 32}, "Teredo"},
	};

	for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		*its = reserved[i].prefix;
		if (ts_prefix6_overlap(prefix, its))
			return reserved[i].owner;
	}
	return NULL;
}

static void
check_reserved(struct ts_load *l, const struct ts_cfg_tunnel *t)
{
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];
	struct ts_prefix6 reserved;
	const char *owner = ts_cfg_reserved(&t->prefix, &reserved);

	snprintf(path, sizeof(path), "%s.prefix", t->name);
	if (owner != NULL)
		ts_fault_at(l, path, "%s overlaps %s, the prefix of %s", ts_prefix6_text(&t->prefix, text),
			ts_prefix6_text(&reserved, other), owner);
}

/* An IPv6 destination must say which tunnel it means. */
static void
check_overlaps(struct ts_load *l, const struct ts_cfg_tunnel *tunnels, unsigned n)
{
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];

	for (unsigned i = 0; i < n; i++) {
		if (tunnels[i].well_known)
			continue;
		check_reserved(l, &tunnels[i]);
		snprintf(path, sizeof(path), "%s.prefix", tunnels[i].name);
		for (unsigned j = 0; j < i; j++)
			if (!tunnels[j].well_known && ts_prefix6_overlap(&tunnels[i].prefix, &tunnels[j].prefix))
				ts_fault_at(l, path, "%s overlaps %s, the prefix of %s",
					ts_prefix6_text(&tunnels[i].prefix, text),
					ts_prefix6_text(&tunnels[j].prefix, other), tunnels[j].name);
	}
}

/* RFC 5969 section 4: what belongs to the relay's own address in its domain is the relay's. */
static bool
is_delegated_to_relay(const struct ts_config *cfg, const struct ts_cfg_addr *prefix)
{
	const struct ts_prefix6 p = {.addr = prefix->v6, .len = prefix->prefix_len};

	for (unsigned i = 0; i < cfg->n_sixrd; i++) {
		const struct ts_prefix6rd *domain = &cfg->sixrd[i].map;

		if (domain->prefix.len == 0 || domain->prefix.len + 32u - domain->ipv4_mask_len > 128)
			continue;
		struct ts_prefix6 own = ts_6rd_delegated(domain, cfg->sixrd[i].br);

		if (ts_prefix6_covers(&own, &p))
			return true;
	}
	return false;
}

/*
 * A LAN within a tunnel would take packets away from the tunnel's users. Single addresses are no LAN, and the relay may
 * have a 6to4 site of its own.
 */
static void
check_lan(struct ts_load *l, const struct ts_cfg_tunnel *tunnels, unsigned n, unsigned i, unsigned j)
{
	const struct ts_cfg_addr *lan = &l->cfg->interfaces[i].addresses[j];
	const struct ts_cfg_tunnel *t = ts_cfg_tunnel_around(tunnels, n, lan);
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT], text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];

	if (t == NULL || lan->prefix_len == 128 || strcmp(t->name, "6to4") == 0 || is_delegated_to_relay(l->cfg, lan))
		return;
	ts_fault_at(l, ts_item(path, "interfaces", i, ts_item(key, "addresses", j, "")),
		"%s makes a LAN within %s, which belongs to the tunnel %s", ts_cfg_addr_text(lan, true, text),
		ts_prefix6_text(&t->prefix, other), t->name);
}

static void
check_icmp6_source_missing(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	const char *path = cfg->sixto4.enabled ? "6to4"
		: cfg->n_sixrd > 0	       ? "6rd"
		: cfg->n_isatap > 0	       ? "isatap"
		: cfg->teredo_relay.enabled    ? "teredo-relay"
		: cfg->teredo_server.enabled   ? "teredo-server"
					       : NULL;

	if (path != NULL)
		ts_fault_at(l, path, "needs local.icmp6-source, the source of ICMPv6 errors such as Packet Too Big");
}

/* G47, G48: RFC 4443 section 2.2 (b), RFC 3964 section 5.2, RFC 5969 section 9.2: receivers compare inner and outer
 * source. */
static void
check_icmp6_source(struct ts_load *l, const struct ts_cfg_tunnel *tunnels, unsigned n)
{
	const struct ts_config *cfg = l->cfg;
	const struct in6_addr *a = &cfg->local.icmp6_source;
	const struct ts_cfg_addr id6 = {.family = AF_INET6, .prefix_len = 128, .v6 = *a};
	const struct ts_cfg_tunnel *t = ts_cfg_tunnel_around(tunnels, n, &id6);
	char text[TS_ADDR_TEXT];

	ts_cfg_addr_text(&id6, false, text);
	if ((a->s6_addr[0] & 0xe0) != 0x20)
		ts_fault_at(l, "local.icmp6-source", "%s is not a global unicast address (2000::/3)", text);
	else if (ts_is_teredo(a->s6_addr))
		ts_fault_at(l, "local.icmp6-source", "%s is a Teredo address: those belong to clients", text);
	else if (ts_is_6to4(a->s6_addr) && ts_6to4_v4(a->s6_addr) != cfg->sixto4.tx_source)
		ts_fault_at(l, "local.icmp6-source",
			"%s is a 6to4 address that does not embed 6to4.source: receivers compare the two and drop "
			"(RFC 3964 section 5.2)",
			text);
	else if (ts_is_6to4(a->s6_addr) && cfg->sixto4.mirror && cfg->sixto4.n_rx_v4 > 1)
		ts_fault_at(l, "local.icmp6-source",
			"%s is a 6to4 address, but with `source: mirror` the outer source is not always the one it "
			"embeds: receivers compare the two and drop (RFC 3964 section 5.2)",
			text);
	else if (t != NULL && strncmp(t->name, "6rd", 3) == 0 && !is_delegated_to_relay(cfg, &id6))
		ts_fault_at(l, "local.icmp6-source",
			"%s belongs to a site of %s: receivers compare it with the outer source and drop (RFC 5969 "
			"section 9.2)",
			text, t->name);
}

void
ts_check_tunnels(struct ts_load *l)
{
	struct ts_cfg_tunnel tunnels[TS_MAX_TUNNELS];
	unsigned n = ts_cfg_tunnels(l->cfg, tunnels), line;

	check_overlaps(l, tunnels, n);
	for (unsigned i = 0; i < l->cfg->n_interfaces; i++)
		for (unsigned j = 0; j < l->cfg->interfaces[i].n_addresses; j++)
			check_lan(l, tunnels, n, i, j);
	if (ts_node_find(l->root, "local.icmp6-source", &line) == NULL)
		check_icmp6_source_missing(l);
	/* Given, but faulty by itself: that has been reported. */
	else if (l->cfg->local.has_icmp6_source)
		check_icmp6_source(l, tunnels, n);
}
