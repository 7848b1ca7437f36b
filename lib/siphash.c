/* SPDX-License-Identifier: BSD-3-Clause */
#include "siphash.h"

#include <string.h>

#include <rte_byteorder.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void
rounds(struct state *s, unsigned n)
{
	while (n-- != 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline uint64_t
word_at(const uint8_t *p, size_t len)
{
	uint64_t w = 0;

	memcpy(&w, p, len);
	return rte_le_to_cpu_64(w);
}

static inline void
compress(struct state *s, uint64_t m)
{
	s->v3 ^= m;
	rounds(s, 2);
	s->v0 ^= m;
}

uint64_t
ts_siphash(const uint8_t key[16], const uint8_t *message, size_t len)
{
	uint64_t k0 = word_at(key, 8), k1 = word_at(key + 8, 8);
	struct state s = {
		.v0 = k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t at = 0;

	for (; at + 8 <= len; at += 8)
		compress(&s, word_at(message + at, 8));
	compress(&s, word_at(message + at, len - at) | (uint64_t)len << 56);
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
