/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does an IPv6 address carry one of the box's own IPv4 addresses? RFC 6324 section 3.3, protocols.md G29: such a packet
 * would come back to the box through another tunnel, for ever.
 */
#ifndef TS_LOOP_GUARD_H
#define TS_LOOP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

struct ts_loop_guard {
	rte_be32_t *own; /* sorted by value in host order */
	size_t n_own;
	struct ts_prefix6rd *known_6rd;
	size_t n_known_6rd;
	struct ts_prefix6 *known_isatap; /* prefixes in which a private IPv4 address is this network's (D28) */
	size_t n_known_isatap;
};

/* Copies its arguments. NULL when memory is short. */
struct ts_loop_guard *ts_loop_guard_create(const rte_be32_t *own, size_t n_own, const struct ts_prefix6rd *known_6rd,
	size_t n_known_6rd, const struct ts_prefix6 *known_isatap, size_t n_known_isatap);
void ts_loop_guard_free(struct ts_loop_guard *g);

/* Formats that are left out where they are the mechanism's own and its rules apply instead. */
#define TS_LOOP_SKIP_ISATAP 1u
#define TS_LOOP_SKIP_6RD 2u

/* All formats but the skipped ones, exact. */
bool ts_loop_guard_exact(const struct ts_loop_guard *g, const uint8_t addr[16], unsigned skip);

/* Nearly every address carries none by its looks alone. */
static inline bool
ts_loop_guard_carries_own(const struct ts_loop_guard *g, const uint8_t addr[16], unsigned skip)
{
	if (__builtin_expect(!ts_is_6to4(addr) && !ts_is_isatap_iid(addr) && g->n_known_6rd == 0, 1))
		return false;
	return ts_loop_guard_exact(g, addr, skip);
}

#endif
