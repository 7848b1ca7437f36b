/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay does: traffic by mechanism and by port, load, Teredo clients, drops; graphs and the figures of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control/show.h"
#include "control/status_graph.h"
#include "control/status_priv.h"

#define DROPS_SHOWN 12

static const char *const span_text[TS_HISTORY_N_SPANS] = {"the last hour", "the last day", "the last 31 days"};
static const char *const span_short[TS_HISTORY_N_SPANS] = {"hour", "day", "month"};

static void
put_link(FILE *out, const struct ts_status_view *v, enum ts_history_span span, enum ts_status_unit unit,
	const char *text)
{
	bool here = v->span == span && v->unit == unit;

	fprintf(out, "<a id=\"choice-%s\" href=\"?span=%s%s\"%s>%s</a>\n", text, ts_history_geometry[span].name,
		unit == TS_UNIT_PACKETS ? "&amp;unit=packets" : "", here ? " aria-current=\"true\"" : "", text);
}

/* Plain links: they work without script. */
void
ts_status_put_choice(FILE *out, const struct ts_status_view *v)
{
	fputs("<nav aria-label=\"Time shown\">", out);
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++)
		put_link(out, v, span, v->unit, span_short[span]);
	fputs("</nav>\n<nav aria-label=\"Unit\">", out);
	put_link(out, v, v->span, TS_UNIT_BYTES, "bits");
	put_link(out, v, v->span, TS_UNIT_PACKETS, "packets");
	fputs("</nav>\n", out);
}

/* Points as wide as a few pixels of a page, fewer for small graphs. */
static unsigned
group_of(enum ts_history_span span, bool small)
{
	static const unsigned large_group[TS_HISTORY_N_SPANS] = {2, 2, 4};

	return large_group[span] * (small ? 2 : 1);
}

static void
put_graph(FILE *out, struct ts_graph *g)
{
	if (g->end_s == 0)
		fputs("<p class=\"none\">No figures yet: the first come after some seconds.</p>\n", out);
	else
		ts_graph_put(out, g);
}

void
ts_status_put_traffic(FILE *out, const struct ts_status_view *v)
{
	const struct ts_history *h = v->s->history;
	struct ts_graph *g = malloc(sizeof(*g));
	char title[160];

	if (g == NULL)
		return;
	ts_graph_begin(g, h, v->span, group_of(v->span, false));
	snprintf(title, sizeof(title), "Traffic by mechanism in %s, %s: the table below has the figures",
		span_text[v->span], ts_status_unit_name(v->unit));
	g->title = title;
	g->unit = ts_status_unit_name(v->unit);
	g->up = "out of tunnels";
	g->down = "into tunnels";
	g->least = v->unit == TS_UNIT_BYTES ? 1000 : 1;
	for (unsigned m = 0; m < TS_N_MECHS; m++)
		if (ts_status_mech_on(&v->s->c->cfg, m))
			ts_graph_add(g, h, (int)TS_SERIES_MECH(m, TS_WAY_IN, v->unit),
				(int)TS_SERIES_MECH(m, TS_WAY_OUT, v->unit), ts_status_factor(v->unit), m);
	put_graph(out, g);
	free(g);
}

static void
put_cells(FILE *out, const struct ts_status_sums *s, double factor, const char *unit)
{
	const double values[] = {s->now, s->mean, s->peak};

	for (unsigned i = 0; i < 3; i++) {
		fputs("<td>", out);
		ts_put_rate(out, values[i] * factor, unit);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static const char *const way_text[TS_N_WAYS] = {
	"<span aria-hidden=\"true\">▲</span> out", "<span aria-hidden=\"true\">▼</span> in"};

static void
put_mechanism(FILE *out, const struct ts_status_view *v, unsigned m)
{
	for (unsigned way = 0; way < TS_N_WAYS; way++) {
		struct ts_status_sums s = ts_status_sums(v->s->history, v->span, TS_SERIES_MECH(m, way, v->unit));

		fputs("<tr>", out);
		if (way == 0)
			fprintf(out, "<th scope=\"rowgroup\" rowspan=\"2\"><i class=\"swatch c%u\"></i>%s</th>", m,
				ts_status_mechs[m]);
		fprintf(out, "<td>%s</td>", way_text[way]);
		put_cells(out, &s, ts_status_factor(v->unit), v->unit == TS_UNIT_BYTES ? "bit/s" : "/s");
	}
}

void
ts_status_put_mechanisms(FILE *out, const struct ts_status_view *v)
{
	fprintf(out,
		"<table class=\"figures\"><caption>%s by mechanism: <em>out</em> of tunnels to the IPv6 Internet, "
		"<em>in</em> the other way. Average and peak of %s.</caption>\n"
		"<thead><tr><th scope=\"col\">Mechanism</th><th scope=\"col\">Way</th><th scope=\"col\">Now</th>"
		"<th scope=\"col\">Average</th><th scope=\"col\">Peak</th></tr></thead>\n",
		v->unit == TS_UNIT_BYTES ? "Traffic" : "Packets", span_text[v->span]);
	for (unsigned m = 0; m < TS_N_MECHS; m++) {
		if (!ts_status_mech_on(&v->s->c->cfg, m))
			continue;
		fputs("<tbody>", out);
		put_mechanism(out, v, m);
		fputs("</tbody>\n", out);
	}
	fputs("</table>\n", out);
}

static void
put_link_state(FILE *out, const struct ts_port_figures *f)
{
	char buf[TS_SI_LEN];

	fprintf(out, "<span class=\"badge %s\">link %s</span>", f->link ? "good" : "bad", f->link ? "up" : "down");
	if (f->speed_mbps > 0)
		fprintf(out, " <small>%sbit/s</small>", ts_si(buf, (double)f->speed_mbps * 1e6));
}

static void
put_port_graph(FILE *out, const struct ts_status_view *v, unsigned port, struct ts_graph *g)
{
	const struct ts_history *h = v->s->history;
	char title[160];

	ts_graph_begin(g, h, v->span, group_of(v->span, true));
	snprintf(title, sizeof(title), "Port %s in %s, %s: the figures are below", v->s->c->ports.port[port].name,
		span_text[v->span], ts_status_unit_name(v->unit));
	g->title = title;
	g->kind = "small";
	g->unit = ts_status_unit_name(v->unit);
	g->up = "received";
	g->down = "sent";
	g->least = v->unit == TS_UNIT_BYTES ? 1000 : 1;
	ts_graph_add(g, h, (int)TS_SERIES_PORT(port, TS_WAY_IN, v->unit),
		(int)TS_SERIES_PORT(port, TS_WAY_OUT, v->unit), ts_status_factor(v->unit), 5);
	put_graph(out, g);
}

static void
put_port(FILE *out, const struct ts_status_view *v, unsigned port, struct ts_graph *g)
{
	const struct ts_control *c = v->s->c;
	const char *const ways[] = {"▲ received", "▼ sent"};
	struct ts_port_figures f;

	ts_port_figures(c, port, &f);
	fputs("<article class=\"card\"><h3>", out);
	ts_put_text(out, c->ports.port[port].name);
	fputs(" ", out);
	put_link_state(out, &f);
	fputs("</h3>\n", out);
	if (!c->cfg.status_page.public) {
		fputs("<p class=\"note\">", out);
		ts_put_text(out, c->cfg.ports[port].device);
		fprintf(out, ", %s</p>\n", f.mac);
	}
	put_port_graph(out, v, port, g);
	fputs("<table class=\"figures\"><thead><tr><td></td><th scope=\"col\">Now</th><th scope=\"col\">Average</th>"
	      "<th scope=\"col\">Peak</th></tr></thead>\n",
		out);
	for (unsigned way = 0; way < TS_N_WAYS; way++) {
		struct ts_status_sums s = ts_status_sums(v->s->history, v->span, TS_SERIES_PORT(port, way, v->unit));

		fprintf(out, "<tr><th scope=\"row\">%s</th>", ways[way]);
		put_cells(out, &s, ts_status_factor(v->unit), v->unit == TS_UNIT_BYTES ? "bit/s" : "/s");
	}
	fputs("</table><p class=\"note\">Received but lost for want of room: ", out);
	ts_put_count(out, f.rx_missed + f.rx_nombuf);
	fputs(" packets</p></article>\n", out);
}

void
ts_status_put_ports(FILE *out, const struct ts_status_view *v)
{
	struct ts_graph *g = malloc(sizeof(*g));

	for (unsigned i = 0; g != NULL && i < v->s->c->ports.n; i++)
		put_port(out, v, i, g);
	free(g);
}

struct level {
	const char *heading, *unit;
	unsigned series, also; /* drawn on top; the same: nothing is */
	double factor, least;
};

static void
put_level(FILE *out, const struct ts_status_view *v, const struct level *l, struct ts_graph *g)
{
	const struct ts_history *h = v->s->history;
	struct ts_status_sums s = ts_status_sums(h, v->span, l->series);
	const char *unit = l->unit;
	char title[160];

	ts_graph_begin(g, h, v->span, group_of(v->span, true));
	snprintf(title, sizeof(title), "%s in %s: the figures are below", l->heading, span_text[v->span]);
	g->title = title;
	g->kind = "small";
	g->unit = unit;
	g->least = l->least;
	ts_graph_add(g, h, (int)l->series, -1, l->factor, 6);
	if (l->also != l->series)
		ts_graph_add(g, h, (int)l->also, -1, l->factor, 7);
	fprintf(out, "<article class=\"card\"><h3>%s</h3>\n", l->heading);
	put_graph(out, g);
	fputs("<p class=\"note\">Now ", out);
	ts_put_rate(out, s.now * l->factor, unit);
	fputs(", average ", out);
	ts_put_rate(out, s.mean * l->factor, unit);
	fputs(", peak ", out);
	ts_put_rate(out, s.peak * l->factor, unit);
	fputs("</p></article>\n", out);
}

void
ts_status_put_levels(FILE *out, const struct ts_status_view *v)
{
	static const struct level levels[] = {
		{"Load of the busiest worker", "%", TS_SERIES_LOAD, TS_SERIES_LOAD, 0.1, 10},
		{"Teredo clients", "", TS_SERIES_CLIENTS, TS_SERIES_CLIENTS, 1, 4},
		{"Packets dropped", "/s", TS_SERIES_DROPS, TS_SERIES_LOST, 1, 1},
	};
	struct ts_graph *g = malloc(sizeof(*g));

	for (unsigned i = 0; g != NULL && i < RTE_DIM(levels); i++)
		if (levels[i].series != TS_SERIES_CLIENTS || v->s->c->cfg.teredo_relay.enabled)
			put_level(out, v, &levels[i], g);
	free(g);
}

static const uint64_t *sort_by;

static int
larger_first(const void *a, const void *b)
{
	uint64_t x = sort_by[*(const unsigned *)a], y = sort_by[*(const unsigned *)b];

	return (x < y) - (x > y);
}

void
ts_status_put_drops(FILE *out, const struct ts_status_view *v)
{
	uint64_t sum[TS_N_COUNTERS];
	unsigned which[TS_N_COUNTERS], n = 0;

	ts_sum_counters(v->s->c, sum);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && sum[i] > 0)
			which[n++] = i;
	sort_by = sum;
	qsort(which, n, sizeof(which[0]), larger_first);
	for (unsigned i = 0; i < n && i < DROPS_SHOWN; i++) {
		fputs("<tr><td class=\"number\">", out);
		ts_put_count(out, sum[which[i]]);
		fputs("</td><td>", out);
		ts_put_text(out, ts_counter_info[which[i]].help);
		fprintf(out, " <code>%s</code></td></tr>\n", ts_counter_info[which[i]].name);
	}
	if (n == 0)
		fputs("<tr><td colspan=\"2\">Nothing has been dropped.</td></tr>\n", out);
	if (n > DROPS_SHOWN)
		fprintf(out, "<tr><td colspan=\"2\">and %u rarer reasons</td></tr>\n", n - DROPS_SHOWN);
}
