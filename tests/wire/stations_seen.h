/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is seen of a run and goes into its record: packets, what is on the workers' rings, and in the end what the
 * workers and their tables keep. What is not here may differ between the versions of the stations.
 */
#ifndef TS_TEST_STATIONS_SEEN_H
#define TS_TEST_STATIONS_SEEN_H

#include "dataplane/worker.h"
#include "stations_record.h"

/* Its bytes, segments and flags; disposes of it. */
void record_packet(struct record *r, const char *what, struct rte_mbuf *m);
/* Punts and events, which are taken. */
void record_rings(struct record *r, struct ts_worker *w);
/* What the next packets will depend on. */
void record_worker(struct record *r, const struct ts_worker *w);
void record_tables(struct record *r);

#endif
