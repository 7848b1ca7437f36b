/* SPDX-License-Identifier: BSD-3-Clause */
#include "checksums.h"

#include <stdio.h>

static uint32_t
sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (len % 2 != 0)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool
wrong(char *why, size_t why_len, const char *what)
{
	snprintf(why, why_len, "%s checksum wrong", what);
	return false;
}

static bool
ipv4(const uint8_t *p, size_t len, char *why, size_t why_len)
{
	size_t ihl = (p[0] & 15) * 4u;
	uint32_t pseudo;

	if (ihl < 20 || ihl > len || sum16(p, ihl, 0) != 0xffff)
		return wrong(why, why_len, "IPv4 header");
	if (p[9] == 1 && sum16(p + ihl, len - ihl, 0) != 0xffff)
		return wrong(why, why_len, "ICMPv4");
	if (p[9] == 17 && len >= ihl + 8 && (p[ihl + 6] | p[ihl + 7]) != 0) {
		pseudo = sum16(p + 12, 8, 17 + (uint32_t)(len - ihl));
		if (sum16(p + ihl, len - ihl, pseudo) != 0xffff)
			return wrong(why, why_len, "UDP");
	}
	return true;
}

bool
checksums_good(const uint8_t *p, size_t len, char *why, size_t why_len)
{
	if (len >= 20 && p[0] >> 4 == 4)
		return ipv4(p, len, why, why_len);
	if (len >= 44 && p[0] >> 4 == 6 && p[6] == 58 &&
		sum16(p + 40, len - 40, sum16(p + 8, 32, 58 + (uint32_t)(len - 40))) != 0xffff)
		return wrong(why, why_len, "ICMPv6");
	return true;
}

/* One's complement has two zeros. */
static bool
same_sum(uint32_t a, uint32_t b)
{
	return a % 0xffff == b % 0xffff;
}

/* `p`: IPv6, directly before a transport packet. */
static uint32_t
transport_sum(const uint8_t *p, size_t len)
{
	return sum16(p + 40, len - 40, sum16(p + 8, 32, p[6] + (uint32_t)(len - 40)));
}

bool
checksums_kept(const uint8_t *p, size_t len, char *why, size_t why_len)
{
	const uint8_t *inner = p + 28;

	if (len >= 28 && p[0] == 0x45 && p[9] == 17 && (p[26] | p[27]) == 0)
		return wrong(why, why_len, "missing UDP");
	if (len < 28 + 40 || p[0] != 0x45 || p[9] != 17 || inner[0] >> 4 != 6 ||
		(inner[6] != 6 && inner[6] != 17 && inner[6] != 58) || sum16(p, 20, 0) != 0xffff)
		return checksums_good(p, len, why, why_len);
	return same_sum(sum16(p + 20, len - 20, sum16(p + 12, 8, 17 + (uint32_t)(len - 20))),
		       transport_sum(inner, len - 28)) ||
		checksums_good(p, len, why, why_len);
}
