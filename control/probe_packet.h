/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The test packets of health (protocols.md O1): what goes in at one side of a tunnel, and whether what came out at the
 * other is what had to. See dataplane/probe.c for what happens in between.
 */
#ifndef TS_CTL_PROBE_PACKET_H
#define TS_CTL_PROBE_PACKET_H

#include <stddef.h>

#include "control/health_list.h"

enum ts_probe_way { TS_PROBE_ENCAP, TS_PROBE_DECAP, TS_PROBE_N_WAYS };

#define TS_PROBE_PACKET_MAX 128

struct ts_probe_packet {
	size_t len;
	uint8_t bytes[TS_PROBE_PACKET_MAX];
};

/* Both ends of a tunnel. */
struct ts_probe_ends {
	enum ts_mechanism mech;
	rte_be32_t far4, near4;		/* of the outer header: the site's and ours */
	rte_be16_t far_port, near_port; /* Teredo's */
	uint8_t far6[16];		/* inner address of the far end */
};

/* `teredo_port`: of the client, network order. */
void ts_probe_ends(
	struct ts_probe_ends *e, const struct ts_config *cfg, const struct ts_health_mech *m, rte_be16_t teredo_port);

/* What goes in: a native packet to the far end, or the far end's tunnelled one; and what has to come out of it. */
void ts_probe_in(struct ts_probe_packet *out, const struct ts_probe_ends *e, enum ts_probe_way way, uint32_t mark);

/* Is this what comes out of that? Fields that the configuration may set (TTL, TOS, identification, DF) are left alone.
 */
bool ts_probe_is_right(
	const struct ts_probe_ends *e, enum ts_probe_way way, uint32_t mark, const uint8_t *bytes, size_t len);

#endif
