/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery and echo on the ISATAP link, for the router's link-local address and all-routers (protocols.md I6
 * to I8, I12; RFC 5214 8, RFC 4861 6.1, 7.1). There is no multicast and no neighbour cache: solicitations are answered,
 * to their sender, and that is all.
 */
#include "lib/nd_options.h"
#include "outer4.h"
#include "tunnel.h"

#include <netinet/icmp6.h>

#define ND_HOP_LIMIT 255

struct nd_hdr {
	uint8_t type, code;
	uint16_t cksum;
	rte_be32_t word;
	uint8_t target[16];
} __rte_packed __rte_aligned(2);

static bool
for_the_router(const struct ts_isatap *s, const uint8_t dst[16])
{
	static const uint8_t all_routers[16] = {0xff, 0x02, [15] = 2};
	uint8_t other_form[16];

	if (memcmp(dst, all_routers, 16) == 0 || memcmp(dst, s->link_local, 16) == 0)
		return true;
	memcpy(other_form, s->link_local, 16);
	other_form[8] ^= 2; /* I1: both u bits are accepted */
	return memcmp(dst, other_form, 16) == 0;
}

/* Neither unspecified nor multicast. */
static bool
answerable(const uint8_t src[16])
{
	static const uint8_t unspecified[16];

	return src[0] != 0xff && memcmp(src, unspecified, 16) != 0;
}

/* What RFC 4861 6.1 and 7.1 ask of every message. */
static bool
valid_message(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip)
{
	const struct nd_hdr *nd = (const void *)(ip + 1);

	/* The answer goes to the source: a router of the site may send any, so it is looked at here. */
	return ip->hop_limits == ND_HOP_LIMIT && nd->code == 0 && answerable(ip->src_addr) && ts_icmp6_sum(m) == 0xffff;
}

/* And of a solicitation with a fixed part of `fixed` bytes. */
static bool
valid(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, uint32_t fixed)
{
	uint32_t len = rte_be_to_cpu_16(ip->payload_len);

	return valid_message(m, ip) && len >= fixed && rte_pktmbuf_data_len(m) >= TS_IPV6_HDR_LEN + len &&
		ts_nd_options_good((const uint8_t *)(ip + 1) + fixed, len - fixed);
}

/* The packet becomes an answer of `len` bytes of ICMPv6 to its sender, from the router's link-local address. */
static struct nd_hdr *
turn_round(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, const uint8_t *icmp, uint32_t len)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	uint32_t have = rte_pktmbuf_pkt_len(m), want = TS_IPV6_HDR_LEN + len;

	if (want < have)
		ts_trim(m, want);
	else if (want > have && rte_pktmbuf_append(m, (uint16_t)(want - have)) == NULL) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return NULL;
	}
	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)len);
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = ND_HOP_LIMIT;
	memcpy(ip->dst_addr, ip->src_addr, 16);
	memcpy(ip->src_addr, s->link_local, 16);
	memcpy(ip + 1, icmp, len);
	return (struct nd_hdr *)(void *)(ip + 1);
}

/* RFC 4861 6.2.6: after a random time, so that a site that comes up at once does not ask for everything at once. */
static bool
delayed(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t to)
{
	uint64_t longest = s->ra_delay_ms * w->hz / 1000;
	struct ts_delayed *d = &w->delayed[w->n_delayed];

	if (longest == 0 || w->n_delayed == TS_DELAYED_MAX)
		return false;
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	d->due = w->now + (w->random >> 33) % longest;
	d->answer = m;
	d->to = to;
	d->site = (uint16_t)(s - w->tables->services->isatap);
	w->n_delayed++;
	return true;
}

void
ts_isatap_send_delayed(struct ts_worker *w)
{
	const struct ts_services *services = w->tables->services;

	for (uint16_t i = 0; i < w->n_delayed;) {
		struct ts_delayed d = w->delayed[i];

		if (w->now < d.due) {
			i++;
			continue;
		}
		w->delayed[i] = w->delayed[--w->n_delayed];
		/* The site may have gone in a reload. */
		if (d.site < services->n_isatap)
			ts_isatap_originate_to(w, d.answer, &services->isatap[d.site], d.to);
		else
			ts_drop(w, d.answer, TS_C_drop_originate_no_route);
	}
}

/* NULL when the buffer has no room; the packet is then dropped. */
static struct rte_mbuf *
answer(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, const uint8_t *icmp, uint32_t len)
{
	struct nd_hdr *nd = turn_round(w, m, s, icmp, len);

	if (nd == NULL)
		return NULL;
	nd->cksum = 0;
	nd->cksum = rte_ipv6_udptcp_cksum(rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *), nd);
	return m;
}

static void
router_solicitation(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t from)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);

	if (!valid(m, ip, 8)) {
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_invalid);
	} else if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_ND], from, w->now)) {
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_limited);
	} else {
		ts_count(w, TS_C_isatap_advertisements);
		m = answer(w, m, s, s->ra, s->ra_len);
		if (m != NULL && !delayed(w, m, s, from))
			ts_isatap_originate_to(w, m, s, from);
	}
}

/* I8: for an own address R and S set, O clear; no options. */
static void
neighbour_solicitation(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t from)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	const struct nd_hdr *ns = (const void *)(ip + 1);
	struct nd_hdr na = {.type = ND_NEIGHBOR_ADVERT, .word = RTE_BE32(0xc0000000)};

	if (!valid(m, ip, sizeof(*ns)) || ns->target[0] == 0xff) {
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_invalid);
	} else if (!for_the_router(s, ns->target) && memcmp(ns->target, s->global, 16) != 0) {
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_ignored);
	} else if (!ts_prefix_limiter_take(&w->keyed[TS_KEYED_ND], from, w->now)) {
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_limited);
	} else {
		memcpy(na.target, ns->target, 16);
		m = answer(w, m, s, (const uint8_t *)&na, sizeof(na));
		if (m != NULL)
			ts_isatap_originate_to(w, m, s, from);
	}
}

/* I12: into the tunnel, from the address asked. */
static void
echo(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t from)
{
	if (ts_local6_make_reply(w, m, TS_C_drop_isatap_decap_local_not_echo))
		ts_isatap_originate_to(w, m, s, from);
}

static void
other(struct ts_worker *w, struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, uint8_t type)
{
	bool nd = type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT;

	if (nd && !valid_message(m, ip))
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_invalid);
	else
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_ignored);
}

bool
ts_isatap_nd(struct ts_worker *w, struct rte_mbuf *m, const struct ts_isatap *s, rte_be32_t from)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	const struct nd_hdr *nd = (const void *)(ip + 1);

	if (likely(ip->proto != IPPROTO_ICMPV6 || !for_the_router(s, ip->dst_addr)))
		return false;
	if (rte_be_to_cpu_16(ip->payload_len) < 8 || rte_pktmbuf_data_len(m) < TS_IPV6_HDR_LEN + 8)
		ts_drop(w, m, TS_C_drop_isatap_decap_nd_invalid);
	else if (nd->type == ND_ROUTER_SOLICIT)
		router_solicitation(w, m, s, from);
	else if (nd->type == ND_NEIGHBOR_SOLICIT)
		neighbour_solicitation(w, m, s, from);
	else if (nd->type == ICMP6_ECHO_REQUEST && ip->dst_addr[0] == 0xfe)
		echo(w, m, s, from);
	else
		other(w, m, ip, nd->type);
	return true;
}
