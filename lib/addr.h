/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prefixes and the mappings between IPv4 and IPv6 addresses that automatic tunnels rest on. All addresses are in
 * network byte order.
 */
#ifndef TS_ADDR_H
#define TS_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

struct ts_prefix4 {
	rte_be32_t addr; /* bits beyond len are 0 */
	uint8_t len;
};

struct ts_prefix6 {
	struct in6_addr addr; /* bits beyond len are 0 */
	uint8_t len;
};

/* A 6rd domain's mapping (R1), RFC 5969 section 4. */
struct ts_prefix6rd {
	struct ts_prefix6 prefix;
	uint8_t ipv4_mask_len;	/* m: leading bits of the IPv4 address that are common to the domain */
	rte_be32_t ipv4_common; /* an address whose first m bits are the common ones */
};

#define TS_6TO4_ANYCAST RTE_BE32(0xc0586301) /* 192.88.99.1, RFC 3068 2.4 */

static inline rte_be32_t
ts_mask4(uint8_t len)
{
	return len == 0 ? 0 : rte_cpu_to_be_32(UINT32_MAX << (32 - len));
}

static inline bool
ts_prefix4_contains(const struct ts_prefix4 *p, rte_be32_t addr)
{
	return ((addr ^ p->addr) & ts_mask4(p->len)) == 0;
}

static inline bool
ts_prefix6_contains(const struct ts_prefix6 *p, const uint8_t addr[16])
{
	uint64_t a[2], b[2];

	memcpy(a, p->addr.s6_addr, sizeof(a));
	memcpy(b, addr, sizeof(b));
	if (p->len == 0)
		return true;
	if (p->len <= 64)
		return rte_be_to_cpu_64(a[0] ^ b[0]) >> (64 - p->len) == 0;
	return a[0] == b[0] && rte_be_to_cpu_64(a[1] ^ b[1]) >> (128 - p->len) == 0;
}

/* Clear the bits beyond `len`. */
void ts_mask6(struct in6_addr *addr, uint8_t len);

/* 2002::/16, RFC 3056 section 2. */
static inline bool
ts_is_6to4(const uint8_t addr[16])
{
	return addr[0] == 0x20 && addr[1] == 0x02;
}

/* The IPv4 address in bytes 2 to 5 of a 6to4 address. */
static inline rte_be32_t
ts_6to4_v4(const uint8_t addr[16])
{
	rte_be32_t v4;

	memcpy(&v4, addr + 2, sizeof(v4));
	return v4;
}

/* 2001::/32, RFC 4380 section 2.6. */
static inline bool
ts_is_teredo(const uint8_t addr[16])
{
	return addr[0] == 0x20 && addr[1] == 0x01 && addr[2] == 0 && addr[3] == 0;
}

/* Interface identifier 0000:5efe:a or 0200:5efe:a, RFC 5214 section 6.1. */
static inline bool
ts_is_isatap_iid(const uint8_t addr[16])
{
	return (addr[8] & 0xfd) == 0 && addr[9] == 0 && addr[10] == 0x5e && addr[11] == 0xfe;
}

/* The IPv4 address in the last 4 bytes of an ISATAP address. */
static inline rte_be32_t
ts_isatap_v4(const uint8_t addr[16])
{
	rte_be32_t v4;

	memcpy(&v4, addr + 12, sizeof(v4));
	return v4;
}

/* The IPv4 address that a 6rd address maps to (protocols.md R2); the address must lie in the prefix. */
rte_be32_t ts_6rd_v4(const struct ts_prefix6rd *domain, const uint8_t addr[16]);

/* The delegated prefix of a CE, RFC 5969 section 4. */
struct ts_prefix6 ts_6rd_delegated(const struct ts_prefix6rd *domain, rte_be32_t ce);

/*
 * "a.b.c.d/len" or "v6/len"; a missing length is the whole address. Returns AF_INET or AF_INET6, or -1 when the text is
 * neither. Bits beyond the length are kept in *v4 and *v6: an interface address is written like this too.
 */
int ts_parse_prefix(const char *text, rte_be32_t *v4, struct in6_addr *v6, uint8_t *len);

#endif
