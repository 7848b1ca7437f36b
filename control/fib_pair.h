/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two instances of both families' FIBs, without any knowledge of where routes come from.
 *
 * Three things in DPDK 22.11 are tricky.
 * - rte_fib6's reservation of tbl8s drifts, so that an insertion may fail although there is room.
 * - Changing the next hop of a prefix that is there returns 0 even when it failed. So every such change is read back.
 * - Both FIBs walk the children of a prefix to find the gaps between them. When a prefix ends where the address space
 * ends and its last two children leave no gap (0.0.0.0/0 with 0.0.0.0/1 and 128.0.0.0/1), the walk wraps to 0 and
 * overwrites all of them. So the longer prefixes at the end of the space (there is one per length) are taken out
 * before, and put back after, a shorter one is written. Who gets an error makes the instance anew with ts_fib_renew().
 */
#ifndef TS_CTL_FIB_PAIR_H
#define TS_CTL_FIB_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_fib.h>
#include <rte_fib6.h>

#define TS_FIBS 2

enum { TS_FAMILY4, TS_FAMILY6, TS_FAMILIES };

struct ts_fib_pair {
	struct rte_fib *fib4[TS_FIBS];
	struct rte_fib6 *fib6[TS_FIBS];
	uint32_t max[TS_FAMILIES];  /* prefixes per instance */
	uint32_t tbl8[TS_FAMILIES]; /* groups */
	int socket_id;
	unsigned serial; /* makes names unique in the process */
	/* Since the instance was made: */
	uint64_t deletes[TS_FAMILIES][TS_FIBS];
	bool incomplete[TS_FAMILIES][TS_FIBS]; /* a route did not fit even then */
};

/* `max`, `tbl8` and `socket_id` are set; tbl8 0 = computed. 0, or -1 and a message in `err`. */
int ts_fib_pair_init(struct ts_fib_pair *p, char *err, size_t err_len);
void ts_fib_pair_fini(struct ts_fib_pair *p);

/* An empty instance in the place of this one. 0 or -ENOMEM; then there is none. */
int ts_fib_renew(struct ts_fib_pair *p, unsigned family, unsigned which);
bool ts_fib_exists(const struct ts_fib_pair *p, unsigned family, unsigned which);

/* `addr` in network byte order; `old` is what is installed, 0 = nothing; `nh` 0 = delete. 0 or -errno. */
int ts_fib_write(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint32_t old,
	uint32_t nh);

#endif
