/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel may say on an exchange's LAN through a twin (protocols.md O14, O15).
 */
#ifndef TS_CTL_PUNT_FILTER_H
#define TS_CTL_PUNT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/token_bucket.h"

/* One interface's. */
struct ts_punt_filter {
	uint8_t mac[6];
	struct ts_token_bucket unasked; /* gratuitous ARP, advertisements to all nodes */
};

/* `hz`: of the clock that `now` is of. */
void ts_punt_filter_init(struct ts_punt_filter *f, const uint8_t mac[6], uint64_t hz, uint64_t now);

/*
 * May this untagged Ethernet frame of `len` bytes be sent? IPv4, ARP and IPv6 may, from the interface's own MAC
 * address, to one station; to all only requests of ARP, and of neighbour discovery to solicited-node groups, and a few
 * a second of those that nobody asked for. No ARP of 192.88.99.0/24, no IGMP, PIM, DHCP, mDNS and LLMNR, router
 * solicitations, advertisements and redirects of either version, or MLD. What cannot be parsed so far is refused.
 */
bool ts_punt_filter_allows(struct ts_punt_filter *f, const uint8_t *frame, size_t len, uint64_t now);

#endif
