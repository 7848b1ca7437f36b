/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of 6rd domains alone. That `br` may lie outside `ipv4-common` is meant (protocols.md D21).
 */
#include <string.h>

#include "config_internal.h"

static void
check_name(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_6rd *c = l->cfg->sixrd;
	char path[TS_PATH_TEXT];

	for (unsigned j = 0; j < i && c[i].name[0] != '\0'; j++)
		if (strcmp(c[i].name, c[j].name) == 0)
			ts_fault_at(
				l, ts_item(path, "6rd", i, "name"), "`%s` is the name of 6rd[%u] too", c[i].name, j);
}

/* Bits taken from `br` are checked there. */
static void
check_common(struct ts_load *l, unsigned i)
{
	const struct ts_prefix6rd *map = &l->cfg->sixrd[i].map;
	const struct ts_prefix4 common = {.addr = map->ipv4_common, .len = map->ipv4_mask_len};
	char path[TS_PATH_TEXT];
	unsigned line;

	ts_item(path, "6rd", i, "ipv4-common");
	if (common.addr != 0 && ts_node_find(l->root, path, &line) != NULL)
		ts_check_managed(l, path, &common);
}

static void
check_known_relays(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_6rd *c = &l->cfg->sixrd[i];
	const struct ts_prefix4 domain = {.addr = c->map.ipv4_common, .len = c->map.ipv4_mask_len};
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT], text[TS_ADDR_TEXT], all[TS_ADDR_TEXT];

	for (unsigned j = 0; j < c->n_known_relays; j++)
		/* Length 0 is what a faulty value left. */
		if (c->known_relays[j].len > 0 && ts_prefix4_covers(&c->known_relays[j], &domain))
			ts_fault_at(l, ts_item(path, "6rd", i, ts_item(key, "known-relays", j, "")),
				"%s covers the whole domain, %s: no site would be served",
				ts_prefix4_text(&c->known_relays[j], text), ts_prefix4_text(&domain, all));
}

void
ts_check_6rd(struct ts_load *l)
{
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < l->cfg->n_sixrd; i++) {
		const struct ts_cfg_6rd *c = &l->cfg->sixrd[i];

		check_name(l, i);
		ts_check_tunnel_prefix(l, ts_item(path, "6rd", i, "prefix"), &c->map.prefix, c->allow_ula);
		ts_check_managed_host(l, ts_item(path, "6rd", i, "br"), c->br);
		check_common(l, i);
		check_known_relays(l, i);
		ts_check_tunnel_mtu(l, ts_item(path, "6rd", i, "mtu"), c->mtu, 20, "IPv4 header");
	}
}
