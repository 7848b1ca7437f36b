/* SPDX-License-Identifier: BSD-3-Clause */
/* A set of IPv6 prefixes to look addresses up in: sorted, without nested ones, so that one binary search answers.
 * Immutable. */
#ifndef TS_PREFIX_SET_H
#define TS_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

struct ts_prefix_set {
	size_t n;
	struct ts_prefix6 prefix[];
};

/* Copies. NULL when memory is short. */
struct ts_prefix_set *ts_prefix_set_create(const struct ts_prefix6 *prefixes, size_t n);
void ts_prefix_set_free(struct ts_prefix_set *s);

bool ts_prefix_set_contains(const struct ts_prefix_set *s, const uint8_t addr[16]);

#endif
