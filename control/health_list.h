/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a configuration announces, by which mechanism, and the addresses of the test packets that go through each
 * mechanism (protocols.md O1, O2).
 */
#ifndef TS_CTL_HEALTH_LIST_H
#define TS_CTL_HEALTH_LIST_H

#include "lib/config.h"

#define TS_HEALTH_MAX_MECHS (2 + TS_MAX_6RD + TS_MAX_ISATAP)
#define TS_HEALTH_MAX_PREFIXES (TS_HEALTH_MAX_MECHS + 1)

struct ts_health_mech {
	enum ts_mechanism mech;
	unsigned domain; /* of 6rd and ISATAP: index in the configuration */
	char name[TS_NAME_LEN + 8];
	rte_be32_t far; /* IPv4 address of the test packets' far end; 0: there is none to be had */
};

struct ts_health_prefix {
	struct ts_cfg_addr prefix;
	unsigned mech;	  /* index */
	uint8_t upstream; /* AF_INET or AF_INET6: the family that its traffic goes on by (O2) */
	bool attached;	  /* a link will do for an upstream: its far ends may all be neighbours */
};

struct ts_health_list {
	struct ts_health_mech mechs[TS_HEALTH_MAX_MECHS];
	struct ts_health_prefix prefixes[TS_HEALTH_MAX_PREFIXES];
	unsigned n_mechs, n_prefixes;
};

void ts_health_list(struct ts_health_list *l, const struct ts_config *cfg);

/* Native end of all test packets: in the discard prefix (RFC 6666). */
extern const uint8_t ts_probe_native[16];

#endif
