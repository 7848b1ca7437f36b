/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of 6to4 alone.
 */
#include <arpa/inet.h>

#include "config_internal.h"

/* 0 is also what a faulty value left: only what is written as such is a fault of its own. */
static bool
is_written_zero(struct ts_load *l, const char *path)
{
	unsigned line;
	const struct ts_node *n = ts_node_find(l->root, path, &line);
	struct in_addr addr;

	return n != NULL && n->text != NULL && inet_pton(AF_INET, n->text, &addr) == 1;
}

/* RFC 3056 section 9: nobody out there could answer. */
static void
check_public(struct ts_load *l)
{
	const struct ts_cfg_6to4 *c = &l->cfg->sixto4;
	char path[TS_PATH_TEXT], text[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < c->n_rx_v4; i++) {
		ts_item(path, "6to4.addresses", i, "");
		if (ts_is_private4(c->rx_v4[i]))
			ts_fault_at(l, path, "%s is private: 6to4 needs public addresses (RFC 3056 section 9)",
				inet_ntop(AF_INET, &c->rx_v4[i], text, sizeof(text)));
		else if (c->rx_v4[i] == 0 && is_written_zero(l, path))
			ts_fault_at(l, path, "0.0.0.0 is no address of a host");
	}
}

static void
check_source(struct ts_load *l)
{
	const struct ts_cfg_6to4 *c = &l->cfg->sixto4;
	char text[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < c->n_rx_v4; i++)
		if (c->tx_source == c->rx_v4[i])
			return;
	/* 0 is what a faulty value left. */
	if (c->tx_source == TS_6TO4_ANYCAST)
		ts_fault_at(l, "6to4.source",
			"anycast is not switched on: `anycast: yes` is needed, or one of "
			"`addresses` here");
	else if (c->tx_source != 0)
		ts_fault_at(l, "6to4.source", "%s is not one of 6to4.addresses",
			inet_ntop(AF_INET, &c->tx_source, text, sizeof(text)));
}

/* G59: a reply from a 6to4 address leaves with the IPv4 address that it carries, so that has to be one of ours. */
static void
check_local(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < cfg->local.n_addresses; i++) {
		const struct ts_cfg_addr *a = &cfg->local.addresses[i];
		bool ours = false;

		if (a->family != AF_INET6 || !ts_is_6to4(a->v6.s6_addr))
			continue;
		for (unsigned k = 0; cfg->sixto4.enabled && k < cfg->sixto4.n_rx_v4; k++)
			ours |= cfg->sixto4.rx_v4[k] == ts_6to4_v4(a->v6.s6_addr);
		if (!ours)
			ts_fault_at(l, ts_item(path, "local.addresses", i, ""),
				"is a 6to4 address whose IPv4 address is not one of the relay's 6to4 addresses "
				"(RFC 3964 5.2)");
	}
}

void
ts_check_6to4(struct ts_load *l)
{
	check_local(l);
	if (!l->cfg->sixto4.enabled)
		return;
	check_public(l);
	check_source(l);
	ts_check_tunnel_mtu(l, "6to4.mtu", l->cfg->sixto4.mtu, 20, "IPv4 header");
}
