/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the mirror's files: mirror.c (sockets, timers), mirror_dump.c (asking for everything, mark and sweep),
 * mirror_parse.c (messages to structs, without state), mirror_route.c (routes and held deletions), mirror_nhobj.c
 * (next-hop objects), mirror_link.c (links and addresses), mirror_neigh.c (neighbours both ways).
 *
 * Two sockets: one only hears notifications, the other asks and hears the answers. What orders them is the generation.
 * It is incremented when a dump begins, and whatever a notification touches gets the new one. So if a dump tells of
 * something that has the new generation already, the notification is as new or newer, or another one is still to be
 * read: the dump's word is dropped.
 */
#ifndef TS_CTL_MIRROR_PRIV_H
#define TS_CTL_MIRROR_PRIV_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <uthash.h>

#include "mirror.h"
#include "paths.h"

/* Hashed as bytes. */
struct route_key {
	uint8_t prefix[16];
	uint32_t metric;
	uint8_t family, len;
	uint16_t zero;
};
_Static_assert(sizeof(struct route_key) == 24, "no padding in a hash key");

/* Where a route leads, in our terms. NONE: nowhere that concerns us (another device, a dead link, an encapsulation). */
struct route_target {
	enum ts_nh_kind kind; /* NONE, BLACKHOLE, UNREACHABLE, PROHIBIT, GLEAN, ADJACENCY */
	uint16_t glean_iface;
	bool has_glean;
	unsigned n_paths;
	struct ts_path paths[TS_PATHS_MAX];
};

struct kernel_route {
	struct route_key key;
	uint32_t nh_id; /* of a next-hop object, 0 = none */
	bool append;	/* NLM_F_APPEND */
	bool multipath; /* came with all its members */
	struct route_target target;
};

struct nhobj_member {
	uint32_t id;
	uint8_t weight;
};

/* A next-hop object: a target of its own or a group. */
struct nhobj {
	uint32_t id;
	uint32_t gen;
	bool changed;
	unsigned n_members; /* > 0: a group */
	struct nhobj_member members[TS_PATHS_MAX];
	struct route_target target;
	UT_hash_handle hh;
};

/* A route that came with a next-hop object's id. */
struct nhobj_route {
	struct route_key key;
	uint32_t nh_id;
	UT_hash_handle hh;
};

/* A deletion: held until the batch closes, then (`done`) kept while a dump runs that may not know of it. */
struct held_delete {
	struct route_key key;
	uint32_t gen;
	bool done;
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
	bool gone; /* kept until the dump that runs has ended */
	UT_hash_handle hh;
};

struct kernel_neigh {
	struct known_neigh_key key;
	bool resolved;
	uint8_t mac[6];
};

enum dump_step {
	DUMP_LINKS,
	DUMP_ADDRS,
	DUMP_NEXTHOPS,
	DUMP_ROUTES4,
	DUMP_ROUTES6,
	DUMP_NEIGHS,
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
	uint32_t gen;
	bool synced;
	bool refused; /* a route had no room: compare when there is some again */

	enum dump_step step;
	bool step_sent, step_failed;
	bool dump_again; /* what is being read is not whole */
	uint32_t seq, step_seq;
	uint64_t dump_began_ms, dump_ended_ms;
	uint64_t compare_ms; /* a dump is wanted then; 0 = not */

	struct held_delete *held;
	unsigned n_held; /* not done */
	uint64_t first_held_ms, last_route_ms;
	bool appended; /* IPv4 routes hide behind equal ones */

	struct nhobj *nhobjs;
	struct nhobj_route *nhobj_routes;
	bool nhobjs_changed;

	struct known_addr *addrs;
	unsigned n_addrs, max_addrs;
	bool addrs_changed;
	bool up[TS_MAX_INTERFACES];

	struct known_neigh *neighs;
	bool on_link_changed; /* neighbours' routes may come or go */
	bool managed_refused; /* the kernel does not know NTF_EXT_MANAGED */
	uint64_t retry_ms;    /* gateways are asked for again */
};

uint64_t mirror_now_ms(void);
/* A message of either socket; `dump`: an answer to a question. */
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

/* mirror_parse.c: 1, 0 when the message does not concern us, -1 when it makes no sense. */
int mirror_parse_route(
	const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, uint32_t table, struct kernel_route *out);
int mirror_parse_nhobj(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct nhobj *out);
int mirror_parse_neigh(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct kernel_neigh *out);
int mirror_parse_addr(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct ts_host_addr *out);
int mirror_parse_link(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, unsigned *iface, bool *up);
void mirror_target_add(struct route_target *t, const struct route_target *from, uint8_t weight);
void mirror_target_finish(struct route_target *t);

/* mirror_route.c */
void mirror_route_new(struct ts_mirror *m, const struct kernel_route *r, bool dump);
void mirror_route_del(struct ts_mirror *m, const struct kernel_route *r);
void mirror_route_set(struct ts_mirror *m, const struct route_key *key, const struct route_target *t);
void mirror_route_remove(struct ts_mirror *m, const struct route_key *key);
void mirror_routes_purge_iface(struct ts_mirror *m, uint8_t family, uint16_t iface);
void mirror_held_flush(struct ts_mirror *m);
void mirror_held_forget(struct ts_mirror *m); /* those that are done */
int mirror_held_timeout(const struct ts_mirror *m, uint64_t now);
void mirror_routes_free(struct ts_mirror *m);

/* mirror_nhobj.c */
void mirror_nhobj_new(struct ts_mirror *m, const struct nhobj *new);
void mirror_nhobj_del(struct ts_mirror *m, uint32_t id);
void mirror_nhobjs_purge_iface(struct ts_mirror *m, uint16_t iface);
void mirror_nhobjs_sweep(struct ts_mirror *m);
bool mirror_nhobj_resolve(const struct ts_mirror *m, uint32_t id, struct route_target *out);
void mirror_nhobj_link(struct ts_mirror *m, const struct route_key *key, uint32_t nh_id); /* 0 = unlink */
void mirror_nhobjs_work(struct ts_mirror *m); /* routes of changed objects */
void mirror_nhobjs_free(struct ts_mirror *m);

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
void mirror_neigh_refused(struct ts_mirror *m, uint32_t seq, int error);
void mirror_gateways_retry(struct ts_mirror *m);

#endif
