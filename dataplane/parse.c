/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse: Ethernet, at most two tags, the interface, the IPv6 header's lengths (G27). Lengths are checked against the
 * mbuf here, once. IPv4 headers are checked by classify4.c, which needs the whole header anyway.
 */
#include "rx_checksum.h"
#include "worker_priv.h"

static uint16_t
iface_of(const struct ts_port_map *map, const uint8_t *frame, uint32_t linear, uint32_t *l2_len, rte_be16_t *ethertype)
{
	const struct rte_ether_hdr *eth = (const void *)frame;
	const struct rte_vlan_hdr *tag = (const void *)(eth + 1);

	*ethertype = eth->ether_type;
	*l2_len = RTE_ETHER_HDR_LEN;
	if (*ethertype != RTE_BE16(RTE_ETHER_TYPE_VLAN) && *ethertype != RTE_BE16(RTE_ETHER_TYPE_QINQ))
		return map->untagged;
	if (linear < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN)
		return TS_NO_IFACE;

	uint16_t outer = rte_be_to_cpu_16(tag->vlan_tci) & 0x0fff;

	*ethertype = tag->eth_proto;
	*l2_len += RTE_VLAN_HLEN;
	if (*ethertype != RTE_BE16(RTE_ETHER_TYPE_VLAN))
		return map->by_vlan != NULL ? map->by_vlan[outer] : TS_NO_IFACE;
	if (linear < RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)
		return TS_NO_IFACE;

	uint16_t inner = rte_be_to_cpu_16(tag[1].vlan_tci) & 0x0fff;

	*ethertype = tag[1].eth_proto;
	*l2_len += RTE_VLAN_HLEN;
	for (uint16_t i = 0; i < map->n_qinq; i++)
		if (map->qinq[i].outer == outer && map->qinq[i].inner == inner)
			return map->qinq[i].iface;
	return TS_NO_IFACE;
}

static void
parse_ip6(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, struct ts_vec *v6)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	uint32_t len = rte_pktmbuf_pkt_len(m);

	if (unlikely(len < TS_IPV6_HDR_LEN || ((const uint8_t *)ip)[0] >> 4 != 6)) {
		ts_drop(w, m, TS_C_drop_ip6_rx_v6_hdr);
		return;
	}

	uint32_t want = TS_IPV6_HDR_LEN + rte_be_to_cpu_16(ip->payload_len);

	if (unlikely(want > len)) {
		ts_drop(w, m, TS_C_drop_ip6_rx_v6_len);
		return;
	}
	if (want != len)
		ts_trim(m, want);
	ts_vec_add(v6, m, iface);
}

/* RFC 1812 5.3.4: what was sent to a group on the link is nobody's to forward or to answer, unless IP says so, too. */
static bool
group_frame_fits(const struct rte_mbuf *m, rte_be16_t ethertype)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return rte_pktmbuf_data_len(m) < TS_IPV4_HDR_LEN || p[16] >= 224;
	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return rte_pktmbuf_data_len(m) < TS_IPV6_HDR_LEN || p[24] == 0xff;
	return true;
}

/* 802.1Q 9.6: a tag with VLAN 0 carries a priority only, so the frame is an untagged one. */
static void
take_priority_tag(struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_vlan_hdr *tag = (const void *)(eth + 1);
	char *frame = rte_pktmbuf_mtod(m, char *);

	if (eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
		rte_pktmbuf_data_len(m) < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN || (tag->vlan_tci & RTE_BE16(0x0fff)) != 0)
		return;
	memmove(frame + RTE_VLAN_HLEN, frame, 2 * RTE_ETHER_ADDR_LEN);
	rte_pktmbuf_adj(m, RTE_VLAN_HLEN);
}

static void
parse_one(struct ts_worker *w, const struct ts_port_map *map, struct rte_mbuf *m, struct ts_vec *v4, struct ts_vec *v6)
{
	const uint8_t *frame;
	uint32_t l2_len;
	rte_be16_t ethertype;
	bool group;

	if (unlikely(rte_pktmbuf_data_len(m) < RTE_ETHER_HDR_LEN)) {
		ts_drop(w, m, TS_C_drop_l2_rx_runt);
		return;
	}

	take_priority_tag(m);
	frame = rte_pktmbuf_mtod(m, const uint8_t *);

	uint16_t iface = iface_of(map, frame, rte_pktmbuf_data_len(m), &l2_len, &ethertype);

	if (unlikely(iface == TS_NO_IFACE)) {
		ts_drop(w, m, TS_C_drop_l2_rx_unknown_vlan);
		return;
	}

	const struct rte_ether_addr *dst = &((const struct rte_ether_hdr *)(const void *)frame)->dst_addr;

	group = rte_is_multicast_ether_addr(dst);
	if (unlikely(!group && !rte_is_same_ether_addr(dst, &w->tables->ifaces[iface].mac))) {
		ts_drop(w, m, TS_C_drop_l2_rx_not_ours);
		return;
	}
	rte_pktmbuf_adj(m, (uint16_t)l2_len);
	if (unlikely(group && !group_frame_fits(m, ethertype))) {
		ts_drop(w, m, TS_C_drop_l2_rx_group_unicast);
		return;
	}
	if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		parse_ip6(w, m, iface, v6);
	else if (ethertype == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		ts_vec_add(v4, m, iface);
	else if (ethertype == RTE_BE16(RTE_ETHER_TYPE_ARP))
		ts_punt(w, m, iface, ethertype);
	else
		ts_drop(w, m, TS_C_drop_l2_rx_ethertype);
}

/* A frame in several segments whose first one does not hold the headers: bring it together if it fits. */
static bool
linear_enough(struct ts_worker *w, struct rte_mbuf *m)
{
	if (likely(m->nb_segs == 1 || rte_pktmbuf_data_len(m) >= TS_HEADERS_LINEAR))
		return true;
	if (rte_pktmbuf_linearize(m) == 0)
		return true;
	ts_drop(w, m, TS_C_drop_l2_rx_segments);
	return false;
}

/*
 * Most frames: untagged, in one segment, to the interface's own address. Their Ethernet header is looked at in two
 * loads; anything that is not as expected is left to parse_one().
 */
struct plain {
	uint64_t mac, mask; /* of the frame's first eight bytes, the last two of which are the sender's */
	uint16_t iface;
};

static struct plain
plain_of(const struct ts_worker *w, const struct ts_port_map *map)
{
	uint8_t mac[8] = {0}, mask[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct plain p = {.iface = map->untagged};

	if (map->untagged != TS_NO_IFACE)
		memcpy(mac, &w->tables->ifaces[map->untagged].mac, RTE_ETHER_ADDR_LEN);
	else
		mac[7] = 1; /* no frame is plain */
	memcpy(&p.mac, mac, sizeof(p.mac));
	memcpy(&p.mask, mask, sizeof(p.mask));
	return p;
}

static inline bool
parse_plain(const struct plain *p, struct rte_mbuf *m, struct ts_vec *v4, struct ts_vec *v6)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct rte_ipv6_hdr *ip = (const void *)(frame + RTE_ETHER_HDR_LEN);
	uint32_t len = rte_pktmbuf_data_len(m);
	rte_be32_t type; /* and what follows it */
	uint64_t mac;

	if (unlikely(m->nb_segs != 1 || len < RTE_ETHER_HDR_LEN + TS_IPV6_HDR_LEN))
		return false;
	memcpy(&mac, frame, sizeof(mac));
	memcpy(&type, frame + 2 * RTE_ETHER_ADDR_LEN, sizeof(type));
	if (unlikely((mac & p->mask) != p->mac))
		return false;
	if ((type & RTE_BE32(0xfffff000)) == RTE_BE32((uint32_t)RTE_ETHER_TYPE_IPV6 << 16 | 0x6000)) {
		if (unlikely(RTE_ETHER_HDR_LEN + TS_IPV6_HDR_LEN + (uint32_t)rte_be_to_cpu_16(ip->payload_len) != len))
			return false;
		v4 = v6;
	} else if ((type & RTE_BE32(0xffff0000)) != RTE_BE32((uint32_t)RTE_ETHER_TYPE_IPV4 << 16)) {
		return false;
	}
	m->data_off += RTE_ETHER_HDR_LEN;
	m->data_len -= RTE_ETHER_HDR_LEN;
	m->pkt_len -= RTE_ETHER_HDR_LEN;
	ts_vec_add(v4, m, p->iface);
	return true;
}

/* O23: who sent this frame; one that is too short says it of nobody, like a group. */
static uint64_t
sender_of(uint16_t port, const struct rte_mbuf *m)
{
	if (unlikely(rte_pktmbuf_data_len(m) < RTE_ETHER_HDR_LEN))
		return TS_NEIGHBOUR_GROUP;
	return ts_neighbour_key(port, rte_pktmbuf_mtod_offset(m, const uint8_t *, RTE_ETHER_ADDR_LEN));
}

uint64_t
ts_parse_frames(
	struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6)
{
	const struct ts_port_map *map = &w->tables->port_map[port];
	struct plain plain = plain_of(w, map);
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t len = rte_pktmbuf_pkt_len(pkts[i]);

		ts_neighbours_count(&w->neighbours[TS_FLOW_RX], sender_of(port, pkts[i]), 1, len);
		bytes += len;
		if (unlikely(!parse_plain(&plain, pkts[i], v4, v6)) && linear_enough(w, pkts[i]))
			parse_one(w, map, pkts[i], v4, v6);
	}
	return bytes;
}

void
ts_parse(struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6)
{
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	if (unlikely(w->tables->port_map[port].rx_checksum_ignored))
		ts_rx_checksum_forget_all(pkts, n);
	ts_count_received(w, port, n, ts_parse_frames(w, port, pkts, n, v4, v6));
}

void
ts_trim(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *seg = m;
	uint32_t left = len;

	while (left > seg->data_len) {
		left -= seg->data_len;
		seg = seg->next;
	}
	seg->data_len = (uint16_t)left;
	m->pkt_len = len;
	ts_rx_checksum_forget(m);
	if (seg->next == NULL)
		return;
	rte_pktmbuf_free(seg->next);
	seg->next = NULL;
	m->nb_segs = 1;
	for (const struct rte_mbuf *s = m; s != seg; s = s->next)
		m->nb_segs++;
}

/* Not rte_raw_cksum_mbuf(): 22.11's loses carries when a segment begins at an odd offset. */
uint16_t
ts_cksum_payload(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint32_t sum = 0;
	bool odd = false;

	if (likely(m->nb_segs == 1))
		return rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, off), len);
	for (; off >= m->data_len; m = m->next)
		off -= m->data_len;
	for (; len != 0; m = m->next, off = 0) {
		uint32_t n = RTE_MIN(len, m->data_len - off);
		uint16_t part = rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, off), n);

		sum += odd ? rte_bswap16(part) : part;
		odd ^= n & 1;
		len -= n;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint16_t
ts_icmp6_sum(const struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	uint32_t sum = rte_ipv6_phdr_cksum(ip, 0) +
		ts_cksum_payload(m, TS_IPV6_HDR_LEN, rte_be_to_cpu_16(ip->payload_len));

	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
