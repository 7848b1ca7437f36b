/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of the model that follow from several keys of one section or list entry, and the faults that are visible
 * there: called when the keys of the section have been read.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "config_internal.h"

static unsigned
line_of(const struct ts_node *map, const char *key)
{
	const struct ts_node *n = ts_node_get(map, key);

	return n != NULL ? n->line : map->line;
}

void
ts_finish_interface(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_cfg_interface *iface = base;
	bool vlan = ts_node_get(map, "vlan") != NULL, qinq = ts_node_get(map, "qinq") != NULL;

	if (vlan && qinq)
		ts_fault(l, line_of(map, "qinq"), path, "has both `vlan` and `qinq`: one of them is allowed");
	iface->n_tags = qinq ? 2 : vlan ? 1 : 0;
}

static bool
says_no(const struct ts_node *node)
{
	const char *t = node->text != NULL ? node->text : "";

	return strcasecmp(t, "no") == 0 || strcasecmp(t, "false") == 0 || strcasecmp(t, "off") == 0;
}

/* The names of a route's ways that are given; `blackhole: no` is not. */
static unsigned
route_ways(const struct ts_node *map, char *names, size_t size)
{
	static const char *const ways[] = {"via", "blackhole", "unreachable", "prohibit"};
	unsigned n = 0;
	size_t at = 0;

	names[0] = '\0';
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct ts_node *node = ts_node_get(map, ways[i]);

		if (node != NULL && (i == 0 || !says_no(node)))
			at += snprintf(names + at, size - at, "%s`%s`", n++ > 0 ? " and " : "", ways[i]);
	}
	return n;
}

void
ts_finish_route(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_cfg_route *route = base;
	char names[64];
	unsigned n = route_ways(map, names, sizeof(names));
	bool interface = ts_node_get(map, "interface") != NULL;

	if (n > 1)
		ts_fault(l, map->line, path, "has %s: one way is allowed", names);
	else if (n == 0 && !interface)
		ts_fault(l, map->line, path,
			"leads nowhere: one of via, blackhole, unreachable, prohibit or interface "
			"is needed");
	if (route->kind != TS_ROUTE_VIA && interface)
		ts_fault(l, line_of(map, "interface"), path, "has an `interface`, which %s does not use", names);
}

/* R3, RFC 5969 section 4: the prefix and the rest of the IPv4 address must fit into an address. */
static void
check_6rd_fits(struct ts_load *l, const struct ts_node *map, const char *path, const struct ts_prefix6rd *domain)
{
	unsigned bits = domain->prefix.len + 32u - domain->ipv4_mask_len;

	if (bits > 128)
		ts_fault(l, line_of(map, "prefix"), path,
			"does not fit: %u bits of prefix and 32 - %u bits of IPv4 address are %u, 128 are allowed",
			domain->prefix.len, domain->ipv4_mask_len, bits);
}

void
ts_finish_known_6rd(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_prefix6rd *domain = base;

	check_6rd_fits(l, map, path, domain);
	if (domain->ipv4_mask_len > 0 && ts_node_get(map, "ipv4-common") == NULL)
		ts_fault(l, line_of(map, "ipv4-mask-len"), path, "needs `ipv4-common` when `ipv4-mask-len` is not 0");
}

void
ts_finish_fpm(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;

	(void)l;
	(void)map;
	(void)path;
	cfg->fpm.enabled = true;
}

void
ts_finish_announce(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;

	(void)l;
	(void)map;
	(void)path;
	cfg->announce.enabled = true;
}

void
ts_finish_local(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;
	const struct ts_node *n = map != NULL ? ts_node_get(map, "icmp6-source") : NULL;
	struct in6_addr written;

	(void)path;
	cfg->local.has_icmp6_source = !IN6_IS_ADDR_UNSPECIFIED(&cfg->local.icmp6_source);
	if (n != NULL && n->text != NULL && inet_pton(AF_INET6, n->text, &written) == 1 && !cfg->local.has_icmp6_source)
		ts_fault(l, n->line, "local.icmp6-source", ":: is not a global unicast address");
}

/* `mirror` is no address: its fallback is what there would be without it. */
static bool
has_own_source(const struct ts_node *map)
{
	const struct ts_node *n = map != NULL ? ts_node_get(map, "source") : NULL;

	return n != NULL && (n->text == NULL || strcmp(n->text, "mirror") != 0);
}

void
ts_finish_6to4(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;
	struct ts_cfg_6to4 *c = &cfg->sixto4;

	if (map == NULL || (ts_node_get(map, "anycast") == NULL && ts_node_get(map, "addresses") == NULL))
		ts_fault(l, c->line, path, "has no address to serve: `anycast: yes` or `addresses` is needed");
	/* Last, so that an index into `addresses` is one into rx_v4. */
	if (c->anycast)
		c->rx_v4[c->n_rx_v4++] = TS_6TO4_ANYCAST;
	c->enabled = c->n_rx_v4 > 0;
	if (has_own_source(map))
		return;
	c->mirror = map != NULL && ts_node_get(map, "source") != NULL;
	if (c->enabled)
		c->tx_source = c->anycast ? TS_6TO4_ANYCAST : c->rx_v4[0];
}

/* protocols.md D21: the common bits are the relay's unless they are given. */
void
ts_finish_6rd(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_cfg_6rd *c = base;
	struct ts_prefix6rd *domain = &c->map;
	const struct ts_node *df = ts_node_get(map, "df"), *common = ts_node_get(map, "ipv4-common");

	check_6rd_fits(l, map, path, domain);
	if (common == NULL)
		domain->ipv4_common = c->br;
	else if (ts_node_get(map, "ipv4-mask-len") == NULL && domain->ipv4_common != 0)
		ts_fault(l, common->line, path,
			"has `ipv4-common`, but no `ipv4-mask-len` that says how many bits of it count");
	domain->ipv4_common &= ts_mask4(domain->ipv4_mask_len);
	if (df == NULL)
		c->df = c->anycast;
	else if (c->anycast && says_no(df))
		ts_fault(l, df->line, path,
			"has `df: no` and `anycast: yes`: relays that share an address share the identification of "
			"fragments, so DF must be set (RFC 5969 section 9.1)");
}

/* RFC 5214 section 8.3.2: the list names all advertising routers of the site, this one too. */
static void
add_to_prl(struct ts_cfg_isatap *c)
{
	for (unsigned i = 0; i < c->n_prl; i++)
		if (c->prl[i] == c->address)
			return;
	if (c->address != 0)
		c->prl[c->n_prl++] = c->address;
}

void
ts_finish_isatap(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_cfg_isatap *c = base;

	add_to_prl(c);
	if (c->preferred > c->valid)
		ts_fault(l, line_of(map, ts_node_get(map, "preferred") != NULL ? "preferred" : "valid"), path,
			"`preferred`, %u s, is longer than `valid`, %u s (RFC 4861 section 6.2.1)", c->preferred,
			c->valid);
}

/* An empty section: what is required of a section is looked for among its keys. */
static void
need_address(struct ts_load *l, const struct ts_node *map, const char *path, unsigned line)
{
	char key[TS_PATH_TEXT];

	snprintf(key, sizeof(key), "%s.address", path);
	if (map == NULL)
		ts_fault(l, line, key, "is missing: the section is there, but says nothing");
}

void
ts_finish_teredo_relay(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;
	struct ts_cfg_teredo_relay *c = &cfg->teredo_relay;

	need_address(l, map, path, c->line);
	c->enabled = true;
	if (map == NULL || ts_node_get(map, "bubble-source") == NULL)
		c->bubble_source = cfg->local.icmp6_source;
}

/* V1: clients that know one address only take the next one for the other. */
void
ts_finish_teredo_server(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;
	struct ts_cfg_teredo_server *c = &cfg->teredo_server;

	need_address(l, map, path, c->line);
	c->enabled = true;
	if (c->address != 0 && ts_node_get(map, "secondary-address") == NULL)
		c->secondary = rte_cpu_to_be_32(rte_be_to_cpu_32(c->address) + 1);
}
