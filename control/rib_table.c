/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prefixes by their address and length. The hash multiplies with numbers drawn at start, so that no neighbour can
 * choose prefixes that fall into one bucket.
 */
#include "rib_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_common.h>

#define MAX_BUCKETS (1u << 22)

int
rib_table_init(struct rib_family *f, uint32_t max)
{
	f->mask = RTE_MIN(rte_align32pow2(RTE_MAX(max, 64u)), MAX_BUCKETS) - 1;
	f->buckets = calloc((size_t)f->mask + 1, sizeof(struct rib_prefix *));
	f->bins = calloc(RIB_BINS, sizeof(struct rib_prefix *));
	if (f->buckets == NULL || f->bins == NULL ||
		getrandom(f->seed, sizeof(f->seed), 0) != (ssize_t)sizeof(f->seed)) {
		rib_table_fini(f);
		return -ENOMEM;
	}
	return 0;
}

void
rib_table_fini(struct rib_family *f)
{
	free(f->buckets);
	free(f->bins);
	f->buckets = f->bins = NULL;
}

struct rib_key
rib_key_of(uint8_t family, const uint8_t *prefix, uint8_t len)
{
	struct rib_key key = {.len = len};

	memcpy(key.addr, prefix, family == AF_INET ? 4 : 16);
	return key;
}

static struct rib_prefix **
bucket(const struct rib_family *f, const struct rib_key *key)
{
	uint64_t high, low, h;

	memcpy(&high, key->addr, sizeof(high));
	memcpy(&low, key->addr + 8, sizeof(low));
	h = (high ^ f->seed[0]) * (f->seed[1] | 1);
	h = ((h >> 32 ^ h) + low + key->len) * (f->seed[2] | 1);
	return &f->buckets[(h >> 32) & f->mask];
}

struct rib_prefix *
rib_table_find(const struct rib_family *f, const struct rib_key *key)
{
	struct rib_prefix *p = *bucket(f, key);

	while (p != NULL && memcmp(&p->key, key, sizeof(*key)) != 0)
		p = p->next_hash;
	return p;
}

struct rib_prefix *
rib_table_add(struct rib_family *f, const struct rib_key *key)
{
	struct rib_prefix *p = calloc(1, sizeof(*p)), **hash = bucket(f, key), **bin = &f->bins[rib_bin_of(key->addr)];

	if (p == NULL)
		return NULL;
	p->key = *key;
	p->next_hash = *hash;
	*hash = p;
	p->next_in_bin = *bin;
	p->at_in_bin = bin;
	if (*bin != NULL)
		(*bin)->at_in_bin = &p->next_in_bin;
	*bin = p;
	f->of_len[key->len]++;
	return p;
}

void
rib_table_remove(struct rib_family *f, struct rib_prefix *p)
{
	struct rib_prefix **hash = bucket(f, &p->key);

	while (*hash != p)
		hash = &(*hash)->next_hash;
	*hash = p->next_hash;
	*p->at_in_bin = p->next_in_bin;
	if (p->next_in_bin != NULL)
		p->next_in_bin->at_in_bin = p->at_in_bin;
	f->of_len[p->key.len]--;
	free(p);
}

/* Clears the bits from `len` up to the former length. */
static void
shorten(struct rib_key *key, uint8_t len)
{
	unsigned last = (key->len - 1u) / 8, first = len / 8;

	memset(&key->addr[first + 1], 0, last > first ? last - first : 0);
	key->addr[first] &= (uint8_t) ~(0xff >> (len % 8));
	key->len = len;
}

struct rib_prefix *
rib_table_up(const struct rib_family *f, struct rib_key *key)
{
	for (unsigned len = key->len; len-- > 0;) {
		struct rib_prefix *p;

		if (f->of_len[len] == 0)
			continue;
		shorten(key, (uint8_t)len);
		p = rib_table_find(f, key);
		if (p != NULL)
			return p;
	}
	return NULL;
}
