/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /metrics: what the relay counts and how it fares, as OpenMetrics or in Prometheus' text format, as the client asks.
 * Everything comes from memory, in some milliseconds for many workers; a page is made at most four times a second,
 * however many ask. Labels have values that the configuration or this program bounds: workers, ports, reasons, prefixes
 * that are announced; MAC addresses up to a number. No address of a user is ever one (O24, O30).
 */
#ifndef TS_CTL_METRICS_H
#define TS_CTL_METRICS_H

#include "control/control.h"
#include "control/metrics_text.h"

#define TS_METRICS_NEIGHBOURS 256 /* MAC addresses that have figures of their own */

/* Serve it, if there is an HTTP server. 0, or -1 and a message. */
int ts_metrics_start(struct ts_control *c, char *err, size_t err_len);
void ts_metrics_stop(struct ts_control *c);

/* The configuration file has been read, at start or again: did the relay take it? */
void ts_metrics_configured(const struct ts_control *c, bool taken);

/* The parts of a page. */
void ts_metrics_counters(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_workers(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_rings(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_ports(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_tables(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_kernel(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_teredo(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_neighbours(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_sflow(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_path(struct ts_metrics *m, const struct ts_control *c);
void ts_metrics_health(struct ts_metrics *m, const struct ts_control *c);

#endif
