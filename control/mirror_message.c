/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message of either socket: parsed, and given to the file that knows what to do with it. What the parser does not
 * take is counted; of what concerns no interface of ours nothing is said.
 */
#include "clock.h"
#include "mirror_priv.h"

static bool
is_wanted(const struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	return !m->conf.on_link_only || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
		rtm->rtm_protocol == RTPROT_KERNEL;
}

static void
route_message(struct ts_mirror *m, const struct nlmsghdr *nlh, bool dump)
{
	struct kernel_route r;

	if (!is_wanted(m, nlh))
		return;

	int ret = mirror_parse_route(nlh, m->ifaces, m->conf.table, &r);

	m->stats.parse_errors += ret < 0;
	if (ret <= 0)
		return;
	m->last_route_ms = ts_now_ms();
	if (nlh->nlmsg_type == RTM_NEWROUTE)
		mirror_route_new(m, &r, dump);
	else
		mirror_route_del(m, &r);
}

static void
nhobj_message(struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	struct nhobj o;
	int ret = mirror_parse_nhobj(nlh, m->ifaces, &o);

	m->stats.parse_errors += ret < 0;
	if (ret <= 0)
		return;
	if (nlh->nlmsg_type == RTM_NEWNEXTHOP) {
		feed_nhobj_new(&m->feed, &o);
	} else {
		feed_nhobj_del(&m->feed, o.id);
		mirror_want_compare(m); /* also when a dump runs that may be older and bring it back */
	}
}

static void
neigh_message(struct ts_mirror *m, const struct nlmsghdr *nlh, bool dump)
{
	struct kernel_neigh n;
	int ret = mirror_parse_neigh(nlh, m->ifaces, &n);

	m->stats.parse_errors += ret < 0;
	if (ret > 0)
		mirror_neigh(m, &n, dump, nlh->nlmsg_type == RTM_DELNEIGH);
}

static void
addr_message(struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	struct ts_host_addr a;
	int ret = mirror_parse_addr(nlh, m->ifaces, &a);

	m->stats.parse_errors += ret < 0;
	if (ret <= 0)
		return;
	mirror_addr(m, &a, nlh->nlmsg_type == RTM_DELADDR);
	/* The dump that runs may be older and bring it back. */
	if (nlh->nlmsg_type == RTM_DELADDR && mirror_dumping(m))
		m->dump_again = true;
}

static void
link_message(struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	unsigned iface;
	bool up;
	int ret = mirror_parse_link(nlh, m->ifaces, &iface, &up);

	m->stats.parse_errors += ret < 0;
	if (ret > 0)
		mirror_link(m, iface, up);
}

void
mirror_message(struct ts_mirror *m, const struct nlmsghdr *nlh, bool dump)
{
	m->stats.messages++;
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		route_message(m, nlh, dump);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		nhobj_message(m, nlh);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		neigh_message(m, nlh, dump);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		addr_message(m, nlh);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(m, nlh);
		break;
	default:
		break;
	}
}
