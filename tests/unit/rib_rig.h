/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the RIB share: one with both FIBs, looking up, a plain reference, routes at random. */
#ifndef TS_TEST_RIB_RIG_H
#define TS_TEST_RIB_RIG_H

#include <errno.h>

#include <rte_byteorder.h>

#include "route_rig.h"

static const struct ts_rib_conf small = {.max_ipv4 = 5000, .max_ipv6 = 5000, .tbl8_ipv4 = 4096, .tbl8_ipv6 = 16384};

static struct rig r;

static inline int
setup(void **state)
{
	(void)state;
	rig_init(&r);
	rig_add_rib(&r, &small);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	rig_fini(&r);
	return 0;
}

static inline void
publish_both(void)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned idle = ts_rib_idle(r.rib);

		ts_rib_apply(r.rib, idle);
		ts_rib_published(r.rib, idle);
	}
}

static inline uint32_t
lookup(unsigned which, uint8_t family, const uint8_t *addr)
{
	uint32_t nh = 0;
	rte_be32_t be;
	uint8_t v6[1][16];

	memcpy(&be, addr, 4);
	memcpy(v6[0], addr, family == AF_INET ? 4 : 16);
	uint32_t v4 = rte_be_to_cpu_32(be);

	if (family == AF_INET)
		ts_fib4_lookup_bulk(ts_rib_fib4(r.rib, which), &v4, &nh, 1);
	else
		ts_fib6_lookup_bulk(ts_rib_fib6(r.rib, which), v6, &nh, 1);
	return nh;
}

static inline void
mask(uint8_t *addr, int len)
{
	for (int bit = len; bit < 128; bit++)
		addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static inline uint32_t
reference(uint8_t family, const uint8_t *addr)
{
	struct ts_route_info info;
	uint8_t p[16];

	memcpy(p, addr, 16);
	for (int len = family == AF_INET ? 32 : 128; len >= 0; len--) {
		mask(p, len);
		if (ts_rib_get(r.rib, family, p, (uint8_t)len, &info))
			return info.nh;
	}
	return TS_NH_NO_ROUTE;
}

/* Few bits vary, so that parents, children and neighbours meet often; one in four lies at the end of the address space.
 */
static inline void
random_addr(uint8_t family, uint8_t a[16])
{
	static const uint8_t bytes[] = {0, 1, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};

	memset(a, 0, 16);
	for (unsigned i = 0; i < (family == AF_INET ? 4u : 16u); i++)
		a[i] = bytes[rand() % 8];
	if (rand() % 4 == 0)
		memset(a, 0xff, (size_t)(rand() % (family == AF_INET ? 5 : 17)));
	else if (rand() % 2 == 0)
		memcpy(a, "\x20\x01\x0d", 3);
}

static inline void
change_one(uint8_t family, uint32_t *nhs, unsigned n)
{
	uint8_t p[16];
	int max = family == AF_INET ? 32 : rand() % 2 ? 128 : 64;
	uint8_t len = (uint8_t)(rand() % (max + 1));

	if (len < 12 && rand() % 16 != 0)
		len += 12; /* writing short ones takes its time */

	random_addr(family, p);
	mask(p, len);
	if (rand() % 5 < 2) {
		ts_rib_del(r.rib, family, p, len, TS_ORIGIN_KERNEL, 0);
		return;
	}
	uint32_t nh = nhs[(unsigned)rand() % n];

	ts_nexthop_hold(r.nexthops, nh);
	ts_rib_set(r.rib, family, p, len, TS_ORIGIN_KERNEL, 0, nh, 0);
}

#endif
