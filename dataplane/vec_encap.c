/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 6to4, 6rd and ISATAP encapsulation, 8 packets at a time: which of them are plain, and the outer headers of those.
 * Then the burst is walked in its order; a plain packet gets its header and leaves, any other one goes through the
 * scalar lane, alone.
 *
 * A plain packet is one that the scalar lane would forward whatever the rest of the box is like: every test here may
 * refuse more than the scalar one does, never less. What is not tested for (hints at path MTUs, mirrored sources) makes
 * the whole burst not plain.
 */
#include "vec.h"

#ifdef TS_VEC_SET

#include <limits.h>

#include "outer4.h"
#include "tunnel.h"
#include "vec_rules.h"

#define LANES 8
#define FEW 3 /* so many packets are faster one by one */

/* What the packets of a burst that go into one tunnel have in common. */
struct lane {
	const struct ts_tunnel *t;
	const void *mechanism; /* struct ts_6rd or ts_isatap */
	const struct ts_source_policy *policy;
	const struct ts_encap_counters *counters;
	ts_lane_fn scalar;
	uint16_t domain;
	struct ts_rules sources; /* that are not plain */
	bool limited;
	uint32_t constant_sum;	 /* of the outer header's words that are the same in every packet */
	uint64_t constant_words; /* fragment offset, TTL, protocol; as they lie in memory behind the identification */
};

/* A burst, prepared. */
struct batch {
	uint64_t plain;		      /* bit per packet */
	uint32_t dst[TS_BURST_MAX];   /* IPv4, host byte order */
	uint32_t first[TS_BURST_MAX]; /* version, TOS, total length of the outer header, as they lie in memory */
	uint32_t sum[TS_BURST_MAX];   /* of the outer header without identification, not folded */
	uint32_t nh[TS_BURST_MAX];
	const struct ts_adjacency *adj[TS_BURST_MAX]; /* NULL: not by one neighbour alone */
};

/* The embedded IPv4 addresses of 8 packets in network byte order; lanes that are refused are set in *refused. */
typedef __m256i (*embedded_fn)(const struct lane *l, const uint8_t *const ip[LANES], __m256i *refused);

/* --- gathering --- */

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline __m256i
gather32(const uint8_t *const ip[LANES], unsigned at)
{
	return _mm256_setr_epi32((int)load32(ip[0] + at), (int)load32(ip[1] + at), (int)load32(ip[2] + at),
		(int)load32(ip[3] + at), (int)load32(ip[4] + at), (int)load32(ip[5] + at), (int)load32(ip[6] + at),
		(int)load32(ip[7] + at));
}

/* 16 bytes of each of two packets. */
static inline __m256i
pair(const uint8_t *low, const uint8_t *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)), _mm_loadu_si128((const void *)high), 1);
}

static inline __m256i
swap32(__m256i x)
{
	const __m256i order = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8,
		9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	return _mm256_shuffle_epi8(x, order);
}

static inline __m256i
swap64(__m256i x)
{
	return _mm256_shuffle_epi32(swap32(x), 0xb1);
}

/* The low halves of 4 and 4 numbers, in order. */
static inline __m256i
low_halves(__m256i first, __m256i second)
{
	__m256i mixed = _mm256_castps_si256(
		_mm256_shuffle_ps(_mm256_castsi256_ps(first), _mm256_castsi256_ps(second), 0x88));

	return _mm256_permute4x64_epi64(mixed, 0xd8);
}

static inline __m256i
equal_masked32(__m256i x, uint32_t mask, uint32_t bits)
{
	return _mm256_cmpeq_epi32(_mm256_and_si256(x, _mm256_set1_epi32((int)mask)), _mm256_set1_epi32((int)bits));
}

/* --- rules about native sources --- */

/* Of tunnels and of the box itself (O20), and those that the loop guard looks into (G29). */
static void
make_rules(struct ts_rules *r, const struct ts_services *s)
{
	static const uint8_t sixto4[8] = {0x20, 0x02};

	r->n = 0;
	ts_add_rule(r, ts_rule_of(sixto4, 16));
	for (unsigned i = 0; i < s->n_sixrd; i++)
		ts_add_rule(r, ts_rule_of(&s->sixrd[i].map.prefix.addr, s->sixrd[i].map.prefix.len));
	for (unsigned i = 0; i < s->n_isatap; i++)
		ts_add_rule(r, ts_rule_of(&s->isatap[i].prefix.addr, s->isatap[i].prefix.len));
	for (unsigned i = 0; i < s->loop_guard->n_known_6rd; i++) {
		const struct ts_prefix6 *p = &s->loop_guard->known_6rd[i].prefix;

		ts_add_rule(r, ts_rule_of(&p->addr, p->len));
	}
	for (unsigned i = 0; i < s->own6.n_nets; i++)
		ts_add_rule(r, (struct ts_rule){s->own6.net[i], UINT64_MAX});
}

/* Bit per packet of 4: a global unicast source (2000::/3) that no rule is about. */
static inline unsigned
plain_sources(const struct ts_rules *r, const uint8_t *const ip[4])
{
	const unsigned src = offsetof(struct rte_ipv6_hdr, src_addr);
	__m256i even = pair(ip[0] + src, ip[2] + src), odd = pair(ip[1] + src, ip[3] + src);
	__m256i high = _mm256_unpacklo_epi64(even, odd), low = _mm256_unpackhi_epi64(even, odd);
	/* G29: an ISATAP identifier, 0 or 2, 0, 5e, fe */
	__m256i other = ts_equal_masked64(low, UINT32_C(0xfffffffd), UINT32_C(0xfe5e0000));

	other = _mm256_or_si256(other, ts_matches_any(r, high));
	other = _mm256_andnot_si256(other, ts_equal_masked64(high, 0xe0, 0x20));
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(other));
}

/* --- embedded destinations --- */

static inline __m256i
embedded_6to4(const struct lane *l, const uint8_t *const ip[LANES], __m256i *refused)
{
	(void)l, (void)refused;
	return gather32(ip, offsetof(struct rte_ipv6_hdr, dst_addr) + 2);
}

/* R2 for prefixes that leave the suffix in the first 64 bits, which is why others are not plain. */
static inline __m256i
embedded_6rd(const struct lane *l, const uint8_t *const ip[LANES], __m256i *refused)
{
	const struct ts_6rd *d = l->mechanism;
	unsigned dst = offsetof(struct rte_ipv6_hdr, dst_addr), suffix_bits = 32u - d->map.ipv4_mask_len;
	uint32_t suffix_mask = suffix_bits == 0 ? 0 : UINT32_MAX >> (32 - suffix_bits);
	__m128i shift = _mm_cvtsi32_si128((int)(64 - d->map.prefix.len - suffix_bits));
	__m256i first = ts_gather64(ip, dst), second = ts_gather64(ip + 4, dst), v4;
	struct ts_rule null_route = ts_rule_of(&d->null_route.addr, d->null_route.len);

	*refused = low_halves(ts_matches(&null_route, first), ts_matches(&null_route, second));
	v4 = low_halves(_mm256_srl_epi64(swap64(first), shift), _mm256_srl_epi64(swap64(second), shift));
	v4 = _mm256_and_si256(v4, _mm256_set1_epi32((int)suffix_mask));
	v4 = swap32(_mm256_or_si256(v4, _mm256_set1_epi32((int)(rte_be_to_cpu_32(d->map.ipv4_common) & ~suffix_mask))));
	for (unsigned i = 0; i < d->n_relays; i++)
		*refused = _mm256_or_si256(*refused, equal_masked32(v4, ts_mask4(d->relays[i].len), d->relays[i].addr));
	return v4;
}

static inline __m256i
embedded_isatap(const struct lane *l, const uint8_t *const ip[LANES], __m256i *refused)
{
	const struct ts_isatap *s = l->mechanism;
	unsigned dst = offsetof(struct rte_ipv6_hdr, dst_addr);
	__m256i v4 = gather32(ip, dst + 12), good = _mm256_setzero_si256();

	for (unsigned i = 0; i < s->n_site; i++)
		good = _mm256_or_si256(good, equal_masked32(v4, ts_mask4(s->site[i].len), s->site[i].addr));
	good = _mm256_and_si256(
		good, equal_masked32(gather32(ip, dst + 8), UINT32_C(0xfffffffd), UINT32_C(0xfe5e0000)));
	for (unsigned i = 0; i < s->n_prl; i++)
		good = _mm256_andnot_si256(equal_masked32(v4, UINT32_MAX, s->prl[i]), good);
	*refused = _mm256_xor_si256(good, _mm256_set1_epi32(-1));
	return v4;
}

/* --- preparing --- */

/* The first 8 bytes of 8 packets: version to flow label, and payload length, next header, hop limit. */
static inline void
gather_words(const uint8_t *const ip[LANES], __m256i *first, __m256i *second)
{
	const uint8_t *const low[4] = {ip[0], ip[1], ip[4], ip[5]}, *const high[4] = {ip[2], ip[3], ip[6], ip[7]};
	__m256 a = _mm256_castsi256_ps(ts_gather64(low, 0)), b = _mm256_castsi256_ps(ts_gather64(high, 0));

	*first = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
	*second = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
}

/* All ones where hop limit, next header and length are plain; *total: the outer packet's length. */
static inline __m256i
plain_words(const struct ts_tunnel *t, __m256i words, __m256i *total)
{
	const __m256i length = _mm256_set_epi8(-1, -1, 12, 13, -1, -1, 8, 9, -1, -1, 4, 5, -1, -1, 0, 1, -1, -1, 12, 13,
		-1, -1, 8, 9, -1, -1, 4, 5, -1, -1, 0, 1);
	__m256i hops = _mm256_srli_epi32(words, 24), payload = _mm256_shuffle_epi8(words, length);
	__m256i good = _mm256_cmpgt_epi32(hops, _mm256_set1_epi32(1)), bad;

	*total = _mm256_add_epi32(payload, _mm256_set1_epi32(TS_IPV6_HDR_LEN + TS_IPV4_HDR_LEN));
	bad = _mm256_cmpgt_epi32(*total, _mm256_set1_epi32(t->mtu + TS_IPV4_HDR_LEN));
	bad = _mm256_or_si256(bad, equal_masked32(words, 0xff0000, IPPROTO_ROUTING << 16));
	if (t->clamp_mss)
		bad = _mm256_or_si256(bad, equal_masked32(words, 0xff0000, IPPROTO_TCP << 16));
	return _mm256_andnot_si256(bad, good);
}

/* Version, TOS and total length as they lie in memory. */
static inline __m256i
outer_first(const struct ts_tunnel *t, __m256i vtc_flow, __m256i total)
{
	__m256i tos = _mm256_or_si256(_mm256_and_si256(_mm256_slli_epi32(vtc_flow, 12), _mm256_set1_epi32(0xf000)),
		_mm256_and_si256(_mm256_srli_epi32(vtc_flow, 4), _mm256_set1_epi32(0x0f00)));

	tos = _mm256_and_si256(tos, _mm256_set1_epi32(t->tos_mask << 8));
	return _mm256_or_si256(_mm256_or_si256(tos, _mm256_set1_epi32(RTE_IPV4_VHL_DEF)), swap32(total));
}

static inline __m256i
sum_of_words(__m256i x)
{
	return _mm256_add_epi32(_mm256_and_si256(x, _mm256_set1_epi32(0xffff)), _mm256_srli_epi32(x, 16));
}

static inline __attribute__((always_inline)) void
prepare8(const struct ts_fib4 *fib, const struct lane *l, embedded_fn embedded, const uint8_t *const ip[LANES],
	struct batch *b, unsigned at)
{
	__m256i refused = _mm256_setzero_si256(), vtc_flow, words, total, good, first, dst;

	gather_words(ip, &vtc_flow, &words);
	dst = embedded(l, ip, &refused);
	good = _mm256_andnot_si256(refused, plain_words(l->t, words, &total));
	first = outer_first(l->t, vtc_flow, total);
	_mm256_storeu_si256((void *)&b->dst[at], swap32(dst));
	for (unsigned i = at; i < at + LANES; i++)
		rte_prefetch0(&fib->tbl24[b->dst[i] >> 8]);
	_mm256_storeu_si256((void *)&b->first[at], first);
	_mm256_storeu_si256((void *)&b->sum[at],
		_mm256_add_epi32(_mm256_add_epi32(sum_of_words(first), sum_of_words(dst)),
			_mm256_set1_epi32((int)l->constant_sum)));
	b->plain |= (uint64_t)((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(good)) &
			    (plain_sources(&l->sources, ip) | plain_sources(&l->sources, ip + 4) << 4))
		<< at;
}

/* The rest of the far ends' and the natives' tests, which are loads from tables. */
static inline void
look_up(const struct ts_worker *w, const struct lane *l, struct rte_mbuf *const *pkt, unsigned n, struct batch *b)
{
	const struct ts_prefix_set *deny = w->tables->services->deny6;

	uint64_t suspect = 0;

	for (unsigned i = 0; i < n; i++)
		suspect |= (uint64_t)ts_source_policy_suspect(l->policy, rte_cpu_to_be_32(b->dst[i])) << i;
	b->plain &= ~suspect;
	for (unsigned i = 0; deny != NULL && i < n; i++)
		if (ts_prefix_set_contains(deny, rte_pktmbuf_mtod(pkt[i], const struct rte_ipv6_hdr *)->src_addr))
			b->plain &= ~(UINT64_C(1) << i);
	ts_fib4_lookup_bulk(w->tables->fib4, b->dst, b->nh, n);
	for (unsigned i = 0; i < n; i++) {
		const struct ts_nexthop *nh = ts_nexthop(w, b->nh[i]);
		bool one = nh->kind == TS_NH_ADJACENCY && nh->n_slots == 1;

		b->adj[i] = one ? &w->tables->adjacencies[nh->slots[0]] : NULL;
		rte_prefetch0(b->adj[i]);
	}
}

static inline void
pointers(const uint8_t *ip[LANES], struct rte_mbuf *const *pkt, unsigned n)
{
	if (likely(n >= LANES))
		for (unsigned i = 0; i < LANES; i++)
			ip[i] = rte_pktmbuf_mtod(pkt[i], const uint8_t *);
	else
		for (unsigned i = 0; i < LANES; i++)
			ip[i] = rte_pktmbuf_mtod(pkt[RTE_MIN(i, n - 1)], const uint8_t *);
}

/* The last group is filled up with its last packet. */
static inline __attribute__((always_inline)) void
prepare(const struct ts_worker *w, const struct lane *l, embedded_fn embedded, struct rte_mbuf *const *pkt, unsigned n,
	struct batch *b)
{
	const uint8_t *ip[LANES];

	b->plain = 0;
	for (unsigned at = 0; at < n; at += LANES) {
		pointers(ip, pkt + at, n - at);
		prepare8(w->tables->fib4, l, embedded, ip, b, at);
	}
	look_up(w, l, pkt, n, b);
}

/* --- sending --- */

/* Outer and Ethernet header in front of `ip`; overlapping stores, so that each is as wide as it can be. */
static inline void
write_headers(uint8_t *ip, const struct lane *l, const uint8_t *ethernet, unsigned l2_len, uint32_t first, uint32_t dst,
	uint64_t id, uint32_t sum)
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
within_rates(struct ts_worker *w, struct rte_mbuf *m, const struct lane *l, uint32_t dst)
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

/* Of a burst, so far. */
struct sent {
	uint64_t packets, bytes; /* of IPv6 */
	unsigned port;		 /* that the last one went to */
	struct ts_tx_buffer *buffer;
};

static inline void
enqueue(struct ts_worker *w, struct sent *sent, unsigned port, struct rte_mbuf *m)
{
	struct ts_tx_buffer *b = sent->buffer;

	if (unlikely(port != sent->port)) {
		sent->port = port;
		sent->buffer = b = &w->tx[port];
		w->tx_pending |= 1u << port;
	}
	b->pkt[b->n++] = m;
	if (unlikely(b->n == TS_BURST_MAX))
		ts_tx_flush_port(w, (uint16_t)port);
}

/* A plain packet. False: it is not, after all, and has not been touched. */
static inline bool
send_plain(struct ts_worker *w, struct rte_mbuf *m, const struct lane *l, const struct batch *b, unsigned i,
	struct sent *sent)
{
	uint32_t total = rte_pktmbuf_pkt_len(m) + TS_IPV4_HDR_LEN, dst = b->dst[i];
	const struct ts_adjacency *adj = b->adj[i];
	unsigned l2_len, headroom;

	if (unlikely(adj == NULL)) {
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
	enqueue(w, sent, adj->port, m);
	return true;
}

static void
send_scalar(struct ts_worker *w, struct rte_mbuf *m, const struct lane *l)
{
	struct ts_vec one;

	one.n = 1;
	one.pkt[0] = m;
	one.domain[0] = l->domain;
	l->scalar(w, &one);
}

static void
send_all(struct ts_worker *w, const struct lane *l, struct rte_mbuf *const *pkt, unsigned n, const struct batch *b)
{
	struct sent sent = {.port = UINT_MAX};

	for (unsigned i = 0; i < n; i++)
		if (unlikely(!(b->plain >> i & 1) || !send_plain(w, pkt[i], l, b, i, &sent)))
			send_scalar(w, pkt[i], l);
	w->counters[l->counters->packets] += sent.packets;
	w->counters[l->counters->bytes] += sent.bytes - sent.packets * TS_IPV4_HDR_LEN;
}

/* --- lanes --- */

static void
lane_begin(const struct ts_worker *w, struct lane *l, const struct ts_tunnel *t,
	const struct ts_encap_counters *counters, ts_lane_fn scalar, const struct ts_source_policy *policy)
{
	l->t = t;
	l->policy = policy;
	l->counters = counters;
	l->scalar = scalar;
	l->domain = 0;
	l->limited = ts_prefix_limiter_on(&w->keyed[TS_KEYED_SITE]) || ts_prefix_limiter_on(&w->keyed[TS_KEYED_NATIVE]);
	l->constant_words = (uint64_t)t->frag_off << 16 | (uint64_t)t->ttl << 32 | (uint64_t)IPPROTO_IPV6 << 40;
	l->constant_sum = t->frag_off + (t->ttl | IPPROTO_IPV6 << 8) + (t->src & 0xffff) + (t->src >> 16);
	make_rules(&l->sources, w->tables->services);
}

void
TS_VEC(ts_6to4_encap)(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_services *s = w->tables->services;
	const struct ts_6to4 *sixto4 = &s->sixto4;
	struct batch b;
	struct lane l;

	if (in->n <= FEW || sixto4->mirror || sixto4->t.dynamic_mtu || !ts_own_nets_complete(s)) {
		ts_6to4_encap(w, in);
		return;
	}
	lane_begin(w, &l, &sixto4->t, &ts_6to4_encap_counters, ts_6to4_encap, s->policy);
	prepare(w, &l, embedded_6to4, in->pkt, in->n, &b);
	send_all(w, &l, in->pkt, in->n, &b);
}

/* How many from `from` on are for the same domain. */
static unsigned
run_length(const struct ts_vec *in, unsigned from)
{
	unsigned to = from + 1;

	while (to < in->n && in->domain[to] == in->domain[from])
		to++;
	return to - from;
}

static void
scalar_run(struct ts_worker *w, const struct ts_vec *in, unsigned from, unsigned n, ts_lane_fn scalar)
{
	struct ts_vec part;

	part.n = (uint16_t)n;
	memcpy(part.pkt, in->pkt + from, n * sizeof(part.pkt[0]));
	memcpy(part.domain, in->domain + from, n * sizeof(part.domain[0]));
	scalar(w, &part);
}

static void
run_6rd(struct ts_worker *w, struct ts_vec *in, unsigned from, unsigned n)
{
	const struct ts_services *s = w->tables->services;
	const struct ts_6rd *d = &s->sixrd[in->domain[from]];
	struct batch b;
	struct lane l;

	if (n <= FEW || d->t.dynamic_mtu || !ts_own_nets_complete(s) ||
		d->map.prefix.len + 32u - d->map.ipv4_mask_len > 64) {
		scalar_run(w, in, from, n, ts_6rd_encap);
		return;
	}
	lane_begin(w, &l, &d->t, &ts_6rd_encap_counters, ts_6rd_encap, s->managed);
	l.mechanism = d;
	l.domain = in->domain[from];
	prepare(w, &l, embedded_6rd, in->pkt + from, n, &b);
	send_all(w, &l, in->pkt + from, n, &b);
}

void
TS_VEC(ts_6rd_encap)(struct ts_worker *w, struct ts_vec *in)
{
	for (unsigned from = 0, n; from < in->n; from += n) {
		n = run_length(in, from);
		run_6rd(w, in, from, n);
	}
}

static void
run_isatap(struct ts_worker *w, struct ts_vec *in, unsigned from, unsigned n)
{
	const struct ts_services *s = w->tables->services;
	const struct ts_isatap *site = &s->isatap[in->domain[from]];
	struct batch b;
	struct lane l;

	if (n <= FEW || site->t.dynamic_mtu || !ts_own_nets_complete(s)) {
		scalar_run(w, in, from, n, ts_isatap_encap);
		return;
	}
	lane_begin(w, &l, &site->t, &ts_isatap_encap_counters, ts_isatap_encap, s->managed);
	l.mechanism = site;
	l.domain = in->domain[from];
	prepare(w, &l, embedded_isatap, in->pkt + from, n, &b);
	send_all(w, &l, in->pkt + from, n, &b);
}

void
TS_VEC(ts_isatap_encap)(struct ts_worker *w, struct ts_vec *in)
{
	for (unsigned from = 0, n; from < in->n; from += n) {
		n = run_length(in, from);
		run_isatap(w, in, from, n);
	}
}

#endif
