/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the packets of stations_frames.c are put together from: addresses that the routes of test_stations.c know,
 * inner packets, outer headers. All of it is drawn with frames_draw(); `hostile` ones are as they should not be.
 */
#ifndef TS_TEST_STATIONS_HEADERS_H
#define TS_TEST_STATIONS_HEADERS_H

#include "stations_frames.h"

#define ROOM 64 /* for an outer header with options */
#define PICK(list) pick(list, RTE_DIM(list))

static inline bool
one_in(unsigned n)
{
	return frames_draw(n) == 0;
}

static inline const char *
pick(const char *const *list, size_t n)
{
	return list[frames_draw(n)];
}

void put_random(uint8_t *at, size_t n);

/* A far end by the routes of 80.0.0.0/4, each with a next hop of another kind; seldom one that is refused. */
void put_site(uint8_t v4[4], bool hostile);
void put_native(uint8_t v6[16], bool hostile);
/* A user of the mechanism, and the relay's and his outer address. */
void put_user(enum frame_kind kind, uint8_t v6[16], uint8_t relay[4], uint8_t site[4], bool hostile);

size_t payload_len(void);
/* IPv6 with a payload, its length; the header is there up to the next header, addresses come later. */
size_t put_inner(uint8_t *p, bool hostile);
/* Something that the packet's own fields deny. */
void bend_inner(uint8_t *p, size_t *len);
/* IPv4 in front of p + room; returns where it begins. Options move it forward. */
size_t put_outer(uint8_t *p, size_t room, size_t len, uint8_t protocol, const uint8_t src[4], const uint8_t dst[4],
	bool hostile);

#endif
