/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tunnels have in common, once each has made its own checks: the way into a tunnel, the way out
 * of one, and from one into another inside the box (protocols.md G31). A mechanism brings its counters.
 */
#ifndef TS_TUNNEL_H
#define TS_TUNNEL_H

#include "worker_priv.h"

struct ts_encap_counters {
	struct ts_error_counters error;
	enum ts_counter packets, bytes, blackhole, src_6rd, src_isatap, src_own, src_denied, site_limited,
		prefix_limited;
};

/* lane_<mechanism>_encap.c */
extern const struct ts_encap_counters ts_6to4_encap_counters, ts_6rd_encap_counters, ts_isatap_encap_counters;

struct ts_decap_counters {
	struct ts_error_counters error;
	enum ts_counter packets, bytes, blackhole, loop_dst, rh0, ecn, hairpin, dst_denied, site_limited,
		prefix_limited;
};

#define TS_ECN_KEEP (-1)

/*
 * Foreign sources (O20), access lists and rates (S24), then G33 and G41, for a packet to the site `dst`. False: it has
 * been answered or dropped. `handed`: it came out of another tunnel, where access, rates and hop limit have been looked
 * at.
 */
bool ts_encap_admit(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t dst, bool handed,
	const struct ts_encap_counters *c);

/* Decrement (G32), outer header from `src` to `dst`, out by `nh` of the IPv4 table; or the error that `nh` means. */
void ts_encap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src,
	rte_be32_t dst, const struct ts_nexthop *nh, int ecn, const struct ts_encap_counters *c);

/*
 * Its parts, for tunnels with another outer header. _step: decrement, ECN, MSS. _begin: the adjacency by `nh` (NULL:
 * on-link), then _step; false when the error that `nh` means has been sent. _end: out, the outer header in front.
 */
void ts_encap_step(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, int ecn);
bool ts_encap_begin(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, const struct ts_nexthop *nh,
	int ecn, const struct ts_encap_counters *c, const struct ts_adjacency **adj);
void ts_encap_end(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, const struct ts_adjacency *adj);

/* The same for a packet that the box originated: nothing is decremented, no error is sent. */
void ts_encap_originate(struct ts_worker *w, struct rte_mbuf *m, const struct ts_tunnel *t, rte_be32_t src,
	rte_be32_t dst, const struct ts_encap_counters *c);

/* Take off the outer header and what follows the inner packet. */
void ts_decap_cut(struct rte_mbuf *m, uint32_t ihl, const struct rte_ipv6_hdr *inner);

/* G27 for the inner packet: TS_INNER_OK or which of the two. */
enum ts_inner_fault { TS_INNER_OK, TS_INNER_HDR, TS_INNER_LEN };
enum ts_inner_fault ts_decap_inner_check(const struct rte_ipv6_hdr *inner, uint32_t len);

/* What a lane keeps of the outer header once it is off. */
struct ts_outer {
	rte_be32_t src, dst;
	uint8_t ecn;
};

static inline struct ts_outer
ts_outer_of(const struct rte_ipv4_hdr *ip)
{
	return (struct ts_outer){.src = ip->src_addr, .dst = ip->dst_addr, .ecn = ip->type_of_service & 3};
}

/*
 * G29, G28, G36 (the DSCP stays: G37), access and rates (S24), G33 on an inner packet that is not for the box. Returns
 * the ECN field to write, or -1 when the packet has been dropped or answered. `skip`: TS_LOOP_SKIP_*.
 */
int ts_decap_admit(struct ts_worker *w, struct rte_mbuf *m, const struct ts_outer *outer, unsigned skip,
	const struct ts_decap_counters *c);

/* Natively out by `nh` of the IPv6 table, or into the tunnel that it names if policy allows. `t`: the tunnel it came
 * by. */
void ts_decap_forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, int ecn,
	enum ts_mechanism from, const struct ts_tunnel *t, const struct ts_decap_counters *c);

/* lane_<mechanism>_encap.c: one packet out of another tunnel. */
void ts_6to4_encap_handed(struct ts_worker *w, struct rte_mbuf *m, int ecn);
void ts_6rd_encap_handed(struct ts_worker *w, struct rte_mbuf *m, const struct ts_6rd *d, int ecn);
void ts_isatap_encap_handed(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, int ecn);
void ts_teredo_encap_handed(struct ts_worker *w, struct rte_mbuf *m, int ecn);

/* The ECN field of the IPv6 header at `ip6`; TS_ECN_KEEP leaves it. */
static inline void
ts_write_ecn(uint8_t *ip6, int ecn)
{
	if (ecn != TS_ECN_KEEP)
		ip6[1] = (uint8_t)((ip6[1] & ~0x30) | ecn << 4);
}

/* G28: a type 0 routing header, unless the operator lets it pass. */
static inline bool
ts_refused_rh0(const struct ts_worker *w, const struct rte_mbuf *m)
{
	return unlikely(ts_ipv6_rh0(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m))) &&
		!w->tables->services->pass_rh0;
}

/* The /64 of an address, as a key of rates and quotas. */
static inline uint64_t
ts_prefix64(const uint8_t addr[16])
{
	uint64_t prefix;

	memcpy(&prefix, addr, sizeof(prefix));
	return prefix;
}

/* Next hop of an IPv4 destination, one at a time. */
static inline const struct ts_nexthop *
ts_lookup4(const struct ts_worker *w, rte_be32_t addr)
{
	uint32_t dst = rte_be_to_cpu_32(addr);
	uint32_t nh;

	ts_fib4_lookup_bulk(w->tables->fib4, &dst, &nh, 1);
	return ts_nexthop(w, nh);
}

static inline const struct ts_nexthop *
ts_lookup6(const struct ts_worker *w, const uint8_t addr[16])
{
	uint8_t dst[1][16];
	uint32_t nh;

	memcpy(dst[0], addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, &nh, 1);
	return ts_nexthop(w, nh);
}

#endif
