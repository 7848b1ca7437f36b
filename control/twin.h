/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TAP twin of each interface in the relay's network namespace, what the kernel there must and must not do, and the
 * announcement device.
 */
#ifndef TS_CTL_TWIN_H
#define TS_CTL_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "control/iface.h"
#include "lib/config.h"

/* Enter the named network namespace ("" = stay) in this thread; returns an fd of the former one for ts_netns_leave(),
 * or -1. */
int ts_netns_enter(const char *name, char *err, size_t err_len);
void ts_netns_leave(int fd);

/*
 * Make the twins (name, MAC, MTU, host addresses, up) and set the kernel so that it does not forward, redirect or
 * answer ARP for what is not its own (decisions.md 2; protocols.md O15). Call inside the namespace. 0, or -1 and a
 * message; what was made is undone.
 */
int ts_twins_create(const struct ts_config *cfg, struct ts_ifaces *ifaces, char *err, size_t err_len);
/* in_namespace false: it is gone, and the settings of whatever namespace this is are left alone. */
void ts_twins_destroy(struct ts_ifaces *ifaces, bool in_namespace);

/* A TUN that dies with the process, and the anycast prefixes as routes to it in a table of their own (decisions.md 6).
 */
struct ts_announcer;
struct ts_announcer *ts_announcer_create(const struct ts_config *cfg, char *err, size_t err_len);
/*
 * Announce these and nothing else; only what differs from before is touched. `going`: with a metric of 65535, which
 * tells the routing daemon that they will soon be withdrawn (RFC 8326). 0 or -errno; what failed is tried again by the
 * next call.
 */
int ts_announcer_set(struct ts_announcer *a, const struct ts_cfg_addr *prefixes, unsigned n, bool going);
/* False when somebody deleted the device. */
bool ts_announcer_alive(const struct ts_announcer *a);
void ts_announcer_free(struct ts_announcer *a);

#endif
