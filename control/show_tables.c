/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control itself knows and what is small: interfaces, how full the tables are, how the kernel's mirror, the punt
 * thread and the control thread fare, versions.
 */
#include <stdio.h>
#include <unistd.h>

#include <rte_version.h>

#include "control/show.h"

static json_t *
interface_item(const struct ts_control *c, uint16_t i)
{
	const struct ts_iface *dp = &c->ifaces.dp[i];
	const struct ts_ctl_iface *ctl = &c->ifaces.ctl[i];
	char mac[18];
	json_t *item;

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", RTE_ETHER_ADDR_BYTES(&dp->mac));
	item = json_pack("{s:s, s:s, s:s, s:i, s:b}", "name", ctl->name, "port", c->cfg.ports[ctl->cfg_port].name,
		"mac", mac, "mtu", (int)dp->mtu, "twin", (int)dp->twin);
	if (dp->n_tags == 1)
		json_object_set_new(item, "vlan", json_integer(dp->vlan[0]));
	else if (dp->n_tags == 2)
		json_object_set_new(item, "qinq", json_pack("[i, i]", (int)dp->vlan[0], (int)dp->vlan[1]));
	return item;
}

void
ts_show_interfaces(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	json_t *list = json_array();

	(void)arg;
	for (uint16_t i = 0; i < c->ifaces.n; i++)
		json_array_append_new(list, interface_item(c, i));
	out->whole = json_pack("{s:o}", "interfaces", list);
}

static json_t *
mirror_figures(const struct ts_mirror *m)
{
	struct ts_mirror_stats st = {0};

	if (m == NULL)
		return json_null();
	ts_mirror_stats(m, &st);
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "synced", (int)ts_mirror_synced(m),
		"messages", (json_int_t)st.messages, "overruns", (json_int_t)st.overruns, "resyncs",
		(json_int_t)st.resyncs, "silent_losses", (json_int_t)st.silent_losses, "cancelled_deletes",
		(json_int_t)st.cancelled_deletes, "parse_errors", (json_int_t)st.parse_errors, "foreign",
		(json_int_t)st.foreign, "in_tunnel", (json_int_t)st.in_tunnel, "mac_changes",
		(json_int_t)st.mac_changes, "false_claims", (json_int_t)st.false_claims);
}

static json_t *
punt_figures(const struct ts_punter *p)
{
	struct ts_punt_stats st = {0};

	if (p == NULL)
		return json_null();
	ts_punter_stats(p, &st);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "punted", (json_int_t)st.punted, "injected",
		(json_int_t)st.injected, "drop_tap_full", (json_int_t)st.drop_tap_full, "drop_inject_ring",
		(json_int_t)st.drop_inject_ring, "drop_no_mbuf", (json_int_t)st.drop_no_mbuf, "drop_forbidden",
		(json_int_t)st.drop_forbidden);
}

static json_t *
step_figures(const struct ts_steps *s)
{
	return json_pack("{s:I, s:I, s:I}", "step_max_us", (json_int_t)s->max_us, "step_max_cpu_us",
		(json_int_t)s->max_cpu_us, "slow_steps", (json_int_t)s->slow);
}

static json_t *
limits(const struct ts_config *cfg)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "ipv4_routes", (json_int_t)cfg->tables.ipv4_routes, "ipv6_routes",
		(json_int_t)cfg->tables.ipv6_routes, "next_hops", (json_int_t)cfg->tables.next_hops, "adjacencies",
		(json_int_t)cfg->tables.adjacencies);
}

/* How full an instance of a FIB is, and what it has no room for. */
static json_t *
usage(const struct ts_rib_usage *u, const char *unit)
{
	return json_pack("{s:I, s:I, s:s, s:I, s:b}", "used", (json_int_t)u->used, "room", (json_int_t)u->room, "unit",
		unit, "unplaced", (json_int_t)u->unplaced, "full", (int)u->full);
}

void
ts_show_tables(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	struct ts_rib_stats rib = {0};

	(void)arg;
	ts_rib_stats(c->rib, &rib);
	out->whole = json_pack("{s:{s:I, s:I, s:I, s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}}",
		"tables", "version", (json_int_t)ts_publish_version(c->publisher), "ipv4_routes",
		(json_int_t)ts_rib_count(c->rib, AF_INET), "ipv6_routes", (json_int_t)ts_rib_count(c->rib, AF_INET6),
		"limits", limits(&c->cfg), "next_hops", (json_int_t)ts_nexthops_in_use(c->nexthops), "next_hops_full",
		(json_int_t)ts_nexthops_full(c->nexthops), "ipv4_fib", usage(&rib.family[0], "tbl8 groups"), "ipv6_fib",
		usage(&rib.family[1], "lines"), "insert_failures", (json_int_t)rib.insert_failures, "retries",
		(json_int_t)rib.retries, "refused_full", (json_int_t)rib.refused_full, "changes",
		(json_int_t)rib.changes, "mirror", mirror_figures(c->mirror), "punt", punt_figures(c->punter),
		"control", step_figures(&c->steps));
}

void
ts_show_version(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	(void)arg;
	out->whole = json_pack("{s:s, s:s, s:I, s:s}", "version", TS_VERSION, "dpdk", rte_version(), "pid",
		(json_int_t)getpid(), "config", c->cfg.file);
	/* A file name need not be UTF-8, which JSON demands. */
	if (out->whole == NULL)
		out->whole = json_pack("{s:s, s:s, s:I, s:n}", "version", TS_VERSION, "dpdk", rte_version(), "pid",
			(json_int_t)getpid(), "config");
}
