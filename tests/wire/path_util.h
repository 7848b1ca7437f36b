/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of test_path share: the rig, makers of packets, counters before and after, routes and neighbours. The
 * box has ROUTER_V4 and 2001:db8:100::1 as host addresses on interface 1, and 6to4 with its anycast address.
 */
#ifndef TS_TEST_PATH_UTIL_H
#define TS_TEST_PATH_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "rig.h"

#define ROUTER_V4 "198.51.100.1"
#define SITE_V4 "192.0.2.42"
#define PATH_ID6 "2001:200:0:b000:192:88:99:1"
#define PATH_BURST 20 /* of every limit of a worker */

extern struct rig rig;

/* The setup of every test: the configuration from scratch; buckets are full. */
int path_setup(void **state);
/* What the test changed in rig.cfg takes effect. */
void path_apply(void);

void put_v4(uint8_t *at, const char *text);
void put_v6(uint8_t *at, const char *text);

/* All makers return the packet's length. An IPv6 packet with `payload` bytes of UDP (next header 17), hop limit 64. */
size_t make_v6(uint8_t *p, const char *src, const char *dst, size_t payload);
/* The header in front of what is at p + 20 already. */
size_t make_v4(uint8_t *p, const char *src, const char *dst, uint8_t protocol, size_t payload);
/* 6to4 to the anycast address. */
size_t make_6in4(uint8_t *p, const char *outer_src, const char *src, const char *dst, size_t payload);
size_t make_echo4(uint8_t *p, const char *src, const char *dst);
size_t make_echo6(uint8_t *p, const char *src, const char *dst);
/* From rig_peer, with 0, 1 (802.1Q) or 2 (802.1ad and 802.1Q) tags. */
size_t make_frame(uint8_t *f, const uint8_t *dst, unsigned n_tags, const uint16_t *tags, uint16_t type,
	const uint8_t *packet, size_t len);

/* One turn of the workers with this packet or frame; counters are marked before it. */
void send_ip(const uint8_t *packet, size_t len);
void send_frame(const uint8_t *frame, size_t len);
/* A fragment of the IPv4 packet at `whole`: payload bytes [from, to). */
void send_fragment(const uint8_t *whole, uint16_t id, size_t from, size_t to, bool more);

/* Counters since mark(). */
void mark(void);
uint64_t moved(enum ts_counter c);
/* Exactly this drop, once; nothing sent. */
void assert_dropped(enum ts_counter c);
void assert_no_drops(void);
/* Of 2 * PATH_BURST such packets half are answered, the others counted here. */
void assert_limited(const uint8_t *packet, size_t len, enum ts_counter c);

/* A test has asserted this counter in a way of its own (assert_dropped() and assert_limited() say so themselves). */
void covered(enum ts_counter c);
bool was_covered(enum ts_counter c);

void set_route(uint8_t family, const char *text, uint8_t len, uint32_t nh);
void del_route(uint8_t family, const char *text, uint8_t len);
uint32_t via(const char *const *gateways, const uint16_t *ifaces, unsigned n);
/* mac NULL: gone */
void neighbour(uint16_t iface, const char *text, const uint8_t *mac);

#endif
