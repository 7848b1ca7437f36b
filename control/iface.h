/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces as control knows them: the data path's part (struct ts_iface, same index), the name, the twin in the
 * kernel. Filled once at start by ports.c and twin.c, then only read.
 */
#ifndef TS_CTL_IFACE_H
#define TS_CTL_IFACE_H

#include "dataplane/tables.h"
#include "lib/config.h"

struct ts_ctl_iface {
	char name[TS_NAME_LEN];
	unsigned cfg_port; /* index into the configuration's ports */
	int ifindex;	   /* of the twin in the kernel; 0 without a twin */
	int tap_fd;	   /* -1 without a twin */
};

struct ts_ifaces {
	uint16_t n;
	struct ts_iface dp[TS_MAX_INTERFACES];
	struct ts_ctl_iface ctl[TS_MAX_INTERFACES];
	struct ts_port_map *port_map; /* [RTE_MAX_ETHPORTS] */
};

/* Index of the interface whose twin has this ifindex, or -1. */
int ts_iface_by_ifindex(const struct ts_ifaces *ifaces, int ifindex);

#endif
