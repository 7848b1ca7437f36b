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
#include "vec_encap.h"
#include "vec_policy.h"
#include "vec_send.h"

#ifdef TS_VEC_SET

#define FEW 3 /* so many packets are faster one by one */

/* The embedded IPv4 addresses of 8 packets in network byte order; lanes that are refused are set in *refused. */
typedef __m256i (*embedded_fn)(const struct encap_lane *l, const uint8_t *const ip[TS_VEC_LANES], __m256i *refused);

/* --- gathering --- */

static inline __m256i
gather32(const uint8_t *const ip[TS_VEC_LANES], unsigned at)
{
	return _mm256_setr_epi32((int)ts_vec_load32(ip[0] + at), (int)ts_vec_load32(ip[1] + at),
		(int)ts_vec_load32(ip[2] + at), (int)ts_vec_load32(ip[3] + at), (int)ts_vec_load32(ip[4] + at),
		(int)ts_vec_load32(ip[5] + at), (int)ts_vec_load32(ip[6] + at), (int)ts_vec_load32(ip[7] + at));
}

static inline __m256i
swap64(__m256i x)
{
	return _mm256_shuffle_epi32(ts_vec_swap(x), 0xb1);
}

/* The low halves of 4 and 4 numbers, in order. */
static inline __m256i
low_halves(__m256i first, __m256i second)
{
	__m256i mixed = _mm256_castps_si256(
		_mm256_shuffle_ps(_mm256_castsi256_ps(first), _mm256_castsi256_ps(second), 0x88));

	return _mm256_permute4x64_epi64(mixed, 0xd8);
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
	__m256i even = ts_vec_pair(ip[0] + src, ip[2] + src), odd = ts_vec_pair(ip[1] + src, ip[3] + src);
	__m256i high = _mm256_unpacklo_epi64(even, odd), low = _mm256_unpackhi_epi64(even, odd);
	/* G29: an ISATAP identifier, 0 or 2, 0, 5e, fe */
	__m256i other = ts_equal_masked64(low, UINT32_C(0xfffffffd), UINT32_C(0xfe5e0000));

	other = _mm256_or_si256(other, ts_matches_any(r, high));
	other = _mm256_andnot_si256(other, ts_equal_masked64(high, 0xe0, 0x20));
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(other));
}

/* --- embedded destinations --- */

static inline __m256i
embedded_6to4(const struct encap_lane *l, const uint8_t *const ip[TS_VEC_LANES], __m256i *refused)
{
	(void)l, (void)refused;
	return gather32(ip, offsetof(struct rte_ipv6_hdr, dst_addr) + 2);
}

/* R2 for prefixes that leave the suffix in the first 64 bits, which is why others are not plain. */
static inline __m256i
embedded_6rd(const struct encap_lane *l, const uint8_t *const ip[TS_VEC_LANES], __m256i *refused)
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
	v4 = ts_vec_swap(
		_mm256_or_si256(v4, _mm256_set1_epi32((int)(rte_be_to_cpu_32(d->map.ipv4_common) & ~suffix_mask))));
	for (unsigned i = 0; i < d->n_relays; i++)
		*refused = _mm256_or_si256(*refused, ts_vec_is(v4, ts_mask4(d->relays[i].len), d->relays[i].addr));
	return v4;
}

static inline __m256i
embedded_isatap(const struct encap_lane *l, const uint8_t *const ip[TS_VEC_LANES], __m256i *refused)
{
	const struct ts_isatap *s = l->mechanism;
	unsigned dst = offsetof(struct rte_ipv6_hdr, dst_addr);
	__m256i v4 = gather32(ip, dst + 12), good = _mm256_setzero_si256();

	for (unsigned i = 0; i < s->n_site; i++)
		good = _mm256_or_si256(good, ts_vec_is(v4, ts_mask4(s->site[i].len), s->site[i].addr));
	good = _mm256_and_si256(good, ts_vec_is(gather32(ip, dst + 8), UINT32_C(0xfffffffd), UINT32_C(0xfe5e0000)));
	for (unsigned i = 0; i < s->n_prl; i++)
		good = _mm256_andnot_si256(ts_vec_is(v4, UINT32_MAX, s->prl[i]), good);
	*refused = _mm256_xor_si256(good, _mm256_set1_epi32(-1));
	return v4;
}

/* --- preparing --- */

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
	bad = _mm256_or_si256(bad, ts_vec_is(words, 0xff0000, IPPROTO_ROUTING << 16));
	if (t->clamp_mss)
		bad = _mm256_or_si256(bad, ts_vec_is(words, 0xff0000, IPPROTO_TCP << 16));
	return _mm256_andnot_si256(bad, good);
}

/* Version, TOS and total length as they lie in memory. */
static inline __m256i
outer_first(const struct ts_tunnel *t, __m256i vtc_flow, __m256i total)
{
	__m256i tos = _mm256_or_si256(_mm256_and_si256(_mm256_slli_epi32(vtc_flow, 12), _mm256_set1_epi32(0xf000)),
		_mm256_and_si256(_mm256_srli_epi32(vtc_flow, 4), _mm256_set1_epi32(0x0f00)));

	tos = _mm256_and_si256(tos, _mm256_set1_epi32(t->tos_mask << 8));
	return _mm256_or_si256(_mm256_or_si256(tos, _mm256_set1_epi32(RTE_IPV4_VHL_DEF)), ts_vec_swap(total));
}

static inline __m256i
sum_of_words(__m256i x)
{
	return _mm256_add_epi32(_mm256_and_si256(x, _mm256_set1_epi32(0xffff)), _mm256_srli_epi32(x, 16));
}

static inline __attribute__((always_inline)) void
prepare8(const struct encap_lane *l, embedded_fn embedded, const uint8_t *const ip[TS_VEC_LANES], struct encap_batch *b,
	unsigned at)
{
	__m256i refused = _mm256_setzero_si256(), vtc_flow, words, total, good, first, dst;

	/* version to flow label, and payload length, next header, hop limit */
	ts_vec_words2(ip, 0, &vtc_flow, &words);
	dst = embedded(l, ip, &refused);
	good = _mm256_andnot_si256(refused, plain_words(l->t, words, &total));
	good = _mm256_and_si256(good, ts_vec_unsuspected(l->policy, dst));
	first = outer_first(l->t, vtc_flow, total);
	_mm256_store_si256((void *)&b->dst[at], ts_vec_swap(dst));
	_mm256_store_si256((void *)&b->first[at], first);
	_mm256_store_si256((void *)&b->total[at], total);
	_mm256_store_si256((void *)&b->sum[at],
		_mm256_add_epi32(_mm256_add_epi32(sum_of_words(first), sum_of_words(dst)),
			_mm256_set1_epi32((int)l->constant_sum)));
	b->plain |= (uint64_t)((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(good)) &
			    (plain_sources(&l->sources, ip) | plain_sources(&l->sources, ip + 4) << 4))
		<< at;
}

/* The rest of the far ends' and the natives' tests, which are loads from tables. */
static inline void
look_up(const struct ts_worker *w, const struct encap_lane *l, struct rte_mbuf *const *pkt, unsigned n,
	struct encap_batch *b)
{
	const struct ts_prefix_set *deny = w->tables->services->deny6;

	for (unsigned i = 0; deny != NULL && i < n; i++)
		if (ts_prefix_set_contains(deny, rte_pktmbuf_mtod(pkt[i], const struct rte_ipv6_hdr *)->src_addr))
			b->plain &= ~(UINT64_C(1) << i);
	ts_fib4_lookup_bulk(w->tables->fib4, b->dst, b->nh, n);
	b->easy &= ts_vec_neighbours(w, b->nh, b->total, 0, n, b->adj);
	b->easy &= l->limited ? 0 : b->plain;
}

static inline __attribute__((always_inline)) void
prepare_group(const struct encap_lane *l, embedded_fn embedded, struct rte_mbuf *const pkt[TS_VEC_LANES],
	struct encap_batch *b, unsigned at)
{
	const uint8_t *ip[TS_VEC_LANES];

	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		ip[i] = rte_pktmbuf_mtod(pkt[i], const uint8_t *);
	prepare8(l, embedded, ip, b, at);
	b->easy |= (uint64_t)ts_vec_with_room(pkt, TS_IPV4_HDR_LEN + RTE_ETHER_HDR_LEN) << at;
}

/* The last group is filled up with its last packet. */
static inline __attribute__((always_inline)) void
prepare(const struct ts_worker *w, const struct encap_lane *l, embedded_fn embedded, struct rte_mbuf *const *pkt,
	unsigned n, struct encap_batch *b)
{
	struct rte_mbuf *last[TS_VEC_LANES];
	unsigned at;

	b->plain = b->easy = 0;
	for (at = 0; at + TS_VEC_LANES <= n; at += TS_VEC_LANES)
		prepare_group(l, embedded, pkt + at, b, at);
	if (at < n) {
		for (unsigned i = 0; i < TS_VEC_LANES; i++)
			last[i] = pkt[RTE_MIN(at + i, n - 1)];
		prepare_group(l, embedded, last, b, at);
	}
	/* A pass of its own: within the groups it would wait for each one's addresses. */
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(&w->tables->fib4->tbl24[b->dst[i] >> 8]);
	look_up(w, l, pkt, n, b);
}

/* --- lanes --- */

static void
lane_begin(const struct ts_worker *w, struct encap_lane *l, const struct ts_tunnel *t,
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
	struct encap_batch b;
	struct encap_lane l;

	if (in->n <= FEW || sixto4->mirror || sixto4->t.dynamic_mtu || !ts_own_nets_complete(s)) {
		ts_6to4_encap(w, in);
		return;
	}
	lane_begin(w, &l, &sixto4->t, &ts_6to4_encap_counters, ts_6to4_encap, s->policy);
	prepare(w, &l, embedded_6to4, in->pkt, in->n, &b);
	TS_VEC(ts_encap_send)(w, &l, in->pkt, in->n, &b);
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
	struct encap_batch b;
	struct encap_lane l;

	if (n <= FEW || d->t.dynamic_mtu || !ts_own_nets_complete(s) ||
		d->map.prefix.len + 32u - d->map.ipv4_mask_len > 64) {
		scalar_run(w, in, from, n, ts_6rd_encap);
		return;
	}
	lane_begin(w, &l, &d->t, &ts_6rd_encap_counters, ts_6rd_encap, s->managed);
	l.mechanism = d;
	l.domain = in->domain[from];
	prepare(w, &l, embedded_6rd, in->pkt + from, n, &b);
	TS_VEC(ts_encap_send)(w, &l, in->pkt + from, n, &b);
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
	struct encap_batch b;
	struct encap_lane l;

	if (n <= FEW || site->t.dynamic_mtu || !ts_own_nets_complete(s)) {
		scalar_run(w, in, from, n, ts_isatap_encap);
		return;
	}
	lane_begin(w, &l, &site->t, &ts_isatap_encap_counters, ts_isatap_encap, s->managed);
	l.mechanism = site;
	l.domain = in->domain[from];
	prepare(w, &l, embedded_isatap, in->pkt + from, n, &b);
	TS_VEC(ts_encap_send)(w, &l, in->pkt + from, n, &b);
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
