/* SPDX-License-Identifier: BSD-3-Clause */
/* Teredo's packets for stations_frames.c: to clients, from them, to the server; with what the fast ways look at bent.
 */
#ifndef TS_TEST_STATIONS_TEREDO_H
#define TS_TEST_STATIONS_TEREDO_H

#include "stations_frames.h"

extern struct client teredo_client[FRAMES_CLIENTS];

void teredo_frames_seed(void);

/* The packet begins at p + the number returned. */
size_t make_teredo_in(uint8_t *p, size_t *len, bool hostile);
size_t make_teredo_out(uint8_t *p, size_t *len, bool hostile);
size_t make_to_server(uint8_t *p, size_t *len, bool hostile);

#endif
