/* SPDX-License-Identifier: BSD-3-Clause */
#include "fib_pair.h"

#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_malloc.h>

/* Few IPv4 prefixes are longer than /24. */
uint32_t
ts_fib_room4(uint32_t configured, uint32_t max_prefixes)
{
	uint32_t n = configured != 0 ? configured : 1024 + max_prefixes / 64;

	return RTE_MIN(n, (uint32_t)TS_FIB4_MAX_GROUPS - 1);
}

/*
 * A prefix in an otherwise empty part of the address space takes a node for each 8 bits beyond the first 16: four for a
 * /48. Prefixes share nodes: tables of the bench's and the full tests' shape take 1.4 to 1.6 lines per prefix.
 */
uint32_t
ts_fib_room6(uint32_t configured, uint32_t max_prefixes)
{
	return configured != 0 ? configured : 4096 + 3 * max_prefixes;
}

static int
init(struct ts_fib_pair *p, unsigned family, unsigned which, int socket_id)
{
	uint32_t room = p->room[family];
	size_t bytes = family == TS_FAMILY4 ? ts_fib4_bytes(room) : ts_fib6_bytes(room);
	void *mem = rte_zmalloc_socket("ts_fib", bytes, RTE_CACHE_LINE_SIZE, socket_id);

	p->mem[family][which] = mem;
	if (mem == NULL)
		return -1;
	if (family == TS_FAMILY4)
		return ts_fib4_init(&p->fib4[which], mem, room);
	ts_fib6_init(&p->fib6[which], mem, room);
	return 0;
}

int
ts_fib_pair_init(struct ts_fib_pair *p, int socket_id, char *err, size_t err_len)
{
	for (unsigned family = 0; family < TS_FAMILIES; family++) {
		for (unsigned which = 0; which < TS_FIBS; which++) {
			if (init(p, family, which, socket_id) == 0)
				continue;
			snprintf(err, err_len, "no memory for an IPv%c table with %u %s",
				family == TS_FAMILY4 ? '4' : '6', p->room[family],
				family == TS_FAMILY4 ? "tbl8 groups" : "lines");
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
		ts_fib4_fini(&p->fib4[which]);
		for (unsigned family = 0; family < TS_FAMILIES; family++) {
			rte_free(p->mem[family][which]);
			p->mem[family][which] = NULL;
		}
	}
}

uint32_t
ts_fib_used(const struct ts_fib_pair *p, unsigned family, unsigned which)
{
	if (family == TS_FAMILY4)
		return p->fib4[which].n_groups - p->fib4[which].n_free;
	return p->fib6[which].n_used;
}

static uint32_t
ipv4_of(const uint8_t *addr)
{
	rte_be32_t be;

	memcpy(&be, addr, sizeof(be));
	return rte_be_to_cpu_32(be);
}

int
ts_fib_set(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint16_t old,
	uint16_t nh)
{
	if (family == TS_FAMILY4)
		return ts_fib4_set(&p->fib4[which], ipv4_of(addr), len, nh, old == 0);
	return ts_fib6_set(&p->fib6[which], addr, len, nh);
}

void
ts_fib_del(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint8_t cover_len,
	uint16_t cover_nh)
{
	if (family == TS_FAMILY4)
		ts_fib4_del(&p->fib4[which], ipv4_of(addr), len, cover_len, cover_nh);
	else
		ts_fib6_del(&p->fib6[which], addr, len, cover_len, cover_nh);
}
