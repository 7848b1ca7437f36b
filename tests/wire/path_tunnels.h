/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6rd and ISATAP for the tests of test_path: two domains and two sites beside 6to4, a user in each, and what to compare
 * a sent packet with.
 */
#ifndef TS_TEST_PATH_TUNNELS_H
#define TS_TEST_PATH_TUNNELS_H

#include "path_util.h"

/* 6rd domain A: 2001:d00::/32 for 10.0.0.0/8; B: 3fff:40::/26 for all of IPv4, unaligned (protocols.md R3). */
#define A_BR "10.0.0.1"
#define A_CE "10.100.100.1"
#define A_USER "2001:d00:6464:100::1"
#define A_OTHER_CE "10.100.100.2"
#define A_OTHER_USER "2001:d00:6464:200::1"
#define A_RELAY "10.0.0.2" /* a known one */
#define B_BR "198.18.0.1"
#define B_CE "192.0.2.77"
#define B_USER "3fff:70:0:9340::1"
/* ISATAP sites */
#define S_ROUTER "172.20.0.1"
#define S_OTHER_ROUTER "172.20.0.2" /* in the PRL */
#define S_HOST "172.20.0.9"
#define S_USER "2001:db8:1:2:0:5efe:172.20.0.9"
#define T_ROUTER "172.21.0.1"
#define T_HOST "172.21.0.9"
#define T_USER "2001:db8:1:3:0:5efe:172.21.0.9"
/* 6to4 */
#define X_RELAY "192.88.99.1"
#define X_SITE SITE_V4
#define X_USER "2002:c000:22a::1"
#define NATIVE "2001:db8::1"

enum { DOMAIN_A, DOMAIN_B };
enum { SITE_S, SITE_T };

/* Into rig.cfg; path_apply() has been called. */
void tunnels_setup(void);

/* Outer header from `outer_src` to `outer_dst` around the IPv6 packet of `inner` bytes at p + 20. */
size_t wrap(uint8_t *p, const char *outer_src, const char *outer_dst, size_t inner);
/* The same around make_v6(). */
size_t make_tunnelled(
	uint8_t *p, const char *outer_src, const char *outer_dst, const char *src, const char *dst, size_t payload);

/* The outer header as it should be. */
struct outer_header {
	const char *src, *dst;
	uint8_t tos, ttl;
	bool df;
};

/* The only packet sent is this native one, byte for byte. */
void assert_native(const uint8_t *want, size_t len);
/* The only packet sent has such an outer header and this inner packet. */
void assert_tunnelled(const struct outer_header *outer, const uint8_t *want, size_t len);
/* As above, and the inner packet is `sent` but with a hop limit lower by one. */
void assert_forwarded(const struct outer_header *outer, const uint8_t *sent, size_t len);

struct icmp6_error {
	uint8_t type, code;
	uint32_t word;
};
/*
 * The only packet sent is this ICMPv6 error from PATH_ID6 to the source of `about`, which it quotes as it came; through
 * a tunnel, or natively (outer NULL).
 */
void assert_error(const struct outer_header *outer, const struct icmp6_error *e, const uint8_t *about, size_t len);

/* The ICMPv6 checksum at p + 42 of a packet whose message lies directly behind its IPv6 header. */
void set_icmp6_checksum(uint8_t *p, size_t len);

#endif
