/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Far ends of test packets are addresses that no packet on the wire has: the dummy address 192.0.0.8 (RFC 7600 4.8), or
 * where a domain or a site does not reach that far, its all-zeros host (RFC 1122 3.2.1.3). All are routed to the
 * probe's own adjacency while they are in use (local.c).
 */
#include "health_list.h"

#include <stdio.h>
#include <string.h>

#define DUMMY RTE_BE32(0xc0000008)

const uint8_t ts_probe_native[16] = {0x01, 0x00, [12] = 192, 0, 0, 8};

static bool
is_own(const struct ts_config *cfg, rte_be32_t v4)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		for (unsigned k = 0; k < cfg->interfaces[i].n_addresses; k++)
			if (cfg->interfaces[i].addresses[k].family == AF_INET &&
				cfg->interfaces[i].addresses[k].v4 == v4)
				return true;
	return false;
}

static bool
in_list(const rte_be32_t *list, unsigned n, rte_be32_t v4)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == v4)
			return true;
	return false;
}

/* G15: what even the managed list refuses, and other relays' addresses (R8). */
static bool
unusable(const struct ts_config *cfg, rte_be32_t v4)
{
	uint8_t first = (uint8_t)(rte_be_to_cpu_32(v4) >> 24);

	return first == 0 || first == 127 || first >= 224 || rte_be_to_cpu_32(v4) >> 16 == 0xa9fe ||
		rte_be_to_cpu_32(v4) >> 8 == 0xc05863 || is_own(cfg, v4);
}

static rte_be32_t
host_of(const struct ts_config *cfg, const struct ts_prefix4 *net)
{
	rte_be32_t first = net->addr & ts_mask4(net->len);

	if (ts_prefix4_contains(net, DUMMY) && !is_own(cfg, DUMMY))
		return DUMMY;
	return net->len > 30 || unusable(cfg, first) ? 0 : first;
}

static rte_be32_t
far_6rd(const struct ts_config *cfg, const struct ts_cfg_6rd *d)
{
	struct ts_prefix4 common = {.addr = d->map.ipv4_common, .len = d->map.ipv4_mask_len};
	rte_be32_t far = host_of(cfg, &common);

	for (unsigned i = 0; i < d->n_known_relays; i++)
		if (ts_prefix4_contains(&d->known_relays[i], far))
			return 0;
	return far == d->br ? 0 : far;
}

static rte_be32_t
far_isatap(const struct ts_config *cfg, const struct ts_cfg_isatap *s)
{
	for (unsigned i = 0; i < s->n_site; i++) {
		rte_be32_t far = host_of(cfg, &s->site[i]);

		if (far != 0 && far != s->address && !in_list(s->prl, s->n_prl, far))
			return far;
	}
	return 0;
}

static void
add_mech(struct ts_health_list *l, enum ts_mechanism mech, unsigned domain, const char *kind, const char *name,
	rte_be32_t far)
{
	struct ts_health_mech *m = &l->mechs[l->n_mechs++];

	m->mech = mech;
	m->domain = domain;
	m->far = far;
	snprintf(m->name, sizeof(m->name), "%s%s%s", kind, name[0] != '\0' ? " " : "", name);
}

/* Of the mechanism added last. */
static struct ts_cfg_addr *
add_prefix(struct ts_health_list *l, uint8_t family, uint8_t len)
{
	struct ts_health_prefix *p = &l->prefixes[l->n_prefixes++];

	p->prefix.family = family;
	p->prefix.prefix_len = len;
	p->mech = l->n_mechs - 1;
	p->upstream = family == AF_INET ? AF_INET6 : AF_INET;
	return &p->prefix;
}

static void
add_6to4(struct ts_health_list *l, const struct ts_config *cfg)
{
	struct ts_cfg_addr *p;

	add_mech(l, TS_MECH_6TO4, 0, "6to4", "", is_own(cfg, DUMMY) ? 0 : DUMMY);
	p = add_prefix(l, AF_INET6, 16); /* 2002::/16 (S1), RFC 3056 5.2 */
	p->v6.s6_addr[0] = 0x20;
	p->v6.s6_addr[1] = 0x02;
	if (cfg->sixto4.anycast) /* 192.88.99.0/24 alone (S2, S3), RFC 3068 2.3 */
		add_prefix(l, AF_INET, 24)->v4 = TS_6TO4_ANYCAST & ts_mask4(24);
}

/* RFC 4380 5.4: a server needs none. */
static void
add_teredo(struct ts_health_list *l, const struct ts_config *cfg)
{
	struct ts_cfg_addr *p;

	add_mech(l, TS_MECH_TEREDO, 0, "teredo-relay", "", is_own(cfg, DUMMY) ? 0 : DUMMY);
	p = add_prefix(l, AF_INET6, 32); /* 2001::/32 */
	p->v6.s6_addr[0] = 0x20;
	p->v6.s6_addr[1] = 0x01;
}

void
ts_health_list(struct ts_health_list *l, const struct ts_config *cfg)
{
	memset(l, 0, sizeof(*l));
	if (cfg->sixto4.enabled)
		add_6to4(l, cfg);
	if (cfg->teredo_relay.enabled)
		add_teredo(l, cfg);
	for (unsigned i = 0; i < cfg->n_sixrd; i++) {
		const struct ts_cfg_6rd *d = &cfg->sixrd[i];

		add_mech(l, TS_MECH_6RD, i, "6rd", d->name, far_6rd(cfg, d));
		add_prefix(l, AF_INET6, d->map.prefix.len)->v6 = d->map.prefix.addr;
		l->prefixes[l->n_prefixes - 1].attached = true;
	}
	for (unsigned i = 0; i < cfg->n_isatap; i++) {
		const struct ts_cfg_isatap *s = &cfg->isatap[i];

		add_mech(l, TS_MECH_ISATAP, i, "isatap", s->name, far_isatap(cfg, s));
		add_prefix(l, AF_INET6, s->prefix.len)->v6 = s->prefix.addr;
		l->prefixes[l->n_prefixes - 1].attached = true;
	}
}
