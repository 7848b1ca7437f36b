/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decapsulating lanes of protocol 41 by vectors (decap_lane.h). Plain: no options, nothing behind the inner packet,
 * a source that the mechanism takes, a destination in 2000::/3 that no tunnel can be meant by its looks, nothing to do
 * about ECN, hop limit and routing header. What is not is admitted and forwarded by the scalar lane's own functions;
 * so is what is plain, once its next hop turns out to be another than a neighbour on an untagged link.
 *
 * A vector test may say no where the scalar lane says yes; never the other way round.
 */
#include "decap_lane.h"
#include "vec_policy.h"
#include "vec_send.h"
#include "vec_words.h"

#ifdef TS_VEC_SET

#define HEADERS (TS_IPV4_HDR_LEN + TS_IPV6_HDR_LEN)
#define INNER TS_IPV4_HDR_LEN
#define NH_ROUTING 43

/* The words of 8 packets that every mechanism looks at. */
struct words {
	struct ts_vec_group g;
	__m256i src4;		  /* outer source, as in memory */
	__m256i outer[4];	  /* from byte 0 */
	__m256i inner[4];	  /* from the inner header on: its last two are the first of the source */
	__m256i dst0, dst1, dst2; /* of the inner destination */
};

/* --- what makes a packet plain for all of them --- */

/* S15, G27: version 6, its length the packet's. */
static inline __m256i
whole_inner(const struct words *v)
{
	__m256i len = _mm256_add_epi32(ts_vec_swap16(v->inner[1]), ts_vec_all(HEADERS));

	return _mm256_and_si256(
		ts_vec_is(v->inner[0], 0xf0, 0x60), _mm256_cmpeq_epi32(len, _mm256_load_si256((const void *)v->g.len)));
}

/* G33 and G28 by looks: more hops to go, no routing header. */
static inline __m256i
goes_on(const struct words *v)
{
	__m256i hops = _mm256_srli_epi32(v->inner[1], 24), routing = ts_vec_is(v->inner[1], 0xff0000, NH_ROUTING << 16);

	return _mm256_andnot_si256(routing, _mm256_cmpgt_epi32(hops, ts_vec_all(1)));
}

/* G36: the outer field is Not-ECT, ECT(0) or the inner one, and so changes nothing. */
static inline __m256i
ecn_stays(const struct words *v)
{
	__m256i inner = _mm256_and_si256(_mm256_srli_epi32(v->inner[0], 12), ts_vec_all(3));
	__m256i outer = _mm256_and_si256(_mm256_srli_epi32(v->outer[0], 8), ts_vec_all(3));

	return _mm256_or_si256(_mm256_cmpeq_epi32(inner, outer), ts_vec_is(outer, 1, 0));
}

/* G16, G29: in 2000::/3, neither 6to4 nor of ISATAP's form. */
static inline __m256i
ordinary_destination(const struct words *v)
{
	__m256i sixto4 = ts_vec_is(v->dst0, 0xffff, RTE_BE16(0x2002)), isatap = ts_vec_is(v->dst2, ~2u, 0xfe5e0000);

	return _mm256_andnot_si256(_mm256_or_si256(sixto4, isatap), ts_vec_is(v->dst0, 0xe0, 0x20));
}

static inline __m256i
plain_of_all(struct words *v, const struct ts_vec *in, unsigned first)
{
	__m256i ok;

	ts_vec_group_of(in, first, HEADERS, &v->g);
	ts_vec_words4(v->g.p, 0, v->outer);
	v->src4 = v->outer[3];
	ts_vec_words4(v->g.p, INNER, v->inner);

	__m256i dst[4];

	ts_vec_words4(v->g.p, INNER + 24, dst);
	v->dst0 = dst[0];
	v->dst1 = dst[1];
	v->dst2 = dst[2];
	ok = _mm256_and_si256(ts_vec_is(v->outer[0], 0xff, RTE_IPV4_VHL_DEF), whole_inner(v));
	ok = _mm256_and_si256(ok, _mm256_and_si256(goes_on(v), ecn_stays(v)));
	return _mm256_and_si256(ok, ordinary_destination(v));
}

/* --- prefixes of at most 64 bits, in network order --- */

struct prefix64 {
	uint32_t addr[2], mask[2];
	bool short_enough;
};

static inline struct prefix64
prefix64_of(const struct ts_prefix6 *p)
{
	uint64_t mask = p->len == 0 ? 0 : rte_cpu_to_be_64(UINT64_MAX << ((64 - p->len) & 63)), addr;
	struct prefix64 out = {.short_enough = p->len <= 64};

	memcpy(&addr, p->addr.s6_addr, sizeof(addr));
	out.addr[0] = (uint32_t)addr;
	out.addr[1] = (uint32_t)(addr >> 32);
	out.mask[0] = (uint32_t)mask;
	out.mask[1] = (uint32_t)(mask >> 32);
	return out;
}

static inline __m256i
in_prefix64(const struct prefix64 *p, __m256i word0, __m256i word1)
{
	return _mm256_and_si256(ts_vec_is(word0, p->mask[0], p->addr[0] & p->mask[0]),
		ts_vec_is(word1, p->mask[1], p->addr[1] & p->mask[1]));
}

static inline __m256i
in_any4(const struct ts_prefix4 *list, unsigned n, __m256i v4)
{
	__m256i found = _mm256_setzero_si256();

	for (unsigned i = 0; i < n; i++) {
		uint32_t mask = ts_mask4(list[i].len);

		found = _mm256_or_si256(found, ts_vec_is(v4, mask, list[i].addr & mask));
	}
	return found;
}

/* --- what each mechanism asks of the source --- */

/* S14, S16. */
static inline __m256i
plain_6to4(const struct ts_services *s, const struct words *v, uint16_t domain)
{
	__m256i carried = _mm256_or_si256(_mm256_srli_epi32(v->inner[2], 16), _mm256_slli_epi32(v->inner[3], 16));
	__m256i ok = _mm256_and_si256(
		ts_vec_is(v->inner[2], 0xffff, RTE_BE16(0x2002)), _mm256_cmpeq_epi32(carried, v->src4));

	(void)domain;
	return _mm256_and_si256(ok, ts_vec_unsuspected(s->policy, v->src4));
}

/* R2: the IPv4 address that the source maps to, in host order. */
static inline __m256i
mapped_6rd(const struct ts_prefix6rd *d, const struct words *v)
{
	unsigned len = d->prefix.len, m = d->ipv4_mask_len;
	uint32_t suffix_mask = m >= 32 ? 0 : UINT32_MAX >> m;
	__m256i high = ts_vec_swap(v->inner[2]), low = ts_vec_swap(v->inner[3]), bits;

	if (len >= 32)
		bits = _mm256_sll_epi32(low, _mm_cvtsi32_si128((int)len - 32));
	else
		bits = _mm256_or_si256(_mm256_sll_epi32(high, _mm_cvtsi32_si128((int)len)),
			_mm256_srl_epi32(low, _mm_cvtsi32_si128(32 - (int)len)));
	bits = _mm256_srl_epi32(bits, _mm_cvtsi32_si128((int)m));
	return _mm256_or_si256(bits, ts_vec_all(rte_be_to_cpu_32(d->ipv4_common) & ~suffix_mask));
}

/* R11, R12; R13, R14 as far as the destination is outside the domain. */
static inline __m256i
plain_6rd(const struct ts_services *s, const struct words *v, uint16_t domain)
{
	const struct ts_6rd *d = &s->sixrd[domain];
	struct prefix64 inside = prefix64_of(&d->map.prefix);
	bool null_inside = d->null_route.len >= d->map.prefix.len &&
		ts_prefix6_contains(&d->map.prefix, d->null_route.addr.s6_addr);
	__m256i ok, refused;

	if (d->map.prefix.len + 32u - d->map.ipv4_mask_len > 64 || !null_inside || d->t.clamp_mss)
		return _mm256_setzero_si256();
	refused = _mm256_or_si256(in_any4(d->relays, d->n_relays, v->src4), in_prefix64(&inside, v->dst0, v->dst1));
	ok = _mm256_and_si256(in_prefix64(&inside, v->inner[2], v->inner[3]),
		_mm256_cmpeq_epi32(mapped_6rd(&d->map, v), ts_vec_swap(v->src4)));
	ok = _mm256_andnot_si256(refused, ok);
	return _mm256_and_si256(ok, ts_vec_unsuspected(s->managed, v->src4));
}

static inline __m256i
is_any(const rte_be32_t *list, unsigned n, __m256i v4)
{
	__m256i found = _mm256_setzero_si256();

	for (unsigned i = 0; i < n; i++)
		found = _mm256_or_si256(found, _mm256_cmpeq_epi32(v4, ts_vec_all(list[i])));
	return found;
}

/* I2, I4 for hosts of the site; I12 as far as the destination is outside it. */
static inline __m256i
plain_isatap(const struct ts_services *s, const struct words *v, uint16_t domain)
{
	const struct ts_isatap *site = &s->isatap[domain];
	struct prefix64 inside = prefix64_of(&site->prefix);
	__m256i src[4], ok, refused;

	if (!inside.short_enough || site->t.clamp_mss)
		return _mm256_setzero_si256();
	ts_vec_words4(v->g.p, INNER + 8, src);
	ok = _mm256_and_si256(ts_vec_is(src[2], ~2u, 0xfe5e0000), _mm256_cmpeq_epi32(src[3], v->src4));
	ok = _mm256_and_si256(
		ok, _mm256_and_si256(in_prefix64(&inside, src[0], src[1]), ts_vec_is(src[0], 0xe0, 0x20)));
	ok = _mm256_and_si256(ok, in_any4(site->site, site->n_site, v->src4));
	refused = _mm256_or_si256(is_any(site->prl, site->n_prl, v->src4), in_prefix64(&inside, v->dst0, v->dst1));
	ok = _mm256_andnot_si256(refused, ok);
	return _mm256_and_si256(ok, ts_vec_unsuspected(s->managed, v->src4));
}

typedef __m256i (*plain_fn)(const struct ts_services *s, const struct words *v, uint16_t domain);

/* Of a group, for every domain that it has packets of: nearly always one. */
static __rte_always_inline unsigned
plain_of_domains(
	const struct ts_services *s, const struct words *v, const struct ts_vec *in, unsigned first, plain_fn plain)
{
	unsigned left = (unsigned)ts_vec_lanes_used(RTE_MIN(in->n - first, TS_VEC_LANES)), ok = 0;

	while (left != 0) {
		uint16_t domain = in->domain[first + (unsigned)__builtin_ctz(left)];
		unsigned same = 0;

		for (unsigned i = 0; i < TS_VEC_LANES; i++)
			same |= (unsigned)(in->domain[(first + i) % TS_BURST_MAX] == domain) << i;
		same &= left;
		ok |= ts_vec_bits(plain(s, v, domain)) & same;
		left &= ~same;
	}
	return ok;
}

/* --- from plain to sent --- */

/* Access lists, rates, MSS and foreign 6rd domains: where any of them is in use, each packet is looked at. */
static inline bool
nothing_else(const struct ts_worker *w, const struct ts_tunnel *t)
{
	const struct ts_services *s = w->tables->services;

	return s->deny6 == NULL && w->keyed[TS_KEYED_SITE].interval == 0 && w->keyed[TS_KEYED_NATIVE].interval == 0 &&
		s->loop_guard->n_known_6rd == 0 && (t == NULL || !t->clamp_mss);
}

/* A burst, as far as it is known. */
struct burst {
	uint8_t dst[TS_BURST_MAX][16]; /* of the inner packets; where they are not plain, once they are admitted */
	uint32_t len[TS_BURST_MAX] __rte_aligned(32); /* likewise, bytes */
	uint32_t nh[TS_BURST_MAX];
	const struct ts_adjacency *adj[TS_BURST_MAX];
	struct ts_outer outer[TS_BURST_MAX];
	uint64_t plain;
};

/* The Ethernet header stands at the end of the 16 bytes, which reach into the outer header that goes. Returns the
 * inner packet's length. */
static inline uint32_t
rewrite(struct rte_mbuf *m, const struct ts_adjacency *adj)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *) + TS_IPV4_HDR_LEN;
	__m128i l2 = _mm_loadu_si128((const void *)(adj->l2 - 2));

	_mm_storeu_si128((void *)(ip6 - 16), _mm_insert_epi16(l2, RTE_BE16(RTE_ETHER_TYPE_IPV6), 7));
	ip6[7]--;
	m->data_off += TS_IPV4_HDR_LEN - RTE_ETHER_HDR_LEN;
	m->data_len -= TS_IPV4_HDR_LEN - RTE_ETHER_HDR_LEN;
	m->pkt_len -= TS_IPV4_HDR_LEN - RTE_ETHER_HDR_LEN;
	return m->pkt_len - RTE_ETHER_HDR_LEN;
}
_Static_assert(offsetof(struct ts_adjacency, l2) >= 2, "rewrite() reads from two bytes before it");

static inline void
send8(struct ts_worker *w, struct rte_mbuf *const m[TS_VEC_LANES], const struct ts_adjacency *const adj[TS_VEC_LANES],
	struct ts_vec_sent *sent)
{
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		sent->bytes += rewrite(m[i], adj[i]);
	ts_vec_enqueue8(w, sent, adj, m);
}

/* What is not sent so is forwarded as the scalar lane does it. */
static inline void
forward_other(struct ts_worker *w, struct ts_vec *in, uint16_t i, struct burst *b, const struct ts_decap_lane *lane)
{
	struct rte_mbuf *m = in->pkt[i];

	if (b->plain >> i & 1) {
		b->outer[i] = ts_outer_of(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *));
		rte_pktmbuf_adj(m, TS_IPV4_HDR_LEN);
	}
	lane->forward(w, m, in->domain[i], ts_nexthop(w, b->nh[i]), &b->outer[i]);
}

/* The plain ones as they are, the others admitted, so that fewer may be left. */
static inline void
admit(struct ts_worker *w, struct ts_vec *in, bool mirror, struct burst *b, const struct ts_decap_lane *lane)
{
	uint64_t left = 0;
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		uint64_t is_plain = b->plain >> i & 1;
		const struct rte_ipv4_hdr *ip4 = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);

		if (unlikely(!is_plain)) {
			if (!lane->admit(w, m, in->domain[i], &b->outer[n]))
				continue;
			memcpy(b->dst[n], rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, 16);
		} else {
			if (unlikely(mirror))
				ts_site_table_set(w->tables->services->mirror, ip4->src_addr, ip4->dst_addr);
			memcpy(b->dst[n], ((const struct rte_ipv6_hdr *)(ip4 + 1))->dst_addr, 16);
		}
		b->len[n] = m->pkt_len - (is_plain ? TS_IPV4_HDR_LEN : 0);
		left |= is_plain << n;
		in->domain[n] = in->domain[i];
		in->pkt[n++] = m;
	}
	in->n = n;
	b->plain = left;
}

/* All of the burst is plain, and nothing is kept of its outer headers: the lengths are known. */
static inline void
inner_destinations(const struct ts_vec *in, struct burst *b)
{
	for (uint16_t i = 0; i < in->n; i++) {
		const struct rte_ipv4_hdr *ip4 = rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv4_hdr *);

		memcpy(b->dst[i], ((const struct rte_ipv6_hdr *)(ip4 + 1))->dst_addr, 16);
	}
}

/* Nothing but a header with tags. False: it is not so, and nothing has been done. */
static inline bool
send_tagged(struct ts_worker *w, struct rte_mbuf *m, const struct burst *b, uint16_t i, struct ts_vec_sent *sent)
{
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *) + TS_IPV4_HDR_LEN;
	const struct ts_adjacency *adj = b->adj[i];
	unsigned l2_len = adj->l2_len;

	if (!adj->resolved || b->len[i] > adj->mtu || m->data_off + (unsigned)TS_IPV4_HDR_LEN < l2_len)
		return false;
	memcpy(ip6 - l2_len, adj->l2, RTE_ETHER_HDR_LEN);
	memcpy(ip6 - 8, adj->l2 + l2_len - 8, 8); /* tags are 4 bytes, so the two meet */
	*(unaligned_uint16_t *)(ip6 - 2) = RTE_BE16(RTE_ETHER_TYPE_IPV6);
	ip6[7]--;
	m->data_off = (uint16_t)(m->data_off + TS_IPV4_HDR_LEN - l2_len);
	m->data_len = (uint16_t)(b->len[i] + l2_len);
	m->pkt_len = m->data_len;
	sent->bytes += b->len[i];
	ts_vec_enqueue(w, sent, adj->port, m);
	return true;
}

/* In their order: the easy ones at once, eight together where they are, the others by the scalar lane. */
static inline void
send_burst(struct ts_worker *w, struct ts_vec *in, uint64_t at_once, struct burst *b, const struct ts_decap_lane *lane)
{
	uint64_t easy = at_once & ts_vec_neighbours(w, b->nh, b->len, 0, in->n, b->adj);
	struct ts_vec_sent sent = {.port = UINT_MAX};

	for (uint16_t i = 0; i < in->n;) {
		if (i % TS_VEC_LANES == 0 && (easy >> i & 0xff) == 0xff) {
			send8(w, &in->pkt[i], &b->adj[i], &sent);
			sent.packets += TS_VEC_LANES;
			i += TS_VEC_LANES;
			continue;
		}
		if (likely(easy >> i & 1)) {
			sent.bytes += rewrite(in->pkt[i], b->adj[i]);
			ts_vec_enqueue(w, &sent, b->adj[i]->port, in->pkt[i]);
			sent.packets++;
		} else if (at_once >> i & 1 && send_tagged(w, in->pkt[i], b, i, &sent)) {
			sent.packets++;
		} else {
			forward_other(w, in, i, b, lane);
		}
		i++;
	}
	w->counters[lane->counters->packets] += sent.packets;
	w->counters[lane->counters->bytes] += sent.bytes;
}

static __rte_always_inline void
run(struct ts_worker *w, struct ts_vec *in, struct burst *b, const struct ts_tunnel *t,
	const struct ts_decap_lane *lane)
{
	bool mirror = lane == &ts_decap_lane_6to4 && w->tables->services->sixto4.mirror;

	b->plain &= ts_vec_lanes_used(in->n);
	if (likely(b->plain == ts_vec_lanes_used(in->n) && !mirror))
		inner_destinations(in, b);
	else
		admit(w, in, mirror, b, lane);
	ts_fib6_lookup_bulk(w->tables->fib6, b->dst, b->nh, in->n);
	send_burst(w, in, nothing_else(w, t) ? b->plain : 0, b, lane);
}

/* Of the next eight packets. */
static inline void
note(struct burst *b, const struct words *v, unsigned at, unsigned plain)
{
	__m256i len = _mm256_load_si256((const void *)v->g.len);

	b->plain |= (uint64_t)plain << at;
	_mm256_store_si256((void *)&b->len[at], _mm256_sub_epi32(len, ts_vec_all(TS_IPV4_HDR_LEN)));
}

void
TS_VEC(ts_6to4_decap)(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_services *s = w->tables->services;
	struct burst b;
	struct words v;

	b.plain = 0;
	for (unsigned i = 0; i < in->n; i += TS_VEC_LANES) {
		__m256i ok = plain_of_all(&v, in, i);

		note(&b, &v, i, ts_vec_bits(_mm256_and_si256(ok, plain_6to4(s, &v, 0))));
	}
	run(w, in, &b, &s->sixto4.t, &ts_decap_lane_6to4);
}

static __rte_always_inline void
decap_domains(struct ts_worker *w, struct ts_vec *in, plain_fn fn, const struct ts_decap_lane *lane)
{
	const struct ts_services *s = w->tables->services;
	struct burst b;
	struct words v;

	b.plain = 0;
	for (unsigned i = 0; i < in->n; i += TS_VEC_LANES) {
		unsigned ok = ts_vec_bits(plain_of_all(&v, in, i));

		note(&b, &v, i, ok & plain_of_domains(s, &v, in, i, fn));
	}
	run(w, in, &b, NULL, lane);
}

void
TS_VEC(ts_6rd_decap)(struct ts_worker *w, struct ts_vec *in)
{
	decap_domains(w, in, plain_6rd, &ts_decap_lane_6rd);
}

void
TS_VEC(ts_isatap_decap)(struct ts_worker *w, struct ts_vec *in)
{
	decap_domains(w, in, plain_isatap, &ts_decap_lane_isatap);
}

#endif
