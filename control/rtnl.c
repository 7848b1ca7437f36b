/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configured addresses are added without duplicate address detection: a loop in an exchange's LAN for a second would
 * echo the probe and take the address, and with it every BGP session, away until somebody looks.
 */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include <libmnl/libmnl.h>

#define BUF_LEN 512

struct mnl_socket *
ts_rtnl_open(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (nl != NULL && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

void
ts_rtnl_close(struct mnl_socket *nl)
{
	if (nl != NULL)
		mnl_socket_close(nl);
}

static struct nlmsghdr *
request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = 1;
	return nlh;
}

static int
transact(struct mnl_socket *nl, const struct nlmsghdr *nlh)
{
	char buf[8192];
	ssize_t n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, (size_t)n, nlh->nlmsg_seq, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return -errno;
	return 0;
}

int
ts_rtnl_link(struct mnl_socket *nl, int ifindex, const uint8_t mac[6], uint32_t mtu, uint32_t txqlen, bool up)
{
	char buf[BUF_LEN];
	struct nlmsghdr *nlh = request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	if (mac != NULL)
		mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	if (mtu != 0)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	if (txqlen != 0)
		mnl_attr_put_u32(nlh, IFLA_TXQLEN, txqlen);
	return transact(nl, nlh);
}

static size_t
addr_len(const struct ts_cfg_addr *addr)
{
	return addr->family == AF_INET ? 4 : 16;
}

static void
put_broadcast(struct nlmsghdr *nlh, const struct ts_cfg_addr *addr)
{
	if (addr->family == AF_INET && addr->prefix_len < 31)
		mnl_attr_put_u32(nlh, IFA_BROADCAST, addr->v4 | ~ts_mask4(addr->prefix_len));
}

int
ts_rtnl_add_addr(struct mnl_socket *nl, int ifindex, const struct ts_cfg_addr *addr)
{
	char buf[BUF_LEN];
	struct nlmsghdr *nlh = request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = addr->family;
	ifa->ifa_prefixlen = addr->prefix_len;
	ifa->ifa_flags = IFA_F_PERMANENT | (addr->family == AF_INET6 ? IFA_F_NODAD : 0);
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = (uint32_t)ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, addr_len(addr), &addr->v6);
	mnl_attr_put(nlh, IFA_ADDRESS, addr_len(addr), &addr->v6);
	put_broadcast(nlh, addr);
	return transact(nl, nlh);
}

int
ts_rtnl_route(
	struct mnl_socket *nl, bool add, int ifindex, uint32_t table, const struct ts_cfg_addr *prefix, uint32_t metric)
{
	char buf[BUF_LEN];
	struct nlmsghdr *nlh = request(buf, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = prefix->family;
	rtm->rtm_dst_len = prefix->prefix_len;
	rtm->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = prefix->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	mnl_attr_put(nlh, RTA_DST, addr_len(prefix), &prefix->v6);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)ifindex);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, metric);
	return transact(nl, nlh);
}
