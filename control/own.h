/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of the box's own addresses, OWN4 and OWN6 of protocols.md 1, with what each is for, and its IPv4 subnets. */
#ifndef TS_CTL_OWN_H
#define TS_CTL_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "control/mirror.h"
#include "dataplane/tables.h"
#include "lib/config.h"

#define TS_OWN_MAX 2048

/* One own address; `host`: the kernel has it, too. */
struct ts_own_addr {
	uint8_t family;
	bool host;
	uint8_t proto41; /* enum ts_proto41 */
	uint8_t udp;	 /* TS_UDP_* */
	uint16_t domain; /* of the mechanism that `proto41` names */
	uint8_t addr[16];
};

struct ts_own_set {
	unsigned n;
	struct ts_own_addr addr[TS_OWN_MAX];
	unsigned n_attached;
	struct ts_prefix4 attached[TS_OWN_MAX];
};

/* addrs: what the kernel has in the relay's namespace. */
void ts_own_collect(
	struct ts_own_set *set, const struct ts_config *cfg, const struct ts_host_addr *addrs, unsigned n_addrs);

#endif
