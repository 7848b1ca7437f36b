/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the stations report what passes them. Each caller has tested `w->observe` first, so that what is off costs a
 * branch.
 */
#ifndef TS_OBSERVE_PRIV_H
#define TS_OBSERVE_PRIV_H

#include "observe.h"

struct ts_worker;
struct ts_vec;

/* A burst as `port` gave it: samples, the start of traces. */
void ts_observe_rx(struct ts_worker *w, uint16_t port, struct rte_mbuf *const *pkts, uint16_t n);
/* Packets that begin at their IP header, before the lane's work; outer headers are still there. */
void ts_observe_lane(struct ts_worker *w, enum ts_station station, const struct ts_vec *v);
/* One packet that begins at its IP header, at a station that keeps it or gives it away. */
void ts_observe_one(struct ts_worker *w, enum ts_station station, const struct rte_mbuf *m);
void ts_observe_drop(struct ts_worker *w, const struct rte_mbuf *m, enum ts_counter reason);
/* Frames that `port` is about to be given; takes traces' marks off. */
void ts_observe_tx(struct ts_worker *w, uint16_t port, struct rte_mbuf *const *pkts, uint16_t n);

#endif
