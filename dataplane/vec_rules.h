/* SPDX-License-Identifier: BSD-3-Clause */
/* For vector stations that look at IPv6 addresses: prefixes as they are compared with the addresses of 4 packets. */
#ifndef TS_VEC_RULES_H
#define TS_VEC_RULES_H

#include "vec_words.h"

/* Tunnels, what the loop guard knows, /64s of the box itself. */
#define TS_MAX_RULES (2 + 2 * TS_MAX_6RD + TS_MAX_KNOWN_PREFIXES + TS_MAX_ISATAP + TS_OWN6_NETS)

/* As far as the first 64 bits go, in memory's byte order: more addresses may match than are in the prefix. */
struct ts_rule {
	uint64_t bits, mask;
};

struct ts_rules {
	unsigned n;
	struct ts_rule rule[TS_MAX_RULES];
};

static inline struct ts_rule
ts_rule_of(const void *prefix, unsigned len)
{
	uint64_t mask = len == 0 ? 0 : rte_cpu_to_be_64(UINT64_MAX << (64 - RTE_MIN(len, 64u)));

	return (struct ts_rule){ts_vec_load64(prefix) & mask, mask};
}

static inline void
ts_add_rule(struct ts_rules *r, struct ts_rule rule)
{
	r->rule[r->n++] = rule;
}

static inline __m256i
ts_equal_masked64(__m256i x, uint64_t mask, uint64_t bits)
{
	return _mm256_cmpeq_epi64(
		_mm256_and_si256(x, _mm256_set1_epi64x((long long)mask)), _mm256_set1_epi64x((long long)bits));
}

static inline __m256i
ts_matches(const struct ts_rule *r, __m256i addr)
{
	return ts_equal_masked64(addr, r->mask, r->bits);
}

static inline __m256i
ts_matches_any(const struct ts_rules *r, __m256i addr)
{
	__m256i any = _mm256_setzero_si256();

	for (unsigned i = 0; i < r->n; i++)
		any = _mm256_or_si256(any, ts_matches(&r->rule[i], addr));
	return any;
}

/* Are there so many own networks that they have not all been noted? */
static inline bool
ts_own_nets_complete(const struct ts_services *s)
{
	return s->own6.n_nets <= TS_OWN6_NETS;
}

#endif
