/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Few clients, so that they are met again: the vectors' one, which the books know as a peer, and some neighbours of it.
 * What is made here is right in most places, because random bytes end at the first check.
 */
#include "property_teredo.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "account.h"
#include "lib/teredo.h"

#define INNER_MAX 1280
#define AUTH_MAX 48

static void
put_client(uint8_t addr[16])
{
	memcpy(addr, account_client, 16);
	switch (draw(8)) {
	case 0:
		addr[15] ^= (uint8_t)draw(4);
		break;
	case 1:
		addr[11] ^= (uint8_t)draw(4);
		break;
	case 2:
		addr[8 + draw(2)] ^= (uint8_t)draw(256); /* flags, the cone bit among them */
		break;
	case 3:
		for (unsigned i = 8; i < 16; i++)
			addr[i] = (uint8_t)draw(256);
		break;
	case 4:
		addr[4 + draw(4)] ^= (uint8_t)draw(256); /* of another server, or of none */
	}
}

static void
put_host(uint8_t addr[16])
{
	static const uint8_t hosts[][16] = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1},
		{0x20, 0x01, 0x02, 0, 0, 0, 0xb0, 0, 0x01, 0x92, 0, 0x88, 0, 0x99, 0, 0x01}, /* of the relay itself */
		{0x20, 0x02, 0xc0, 0, 0x02, 0x2a, [15] = 1}, {0xfe, 0x80, [15] = 1},
		{0xfe, 0x80, [8] = 0x80, 0, 0xf2, 0x27, 0xbe, 0xc9, 0x1c, 0x87}}; /* of the server */

	memcpy(addr, hosts[draw(4) != 0 ? 0 : draw(RTE_DIM(hosts))], 16);
}

static size_t
put_bubble(uint8_t *p)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	p[6] = 59;
	p[7] = (uint8_t)draw(256);
	return 40;
}

/* From fe80:: to all routers. */
static size_t
put_solicitation(uint8_t *p)
{
	static const uint8_t rs[48] = {
		0x60, [5] = 8, 58, 255, 0xfe, 0x80, [18 ... 22] = 0xff, 0xfd, 0xff, 0x02, [39] = 2, 133, 0, 0x7d, 0x39};

	memcpy(p, rs, sizeof(rs));
	return sizeof(rs);
}

static size_t
put_inner(uint8_t *p)
{
	const uint8_t *seed;
	size_t len;

	switch (draw(6)) {
	case 0:
		return put_solicitation(p);
	case 1:
		return put_bubble(p);
	}
	seed = draw_ipv6(&len);
	if (seed == NULL || len < 40 || len > INNER_MAX)
		return put_bubble(p);
	memcpy(p, seed, len);
	return len;
}

static size_t
put_shims(uint8_t *p)
{
	size_t len = 0;

	if (draw(6) == 0) {
		uint8_t id = (uint8_t)draw(8), au = draw(2) ? 20 : 0;

		memset(p, 0, AUTH_MAX);
		p[1] = draw(16) != 0;
		p[2] = draw(16) != 0 ? id : 255;
		p[3] = au;
		len = 13u + id + au;
	}
	if (draw(16) == 0) {
		memset(p + len, (int)draw(256), TS_TEREDO_ORIGIN_LEN);
		p[len] = p[len + 1] = 0;
		len += TS_TEREDO_ORIGIN_LEN;
	}
	return len;
}

static size_t
put_trailers(uint8_t *p)
{
	size_t len = 0;

	while (len < 64 && draw(4) == 0) {
		uint8_t size = (uint8_t)draw(16);

		p[len] = draw(4) != 0 ? 1 : (uint8_t)draw(256);
		p[len + 1] = draw(16) != 0 ? size : 255;
		memset(p + len + 2, 0xa1, size);
		len += 2u + size;
	}
	return len;
}

static size_t
from_client(uint8_t *p)
{
	static const rte_be32_t to[] = {ACCOUNT_RELAY, ACCOUNT_RELAY, ACCOUNT_SERVER, ACCOUNT_SERVER_2ND};
	uint8_t *udp = p + 20, client[16], other[16], *inner;
	rte_be32_t dst = to[draw(RTE_DIM(to))], src;
	rte_be16_t port;
	size_t at = 28, len;

	put_client(client);
	put_host(other);
	src = ts_teredo_client(client);
	port = ts_teredo_port(client);
	at += put_shims(p + at);
	inner = p + at;
	at += put_inner(inner);
	if (inner[24] != 0xff) {
		memcpy(inner + 8, draw(8) != 0 ? client : other, 16);
		if (draw(2))
			put_client(other);
		memcpy(inner + 24, other, 16);
	}
	at += put_trailers(p + at);
	memset(p, 0, 28);
	p[0] = 0x45;
	p[2] = (uint8_t)(at >> 8);
	p[3] = (uint8_t)at;
	p[8] = 64;
	p[9] = 17;
	if (draw(8) == 0) { /* spoofed, or a symmetric NAT */
		put_client(client);
		src = ts_teredo_client(client);
		port = ts_teredo_port(client);
	}
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
	memcpy(udp, &port, 2);
	port = rte_cpu_to_be_16(dst == ACCOUNT_RELAY ? ACCOUNT_RELAY_PORT : TS_TEREDO_PORT);
	memcpy(udp + 2, &port, 2);
	len = at - 20 + (draw(32) == 0 ? draw(9) : 0) - (draw(32) == 0 ? 4 : 0);
	udp[4] = (uint8_t)(len >> 8);
	udp[5] = (uint8_t)len;
	return at;
}

static size_t
from_native(uint8_t *p)
{
	size_t len = put_inner(p);

	put_host(p + 8);
	put_client(p + 24);
	return len;
}

size_t
make_native(uint8_t *p, uint8_t which)
{
	size_t len = put_bubble(p);

	p[7] = 64;
	put_host(p + 8);
	memcpy(p + 24, account_client, 16);
	p[39] ^= which & 63;
	return len;
}

size_t
make_teredo(uint8_t *p)
{
	return draw(3) != 0 ? from_client(p) : from_native(p);
}
