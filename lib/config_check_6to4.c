/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of 6to4 and of the source of ICMPv6 errors, which 6to4 cannot do without: path MTU discovery through a tunnel
 * rests on errors that arrive.
 */
#include <arpa/inet.h>

#include "config_internal.h"

/* Private and link-local addresses, RFC 3056 section 9: nobody out there could answer. */
static bool
is_private(rte_be32_t v4)
{
	static const struct ts_prefix4 list[] = {
		{RTE_BE32(0x0a000000), 8},
		{RTE_BE32(0xa9fe0000), 16},
		{RTE_BE32(0xac100000), 12},
		{RTE_BE32(0xc0a80000), 16},
	};

	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (ts_prefix4_contains(&list[i], v4))
			return true;
	return false;
}

static void
check_private(struct ts_load *l)
{
	const struct ts_cfg_6to4 *c = &l->cfg->sixto4;
	char path[TS_PATH_TEXT], text[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < c->n_rx_v4; i++)
		if (is_private(c->rx_v4[i]))
			ts_fault_at(l, ts_item(path, "6to4.addresses", i, ""),
				"%s is private: 6to4 needs public addresses (RFC 3056 section 9)",
				inet_ntop(AF_INET, &c->rx_v4[i], text, sizeof(text)));
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

/* The relay would have to fragment, RFC 4213 section 3.2.1. */
static void
check_mtu(struct ts_load *l)
{
	const struct ts_cfg_6to4 *c = &l->cfg->sixto4;

	for (unsigned i = 0; i < l->cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *iface = &l->cfg->interfaces[i];

		if (c->mtu + 20u > iface->mtu)
			ts_fault_at(l, "6to4.mtu",
				"%u and 20 bytes of IPv4 header do not fit into the MTU %u of interface `%s`: give "
				"it at least %u%s",
				c->mtu, iface->mtu, iface->name, c->mtu + 20u,
				c->mtu > 1280 ? ", or the tunnel less" : "");
	}
}

/* RFC 4443 section 2.2 (b), RFC 3964 section 5.2. */
static void
check_icmp6_source(struct ts_load *l)
{
	const struct in6_addr *a = &l->cfg->local.icmp6_source;
	char text[INET6_ADDRSTRLEN];
	unsigned line;

	inet_ntop(AF_INET6, a, text, sizeof(text));
	if (ts_node_find(l->root, "local.icmp6-source", &line) == NULL) {
		if (l->cfg->sixto4.enabled)
			ts_fault_at(l, "6to4",
				"needs local.icmp6-source, the source of ICMPv6 errors such as Packet "
				"Too Big");
		return;
	}
	/* Given, but faulty by itself: that has been reported. */
	if (!l->cfg->local.has_icmp6_source)
		return;
	if ((a->s6_addr[0] & 0xe0) != 0x20)
		ts_fault_at(l, "local.icmp6-source", "%s is not a global unicast address (2000::/3)", text);
	else if (ts_is_teredo(a->s6_addr))
		ts_fault_at(l, "local.icmp6-source", "%s is a Teredo address: those belong to clients", text);
	else if (ts_is_6to4(a->s6_addr) && ts_6to4_v4(a->s6_addr) != l->cfg->sixto4.tx_source)
		ts_fault_at(l, "local.icmp6-source",
			"%s is a 6to4 address that does not embed 6to4.source: receivers compare the two and drop "
			"(RFC 3964 section 5.2)",
			text);
}

void
ts_check_6to4(struct ts_load *l)
{
	check_icmp6_source(l);
	if (!l->cfg->sixto4.enabled)
		return;
	check_private(l);
	check_source(l);
	check_mtu(l);
}
