/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces as the data path sees them, from the configuration and the started ports; and the map by which a worker
 * finds the interface of a received frame. Fixed from start to stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "ports_priv.h"

#define VLANS 4096

static void
fill_one(const struct ts_cfg_interface *cfg, const struct ts_port *port, struct ts_iface *dp, struct ts_ctl_iface *ctl)
{
	dp->port = port->id;
	dp->mtu = cfg->mtu;
	dp->n_tags = cfg->n_tags;
	dp->l2_len = (uint8_t)(RTE_ETHER_HDR_LEN + cfg->n_tags * sizeof(struct rte_vlan_hdr));
	dp->twin = cfg->twin == TS_TWIN_TAP;
	memcpy(dp->vlan, cfg->vlan, sizeof(dp->vlan));
	rte_eth_macaddr_get(port->id, &dp->mac);
	snprintf(ctl->name, sizeof(ctl->name), "%s", cfg->name);
	ctl->cfg_port = cfg->port;
	ctl->ifindex = 0;
	ctl->tap_fd = -1;
}

static int
map_vlan(struct ts_port_map *map, uint16_t vlan, uint16_t iface)
{
	if (map->by_vlan == NULL) {
		map->by_vlan = malloc(VLANS * sizeof(*map->by_vlan));
		if (map->by_vlan == NULL)
			return -1;
		for (unsigned i = 0; i < VLANS; i++)
			map->by_vlan[i] = TS_VLAN_NONE;
	}
	map->by_vlan[vlan % VLANS] = iface;
	return 0;
}

static int
map_one(struct ts_port_map *map, const struct ts_iface *dp, uint16_t iface)
{
	if (dp->n_tags == 0) {
		map->untagged = iface;
		return 0;
	}
	if (dp->n_tags == 1)
		return map_vlan(map, dp->vlan[0], iface);
	if (map->n_qinq == RTE_DIM(map->qinq))
		return -1;
	map->qinq[map->n_qinq].outer = dp->vlan[0];
	map->qinq[map->n_qinq].inner = dp->vlan[1];
	map->qinq[map->n_qinq++].iface = iface;
	return 0;
}

int
ts_port_ifaces_fill(
	const struct ts_config *cfg, const struct ts_ports *ports, struct ts_ifaces *ifaces, char *err, size_t err_len)
{
	ifaces->n = 0;
	ifaces->port_map = calloc(RTE_MAX_ETHPORTS, sizeof(*ifaces->port_map));
	if (ifaces->port_map == NULL) {
		snprintf(err, err_len, "no memory for the interfaces");
		return -1;
	}
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++)
		ifaces->port_map[i].untagged = TS_VLAN_NONE;
	for (unsigned i = 0; i < ports->n; i++)
		ifaces->port_map[ports->port[i].id].rx_checksum_ignored = !ports->port[i].rx_checksum;
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct ts_port *port = &ports->port[cfg->interfaces[i].port];

		fill_one(&cfg->interfaces[i], port, &ifaces->dp[i], &ifaces->ctl[i]);
		if (map_one(&ifaces->port_map[port->id], &ifaces->dp[i], (uint16_t)i) < 0) {
			snprintf(err, err_len, "no room for interface %s", cfg->interfaces[i].name);
			ts_port_ifaces_free(ifaces);
			return -1;
		}
		ifaces->n = (uint16_t)(i + 1);
	}
	return 0;
}

void
ts_port_ifaces_free(struct ts_ifaces *ifaces)
{
	if (ifaces->port_map == NULL)
		return;
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++)
		free(ifaces->port_map[i].by_vlan);
	free(ifaces->port_map);
	ifaces->port_map = NULL;
	ifaces->n = 0;
}
