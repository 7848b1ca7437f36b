/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo encapsulation at the relay: native IPv6 to a client (protocols.md T3 to T8; RFC 4380 5.4.1, 5.2.4). Packets
 * for trusted peers go out from here; all others go to the worker that owns the peer.
 */
#include "relay.h"

#include <netinet/icmp6.h>

const struct ts_encap_counters ts_teredo_encap_counters = {
	.error = {TS_C_drop_teredo_encap_no_error_about_error, TS_C_drop_teredo_encap_icmp6_limited},
	.packets = TS_C_teredo_encap_packets,
	.bytes = TS_C_teredo_encap_bytes,
	.blackhole = TS_C_drop_teredo_encap_blackhole,
	.src_6rd = TS_C_drop_teredo_encap_src_6rd,
	.src_isatap = TS_C_drop_teredo_encap_src_isatap,
	.src_own = TS_C_drop_teredo_encap_src_own,
	.src_denied = TS_C_drop_teredo_encap_src_denied,
	.site_limited = TS_C_drop_teredo_encap_site_limited,
	.prefix_limited = TS_C_drop_teredo_encap_prefix_limited,
};

static bool
is_own_server(const struct ts_worker *w, rte_be32_t v4)
{
	const struct ts_teredo_server *s = &w->tables->services->server;

	return s->enabled && s->address[0] == v4;
}

/* T4 */
static int
refused_client(const struct ts_worker *w, rte_be32_t v4)
{
	switch (ts_source_policy_check(w->tables->services->policy, v4)) {
	case TS_POLICY_OK:
		return -1;
	case TS_POLICY_OWN:
		return TS_C_drop_teredo_encap_dst_own;
	case TS_POLICY_DENIED:
		return TS_C_drop_teredo_encap_dst_denied;
	default:
		return TS_C_drop_teredo_encap_dst_martian;
	}
}

/* T6: bubbles go to this address, which whoever wrote the Teredo address has chosen. */
static int
refused_server(const struct ts_worker *w, rte_be32_t v4)
{
	switch (ts_source_policy_check(w->tables->services->policy, v4)) {
	case TS_POLICY_OK:
		return -1;
	case TS_POLICY_OWN:
		return is_own_server(w, v4) ? -1 : TS_C_drop_teredo_encap_server_martian;
	case TS_POLICY_DENIED:
		return TS_C_drop_teredo_encap_dst_denied;
	default:
		return TS_C_drop_teredo_encap_server_martian;
	}
}

int
ts_relay_refused_address(const struct ts_worker *w, const uint8_t addr[16])
{
	int reason = refused_client(w, ts_teredo_client(addr));

	if (unlikely(reason >= 0))
		return reason;
	if (unlikely(rte_be_to_cpu_16(ts_teredo_port(addr)) < ts_relay(w)->min_client_port))
		return TS_C_drop_teredo_encap_dst_port_0;
	return refused_server(w, ts_teredo_server(addr));
}

/* T3 to T7 */
static int
refused(const struct ts_worker *w, const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	int reason;

	if (ts_ipv6_addr_refused(ip->src_addr))
		return TS_C_drop_teredo_encap_v6_src_invalid;
	if (ts_is_teredo(ip->src_addr))
		return TS_C_drop_teredo_encap_src_teredo;
	reason = ts_relay_refused_address(w, ip->dst_addr);
	if (unlikely(reason >= 0))
		return reason;
	if (ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->src_addr, 0))
		return TS_C_drop_teredo_encap_loop_src;
	if (ts_refused_rh0(w, m))
		return TS_C_drop_teredo_encap_rh0;
	return -1;
}

static inline bool
admit(struct ts_worker *w, struct rte_mbuf *m, bool handed)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	int reason = refused(w, m, ip);

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	return ts_encap_admit(w, m, &ts_relay(w)->t, ts_teredo_client(ip->dst_addr), handed, &ts_teredo_encap_counters);
}

bool
ts_relay_admit_native(struct ts_worker *w, struct rte_mbuf *m)
{
	return admit(w, m, false);
}

static const uint8_t *
client_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr;
}

/* The mapping of a trusted peer; false: there is none. */
static bool
find_trusted(struct ts_worker *w, const struct rte_mbuf *m, const struct ts_peer_hash *h, uint32_t tick,
	struct ts_peer_view *view)
{
	const struct ts_teredo_relay *r = ts_relay(w);

	return likely(ts_peers_find(r->peers, client_of(m), h, view)) && likely(ts_relay_trusted(r, view->word, tick));
}

void
ts_teredo_encap(struct ts_worker *w, struct ts_vec *in)
{
	const struct ts_peers *peers = ts_relay(w)->peers;
	uint32_t tick = ts_relay_tick(w), dst[TS_BURST_MAX];
	struct ts_peer_hash hash[TS_BURST_MAX];
	rte_be16_t port[TS_BURST_MAX];
	uint32_t nh[TS_BURST_MAX];
	uint16_t n = 0, trusted = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!ts_relay_admit_native(w, m)))
			continue;
		hash[n] = ts_peers_hash(peers, client_of(m));
		ts_peers_prefetch(peers, &hash[n]);
		in->pkt[n++] = m;
	}
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = in->pkt[i];
		struct ts_peer_view view;

		if (unlikely(!ts_relay_find_direct(w, ts_relay(w), client_of(m), &hash[i], tick, &view))) {
			ts_relay_to_owner(w, m, &hash[i], TS_RELAY_NATIVE);
			continue;
		}
		dst[trusted] = rte_be_to_cpu_32(view.v4);
		port[trusted] = view.port;
		in->pkt[trusted++] = m;
	}
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, trusted);
	for (uint16_t i = 0; i < trusted; i++)
		ts_relay_forward(w, in->pkt[i], rte_cpu_to_be_32(dst[i]), port[i], ts_nexthop(w, nh[i]), TS_ECN_KEEP);
}

void
ts_teredo_encap_handed(struct ts_worker *w, struct rte_mbuf *m, int ecn)
{
	struct ts_peer_view view;
	struct ts_peer_hash h;

	if (!admit(w, m, true))
		return;
	h = ts_peers_hash(ts_relay(w)->peers, client_of(m));
	if (ts_relay_find_direct(w, ts_relay(w), client_of(m), &h, ts_relay_tick(w), &view)) {
		ts_relay_forward(w, m, view.v4, view.port, ts_lookup4(w, view.v4), ecn);
		return;
	}
	ts_write_ecn(rte_pktmbuf_mtod(m, uint8_t *), ecn);
	ts_relay_to_owner(w, m, &h, TS_RELAY_NATIVE);
}

/* Only echo replies are worth a contact of their own (T24). */
static bool
is_error(const struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);

	return ip->proto == IPPROTO_ICMPV6 && *(const uint8_t *)(ip + 1) < ICMP6_ECHO_REQUEST;
}

/* G49, T24 */
void
ts_teredo_originate(struct ts_worker *w, struct rte_mbuf *m)
{
	int reason = ts_relay_refused_address(w, client_of(m));
	struct ts_peer_view view;
	struct ts_peer_hash h;
	bool trusted;

	if (reason >= 0) {
		ts_drop(w, m, (enum ts_counter)reason);
		return;
	}
	h = ts_peers_hash(ts_relay(w)->peers, client_of(m));
	trusted = find_trusted(w, m, &h, ts_relay_tick(w), &view);
	/* Nobody minds where among other packets an error arrives. */
	if (trusted && (is_error(m) || !ts_relay_is_behind(w, &h))) {
		if (ts_relay_put_outer(w, m, view.v4, view.port))
			ts_originate4(w, m);
	} else if (is_error(m))
		ts_drop(w, m, TS_C_drop_teredo_encap_not_trusted);
	else
		ts_relay_to_owner(w, m, &h, TS_RELAY_ORIGINATED);
}
