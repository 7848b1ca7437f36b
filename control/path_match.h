/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From packets of TCP handshakes to round-trip times, in memory of fixed size. The relay stands between client and
 * server, so that one handshake gives two times:
 *
 *	client          relay          server
 *	   |---- SYN ---->|---- SYN ---->|
 *	   |              |              |	SYN to SYN+ACK: relay to server and back
 *	   |<-- SYN+ACK --|<-- SYN+ACK --|
 *	   |              |			SYN+ACK to ACK: relay to client and back
 *	   |---- ACK ---->|---- ACK ---->|
 *
 * Packets belong to one handshake if addresses, ports and the client's initial sequence number fit, and times come from
 * the workers' clock: the order in which observations arrive, from several workers, does not matter. What could be an
 * answer to either of two packets gives no time (Karn; RFC 6298 section 3), and a SYN whose data are acknowledged at
 * once (RFC 7413) is not recognised. A packet that was lost where the relay does not see it is part of the time.
 */
#ifndef TS_CTL_PATH_MATCH_H
#define TS_CTL_PATH_MATCH_H

#include <stdint.h>

#include "dataplane/observe.h"

#define TS_PATH_RECORDS 4096u /* handshakes that are under way; the one begun first gives way */
#define TS_PATH_AGE_S 10u     /* of one of which something is missing */
#define TS_PATH_LATE_S 1u     /* for what may still arrive of one that is complete */
#define TS_PATH_UNKNOWN UINT64_MAX

struct ts_path_handshake {
	uint8_t client[16], server[16];
	uint8_t client_station; /* where the SYN passed: enum ts_station */
	uint8_t server_station; /* where the SYN+ACK passed */
	uint64_t client_half;	/* TSC cycles, or TS_PATH_UNKNOWN; one of them is known */
	uint64_t server_half;
};

typedef void (*ts_path_done_fn)(const struct ts_path_handshake *h, void *arg);

struct ts_path_matcher_stats {
	uint64_t packets;
	uint64_t handshakes; /* that gave a time or two */
	uint64_t unmatched;  /* that gave none: a packet was missing, or there were two to choose from */
	uint64_t displaced;  /* of both kinds: had to give way */
	uint32_t records;
};

struct ts_path_matcher;

/* `hz`: of the TSC; `key`: random, so that nobody can choose which records meet in the table. NULL: no memory. */
struct ts_path_matcher *ts_path_matcher_create(uint64_t hz, const uint8_t key[16], ts_path_done_fn fn, void *arg);
void ts_path_matcher_free(struct ts_path_matcher *m);

/* One packet: `data` are its IPv6 and TCP headers. What is anything else is left out. `now`: TSC, never less. */
void ts_path_match(
	struct ts_path_matcher *m, const struct ts_observation *seen, const uint8_t *data, uint32_t len, uint64_t now);

/* Tells `fn` of the handshakes for which nothing more is waited for. To be called from time to time. */
void ts_path_matcher_expire(struct ts_path_matcher *m, uint64_t now);

void ts_path_matcher_stats(const struct ts_path_matcher *m, struct ts_path_matcher_stats *out);

#endif
