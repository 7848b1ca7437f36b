/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for every lane and for every reason to refuse one, by a fixed seed. A maker makes a plain packet of its kind;
 * then it is bent, as much as `hostility` says. Addresses are drawn from lists that the routes of test_stations.c know.
 */
#ifndef TS_TEST_STATIONS_FRAMES_H
#define TS_TEST_STATIONS_FRAMES_H

#include "path_teredo.h"

#define FRAMES_CLIENTS 64 /* client_number() of these are drawn; the first half of them is trusted */

enum frame_kind {
	FRAME_6TO4_IN, /* native to a site */
	FRAME_6TO4_OUT,
	FRAME_6RD_IN,
	FRAME_6RD_OUT,
	FRAME_ISATAP_IN,
	FRAME_ISATAP_OUT,
	FRAME_TEREDO_IN,
	FRAME_TEREDO_OUT,
	FRAME_SERVER,
	FRAME_ECHO4,
	FRAME_ECHO6,
	FRAME_LINK,  /* ARP, neighbour discovery, for the host itself, for nobody */
	FRAME_ERROR, /* ICMPv4 errors about tunnels */
	N_FRAME_KINDS
};

struct frame {
	uint8_t bytes[RIG_FRAME_MAX];
	size_t len;
	size_t segment;	   /* see rig_packet() */
	uint16_t headroom; /* in front of a frame in one segment */
	bool rss;	   /* as from a NIC that gives a flow hash */
	uint32_t hash;
	uint64_t nic_flags; /* what a NIC says of its checksum, be it right or not; RTE_MBUF_F_RX_* */
	uint32_t nic_type;  /* RTE_PTYPE_* */
};

void frames_seed(uint64_t seed);
uint64_t frames_draw(uint64_t below);

/* Every client's address, as the lists have it. */
void frames_clients(void);

/* From now on nearly all frames have the rig's tag, or as many have none. */
void frames_one_vlan(bool on);

/* One frame of this kind; of `hostility` (0 .. 100) percent of them something is wrong. */
void frame_make(struct frame *f, enum frame_kind kind, unsigned hostility);

#endif
