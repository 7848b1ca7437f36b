/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo server (protocols.md 4.7; RFC 4380 5.3): UDP to port 3544 of its two addresses. It keeps no state: it
 * answers router solicitations, passes bubbles and echo on to its clients, and lets a client's echo request out
 * natively. Checks are in the order of the reference (10.2), each datagram to its end; what results of a burst is
 * routed together.
 *
 * Nothing is decremented on the way from UDP to UDP, so that a datagram that came back to the server would go round for
 * ever: that it neither comes from nor goes to an address of the box (V13) is all that prevents it.
 */
#include "teredo_server.h"

#include <netinet/icmp6.h>

#define LINK_LOCAL_HOP_LIMIT 255 /* V8 */

/* What gets to a native route is an echo message: it has no routing header, and errors may be sent about it. */
static const struct ts_decap_counters counters = {
	.error = {TS_C_drop_teredo_server_icmp6_limited, TS_C_drop_teredo_server_icmp6_limited},
	.packets = TS_C_teredo_server_native_packets,
	.bytes = TS_C_teredo_server_native_bytes,
	.blackhole = TS_C_drop_teredo_server_blackhole,
	.loop_dst = TS_C_drop_teredo_server_loop_dst,
	.rh0 = TS_C_drop_teredo_server_server_proto,
	.ecn = TS_C_drop_teredo_server_ecn_ce_not_ect,
	.hairpin = TS_C_drop_teredo_server_hairpin,
	.dst_denied = TS_C_drop_teredo_server_dst_denied,
	.site_limited = TS_C_drop_teredo_server_site_limited,
	.prefix_limited = TS_C_drop_teredo_server_prefix_limited,
};

/* V8, and V3 of what is left then; the counter, or -1. */
static int
refused_message(const struct ts_teredo_server *s, const struct ts_server_input *p)
{
	int type = ts_server_icmp6_type(p);

	if (ts_ipv6_addr_refused(p->inner->dst_addr))
		return TS_C_drop_teredo_server_v6_dst_invalid;
	if (p->inner->proto != IPPROTO_ICMPV6)
		return ts_is_teredo(p->inner->dst_addr) ? -1 : TS_C_drop_teredo_server_server_proto;
	if ((type != ICMP6_ECHO_REQUEST && type != ICMP6_ECHO_REPLY) || p->inner_len < TS_IPV6_HDR_LEN + 8 ||
		p->inner_len > TS_IPV6_HDR_LEN + (uint32_t)s->max_icmp6)
		return TS_C_drop_teredo_server_server_proto;
	return -1;
}

/* V10: the embedded address; the counter, or -1. */
static int
refused_client(const struct ts_worker *w, const uint8_t dst[16])
{
	const struct ts_teredo_server *s = ts_server(w);
	uint16_t port = rte_be_to_cpu_16(ts_teredo_port(dst));
	enum ts_policy_verdict v;

	if (ts_teredo_server(dst) != s->address[0] && !s->foreign_clients)
		return TS_C_drop_teredo_server_server_not_ours;
	v = ts_source_policy_check(w->tables->services->policy, ts_teredo_client(dst));
	if (v == TS_POLICY_OWN)
		return TS_C_drop_teredo_server_dst_own;
	if (v == TS_POLICY_RELAY || v == TS_POLICY_MARTIAN)
		return TS_C_drop_teredo_server_dst_martian;
	if (port == 0 || port < s->min_client_port)
		return TS_C_drop_teredo_server_dst_port_0;
	return v == TS_POLICY_DENIED ? TS_C_drop_teredo_server_dst_denied : -1;
}

/*
 * The IPv6 packet alone, `len` bytes of it. It moves over the shims, because behind an authentication of odd length it
 * would not be aligned as everything that follows takes for granted.
 */
static void
uncover(struct rte_mbuf *m, const struct ts_server_input *p, uint32_t len)
{
	if (unlikely(p->shims.packet_at != 0))
		memmove(p->payload, p->inner, len);
	rte_pktmbuf_adj(m, (uint16_t)(p->payload - rte_pktmbuf_mtod(m, const uint8_t *)));
	ts_trim(m, len);
}

/*
 * V10: to the client that the IPv6 packet at `m` is for, whatever follows it. A foreign one gets no origin indication
 * (RFC 4380 5.3.1). False: dropped.
 */
static bool
make_pass(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t origin_v4, rte_be16_t origin_port)
{
	const struct ts_teredo_server *s = ts_server(w);
	uint8_t *ip6 = rte_pktmbuf_mtod(m, uint8_t *), dst[16];
	enum ts_counter sent = ts_teredo_is_bubble(ip6) ? TS_C_teredo_server_bubbles : TS_C_teredo_server_echoes;

	memcpy(dst, ip6 + 24, sizeof(dst));
	if (likely(ts_teredo_server(dst) == s->address[0])) {
		uint8_t *origin = (uint8_t *)rte_pktmbuf_prepend(m, TS_TEREDO_ORIGIN_LEN);

		if (unlikely(origin == NULL)) {
			ts_drop(w, m, TS_C_drop_tx_headroom);
			return false;
		}
		ts_teredo_origin(origin, origin_port, origin_v4);
	}
	if (!ts_udp4_put(
		    w, m, s->ttl, s->address[0], RTE_BE16(TS_TEREDO_PORT), ts_teredo_client(dst), ts_teredo_port(dst)))
		return false;
	ts_count(w, sent);
	return true;
}

void
ts_teredo_server_pass(struct ts_worker *w, struct rte_mbuf *m, rte_be32_t origin_v4, rte_be16_t origin_port)
{
	if (make_pass(w, m, origin_v4, origin_port))
		ts_originate4(w, m);
}

static bool
pass(struct ts_worker *w, struct rte_mbuf *m, const struct ts_server_input *p)
{
	int reason = refused_client(w, p->inner->dst_addr);

	if (likely(reason < 0) && !ts_prefix_limiter_take(&w->keyed[TS_KEYED_SITE], p->outer.src, w->now))
		reason = TS_C_drop_teredo_server_site_limited;
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	uncover(m, p, p->inner_len + p->trailer_len);
	return make_pass(w, m, p->outer.src, p->port);
}

/* V8 */
static bool
answer_echo(struct ts_worker *w, struct rte_mbuf *m, const struct ts_server_input *p)
{
	uncover(m, p, p->inner_len);
	if (!ts_local6_make_reply(w, m, TS_C_drop_teredo_server_local_not_echo))
		return false;
	rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *)->hop_limits = LINK_LOCAL_HOP_LIMIT;
	if (!ts_udp4_put(w, m, ts_server(w)->ttl, p->outer.dst, RTE_BE16(TS_TEREDO_PORT), p->outer.src, p->port))
		return false;
	ts_count(w, TS_C_teredo_server_echo_replies);
	return true;
}

/* V9: a client's echo message, in its connectivity test (4.6). No error about a hop limit that ends here. */
static void
forward(struct ts_worker *w, struct rte_mbuf *m, const struct ts_outer *outer)
{
	static const struct ts_tunnel plain; /* a server never clamps an MSS */
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	const struct ts_nexthop *nh = ts_lookup6(w, ip->dst_addr);
	int ecn;

	if (nh->kind == TS_NH_LOCAL) {
		ts_local6_tunnelled(w, m, TS_C_drop_teredo_server_local_not_echo);
		return;
	}
	if (unlikely(ip->hop_limits <= 1)) {
		bool loop = ts_loop_guard_carries_own(w->tables->services->loop_guard, ip->dst_addr, 0);

		ts_drop(w, m, loop ? TS_C_drop_teredo_server_loop_dst : TS_C_drop_teredo_server_hop_limit);
		return;
	}
	ecn = ts_decap_admit(w, m, outer, 0, &counters);
	if (likely(ecn >= 0))
		ts_decap_forward(w, m, nh, ecn, TS_MECH_TEREDO, &plain, &counters);
}

/* True when the packet has become one to send. */
static bool
serve(struct ts_worker *w, struct rte_mbuf *m, const struct ts_server_input *p)
{
	const struct ts_teredo_server *s = ts_server(w);
	int reason;

	if (ts_server_is_solicitation(p))
		return ts_server_advertise(w, m, p);
	reason = ts_server_refused_inner_source(w, p);
	if (reason < 0 && ts_server_icmp6_type(p) == ICMP6_ECHO_REQUEST &&
		memcmp(p->inner->dst_addr, s->link_local, 16) == 0)
		return answer_echo(w, m, p);
	if (reason < 0)
		reason = refused_message(s, p);
	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	if (likely(ts_is_teredo(p->inner->dst_addr)))
		return pass(w, m, p);
	uncover(m, p, p->inner_len);
	forward(w, m, &p->outer);
	return false;
}

bool
ts_server_serve(struct ts_worker *w, struct rte_mbuf *m)
{
	struct ts_server_input p;

	return ts_server_admit(w, m, &p) && serve(w, m, &p);
}

/* Almost all go to an adjacency; ts_originate4() knows the rest. */
void
ts_server_send(struct ts_worker *w, struct rte_mbuf *m, const struct ts_nexthop *nh)
{
	const struct ts_adjacency *adj = ts_adjacency_of(w, nh, m);

	if (likely(adj != NULL))
		ts_output(w, m, adj, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	else
		ts_originate4(w, m);
}

void
ts_teredo_server_run(struct ts_worker *w, struct ts_vec *in)
{
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++)
		if (ts_server_serve(w, in->pkt[i]))
			in->pkt[n++] = in->pkt[i];
	for (uint16_t i = 0; i < n; i++)
		dst[i] = rte_be_to_cpu_32(rte_pktmbuf_mtod(in->pkt[i], const struct rte_ipv4_hdr *)->dst_addr);
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		ts_server_send(w, in->pkt[i], ts_nexthop(w, nh[i]));
}
