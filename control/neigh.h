/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours as routes: a resolved neighbour on a link has a /32 or /128 of its own, so that what goes to it does not
 * meet the link's GLEAN route.
 *
 * Linux makes neighbour entries for any source of a neighbour solicitation. So what the kernel says becomes a route
 * only when an on-link route of the same interface covers the address: else a peer on an exchange LAN could draw
 * traffic for any address.
 */
#ifndef TS_CTL_NEIGH_H
#define TS_CTL_NEIGH_H

#include "nexthop.h"
#include "rib.h"

/* mac NULL: gone or failed. A static neighbour (of the configuration) needs no covering route. */
void ts_neigh_update(struct ts_nexthops *n, struct ts_rib *rib, uint16_t iface, uint8_t family, const uint8_t addr[16],
	const uint8_t mac[6], bool is_static);

/* On-link routes may have changed: look at every neighbour again. */
void ts_neigh_recheck(struct ts_nexthops *n, struct ts_rib *rib);

#endif
