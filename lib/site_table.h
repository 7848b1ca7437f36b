/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hint per IPv4 site, shared by all workers without locks: one 64-bit word holds the site's address and 32 bits about
 * it, so that a reader sees both or neither. Direct-mapped: a newer site takes the place of an older one. Fixed memory;
 * a lost hint only means the default.
 */
#ifndef TS_SITE_TABLE_H
#define TS_SITE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <rte_byteorder.h>

#define TS_SITE_TABLE_SLOTS 65536

struct ts_site_table {
	uint64_t seed;
	uint64_t slot[TS_SITE_TABLE_SLOTS];
};

static inline struct ts_site_table *
ts_site_table_create(uint64_t seed)
{
	struct ts_site_table *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->seed = seed;
	return t;
}

static inline uint64_t *
ts_site_slot(struct ts_site_table *t, rte_be32_t site)
{
	return &t->slot[((site ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15)) >> 48];
}

/* Writing what is there already would take the cache line away from the other workers. */
static inline void
ts_site_table_set(struct ts_site_table *t, rte_be32_t site, uint32_t value)
{
	uint64_t *slot = ts_site_slot(t, site), word = (uint64_t)site << 32 | value;

	if (__atomic_load_n(slot, __ATOMIC_RELAXED) != word)
		__atomic_store_n(slot, word, __ATOMIC_RELAXED);
}

static inline bool
ts_site_table_get(struct ts_site_table *t, rte_be32_t site, uint32_t *value)
{
	uint64_t word = __atomic_load_n(ts_site_slot(t, site), __ATOMIC_RELAXED);

	*value = (uint32_t)word;
	return word >> 32 == site && word != 0;
}

#endif
