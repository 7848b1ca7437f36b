/* SPDX-License-Identifier: BSD-3-Clause */
/* Random Teredo traffic for test_property.c: from clients, spoofed, to servers, with and without sense. */
#ifndef TS_TEST_PROPERTY_TEREDO_H
#define TS_TEST_PROPERTY_TEREDO_H

#include <stddef.h>
#include <stdint.h>

/* test_property.c: a random number below `below`; one of the vectors' IPv6 packets, NULL: that was none. */
uint64_t draw(uint64_t below);
const uint8_t *draw_ipv6(size_t *len);

/* A datagram to the relay or to the server of account.h, or a native packet to a client; at most 1500 bytes. */
size_t make_teredo(uint8_t *p);
/* A native packet to the client `which` of 64; 0: account_client. */
size_t make_native(uint8_t *p, uint8_t which);

#endif
