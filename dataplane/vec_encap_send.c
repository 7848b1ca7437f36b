/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second half of vector encapsulation (vec_encap.h): the burst is walked in its order. Eight easy packets in a row
 * get their headers together, as columns of 32-bit words that are turned into rows; a plain packet among others gets
 * its header alone; any other goes through the scalar lane, alone.
 */
#include "vec_encap.h"

#ifdef TS_VEC_SET

#include "outer4.h"
#include "vec_outer.h"
#include "vec_send.h"

/* Outer and Ethernet header in front of `ip`; overlapping stores, so that each is as wide as it can be. */
static inline void
write_headers(uint8_t *ip, const struct encap_lane *l, const uint8_t *ethernet, unsigned l2_len, uint32_t first,
	uint32_t dst, uint64_t id, uint32_t sum)
{
	uint64_t front = (uint64_t)first << 16 | RTE_BE16(RTE_ETHER_TYPE_IPV4), rest, ends;
	uint8_t *ip4 = ip - TS_IPV4_HDR_LEN, *l2 = ip4 - l2_len;

	sum += (uint32_t)id;
	sum = (sum + (sum << 16 | sum >> 16)) >> 16;
	rest = id | l->constant_words | (uint64_t)(sum ^ 0xffff) << 48;
	ends = (uint64_t)rte_cpu_to_be_32(dst) << 32 | l->t->src;
	memcpy(l2, ethernet, 16);
	if (unlikely(l2_len > RTE_ETHER_HDR_LEN))
		memcpy(l2 + RTE_ETHER_HDR_LEN, ethernet + RTE_ETHER_HDR_LEN, 8);
	memcpy(ip4 - 2, &front, sizeof(front));
	memcpy(ip4 + 4, &rest, sizeof(rest));
	memcpy(ip4 + 12, &ends, sizeof(ends));
}

/* S24, in the order of the scalar lane. False: dropped. */
static bool
within_rates(struct ts_worker *w, struct rte_mbuf *m, const struct encap_lane *l, uint32_t dst)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	rte_be32_t site = rte_cpu_to_be_32(dst);

	if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_SITE], site, w->now))
		ts_drop(w, m, l->counters->site_limited);
	else if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_NATIVE], ts_prefix64(ip->src_addr), w->now))
		ts_drop(w, m, l->counters->prefix_limited);
	else
		return true;
	return false;
}

/* A plain packet. False: it is not, after all, and has not been touched. */
static inline bool
send_plain(struct ts_worker *w, struct rte_mbuf *m, const struct encap_lane *l, const struct encap_batch *b, unsigned i,
	struct ts_vec_sent *sent)
{
	uint32_t total = rte_pktmbuf_pkt_len(m) + TS_IPV4_HDR_LEN, dst = b->dst[i];
	const struct ts_adjacency *adj = b->adj[i];
	unsigned l2_len, headroom;

	if (unlikely(total > adj->plain_mtu)) {
		adj = ts_adjacency_of(w, ts_nexthop(w, b->nh[i]), m);
		if (adj == NULL)
			return false;
	}
	if (unlikely(!adj->resolved || total > adj->mtu))
		return false;
	l2_len = adj->l2_len;
	headroom = m->data_off;
	if (unlikely(m->nb_segs != 1 || headroom < TS_IPV4_HDR_LEN + l2_len))
		return false;
	if (unlikely(l->limited) && !within_rates(w, m, l, dst))
		return true;

	uint8_t *ip = rte_pktmbuf_mtod(m, uint8_t *);

	m->data_off = (uint16_t)(headroom - TS_IPV4_HDR_LEN - l2_len);
	m->data_len = (uint16_t)(total + l2_len);
	m->pkt_len = total + l2_len;
	sent->packets++;
	sent->bytes += total;
	ip[7]--;
	write_headers(ip, l, adj->l2, l2_len, b->first[i], dst, rte_cpu_to_be_16(ts_ip_id(w, rte_cpu_to_be_32(dst))),
		b->sum[i]);
	ts_vec_enqueue(w, sent, adj->port, m);
	return true;
}

static void
send_scalar(struct ts_worker *w, struct rte_mbuf *m, const struct encap_lane *l)
{
	struct ts_vec one;

	one.n = 1;
	one.pkt[0] = m;
	one.domain[0] = l->domain;
	l->scalar(w, &one);
}

/* --- eight at a time --- */

/* All but the first word of the outer headers. */
static inline void
write_outer8(struct ts_worker *w, const struct encap_lane *l, uint8_t *const ip[TS_VEC_LANES],
	const struct encap_batch *b, unsigned at)
{
	__m256i dst = ts_vec_swap(_mm256_load_si256((const void *)&b->dst[at])), id = ts_vec_take_ids(w, dst);
	__m256i sum = _mm256_add_epi32(_mm256_load_si256((const void *)&b->sum[at]), id);

	ts_vec_write_rows(ip, 0, _mm256_or_si256(id, ts_vec_all((uint32_t)l->constant_words)),
		_mm256_blend_epi16(ts_vec_all((uint32_t)(l->constant_words >> 32)), ts_vec_checksum_high(sum), 0xaa),
		ts_vec_all(l->t->src), dst);
}

static inline void
send8(struct ts_worker *w, const struct encap_lane *l, struct rte_mbuf *const *pkt, const struct encap_batch *b,
	unsigned at, struct ts_vec_sent *sent)
{
	const uint16_t more = TS_IPV4_HDR_LEN + RTE_ETHER_HDR_LEN;
	uint8_t *ip[TS_VEC_LANES];

	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		ip[i] = rte_pktmbuf_mtod(pkt[at + i], uint8_t *);
	write_outer8(w, l, ip, b, at);
	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		const struct ts_adjacency *adj = b->adj[at + i];
		struct rte_mbuf *m = pkt[at + i];
		uint8_t *ip4 = ip[i] - TS_IPV4_HDR_LEN;

		memcpy(ip4 - RTE_ETHER_HDR_LEN, adj->l2, 16);
		*(unaligned_uint16_t *)(ip4 - 2) = RTE_BE16(RTE_ETHER_TYPE_IPV4);
		memcpy(ip4, &b->first[at + i], sizeof(b->first[0]));
		ip[i][7]--;
		m->data_off -= more;
		m->data_len += more;
		m->pkt_len += more;
		sent->bytes += b->total[at + i];
	}
	ts_vec_enqueue8(w, sent, &b->adj[at], &pkt[at]);
	sent->packets += TS_VEC_LANES;
}

void
TS_VEC(ts_encap_send)(struct ts_worker *w, const struct encap_lane *l, struct rte_mbuf *const *pkt, unsigned n,
	const struct encap_batch *b)
{
	struct ts_vec_sent sent = {.port = UINT_MAX};
	unsigned i = 0;

	while (i < n) {
		if (i % TS_VEC_LANES == 0 && (b->easy >> i & 0xff) == 0xff) {
			send8(w, l, pkt, b, i, &sent);
			i += TS_VEC_LANES;
			continue;
		}
		if (unlikely(!(b->plain >> i & 1) || !send_plain(w, pkt[i], l, b, i, &sent)))
			send_scalar(w, pkt[i], l);
		i++;
	}
	w->counters[l->counters->packets] += sent.packets;
	w->counters[l->counters->bytes] += sent.bytes - sent.packets * TS_IPV4_HDR_LEN;
}

#endif
