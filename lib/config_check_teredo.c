/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the Teredo relay and server alone. The keys of the server's clients are read here, so that a fault in their
 * file is a fault of the configuration.
 *
 * 0, :: and length 0 are what a faulty value left, which has been reported; written as such they are a fault too.
 */
#include <arpa/inet.h>
#include <string.h>

#include "config_internal.h"
#include "teredo_keys.h"

#define SERVER_PORT 3544
#define BUFFER_BYTES 2048 /* at least so many has each packet buffer */

static bool
is_given(const struct ts_load *l, const char *path)
{
	unsigned line;

	return ts_node_find(l->root, path, &line) != NULL;
}

/* The value is an address, and not a mistake that left 0. */
static bool
is_address(const struct ts_load *l, const char *path, int family)
{
	struct in6_addr any;
	unsigned line;
	const struct ts_node *n = ts_node_find(l->root, path, &line);

	return n != NULL && n->text != NULL && inet_pton(family, n->text, &any) == 1;
}

static void
check_v4(struct ts_load *l, const char *path, rte_be32_t v4)
{
	if (v4 == 0 && is_address(l, path, AF_INET))
		ts_fault_at(l, path, "0.0.0.0 is in 0.0.0.0/8, which no host has");
	ts_check_public_host(l, path, v4, "Teredo");
}

/* X10: clients answer to the relay that has sent to them, and no other knows them. */
static void
check_relay_address(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	char text[INET_ADDRSTRLEN];
	rte_be32_t v4 = cfg->teredo_relay.address;

	check_v4(l, "teredo-relay.address", v4);
	for (unsigned i = 0; i < cfg->n_sixrd && v4 != 0; i++)
		if (cfg->sixrd[i].anycast && cfg->sixrd[i].br == v4)
			ts_fault_at(l, "teredo-relay.address",
				"%s is 6rd[%u].br, which is anycast: answers of clients would reach another relay",
				inet_ntop(AF_INET, &v4, text, sizeof(text)), i);
	if (cfg->teredo_relay.port == SERVER_PORT)
		ts_fault_at(l, "teredo-relay.port",
			"3544 is the port of servers: clients would take the relay for theirs (RFC 4380 section "
			"5.2.3)");
}

/* Into `why`: what keeps packets to the prefix from coming to this relay natively, or "". */
static void
why_not_native(const struct ts_config *cfg, const struct ts_prefix6 *prefix, char *why, size_t size)
{
	struct ts_cfg_tunnel tunnels[TS_MAX_TUNNELS];
	unsigned n = ts_cfg_tunnels(cfg, tunnels);
	char text[TS_ADDR_TEXT];
	struct ts_prefix6 reserved;
	const char *owner = ts_cfg_reserved(prefix, &reserved);

	why[0] = '\0';
	if ((prefix->addr.s6_addr[0] & 0xe0) != 0x20) {
		snprintf(why, size, "is not global unicast (2000::/3)");
		return;
	}
	if (owner != NULL) {
		snprintf(why, size, "is in %s, the prefix of %s", ts_prefix6_text(&reserved, text), owner);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (ts_prefix6_overlap(prefix, &tunnels[i].prefix))
			snprintf(why, size, "has to do with %s, which belongs to the tunnel %s",
				ts_prefix6_text(&tunnels[i].prefix, text), tunnels[i].name);
}

/* T13. What is wrong with ID6 by itself is said there. */
static void
check_bubble_source(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	const struct ts_prefix6 b = {.addr = cfg->teredo_relay.bubble_source, .len = 128};
	const char *path = "teredo-relay.bubble-source";
	bool given = is_given(l, path), id6_fine = (b.addr.s6_addr[0] & 0xe0) == 0x20 && !ts_is_teredo(b.addr.s6_addr);
	char text[INET6_ADDRSTRLEN], why[160];

	if (given ? IN6_IS_ADDR_UNSPECIFIED(&b.addr) && !is_address(l, path, AF_INET6) : !id6_fine)
		return;
	inet_ntop(AF_INET6, &b.addr, text, sizeof(text));
	why_not_native(cfg, &b, why, sizeof(why));
	if (why[0] != '\0' && given)
		ts_fault_at(l, path, "%s %s", text, why);
	else if (why[0] != '\0')
		ts_fault_at(l, path, "is missing, and local.icmp6-source, %s, cannot take its place: it %s", text, why);
}

static void
check_cookie_lan(struct ts_load *l, const struct ts_prefix6 *prefix, const struct ts_cfg_interface *iface)
{
	char text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];

	for (unsigned i = 0; i < iface->n_addresses; i++) {
		const struct ts_cfg_addr *a = &iface->addresses[i];
		const struct ts_prefix6 lan = {.addr = a->v6, .len = a->prefix_len};

		if (a->family == AF_INET6 && ts_prefix6_overlap(prefix, &lan))
			ts_fault_at(l, "teredo-relay.cookie-prefix",
				"%s overlaps the LAN of interface `%s` (%s): all of it has to be the relay's",
				ts_prefix6_text(prefix, text), iface->name, ts_cfg_addr_text(a, true, other));
	}
}

/* X4: any address of the prefix may be a cookie, so no packet to it may go elsewhere. */
static void
check_cookie_prefix(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	const struct ts_prefix6 *prefix = &cfg->teredo_relay.cookie_prefix;
	const char *path = "teredo-relay.cookie-prefix";
	char text[TS_ADDR_TEXT], other[TS_ADDR_TEXT], item[TS_PATH_TEXT], why[160];

	why_not_native(cfg, prefix, why, sizeof(why));
	ts_prefix6_text(prefix, text);
	if (why[0] != '\0')
		ts_fault_at(l, path, "%s %s", text, why);
	if (is_given(l, "teredo-relay.bubble-source"))
		ts_fault_at(l, "teredo-relay.bubble-source",
			"is not used with `cookie-prefix`, in which the source of each bubble is made: one of the two "
			"is allowed");
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		check_cookie_lan(l, prefix, &cfg->interfaces[i]);
	for (unsigned i = 0; i < cfg->n_routes && !l->more; i++) {
		const struct ts_cfg_addr *to = &cfg->routes[i].prefix;
		const struct ts_prefix6 p = {.addr = to->v6, .len = to->prefix_len};

		if (to->family == AF_INET6 && ts_prefix6_covers(prefix, &p))
			ts_fault_at(l, ts_item(item, "routes", i, "prefix"),
				"%s lies in teredo-relay.cookie-prefix, %s", ts_cfg_addr_text(to, true, other), text);
	}
}

static void
check_numbers(struct ts_load *l)
{
	const struct ts_cfg_teredo_relay *c = &l->cfg->teredo_relay;

	if (c->accept_mismatch && !c->nonce)
		ts_fault_at(l, "teredo-relay.accept-mismatch",
			"needs `nonce: yes`: without a nonce anybody could answer for a client");
	if (c->forget_s < c->valid_s)
		ts_fault_at(l, "teredo-relay.forget-time",
			"a client would be forgotten after %u s, before its %u s of `valid-time` are over", c->forget_s,
			c->valid_s);
	if (c->unconfirmed > c->peers)
		ts_fault_at(l, "teredo-relay.unconfirmed", "%u is more than `peers`, %u", c->unconfirmed, c->peers);
	/* What strangers can make wait must not be what the ports receive with. */
	if (l->cfg->memory.mbufs != 0 && c->queue_bytes / BUFFER_BYTES > l->cfg->memory.mbufs / 4)
		ts_fault_at(l, "teredo-relay.queue-bytes",
			"%u bytes are more than a quarter of the %u packet buffers of memory.mbufs", c->queue_bytes,
			l->cfg->memory.mbufs);
}

static void
check_relay(struct ts_load *l)
{
	check_relay_address(l);
	if (l->cfg->teredo_relay.cookie_prefix.len > 0)
		check_cookie_prefix(l);
	else if (!is_given(l, "teredo-relay.cookie-prefix"))
		check_bubble_source(l);
	check_numbers(l);
	/* 4380 5.1.2: the MTU is fixed. */
	ts_check_tunnel_mtu(l, "teredo-relay", 1280, 28, "IPv4 and UDP headers");
}

/* A relative name is beside the configuration, wherever the daemon was started. */
static void
check_keys(struct ts_load *l)
{
	struct ts_cfg_teredo_server *c = &l->cfg->teredo_server;
	const char *slash = c->keys_file[0] == '/' ? NULL : strrchr(l->file, '/');
	char path[sizeof(l->cfg->file) + sizeof(c->keys_file)], err[512];

	if (c->keys_file[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%.*s%s", slash != NULL ? (int)(slash - l->file) + 1 : 0, l->file, c->keys_file);
	c->keys = ts_teredo_keys_load(path, err, sizeof(err));
	if (c->keys == NULL)
		ts_fault_at(l, "teredo-server.keys-file", "%s", err);
}

static void
check_server(struct ts_load *l)
{
	const struct ts_cfg_teredo_server *c = &l->cfg->teredo_server;
	unsigned n_faults = l->n_faults;

	check_v4(l, "teredo-server.address", c->address);
	/* What is next to a faulty one is not the operator's choice. */
	if (is_given(l, "teredo-server.secondary-address") || l->n_faults == n_faults)
		check_v4(l, "teredo-server.secondary-address", c->secondary);
	/* V10: an origin indication comes with it. */
	ts_check_tunnel_mtu(
		l, "teredo-server.max-icmp6", 40u + c->max_icmp6, 36, "IPv4 and UDP headers and origin indication");
	check_keys(l);
}

void
ts_check_teredo(struct ts_load *l)
{
	if (l->cfg->teredo_relay.enabled)
		check_relay(l);
	if (l->cfg->teredo_server.enabled)
		check_server(l);
}
