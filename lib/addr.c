/* SPDX-License-Identifier: BSD-3-Clause */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

static u128
load128(const uint8_t addr[16])
{
	u128 x = 0;

	for (int i = 0; i < 16; i++)
		x = x << 8 | addr[i];
	return x;
}

static void
store128(struct in6_addr *addr, u128 x)
{
	for (int i = 15; i >= 0; i--, x >>= 8)
		addr->s6_addr[i] = (uint8_t)x;
}

void
ts_mask6(struct in6_addr *addr, uint8_t len)
{
	if (len >= 128)
		return;
	u128 mask = len == 0 ? 0 : ~(u128)0 << (128 - len);
	store128(addr, load128(addr->s6_addr) & mask);
}

rte_be32_t
ts_6rd_v4(const struct ts_prefix6rd *d, const uint8_t addr[16])
{
	unsigned suffix_bits = 32 - d->ipv4_mask_len;
	uint32_t suffix_mask = suffix_bits == 0 ? 0 : UINT32_MAX >> (32 - suffix_bits);
	uint32_t suffix = 0;

	if (suffix_bits != 0)
		suffix = (uint32_t)(load128(addr) >> (128 - d->prefix.len - suffix_bits)) & suffix_mask;
	return rte_cpu_to_be_32((rte_be_to_cpu_32(d->ipv4_common) & ~suffix_mask) | suffix);
}

struct ts_prefix6
ts_6rd_delegated(const struct ts_prefix6rd *d, rte_be32_t ce)
{
	unsigned suffix_bits = 32 - d->ipv4_mask_len;
	struct ts_prefix6 out = d->prefix;

	if (suffix_bits != 0) {
		u128 suffix = rte_be_to_cpu_32(ce) & (UINT32_MAX >> (32 - suffix_bits));
		store128(&out.addr, load128(d->prefix.addr.s6_addr) | suffix << (128 - d->prefix.len - suffix_bits));
	}
	out.len = d->prefix.len + suffix_bits;
	return out;
}

int
ts_parse_prefix(const char *text, rte_be32_t *v4, struct in6_addr *v6, uint8_t *len)
{
	char buf[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	int family;

	if (n == 0 || n >= sizeof(buf))
		return -1;
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (inet_pton(AF_INET, buf, v4) == 1)
		family = AF_INET;
	else if (inet_pton(AF_INET6, buf, v6) == 1)
		family = AF_INET6;
	else
		return -1;

	unsigned long max = family == AF_INET ? 32 : 128, value = max;

	if (slash) {
		char *end;

		if (slash[1] < '0' || slash[1] > '9')
			return -1;
		errno = 0;
		value = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || errno != 0 || value > max)
			return -1;
	}
	*len = (uint8_t)value;
	return family;
}
