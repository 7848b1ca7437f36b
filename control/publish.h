/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishing: from a change of routes, adjacencies or services to a new version in every worker, without stopping one.
 *
 * At most one version is pending. ts_publish_poll() never waits: it builds and hands out a version when something
 * changed and none is pending, and finishes the pending one when the workers have passed the grace period (decisions.md
 * 13).
 */
#ifndef TS_CTL_PUBLISH_H
#define TS_CTL_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#include "control/iface.h"
#include "control/nexthop.h"
#include "control/rib.h"
#include "dataplane/worker.h"

struct ts_publisher;

struct ts_publisher *ts_publisher_create(struct ts_rib *rib, struct ts_nexthops *nexthops,
	const struct ts_ifaces *ifaces, struct ts_worker *const *workers, unsigned n_workers,
	struct rte_rcu_qsbr *qsbr);
/* The workers must have stopped. */
void ts_publisher_free(struct ts_publisher *p);

/* Use these services from the next version on; `free_fn` gets the former ones after their grace period. */
void ts_publish_services(struct ts_publisher *p, struct ts_services *s, void (*free_fn)(struct ts_services *));

/*
 * Takes a few milliseconds at most. Returns true while there is something that workers have not got. A command ring
 * that is full is tried again at the next call.
 */
bool ts_publish_poll(struct ts_publisher *p);

/* There is work at hand that waits for nobody: poll again soon. */
bool ts_publish_busy(const struct ts_publisher *p);

/* Poll until nothing is pending or dirty, or for two seconds without progress (a command ring may be full and its
 * worker not run); for start-up, before or after the workers run, and for tests. */
void ts_publish_sync(struct ts_publisher *p);

uint64_t ts_publish_version(const struct ts_publisher *p);

/* What follows from the configuration and the addresses as they are now, published or about to be; until the next call
 * of any function above. NULL before the first. */
const struct ts_services *ts_publish_current(const struct ts_publisher *p);

struct ts_publish_stats {
	uint64_t routes_age_us;		 /* since a version with other routes was published */
	uint64_t grace_us, grace_max_us; /* how long the last grace period took, and the longest */
};
void ts_publish_stats(const struct ts_publisher *p, struct ts_publish_stats *out);

/* How many workers take what is published. */
unsigned ts_publish_workers(const struct ts_publisher *p);

#endif
