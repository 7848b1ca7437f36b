/* SPDX-License-Identifier: BSD-3-Clause */
#include "fib_pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_rib.h>
#include <rte_rib6.h>

#define MAX_TBL8_IPV4 32767 /* 2-byte entries: 15 bits */

/*
 * Few IPv4 prefixes are longer than /24. In the IPv6 trie a /48 below a /32 reserves two groups, whether or not a
 * neighbour shares them.
 */
static void
compute_tbl8(struct ts_fib_pair *p)
{
	if (p->tbl8[TS_FAMILY4] == 0)
		p->tbl8[TS_FAMILY4] = 1024 + p->max[TS_FAMILY4] / 64;
	if (p->tbl8[TS_FAMILY4] > MAX_TBL8_IPV4)
		p->tbl8[TS_FAMILY4] = MAX_TBL8_IPV4;
	if (p->tbl8[TS_FAMILY6] == 0)
		p->tbl8[TS_FAMILY6] = 2048 + 2 * p->max[TS_FAMILY6];
}

static struct rte_fib *
create4(const struct ts_fib_pair *p, const char *name)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = 0,
		.max_routes = (int)p->max[TS_FAMILY4],
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = p->tbl8[TS_FAMILY4]},
	};
	struct rte_fib *fib = rte_fib_create(name, p->socket_id, &conf);

	if (fib != NULL)
		rte_fib_select_lookup(fib, RTE_FIB_LOOKUP_DEFAULT);
	return fib;
}

static struct rte_fib6 *
create6(const struct ts_fib_pair *p, const char *name)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.default_nh = 0,
		.max_routes = (int)p->max[TS_FAMILY6],
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = p->tbl8[TS_FAMILY6]},
	};
	struct rte_fib6 *fib = rte_fib6_create(name, p->socket_id, &conf);

	if (fib != NULL)
		rte_fib6_select_lookup(fib, RTE_FIB6_LOOKUP_DEFAULT);
	return fib;
}

bool
ts_fib_exists(const struct ts_fib_pair *p, unsigned family, unsigned which)
{
	return family == TS_FAMILY4 ? p->fib4[which] != NULL : p->fib6[which] != NULL;
}

int
ts_fib_renew(struct ts_fib_pair *p, unsigned family, unsigned which)
{
	char name[16];

	/* There is no memory for a third instance: the old one goes first. */
	snprintf(name, sizeof(name), "ts%c_%u_%u", family == TS_FAMILY4 ? '4' : '6', p->serial, which);
	if (family == TS_FAMILY4) {
		rte_fib_free(p->fib4[which]);
		p->fib4[which] = create4(p, name);
	} else {
		rte_fib6_free(p->fib6[which]);
		p->fib6[which] = create6(p, name);
	}
	p->deletes[family][which] = 0;
	p->incomplete[family][which] = false;
	return ts_fib_exists(p, family, which) ? 0 : -ENOMEM;
}

int
ts_fib_pair_init(struct ts_fib_pair *p, char *err, size_t err_len)
{
	static unsigned serial;

	p->serial = serial++;
	compute_tbl8(p);
	for (unsigned family = 0; family < TS_FAMILIES; family++) {
		for (unsigned which = 0; which < TS_FIBS; which++) {
			if (ts_fib_renew(p, family, which) == 0)
				continue;
			snprintf(err, err_len, "no memory for an IPv%c table of %u routes and %u tbl8 groups: %s",
				family == TS_FAMILY4 ? '4' : '6', p->max[family], p->tbl8[family],
				rte_strerror(rte_errno));
			ts_fib_pair_fini(p);
			return -1;
		}
	}
	return 0;
}

void
ts_fib_pair_fini(struct ts_fib_pair *p)
{
	for (unsigned which = 0; which < TS_FIBS; which++) {
		rte_fib_free(p->fib4[which]);
		rte_fib6_free(p->fib6[which]);
		p->fib4[which] = NULL;
		p->fib6[which] = NULL;
	}
}

static uint32_t
ipv4_of(const uint8_t *addr)
{
	rte_be32_t be;

	memcpy(&be, addr, sizeof(be));
	return rte_be_to_cpu_32(be);
}

/* What the instance's own RIB has for exactly this prefix. */
static bool
read_back(const struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint64_t *nh)
{
	if (family == TS_FAMILY4) {
		const struct rte_rib_node *node = rte_rib_lookup_exact(
			rte_fib_get_rib(p->fib4[which]), ipv4_of(addr), len);

		return node != NULL && rte_rib_get_nh(node, nh) == 0;
	}

	const struct rte_rib6_node *node = rte_rib6_lookup_exact(rte_fib6_get_rib(p->fib6[which]), addr, len);

	return node != NULL && rte_rib6_get_nh(node, nh) == 0;
}

static int
write_plain(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint64_t nh)
{
	if (family == TS_FAMILY4)
		return nh == 0 ? rte_fib_delete(p->fib4[which], ipv4_of(addr), len)
			       : rte_fib_add(p->fib4[which], ipv4_of(addr), len, nh);
	return nh == 0 ? rte_fib6_delete(p->fib6[which], addr, len) : rte_fib6_add(p->fib6[which], addr, len, nh);
}

/* The prefix of this length that ends where the address space ends. */
static void
last_prefix(uint8_t addr[16], uint8_t len)
{
	memset(addr, 0, 16);
	memset(addr, 0xff, len / 8);
	if (len % 8 != 0)
		addr[len / 8] = (uint8_t)(0xff << (8 - len % 8));
}

static bool
is_last(unsigned family, const uint8_t *addr, uint8_t len)
{
	uint8_t last[16];

	last_prefix(last, len);
	return memcmp(addr, last, family == TS_FAMILY4 ? 4 : 16) == 0;
}

static int
write_last(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint64_t nh)
{
	unsigned max = family == TS_FAMILY4 ? 32 : 128;
	uint64_t aside[129] = {0};
	uint8_t last[16];
	int ret = 0, written;

	for (unsigned l = max; l > len; l--) {
		last_prefix(last, (uint8_t)l);
		if (read_back(p, family, which, last, (uint8_t)l, &aside[l]) && aside[l] != 0)
			ret |= write_plain(p, family, which, last, (uint8_t)l, 0);
	}
	written = write_plain(p, family, which, addr, len, nh);
	for (unsigned l = len + 1u; l <= max; l++) {
		last_prefix(last, (uint8_t)l);
		if (aside[l] != 0)
			ret |= write_plain(p, family, which, last, (uint8_t)l, aside[l]);
	}
	return ret != 0 ? -EIO : written;
}

int
ts_fib_write(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint32_t old,
	uint32_t nh)
{
	uint64_t now = 0;
	int ret;

	if (nh == 0)
		p->deletes[family][which]++;
	if (is_last(family, addr, len))
		ret = write_last(p, family, which, addr, len, nh);
	else
		ret = write_plain(p, family, which, addr, len, nh);
	if (ret < 0 || old == 0 || nh == 0)
		return ret;
	return read_back(p, family, which, addr, len, &now) && now == nh ? 0 : -EIO;
}
