/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the configuration as a whole: ports, interfaces and names. Addresses are in config_check_addr.c, routes
 * and neighbours in config_check_route.c, what all tunnels have in common in config_check_tunnel.c.
 *
 * A value that was faulty by itself has been reported; checks skip what it left behind, so that one mistake is one
 * message.
 */
#include <string.h>

#include "config_internal.h"

/* Why the kernel would refuse the name or misunderstand it (dev_valid_name(); /proc/sys/net/ipv4/conf/all). */
static const char *
bad_name(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/:%") != NULL)
		return "may not be `.` or `..` or contain any of / : %";
	if (strcmp(name, "lo") == 0 || strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return "is taken by the kernel";
	return NULL;
}

static void
check_name(struct ts_load *l, const char *path, const char *name)
{
	const char *why = bad_name(name);

	if (name[0] != '\0' && why != NULL)
		ts_fault_at(l, path, "`%s` %s", name, why);
}

/* The part of devargs that says which device it is: "0000:01:00.0" and "01:00.0" are the same. */
static size_t
device_id(const char *device, const char **id)
{
	*id = strncmp(device, "0000:", 5) == 0 ? device + 5 : device;
	return strcspn(*id, ",");
}

static bool
same_device(const char *a, const char *b)
{
	size_t na = device_id(a, &a), nb = device_id(b, &b);

	return na > 0 && na == nb && memcmp(a, b, na) == 0;
}

/* What of port p is the device: the port itself, a member ("members[2]"), or NULL. */
static const char *
uses_device(const struct ts_cfg_port *p, const char *device, char buf[TS_PATH_TEXT])
{
	if (same_device(p->device, device))
		return "device";
	for (unsigned i = 0; i < p->n_members; i++)
		if (same_device(p->members[i], device))
			return ts_item(buf, "members", i, "");
	return NULL;
}

static void
check_device(struct ts_load *l, unsigned port, const char *key, const char *device)
{
	char path[TS_PATH_TEXT], buf[TS_PATH_TEXT];

	for (unsigned i = 0; i < port; i++) {
		const char *used = uses_device(&l->cfg->ports[i], device, buf);

		if (used != NULL)
			ts_fault_at(l, ts_item(path, "ports", port, key),
				"`%.64s` is in use already: it is ports[%u].%s (`%s`)", device, i, used,
				l->cfg->ports[i].name);
	}
}

static void
check_members(struct ts_load *l, unsigned port)
{
	const struct ts_cfg_port *p = &l->cfg->ports[port];
	char path[TS_PATH_TEXT], member[TS_PATH_TEXT];

	for (unsigned i = 0; i < p->n_members; i++) {
		ts_item(member, "members", i, "");
		check_device(l, port, member, p->members[i]);
		if (same_device(p->members[i], p->device))
			ts_fault_at(l, ts_item(path, "ports", port, member), "is the port's own `device`");
	}
	if (p->n_members > 0 && p->device[0] != '\0' && strncmp(p->device, "net_bonding", 11) != 0)
		ts_fault_at(l, ts_item(path, "ports", port, "members"),
			"only a net_bonding device has members, not `%.64s`", p->device);
}

static void
check_path_rtt(struct ts_load *l)
{
	uint32_t n = l->cfg->path_rtt.sample;

	/* What it is by itself not is said already. */
	if ((n & (n - 1)) != 0)
		ts_fault_at(l, "path-rtt.sample", "%u is not a power of two", n);
}

static void
check_netns(struct ts_load *l, const char *path, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/') != NULL)
		ts_fault_at(l, path, "`%s` is not a name of a network namespace (ip netns add NAME)", name);
}

void
ts_check_ports(struct ts_load *l)
{
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < l->cfg->n_ports; i++) {
		const struct ts_cfg_port *p = &l->cfg->ports[i];

		check_name(l, ts_item(path, "ports", i, "name"), p->name);
		for (unsigned j = 0; j < i && p->name[0] != '\0'; j++)
			if (strcmp(p->name, l->cfg->ports[j].name) == 0)
				ts_fault_at(l, ts_item(path, "ports", i, "name"), "`%s` is the name of ports[%u] too",
					p->name, j);
		check_device(l, i, "device", p->device);
		check_members(l, i);
		check_netns(l, ts_item(path, "ports", i, "netns"), p->netns);
	}
}

static bool
same_tags(const struct ts_cfg_interface *a, const struct ts_cfg_interface *b)
{
	return a->n_tags == b->n_tags && memcmp(a->vlan, b->vlan, a->n_tags * sizeof(a->vlan[0])) == 0;
}

static void
check_interface_pair(struct ts_load *l, unsigned i, unsigned j)
{
	const struct ts_cfg_interface *a = &l->cfg->interfaces[i], *b = &l->cfg->interfaces[j];
	char path[TS_PATH_TEXT];
	bool faulty_tag = (a->n_tags > 0 && a->vlan[0] == 0) || (a->n_tags > 1 && a->vlan[1] == 0);

	if (a->name[0] != '\0' && strcmp(a->name, b->name) == 0)
		ts_fault_at(l, ts_item(path, "interfaces", i, "name"), "`%s` is the name of interfaces[%u] too",
			a->name, j);
	if (a->port != TS_UNRESOLVED && a->port == b->port && !faulty_tag && same_tags(a, b))
		ts_fault_at(l, ts_item(path, "interfaces", i, "port"),
			"interfaces[%u] (`%s`) is on port `%s` with the same tags: each needs its own", j, b->name,
			l->cfg->ports[a->port].name);
}

void
ts_check_interfaces(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		check_name(l, ts_item(path, "interfaces", i, "name"), cfg->interfaces[i].name);
		for (unsigned j = 0; j < i; j++)
			check_interface_pair(l, i, j);
		if (cfg->announce.enabled && strcmp(cfg->announce.device, cfg->interfaces[i].name) == 0)
			ts_fault_at(
				l, "announce.device", "`%s` is the name of interfaces[%u]", cfg->announce.device, i);
	}
}

/* rtnetlink(7): 253 default, 254 main, 255 local. */
static void
check_tables(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;

	if (cfg->kernel.table == 255)
		ts_fault_at(
			l, "kernel.table", "255 is the kernel's table of local addresses: no routing daemon writes it");
	if (cfg->kernel.delete_hold_max_ms < cfg->kernel.delete_hold_ms)
		ts_fault_at(l, "kernel.delete-hold-max-ms", "%u is less than delete-hold-ms, %u",
			cfg->kernel.delete_hold_max_ms, cfg->kernel.delete_hold_ms);
	if (!cfg->announce.enabled)
		return;
	check_name(l, "announce.device", cfg->announce.device);
	/* FRR's zebra reads and writes the main table alone; what points to the announcement device is not mirrored. */
	if (cfg->announce.table == 253 || cfg->announce.table == 255)
		ts_fault_at(l, "announce.table",
			"%u is one of the kernel's own tables: give one that nothing else uses, or 254 for FRR",
			cfg->announce.table);
	else if (cfg->announce.table == cfg->kernel.table && cfg->announce.table != 254)
		ts_fault_at(l, "announce.table", "%u is kernel.table too: the relay would learn what it announces",
			cfg->announce.table);
}

static void
check_health(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;

	if (cfg->health.hold_down_max_s < cfg->health.hold_down_s)
		ts_fault_at(l, "health.hold-down-max-s", "%u is less than hold-down-s, %u", cfg->health.hold_down_max_s,
			cfg->health.hold_down_s);
}

static bool
is_host4(rte_be32_t addr)
{
	uint8_t first = ((const uint8_t *)&addr)[0];

	return first != 0 && first < 224;
}

/* The kernel's own routes tell what the twins' links are; without twins no route leads anywhere. */
static void
check_fpm(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	const struct ts_cfg_addr *a = &cfg->fpm.address;
	bool host = a->family == AF_INET ? is_host4(a->v4)
					 : !IN6_IS_ADDR_UNSPECIFIED(&a->v6) && !IN6_IS_ADDR_MULTICAST(&a->v6);
	unsigned twins = 0;

	if (!cfg->fpm.enabled)
		return;
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		twins += cfg->interfaces[i].twin == TS_TWIN_TAP;
	if (twins == 0 && cfg->n_interfaces > 0)
		ts_fault_at(l, "fpm", "no interface has a twin: FRR's routes could lead nowhere");
	if (!host)
		ts_fault_at(l, "fpm.address",
			"not the address of a host: whoever can connect can give routes, so say which address it is");
}

static void
check_control(struct ts_load *l)
{
	const char *prefix = l->cfg->control.file_prefix;

	if (l->cfg->control.socket[0] != '/')
		ts_fault_at(l, "control.socket", "`%s` is not an absolute path", l->cfg->control.socket);
	if (strpbrk(prefix, "/%") != NULL || strcmp(prefix, ".") == 0 || strcmp(prefix, "..") == 0)
		ts_fault_at(l, "control.file-prefix", "`%s` may not be `.` or `..` or contain / or %%", prefix);
}

void
ts_check(struct ts_load *l)
{
	check_netns(l, "netns", l->cfg->netns);
	check_control(l);
	check_tables(l);
	check_fpm(l);
	check_health(l);
	ts_check_http(l);
	ts_check_status_page(l);
	ts_check_sflow(l);
	check_path_rtt(l);
	ts_check_ports(l);
	ts_check_interfaces(l);
	ts_check_services(l);
	ts_check_tunnels(l);
	ts_check_6to4(l);
	ts_check_6rd(l);
	ts_check_isatap(l);
	ts_check_teredo(l);
	ts_check_access(l);
	ts_check_routes(l);
}
