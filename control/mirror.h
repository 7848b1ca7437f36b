/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mirror of the kernel: routes of one table, addresses and neighbours of the twins, in the relay's namespace, by
 * rtnetlink (libmnl).
 *
 * Notifications are opened before the dump; a dump marks what it sees with a new generation and sweeps the rest. A
 * socket overrun (ENOBUFS) leads to a resync during which forwarding goes on with the old routes. The kernel drops some
 * routes without a word (decisions.md 3): link, address and next-hop messages purge by interface and start a comparison
 * with a dump. A deletion takes effect when its batch closes and is cancelled by an addition of the same prefix
 * (decisions.md 4).
 */
#ifndef TS_CTL_MIRROR_H
#define TS_CTL_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/iface.h"
#include "control/nexthop.h"
#include "control/rib.h"
#include "lib/config.h"

/* Local addresses of the namespace, lo included; called with the whole set whenever it changed. */
struct ts_host_addr {
	uint8_t family;
	uint8_t prefix_len;
	uint8_t addr[16];
	int ifindex;
	int iface; /* index of the interface, -1 for others (lo, ...) */
};

struct ts_mirror_conf {
	uint32_t table;
	/* Only the on-link routes that the kernel makes of its own addresses: the others come from elsewhere. */
	bool on_link_only;
	uint32_t delete_hold_ms, delete_hold_max_ms, resync_s;
	void (*on_addresses)(void *arg, const struct ts_host_addr *addrs, unsigned n);
	/* May be NULL. Is this IPv6 prefix (part of) a tunnel's own? Such routes are not taken from the kernel. */
	bool (*is_tunnel)(void *arg, const uint8_t prefix[16], uint8_t len);
	void *arg;
};

struct ts_mirror;

/* Opens its sockets in the calling thread's network namespace. NULL and a message in `err` on failure. */
struct ts_mirror *ts_mirror_create(const struct ts_mirror_conf *conf, const struct ts_ifaces *ifaces,
	struct ts_nexthops *nexthops, struct ts_rib *rib, char *err, size_t err_len);
void ts_mirror_free(struct ts_mirror *m);

/* File descriptors to wait for (at most 2); *n is set. */
void ts_mirror_fds(const struct ts_mirror *m, int fds[2], unsigned *n);
/* Read what is there, run what is due; never blocks. Returns the milliseconds until it wants to be called again, -1 =
 * none. */
int ts_mirror_poll(struct ts_mirror *m);
/* Other times of the configuration from now on. */
void ts_mirror_set_times(struct ts_mirror *m, uint32_t delete_hold_ms, uint32_t delete_hold_max_ms, uint32_t resync_s);
/* Compare with a dump soon, because what is taken from the kernel has changed. */
void ts_mirror_compare(struct ts_mirror *m);
/* Has the first dump of everything been read? */
bool ts_mirror_synced(const struct ts_mirror *m);

/* Ask the kernel to resolve a neighbour (RTM_NEWNEIGH, NTF_USE); `managed`: and to keep it so (NTF_EXT_MANAGED). */
void ts_mirror_resolve(struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16], bool managed);

/* What happened to the MAC address of a neighbour that is there, or that routes go by (O17). */
struct ts_mirror_alarms {
	uint32_t mac_changes, false_claims;
};
struct ts_mirror_alarms ts_mirror_alarms(
	const struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16]);

struct ts_mirror_stats {
	uint64_t in_tunnel; /* routes refused because they lie in a tunnel's prefix */
	uint64_t messages, overruns, resyncs, silent_losses, cancelled_deletes, parse_errors;
	uint64_t foreign;	 /* routes that no twin leads to; ignored */
	uint64_t mac_changes;	 /* of neighbours (O17) */
	uint64_t false_claims;	 /* of a neighbour's address, while the neighbour was still there (O17) */
	uint64_t last_change_ms; /* CLOCK_MONOTONIC of the last change of a route */
	bool refused;		 /* a route had no room, and is missing */
};
void ts_mirror_stats(const struct ts_mirror *m, struct ts_mirror_stats *out);

#endif
