/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The announcement device: a TUN held open by this process, and the anycast prefixes as routes to it in a table that
 * the routing daemon exports. When the process dies, by whatever cause, the kernel takes device and routes away.
 *
 * Nobody reads the TUN. No rule leads to its table, so next to nothing is sent to it; its queue holds one packet, and
 * the kernel drops what does not fit. It has no IPv6 link-local address, so that it does not chatter.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_settings.h"
#include "rtnl.h"
#include "tun.h"
#include "twin.h"

#define MAX_PREFIXES (3 + TS_MAX_6RD + TS_MAX_ISATAP)
#define ADDR_GEN_MODE_NONE "1"

struct ts_announcer {
	int tun_fd;
	int ifindex;
	uint32_t table;
	struct mnl_socket *nl; /* stays in the namespace in which it was opened */
	bool teredo_held;      /* 2001::/32 is left out */
	struct ts_cfg_addr prefixes[MAX_PREFIXES];
	unsigned n_prefixes;
};

static struct ts_cfg_addr *
add_prefix(struct ts_announcer *a, uint8_t family, uint8_t len)
{
	struct ts_cfg_addr *p = &a->prefixes[a->n_prefixes++];

	p->family = family;
	p->prefix_len = len;
	return p;
}

static void
choose_prefixes(struct ts_announcer *a, const struct ts_config *cfg)
{
	struct ts_cfg_addr *p;

	if (cfg->sixto4.enabled) {
		p = add_prefix(a, AF_INET6, 16); /* 2002::/16 (S1), RFC 3056 5.2 */
		p->v6.s6_addr[0] = 0x20;
		p->v6.s6_addr[1] = 0x02;
	}
	if (cfg->sixto4.enabled && cfg->sixto4.anycast) {
		p = add_prefix(a, AF_INET, 24); /* 192.88.99.0/24 alone (S2, S3), RFC 3068 2.3 */
		p->v4 = TS_6TO4_ANYCAST & ts_mask4(24);
	}
	if (cfg->teredo_relay.enabled && !a->teredo_held) {
		p = add_prefix(a, AF_INET6, 32); /* 2001::/32, RFC 4380 5.4: a server needs none */
		p->v6.s6_addr[0] = 0x20;
		p->v6.s6_addr[1] = 0x01;
	}
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		add_prefix(a, AF_INET6, cfg->sixrd[i].map.prefix.len)->v6 = cfg->sixrd[i].map.prefix.addr;
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		add_prefix(a, AF_INET6, cfg->isatap[i].prefix.len)->v6 = cfg->isatap[i].prefix.addr;
}

static int
open_device(struct ts_announcer *a, const char *name, char *err, size_t err_len)
{
	char path[96];
	int ret;

	a->tun_fd = ts_tun_open(name, false, &a->ifindex, err, err_len);
	if (a->tun_fd < 0)
		return -1;
	snprintf(path, sizeof(path), "ipv6/conf/%s/addr_gen_mode", name);
	ret = ts_sysctl_set(path, ADDR_GEN_MODE_NONE, NULL);
	if (ret == 0)
		ret = ts_rtnl_link(a->nl, a->ifindex, NULL, 0, 1, true);
	if (ret < 0)
		snprintf(err, err_len, "%s does not come up: %s", name, strerror(-ret));
	return ret;
}

struct ts_announcer *
ts_announcer_create(const struct ts_config *cfg, char *err, size_t err_len)
{
	struct ts_announcer *a = calloc(1, sizeof(*a));
	char why[256] = "no memory";

	if (a != NULL) {
		a->tun_fd = -1;
		a->table = cfg->announce.table;
		choose_prefixes(a, cfg);
		a->nl = ts_rtnl_open();
		if (a->nl == NULL)
			snprintf(why, sizeof(why), "rtnetlink: %s", strerror(errno));
		else if (open_device(a, cfg->announce.device, why, sizeof(why)) == 0)
			return a;
	}
	snprintf(err, err_len, "announce.device: %s", why);
	ts_announcer_free(a);
	return NULL;
}

int
ts_announcer_set(struct ts_announcer *a, int up)
{
	int first = 0;

	for (unsigned i = 0; i < a->n_prefixes; i++) {
		int ret = ts_rtnl_route(a->nl, up != 0, a->ifindex, a->table, &a->prefixes[i]);

		if (ret == -ESRCH && !up)
			ret = 0; /* withdrawn already */
		if (ret < 0 && first == 0)
			first = ret;
	}
	return first;
}

static bool
listed(const struct ts_announcer *a, const struct ts_cfg_addr *p)
{
	for (unsigned i = 0; i < a->n_prefixes; i++)
		if (a->prefixes[i].family == p->family && a->prefixes[i].prefix_len == p->prefix_len &&
			memcmp(&a->prefixes[i].v6, &p->v6, sizeof(p->v6)) == 0)
			return true;
	return false;
}

/* Withdraw (false) or announce (true) the prefixes of `these` that `others` does not have. 0 or -errno. */
static int
set_missing(const struct ts_announcer *a, const struct ts_announcer *these, const struct ts_announcer *others, bool up)
{
	int first = 0;

	for (unsigned i = 0; i < these->n_prefixes; i++) {
		if (listed(others, &these->prefixes[i]))
			continue;
		int ret = ts_rtnl_route(a->nl, up, a->ifindex, a->table, &these->prefixes[i]);

		if (ret < 0 && first == 0)
			first = ret;
	}
	return first;
}

int
ts_announcer_update(struct ts_announcer *a, const struct ts_config *cfg)
{
	struct ts_announcer *now = calloc(1, sizeof(*now));
	int ret;

	if (now == NULL)
		return -ENOMEM;
	now->teredo_held = a->teredo_held;
	choose_prefixes(now, cfg);
	set_missing(a, a, now, false);
	ret = set_missing(a, now, a, true);
	memcpy(a->prefixes, now->prefixes, sizeof(a->prefixes));
	a->n_prefixes = now->n_prefixes;
	free(now);
	return ret;
}

int
ts_announcer_hold_teredo(struct ts_announcer *a, const struct ts_config *cfg, bool hold)
{
	a->teredo_held = hold;
	return ts_announcer_update(a, cfg);
}

void
ts_announcer_free(struct ts_announcer *a)
{
	if (a == NULL)
		return;
	if (a->tun_fd >= 0)
		close(a->tun_fd);
	ts_rtnl_close(a->nl);
	free(a);
}
