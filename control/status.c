/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page's life: samples every ten seconds, the file every five minutes, answers when asked. See status.h.
 */
#include "control/status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/show.h"
#include "control/status_priv.h"
#include "control/teredo.h"

#define SAVE_MS (300 * UINT64_C(1000))
#define LOOK_MS 50 /* at the clock; also how much a sample may be late */

const char *const ts_status_mechs[TS_N_MECHS] = {"6to4", "6rd", "ISATAP", "Teredo"};

bool
ts_status_mech_on(const struct ts_config *cfg, unsigned mech)
{
	const bool on[TS_N_MECHS] = {cfg->sixto4.enabled, cfg->n_sixrd > 0, cfg->n_isatap > 0,
		cfg->teredo_relay.enabled || cfg->teredo_server.enabled};

	return on[mech];
}

static int64_t
clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A machine that sleeps is down; CLOCK_MONOTONIC would not know. */
uint64_t
ts_status_boot_ms(void)
{
	return (uint64_t)clock_ms(CLOCK_BOOTTIME);
}

int64_t
ts_status_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

uint64_t
ts_status_clients(const struct ts_control *c)
{
	const struct ts_peers *p = ts_local_teredo(c->local)->peers;
	uint64_t n = 0;

	for (uint32_t i = 0; p != NULL && i < p->n_owners; i++)
		n += __atomic_load_n(&p->owner[i].confirmed, __ATOMIC_RELAXED) +
			__atomic_load_n(&p->owner[i].renewing, __ATOMIC_RELAXED);
	return n;
}

static void
sample_mechs(const uint64_t sum[TS_N_COUNTERS], uint64_t *values)
{
#define WAY(name, way)                                                     \
	{                                                                  \
		TS_C_##name##_##way##_bytes, TS_C_##name##_##way##_packets \
	}
	static const enum ts_counter counters[TS_N_MECHS][TS_N_WAYS][TS_N_UNITS] = {
		{WAY(6to4, decap), WAY(6to4, encap)},
		{WAY(6rd, decap), WAY(6rd, encap)},
		{WAY(isatap, decap), WAY(isatap, encap)},
		{WAY(teredo, decap), WAY(teredo, encap)},
	};
#undef WAY

	for (unsigned m = 0; m < TS_N_MECHS; m++)
		for (unsigned way = 0; way < TS_N_WAYS; way++)
			for (unsigned unit = 0; unit < TS_N_UNITS; unit++)
				values[TS_SERIES_MECH(m, way, unit)] = sum[counters[m][way][unit]];
}

static void
sample_ports(const struct ts_control *c, uint64_t *values)
{
	struct ts_port_figures f;

	values[TS_SERIES_LOST] = 0;
	for (unsigned i = 0; i < c->ports.n; i++) {
		ts_port_figures(c, i, &f);
		values[TS_SERIES_PORT(i, TS_WAY_IN, TS_UNIT_BYTES)] = f.sum.rx_bytes;
		values[TS_SERIES_PORT(i, TS_WAY_IN, TS_UNIT_PACKETS)] = f.sum.rx_packets;
		values[TS_SERIES_PORT(i, TS_WAY_OUT, TS_UNIT_BYTES)] = f.sum.tx_bytes;
		values[TS_SERIES_PORT(i, TS_WAY_OUT, TS_UNIT_PACKETS)] = f.sum.tx_packets;
		values[TS_SERIES_LOST] += f.rx_missed + f.rx_nombuf;
	}
}

/* Of the busiest worker since the last sample, in thousandths. */
static uint64_t
sample_load(struct ts_status *s)
{
	struct ts_worker_stats st;
	uint64_t load = 0;

	for (unsigned w = 0; w < s->c->n_workers; w++) {
		uint64_t busy, cycles;

		ts_worker_stats(s->c->workers[w], &st);
		busy = st.busy_cycles - s->busy[w];
		cycles = st.cycles - s->cycles[w];
		if (cycles > 0 && busy <= cycles)
			load = RTE_MAX(load, (uint64_t)((double)busy * 1000 / (double)cycles));
		s->busy[w] = st.busy_cycles;
		s->cycles[w] = st.cycles;
	}
	return load;
}

static void
sample(struct ts_status *s, int64_t wall_ms, uint64_t mono_ms)
{
	uint64_t sum[TS_N_COUNTERS], values[TS_HISTORY_MAX_SERIES] = {0};

	ts_sum_counters(s->c, sum);
	sample_mechs(sum, values);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop)
			values[TS_SERIES_DROPS] += sum[i];
	sample_ports(s->c, values);
	values[TS_SERIES_CLIENTS] = ts_status_clients(s->c);
	values[TS_SERIES_LOAD] = sample_load(s);
	ts_status_path_sample(s->c, values);
	ts_history_add(s->history, wall_ms, mono_ms, values);
}

static void
name_series(struct ts_history_series *first, const char *prefix, const char *name)
{
	static const char *const ways[TS_N_WAYS] = {"in", "out"}, *const units[TS_N_UNITS] = {"bytes", "packets"};

	for (unsigned way = 0; way < TS_N_WAYS; way++)
		for (unsigned unit = 0; unit < TS_N_UNITS; unit++)
			snprintf(first[TS_SERIES_MECH(0, way, unit)].name, TS_HISTORY_NAME_LEN, "%s%.15s.%s.%s", prefix,
				name, ways[way], units[unit]);
}

static struct ts_history *
create_history(const struct ts_control *c)
{
	struct ts_history_series series[TS_HISTORY_MAX_SERIES] = {
		[TS_SERIES_DROPS] = {.name = "drops"},
		[TS_SERIES_LOST] = {.name = "lost"},
		[TS_SERIES_CLIENTS] = {.name = "teredo-clients", .level = true},
		[TS_SERIES_LOAD] = {.name = "load-permille", .level = true},
	};

	for (unsigned m = 0; m < TS_N_MECHS; m++)
		name_series(&series[TS_SERIES_MECH(m, 0, 0)], "", ts_status_mechs[m]);
	ts_status_path_name(series);
	for (unsigned i = 0; i < c->ports.n; i++)
		name_series(&series[TS_SERIES_PORT(i, 0, 0)], "port.", c->ports.port[i].name);
	return ts_history_create(series, TS_SERIES_PORT(c->ports.n, 0, 0));
}

static void
not_found(struct ts_http_request *r)
{
	static const char text[] = "not here\n";

	ts_http_reply(r, 404, "text/plain; charset=utf-8", text, sizeof(text) - 1);
}

static void
no_memory(struct ts_http_request *r)
{
	static const char text[] = "no memory\n";

	ts_http_reply(r, 503, "text/plain; charset=utf-8", text, sizeof(text) - 1);
}

static enum ts_history_span
span_of(const struct ts_http_request *r)
{
	const char *word = ts_http_query(r, "span");

	for (unsigned span = 0; word != NULL && span < TS_HISTORY_N_SPANS; span++)
		if (strcmp(word, ts_history_geometry[span].name) == 0)
			return span;
	return TS_HISTORY_HOUR;
}

static void
answer_page(struct ts_http_request *r, const char *tail, void *arg)
{
	const char *unit = ts_http_query(r, "unit");
	size_t len;
	char *page;

	if (tail[0] != '\0') {
		not_found(r);
		return;
	}
	page = ts_status_page(
		arg, span_of(r), unit != NULL && strcmp(unit, "packets") == 0 ? TS_UNIT_PACKETS : TS_UNIT_BYTES, &len);
	if (page == NULL)
		no_memory(r);
	else
		ts_http_reply_taken(r, 200, "text/html; charset=utf-8", page, len);
}

static void
answer_file(struct ts_http_request *r, const char *tail, void *arg)
{
	const struct ts_page_file *f = ts_page_file(tail);

	(void)arg;
	/* The page with its fragments empty is no page. */
	if (f == NULL || strcmp(tail, "index.html") == 0)
		not_found(r);
	else
		ts_http_reply_file(r, f->content_type, f->etag, f->data, f->len);
}

static void
answer_json(struct ts_http_request *r, json_t *doc)
{
	char *text = doc != NULL ? json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;

	json_decref(doc);
	if (text == NULL)
		no_memory(r);
	else
		ts_http_reply_taken(r, 200, "application/json", text, strlen(text));
}

static void
answer_status(struct ts_http_request *r, const char *tail, void *arg)
{
	(void)tail;
	answer_json(r, ts_status_json(arg));
}

static void
answer_history(struct ts_http_request *r, const char *tail, void *arg)
{
	(void)tail;
	answer_json(r, ts_status_history_json(arg, span_of(r)));
}

int
ts_status_start(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_status *s;

	if (!c->cfg.status_page.enabled)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->history = create_history(c)) == NULL) {
		free(s);
		snprintf(err, err_len, "no memory for the status page");
		return -1;
	}
	s->c = c;
	s->started_ms = ts_status_boot_ms();
	s->started_s = ts_status_wall_ms() / 1000;
	s->save_due_ms = s->started_ms + SAVE_MS;
	snprintf(s->writer.path, sizeof(s->writer.path), "%s", c->cfg.status_page.history_file);
	ts_history_load(s->history, s->writer.path, ts_status_wall_ms());
	ts_http_serve(c, "/", answer_page, s);
	ts_http_serve(c, "/page/", answer_file, s);
	ts_http_serve(c, "/status.json", answer_status, s);
	ts_http_serve(c, "/history.json", answer_history, s);
	c->status = s;
	return 0;
}

void
ts_status_stop(struct ts_control *c)
{
	struct ts_status *s = c->status;

	if (s == NULL)
		return;
	ts_history_save_last(&s->writer, s->history);
	ts_history_free(s->history);
	free(s);
	c->status = NULL;
}

void
ts_status_poll(struct ts_control *c)
{
	struct ts_status *s = c->status;
	uint64_t now;
	int64_t wall;

	if (s == NULL || (now = ts_status_boot_ms()) < s->look_due_ms)
		return;
	s->look_due_ms = now + LOOK_MS;
	wall = ts_status_wall_ms();
	if (ts_history_due(s->history, wall))
		sample(s, wall, now);
	ts_history_save_poll(&s->writer);
	if (now < s->save_due_ms)
		return;
	s->save_due_ms = now + SAVE_MS;
	ts_history_save_begin(&s->writer, s->history);
}
