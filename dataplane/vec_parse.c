/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse for 8 frames at a time, when all of them are plain: untagged or of one VLAN, in one segment, to the interface's
 * own address, and IPv4, or IPv6 of the length that its header says. A group with any other frame is the scalar
 * version's, so what a frame may be refused for stands there only.
 */
#include "rx_checksum.h"
#include "vec_words.h"

#ifdef TS_VEC_SET

/* From a frame's fifth byte on there are: the end of the receiver and the beginning of the sender, the rest of the
 * sender, a tag if there is one, EtherType and the first bytes of IP, the IPv6 header's length. */
#define WORDS_AT 4u

typedef uint64_t __attribute__((may_alias, aligned(4))) both_lengths;

struct parse {
	struct ts_worker *w;
	struct ts_vec *v4, *v6;
	const struct ts_port_map *map;
	uint16_t port;
};

struct group {
	struct rte_mbuf **pkts;
	const uint8_t *frame[TS_VEC_LANES];
	__m256i len, word[4];
	unsigned v6;
	uint16_t iface, l2_len;
	uint32_t tag; /* of all, as it lies in memory */
};

/* The interface that the first frame is for, and with which tag. */
static inline void
begin(const struct parse *p, struct group *g, const uint8_t *frame)
{
	uint32_t tag = ts_vec_load32(frame + 2 * RTE_ETHER_ADDR_LEN);
	uint16_t vlan = rte_be_to_cpu_16((uint16_t)(tag >> 16)) & 0x0fff;

	g->l2_len = RTE_ETHER_HDR_LEN;
	g->iface = p->map->untagged;
	if (likely((uint16_t)tag != RTE_BE16(RTE_ETHER_TYPE_VLAN)))
		return;
	g->l2_len += RTE_VLAN_HLEN;
	g->tag = tag & RTE_BE32(0xffff0fff);
	/* VLAN 0 is a priority only */
	g->iface = p->map->by_vlan != NULL && vlan != 0 ? p->map->by_vlan[vlan] : TS_NO_IFACE;
}

/* Those that are to the interface's address and of its VLAN; g->word[2] and [3] then are EtherType and length. */
static inline __m256i
for_interface(const struct parse *p, struct group *g)
{
	const uint8_t *mac = p->w->tables->ifaces[g->iface].mac.addr_bytes;
	uint32_t other = 0, first = ts_vec_load32(mac);
	__m256i ours, rest;

	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		g->frame[i] = rte_pktmbuf_mtod(g->pkts[i], const uint8_t *);
		other |= ts_vec_load32(g->frame[i]) ^ first;
	}
	ts_vec_words4(g->frame, WORDS_AT, g->word);
	ours = ts_vec_is(g->word[0], UINT16_MAX, (uint32_t)mac[5] << 8 | mac[4]);
	if (unlikely(g->l2_len != RTE_ETHER_HDR_LEN)) {
		ours = _mm256_and_si256(ours, ts_vec_is(g->word[2], RTE_BE32(0xffff0fff), g->tag));
		g->word[2] = g->word[3];
		ts_vec_words2(g->frame, WORDS_AT + sizeof(struct rte_vlan_hdr) + 12, &g->word[3], &rest);
	}
	return other == 0 ? ours : _mm256_setzero_si256();
}

static inline bool
plain(const struct parse *p, struct group *g)
{
	__m256i ours, ip4, ip6, length;

	/* Nothing of a frame may be read before its length is known to be enough. */
	if (unlikely(!ts_vec_all_whole(
		    g->pkts, RTE_ETHER_HDR_LEN + sizeof(struct rte_vlan_hdr) + TS_IPV6_HDR_LEN, &g->len)))
		return false;
	begin(p, g, rte_pktmbuf_mtod(g->pkts[0], const uint8_t *));
	if (unlikely(g->iface == TS_NO_IFACE))
		return false;
	ours = for_interface(p, g);
	ip4 = ts_vec_is(g->word[2], UINT16_MAX, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	ip6 = ts_vec_is(g->word[2], 0xf0ffff, 0x60 << 16 | RTE_BE16(RTE_ETHER_TYPE_IPV6));
	length = _mm256_add_epi32(ts_vec_swap16_high(g->word[3]), ts_vec_all(g->l2_len + TS_IPV6_HDR_LEN));
	ip6 = _mm256_and_si256(ip6, _mm256_cmpeq_epi32(length, g->len));
	g->v6 = ts_vec_bits(ip6);
	return ts_vec_bits(_mm256_and_si256(ours, _mm256_or_si256(ip4, ip6))) == (1u << TS_VEC_LANES) - 1;
}

/* O23. Frames from one sender mostly come together. Returns their bytes. */
static inline uint32_t
count_senders(const struct parse *p, const struct group *g)
{
	struct ts_neighbour_counters *t = &p->w->neighbours[TS_FLOW_RX];
	__m256i first = _mm256_broadcastd_epi32(_mm256_castsi256_si128(g->word[0])),
		rest = _mm256_broadcastd_epi32(_mm256_castsi256_si128(g->word[1]));
	__m256i same = _mm256_and_si256(_mm256_cmpeq_epi32(g->word[0], first), _mm256_cmpeq_epi32(g->word[1], rest));
	uint32_t bytes = ts_vec_total(g->len);

	if (likely(ts_vec_bits(same) == (1u << TS_VEC_LANES) - 1)) {
		ts_neighbours_count(
			t, ts_neighbour_key(p->port, g->frame[0] + RTE_ETHER_ADDR_LEN), TS_VEC_LANES, bytes);
		return bytes;
	}
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		ts_neighbours_count(t, ts_neighbour_key(p->port, g->frame[i] + RTE_ETHER_ADDR_LEN), 1,
			rte_pktmbuf_pkt_len(g->pkts[i]));
	return bytes;
}

/* Both lengths at once: each is at least what is taken from it, so nothing is borrowed. */
static inline void
strip(struct rte_mbuf *m, uint16_t l2_len)
{
	both_lengths *len = (void *)&m->pkt_len;

	m->data_off += l2_len;
	*len -= UINT64_C(0x100000001) * l2_len;
}

static inline void
add_all(struct ts_vec *v, struct rte_mbuf *const *pkts, uint16_t iface)
{
	memcpy(&v->pkt[v->n], pkts, TS_VEC_LANES * sizeof(pkts[0]));
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		v->iface[v->n + i] = iface;
	v->n += TS_VEC_LANES;
}

static inline void
add(const struct parse *p, const struct group *g)
{
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		strip(g->pkts[i], g->l2_len);
	if (g->v6 == (1u << TS_VEC_LANES) - 1)
		add_all(p->v6, g->pkts, g->iface);
	else if (g->v6 == 0)
		add_all(p->v4, g->pkts, g->iface);
	else
		for (unsigned i = 0; i < TS_VEC_LANES; i++)
			ts_vec_add(g->v6 >> i & 1 ? p->v6 : p->v4, g->pkts[i], g->iface);
}

static uint64_t
parse_groups(struct parse *p, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < n; i += TS_VEC_LANES) {
		struct group g = {.pkts = pkts + i};

		if (unlikely(!plain(p, &g))) {
			bytes += ts_parse_frames(p->w, p->port, pkts + i, TS_VEC_LANES, p->v4, p->v6);
			continue;
		}
		bytes += count_senders(p, &g);
		add(p, &g);
	}
	return bytes;
}

void
TS_VEC(ts_parse)(
	struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6)
{
	struct parse p = {.w = w, .v4 = v4, .v6 = v6, .map = &w->tables->port_map[port], .port = port};
	uint16_t groups = n & ~(TS_VEC_LANES - 1);
	uint64_t bytes;

#pragma GCC unroll 8
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	if (unlikely(p.map->rx_checksum_ignored))
		ts_rx_checksum_forget_all(pkts, n);
	bytes = parse_groups(&p, pkts, groups);
	if (groups != n)
		bytes += ts_parse_frames(w, port, pkts + groups, n - groups, v4, v6);
	ts_count_received(w, port, n, bytes);
}

#endif
