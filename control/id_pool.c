/* SPDX-License-Identifier: BSD-3-Clause */
#include "id_pool.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_debug.h>

#define GRACES 2

int
ts_id_pool_init(struct ts_id_pool *p, uint32_t first, uint32_t max)
{
	p->max = max;
	p->n_dying = 0;
	p->n_free = 0;
	p->refs = calloc(max, sizeof(*p->refs));
	p->free_ids = calloc(max, sizeof(*p->free_ids));
	p->dying = calloc(max, sizeof(*p->dying));
	p->graces = calloc(max, sizeof(*p->graces));
	if (p->refs == NULL || p->free_ids == NULL || p->dying == NULL || p->graces == NULL) {
		ts_id_pool_fini(p);
		return -ENOMEM;
	}
	for (uint32_t id = max; id > first; id--)
		p->free_ids[p->n_free++] = id - 1;
	return 0;
}

void
ts_id_pool_fini(struct ts_id_pool *p)
{
	free(p->refs);
	free(p->free_ids);
	free(p->dying);
	free(p->graces);
	*p = (struct ts_id_pool){0};
}

uint32_t
ts_id_pool_get(struct ts_id_pool *p)
{
	if (p->n_free == 0)
		return TS_ID_NONE;

	uint32_t id = p->free_ids[--p->n_free];

	p->refs[id] = 1;
	return id;
}

void
ts_id_pool_hold(struct ts_id_pool *p, uint32_t id)
{
	p->refs[id]++;
}

void
ts_id_pool_put(struct ts_id_pool *p, uint32_t id)
{
	RTE_VERIFY(p->refs[id] > 0);
	if (--p->refs[id] > 0)
		return;
	if (p->graces[id] == 0)
		p->dying[p->n_dying++] = id;
	p->graces[id] = GRACES;
}

void
ts_id_pool_grace(struct ts_id_pool *p, void (*release)(void *arg, uint32_t id), void *arg)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->n_dying; i++) {
		uint32_t id = p->dying[i];

		if (p->refs[id] > 0) {
			p->graces[id] = 0;
		} else if (--p->graces[id] > 0) {
			p->dying[kept++] = id;
		} else {
			release(arg, id);
			p->free_ids[p->n_free++] = id;
		}
	}
	p->n_dying = kept;
}
