/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo decapsulation at the relay: from a client to native IPv6 (protocols.md T17 to T23; RFC 4380 5.4.2). Packets of
 * confirmed peers go straight through; those that change what is known of a peer go to the worker that owns it and come
 * back to ts_relay_received().
 */
#include "relay.h"

const struct ts_decap_counters ts_teredo_decap_counters = {
	.error = {TS_C_drop_teredo_decap_no_error_about_error, TS_C_drop_teredo_decap_icmp6_limited},
	.packets = TS_C_teredo_decap_packets,
	.bytes = TS_C_teredo_decap_bytes,
	.blackhole = TS_C_drop_teredo_decap_blackhole,
	.loop_dst = TS_C_drop_teredo_decap_loop_dst,
	.rh0 = TS_C_drop_teredo_decap_rh0,
	.ecn = TS_C_drop_teredo_decap_ecn_ce_not_ect,
	.hairpin = TS_C_drop_teredo_decap_hairpin,
	.dst_denied = TS_C_drop_teredo_decap_dst_denied,
	.site_limited = TS_C_drop_teredo_decap_site_limited,
	.prefix_limited = TS_C_drop_teredo_decap_prefix_limited,
};

/* T22; the counter, or -1. */
static int
refused_destination(const uint8_t dst[16])
{
	if (ts_ipv6_addr_refused(dst))
		return TS_C_drop_teredo_decap_v6_dst_invalid;
	return ts_is_teredo(dst) ? TS_C_drop_teredo_decap_dst_teredo : -1;
}

/* T15, T22. */
bool
ts_relay_take_out(struct ts_worker *w, struct rte_mbuf *m, struct ts_outer *kept)
{
	struct ts_relay_input r;
	int reason;

	ts_relay_find_headers(m, &r);
	*kept = ts_outer_of(r.outer);
	if (ts_teredo_is_bubble((const uint8_t *)r.inner)) {
		ts_count(w, TS_C_consume_teredo_decap_bubble);
		rte_pktmbuf_free(m);
		return false;
	}
	reason = refused_destination(r.inner->dst_addr);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	ts_decap_cut(m, r.inner_at, r.inner);
	return true;
}

void
ts_relay_out(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh, const struct ts_outer *outer)
{
	int ecn;

	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_teredo_decap_local_not_echo);
		return;
	}
	ecn = ts_decap_admit(w, m, outer, 0, &ts_teredo_decap_counters);
	if (ecn >= 0)
		ts_decap_forward(w, m, nh, ecn, TS_MECH_TEREDO, &ts_relay(w)->t, &ts_teredo_decap_counters);
}

void
ts_relay_received(struct ts_worker *w, struct rte_mbuf *m)
{
	struct ts_outer outer;

	if (ts_relay_take_out(w, m, &outer))
		ts_relay_out(w, m, ts_lookup6(w, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr), &outer);
}

/* The burst, as far as it is of peers that go on as before, without its outer headers. */
static uint16_t
admit(struct ts_worker *w, struct ts_vec *in, struct ts_outer outer[TS_BURST_MAX])
{
	uint32_t tick = ts_relay_tick(w);
	struct ts_peer_hash hash[TS_BURST_MAX];
	struct ts_relay_input r[TS_BURST_MAX];
	uint16_t n = 0, known = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		int reason = ts_relay_refused_input(w, m, &r[n]);

		if (unlikely(reason >= 0)) {
			ts_drop(w, m, (enum ts_counter)reason);
			continue;
		}
		hash[n] = ts_peers_hash(ts_relay(w)->peers, r[n].inner->src_addr);
		ts_peers_prefetch(ts_relay(w)->peers, &hash[n]);
		in->pkt[n++] = m;
	}
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!ts_relay_is_known(w, ts_relay(w), r[i].inner->src_addr, r[i].outer->src_addr,
			    r[i].udp->src_port, &hash[i], tick)))
			ts_relay_to_owner(w, m, &hash[i], TS_RELAY_RECEIVED);
		else if (likely(ts_relay_take_out(w, m, &outer[known])))
			in->pkt[known++] = m;
	}
	return known;
}

void
ts_teredo_decap(struct ts_worker *w, struct ts_vec *in)
{
	uint8_t dst[TS_BURST_MAX][16];
	struct ts_outer outer[TS_BURST_MAX];
	uint32_t nh[TS_BURST_MAX];
	uint16_t n = admit(w, in, outer);

	for (uint16_t i = 0; i < n; i++)
		memcpy(dst[i], rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv6_hdr *)->dst_addr, 16);
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		ts_relay_out(w, in->pkt[i], ts_nexthop(w, nh[i]), &outer[i]);
}
