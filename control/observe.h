/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the workers are asked to look at (dataplane/observe.h), and where what they saw goes. Several askers (trace,
 * capture, export, handshakes) share one plan: each sets its own fields and applies it. All in the control thread.
 */
#ifndef TS_CTL_OBSERVE_H
#define TS_CTL_OBSERVE_H

#include "control/control.h"
#include "dataplane/handshake.h"
#include "dataplane/observe.h"

/* Before the workers are made. 0, or -1 and a message. */
int ts_observer_start(struct ts_control *c, char *err, size_t err_len);
/* When they are gone. */
void ts_observer_stop(struct ts_control *c);

/* What a worker is made with. */
struct rte_mempool *ts_observer_pool(const struct ts_observer *o, unsigned worker);
struct ts_handshakes *ts_observer_handshakes(struct ts_observer *o);

/* The plan: to be changed in place. Nothing happens before ts_observer_apply(). */
struct ts_observe *ts_observer_plan(struct ts_observer *o);
/* Soon, at a turn of the loop when the workers have taken the former one. Traces are counted anew. */
void ts_observer_apply(struct ts_observer *o);

/* Who takes observations of this kind; `data`: `len` bytes of the packet. One taker for each kind; NULL: nobody. */
typedef void (*ts_observed_fn)(const struct ts_observation *seen, const uint8_t *data, uint32_t len, void *arg);
void ts_observer_take(struct ts_observer *o, enum ts_observation_kind kind, ts_observed_fn fn, void *arg);

/* A turn: a waiting plan to the workers, what they saw to its takers. True: there may be more at once. */
bool ts_observer_poll(struct ts_control *c);

#endif
