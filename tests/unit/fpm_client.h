/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands for FRR's zebra in the tests of FPM: netlink messages as zebra makes them, in FPM messages.
 */
#ifndef TS_TEST_FPM_CLIENT_H
#define TS_TEST_FPM_CLIENT_H

#include <arpa/inet.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "control/fpm_stream.h"

#define ZEBRA_BGP 186 /* RTPROT_BGP */

/* Bytes on their way: FPM messages one after the other. */
struct fpm_bytes {
	uint8_t data[1 << 21];
	size_t len;
	size_t frame; /* where the FPM message that is being made began */
};

static inline void
fpm_begin(struct fpm_bytes *b)
{
	b->frame = b->len;
	b->len += FPM_HEADER_LEN;
}

static inline void
fpm_end(struct fpm_bytes *b)
{
	size_t len = b->len - b->frame;

	b->data[b->frame] = FPM_VERSION;
	b->data[b->frame + 1] = FPM_TYPE_NETLINK;
	b->data[b->frame + 2] = (uint8_t)(len >> 8);
	b->data[b->frame + 3] = (uint8_t)len;
}

static inline struct nlmsghdr *
fpm_nlmsg(struct fpm_bytes *b, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(b->data + b->len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	return nlh;
}

static inline void
fpm_nlmsg_done(struct fpm_bytes *b, const struct nlmsghdr *nlh)
{
	b->len += NLMSG_ALIGN(nlh->nlmsg_len);
}

static inline void
fpm_put_addr(struct nlmsghdr *nlh, uint16_t attr, const char *text)
{
	uint8_t addr[16];
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	inet_pton(family, text, addr);
	mnl_attr_put(nlh, attr, family == AF_INET ? 4 : 16, addr);
}

struct fpm_route {
	const char *prefix; /* "192.0.2.0/24" */
	const char *via;
	uint32_t oif, nh_id, metric, table; /* table 0: main */
	uint8_t type, protocol;		    /* 0: unicast, BGP */
};

static inline struct nlmsghdr *
fpm_route_head(struct fpm_bytes *b, uint16_t type, const struct fpm_route *r)
{
	struct nlmsghdr *nlh = fpm_nlmsg(b, type);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	char text[64];
	unsigned len;

	sscanf(r->prefix, "%63[^/]/%u", text, &len);
	rtm->rtm_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (uint8_t)len;
	rtm->rtm_table = r->table != 0 ? (uint8_t)r->table : RT_TABLE_MAIN;
	rtm->rtm_protocol = r->protocol != 0 ? r->protocol : ZEBRA_BGP;
	if (type == RTM_NEWROUTE)
		rtm->rtm_type = r->type != 0 ? r->type : RTN_UNICAST;
	fpm_put_addr(nlh, RTA_DST, text);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, r->metric);
	return nlh;
}

static inline void
fpm_put_route(struct fpm_bytes *b, const struct fpm_route *r)
{
	struct nlmsghdr *nlh = fpm_route_head(b, RTM_NEWROUTE, r);

	if (r->nh_id != 0)
		mnl_attr_put_u32(nlh, RTA_NH_ID, r->nh_id);
	if (r->via != NULL)
		fpm_put_addr(nlh, RTA_GATEWAY, r->via);
	if (r->oif != 0)
		mnl_attr_put_u32(nlh, RTA_OIF, r->oif);
	fpm_nlmsg_done(b, nlh);
}

/* Zebra names the prefix and the metric of the route that follows, if one does. */
static inline void
fpm_put_delete(struct fpm_bytes *b, const char *prefix, uint32_t metric)
{
	struct fpm_route r = {.prefix = prefix, .metric = metric};

	fpm_nlmsg_done(b, fpm_route_head(b, RTM_DELROUTE, &r));
}

static inline struct nlmsghdr *
fpm_object_head(struct fpm_bytes *b, uint16_t type, uint8_t family, uint32_t id)
{
	struct nlmsghdr *nlh = fpm_nlmsg(b, type);
	struct nhmsg *nhm = mnl_nlmsg_put_extra_header(nlh, sizeof(*nhm));

	nhm->nh_family = family;
	nhm->nh_protocol = 11;
	mnl_attr_put_u32(nlh, NHA_ID, id);
	return nlh;
}

static inline void
fpm_put_object(struct fpm_bytes *b, uint32_t id, const char *via, uint32_t oif)
{
	uint8_t family = via != NULL && strchr(via, ':') != NULL ? AF_INET6 : AF_INET;
	struct nlmsghdr *nlh = fpm_object_head(b, RTM_NEWNEXTHOP, family, id);

	if (via != NULL)
		fpm_put_addr(nlh, NHA_GATEWAY, via);
	mnl_attr_put_u32(nlh, NHA_OIF, oif);
	fpm_nlmsg_done(b, nlh);
}

/* weight: as netlink has it, one less than meant. */
static inline void
fpm_put_group(struct fpm_bytes *b, uint32_t id, const struct nexthop_grp *members, unsigned n)
{
	struct nlmsghdr *nlh = fpm_object_head(b, RTM_NEWNEXTHOP, AF_UNSPEC, id);

	mnl_attr_put(nlh, NHA_GROUP, n * sizeof(*members), members);
	fpm_nlmsg_done(b, nlh);
}

static inline void
fpm_put_object_gone(struct fpm_bytes *b, uint32_t id)
{
	fpm_nlmsg_done(b, fpm_object_head(b, RTM_DELNEXTHOP, AF_UNSPEC, id));
}

/* One netlink message in one FPM message, as zebra sends most. */
#define FPM_ONE(b, put)       \
	do {                  \
		fpm_begin(b); \
		put;          \
		fpm_end(b);   \
	} while (0)

#endif
