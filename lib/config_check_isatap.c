/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of ISATAP sites alone.
 */
#include <ctype.h>
#include <string.h>

#include "config_internal.h"

static void
check_name(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_isatap *c = l->cfg->isatap;
	char path[TS_PATH_TEXT];

	for (unsigned j = 0; j < i && c[i].name[0] != '\0'; j++)
		if (strcmp(c[i].name, c[j].name) == 0)
			ts_fault_at(l, ts_item(path, "isatap", i, "name"), "`%s` is the name of isatap[%u] too",
				c[i].name, j);
}

static void
check_addresses(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_isatap *c = &l->cfg->isatap[i];
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT];

	ts_check_managed_host(l, ts_item(path, "isatap", i, "address"), c->address);
	for (unsigned j = 0; j < c->n_prl; j++)
		if (c->prl[j] != c->address)
			ts_check_managed_host(l, ts_item(path, "isatap", i, ts_item(key, "prl", j, "")), c->prl[j]);
	for (unsigned j = 0; j < c->n_site; j++)
		if (c->site[j].len > 0)
			ts_check_managed(l, ts_item(path, "isatap", i, ts_item(key, "site", j, "")), &c->site[j]);
}

static void
check_dns(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_isatap *c = &l->cfg->isatap[i];
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT], text[TS_ADDR_TEXT];
	unsigned line;

	for (unsigned j = 0; j < c->n_dns; j++) {
		const struct ts_cfg_addr a = {.family = AF_INET6, .prefix_len = 128, .v6 = c->dns[j]};
		const char *why = ts_cfg_addr_unfit(&a);
		const struct ts_node *n = ts_node_find(
			l->root, ts_item(path, "isatap", i, ts_item(key, "dns", j, "")), &line);

		/* A faulty one left :: as well. */
		if (why != NULL && (!IN6_IS_ADDR_UNSPECIFIED(&a.v6) || (n->text != NULL && n->text[0] == ':')))
			ts_fault_at(l, path, "%s %s", ts_cfg_addr_text(&a, false, text), why);
	}
}

/* What is wrong with a domain name (RFC 1035 section 2.3.1, with the digits of RFC 1123 section 2.1), or NULL. */
static const char *
bad_domain(const char *name)
{
	for (const char *label = name;; label++) {
		size_t n = strcspn(label, ".");

		if (n == 0)
			return label[0] == '\0' && label > name ? "ends with a dot: write it without"
								: "has an empty label";
		for (size_t i = 0; i < n; i++)
			if (!isalnum((unsigned char)label[i]) && label[i] != '-')
				return "has a character that is no letter, digit or hyphen";
		if (label[0] == '-' || label[n - 1] == '-')
			return "has a label that begins or ends with a hyphen";
		label += n;
		if (*label == '\0')
			return NULL;
	}
}

static void
check_dns_search(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_isatap *c = &l->cfg->isatap[i];
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT];

	for (unsigned j = 0; j < c->n_dns_search; j++) {
		const char *why = c->dns_search[j][0] != '\0' ? bad_domain(c->dns_search[j]) : NULL;

		if (why != NULL)
			ts_fault_at(l, ts_item(path, "isatap", i, ts_item(key, "dns-search", j, "")), "`%s` %s",
				c->dns_search[j], why);
	}
}

void
ts_check_isatap(struct ts_load *l)
{
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < l->cfg->n_isatap; i++) {
		const struct ts_cfg_isatap *c = &l->cfg->isatap[i];

		check_name(l, i);
		ts_check_tunnel_prefix(l, ts_item(path, "isatap", i, "prefix"), &c->prefix, c->allow_ula);
		check_addresses(l, i);
		check_dns(l, i);
		check_dns_search(l, i);
		ts_check_tunnel_mtu(l, ts_item(path, "isatap", i, "mtu"), c->mtu, 20, "IPv4 header");
	}
}
