/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From devargs to a DPDK port id.
 *
 * PCI devices were probed by EAL already, by its list of allowed devices; others are probed here, in the network
 * namespace of the port, in which this is called. Members of a LAG come first; the net_bonding device is told about
 * them here when its devargs do not name any (decisions.md 9).
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dpdk_log.h"
#include "eal.h"
#include "ports_priv.h"

static void
explain(const char *devargs, const char *name, int ret, char *err, size_t err_len)
{
	const char *why = ts_dpdk_log_reason();

	if (ts_device_is_pci(devargs))
		snprintf(err, err_len,
			"there is no PCI device %s, or it is not bound to a driver that DPDK can use (dpdk-devbind.py --status)",
			name);
	else if (strstr(why, "failed to parse device") != NULL)
		snprintf(err, err_len, "DPDK knows no device like \"%s\"", devargs);
	else if (strstr(why, "resource busy") != NULL)
		snprintf(err, err_len, "\"%s\" is in use by another process (DPDK: %s)", devargs, why);
	else if (why[0] != '\0')
		snprintf(err, err_len, "device \"%s\" cannot be opened (DPDK: %s)", devargs, why);
	else
		snprintf(err, err_len, "device \"%s\" cannot be opened: %s", devargs,
			rte_strerror(ret < 0 ? -ret : rte_errno));
}

/*
 * net_tap makes a multi-queue device, and the kernel lets a second process attach to one: each would get some of the
 * frames. So a device that exists already is somebody's.
 */
static bool
tap_is_taken(const char *devargs, char *err, size_t err_len)
{
	const char *key = strstr(devargs, ",iface=");
	char ifname[IF_NAMESIZE];

	if (strncmp(devargs, "net_tap", strlen("net_tap")) != 0 || key == NULL)
		return false;
	key += strlen(",iface=");
	snprintf(ifname, sizeof(ifname), "%.*s", (int)strcspn(key, ","), key);
	if (if_nametoindex(ifname) == 0)
		return false;
	snprintf(err, err_len, "device \"%s\": a network device named %s exists already; another process uses it",
		devargs, ifname);
	return true;
}

static int
probe_one(const char *devargs, uint16_t *id, char *err, size_t err_len)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int ret = 0;

	ts_device_name(devargs, name, sizeof(name));
	ts_dpdk_log_collect();
	if (!ts_device_is_pci(devargs)) {
		if (rte_eth_dev_get_port_by_name(name, id) == 0) {
			snprintf(err, err_len, "device %s is used twice", name);
			return -1;
		}
		if (tap_is_taken(devargs, err, err_len))
			return -1;
		ret = rte_dev_probe(devargs);
	}
	if (ret == 0 && rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	explain(devargs, name, ret, err, err_len);
	return -1;
}

static void
close_by_name(const char *devargs)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t id;

	ts_device_name(devargs, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &id) != 0)
		return;
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
}

static void
close_members(const struct ts_cfg_port *cfg, unsigned n)
{
	while (n-- > 0)
		close_by_name(cfg->members[n]);
}

/* "net_bonding0,mode=4" with members a and b becomes "net_bonding0,mode=4,slave=a,slave=b". */
static int
complete_devargs(const struct ts_cfg_port *cfg, char *out, size_t len)
{
	size_t n = (size_t)snprintf(out, len, "%s", cfg->device);
	char name[RTE_ETH_NAME_MAX_LEN];

	if (strstr(cfg->device, ",slave=") != NULL)
		return 0;
	for (unsigned i = 0; i < cfg->n_members && n < len; i++) {
		ts_device_name(cfg->members[i], name, sizeof(name));
		n += (size_t)snprintf(out + n, len - n, ",slave=%s", name);
	}
	return n < len ? 0 : -1;
}

int
ts_port_probe(const struct ts_cfg_port *cfg, uint16_t *id, char *err, size_t err_len)
{
	char devargs[TS_DEVARGS_LEN + TS_MAX_BOND_MEMBERS * (RTE_ETH_NAME_MAX_LEN + 8)];
	uint16_t member;
	unsigned n;

	for (n = 0; n < cfg->n_members; n++)
		if (probe_one(cfg->members[n], &member, err, err_len) < 0)
			goto fail;
	if (complete_devargs(cfg, devargs, sizeof(devargs)) < 0) {
		snprintf(err, err_len, "too many members");
		goto fail;
	}
	if (probe_one(devargs, id, err, err_len) < 0)
		goto fail;
	return 0;
fail:
	close_members(cfg, n);
	return -1;
}

void
ts_port_remove(const struct ts_cfg_port *cfg, uint16_t id)
{
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
	close_members(cfg, cfg->n_members);
}
