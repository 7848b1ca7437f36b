/* SPDX-License-Identifier: BSD-3-Clause */
#include "handshake.h"

#include <string.h>

#include "observe.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

uint32_t
ts_handshake_hash(uint32_t seed, const uint8_t *ip6, const uint8_t *tcp)
{
	uint64_t src[2], dst[2], x = seed;
	uint16_t ports[2];

	memcpy(src, ip6 + 8, sizeof(src));
	memcpy(dst, ip6 + 24, sizeof(dst));
	memcpy(ports, tcp, sizeof(ports));
	/* Sums and not exclusive-ors, under which an address and its neighbour would be one flow with many others. */
	for (unsigned i = 0; i < 2; i++)
		x = (x ^ (src[i] + dst[i])) * UINT64_C(0x9e3779b97f4a7c15), x ^= x >> 29;
	x = (x ^ ((uint32_t)ports[0] + ports[1])) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(x >> 32);
}

bool
ts_handshake_wanted(struct ts_handshakes *h, const struct ts_observe *o, const uint8_t *ip6, const uint8_t *tcp)
{
	uint8_t flags = tcp[13] & (FIN | SYN | RST | ACK);
	uint32_t hash, tag, *slot;

	if (h == NULL || (flags & (FIN | RST)) != 0 || flags == 0)
		return false;
	hash = ts_handshake_hash(o->handshake_seed, ip6, tcp);
	if ((hash & o->handshake_mask) != 0)
		return false;
	/* The low bits are the sample's, the same for all that come so far. */
	slot = &h->due[(hash >> 16) % TS_HANDSHAKE_SLOTS];
	tag = hash | 1;
	if (flags & SYN) {
		if (flags & ACK)
			__atomic_store_n(slot, tag, __ATOMIC_RELAXED);
		return true;
	}
	if (__atomic_load_n(slot, __ATOMIC_RELAXED) != tag)
		return false;
	__atomic_store_n(slot, 0, __ATOMIC_RELAXED);
	return true;
}
