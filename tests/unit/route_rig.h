/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of next hops, RIB, publishing and the mirror share: EAL without hugepages, three made-up interfaces
 * and a small RIB.
 */
#ifndef TS_TEST_ROUTE_RIG_H
#define TS_TEST_ROUTE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_eal.h>

#include "control/iface.h"
#include "control/nexthop.h"
#include "control/rib.h"

#define RIG_NEXTHOPS 2000
#define RIG_ADJACENCIES 1000

struct rig {
	struct ts_ifaces ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
};

static inline int
rig_eal(void)
{
	static char name[] = "test", no_huge[] = "--no-huge", m[] = "-m", mb[] = "1024", no_pci[] = "--no-pci",
		    no_shconf[] = "--no-shconf", no_telemetry[] = "--no-telemetry", log[] = "--log-level=error",
		    lcores[] = "--lcores=0";
	char *argv[] = {name, no_huge, m, mb, no_pci, no_shconf, no_telemetry, log, lcores, NULL};

	return rte_eal_init(9, argv) < 0 ? -1 : 0;
}

static inline void
rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->ifaces.n = 3;
	for (uint16_t i = 0; i < r->ifaces.n; i++) {
		struct ts_iface *dp = &r->ifaces.dp[i];

		dp->port = (uint16_t)(i + 10);
		dp->mtu = (uint16_t)(1500 - i);
		dp->n_tags = (uint8_t)i;
		dp->l2_len = (uint8_t)(14 + 4 * i);
		dp->vlan[0] = 100;
		dp->vlan[1] = 200;
		memset(dp->mac.addr_bytes, 0x20 + i, 6);
	}
	r->nexthops = ts_nexthops_create(RIG_NEXTHOPS, RIG_ADJACENCIES, &r->ifaces);
	assert_non_null(r->nexthops);
}

static inline void
rig_add_rib(struct rig *r, const struct ts_rib_conf *conf)
{
	char err[256] = "";

	r->rib = ts_rib_create(conf, r->nexthops, err, sizeof(err));
	if (r->rib == NULL)
		fail_msg("%s", err);
}

static inline void
rig_fini(struct rig *r)
{
	ts_rib_free(r->rib);
	ts_nexthops_free(r->nexthops);
}

/* A gateway numbered i, IPv4 10.1.x.y. */
static inline struct ts_path
rig_path(uint16_t iface, unsigned i, uint8_t weight)
{
	struct ts_path p = {.iface = iface, .family = AF_INET, .weight = weight};

	p.addr[0] = 10;
	p.addr[1] = 1;
	p.addr[2] = (uint8_t)(i >> 8);
	p.addr[3] = (uint8_t)i;
	return p;
}

static inline uint32_t
rig_nexthop(struct rig *r, unsigned i)
{
	struct ts_path p = rig_path(0, i, 1);

	return ts_nexthop_get_paths(r->nexthops, &p, 1);
}

#endif
