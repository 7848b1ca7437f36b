/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See metrics_text.h. Memory grows by doubling; when there is none, everything after that is swallowed and the end says
 * so, so that nobody in between has to ask.
 */
#include "control/metrics_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "tsunagi_"
#define ROOM (64 << 10)

static const char *const type_names[] = {"counter", "gauge", "info", "histogram"};
static const char *const suffixes[] = {"_total", "", "_info", ""};

static bool
grow(struct ts_metrics *m, size_t more)
{
	size_t room = m->room == 0 ? ROOM : m->room;
	char *text;

	while (room - m->len < more)
		room *= 2;
	text = room == m->room ? m->text : realloc(m->text, room);
	if (text == NULL) {
		m->failed = true;
		return false;
	}
	m->text = text;
	m->room = room;
	return true;
}

static void
put(struct ts_metrics *m, const char *text, size_t len)
{
	if (m->failed || (m->room - m->len < len && !grow(m, len)))
		return;
	memcpy(m->text + m->len, text, len);
	m->len += len;
}

static void
put_text(struct ts_metrics *m, const char *text)
{
	put(m, text, strlen(text));
}

static void
put_uint(struct ts_metrics *m, uint64_t value)
{
	char digits[20];
	unsigned at = sizeof(digits);

	do
		digits[--at] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	put(m, digits + at, sizeof(digits) - at);
}

/* Backslash, line end and, in label values, the quote (both formats); a newline would forge a sample. */
static void
put_escaped(struct ts_metrics *m, const char *text, bool quote)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			put(m, "\\n", 2);
		else if (*text == '\\' || (*text == '"' && quote))
			put(m, (const char[]){'\\', *text}, 2);
		else
			put(m, text, 1);
	}
}

/* "# TYPE tsunagi_x counter" in OpenMetrics, "# TYPE tsunagi_x_total counter" in the older format. */
static void
put_comment(struct ts_metrics *m, const char *what)
{
	put_text(m, what);
	put_text(m, PREFIX);
	put_text(m, m->name);
	if (!m->openmetrics)
		put_text(m, suffixes[m->type]);
	put(m, " ", 1);
}

void
ts_metrics_family(struct ts_metrics *m, enum ts_metric_type type, const char *name, const char *help)
{
	m->name = name;
	m->type = type;
	put_comment(m, "# HELP ");
	put_escaped(m, help, m->openmetrics);
	put_text(m, ".\n");
	put_comment(m, "# TYPE ");
	put_text(m, type_names[type == TS_METRIC_INFO && !m->openmetrics ? TS_METRIC_GAUGE : type]);
	put(m, "\n", 1);
}

static void
begin(struct ts_metrics *m, const char *suffix)
{
	put_text(m, PREFIX);
	put_text(m, m->name);
	put_text(m, suffix);
	m->labelled = false;
}

void
ts_metrics_sample(struct ts_metrics *m)
{
	begin(m, suffixes[m->type]);
}

void
ts_metrics_labels(struct ts_metrics *m, const char *written)
{
	if (*written == '\0')
		return;
	put(m, m->labelled ? "," : "{", 1);
	m->labelled = true;
	put_text(m, written);
}

void
ts_metrics_label(struct ts_metrics *m, const char *key, const char *value)
{
	ts_metrics_labels(m, key);
	put(m, "=\"", 2);
	put_escaped(m, value, true);
	put(m, "\"", 1);
}

void
ts_metrics_label_uint(struct ts_metrics *m, const char *key, uint64_t value)
{
	ts_metrics_labels(m, key);
	put(m, "=\"", 2);
	put_uint(m, value);
	put(m, "\"", 1);
}

static void
end_labels(struct ts_metrics *m)
{
	if (m->labelled)
		put(m, "} ", 2);
	else
		put(m, " ", 1);
}

void
ts_metrics_uint(struct ts_metrics *m, uint64_t value)
{
	end_labels(m);
	put_uint(m, value);
	put(m, "\n", 1);
}

void
ts_metrics_real(struct ts_metrics *m, double value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.15g", value);

	end_labels(m);
	if (isnan(value))
		put_text(m, "NaN");
	else
		put(m, text, (size_t)n);
	put(m, "\n", 1);
}

void
ts_metrics_one(struct ts_metrics *m, enum ts_metric_type type, const char *name, const char *help, double value)
{
	ts_metrics_family(m, type, name, help);
	ts_metrics_sample(m);
	ts_metrics_real(m, value);
}

/* One and the same text in both formats, or Prometheus would take them for different series. */
static void
put_bucket(struct ts_metrics *m, double bound, const char *labels, uint64_t below)
{
	char le[32];

	snprintf(le, sizeof(le), bound == (double)(long long)bound ? "%.1f" : "%.9g", bound);
	begin(m, "_bucket");
	ts_metrics_labels(m, labels);
	ts_metrics_label(m, "le", isinf(bound) ? "+Inf" : le);
	ts_metrics_uint(m, below);
}

void
ts_metrics_histogram(
	struct ts_metrics *m, const struct ts_histogram *h, unsigned shift, double scale, const char *labels)
{
	uint64_t below = 0;

	for (unsigned i = 0; i < TS_HISTOGRAM_BUCKETS - 1; i++) {
		below += h->bucket[i];
		put_bucket(m, (double)(UINT64_C(1) << (shift + i)) * scale, labels, below);
	}
	below += h->bucket[TS_HISTOGRAM_BUCKETS - 1];
	put_bucket(m, INFINITY, labels, below);
	begin(m, "_sum");
	ts_metrics_labels(m, labels);
	ts_metrics_real(m, (double)h->sum * scale);
	begin(m, "_count");
	ts_metrics_labels(m, labels);
	ts_metrics_uint(m, below);
}

bool
ts_metrics_end(struct ts_metrics *m)
{
	if (m->openmetrics)
		put_text(m, "# EOF\n");
	put(m, "", 1);
	if (!m->failed) {
		m->len--;
		return true;
	}
	free(m->text);
	m->text = NULL;
	return false;
}
