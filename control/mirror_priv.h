/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the mirror's files: mirror.c (sockets, timers), mirror_message.c (a message to whom it concerns),
 * mirror_dump.c (asking for everything, mark and sweep), mirror_parse.c (messages to structs, without state),
 * mirror_feed.c (routes into the RIB), mirror_route.c (the kernel's ways with routes, held deletions), mirror_nhobj.c
 * (next-hop objects), mirror_link.c (links and addresses), mirror_neigh.c (neighbours both ways), mirror_claim.c (a
 * MAC address that changes).
 *
 * Two sockets: one only hears notifications, the other asks and hears the answers. What orders them is the generation.
 * It is incremented when a dump begins, and whatever a notification touches gets the new one. So if a dump tells of
 * something that has the new generation already, the notification is as new or newer, or another one is still to be
 * read: the dump's word is dropped.
 */
#ifndef TS_CTL_MIRROR_PRIV_H
#define TS_CTL_MIRROR_PRIV_H

#include "lib/token_bucket.h"
#include "mirror.h"
#include "mirror_feed.h"

/* A deletion: held until the batch closes, then (`done`) kept while a dump runs that may not know of it. */
struct held_delete {
	struct route_key key;
	uint32_t gen;
	bool done;
	uint64_t since_ms;
	UT_hash_handle hh;
};

struct known_addr {
	struct ts_host_addr addr;
	uint32_t gen;
};

struct known_neigh_key {
	uint8_t addr[16];
	uint16_t iface;
	uint8_t family, zero;
};

struct known_neigh {
	struct known_neigh_key key;
	uint32_t gen;
	bool gone; /* kept until the dump that runs has ended; a gateway's for its MAC address */
	bool has_mac, fixed;
	uint8_t mac[6], claimed[6]; /* packets go to the former */
	enum { CLAIM_NONE, CLAIM_ASK_OLD, CLAIM_ASK_NEW } claim;
	unsigned asks; /* of the old one */
	uint64_t next_ask_ms;
	uint32_t mac_changes, false_claims;
	UT_hash_handle hh;
};

struct kernel_neigh {
	struct known_neigh_key key;
	bool resolved;
	bool confirmed; /* the kernel calls it reachable */
	bool fixed;	/* by the operator, or there is nothing to ask */
	uint8_t mac[6];
};

/* Neighbours before routes: of a gateway it has to be known whether the operator fixed it. */
enum dump_step {
	DUMP_LINKS,
	DUMP_ADDRS,
	DUMP_NEIGHS,
	DUMP_NEXTHOPS,
	DUMP_ROUTES4,
	DUMP_ROUTES6,
	DUMP_SWEEP, /* everything read; waits for held deletions */
	DUMP_NONE,
};

struct ts_mirror {
	struct ts_mirror_conf conf;
	const struct ts_ifaces *ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct mnl_socket *notify, *ask;
	struct ts_mirror_stats stats;
	struct route_feed feed;
	bool synced;

	enum dump_step step;
	bool step_sent, step_failed;
	bool dump_again; /* what is being read is not whole */
	uint32_t seq, step_seq;
	uint64_t dump_began_ms, dump_ended_ms;
	uint64_t compare_ms; /* a dump is wanted then; 0 = not */

	struct held_delete *held; /* not done, in the order that they came */
	struct held_delete *done;
	uint64_t last_route_ms;
	bool appended; /* IPv4 routes hide behind equal ones */

	struct known_addr *addrs;
	unsigned n_addrs, max_addrs;
	bool addrs_changed;
	bool up[TS_MAX_INTERFACES];

	/* Interfaces whose routes go: a bit each, by family. All routes are looked at for it, some a turn. */
	uint64_t purged[2];
	struct ts_rib_cursor purge_at[2];
	struct feed_sweep sweep;

	struct known_neigh *neighs;
	unsigned n_claims;
	struct ts_token_bucket alarms; /* in milliseconds */
	bool overrun;		       /* notifications were lost */
	bool managed_refused;	       /* the kernel does not know NTF_EXT_MANAGED */
	uint64_t retry_ms;	       /* gateways are asked for again */
};

/* mirror_message.c. Of either socket; `dump`: an answer to a question. */
void mirror_message(struct ts_mirror *m, const struct nlmsghdr *nlh, bool dump);

/* Compare with a dump soon. */
void mirror_want_compare(struct ts_mirror *m);

/* mirror_dump.c */
void mirror_dump_begin(struct ts_mirror *m);
void mirror_dump_ended(struct ts_mirror *m, const struct nlmsghdr *nlh); /* NLMSG_DONE or NLMSG_ERROR */
void mirror_dump_work(struct ts_mirror *m);
static inline bool
mirror_dumping(const struct ts_mirror *m)
{
	return m->step != DUMP_NONE;
}

/* mirror_parse.c, as mirror_parse_route(). */
int mirror_parse_neigh(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct kernel_neigh *out);
int mirror_parse_addr(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct ts_host_addr *out);
int mirror_parse_link(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, unsigned *iface, bool *up);

/* mirror_route.c */
void mirror_route_new(struct ts_mirror *m, const struct kernel_route *r, bool dump);
void mirror_route_del(struct ts_mirror *m, const struct kernel_route *r);

/* mirror_purge.c */
void mirror_routes_purge_iface(struct ts_mirror *m, uint8_t family, uint16_t iface); /* family 0: both */
void mirror_purge_cancel(struct ts_mirror *m, uint16_t iface);
bool mirror_purge_step(struct ts_mirror *m); /* false: nothing left to do */

/* What is due, so much at a time. */
void mirror_held_flush(struct ts_mirror *m);
void mirror_held_forget(struct ts_mirror *m); /* those that are done */
int mirror_held_timeout(const struct ts_mirror *m, uint64_t now);
void mirror_routes_free(struct ts_mirror *m);

/* mirror_link.c */
void mirror_link(struct ts_mirror *m, unsigned iface, bool up);
void mirror_addr(struct ts_mirror *m, const struct ts_host_addr *a, bool gone);
void mirror_addrs_sweep(struct ts_mirror *m);

/* mirror_neigh.c */
void mirror_neigh(struct ts_mirror *m, const struct kernel_neigh *n, bool dump, bool gone);
void mirror_neighs_sweep(struct ts_mirror *m);
void mirror_neighs_free(struct ts_mirror *m);
void mirror_neigh_hook(struct ts_mirror *m);
void mirror_neigh_unhook(struct ts_mirror *m);
bool mirror_is_gateway(const struct ts_mirror *m, const struct known_neigh_key *key);
void mirror_neigh_refused(struct ts_mirror *m, uint32_t seq, int error);
void mirror_gateways_retry(struct ts_mirror *m);

/* mirror_claim.c. mirror_claim(): is what the kernel says of `k` to be taken over now? _work(): when it is due again.
 */
void mirror_claims_init(struct ts_mirror *m);
bool mirror_claim(struct ts_mirror *m, struct known_neigh *k, const struct kernel_neigh *n);
void mirror_claim_forget(struct ts_mirror *m, struct known_neigh *k);
uint64_t mirror_claims_work(struct ts_mirror *m, uint64_t now);

#endif
