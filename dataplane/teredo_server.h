/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the Teredo server share: teredo_server_input.c checks what comes in, lane_teredo_server.c passes it
 * on, teredo_server_ra.c answers router solicitations.
 */
#ifndef TS_TEREDO_SERVER_H
#define TS_TEREDO_SERVER_H

#include "lib/teredo.h"
#include "relay.h"

/*
 * A datagram that is whole and in one piece, up to the next header checked (protocols.md V2). The pointers go into its
 * buffer, where it still has its outer headers.
 */
struct ts_server_input {
	struct ts_outer outer;
	rte_be16_t port; /* its UDP source port */
	struct ts_teredo_shims shims;
	uint8_t *payload; /* of UDP */
	struct rte_ipv6_hdr *inner;
	uint32_t inner_len;   /* without trailers */
	uint32_t trailer_len; /* and of those */
};

static inline const struct ts_teredo_server *
ts_server(const struct ts_worker *w)
{
	return &w->tables->services->server;
}

/* The first byte of an ICMPv6 message, or -1 when it is none. */
static inline int
ts_server_icmp6_type(const struct ts_server_input *p)
{
	if (p->inner->proto != IPPROTO_ICMPV6 || p->inner_len == TS_IPV6_HDR_LEN)
		return -1;
	return *(const uint8_t *)(p->inner + 1);
}

/* V15 */
static inline bool
ts_server_may_advertise(struct ts_worker *w, rte_be32_t to)
{
	return ts_prefix_limiter_take(&w->keyed[TS_KEYED_RA_HOST], to, w->now) &&
		ts_prefix_limiter_take(&w->keyed[TS_KEYED_RA_NET], to & ts_mask4(24), w->now);
}

/*
 * lane_teredo_server.c. _serve: one datagram to its end; true when it has become one to send. _send: that, by `nh` of
 * the IPv4 table.
 */
bool ts_server_serve(struct ts_worker *w, struct rte_mbuf *m);
void ts_server_send(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh);

/*
 * teredo_server_input.c. V2, V3 up to the next header, V4: false, the packet has been dropped; otherwise it is in one
 * piece and ends with its UDP datagram.
 */
bool ts_server_admit(struct ts_worker *w, struct rte_mbuf *m, struct ts_server_input *p);
/* V6, V7; the counter, or -1. */
int ts_server_refused_inner_source(const struct ts_worker *w, const struct ts_server_input *p);

/* teredo_server_ra.c. V5: is it for the server to answer? */
bool ts_server_is_solicitation(const struct ts_server_input *p);
/* V5, V11 to V15: the packet becomes the advertisement, with its outer headers. False: it has been dropped. */
bool ts_server_advertise(struct ts_worker *w, struct rte_mbuf *m, const struct ts_server_input *p);

#endif
