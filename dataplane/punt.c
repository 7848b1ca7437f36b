/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the kernel and back, through an interface's twin. Frames cross without tags: the twin is the interface
 * (decisions.md 8).
 *
 * The kernel believes whoever speaks ARP and ND to it, whatever address it claims. So a claim of an address that is not
 * on the link is not handed over at all, and nobody gets more than a share of what goes first (O17).
 */
#include "tunnel.h"

#include <netinet/icmp6.h>

#include <rte_arp.h>

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)

#define TCP_BGP 179
#define UDP_BFD 3784
#define UDP_BFD_ECHO 3785
#define UDP_BFD_MULTIHOP 4784

static bool
is_bfd(uint16_t port)
{
	return port == UDP_BFD || port == UDP_BFD_ECHO || port == UDP_BFD_MULTIHOP;
}

/* `l4` behind the IP header: BGP or BFD, by either port? */
static bool
is_routing_port(uint8_t protocol, const uint8_t *l4, uint32_t len)
{
	uint16_t src, dst;

	if (len < 4)
		return false;
	src = (uint16_t)(l4[0] << 8 | l4[1]);
	dst = (uint16_t)(l4[2] << 8 | l4[3]);
	if (protocol == IPPROTO_TCP)
		return src == TCP_BGP || dst == TCP_BGP;
	return protocol == IPPROTO_UDP && is_bfd(dst);
}

/* What sessions and neighbours live on goes first, whatever else a flood brings (decisions.md 11, protocols.md O13). */
enum punt_class {
	OTHER,
	NEIGHBOUR, /* ARP, ND */
	SESSION,   /* BGP, BFD */
};

static enum punt_class
class_of(const struct rte_mbuf *m, rte_be16_t ethertype)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = rte_pktmbuf_data_len(m), ihl;

	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return NEIGHBOUR;
	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		if (p[6] == IPPROTO_ICMPV6 && len > TS_IPV6_HDR_LEN && p[40] >= ND_ROUTER_SOLICIT &&
			p[40] <= ND_REDIRECT)
			return NEIGHBOUR;
		return is_routing_port(p[6], p + TS_IPV6_HDR_LEN, len - TS_IPV6_HDR_LEN) ? SESSION : OTHER;
	}
	ihl = ts_ipv4_ihl((const void *)p);
	return !ts_ipv4_is_fragment((const void *)p) && is_routing_port(p[9], p + ihl, len - ihl) ? SESSION : OTHER;
}

/* The route to an address says whether it is on this link; an address of our own is for the kernel to object to. */
static bool
on_link(const struct ts_worker *w, const struct ts_nexthop *nh, uint16_t iface, const uint8_t *addr, size_t len)
{
	if (nh->kind == TS_NH_GLEAN)
		return nh->iface == iface;
	for (unsigned i = 0; nh->kind == TS_NH_ADJACENCY && i < nh->n_slots; i++) {
		const struct ts_adjacency *a = &w->tables->adjacencies[nh->slots[i]];

		if (a->iface == iface && memcmp(a->addr, addr, len) == 0)
			return true;
	}
	return nh->kind == TS_NH_LOCAL;
}

/* Whose MAC address would the kernel learn from it? A sender of 0.0.0.0 is looking for a duplicate (RFC 5227 2.1.1). */
static bool
arp_fits(const struct ts_worker *w, const struct rte_mbuf *m, uint16_t iface)
{
	const struct rte_arp_hdr *arp = rte_pktmbuf_mtod(m, const struct rte_arp_hdr *);
	rte_be32_t sender;

	if (rte_pktmbuf_data_len(m) < sizeof(*arp))
		return false;
	sender = arp->arp_data.arp_sip;
	return sender == 0 || on_link(w, ts_lookup4(w, sender), iface, (const uint8_t *)&sender, sizeof(sender));
}

static bool
nd_address_fits(const struct ts_worker *w, const uint8_t addr[16], uint16_t iface)
{
	struct in6_addr a; /* in the packet it is not aligned */

	memcpy(&a, addr, sizeof(a));
	return IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_LINKLOCAL(&a) ||
		on_link(w, ts_lookup6(w, addr), iface, addr, 16);
}

/* A solicitation tells of its source, an advertisement of its target; the rest of ND the kernel ignores (O15). */
static bool
nd_fits(const struct ts_worker *w, const struct rte_mbuf *m, uint16_t iface)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	const uint8_t *icmp = (const uint8_t *)(ip + 1);

	if (rte_pktmbuf_data_len(m) < TS_IPV6_HDR_LEN + sizeof(struct nd_neighbor_advert))
		return icmp[0] != ND_NEIGHBOR_ADVERT && icmp[0] != ND_NEIGHBOR_SOLICIT;
	if (icmp[0] == ND_NEIGHBOR_ADVERT)
		return nd_address_fits(w, icmp + offsetof(struct nd_neighbor_advert, nd_na_target), iface);
	return nd_address_fits(w, ip->src_addr, iface);
}

static uint64_t
source_key(const uint8_t *frame)
{
	uint64_t mac = 0;

	memcpy(&mac, frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_ADDR_LEN);
	return mac;
}

/* The counter that says why not, or -1. `frame`: its Ethernet header. */
static int
refused(struct ts_worker *w, const struct rte_mbuf *m, uint16_t iface, enum punt_class class, rte_be16_t ethertype,
	const uint8_t *frame)
{
	bool arp = ethertype == RTE_BE16(RTE_ETHER_TYPE_ARP);

	if (class == OTHER)
		return ts_token_bucket_take(&w->punt_limit, w->now) ? -1 : TS_C_drop_punt_limited;
	if (class == NEIGHBOUR && !(arp ? arp_fits(w, m, iface) : nd_fits(w, m, iface)))
		return TS_C_drop_punt_off_link;
	return ts_prefix_limiter_take(
		       class == NEIGHBOUR ? &w->neigh_sources : &w->session_sources, source_key(frame), w->now)
		? -1
		: TS_C_drop_punt_source_limited;
}

static void
to_ring(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, bool urgent)
{
	struct ts_punt p = {.frame = m, .iface = iface};

	if (rte_ring_enqueue_elem(urgent ? w->urgent_punts : w->punts, &p, sizeof(p)) == 0)
		ts_count(w, TS_C_punted_packets);
	else
		ts_drop(w, m, TS_C_drop_punt_ring_full);
}

void
ts_punt(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, rte_be16_t ethertype)
{
	const struct ts_iface *i = &w->tables->ifaces[iface];
	enum punt_class class;
	int reason;

	if (!i->twin) {
		ts_drop(w, m, TS_C_drop_punt_no_twin);
		return;
	}

	/* Parse took the header off, so it is still in front of the packet. */
	class = class_of(m, ethertype);
	reason = refused(w, m, iface, class, ethertype, rte_pktmbuf_mtod(m, const uint8_t *) - i->l2_len);
	if (reason >= 0) {
		ts_drop(w, m, (enum ts_counter)reason);
		return;
	}

	if (unlikely(w->observe != NULL))
		ts_observe_one(w, TS_STATION_PUNT, m);

	char *frame = rte_pktmbuf_prepend(m, i->l2_len);

	if (i->n_tags != 0) {
		memmove(frame + i->n_tags * RTE_VLAN_HLEN, frame, MACS_LEN);
		rte_pktmbuf_adj(m, i->n_tags * RTE_VLAN_HLEN);
	}
	to_ring(w, m, iface, class != OTHER);
}

/* 802.1Q, or 802.1ad outside and 802.1Q inside. */
static bool
put_tags(struct rte_mbuf *m, const struct ts_iface *i)
{
	uint16_t len = i->n_tags * RTE_VLAN_HLEN;
	char *frame = rte_pktmbuf_prepend(m, len);
	rte_be16_t *tag;

	if (frame == NULL)
		return false;
	memmove(frame, frame + len, MACS_LEN);
	tag = (void *)(frame + MACS_LEN);
	for (unsigned t = 0; t < i->n_tags; t++) {
		bool service_tag = i->n_tags == 2 && t == 0;

		*tag++ = rte_cpu_to_be_16(service_tag ? RTE_ETHER_TYPE_QINQ : RTE_ETHER_TYPE_VLAN);
		*tag++ = rte_cpu_to_be_16(i->vlan[t]);
	}
	return true;
}

void
ts_inject(struct ts_worker *w)
{
	struct ts_inject in[TS_BURST_MAX];
	unsigned n = rte_ring_dequeue_burst_elem(w->injects, in, sizeof(in[0]), TS_BURST_MAX, NULL);

	for (unsigned k = 0; k < n; k++) {
		const struct ts_iface *i = &w->tables->ifaces[in[k].iface];

		if (in[k].iface >= w->tables->n_ifaces) {
			ts_drop(w, in[k].frame, TS_C_drop_tx_inject_iface);
		} else if (i->n_tags != 0 && !put_tags(in[k].frame, i)) {
			ts_drop(w, in[k].frame, TS_C_drop_tx_headroom);
		} else {
			ts_count(w, TS_C_injected_packets);
			ts_tx_enqueue(w, i->port, in[k].frame);
		}
	}
}
