/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes in prefix order, for showing and comparing them. The order is made when it is asked for: forwarding does not
 * need it.
 */
#include "rib_priv.h"

#include <stdlib.h>
#include <string.h>

static int
compare(const void *a, const void *b)
{
	const struct rib_prefix *x = *(const struct rib_prefix *const *)a, *y = *(const struct rib_prefix *const *)b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static const struct rib_prefix **
sorted(const struct rib_family *f, size_t *n)
{
	const struct rib_prefix **list = calloc(HASH_COUNT(f->prefixes) + 1, sizeof(struct rib_prefix *));

	*n = 0;
	if (list == NULL)
		return NULL;
	for (const struct rib_prefix *p = f->prefixes; p != NULL; p = p->hh.next)
		if (p->routes != NULL)
			list[(*n)++] = p;
	qsort(list, *n, sizeof(struct rib_prefix *), compare);
	return list;
}

static bool
show_prefix(uint8_t family, const struct rib_prefix *p, bool (*fn)(const struct ts_route_info *, void *), void *arg)
{
	for (const struct rib_route *r = p->routes; r != NULL; r = r->next) {
		struct ts_route_info info = {
			.family = family,
			.len = p->key.len,
			.origin = r->origin,
			.metric = r->metric,
			.nh = r->nh,
			.gen = r->gen,
			.best = r == p->routes,
		};

		memcpy(info.prefix, p->key.addr, sizeof(info.prefix));
		if (!fn(&info, arg))
			return false;
	}
	return true;
}

static bool
show_family(const struct ts_rib *rib, unsigned family, bool (*fn)(const struct ts_route_info *, void *), void *arg)
{
	bool go_on = true;
	size_t n;
	const struct rib_prefix **list = sorted(&rib->family[family], &n);

	for (size_t i = 0; i < n && go_on; i++)
		go_on = show_prefix(family == TS_FAMILY4 ? AF_INET : AF_INET6, list[i], fn, arg);
	free(list);
	return go_on;
}

void
ts_rib_foreach(const struct ts_rib *rib, uint8_t family, bool (*fn)(const struct ts_route_info *, void *), void *arg)
{
	if (family != AF_INET6 && !show_family(rib, TS_FAMILY4, fn, arg))
		return;
	if (family != AF_INET)
		show_family(rib, TS_FAMILY6, fn, arg);
}
