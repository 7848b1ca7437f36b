/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ids with reference counts, for entries that workers index: an id that nothing refers to any more comes back only
 * after two grace periods (decisions.md 15). Until then its entry stays as it is, so that it may be taken up again.
 */
#ifndef TS_CTL_ID_POOL_H
#define TS_CTL_ID_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define TS_ID_NONE UINT32_MAX

struct ts_id_pool {
	uint32_t max;
	uint32_t n_free, n_dying;
	uint32_t *refs;
	uint32_t *free_ids; /* a stack */
	uint32_t *dying;
	uint8_t *graces; /* still to pass; 0 = not in `dying` */
};

/* Ids first .. max - 1. 0 or -ENOMEM. */
int ts_id_pool_init(struct ts_id_pool *p, uint32_t first, uint32_t max);
void ts_id_pool_fini(struct ts_id_pool *p);

/* A new id with one reference, or TS_ID_NONE. */
uint32_t ts_id_pool_get(struct ts_id_pool *p);
void ts_id_pool_hold(struct ts_id_pool *p, uint32_t id);
void ts_id_pool_put(struct ts_id_pool *p, uint32_t id);
/* A grace period has passed; `release` is called for every id that becomes free. */
void ts_id_pool_grace(struct ts_id_pool *p, void (*release)(void *arg, uint32_t id), void *arg);

#endif
