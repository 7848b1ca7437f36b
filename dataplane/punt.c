/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the kernel and back, through an interface's twin. Frames cross without tags: the twin is the interface
 * (decisions.md 8).
 */
#include "worker_priv.h"

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
static bool
is_urgent(const struct rte_mbuf *m, rte_be16_t ethertype)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = rte_pktmbuf_data_len(m), ihl;

	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return true;
	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		bool nd = p[6] == IPPROTO_ICMPV6 && len > TS_IPV6_HDR_LEN && p[40] >= 133 && p[40] <= 137;

		return nd || is_routing_port(p[6], p + TS_IPV6_HDR_LEN, len - TS_IPV6_HDR_LEN);
	}
	ihl = ts_ipv4_ihl((const void *)p);
	return !ts_ipv4_is_fragment((const void *)p) && is_routing_port(p[9], p + ihl, len - ihl);
}

static void
to_ring(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, bool urgent)
{
	struct ts_punt p = {.frame = m, .iface = iface};

	if (!urgent && !ts_token_bucket_take(&w->punt_limit, w->now))
		ts_drop(w, m, TS_C_drop_punt_limited);
	else if (rte_ring_enqueue_elem(urgent ? w->urgent_punts : w->punts, &p, sizeof(p)) == 0)
		ts_count(w, TS_C_punted_packets);
	else
		ts_drop(w, m, TS_C_drop_punt_ring_full);
}

void
ts_punt(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, rte_be16_t ethertype)
{
	const struct ts_iface *i = &w->tables->ifaces[iface];
	bool urgent;

	if (!i->twin) {
		ts_drop(w, m, TS_C_drop_punt_no_twin);
		return;
	}

	urgent = is_urgent(m, ethertype);
	/* Parse took the header off, so it is still in front of the packet. */
	char *frame = rte_pktmbuf_prepend(m, i->l2_len);

	if (i->n_tags != 0) {
		memmove(frame + i->n_tags * RTE_VLAN_HLEN, frame, MACS_LEN);
		rte_pktmbuf_adj(m, i->n_tags * RTE_VLAN_HLEN);
	}
	to_ring(w, m, iface, urgent);
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
