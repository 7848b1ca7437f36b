/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo server for bursts: what lane_teredo_server.c does. Plain are router solicitations as clients send them,
 * without options, alone or behind a nonce, where no secret is asked for: the advertisement is written where the
 * solicitation stood. All other datagrams go the scalar way, each in its turn.
 */
#include "vec_teredo.h"

#include <netinet/icmp6.h>

#include "rx_checksum.h"
#include "teredo_server.h"

#ifdef TS_VEC_SET

#define AUTH_LEN 13 /* F4, without identifier and value */
#define SOLICITATION_LEN (TS_IPV6_HDR_LEN + 8)
#define RA_DST_AT 24
#define RA_CKSUM_AT 42

struct rules {
	const struct ts_teredo_server *server;
	const struct ts_source_policy *policy;
	struct ts_vec_outer outer[2]; /* from the primary and the secondary address */
	uint32_t ra_sum;	      /* one's complement sum of an advertisement, its right checksum included */
	uint64_t sent;		      /* plain ones, to be counted */
};

/* False: no datagram of the burst is plain. */
static bool
rules_of(const struct ts_worker *w, struct rules *r)
{
	const struct ts_teredo_server *s = ts_server(w);
	uint64_t head = ts_vec_load64(s->ra);

	r->server = s;
	r->policy = w->tables->services->policy;
	for (unsigned i = 0; i < 2; i++)
		r->outer[i] = ts_vec_outer_of(s->address[i], RTE_BE16(TS_TEREDO_PORT), s->ttl);
	/* relay_output.c says why: all of the packet that does not cancel. */
	r->ra_sum = (uint32_t)((head & 0xffff) + (head >> 16 & 0xffff) + (head >> 48)) +
		(uint16_t)~RTE_BE16(IPPROTO_ICMPV6);
	r->sent = 0;
	return s->keys == NULL;
}

static inline struct rte_ipv4_hdr *
header_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, struct rte_ipv4_hdr *);
}

static inline void
prepare(const struct ts_worker *w, const struct rules *r, const struct ts_vec *in)
{
	for (uint16_t i = 0; i < in->n; i++) {
		rte_be32_t src = header_of(in->pkt[i])->src_addr;

		ts_vec_prefetch_policy(r->policy, src);
		ts_vec_prefetch_route(w->tables, src);
	}
}

/* V2, V4: the datagram and what stands in front of the IPv6 packet; that one's place, or NULL. */
static inline const uint8_t *
find_packet(const struct rules *r, const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip)
{
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);
	const uint8_t *payload = (const uint8_t *)(udp + 1);
	uint32_t len = m->pkt_len - TS_IPV4_HDR_LEN;

	if (m->nb_segs != 1 || ip->version_ihl != RTE_IPV4_VHL_DEF || rte_be_to_cpu_16(udp->dgram_len) != len ||
		ts_source_policy_suspect(r->policy, ip->src_addr))
		return NULL;
	if (len == TS_UDP_HDR_LEN + SOLICITATION_LEN)
		return payload;
	if (len == TS_UDP_HDR_LEN + AUTH_LEN + SOLICITATION_LEN && ts_vec_load32(payload) == RTE_BE32(0x00010000))
		return payload + AUTH_LEN;
	return NULL;
}

/* F8. The addresses of the pseudo header stand directly before UDP's header. */
static inline bool
checksum_good(const struct rte_ipv4_hdr *ip, uint32_t len)
{
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);

	return udp->dgram_cksum == 0 ||
		ts_vec_fold(ts_vec_sum((const uint8_t *)&ip->src_addr, 8 + len) + RTE_BE16(IPPROTO_UDP) +
			udp->dgram_len) == 0xffff;
}

/* V5; an IPv6 packet that is as long as a solicitation without options. */
static inline bool
is_solicitation(const uint8_t *p)
{
	static const uint8_t head[8] = {0x60, [5] = 8, IPPROTO_ICMPV6, 255},
			     mask[8] = {0xf0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t all_routers[16] = {0xff, 0x02, [15] = 2};

	return (ts_vec_load64(p) & ts_vec_load64(mask)) == ts_vec_load64(head) && p[8] == 0xfe &&
		(p[9] & 0xc0) == 0x80 && memcmp(p + 24, all_routers, 16) == 0 && p[40] == ND_ROUTER_SOLICIT &&
		p[41] == 0 && ts_vec_fold(ts_vec_sum(p + 8, 40) + RTE_BE16(8) + RTE_BE16(IPPROTO_ICMPV6)) == 0xffff;
}

static inline bool
is_plain(const struct rules *r, const struct rte_mbuf *m, const uint8_t **packet)
{
	const struct rte_ipv4_hdr *ip = header_of(m);

	*packet = find_packet(r, m, ip);
	return likely(*packet != NULL) && likely(is_solicitation(*packet)) &&
		likely(ts_rx_udp_checksum_good(m) || checksum_good(ip, m->pkt_len - TS_IPV4_HDR_LEN)) &&
		likely(ip->dst_addr == r->server->address[0] || ip->dst_addr == r->server->address[1]) &&
		likely(rte_pktmbuf_tailroom(m) >= TS_TEREDO_ORIGIN_LEN + sizeof(r->server->ra));
}

/* V12: to `client`, 16 bytes. */
static inline void
put_advertisement(uint8_t *at, const struct ts_teredo_server *s, const uint8_t *client)
{
	uint16_t cksum = (uint16_t)~ts_vec_fold(ts_vec_sum(client, 16) + s->ra_sum);

	memcpy(at, s->ra, sizeof(s->ra));
	memcpy(at + RA_DST_AT, client, 16);
	memcpy(at + RA_CKSUM_AT, &cksum, sizeof(cksum));
}

/* V14: what stands before the origin indication, its confirmation cleared; its sum. Behind 13 bytes halves swap. */
static inline uint64_t
keep_auth(uint8_t *payload, uint64_t rest)
{
	uint64_t nonce = ts_vec_load64(payload + 4);

	payload[AUTH_LEN - 1] = 0;
	return RTE_BE16(1) + (nonce & 0xffffffff) + (nonce >> 32) + rte_bswap16(ts_vec_fold(rest));
}

/* V11 to V14 */
static inline void
advertise(struct ts_worker *w, struct rules *r, struct rte_mbuf *m, const uint8_t *packet)
{
	struct rte_ipv4_hdr *ip = header_of(m);
	uint8_t *payload = (uint8_t *)ip + TS_TEREDO_OUTER_LEN, client[16];
	uint32_t auth = (uint32_t)(packet - payload);
	rte_be16_t port = ((const struct rte_udp_hdr *)(const void *)(ip + 1))->src_port;
	rte_be32_t to = ip->src_addr;
	unsigned secondary = (ip->dst_addr != r->server->address[0]) ^ (packet[16] >> 7);
	uint64_t sum = r->ra_sum + (uint16_t)~port + ts_vec_sum32(~to);

	memcpy(client, packet + 8, sizeof(client));
	if (auth != 0)
		sum = keep_auth(payload, sum);
	ts_teredo_origin(payload + auth, port, to);
	put_advertisement(payload + auth + TS_TEREDO_ORIGIN_LEN, r->server, client);
	m->pkt_len = TS_TEREDO_OUTER_LEN + auth + TS_TEREDO_ORIGIN_LEN + (uint32_t)sizeof(r->server->ra);
	m->data_len = (uint16_t)m->pkt_len;
	ts_vec_put_outer(w, (uint8_t *)ip, &r->outer[secondary], to, port, m->pkt_len - TS_TEREDO_OUTER_LEN, sum);
	r->sent++;
}

static inline bool
serve(struct ts_worker *w, struct rules *r, struct rte_mbuf *m)
{
	const uint8_t *packet;

	if (unlikely(!is_plain(r, m, &packet)))
		return ts_server_serve(w, m);
	if (unlikely(!ts_server_may_advertise(w, header_of(m)->src_addr))) {
		ts_drop(w, m, TS_C_drop_teredo_server_ra_limited);
		return false;
	}
	advertise(w, r, m, packet);
	return true;
}

static void
send_all(struct ts_worker *w, struct rte_mbuf **out, uint16_t n)
{
	struct ts_vec_sent sent = {.port = UINT_MAX};
	uint32_t dst[TS_BURST_MAX], nh[TS_BURST_MAX];

	for (uint16_t i = 0; i < n; i++)
		dst[i] = rte_be_to_cpu_32(header_of(out[i])->dst_addr);
	ts_fib4_lookup_bulk(w->tables->fib4, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(ts_nexthop(w, nh[i]));
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = out[i];
		const struct ts_adjacency *adj = ts_vec_adjacency(w, ts_nexthop(w, nh[i]), m, m->pkt_len);

		if (likely(adj != NULL && m->data_off >= TS_L2_MAX))
			ts_vec_send(
				w, m, adj, (uint8_t *)header_of(m), m->pkt_len, RTE_BE16(RTE_ETHER_TYPE_IPV4), &sent);
		else
			ts_server_send(w, m, ts_nexthop(w, nh[i]));
	}
}

void
TS_VEC(ts_teredo_server_run)(struct ts_worker *w, struct ts_vec *in)
{
	struct rules r;
	uint16_t n = 0;

	if (unlikely(!rules_of(w, &r))) {
		ts_teredo_server_run(w, in);
		return;
	}
	prepare(w, &r, in);
	for (uint16_t i = 0; i < in->n; i++)
		if (likely(serve(w, &r, in->pkt[i])))
			in->pkt[n++] = in->pkt[i];
	send_all(w, in->pkt, n);
	w->counters[TS_C_teredo_server_advertisements] += r.sent;
}

#endif
