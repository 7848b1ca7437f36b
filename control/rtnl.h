/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few rtnetlink requests that make devices: one socket, one request, wait for the kernel's acknowledgement, which
 * it gives at once. For starting and stopping only; the mirror has sockets of its own.
 */
#ifndef TS_CTL_RTNL_H
#define TS_CTL_RTNL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/config.h"

struct mnl_socket;

/* In the calling thread's network namespace. NULL with errno. */
struct mnl_socket *ts_rtnl_open(void);
void ts_rtnl_close(struct mnl_socket *nl);

/* All return 0 or -errno. mac NULL, mtu 0, txqlen 0: leave as it is. */
int ts_rtnl_link(struct mnl_socket *nl, int ifindex, const uint8_t mac[6], uint32_t mtu, uint32_t txqlen, bool up);
int ts_rtnl_add_addr(struct mnl_socket *nl, int ifindex, const struct ts_cfg_addr *addr);
int ts_rtnl_route(struct mnl_socket *nl, bool add, int ifindex, uint32_t table, const struct ts_cfg_addr *prefix,
	uint32_t metric);

#endif
