/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Teredo relay for the tests of test_path, any number of clients, and what they and the relay say to each other. The
 * peer table is made anew for each test, as small as the test wants it; it is empty then.
 */
#ifndef TS_TEST_PATH_TEREDO_H
#define TS_TEST_PATH_TEREDO_H

#include "path_server.h"

#include "dataplane/contact.h"
#include "dataplane/peers.h"

#define R_V4 "198.51.102.2" /* service address and port of the relay */
#define R_PORT 3545
#define R_B "2001:200:0:b000::b"      /* what its bubbles come from, */
#define R_COOKIES "2001:200:0:c000::" /* or are made in, once cookies() has been called */

/* A client of the server at SERVER, unless a test says otherwise. */
struct client {
	uint8_t addr[16];
	char v6[INET6_ADDRSTRLEN], v4[INET_ADDRSTRLEN];
	uint16_t port;
};

struct client client_at(const char *v4, uint16_t port);
/* The same with another server and flags. */
struct client client_of(const char *server, uint16_t flags, const char *v4, uint16_t port);
/* The n-th client of many (any n below 2^24), and of those whose peer this worker would own. */
struct client client_number(unsigned n);
struct client client_owned(unsigned owner, unsigned n);

/* Into rig.cfg and in effect. _done(): gone, with all that it remembered. */
void relay_setup(void);
void relay_done(void);
/* Room for so many peers and unconfirmed ones; before anything is known. */
void relay_tables(uint32_t peers, uint32_t unconfirmed);
/* What the test changed in rig.cfg takes effect; other than path_apply() it takes no time. */
void relay_apply(void);
void relay_cookies(void);

const struct ts_peers *relay_peers(void);
struct ts_contacts *relay_contacts(void);
/* What the tables say of a client: the word of its slot, 0: not there. */
uint32_t relay_word(const struct client *c);
/* The same as states, 0: not there. Trusted means heard at most valid seconds ago. */
enum relay_state { R_NONE, R_UNCONFIRMED, R_RENEWING, R_TRUSTED, R_STALE };
enum relay_state relay_state(const struct client *c);
/* Books of peers, records and queues agree with what a walk finds. */
void assert_books(void);
/* As if it had answered this long ago. */
void plant(const struct client *c, int64_t ms_ago);

/* Rates of every worker; the buckets are full. keyed: 0 per second is none. */
void set_limit(enum ts_limit limit, uint32_t per_second, uint32_t burst);
void set_keyed(enum ts_keyed_limit limit, uint32_t per_second, uint32_t burst);

/* Turns of the workers, 16 a second, for this long. Nothing else may be sent meanwhile. */
void let_pass(unsigned seconds);
/* Only this worker receives and has its turn; counters are not marked. */
void turn_of(unsigned worker);
void give_to(unsigned worker, const uint8_t *packet, size_t len);

/* Native UDP packet from NATIVE, its number in its payload; 80 bytes. */
size_t make_native(uint8_t *p, const struct client *c, uint32_t number);
/* Around the inner packet at PAYLOAD(p). */
size_t from_client(uint8_t *p, const struct client *c, size_t inner);
/* The same as make_native(), in the other direction. */
size_t make_answer(uint8_t *p, const struct client *c, uint32_t number);
/* T15, to this address, without trailers. */
size_t make_bubble(uint8_t *p, const struct client *c, const char *dst);
/* An IPv6 packet to or from the client becomes known: its UDP or ICMPv6 checksum is right. */
void set_udp6_checksum(uint8_t *p, size_t len);

/* The next packet that the port sends, or 0. */
size_t next_packet(uint8_t p[RIG_FRAME_MAX]);
/* It is UDP from the relay with this payload. */
void assert_next_udp(const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len);
/* It is `sent` with a hop limit lower by one: to the client's mapping, or natively. */
void assert_next_to(const struct client *c, const uint8_t *sent, size_t len);
void assert_next_native(const uint8_t *sent, size_t len);
/* It is a bubble for the client to its server, from R_B or with cookies. */
void assert_next_bubble(const struct client *c);
/* The same; where it comes from is for the caller to see. */
void next_bubble(const struct client *c, uint8_t source[16], uint8_t nonce[4]);
void assert_next_error(const struct icmp6_error *e, const uint8_t *about, size_t len);
void assert_nothing_sent(void);

void discard_sent(void);

/* The client at CLIENT, which is trusted. */
struct client known_client(void);
/* make_native(), and that it has been put into the tunnel. */
void send_number(const struct client *c, uint32_t number);
void assert_number_sent(const struct client *c, uint32_t number);
/* T9, T12: packet 0 waits; the bubble goes to the server. T15, T21: it answers; that many have waited. */
void begin_contact(const struct client *c);
void answer_bubble(const struct client *c, unsigned waiting);

/* An ICMPv6 error as it should be, around `about`; its length. */
size_t make_error(uint8_t *p, const struct icmp6_error *e, const uint8_t *about, size_t len);

#endif
