/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel may say on an exchange's LAN through a twin (protocols.md O14, O15).
 */
#ifndef TS_CTL_PUNT_FILTER_H
#define TS_CTL_PUNT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * May this untagged Ethernet frame of `len` bytes be sent? IPv4, ARP and IPv6 may, but not IGMP, PIM, DHCP, mDNS and
 * LLMNR, router solicitations, advertisements and redirects of either version, or MLD. What cannot be parsed so far is
 * refused.
 */
bool ts_punt_filter_allows(const uint8_t *frame, size_t len);

#endif
