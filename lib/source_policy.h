/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which IPv4 addresses may appear as the far end of a tunnel, outer or embedded: both alike, G18, O19
 * (protocols.md 2.3; RFC 3964 5.3.1, 3056 9).
 *
 * One bit per /16 (8 KiB, which stay in the first cache) says whether anything in that /16 is refused, so that nearly
 * every check is one load; where it is set, one bit per /24 (2 MiB) says the same of that; where this one is set, too,
 * the exact lists decide and name the reason. Immutable once built.
 */
#ifndef TS_SOURCE_POLICY_H
#define TS_SOURCE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum ts_policy_list {
	TS_POLICY_CORE,	    /* G12 */
	TS_POLICY_EXTENDED, /* G12 and G13 */
	TS_POLICY_MANAGED,  /* G15: 6rd and ISATAP */
};

/* In the order in which the reasons are looked for. */
enum ts_policy_verdict {
	TS_POLICY_OK,
	TS_POLICY_OWN,	   /* an IPv4 address of the box (OWN4) */
	TS_POLICY_RELAY,   /* 192.88.99.0/24 */
	TS_POLICY_MARTIAN, /* on a list, or network or broadcast address of an attached subnet (G14) */
	TS_POLICY_DENIED,  /* by the operator's access lists (S24, O21) */
};

struct ts_source_policy;

struct ts_source_policy_conf {
	enum ts_policy_list list;
	const rte_be32_t *own; /* addresses of the box */
	size_t n_own;
	const struct ts_prefix4 *attached; /* its subnets */
	size_t n_attached;
	const struct ts_prefix4 *deny, *allow; /* access lists; an empty allow list allows everything */
	size_t n_deny, n_allow;
};

/* Copies what it needs. NULL when memory is short. */
struct ts_source_policy *ts_source_policy_create(const struct ts_source_policy_conf *conf);
void ts_source_policy_free(struct ts_source_policy *p);

/* The bitmaps, for the inline test below. */
struct ts_source_policy_map {
	uint64_t coarse[1u << 10]; /* bit n of the whole: something in the n-th /16 is refused */
	uint64_t bits[1u << 18];   /* the same of the n-th /24 */
};

/* Exact answer, any speed. */
enum ts_policy_verdict ts_source_policy_exact(const struct ts_source_policy *p, rte_be32_t addr);

/* Is this one of the box's own addresses? */
bool ts_source_policy_own(const struct ts_source_policy *p, rte_be32_t addr);

/* The map is the first member. */
static inline bool
ts_source_policy_suspect(const struct ts_source_policy *p, rte_be32_t addr)
{
	const struct ts_source_policy_map *map = (const void *)p;
	uint32_t n = rte_be_to_cpu_32(addr) >> 8;

	if (__builtin_expect(!(map->coarse[n >> 14] >> (n >> 8 & 63) & 1), 1))
		return false;
	return map->bits[n >> 6] >> (n & 63) & 1;
}

/* For whoever will ask about many addresses. */
static inline void
ts_source_policy_prefetch(const struct ts_source_policy *p, rte_be32_t addr)
{
	__builtin_prefetch((const uint8_t *)p + (rte_be_to_cpu_32(addr) >> 8 >> 3));
}

static inline enum ts_policy_verdict
ts_source_policy_check(const struct ts_source_policy *p, rte_be32_t addr)
{
	if (__builtin_expect(!ts_source_policy_suspect(p, addr), 1))
		return TS_POLICY_OK;
	return ts_source_policy_exact(p, addr);
}

#endif
