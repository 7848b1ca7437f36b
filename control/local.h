/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The box's own addresses and services: from the configuration and the kernel's addresses to own routes in the RIB, the
 * source policy, the loop guard and the 6to4 parameters.
 */
#ifndef TS_CTL_LOCAL_H
#define TS_CTL_LOCAL_H

#include "control/iface.h"
#include "control/mirror.h"
#include "control/nexthop.h"
#include "control/publish.h"
#include "control/rib.h"
#include "lib/config.h"

struct ts_local;

struct ts_local *ts_local_create(const struct ts_config *cfg, const struct ts_ifaces *ifaces,
	struct ts_nexthops *nexthops, struct ts_rib *rib, struct ts_publisher *publisher);
void ts_local_free(struct ts_local *l);

/*
 * The namespace's addresses are these (none for interfaces without a twin: theirs are taken from the configuration).
 * Rebuilds own routes and services. 0, or -ENOMEM.
 */
int ts_local_set_host_addrs(struct ts_local *l, const struct ts_host_addr *addrs, unsigned n);

/* The same addresses under a changed configuration; 0, or -errno with nothing published. */
int ts_local_refresh(struct ts_local *l);

/*
 * Make what a configuration needs beyond what there is: the Teredo relay's tables, when it is switched on for the first
 * time. The two above do it for the configuration in use; this one says what is missing, and changes nothing then. 0,
 * or -1 and a message.
 */
int ts_local_prepare(struct ts_local *l, const struct ts_config *cfg, char *err, size_t err_len);

/* What is to be done at certain times; `now` is the time stamp counter. Cheap when there is nothing. */
void ts_local_poll(struct ts_local *l, uint64_t now);

/* For showing; its members are NULL while the relay has never been on. */
struct ts_teredo;
const struct ts_teredo *ts_local_teredo(const struct ts_local *l);

/* Does the prefix lie in 2002::/16, 2001::/32, a 6rd or an ISATAP prefix that is configured? */
bool ts_local_is_tunnel(const struct ts_config *cfg, const uint8_t prefix[16], uint8_t len);

/*
 * Static routes and neighbours as the configuration has them now; `before`: the one that they were taken from the last
 * time, NULL at the start. -1 and a message in `err` when there is no room; what was there before is then still there,
 * and calling it with the former configuration in use again takes away what was added.
 */
int ts_local_set_static(struct ts_local *l, const struct ts_config *before, char *err, size_t err_len);

#endif
