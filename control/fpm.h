/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes by FPM: FRR's zebra (-M dplane_fpm_nl) connects and sends what it would put into the kernel, as netlink
 * messages (RTM_NEWROUTE, RTM_NEWNEXTHOP and their like), without being asked and without being answered.
 *
 * - At the beginning of a connection comes everything, with no mark of where it ends. A connection is a generation: the
 *   routes of the former ones stay, forwarding, until `stale_s` after the connection began; what has not been sent
 *   again by then goes. Without a new connection all go `stale_s` after the old one ended. So a restart of FRR costs
 *   nothing if BGP converges within that time, and half a dump deletes nothing.
 * - Ids of next-hop objects mean something within one connection only: a restarted zebra counts from the beginning.
 * - A prefix has one route, whatever its metric: a deletion tells the metric of the route that follows.
 * - An update is a deletion and an addition; a deletion waits for the message after it.
 * - Zebra cannot be asked for a route again: where one was refused, or a peer made no sense, the connection is closed.
 *   Zebra then connects anew within seconds and tells everything.
 * - On-link routes of the relay's own addresses are the kernel's, whose mirror tells of them sooner; zebra's are
 *   ignored.
 */
#ifndef TS_CTL_FPM_H
#define TS_CTL_FPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/iface.h"
#include "control/nexthop.h"
#include "control/rib.h"
#include "lib/config.h"

struct ts_fpm_conf {
	struct ts_cfg_addr address; /* to listen on */
	uint16_t port;		    /* host order; 0 = any, for tests */
	uint32_t stale_s;
	uint32_t table; /* routes of other tables are ignored */
	/* May be NULL; as the mirror's (control/mirror.h). */
	bool (*is_tunnel)(void *arg, const uint8_t prefix[16], uint8_t len);
	void *arg;
};

struct ts_fpm;

/* Listens in the calling thread's network namespace. NULL and a message in `err` on failure. */
struct ts_fpm *ts_fpm_create(const struct ts_fpm_conf *conf, const struct ts_ifaces *ifaces,
	struct ts_nexthops *nexthops, struct ts_rib *rib, char *err, size_t err_len);
void ts_fpm_free(struct ts_fpm *f);

/* One file descriptor to wait for. */
int ts_fpm_fd(const struct ts_fpm *f);
/* Read some of what is there, run what is due; never blocks. Returns the milliseconds until it wants to be called
 * again, -1 = none. */
int ts_fpm_poll(struct ts_fpm *f);
/* Have everything sent again, because what is taken has changed. */
void ts_fpm_compare(struct ts_fpm *f);
/* Is what zebra has to tell after our start told, as far as one can know: it was quiet after a beginning, or there is
 * no zebra? */
bool ts_fpm_settled(const struct ts_fpm *f);

struct ts_fpm_stats {
	bool connected;
	uint64_t since_ms; /* in this state */
	uint64_t connections, messages, bytes, parse_errors;
	uint64_t foreign;   /* routes that no twin leads to; ignored */
	uint64_t in_tunnel; /* refused because they lie in a tunnel's prefix */
	uint64_t swept;	    /* routes that were not told of again */
	size_t routes, next_hop_objects;
	bool refused;	  /* a route had no room */
	int64_t stale_ms; /* what is stale goes in so many; -1: nothing is */
	uint16_t port;
};
void ts_fpm_stats(const struct ts_fpm *f, struct ts_fpm_stats *out);

#endif
