/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which packets of TCP handshakes are worth reporting. The third one, an ACK, looks like millions of others: a table of
 * the flows whose SYN+ACK has just passed says which. The two directions of a flow may pass different workers, so all
 * share one table; it is a hint, and losing a race costs one measurement.
 */
#ifndef TS_HANDSHAKE_H
#define TS_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#define TS_TCP_HDR_LEN 20u
#define TS_HANDSHAKE_SLOTS 4096u

struct ts_observe;

/* Zeroed at the start; by hash of the flow: its tag while the ACK is due, else 0. */
struct ts_handshakes {
	uint32_t due[TS_HANDSHAKE_SLOTS];
};

/* The same for both directions of a flow. ip6: the IPv6 header, tcp: TS_TCP_HDR_LEN bytes. */
uint32_t ts_handshake_hash(uint32_t seed, const uint8_t *ip6, const uint8_t *tcp);

/* A SYN, a SYN+ACK, or the ACK behind it, of a flow that is sampled? `h` NULL: no. */
bool ts_handshake_wanted(struct ts_handshakes *h, const struct ts_observe *o, const uint8_t *ip6, const uint8_t *tcp);

#endif
