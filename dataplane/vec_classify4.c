/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * classify4.c by vectors. Plain: a header without options whose length is the packet's, its checksum right, no
 * fragment. The checksum is always computed. What a NIC says of it (RTE_MBUF_F_RX_IP_CKSUM_*) may be about the inner
 * header where it has parsed the tunnel, and the inner one of protocol 41 has no checksum to be wrong; and eight
 * headers cost less than looking at the flags of eight mbufs.
 */
#include "vec_words.h"

#ifdef TS_VEC_SET

#include "classify4.h"
#include "lib/teredo.h"

#define NEEDED 28u /* header, and what protocol 41 and UDP have at least behind it */

/* By packet of the burst, as it stands in the vector. */
struct found {
	uint64_t plain, proto41, udp;
	uint64_t same_dst, same_port; /* as the first packet of the burst */
	uint32_t dst[TS_BURST_MAX] __rte_aligned(32);
	uint32_t ports[TS_BURST_MAX] __rte_aligned(32);
};

static inline void
look_at(const struct ts_vec *in, unsigned first, struct found *f)
{
	struct ts_vec_group g;
	__m256i a[4], b[4], plain;

	ts_vec_group_of(in, first, NEEDED, &g);
	ts_vec_words4(g.p, 0, a);
	ts_vec_words4(g.p, 12, b);
	plain = ts_vec_is(a[0], 0xff, RTE_IPV4_VHL_DEF);
	plain = _mm256_and_si256(
		plain, _mm256_cmpeq_epi32(ts_vec_swap16_high(a[0]), _mm256_load_si256((const void *)g.len)));
	plain = _mm256_and_si256(plain, ts_vec_is(a[1], (uint32_t)RTE_BE16(0x3fff) << 16, 0));
	plain = _mm256_and_si256(
		plain, _mm256_cmpeq_epi32(ts_vec_sum5(a[0], a[1], a[2], a[3], b[1]), ts_vec_all(0xffff)));
	_mm256_store_si256((void *)&f->dst[first], ts_vec_swap(b[1]));
	_mm256_store_si256((void *)&f->ports[first], b[2]);
	f->same_dst |= (uint64_t)ts_vec_bits(_mm256_cmpeq_epi32(ts_vec_swap(b[1]), ts_vec_all(f->dst[0]))) << first;
	f->same_port |= (uint64_t)ts_vec_bits(ts_vec_is(b[2], 0xffff0000, f->ports[0] & 0xffff0000)) << first;
	f->plain |= (uint64_t)ts_vec_bits(plain) << first;
	f->proto41 |= (uint64_t)ts_vec_bits(ts_vec_is(a[2], 0xff00, IPPROTO_IPV6 << 8)) << first;
	f->udp |= (uint64_t)ts_vec_bits(ts_vec_is(a[2], 0xff00, IPPROTO_UDP << 8)) << first;
}

/* The others are checked one by one, and those that fail are taken out. */
static void
check_others(struct ts_worker *w, struct ts_vec *in, struct found *f)
{
	uint64_t plain = 0, proto41 = 0, udp = 0;
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		uint64_t is_plain = f->plain >> i & 1;

		if (is_plain == 0 && !ts_classify4_check(w, m))
			continue;
		f->dst[n] = rte_be_to_cpu_32(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *)->dst_addr);
		f->ports[n] = f->ports[i];
		plain |= is_plain << n;
		proto41 |= (f->proto41 >> i & 1) << n;
		udp |= (f->udp >> i & 1) << n;
		in->iface[n] = in->iface[i];
		in->pkt[n++] = m;
	}
	in->n = n;
	f->plain = plain;
	f->proto41 = proto41;
	f->udp = udp;
}

/* G3, V16: the lane of a plain packet; NULL: none, or not by its looks. The destination port is last in `ports`. */
static inline struct ts_vec *
lane_of(const struct ts_worker *w, const struct ts_nexthop *hop, bool proto41, bool udp, uint32_t ports,
	struct ts_lanes *out)
{
	if (hop->kind != TS_NH_LOCAL)
		return NULL;
	if (proto41 && hop->proto41 == TS_PROTO41_6TO4)
		return &out->decap_6to4;
	if (proto41 && hop->proto41 != TS_PROTO41_NONE)
		return hop->proto41 == TS_PROTO41_6RD ? &out->decap_6rd : &out->decap_isatap;
	if (udp && (hop->udp & TS_UDP_TEREDO_SERVER) != 0 && ports >> 16 == RTE_BE16(TS_TEREDO_PORT))
		return &out->teredo_server;
	if (udp && (hop->udp & TS_UDP_TEREDO_RELAY) != 0 && ports >> 16 == w->tables->services->relay.port)
		return &out->decap_teredo;
	return NULL;
}

/* Most bursts are for one address and one mechanism: one lookup says what all of it is for. False: it is not so. */
static inline bool
classify_all(const struct ts_worker *w, const struct ts_vec *in, const struct found *f, struct ts_lanes *out)
{
	uint64_t all = ts_vec_lanes_used(in->n), proto41 = f->proto41 & all, udp = f->udp & all;
	const struct ts_nexthop *hop;
	struct ts_vec *lane;
	uint32_t nh;

	if (in->n == 0 || (f->plain & f->same_dst & all) != all || (proto41 != all && (udp & f->same_port) != all))
		return false;
	ts_fib4_lookup_bulk(w->tables->fib4, f->dst, &nh, 1);
	hop = ts_nexthop(w, nh);
	lane = lane_of(w, hop, proto41 == all, udp == all, f->ports[0], out);
	if (lane == NULL)
		return false;
	ts_vec_hand_over(in, lane, hop->domain);
	return true;
}

static void
classify_each(struct ts_worker *w, const struct ts_vec *in, const struct found *f, struct ts_lanes *out)
{
	uint32_t nh[TS_BURST_MAX];

	ts_fib4_lookup_bulk(w->tables->fib4, f->dst, nh, in->n);
	for (uint16_t i = 0; i < in->n; i++) {
		const struct ts_nexthop *hop = ts_nexthop(w, nh[i]);
		struct ts_vec *lane = NULL;

		if (likely(f->plain >> i & 1))
			lane = lane_of(w, hop, f->proto41 >> i & 1, f->udp >> i & 1, f->ports[i], out);
		if (unlikely(lane == NULL)) {
			ts_classify4_by(w, in->pkt[i], in->iface[i], hop, out);
			continue;
		}
		lane->pkt[lane->n] = in->pkt[i];
		lane->iface[lane->n] = in->iface[i];
		lane->domain[lane->n++] = hop->domain;
	}
}

void
TS_VEC(ts_classify4)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out)
{
	struct found f;

	f.plain = f.proto41 = f.udp = f.same_dst = f.same_port = 0;
	for (unsigned i = 0; i < in->n; i += TS_VEC_LANES)
		look_at(in, i, &f);
	if (likely(classify_all(w, in, &f, out)))
		return;
	if (unlikely((~f.plain & ts_vec_lanes_used(in->n)) != 0))
		check_others(w, in, &f);
	classify_each(w, in, &f, out);
}

#endif
