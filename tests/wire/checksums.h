/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums of a sent packet, computed here from the RFCs' text and not by the code under test. */
#ifndef TS_TEST_CHECKSUMS_H
#define TS_TEST_CHECKSUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 header, ICMPv4, outer UDP, and ICMPv6 directly behind an IPv6 header; false and `why` when one is wrong. */
bool checksums_good(const uint8_t *packet, size_t len, char *why, size_t why_len);

/*
 * The same, but a UDP checksum may be as wrong as that of a transport packet in the IPv6 packet that it carries: the
 * relay does not mend what was damaged before it came.
 */
bool checksums_kept(const uint8_t *packet, size_t len, char *why, size_t why_len);

#endif
