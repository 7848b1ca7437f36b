/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A feed: routes and next-hop objects that somebody tells of by rtnetlink messages, on their way into the RIB. The
 * kernel's mirror is one, FRR's zebra by FPM another; they differ in who tells and in what can be asked again.
 *
 * A route that came with the id of a next-hop object is linked to that object, so that a changed object costs as much
 * as it has routes, and nothing has to be asked for. An object that was named and not told of yet is there all the
 * same, not `known`.
 */
#ifndef TS_CTL_MIRROR_FEED_H
#define TS_CTL_MIRROR_FEED_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <uthash.h>

#include "paths.h"
#include "rib.h"

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
	uint32_t nh_id;	  /* of a next-hop object, 0 = none */
	uint8_t protocol; /* RTPROT_* */
	bool append;	  /* NLM_F_APPEND */
	bool multipath;	  /* came with all its members */
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
	bool known;
	bool changed;
	unsigned n_members; /* > 0: a group */
	struct nhobj_member members[TS_PATHS_MAX];
	unsigned n_groups; /* memberships of this one */
	struct route_target target;
	struct nhobj_route *routes;
	struct nhobj *next_changed;
	UT_hash_handle hh;
};

/* A route that came with a next-hop object's id. */
struct nhobj_route {
	struct route_key key;
	struct nhobj *obj;
	struct nhobj_route *prev, *next; /* of the same object */
	UT_hash_handle hh;
};

struct feed_stats {
	uint64_t in_tunnel; /* routes refused because they lie in a tunnel's prefix */
	uint64_t silent_losses;
	uint64_t foreign;	 /* routes that no twin leads to; ignored */
	uint64_t last_change_ms; /* CLOCK_MONOTONIC of the last change of a route */
};

struct route_feed {
	const struct ts_ifaces *ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	enum ts_origin origin;
	/* The kernel takes routes away with their object, and says nothing; FRR takes each away by itself. */
	bool objects_take_routes;
	/* May be NULL. Is this IPv6 prefix (part of) a tunnel's own? */
	bool (*is_tunnel)(void *arg, const uint8_t prefix[16], uint8_t len);
	void *arg;

	uint32_t gen;
	bool refused;	      /* a route had no room: it is missing until all of them are told again */
	bool freed;	      /* a route went since then, so there may be room again */
	bool unclear;	      /* only a comparison with everything can tell */
	bool on_link_changed; /* neighbours' routes may come or go */
	size_t n_routes;      /* in the RIB */
	struct feed_stats stats;

	struct nhobj *nhobjs;
	struct nhobj *changed;
	struct nhobj_route *nhobj_routes;
	struct nhobj *dead_nhobjs;
	struct nhobj_route *dead_routes;
};

/* mirror_parse.c: 1, 0 when the message does not concern us, -1 when it makes no sense. */
int mirror_parse_route(
	const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, uint32_t table, struct kernel_route *out);
int mirror_parse_nhobj(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct nhobj *out);
void mirror_target_add(struct route_target *t, const struct route_target *from, uint8_t weight);
void mirror_target_finish(struct route_target *t);

/* mirror_feed.c */
bool feed_route_find(const struct route_feed *f, const struct route_key *key, struct ts_route_info *info);
void feed_route_set(struct route_feed *f, const struct route_key *key, const struct route_target *t);
void feed_route_remove(struct route_feed *f, const struct route_key *key);
/* Removes the routes that have not been told of in this generation, in steps over about `n` prefixes each, begun with
 * zeroes. False when it has ended. */
struct feed_sweep {
	unsigned family, swept;
	struct ts_rib_cursor at;
};
bool feed_sweep_step(struct route_feed *f, struct feed_sweep *s, unsigned n);
/* The target of the route, that of its object if it has one, which it is then linked to. False: of that object nothing
 * is known yet, and `target` is what the route itself says. */
bool feed_route_resolve(struct route_feed *f, const struct kernel_route *r, struct route_target *target);

/* mirror_nhobj.c */
void feed_nhobj_new(struct route_feed *f, const struct nhobj *new);
void feed_nhobj_del(struct route_feed *f, uint32_t id);
void feed_nhobjs_purge_iface(struct route_feed *f, uint16_t iface);
/* Forget the objects that have not been told of in this generation. */
void feed_nhobjs_sweep(struct route_feed *f);
/* Forget all, and which routes came with which; the routes stay as they are. Memory is given back by bury(), so many at
 * a time; true while there is more. */
void feed_nhobjs_forget(struct route_feed *f);
bool feed_nhobjs_bury(struct route_feed *f, unsigned max);
bool feed_nhobj_resolve(const struct route_feed *f, uint32_t id, struct route_target *out);
void feed_nhobj_link(struct route_feed *f, const struct route_key *key, uint32_t nh_id); /* 0 = unlink */
void feed_nhobjs_work(struct route_feed *f);						 /* routes of changed objects */
void feed_nhobjs_free(struct route_feed *f);

#endif
