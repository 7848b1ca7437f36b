/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A writer of OpenMetrics 1.0.0 and of Prometheus' text format 0.0.4, which differ in how a family of counters is named
 * and in the last line. It is called some ten thousand times for a page, in the control thread: no printf for what is
 * a counter.
 */
#ifndef TS_METRICS_TEXT_H
#define TS_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/histogram.h"

enum ts_metric_type { TS_METRIC_COUNTER, TS_METRIC_GAUGE, TS_METRIC_INFO, TS_METRIC_HISTOGRAM };

struct ts_metrics {
	char *text; /* not terminated before ts_metrics_end() */
	size_t len, room;
	bool openmetrics;
	bool failed; /* no memory: the page is not worth anything */
	const char *name;
	enum ts_metric_type type;
	bool labelled; /* the sample has a label already */
};

/* Names without "tsunagi_" and without the suffixes that belong to a type; `name` has to stay till the next family. */
void ts_metrics_family(struct ts_metrics *m, enum ts_metric_type type, const char *name, const char *help);

/* A sample: begin, any number of labels, its value. */
void ts_metrics_sample(struct ts_metrics *m);
void ts_metrics_label(struct ts_metrics *m, const char *key, const char *value);
void ts_metrics_label_uint(struct ts_metrics *m, const char *key, uint64_t value);
/* Labels that need no escapes, as they are written: `a="b",c="d"`; "" for none. */
void ts_metrics_labels(struct ts_metrics *m, const char *written);
void ts_metrics_uint(struct ts_metrics *m, uint64_t value);
void ts_metrics_real(struct ts_metrics *m, double value);

/* A family of one sample without labels. */
void ts_metrics_one(struct ts_metrics *m, enum ts_metric_type type, const char *name, const char *help, double value);

/* All samples of a histogram with these written labels; values are shown times `scale`. */
void ts_metrics_histogram(
	struct ts_metrics *m, const struct ts_histogram *h, unsigned shift, double scale, const char *labels);

/* The last line. False, and nothing to free, when there was no memory. */
bool ts_metrics_end(struct ts_metrics *m);

#endif
