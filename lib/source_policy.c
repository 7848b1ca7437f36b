/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_policy.h"

#include <stdlib.h>

#include <rte_common.h>

/* clang-format off */
#define P4(a, b, c, d, len) {RTE_BE32((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)), len}

/* The managed list is what core and extended begin with: G15 is the part of G12 that holds even inside a provider. */
static const struct ts_prefix4 managed_list[] = {
	P4(0, 0, 0, 0, 8), P4(127, 0, 0, 0, 8), P4(169, 254, 0, 0, 16), P4(224, 0, 0, 0, 4), P4(240, 0, 0, 0, 4),
};
static const struct ts_prefix4 core_list[] = {
	P4(10, 0, 0, 0, 8), P4(172, 16, 0, 0, 12), P4(192, 168, 0, 0, 16),
};
static const struct ts_prefix4 extended_list[] = {
	P4(100, 64, 0, 0, 10), P4(192, 0, 0, 0, 24), P4(192, 0, 2, 0, 24), P4(198, 18, 0, 0, 15),
	P4(198, 51, 100, 0, 24), P4(203, 0, 113, 0, 24),
};
static const struct ts_prefix4 relay_prefix = P4(192, 88, 99, 0, 24);
/* clang-format on */

struct ts_source_policy {
	struct ts_source_policy_map map;
	enum ts_policy_list list;
	size_t n_own, n_attached, n_deny, n_allow;
	const struct ts_prefix4 *attached, *deny, *allow; /* all lists lie behind the struct */
	const rte_be32_t *own;
};

static void
suspect_prefix(struct ts_source_policy *p, const struct ts_prefix4 *prefix)
{
	uint32_t first = rte_be_to_cpu_32(prefix->addr) >> 8;
	uint32_t count = prefix->len >= 24 ? 1 : 1u << (24 - prefix->len);

	for (uint32_t n = first; n < first + count; n++)
		p->map.bits[n >> 6] |= UINT64_C(1) << (n & 63);
}

static void
suspect_addr(struct ts_source_policy *p, rte_be32_t addr)
{
	struct ts_prefix4 host = {addr, 32};

	suspect_prefix(p, &host);
}

static void
suspect_list(struct ts_source_policy *p, const struct ts_prefix4 *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		suspect_prefix(p, &list[i]);
}

static rte_be32_t
broadcast(const struct ts_prefix4 *subnet)
{
	return subnet->addr | ~ts_mask4(subnet->len);
}

/* With an allow list everything is suspect but the /24s that lie in it whole. */
static void
suspect_all_but(struct ts_source_policy *p, const struct ts_prefix4 *allow, size_t n_allow)
{
	memset(p->map.bits, 0xff, sizeof(p->map.bits));
	for (size_t i = 0; i < n_allow; i++) {
		uint32_t first = rte_be_to_cpu_32(allow[i].addr) >> 8;

		for (uint32_t n = 0; allow[i].len <= 24 && n < 1u << (24 - allow[i].len); n++)
			p->map.bits[(first + n) >> 6] &= ~(UINT64_C(1) << ((first + n) & 63));
	}
}

/* Once the /24s are known. */
static void
fill_coarse(struct ts_source_policy_map *map)
{
	for (uint32_t n = 0; n < 1u << 16; n++) {
		const uint64_t *b = &map->bits[n * 4];

		if ((b[0] | b[1] | b[2] | b[3]) != 0)
			map->coarse[n >> 6] |= UINT64_C(1) << (n & 63);
	}
}

static void
fill_map(struct ts_source_policy *p)
{
	if (p->n_allow != 0)
		suspect_all_but(p, p->allow, p->n_allow);
	suspect_list(p, managed_list, RTE_DIM(managed_list));
	if (p->list != TS_POLICY_MANAGED) {
		suspect_list(p, core_list, RTE_DIM(core_list));
		suspect_prefix(p, &relay_prefix);
	}
	if (p->list == TS_POLICY_EXTENDED)
		suspect_list(p, extended_list, RTE_DIM(extended_list));
	suspect_list(p, p->deny, p->n_deny);
	for (size_t i = 0; i < p->n_own; i++)
		suspect_addr(p, p->own[i]);
	for (size_t i = 0; i < p->n_attached; i++) {
		if (p->attached[i].len > 30)
			continue;
		suspect_addr(p, p->attached[i].addr);
		suspect_addr(p, broadcast(&p->attached[i]));
	}
	fill_coarse(&p->map);
}

/* Append a list to the memory behind the map. */
static const void *
keep(uint8_t **at, const void *list, size_t n, size_t size)
{
	void *copy = *at;

	if (n != 0)
		memcpy(copy, list, n * size);
	*at += n * size;
	return copy;
}

struct ts_source_policy *
ts_source_policy_create(const struct ts_source_policy_conf *c)
{
	size_t prefixes = c->n_attached + c->n_deny + c->n_allow;
	size_t size = sizeof(struct ts_source_policy) + prefixes * sizeof(struct ts_prefix4) +
		c->n_own * sizeof(rte_be32_t);
	struct ts_source_policy *p = aligned_alloc(64, (size + 63) & ~(size_t)63);
	uint8_t *at;

	if (p == NULL)
		return NULL;
	at = (uint8_t *)(p + 1);
	memset(p, 0, sizeof(*p));
	p->list = c->list;
	p->n_own = c->n_own;
	p->n_attached = c->n_attached;
	p->n_deny = c->n_deny;
	p->n_allow = c->n_allow;
	p->attached = keep(&at, c->attached, c->n_attached, sizeof(*c->attached));
	p->deny = keep(&at, c->deny, c->n_deny, sizeof(*c->deny));
	p->allow = keep(&at, c->allow, c->n_allow, sizeof(*c->allow));
	p->own = keep(&at, c->own, c->n_own, sizeof(*c->own));
	fill_map(p);
	return p;
}

void
ts_source_policy_free(struct ts_source_policy *p)
{
	free(p);
}

static bool
on_list(const struct ts_prefix4 *list, size_t n, rte_be32_t addr)
{
	for (size_t i = 0; i < n; i++)
		if (ts_prefix4_contains(&list[i], addr))
			return true;
	return false;
}

/* G14: a /31 or /32 has neither network nor broadcast address, RFC 3021 2.1. */
static bool
subnet_end(const struct ts_source_policy *p, rte_be32_t addr)
{
	for (size_t i = 0; i < p->n_attached; i++)
		if (p->attached[i].len <= 30 && (addr == p->attached[i].addr || addr == broadcast(&p->attached[i])))
			return true;
	return false;
}

bool
ts_source_policy_own(const struct ts_source_policy *p, rte_be32_t addr)
{
	for (size_t i = 0; i < p->n_own; i++)
		if (p->own[i] == addr)
			return true;
	return false;
}

enum ts_policy_verdict
ts_source_policy_exact(const struct ts_source_policy *p, rte_be32_t addr)
{
	if (ts_source_policy_own(p, addr))
		return TS_POLICY_OWN;
	if (p->list != TS_POLICY_MANAGED && ts_prefix4_contains(&relay_prefix, addr))
		return TS_POLICY_RELAY;
	if (on_list(managed_list, RTE_DIM(managed_list), addr) || subnet_end(p, addr))
		return TS_POLICY_MARTIAN;
	if (p->list != TS_POLICY_MANAGED && on_list(core_list, RTE_DIM(core_list), addr))
		return TS_POLICY_MARTIAN;
	if (p->list == TS_POLICY_EXTENDED && on_list(extended_list, RTE_DIM(extended_list), addr))
		return TS_POLICY_MARTIAN;
	if (on_list(p->deny, p->n_deny, addr) || (p->n_allow != 0 && !on_list(p->allow, p->n_allow, addr)))
		return TS_POLICY_DENIED;
	return TS_POLICY_OK;
}
