/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Teredo server for the tests of test_path, with two clients and a relay, and makers of what they send. Datagrams are
 * made from the inside out: what goes at PAYLOAD(p) first, then make_udp().
 */
#ifndef TS_TEST_PATH_SERVER_H
#define TS_TEST_PATH_SERVER_H

#define TS_MAY_BLOCK
#include "dataplane/relay.h"
#include "path_tunnels.h"

struct ts_teredo_key;

#define SERVER "65.54.227.120"
#define SERVER_2ND "65.54.227.121"
#define SERVER_LINK_LOCAL "fe80::8000:f227:bec9:1c87"
#define SERVER_PORT 3544
/* A client and its address; another one; the other one if it had another server. */
#define CLIENT "192.0.2.45"
#define CLIENT_PORT 40000
#define CLIENT_ADDR "2001:0:4136:e378:0:63bf:3fff:fdd2"
#define OTHER "192.0.2.46"
#define OTHER_PORT 40001
#define OTHER_ADDR "2001:0:4136:e378:8000:63be:3fff:fdd1"
#define FOREIGN_ADDR "2001:0:4136:e370:8000:63be:3fff:fdd1"
/* What a client without an address solicits from, cone bit clear and set. */
#define RS_CLIENT "fe80::ffff:ffff:fffd"
#define RS_CONE_CLIENT "fe80::8000:ffff:ffff:fffd"
/* A relay and its bubble source. */
#define RELAY "203.0.113.99"
#define RELAY_PORT 3545
#define RELAY_B "2001:200:0:b000:192:88:99:1"

#define PAYLOAD(p) ((p) + 28)

/* Into rig.cfg; path_apply() has been called. _done: gone again, keys too. */
void server_setup(void);
void server_done(void);
/* Secure qualification with the identifiers alice, bob and `id`; path_apply() has been called. */
void server_keys(const char *id);
const struct ts_teredo_key *server_key(const char *id);

/* A router solicitation with options of this many bytes (8, 16, ...); its length. */
size_t put_rs(uint8_t *at, const char *src, size_t options);
/* RFC 4380 2.8, hop limit 255; 40. */
size_t put_bubble(uint8_t *at, const char *src, const char *dst);
/* make_echo6(), at any alignment; 56. */
size_t put_echo(uint8_t *at, const char *src, const char *dst);
/* F4: this identifier, any value, nonce 1 to 8, confirmation 0; its length. */
size_t put_auth(uint8_t *at, const char *id, size_t id_len, uint8_t au_len);
/* Authentication by this key and solicitation; their length. */
size_t put_secure_rs(
	uint8_t *at, const char *id, const struct ts_teredo_key *key, uint8_t confirmation, size_t options);

/* UDP and IPv4 header around PAYLOAD(p); the packet's length. */
size_t make_udp(uint8_t *p, const char *src, uint16_t src_port, const char *dst, uint16_t dst_port, size_t payload);
/* Total length and checksum of an IPv4 header whose IHL says how long it is. */
void set_v4_length(uint8_t *p, size_t len);
/* From the client to the server, what is at PAYLOAD(p). */
void send_from_client(uint8_t *p, size_t payload);
/* Of each worker, per second and burst; 0: unlimited. */
void set_keyed_rate(enum ts_keyed_limit limit, uint32_t per_second);

/* The only packet sent is UDP from port 3544 of `src` with this payload, and TTL 64. */
void assert_udp(const char *src, const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len);
void assert_udp_ttl(
	const char *src, const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len, uint8_t ttl);

#endif
