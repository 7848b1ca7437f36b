/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TAP twins: the kernel's end of every interface.
 *
 * The order matters: a twin is told what not to do before it comes up, so that it never says a word that an exchange
 * forbids, and comes up after its MAC is the port's, so that its link-local address is made from that one. The TAP
 * belongs to a descriptor of this process and goes with it, whatever kills it.
 */
#include "twin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel_settings.h"
#include "rtnl.h"
#include "tun.h"

static int
add_addresses(struct mnl_socket *nl, const struct ts_cfg_interface *cfg, int ifindex, char *err, size_t err_len)
{
	for (unsigned i = 0; i < cfg->n_addresses; i++) {
		int ret = ts_rtnl_add_addr(nl, ifindex, &cfg->addresses[i]);

		if (ret < 0) {
			snprintf(err, err_len, "the kernel refuses address %u of it: %s", i + 1, strerror(-ret));
			return -1;
		}
	}
	return 0;
}

static int
set_up(struct mnl_socket *nl, const struct ts_cfg_interface *cfg, const struct ts_iface *dp, int ifindex, char *err,
	size_t err_len)
{
	int ret = ts_rtnl_link(nl, ifindex, dp->mac.addr_bytes, cfg->mtu, 0, false);

	if (ret < 0) {
		snprintf(err, err_len, "the kernel refuses its MAC address or MTU: %s", strerror(-ret));
		return -1;
	}
	if (ts_kernel_settings_twin(cfg->name, err, err_len) < 0)
		return -1;
	ret = ts_rtnl_link(nl, ifindex, NULL, 0, 0, true);
	if (ret < 0) {
		snprintf(err, err_len, "it does not come up: %s", strerror(-ret));
		return -1;
	}
	return add_addresses(nl, cfg, ifindex, err, err_len);
}

static int
create_one(struct mnl_socket *nl, const struct ts_cfg_interface *cfg, const struct ts_iface *dp,
	struct ts_ctl_iface *ctl, char *err, size_t err_len)
{
	char why[256];

	ctl->tap_fd = ts_tun_open(cfg->name, true, &ctl->ifindex, why, sizeof(why));
	if (ctl->tap_fd >= 0 && set_up(nl, cfg, dp, ctl->ifindex, why, sizeof(why)) == 0)
		return 0;
	snprintf(err, err_len, "interface %s: %s", cfg->name, why);
	return -1;
}

static void
close_all(struct ts_ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->n; i++) {
		struct ts_ctl_iface *ctl = &ifaces->ctl[i];

		if (ctl->tap_fd >= 0)
			close(ctl->tap_fd);
		ctl->tap_fd = -1;
		ctl->ifindex = 0;
	}
}

static int
create_all(const struct ts_config *cfg, struct ts_ifaces *ifaces, char *err, size_t err_len)
{
	struct mnl_socket *nl = ts_rtnl_open();
	int ret = 0;

	if (nl == NULL) {
		snprintf(err, err_len, "rtnetlink: %s", strerror(errno));
		return -1;
	}
	for (unsigned i = 0; ret == 0 && i < ifaces->n; i++)
		if (ifaces->dp[i].twin)
			ret = create_one(nl, &cfg->interfaces[i], &ifaces->dp[i], &ifaces->ctl[i], err, err_len);
	ts_rtnl_close(nl);
	return ret;
}

static bool
any_twin(const struct ts_ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->n; i++)
		if (ifaces->dp[i].twin)
			return true;
	return false;
}

int
ts_twins_create(const struct ts_config *cfg, struct ts_ifaces *ifaces, char *err, size_t err_len)
{
	/* Without a twin the namespace is none of our business. */
	if (!any_twin(ifaces))
		return 0;
	if (ts_kernel_settings_apply(err, err_len) < 0)
		return -1;
	if (create_all(cfg, ifaces, err, err_len) == 0)
		return 0;
	ts_twins_destroy(ifaces, true);
	return -1;
}

void
ts_twins_destroy(struct ts_ifaces *ifaces, bool in_namespace)
{
	close_all(ifaces);
	if (in_namespace)
		ts_kernel_settings_restore();
}
