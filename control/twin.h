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
/* Withdraw (false) or announce (true) everything. 0 or -errno. */
int ts_announcer_set(struct ts_announcer *a, int up);
/* Announce what follows from the configuration now; what stays announced is not touched. 0 or -errno. */
int ts_announcer_update(struct ts_announcer *a, const struct ts_config *cfg);
/* X8: leave 2001::/32 out from now on, or take it in again. 0 or -errno. */
int ts_announcer_hold_teredo(struct ts_announcer *a, const struct ts_config *cfg, bool hold);
void ts_announcer_free(struct ts_announcer *a);

#endif
