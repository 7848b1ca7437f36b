/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The books of the rig: whatever goes in, every frame is sent, handed to the kernel, kept, or dropped under exactly one
 * name, and nothing else is sent but the relay's bubbles; what is sent is well formed; and when time has gone by no
 * buffer is missing. Holds for any
 * input, so random ones are fed to it (test_property.c, ../fuzz/fuzz_packet.c).
 */
#ifndef TS_TEST_ACCOUNT_H
#define TS_TEST_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rig.h"

#define ACCOUNT_N_CONFIGS 8

/* The vectors' Teredo relay and server, and their client. */
#define ACCOUNT_RELAY RTE_BE32(0xc6336402)
#define ACCOUNT_RELAY_PORT 3545
#define ACCOUNT_SERVER RTE_BE32(0x4136e378)
#define ACCOUNT_SERVER_2ND RTE_BE32(0x4136e379)
extern const uint8_t account_client[16];

struct account {
	uint64_t before[TS_N_COUNTERS];
	uint64_t received, sent, punted;
	uint64_t held; /* packets that waited for a Teredo client which was then forgotten */
	char why[256]; /* the first thing that was wrong; empty when all is well */
};

/* One of ACCOUNT_N_CONFIGS configurations of 6to4 and Teredo, with host addresses on two of the rig's interfaces. */
void account_configure(struct rig *r, unsigned choice);

/* 192.0.2.42, on the link in some configurations, begins or ceases to answer. */
void account_neighbour(struct rig *r, bool there);

void account_open(struct account *a, const struct rig *r);
/* One frame in, unless the rig's buffers might not suffice for it. */
void account_send(struct account *a, struct rig *r, const uint8_t *frame, size_t len, size_t segment);
/* Forgets all Teredo clients but one, account_client: trusted, or asked a second ago. */
void account_peer(struct account *a, struct rig *r, bool trusted);
/* A turn of all workers; what came out is looked at. */
void account_turn(struct account *a, struct rig *r);
/* Waits until nothing can wait any more, and balances. False: a->why. */
bool account_close(struct account *a, struct rig *r);

/* For makers of frames: the destination is the rig, and the checksums of IPv4 and UDP are right, if they are there. */
void account_mend(uint8_t *frame, size_t len);

#endif
