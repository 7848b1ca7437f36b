/* SPDX-License-Identifier: BSD-3-Clause */
/* What the answers about Teredo share: show_teredo.c, show_teredo_summary.c, explain_teredo.c. */
#ifndef TS_CTL_SHOW_TEREDO_H
#define TS_CTL_SHOW_TEREDO_H

#include <jansson.h>

#include "control/control.h"
#include "dataplane/peers.h"

/* A peer's state by the timers of T2, as people know it. */
enum ts_peer_shown {
	TS_PEER_STATE_TRUSTED,
	TS_PEER_STATE_STALE,
	TS_PEER_STATE_UNCONFIRMED,
	TS_PEER_STATE_RENEWING,
	TS_PEER_STATE_EXPIRED, /* to be forgotten, but the sweep has not come by */
	TS_PEER_N_SHOWN
};
/* age: ticks since the last reception. */
enum ts_peer_shown ts_peer_shown(const struct ts_control *c, enum ts_peer_state state, uint32_t age);

/* Now, in the peer table's ticks, as workers count them. */
uint32_t ts_peer_tick_now(void);

/* full: whole address and mapping; otherwise no more than O31 leaves. */
json_t *ts_peer_json(const struct ts_control *c, const struct ts_peer_info *p, bool full);

/* {"teredo": {"relay": ..., "server": ...}}; peers: how many there are, by enum ts_peer_shown. NULL: no memory. */
json_t *ts_teredo_summary(const struct ts_control *c, const uint64_t peers[TS_PEER_N_SHOWN]);

#endif
