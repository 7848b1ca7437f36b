/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is true of addresses in a configuration: whether they are equal, on a LAN, fit for a host.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config_internal.h"

bool
ts_cfg_addr_equal(const struct ts_cfg_addr *a, const struct ts_cfg_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4 == b->v4;
	return memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0;
}

bool
ts_cfg_addr_on(const struct ts_cfg_addr *lan, const struct ts_cfg_addr *addr)
{
	if (lan->family != addr->family || lan->family == 0)
		return false;
	if (lan->family == AF_INET)
		return ((lan->v4 ^ addr->v4) & ts_mask4(lan->prefix_len)) == 0;

	struct ts_prefix6 p = {.addr = lan->v6, .len = lan->prefix_len};

	return ts_prefix6_contains(&p, addr->v6.s6_addr);
}

static const char *
unfit4(uint32_t a)
{
	if (a >> 24 == 0)
		return "is in 0.0.0.0/8, which no host has";
	if (a >> 24 == 127)
		return "is a loopback address";
	if (a >> 28 == 14)
		return "is a multicast address";
	if (a >> 28 == 15)
		return "is in 240.0.0.0/4, which is reserved";
	return NULL;
}

static const char *
unfit6(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return "is the unspecified address";
	if (IN6_IS_ADDR_LOOPBACK(a))
		return "is the loopback address";
	if (IN6_IS_ADDR_MULTICAST(a))
		return "is a multicast address";
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return "is an IPv4-mapped or IPv4-compatible address";
	return NULL;
}

const char *
ts_cfg_addr_unfit(const struct ts_cfg_addr *addr)
{
	return addr->family == AF_INET ? unfit4(rte_be_to_cpu_32(addr->v4)) : unfit6(&addr->v6);
}

bool
ts_cfg_addr_link_local(const struct ts_cfg_addr *addr)
{
	return addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->v6);
}

bool
ts_is_6to4_anycast_net(rte_be32_t v4)
{
	return ((v4 ^ TS_6TO4_ANYCAST) & ts_mask4(24)) == 0;
}

bool
ts_is_private4(rte_be32_t v4)
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

bool
ts_cfg_addr_mask(struct ts_cfg_addr *addr)
{
	struct ts_cfg_addr was = *addr;

	if (addr->family == AF_INET)
		addr->v4 &= ts_mask4(addr->prefix_len);
	else
		ts_mask6(&addr->v6, addr->prefix_len);
	return !ts_cfg_addr_equal(&was, addr);
}

const char *
ts_cfg_addr_text(const struct ts_cfg_addr *addr, bool with_len, char buf[TS_ADDR_TEXT])
{
	if (inet_ntop(addr->family, &addr->v6, buf, TS_ADDR_TEXT) == NULL)
		buf[0] = '\0';
	size_t n = strlen(buf);

	if (with_len)
		snprintf(buf + n, TS_ADDR_TEXT - n, "/%u", addr->prefix_len);
	return buf;
}

const char *
ts_prefix4_text(const struct ts_prefix4 *prefix, char buf[TS_ADDR_TEXT])
{
	const struct ts_cfg_addr a = {.family = AF_INET, .prefix_len = prefix->len, .v4 = prefix->addr};

	return ts_cfg_addr_text(&a, true, buf);
}

const char *
ts_prefix6_text(const struct ts_prefix6 *prefix, char buf[TS_ADDR_TEXT])
{
	const struct ts_cfg_addr a = {.family = AF_INET6, .prefix_len = prefix->len, .v6 = prefix->addr};

	return ts_cfg_addr_text(&a, true, buf);
}

bool
ts_prefix4_covers(const struct ts_prefix4 *outer, const struct ts_prefix4 *inner)
{
	return inner->len >= outer->len && ts_prefix4_contains(outer, inner->addr);
}

bool
ts_prefix6_covers(const struct ts_prefix6 *outer, const struct ts_prefix6 *inner)
{
	return inner->len >= outer->len && ts_prefix6_contains(outer, inner->addr.s6_addr);
}

bool
ts_prefix6_overlap(const struct ts_prefix6 *a, const struct ts_prefix6 *b)
{
	return a->len > 0 && b->len > 0 && (ts_prefix6_covers(a, b) || ts_prefix6_covers(b, a));
}

bool
ts_cfg_is_host_address(const struct ts_config *cfg, const struct ts_cfg_addr *addr)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		for (unsigned j = 0; j < cfg->interfaces[i].n_addresses; j++)
			if (ts_cfg_addr_equal(&cfg->interfaces[i].addresses[j], addr))
				return true;
	return false;
}
