/* SPDX-License-Identifier: BSD-3-Clause */
/* See metrics.h. */
#include "control/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nettle/sha2.h>
#include <rte_version.h>

#include "control/clock.h"
#include "control/http.h"

#define FRESH_MS 250
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT "text/plain; version=0.0.4; charset=utf-8"

/* There is one daemon in a process; what concerns its configuration is known before anything is started. */
static struct {
	time_t started, loaded; /* Unix time */
	bool taken;		/* the last attempt to reload succeeded */
	char sha256[2 * SHA256_DIGEST_SIZE + 1];
} life;

struct ts_metrics_cache {
	struct ts_metrics page[2]; /* by format */
	uint64_t made_ms[2];
};

/* As sha256sum prints it; "" when the file cannot be read any more. */
static void
hash_file(const char *path, char out[2 * SHA256_DIGEST_SIZE + 1])
{
	uint8_t buf[4096], digest[SHA256_DIGEST_SIZE];
	FILE *f = fopen(path, "re");
	struct sha256_ctx ctx;
	size_t n;

	out[0] = '\0';
	if (f == NULL)
		return;
	sha256_init(&ctx);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sha256_update(&ctx, n, buf);
	fclose(f);
	sha256_digest(&ctx, sizeof(digest), digest);
	for (unsigned i = 0; i < sizeof(digest); i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
}

void
ts_metrics_configured(const struct ts_control *c, bool taken)
{
	life.taken = taken;
	if (!taken)
		return;
	life.loaded = time(NULL);
	hash_file(c->cfg.file, life.sha256);
}

static void
process(struct ts_metrics *m, double took)
{
	ts_metrics_family(m, TS_METRIC_INFO, "build", "versions of the relay and of DPDK");
	ts_metrics_sample(m);
	ts_metrics_label(m, "version", TS_VERSION);
	ts_metrics_label(m, "dpdk", rte_version());
	ts_metrics_uint(m, 1);
	ts_metrics_family(m, TS_METRIC_INFO, "config", "SHA-256 of the configuration file as it was taken last");
	ts_metrics_sample(m);
	ts_metrics_label(m, "sha256", life.sha256);
	ts_metrics_uint(m, 1);
	ts_metrics_one(
		m, TS_METRIC_GAUGE, "config_load_time_seconds", "when that was, in Unix time", (double)life.loaded);
	ts_metrics_one(
		m, TS_METRIC_GAUGE, "config_reload_ok", "0 if the last attempt to reload changed nothing", life.taken);
	ts_metrics_one(m, TS_METRIC_GAUGE, "start_time_seconds", "when the relay was started, in Unix time",
		(double)life.started);
	ts_metrics_one(m, TS_METRIC_GAUGE, "metrics_seconds", "how long it took to write what is above", took);
}

static bool
make(struct ts_metrics *m, const struct ts_control *c)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ts_metrics_counters(m, c);
	ts_metrics_workers(m, c);
	ts_metrics_rings(m, c);
	ts_metrics_ports(m, c);
	ts_metrics_tables(m, c);
	ts_metrics_kernel(m, c);
	ts_metrics_teredo(m, c);
	ts_metrics_neighbours(m, c);
	ts_metrics_sflow(m, c);
	ts_metrics_path(m, c);
	ts_metrics_health(m, c);
	clock_gettime(CLOCK_MONOTONIC, &end);
	process(m, (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9);
	return ts_metrics_end(m);
}

/* Prometheus asks for both and says which it likes better; any mention of the newer format will do. */
static void
answer(struct ts_http_request *r, const char *tail, void *arg)
{
	const struct ts_control *c = arg;
	struct ts_metrics_cache *cache = c->metrics;
	const char *accept = ts_http_header(r, "Accept");
	bool openmetrics = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
	struct ts_metrics *m = &cache->page[openmetrics];
	uint64_t now = ts_now_ms();

	(void)tail;
	if (m->text == NULL || now - cache->made_ms[openmetrics] >= FRESH_MS) {
		/* The memory is kept. */
		*m = (struct ts_metrics){.text = m->text, .room = m->room, .openmetrics = openmetrics};
		cache->made_ms[openmetrics] = now;
		if (!make(m, c)) {
			*m = (struct ts_metrics){0};
			ts_http_reply(r, 503, "text/plain", "no memory\n", 10);
			return;
		}
	}
	ts_http_reply(r, 200, openmetrics ? OPENMETRICS : TEXT, m->text, m->len);
}

int
ts_metrics_start(struct ts_control *c, char *err, size_t err_len)
{
	life.started = time(NULL);
	ts_metrics_configured(c, true);
	if (!c->cfg.http.enabled)
		return 0;
	c->metrics = calloc(1, sizeof(*c->metrics));
	if (c->metrics == NULL) {
		snprintf(err, err_len, "no memory for the metrics");
		return -1;
	}
	ts_http_serve_metrics(c, "/metrics", answer, c);
	return 0;
}

void
ts_metrics_stop(struct ts_control *c)
{
	for (unsigned i = 0; c->metrics != NULL && i < RTE_DIM(c->metrics->page); i++)
		free(c->metrics->page[i].text);
	free(c->metrics);
	c->metrics = NULL;
}
