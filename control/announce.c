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

#define ADDR_GEN_MODE_NONE "1"
#define MAX_HELD 64
/* Of the same prefix only the smaller metric counts, for the kernel and for a routing daemon that learns both. */
#define METRIC_GOING 65535
#define METRIC6 1024 /* what the kernel makes of none; IPv4 keeps 0 */

_Static_assert(MAX_HELD >= 3 + TS_MAX_6RD + TS_MAX_ISATAP, "every prefix can be held");

struct held {
	struct ts_cfg_addr prefix;
	uint32_t metric;
	bool wanted;
};

struct ts_announcer {
	int tun_fd;
	int ifindex;
	uint32_t table;
	struct mnl_socket *nl; /* stays in the namespace in which it was opened */
	struct held held[MAX_HELD];
	unsigned n_held;
};

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

static bool
is(const struct held *h, const struct ts_cfg_addr *p, uint32_t metric)
{
	return h->metric == metric && h->prefix.family == p->family && h->prefix.prefix_len == p->prefix_len &&
		memcmp(&h->prefix.v6, &p->v6, sizeof(p->v6)) == 0;
}

static struct held *
find(struct ts_announcer *a, const struct ts_cfg_addr *p, uint32_t metric)
{
	for (unsigned i = 0; i < a->n_held; i++)
		if (is(&a->held[i], p, metric))
			return &a->held[i];
	return NULL;
}

static uint32_t
metric_of(const struct ts_cfg_addr *p, bool going)
{
	if (going)
		return METRIC_GOING;
	return p->family == AF_INET6 ? METRIC6 : 0;
}

static int
want(struct ts_announcer *a, const struct ts_cfg_addr *p, uint32_t metric)
{
	struct held *h = find(a, p, metric);
	int ret;

	if (h == NULL) {
		if (a->n_held == MAX_HELD)
			return -ENOSPC;
		ret = ts_rtnl_route(a->nl, true, a->ifindex, a->table, p, metric);
		if (ret < 0)
			return ret;
		h = &a->held[a->n_held++];
		*h = (struct held){.prefix = *p, .metric = metric};
	}
	h->wanted = true;
	return 0;
}

static int
drop_unwanted(struct ts_announcer *a)
{
	int first = 0;

	for (unsigned i = a->n_held; i-- > 0;) {
		struct held *h = &a->held[i];
		int ret = h->wanted ? 0 : ts_rtnl_route(a->nl, false, a->ifindex, a->table, &h->prefix, h->metric);

		if (ret == -ESRCH)
			ret = 0; /* somebody else did it */
		if (ret < 0 && first == 0)
			first = ret;
		if (!h->wanted && ret == 0)
			*h = a->held[--a->n_held];
	}
	return first;
}

/* First what is new: a prefix whose metric changes is never without a route. */
int
ts_announcer_set(struct ts_announcer *a, const struct ts_cfg_addr *prefixes, unsigned n, bool going)
{
	int first = 0, ret;

	for (unsigned i = 0; i < a->n_held; i++)
		a->held[i].wanted = false;
	for (unsigned i = 0; i < n; i++) {
		ret = want(a, &prefixes[i], metric_of(&prefixes[i], going));
		if (ret < 0 && first == 0)
			first = ret;
	}
	ret = drop_unwanted(a);
	return first != 0 ? first : ret;
}

bool
ts_announcer_alive(const struct ts_announcer *a)
{
	return ts_tun_alive(a->tun_fd);
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
