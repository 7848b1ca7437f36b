/* SPDX-License-Identifier: BSD-3-Clause */
#include "router_advert.h"

#include <string.h>

#define ROUTER_ADVERT 134
#define OPTION_PREFIX 3
#define OPTION_MTU 5
#define OPTION_RDNSS 25
#define OPTION_DNSSL 31
#define FLAG_ON_LINK 0x80
#define FLAG_AUTONOMOUS 0x40
#define CUR_HOP_LIMIT 64

static uint8_t *
put16(uint8_t *p, uint16_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, (uint16_t)(v >> 16)), (uint16_t)v);
}

static uint8_t *
prefix_option(uint8_t *p, const struct ts_cfg_isatap *s)
{
	*p++ = OPTION_PREFIX;
	*p++ = 4;
	*p++ = 64;
	*p++ = (s->on_link ? FLAG_ON_LINK : 0) | (s->autonomous ? FLAG_AUTONOMOUS : 0);
	p = put32(p, s->valid);
	p = put32(p, s->preferred);
	p = put32(p, 0);
	memcpy(p, &s->prefix.addr, 16);
	return p + 16;
}

static uint8_t *
mtu_option(uint8_t *p, uint16_t mtu)
{
	*p++ = OPTION_MTU;
	*p++ = 1;
	return put32(put16(p, 0), mtu);
}

static uint8_t *
rdnss_option(uint8_t *p, const struct ts_cfg_isatap *s)
{
	*p++ = OPTION_RDNSS;
	*p++ = (uint8_t)(1 + 2 * s->n_dns);
	p = put32(put16(p, 0), s->dns_lifetime);
	memcpy(p, s->dns, s->n_dns * 16);
	return p + s->n_dns * 16;
}

/* RFC 1035 3.1: labels with their lengths, and an empty one. */
static uint8_t *
put_name(uint8_t *p, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	*p++ = 0;
	return p;
}

static uint8_t *
dnssl_option(uint8_t *option, const struct ts_cfg_isatap *s)
{
	uint8_t *p = put32(put16(option + 2, 0), s->dns_lifetime);

	for (unsigned i = 0; i < s->n_dns_search; i++)
		p = put_name(p, s->dns_search[i]);
	while ((p - option) % 8 != 0)
		*p++ = 0;
	option[0] = OPTION_DNSSL;
	option[1] = (uint8_t)((p - option) / 8);
	return p;
}

size_t
ts_router_advert_build(uint8_t out[TS_ROUTER_ADVERT_MAX], const struct ts_cfg_isatap *s)
{
	uint8_t *p = out;

	_Static_assert(16 + 32 + 8 + 8 + 16 * TS_MAX_RA_DNS + 8 + TS_MAX_RA_DNS * (sizeof(s->dns_search[0]) + 1) + 7 <=
			TS_ROUTER_ADVERT_MAX,
		"the largest configuration fits");
	*p++ = ROUTER_ADVERT;
	*p++ = 0;
	p = put16(p, 0);
	*p++ = CUR_HOP_LIMIT;
	*p++ = 0; /* neither M nor O: no DHCPv6 */
	p = put16(p, s->router_lifetime);
	p = put32(put32(p, 0), 0); /* reachable and retransmit time: the host's own */
	p = prefix_option(p, s);
	p = mtu_option(p, s->mtu);
	if (s->n_dns != 0)
		p = rdnss_option(p, s);
	if (s->n_dns_search != 0)
		p = dnssl_option(p, s);
	return (size_t)(p - out);
}
