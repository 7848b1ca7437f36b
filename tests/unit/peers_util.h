/* SPDX-License-Identifier: BSD-3-Clause */
/* Peer tables on the heap, and peers by number, for test_peers.c and test_peers_churn.c. */
#ifndef TS_TEST_PEERS_UTIL_H
#define TS_TEST_PEERS_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/peers.h"

#define VALID (30 * TS_PEER_TICKS_PER_S)
#define FORGET (300 * TS_PEER_TICKS_PER_S)

static inline void *
allocate(size_t bytes)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));

	return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

static inline struct ts_peers *
create(uint32_t peers, unsigned n_owners)
{
	struct ts_peers_conf conf = {.peers = peers, .n_owners = n_owners, .seed = 42, .allocate = allocate};
	struct ts_peers *p = ts_peers_create(&conf);

	assert_non_null(p);
	return p;
}

/* Number n; sixteen in a row have the same mapping, and other servers. */
static inline const uint8_t *
address(uint32_t n)
{
	static uint8_t addr[16];

	ts_teredo_address(addr, rte_cpu_to_be_32(0xc0000200 + (n & 15)), (uint16_t)(n & 3),
		rte_cpu_to_be_16((uint16_t)(4096 + (n >> 4 & 255))), rte_cpu_to_be_32(0x08000000 + (n >> 12)));
	return addr;
}

static inline bool
find(const struct ts_peers *p, uint32_t n, struct ts_peer_view *view)
{
	struct ts_peer_hash h = ts_peers_hash(p, address(n));

	*view = (struct ts_peer_view){0};
	return ts_peers_find(p, address(n), &h, view);
}

static inline int64_t
insert(struct ts_peers *p, uint32_t n, enum ts_peer_state state, uint32_t tick, uint64_t aside)
{
	struct ts_peer_hash h = ts_peers_hash(p, address(n));

	return ts_peers_insert(p, address(n), &h, state, tick, aside, VALID, FORGET);
}

#endif
