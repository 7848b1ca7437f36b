/* SPDX-License-Identifier: BSD-3-Clause */
#include "teredo.h"

#define SHIM_ORIGIN 0
#define SHIM_AUTH 1
#define AUTH_FIXED 4  /* kind and the two lengths */
#define AUTH_NONCE 9  /* with the confirmation byte */
#define TRAILER_HDR 2 /* type and length */
#define TRAILER_NONCE 1
#define TRAILER_ALTERNATE_ADDRESS 3
#define TRAILER_ND_OPTION 4
#define TRAILER_RANDOM_PORT 5

void
ts_teredo_address(uint8_t out[16], rte_be32_t server, uint16_t flags, rte_be16_t port, rte_be32_t client)
{
	out[0] = 0x20;
	out[1] = 0x01;
	out[2] = out[3] = 0;
	port = (rte_be16_t)~port;
	client = ~client;
	memcpy(out + 4, &server, sizeof(server));
	out[8] = (uint8_t)(flags >> 8);
	out[9] = (uint8_t)flags;
	memcpy(out + 10, &port, sizeof(port));
	memcpy(out + 12, &client, sizeof(client));
}

void
ts_teredo_server_link_local(uint8_t out[16], rte_be32_t server)
{
	ts_teredo_address(out, 0, 0x8000, RTE_BE16(TS_TEREDO_PORT), server);
	memset(out, 0, 8);
	out[0] = 0xfe;
	out[1] = 0x80;
}

void
ts_teredo_bubble(uint8_t out[40], const uint8_t src[16], const uint8_t dst[16], uint8_t hop_limit)
{
	memset(out, 0, 8);
	out[0] = 0x60;
	out[6] = 59;
	out[7] = hop_limit;
	memcpy(out + 8, src, 16);
	memcpy(out + 24, dst, 16);
}

void
ts_teredo_origin(uint8_t out[TS_TEREDO_ORIGIN_LEN], rte_be16_t port, rte_be32_t v4)
{
	port = (rte_be16_t)~port;
	v4 = ~v4;
	out[0] = 0;
	out[1] = SHIM_ORIGIN;
	memcpy(out + 2, &port, sizeof(port));
	memcpy(out + 4, &v4, sizeof(v4));
}

/* F4: the bytes of the authentication at `p`, or 0 when it ends beyond `len`. */
static uint32_t
auth_len(const uint8_t *p, uint32_t len)
{
	uint32_t want;

	if (len < AUTH_FIXED)
		return 0;
	want = AUTH_FIXED + p[2] + p[3] + AUTH_NONCE;
	return want <= len ? want : 0;
}

static void
note_auth(struct ts_teredo_shims *out, const uint8_t *p, uint16_t at)
{
	out->auth = true;
	out->id_len = p[2];
	out->au_len = p[3];
	out->id_at = at + AUTH_FIXED;
	out->au_at = out->id_at + out->id_len;
	out->nonce_at = out->au_at + out->au_len;
}

/*
 * A shim in the wrong place still has to fit: its length is looked at first (protocols.md 10.2). It ends the walk, so
 * that there are never more than three to read.
 */
enum ts_teredo_shim_fault
ts_teredo_shims(const uint8_t *payload, uint32_t len, struct ts_teredo_shims *out)
{
	uint32_t at = 0;

	memset(out, 0, sizeof(*out));
	while (at < len && payload[at] == 0) {
		const uint8_t *p = payload + at;
		uint32_t left = len - at, shim;

		if (left >= 2 && p[1] != SHIM_ORIGIN && p[1] != SHIM_AUTH)
			return TS_SHIMS_UNKNOWN;
		if (left < 2)
			return TS_SHIMS_LEN;

		bool auth = p[1] == SHIM_AUTH;

		shim = auth ? auth_len(p, left) : left < TS_TEREDO_ORIGIN_LEN ? 0 : TS_TEREDO_ORIGIN_LEN;
		if (shim == 0)
			return TS_SHIMS_LEN;
		if (out->origin || (auth && out->auth))
			return TS_SHIMS_UNKNOWN;
		if (auth) {
			note_auth(out, p, (uint16_t)at);
		} else {
			out->origin = true;
			out->origin_at = (uint16_t)at;
		}
		at += shim;
	}
	out->packet_at = (uint16_t)at;
	return TS_SHIMS_OK;
}

/* RFC 6081 4.1: the two highest bits of a type say what becomes of the packet where the type is not known. */
static bool
asks_for_discard(uint8_t type)
{
	switch (type) {
	case TRAILER_NONCE:
	case TRAILER_ALTERNATE_ADDRESS:
	case TRAILER_ND_OPTION:
	case TRAILER_RANDOM_PORT:
		return false;
	default:
		return type >> 6 == 1;
	}
}

bool
ts_teredo_trailers(const uint8_t *p, uint32_t len, struct ts_teredo_trailers *out)
{
	memset(out, 0, sizeof(*out));
	while (len >= TRAILER_HDR && p[1] <= len - TRAILER_HDR) {
		uint32_t whole = TRAILER_HDR + p[1];

		if (asks_for_discard(p[0]))
			return false;
		if (p[0] == TRAILER_NONCE && p[1] == sizeof(out->nonce_value) && !out->nonce) {
			out->nonce = true;
			memcpy(out->nonce_value, p + TRAILER_HDR, sizeof(out->nonce_value));
		}
		p += whole;
		len -= whole;
	}
	return true;
}

void
ts_teredo_nonce_trailer(uint8_t out[TS_TEREDO_NONCE_TRAILER_LEN], const uint8_t nonce[4])
{
	out[0] = TRAILER_NONCE;
	out[1] = 4;
	memcpy(out + TRAILER_HDR, nonce, 4);
}
