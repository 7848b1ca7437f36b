/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The punt thread: between the workers' punt and inject rings and the twins' file descriptors. It carries what the
 * routing daemon lives on (BGP, BFD, ARP, ND), so it does nothing else (O13, decisions.md 11).
 */
#ifndef TS_CTL_PUNT_H
#define TS_CTL_PUNT_H

#include <stdint.h>

#include <rte_mempool.h>

#include "control/iface.h"
#include "dataplane/worker.h"

struct ts_punter;

/* `pool` is where injected frames are allocated. */
struct ts_punter *ts_punter_start(const struct ts_ifaces *ifaces, struct ts_worker *const *workers, unsigned n_workers,
	struct rte_mempool *pool, char *err, size_t err_len);
void ts_punter_stop(struct ts_punter *p); /* joins the thread and frees */

struct ts_punt_stats {
	uint64_t punted, injected;
	uint64_t drop_tap_full;	   /* the kernel did not take it */
	uint64_t drop_inject_ring; /* the worker did not take it */
	uint64_t drop_no_mbuf;
	uint64_t drop_forbidden; /* not allowed on an exchange (O14, O15) */
};
void ts_punter_stats(const struct ts_punter *p, struct ts_punt_stats *out);

#endif
