/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The section `sflow`: on when it is there. A collector may be on this machine, so that loopback addresses are fine
 * here; the agent's address is a name by which others know the relay, and must be one of its own on the network.
 */
#include <string.h>

#include "config_internal.h"

/* The first address of an interface; family 0 if there is none. */
static struct ts_cfg_addr
first_address(const struct ts_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		for (unsigned j = 0; j < cfg->interfaces[i].n_addresses; j++)
			if (cfg->interfaces[i].addresses[j].family != 0)
				return cfg->interfaces[i].addresses[j];
	return (struct ts_cfg_addr){0};
}

void
ts_finish_sflow(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;
	struct ts_cfg_sflow *c = &cfg->sflow;

	(void)path;
	c->enabled = true;
	if (map == NULL)
		ts_fault(l, c->line, "sflow.collectors", "is missing: the section is there, but says nothing");
	if (map != NULL && ts_node_get(map, "agent") != NULL)
		return;
	c->agent = first_address(cfg);
	if (map != NULL && c->agent.family == 0)
		ts_fault(l, c->line, "sflow.agent", "is missing: no interface has an address that could be taken");
}

static bool
is_loopback(const struct ts_cfg_addr *a)
{
	return a->family == AF_INET ? rte_be_to_cpu_32(a->v4) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&a->v6);
}

/* Family 0 is what a faulty value left. */
static void
check_host(struct ts_load *l, const char *path, const struct ts_cfg_addr *a, bool loopback)
{
	const char *why = a->family != 0 ? ts_cfg_addr_unfit(a) : NULL;
	char text[TS_ADDR_TEXT];

	if (ts_cfg_addr_link_local(a))
		why = "is a link-local address: it would need an interface";
	if (why != NULL && !(loopback && is_loopback(a)))
		ts_fault_at(l, path, "%s %s", ts_cfg_addr_text(a, false, text), why);
}

static void
check_collector(struct ts_load *l, unsigned i)
{
	const struct ts_cfg_collector *c = l->cfg->sflow.collectors;
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	ts_item(path, "sflow.collectors", i, "address");
	check_host(l, path, &c[i].address, true);
	for (unsigned j = 0; j < i && c[i].address.family != 0; j++)
		if (ts_cfg_addr_equal(&c[i].address, &c[j].address) && c[i].port == c[j].port)
			ts_fault_at(l, path, "%s port %u is sflow.collectors[%u] too",
				ts_cfg_addr_text(&c[i].address, false, text), c[i].port, j);
}

static bool
any_of_family(const struct ts_cfg_sflow *c, uint8_t family)
{
	for (unsigned i = 0; i < c->n_collectors; i++)
		if (c->collectors[i].address.family == family || c->collectors[i].address.family == 0)
			return true;
	return false;
}

void
ts_check_sflow(struct ts_load *l)
{
	const struct ts_cfg_sflow *c = &l->cfg->sflow;

	if (!c->enabled)
		return;
	for (unsigned i = 0; i < c->n_collectors; i++)
		check_collector(l, i);
	check_host(l, "sflow.agent", &c->agent, false);
	check_host(l, "sflow.source", &c->source, true);
	if (c->source.family != 0 && c->n_collectors != 0 && !any_of_family(c, c->source.family))
		ts_fault_at(l, "sflow.source", "no collector has an address of its family");
	if (c->sampling_rate == 0 && c->counter_interval_s == 0)
		ts_fault_at(l, "sflow", "has nothing to send: sampling-rate and counter-interval-s are 0");
}
