/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Router advertisements of the Teredo server (protocols.md V5, V11, V12, V14, V15; RFC 4380 5.2.2, 5.3.2, RFC 4861
 * 6.1.1), made in the buffer of the solicitation: the authentication stays in front, where it came, and the rest is a
 * template. The buffer has to have room behind the solicitation, which an advertisement is longer than.
 */
#include "teredo_server.h"

#include <netinet/icmp6.h>

#include "lib/nd_options.h"
#include "lib/teredo_keys.h"

#define ND_HOP_LIMIT 255
#define SOLICITATION_LEN 8
#define AUTH_HDR_LEN 4
#define NONCE_LEN 8
#define AUTH_LEN (AUTH_HDR_LEN + NONCE_LEN + 1) /* without identifier and value */
#define RA_DST_AT 24
#define RA_CKSUM_AT 42

static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

bool
ts_server_is_solicitation(const struct ts_server_input *p)
{
	static const uint8_t all_routers[16] = {0xff, 0x02, [15] = 2};
	const uint8_t *src = p->inner->src_addr;

	return src[0] == 0xfe && (src[1] & 0xc0) == 0x80 && memcmp(p->inner->dst_addr, all_routers, 16) == 0 &&
		ts_server_icmp6_type(p) == ND_ROUTER_SOLICIT;
}

/* RFC 4861 6.1.1 */
static bool
valid(const struct ts_server_input *p)
{
	const uint8_t *icmp = (const uint8_t *)(p->inner + 1);
	uint32_t len = p->inner_len - TS_IPV6_HDR_LEN;

	return p->inner->hop_limits == ND_HOP_LIMIT && len >= SOLICITATION_LEN && icmp[1] == 0 &&
		fold((uint32_t)rte_ipv6_phdr_cksum(p->inner, 0) + rte_raw_cksum(icmp, len)) == 0xffff &&
		ts_nd_options_good(icmp + SOLICITATION_LEN, len - SOLICITATION_LEN);
}

/* F4: over nonce, confirmation and what follows the authentication, trailers excluded. */
static void
hmac(const struct ts_teredo_key *key, const uint8_t *nonce, const void *packet, uint32_t len,
	uint8_t out[TS_TEREDO_HMAC_LEN])
{
	const struct ts_teredo_part parts[] = {{nonce, NONCE_LEN + 1}, {packet, len}};

	ts_teredo_hmac(key, parts, RTE_DIM(parts), out);
}

/* The key that the solicitation proves to have, or NULL. */
static const struct ts_teredo_key *
proven_key(const struct ts_teredo_keys *keys, const struct ts_server_input *p)
{
	const struct ts_teredo_shims *s = &p->shims;
	const struct ts_teredo_key *key = ts_teredo_keys_find(keys, p->payload + s->id_at, s->id_len);
	uint8_t value[TS_TEREDO_HMAC_LEN];

	if (key == NULL || s->au_len != TS_TEREDO_HMAC_LEN)
		return NULL;
	hmac(key, p->payload + s->nonce_at, p->inner, p->inner_len, value);
	return ts_teredo_hmac_equal(value, p->payload + s->au_at) ? key : NULL;
}

/* V5; the counter, or -1. `key`: NULL where none is required. */
static int
refused(struct ts_worker *w, const struct ts_server_input *p, const struct ts_teredo_key **key)
{
	const struct ts_teredo_keys *keys = ts_server(w)->keys;

	*key = NULL;
	if (!valid(p))
		return TS_C_drop_teredo_server_rs_invalid;
	if (keys != NULL && !p->shims.auth)
		return TS_C_drop_teredo_server_auth_absent;
	if (keys != NULL && (*key = proven_key(keys, p)) == NULL)
		return TS_C_drop_teredo_server_auth_fail;
	return ts_server_may_advertise(w, p->outer.src) ? -1 : TS_C_drop_teredo_server_ra_limited;
}

/* V14: the authentication at the beginning of the payload as it goes back, its value still to be made. Its bytes. */
static uint32_t
keep_auth(uint8_t *payload, const struct ts_teredo_shims *s, bool secure)
{
	if (!s->auth)
		return 0;
	if (secure) {
		payload[s->nonce_at + NONCE_LEN] = 0;
		return s->packet_at;
	}
	memmove(payload + AUTH_HDR_LEN, payload + s->nonce_at, NONCE_LEN);
	payload[2] = payload[3] = 0;
	payload[AUTH_LEN - 1] = 0;
	return AUTH_LEN;
}

/* V12: to a client whose address is the only thing that the template does not know. */
static void
put_advertisement(uint8_t *at, const struct ts_teredo_server *s, const uint8_t to[16])
{
	uint32_t sum = s->ra_sum;
	uint16_t words[8], cksum;

	memcpy(words, to, sizeof(words));
	for (unsigned i = 0; i < RTE_DIM(words); i++)
		sum += words[i];
	cksum = (uint16_t)~fold(sum);
	memcpy(at, s->ra, sizeof(s->ra));
	memcpy(at + RA_DST_AT, to, 16);
	memcpy(at + RA_CKSUM_AT, &cksum, sizeof(cksum));
}

/* The UDP payload alone, `want` bytes of it. False: the buffer has no room. */
static bool
uncover(struct rte_mbuf *m, const uint8_t *payload, uint32_t want)
{
	uint32_t have;

	rte_pktmbuf_adj(m, (uint16_t)(payload - rte_pktmbuf_mtod(m, const uint8_t *)));
	have = rte_pktmbuf_pkt_len(m);
	if (want <= have) {
		ts_trim(m, want);
		return true;
	}
	return rte_pktmbuf_append(m, (uint16_t)(want - have)) != NULL;
}

/* V11: the cone bit is how a client asks whether it can be reached from where it has not sent to. */
static rte_be32_t
source_for(const struct ts_teredo_server *s, rte_be32_t asked, const uint8_t client[16])
{
	if (!ts_teredo_cone(client))
		return asked;
	return asked == s->address[0] ? s->address[1] : s->address[0];
}

bool
ts_server_advertise(struct ts_worker *w, struct rte_mbuf *m, const struct ts_server_input *p)
{
	const struct ts_teredo_server *s = ts_server(w);
	const uint32_t body = TS_TEREDO_ORIGIN_LEN + sizeof(s->ra);
	const struct ts_teredo_key *key;
	int reason = refused(w, p, &key);
	uint8_t client[16], *origin;
	uint32_t auth;

	if (unlikely(reason >= 0)) {
		ts_drop(w, m, (enum ts_counter)reason);
		return false;
	}
	memcpy(client, p->inner->src_addr, sizeof(client));
	auth = keep_auth(p->payload, &p->shims, key != NULL);
	if (unlikely(!uncover(m, p->payload, auth + body))) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return false;
	}
	origin = p->payload + auth;
	ts_teredo_origin(origin, p->port, p->outer.src);
	put_advertisement(origin + TS_TEREDO_ORIGIN_LEN, s, client);
	if (key != NULL)
		hmac(key, p->payload + p->shims.nonce_at, origin, body, p->payload + p->shims.au_at);
	if (!ts_udp4_put(
		    w, m, s->ttl, source_for(s, p->outer.dst, client), RTE_BE16(TS_TEREDO_PORT), p->outer.src, p->port))
		return false;
	ts_count(w, TS_C_teredo_server_advertisements);
	return true;
}
