/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sends what is for none of our services (protocols.md O16): packets by source MAC address and interface, so that
 * the operator can name the member of the exchange who points a default route here.
 *
 * Fixed memory, one table per worker. A newcomer whose bucket is full takes the place of whoever sent least there; what
 * that one had sent goes to `others`. So invented addresses push each other out, not those who really send. One writer;
 * readers see whole values and skip a slot that changes hands meanwhile.
 */
#ifndef TS_STRANGERS_H
#define TS_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

#define TS_STRANGER_SLOTS 256
#define TS_STRANGER_WAYS 4 /* slots of a bucket */

struct ts_stranger {
	uint64_t key; /* interface << 48 | MAC; all ones: free. Its first byte's group bit tells it from every sender */
	uint64_t packets;
};

struct ts_strangers {
	uint64_t seed;
	uint64_t others; /* packets of those who lost their slot */
	struct ts_stranger slot[TS_STRANGER_SLOTS];
};

void ts_strangers_init(struct ts_strangers *s, uint64_t seed);
void ts_strangers_count(struct ts_strangers *s, uint16_t iface, const uint8_t mac[6]);

/* For readers in other threads: slot `i`, false when it is free or changes just now. */
bool ts_strangers_read(const struct ts_strangers *s, unsigned i, uint16_t *iface, uint8_t mac[6], uint64_t *packets);

#endif
