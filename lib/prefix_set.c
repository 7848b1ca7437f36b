/* SPDX-License-Identifier: BSD-3-Clause */
#include "prefix_set.h"

#include <stdlib.h>

/* By address, a shorter prefix before those in it. */
static int
by_prefix(const void *a, const void *b)
{
	const struct ts_prefix6 *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order != 0 ? order : (int)x->len - (int)y->len;
}

struct ts_prefix_set *
ts_prefix_set_create(const struct ts_prefix6 *prefixes, size_t n)
{
	struct ts_prefix_set *s = malloc(sizeof(*s) + (n + 1) * sizeof(s->prefix[0]));
	size_t kept = 0;

	if (s == NULL)
		return NULL;
	if (n != 0)
		memcpy(s->prefix, prefixes, n * sizeof(s->prefix[0]));
	qsort(s->prefix, n, sizeof(s->prefix[0]), by_prefix);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !ts_prefix6_contains(&s->prefix[kept - 1], s->prefix[i].addr.s6_addr))
			s->prefix[kept++] = s->prefix[i];
	s->n = kept;
	return s;
}

void
ts_prefix_set_free(struct ts_prefix_set *s)
{
	free(s);
}

bool
ts_prefix_set_contains(const struct ts_prefix_set *s, const uint8_t addr[16])
{
	size_t low = 0, high = s->n;

	/* The last prefix that begins at or before the address is the only one that can hold it. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (memcmp(s->prefix[mid].addr.s6_addr, addr, 16) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && ts_prefix6_contains(&s->prefix[low - 1], addr);
}
