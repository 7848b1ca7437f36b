/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Own addresses, put together from the kernel's, those of interfaces without a twin, and the configuration's services
 * (decisions.md 2). An address that several of them name is one entry, which knows of all its uses. What does not fit
 * is left out.
 */
#include "own.h"

#include <string.h>

static struct ts_own_addr *
add_own(struct ts_own_set *set, uint8_t family, const void *addr)
{
	size_t len = family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < set->n; i++)
		if (set->addr[i].family == family && memcmp(set->addr[i].addr, addr, len) == 0)
			return &set->addr[i];
	if (set->n == TS_OWN_MAX)
		return NULL;

	struct ts_own_addr *a = &set->addr[set->n++];

	memset(a, 0, sizeof(*a));
	a->family = family;
	memcpy(a->addr, addr, len);
	return a;
}

static void
add_attached(struct ts_own_set *set, rte_be32_t addr, uint8_t len)
{
	struct ts_prefix4 p = {addr & ts_mask4(len), len};

	if (set->n_attached < TS_OWN_MAX)
		set->attached[set->n_attached++] = p;
}

static bool
is_link_local_or_loopback(uint8_t family, const uint8_t *addr)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (family == AF_INET)
		return addr[0] == 127;
	return (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) || memcmp(addr, loopback, 16) == 0;
}

/* What the kernel has. */
static void
collect_host(struct ts_own_set *set, const struct ts_host_addr *addrs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct ts_host_addr *h = &addrs[i];
		rte_be32_t v4;

		if (is_link_local_or_loopback(h->family, h->addr))
			continue;

		struct ts_own_addr *a = add_own(set, h->family, h->addr);

		if (a != NULL)
			a->host = true;
		memcpy(&v4, h->addr, sizeof(v4));
		if (h->family == AF_INET && h->iface >= 0)
			add_attached(set, v4, h->prefix_len);
	}
}

/* Addresses of interfaces without a twin: there is no kernel behind them, so they are ours alone. */
static void
collect_twinless(struct ts_own_set *set, const struct ts_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *c = &cfg->interfaces[i];

		for (unsigned k = 0; c->twin == TS_TWIN_NONE && k < c->n_addresses; k++) {
			const struct ts_cfg_addr *a = &c->addresses[k];

			add_own(set, a->family, a->family == AF_INET ? (const void *)&a->v4 : &a->v6);
			if (a->family == AF_INET)
				add_attached(set, a->v4, a->prefix_len);
		}
	}
}

static void
add_mechanism(struct ts_own_set *set, rte_be32_t addr, enum ts_proto41 proto41, uint16_t domain)
{
	struct ts_own_addr *a = add_own(set, AF_INET, &addr);

	if (a == NULL)
		return;
	a->proto41 = proto41;
	a->domain = domain;
}

/* One address may carry both UDP services, and protocol 41 of some mechanism as well (G3). */
static void
add_udp(struct ts_own_set *set, rte_be32_t addr, uint8_t udp)
{
	struct ts_own_addr *a = add_own(set, AF_INET, &addr);

	if (a != NULL)
		a->udp |= udp;
}

static void
collect_teredo(struct ts_own_set *set, const struct ts_config *cfg)
{
	const struct ts_cfg_teredo_relay *r = &cfg->teredo_relay;
	const struct ts_cfg_teredo_server *s = &cfg->teredo_server;

	if (r->enabled) {
		add_udp(set, r->address, TS_UDP_TEREDO_RELAY);
		if (r->cookie_prefix.len == 0)			   /* otherwise any address of it may be: X4 */
			add_own(set, AF_INET6, &r->bubble_source); /* answers echo: T13 */
	}
	if (s->enabled) {
		add_udp(set, s->address, TS_UDP_TEREDO_SERVER);
		add_udp(set, s->secondary, TS_UDP_TEREDO_SERVER);
	}
}

/* R7: of the border relay's own delegated prefix, the subnet-router anycast address answers. */
static void
collect_6rd(struct ts_own_set *set, const struct ts_cfg_6rd *d, uint16_t domain)
{
	struct ts_prefix6 delegated = ts_6rd_delegated(&d->map, d->br);

	add_mechanism(set, d->br, TS_PROTO41_6RD, domain);
	add_own(set, AF_INET6, &delegated.addr);
}

/* Service addresses, and which mechanism protocol 41 to them belongs to (G2). */
static void
collect_services(struct ts_own_set *set, const struct ts_config *cfg)
{
	static const uint8_t anycast6[16] = {0x20, 0x02, 0xc0, 0x58, 0x63, 0x01}; /* 2002:c058:6301:: (S20) */

	for (unsigned i = 0; i < cfg->local.n_addresses; i++) {
		const struct ts_cfg_addr *a = &cfg->local.addresses[i];

		add_own(set, a->family, a->family == AF_INET ? (const void *)&a->v4 : &a->v6);
	}
	if (cfg->local.has_icmp6_source)
		add_own(set, AF_INET6, &cfg->local.icmp6_source);
	if (cfg->sixto4.enabled && cfg->sixto4.anycast)
		add_own(set, AF_INET6, anycast6);
	for (unsigned i = 0; cfg->sixto4.enabled && i < cfg->sixto4.n_rx_v4; i++)
		add_mechanism(set, cfg->sixto4.rx_v4[i], TS_PROTO41_6TO4, 0);
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		collect_6rd(set, &cfg->sixrd[i], (uint16_t)i);
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		add_mechanism(set, cfg->isatap[i].address, TS_PROTO41_ISATAP, (uint16_t)i);
	collect_teredo(set, cfg);
}

void
ts_own_collect(struct ts_own_set *set, const struct ts_config *cfg, const struct ts_host_addr *addrs, unsigned n_addrs)
{
	set->n = set->n_attached = 0;
	collect_host(set, addrs, n_addrs);
	collect_twinless(set, cfg);
	collect_services(set, cfg);
}
