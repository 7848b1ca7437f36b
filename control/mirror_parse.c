/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rtnetlink messages to structs. Nothing here keeps state, so that it can be fuzzed alone. Lengths are checked before
 * anything is read: the kernel is trusted, but not to be of the version that we know.
 */
#include "mirror_priv.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <string.h>

#define MAX_ATTRS 64

struct attrs {
	const struct nlattr *at[MAX_ATTRS];
};

static int
collect(const struct nlattr *attr, void *arg)
{
	struct attrs *a = arg;

	if (mnl_attr_get_type(attr) < MAX_ATTRS)
		a->at[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static bool
get_u32(const struct attrs *a, unsigned type, uint32_t *out)
{
	if (a->at[type] == NULL || mnl_attr_get_payload_len(a->at[type]) < sizeof(*out))
		return false;
	memcpy(out, mnl_attr_get_payload(a->at[type]), sizeof(*out));
	return true;
}

static size_t
addr_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static bool
get_addr(const struct nlattr *attr, uint8_t family, uint8_t out[16])
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) < addr_size(family))
		return false;
	memset(out, 0, 16);
	memcpy(out, mnl_attr_get_payload(attr), addr_size(family));
	return true;
}

static bool
is_ip(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

/* RTA_VIA: a gateway of another family (RFC 8950). */
static bool
get_via(const struct nlattr *attr, struct ts_path *path)
{
	struct rtvia via;
	size_t len = mnl_attr_get_payload_len(attr);
	const uint8_t *data = mnl_attr_get_payload(attr);

	if (len < sizeof(via))
		return false;
	memcpy(&via, data, sizeof(via));
	if (!is_ip((uint8_t)via.rtvia_family) || len < sizeof(via) + addr_size((uint8_t)via.rtvia_family))
		return false;
	path->family = (uint8_t)via.rtvia_family;
	memcpy(path->addr, data + sizeof(via), addr_size(path->family));
	return true;
}

struct hop {
	int ifindex;
	unsigned flags, weight;
	const struct nlattr *gateway, *via, *encap;
};

static void
add_path(struct route_target *t, const struct ts_path *path)
{
	if (path->family == 0) {
		t->has_glean = true;
		t->glean_iface = path->iface;
	} else if (t->n_paths < TS_PATHS_MAX) {
		t->paths[t->n_paths++] = *path;
	}
}

/* A hop over a device that has no twin, over a dead link, or with an encapsulation is none of ours. */
static int
add_hop(struct route_target *t, const struct ts_ifaces *ifaces, uint8_t family, const struct hop *h)
{
	int iface = ts_iface_by_ifindex(ifaces, h->ifindex);
	struct ts_path path = {.weight = (uint8_t)(h->weight > 255 ? 255 : h->weight)};

	if (iface < 0 || (h->flags & RTNH_F_DEAD) != 0 || h->encap != NULL)
		return 0;
	path.iface = (uint16_t)iface;
	if (h->via != NULL) {
		if (!get_via(h->via, &path))
			return -1;
	} else if (h->gateway != NULL) {
		if (!get_addr(h->gateway, family, path.addr))
			return -1;
		path.family = family;
	}
	add_path(t, &path);
	return 0;
}

void
mirror_target_finish(struct route_target *t)
{
	if (t->kind != TS_NH_NONE)
		return;
	if (t->n_paths > 0)
		t->kind = TS_NH_ADJACENCY;
	else if (t->has_glean)
		t->kind = TS_NH_GLEAN;
}

void
mirror_target_add(struct route_target *t, const struct route_target *from, uint8_t weight)
{
	for (unsigned i = 0; i < from->n_paths; i++) {
		struct ts_path path = from->paths[i];

		path.weight = weight;
		add_path(t, &path);
	}
	if (from->has_glean) {
		t->has_glean = true;
		t->glean_iface = from->glean_iface;
	}
}

static int
parse_multipath(const struct nlattr *attr, const struct ts_ifaces *ifaces, uint8_t family, struct route_target *t)
{
	const uint8_t *at = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);
	struct rtnexthop nh;

	while (left >= sizeof(nh)) {
		struct attrs a = {0};

		memcpy(&nh, at, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left ||
			mnl_attr_parse_payload(at + sizeof(nh), nh.rtnh_len - sizeof(nh), collect, &a) < 0)
			return -1;

		struct hop h = {
			.ifindex = nh.rtnh_ifindex,
			.flags = nh.rtnh_flags,
			.weight = nh.rtnh_hops + 1u,
			.gateway = a.at[RTA_GATEWAY],
			.via = a.at[RTA_VIA],
			.encap = a.at[RTA_ENCAP_TYPE],
		};

		if (add_hop(t, ifaces, family, &h) < 0)
			return -1;

		size_t step = RTNH_ALIGN(nh.rtnh_len);

		if (step >= left)
			break;
		at += step;
		left -= step;
	}
	return 0;
}

static bool
kind_of_type(uint8_t type, enum ts_nh_kind *kind)
{
	switch (type) {
	case RTN_UNICAST:
		*kind = TS_NH_NONE; /* until its paths are known */
		return true;
	case RTN_BLACKHOLE:
		*kind = TS_NH_BLACKHOLE;
		return true;
	case RTN_UNREACHABLE:
		*kind = TS_NH_UNREACHABLE;
		return true;
	case RTN_PROHIBIT:
		*kind = TS_NH_PROHIBIT;
		return true;
	default:
		return false;
	}
}

/* Own routes say what becomes of these, and no routing daemon has a say in it. */
static bool
is_link_local_or_multicast(uint8_t family, const uint8_t *p, uint8_t len)
{
	if (family == AF_INET)
		return len >= 4 && p[0] >= 224 && p[0] < 240;
	return (len >= 8 && p[0] == 0xff) || (len >= 10 && p[0] == 0xfe && (p[1] & 0xc0) == 0x80);
}

static int
parse_target(const struct attrs *a, const struct rtmsg *rtm, const struct ts_ifaces *ifaces, struct kernel_route *out)
{
	uint32_t ifindex = 0;
	int ret;

	if (!kind_of_type(rtm->rtm_type, &out->target.kind))
		return 0;
	if (out->target.kind != TS_NH_NONE)
		return 1;
	if (a->at[RTA_MULTIPATH] != NULL) {
		out->multipath = true;
		ret = parse_multipath(a->at[RTA_MULTIPATH], ifaces, rtm->rtm_family, &out->target);
	} else {
		get_u32(a, RTA_OIF, &ifindex);

		struct hop h = {
			(int)ifindex, rtm->rtm_flags, 1, a->at[RTA_GATEWAY], a->at[RTA_VIA], a->at[RTA_ENCAP_TYPE]};

		ret = add_hop(&out->target, ifaces, rtm->rtm_family, &h);
	}
	mirror_target_finish(&out->target);
	return ret < 0 ? -1 : 1;
}

int
mirror_parse_route(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, uint32_t table, struct kernel_route *out)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct attrs a = {0};
	uint32_t in_table;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return -1;
	if (!is_ip(rtm->rtm_family) || (rtm->rtm_flags & RTM_F_CLONED) != 0 || rtm->rtm_tos != 0 ||
		rtm->rtm_src_len != 0)
		return 0;
	if (mnl_attr_parse(nlh, sizeof(*rtm), collect, &a) < 0 || rtm->rtm_dst_len > 8 * addr_size(rtm->rtm_family))
		return -1;
	in_table = rtm->rtm_table;
	get_u32(&a, RTA_TABLE, &in_table);
	if (in_table != table)
		return 0;

	memset(out, 0, sizeof(*out));
	out->key.family = rtm->rtm_family;
	out->key.len = rtm->rtm_dst_len;
	if (rtm->rtm_dst_len > 0 && !get_addr(a.at[RTA_DST], rtm->rtm_family, out->key.prefix))
		return -1;
	if (is_link_local_or_multicast(rtm->rtm_family, out->key.prefix, out->key.len))
		return 0;
	get_u32(&a, RTA_PRIORITY, &out->key.metric);
	get_u32(&a, RTA_NH_ID, &out->nh_id);
	out->protocol = rtm->rtm_protocol;
	out->append = (nlh->nlmsg_flags & NLM_F_APPEND) != 0;
	/* FRR's zebra names nothing but the prefix when it takes a route away. */
	if (nlh->nlmsg_type == RTM_DELROUTE && rtm->rtm_type == RTN_UNSPEC)
		return 1;
	return parse_target(&a, rtm, ifaces, out);
}

static int
parse_group(const struct nlattr *attr, struct nhobj *out)
{
	const uint8_t *at = mnl_attr_get_payload(attr);
	size_t n = mnl_attr_get_payload_len(attr) / sizeof(struct nexthop_grp);

	for (size_t i = 0; i < n && i < TS_PATHS_MAX; i++) {
		struct nexthop_grp g;

		memcpy(&g, at + i * sizeof(g), sizeof(g));
		out->members[i].id = g.id;
		out->members[i].weight = (uint8_t)(g.weight == 255 ? 255 : g.weight + 1);
		out->n_members++;
	}
	return out->n_members > 0 ? 1 : -1;
}

int
mirror_parse_nhobj(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct nhobj *out)
{
	const struct nhmsg *nhm = mnl_nlmsg_get_payload(nlh);
	struct attrs a = {0};
	uint32_t ifindex = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nhm) || mnl_attr_parse(nlh, sizeof(*nhm), collect, &a) < 0)
		return -1;
	memset(out, 0, sizeof(*out));
	if (!get_u32(&a, NHA_ID, &out->id))
		return -1;
	if (a.at[NHA_FDB] != NULL)
		return 0;
	if (a.at[NHA_GROUP] != NULL)
		return parse_group(a.at[NHA_GROUP], out);
	if (a.at[NHA_BLACKHOLE] != NULL) {
		out->target.kind = TS_NH_BLACKHOLE;
		return 1;
	}
	get_u32(&a, NHA_OIF, &ifindex);

	struct hop h = {(int)ifindex, nhm->nh_flags, 1, a.at[NHA_GATEWAY], NULL, a.at[NHA_ENCAP_TYPE]};

	if (add_hop(&out->target, ifaces, nhm->nh_family, &h) < 0)
		return -1;
	mirror_target_finish(&out->target);
	return 1;
}

#define NUD_RESOLVED (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

/* A group MAC address is no neighbour's: NOARP entries of broadcast and multicast, or somebody's bad joke. */
int
mirror_parse_neigh(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct kernel_neigh *out)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct attrs a = {0};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm))
		return -1;

	int iface = ts_iface_by_ifindex(ifaces, ndm->ndm_ifindex);

	if (!is_ip(ndm->ndm_family) || iface < 0 || (ndm->ndm_flags & NTF_PROXY) != 0)
		return 0;
	memset(out, 0, sizeof(*out));
	if (mnl_attr_parse(nlh, sizeof(*ndm), collect, &a) < 0 ||
		!get_addr(a.at[NDA_DST], ndm->ndm_family, out->key.addr))
		return -1;
	out->key.iface = (uint16_t)iface;
	out->key.family = ndm->ndm_family;
	if (a.at[NDA_LLADDR] == NULL || mnl_attr_get_payload_len(a.at[NDA_LLADDR]) != sizeof(out->mac))
		return 1;
	memcpy(out->mac, mnl_attr_get_payload(a.at[NDA_LLADDR]), sizeof(out->mac));
	out->resolved = (ndm->ndm_state & NUD_RESOLVED) != 0 && (out->mac[0] & 1) == 0;
	out->confirmed = (ndm->ndm_state & NUD_REACHABLE) != 0;
	out->fixed = (ndm->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
	return 1;
}

/* Tentative addresses are not assigned yet (RFC 4862 section 5.4); the kernel tells again when they are. */
int
mirror_parse_addr(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, struct ts_host_addr *out)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct attrs a = {0};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return -1;
	if (!is_ip(ifa->ifa_family))
		return 0;
	if (mnl_attr_parse(nlh, sizeof(*ifa), collect, &a) < 0)
		return -1;

	uint32_t flags = ifa->ifa_flags;

	get_u32(&a, IFA_FLAGS, &flags);
	if (nlh->nlmsg_type == RTM_NEWADDR &&
		((flags & IFA_F_DADFAILED) != 0 || (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) == IFA_F_TENTATIVE))
		return 0;
	memset(out, 0, sizeof(*out));
	if (!get_addr(a.at[IFA_LOCAL] != NULL ? a.at[IFA_LOCAL] : a.at[IFA_ADDRESS], ifa->ifa_family, out->addr))
		return -1;
	out->family = ifa->ifa_family;
	out->prefix_len = ifa->ifa_prefixlen;
	out->ifindex = (int)ifa->ifa_index;
	out->iface = ts_iface_by_ifindex(ifaces, out->ifindex);
	return 1;
}

int
mirror_parse_link(const struct nlmsghdr *nlh, const struct ts_ifaces *ifaces, unsigned *iface, bool *up)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return -1;

	int index = ts_iface_by_ifindex(ifaces, ifi->ifi_index);

	if (index < 0 || (ifi->ifi_family != AF_UNSPEC))
		return 0;
	*iface = (unsigned)index;
	*up = nlh->nlmsg_type == RTM_NEWLINK && (ifi->ifi_flags & IFF_UP) != 0;
	return 1;
}
