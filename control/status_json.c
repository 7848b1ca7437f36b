/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the status page shows, for programs: /status.json, how things are; /history.json?span=hour|day|month, the series
 * as they are kept. As public as the page is.
 */
#include <math.h>
#include <string.h>

#include <rte_version.h>

#include "control/health_run.h"
#include "control/path_rtt.h"
#include "control/show.h"
#include "control/status_priv.h"

static json_t *
number(double value)
{
	return isnan(value) ? json_null() : json_real(round(value * 100) / 100);
}

static json_t *
rates(const struct ts_history *h, unsigned first)
{
	json_t *object = json_object();
	static const char *const names[TS_N_WAYS][TS_N_UNITS] = {
		{"in_bits", "in_packets"}, {"out_bits", "out_packets"}};

	for (unsigned way = 0; way < TS_N_WAYS; way++)
		for (unsigned unit = 0; unit < TS_N_UNITS; unit++) {
			unsigned series = first + TS_SERIES_MECH(0, way, unit);

			json_object_set_new(object, names[way][unit],
				number(ts_status_sums(h, TS_HISTORY_HOUR, series).now * ts_status_factor(unit)));
		}
	return object;
}

static json_t *
mechanisms(const struct ts_status *s)
{
	json_t *list = json_object();

	for (unsigned m = 0; m < TS_N_MECHS; m++)
		if (ts_status_mech_on(&s->c->cfg, m))
			json_object_set_new(list, ts_status_mechs[m], rates(s->history, TS_SERIES_MECH(m, 0, 0)));
	return list;
}

static json_t *
ports(const struct ts_status *s)
{
	json_t *list = json_object();
	struct ts_port_figures f;

	for (unsigned i = 0; i < s->c->ports.n; i++) {
		json_t *port = rates(s->history, TS_SERIES_PORT(i, 0, 0));

		ts_port_figures(s->c, i, &f);
		json_object_set_new(port, "link", json_string(f.link ? "up" : "down"));
		json_object_set_new(port, "speed_mbps", f.speed_mbps < 0 ? json_null() : json_integer(f.speed_mbps));
		json_object_set_new(port, "lost", json_integer((json_int_t)(f.rx_missed + f.rx_nombuf)));
		json_object_set_new(list, s->c->ports.port[i].name, port);
	}
	return list;
}

static json_t *
drops(const struct ts_control *c)
{
	uint64_t sum[TS_N_COUNTERS];
	json_t *object = json_object();

	ts_sum_counters(c, sum);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && sum[i] > 0)
			json_object_set_new(object, ts_counter_info[i].name, json_integer((json_int_t)sum[i]));
	return object;
}

json_t *
ts_status_json(const struct ts_status *s)
{
	const struct ts_path_rtt *path = ts_path_rtt_shown(s->c);
	json_t *doc = ts_health_json(s->c->health);
	json_t *more = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "title",
		s->c->cfg.status_page.title, "version", TS_VERSION, "dpdk", rte_version(), "time",
		(json_int_t)(ts_status_wall_ms() / 1000), "up_s",
		(json_int_t)((ts_status_boot_ms() - s->started_ms) / 1000), "load",
		number(ts_status_sums(s->history, TS_HISTORY_HOUR, TS_SERIES_LOAD).now / 1000), "teredo_clients",
		s->c->cfg.teredo_relay.enabled ? json_integer((json_int_t)ts_status_clients(s->c)) : json_null(),
		"mechanisms", mechanisms(s), "ports", ports(s), "drops", drops(s->c));

	if (path != NULL && more != NULL)
		json_object_set_new(more, "path", ts_path_mechanisms_json(path));
	if (doc != NULL && more != NULL)
		json_object_update(doc, more);
	json_decref(more);
	return doc;
}

/* Oldest first, to the newest that is shown. */
static json_t *
cells(const struct ts_history *h, enum ts_history_span span, unsigned series, bool peak)
{
	uint32_t newest = ts_history_shown(h, span);
	json_t *list = json_array();

	for (uint32_t age = ts_history_geometry[span].cells; age-- > newest;) {
		struct ts_history_cell cell = ts_history_cell(h, span, series, age);

		json_array_append_new(list, number(peak ? cell.peak : cell.mean));
	}
	return list;
}

static bool
is_shown(const struct ts_status *s, unsigned series)
{
	if (series == TS_SERIES_CLIENTS)
		return s->c->cfg.teredo_relay.enabled;
	if (series >= TS_SERIES_PATHS && series < TS_SERIES_PORTS)
		return s->c->cfg.path_rtt.enabled && ts_status_mech_on(&s->c->cfg, (series - TS_SERIES_PATHS) / 4);
	return series >= TS_SERIES_DROPS || ts_status_mech_on(&s->c->cfg, series / TS_SERIES_MECH(1, 0, 0));
}

json_t *
ts_status_history_json(const struct ts_status *s, enum ts_history_span span)
{
	const struct ts_history *h = s->history;
	uint32_t step = ts_history_geometry[span].step_s;
	json_t *series = json_object();

	for (unsigned i = 0; i < h->n_series; i++)
		if (is_shown(s, i))
			json_object_set_new(series, h->series[i].name,
				json_pack("{s:o, s:o}", "mean", cells(h, span, i, false), "peak",
					cells(h, span, i, true)));
	return json_pack("{s:s, s:I, s:I, s:o}", "span", ts_history_geometry[span].name, "step_s", (json_int_t)step,
		"end", (json_int_t)(ts_history_end(h, span) - (int64_t)ts_history_shown(h, span) * step), "series",
		series);
}
