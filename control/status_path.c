/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Round trips on the status page: for each mechanism a graph of the two sides, one on the other, and quantiles; where
 * the page is not for everybody, prefixes too. The history keeps counters of measurements and of their logarithms: the
 * quotient of two rates is the logarithm of the geometric mean over any time, be it ten seconds or a month.
 */
#include <math.h>
#include <stdlib.h>

#include "control/path_rtt.h"
#include "control/status_graph.h"
#include "control/status_priv.h"

#define SIDES 2 /* that are in the history: TS_PATH_TUNNEL, TS_PATH_NATIVE */
#define PREFIXES_SHOWN 12

enum { COUNT, LOG_SUM };

static const char *const side_text[TS_PATH_N_SIDES] = {"Tunnel side", "Native side", "Both"};

void
ts_status_path_name(struct ts_history_series *series)
{
	for (unsigned m = 0; m < TS_N_MECHS; m++) {
		for (unsigned side = 0; side < SIDES; side++) {
			struct ts_history_series *s = &series[TS_SERIES_PATH(m, side)];

			snprintf(s[COUNT].name, TS_HISTORY_NAME_LEN, "%s.rtt.%s.count", ts_status_mechs[m],
				ts_path_side_name[side]);
			snprintf(s[LOG_SUM].name, TS_HISTORY_NAME_LEN, "%s.rtt.%s.log2-us", ts_status_mechs[m],
				ts_path_side_name[side]);
		}
	}
}

void
ts_status_path_sample(const struct ts_control *c, uint64_t *values)
{
	for (unsigned m = 0; c->path_rtt != NULL && m < TS_N_MECHS; m++) {
		for (unsigned side = 0; side < SIDES; side++) {
			const struct ts_path_figures *f = &c->path_rtt->mechs[m][side];
			uint64_t *v = &values[TS_SERIES_PATH(m, side)];

			v[COUNT] = f->rtt.n;
			v[LOG_SUM] = f->log_sum;
		}
	}
}

/* Milliseconds: of the cells of a point, weighted by how many were measured. */
static double
typical(const struct ts_graph *g, const struct ts_history *h, unsigned series, unsigned point)
{
	uint32_t newest = ts_history_shown(h, g->span) + (g->n_points - 1 - point) * g->group;
	double n = 0, sum = 0;

	for (uint32_t age = newest; age < newest + g->group; age++) {
		struct ts_history_cell count = ts_history_cell(h, g->span, series + COUNT, age);

		if (isnan(count.mean) || count.mean <= 0)
			continue;
		n += count.mean;
		sum += ts_history_cell(h, g->span, series + LOG_SUM, age).mean;
	}
	return n > 0 ? exp2(sum / n / 1000) / 1000 : NAN;
}

/* An area is as wide as its points are apart, so that a point without neighbours would not be seen: it goes on to the
   next one, and the newest begins at the one before. */
static void
widen(double *v, unsigned n)
{
	for (unsigned i = n - 1; i > 0; i--)
		if (isnan(v[i]))
			v[i] = v[i - 1];
	if (n > 1 && isnan(v[n - 2]))
		v[n - 2] = v[n - 1];
}

static void
add_side(struct ts_graph *g, const struct ts_history *h, unsigned mech, unsigned side)
{
	unsigned layer = g->n_layers++;

	g->colour[layer] = 6 + side;
	for (unsigned i = 0; i < g->n_points; i++) {
		g->value[0][layer][i] = typical(g, h, TS_SERIES_PATH(mech, side), i);
		g->value[1][layer][i] = NAN;
	}
	widen(g->value[0][layer], g->n_points);
}

/* A second is no thousand of milliseconds to a reader. */
static void
choose_unit(struct ts_graph *g)
{
	double max = 0;

	for (unsigned layer = 0; layer < g->n_layers; layer++)
		for (unsigned i = 0; i < g->n_points; i++)
			max = fmax(max, g->value[0][layer][i]);
	g->unit = max < 500 ? "ms" : "s";
	for (unsigned layer = 0; max >= 500 && layer < g->n_layers; layer++)
		for (unsigned i = 0; i < g->n_points; i++)
			g->value[0][layer][i] /= 1000;
}

static void
put_graph(FILE *out, const struct ts_status_view *v, unsigned mech, struct ts_graph *g)
{
	static const unsigned group[TS_HISTORY_N_SPANS] = {6, 4, 8};
	char title[160];

	ts_graph_begin(g, v->s->history, v->span, group[v->span]);
	snprintf(title, sizeof(title),
		"Typical round trip by %s, tunnel side and native side: the table below has figures",
		ts_status_mechs[mech]);
	g->title = title;
	g->kind = "small";
	g->least = 1;
	for (unsigned side = 0; side < SIDES; side++)
		add_side(g, v->s->history, mech, side);
	choose_unit(g);
	if (g->end_s == 0)
		fputs("<p class=\"none\">No figures yet: the first come after some seconds.</p>\n", out);
	else
		ts_graph_put(out, g);
}

static void
put_ms(FILE *out, double us)
{
	fputs("<td>", out);
	if (us >= 999500)
		ts_put_rate(out, us / 1e6, "s");
	else
		ts_put_rate(out, us / 1000, "ms");
	fputs("</td>", out);
}

static void
put_quantiles(FILE *out, const struct ts_rtt *r)
{
	put_ms(out, ts_rtt_quantile(r, 0.5));
	put_ms(out, ts_rtt_quantile(r, 0.9));
	fputs("<td>", out);
	ts_put_count(out, r->n);
	fputs("</td></tr>\n", out);
}

#define QUANTILE_HEADS                                             \
	"<th scope=\"col\">Median</th><th scope=\"col\">90 %</th>" \
	"<th scope=\"col\">Measured</th></tr></thead>\n"

static void
put_mechanism(FILE *out, const struct ts_status_view *v, const struct ts_path_rtt *p, unsigned mech, struct ts_graph *g)
{
	fprintf(out, "<article class=\"card\"><h3>%s</h3>\n", ts_status_mechs[mech]);
	put_graph(out, v, mech, g);
	fputs("<table class=\"figures\"><thead><tr><td></td>" QUANTILE_HEADS "<tbody>\n", out);
	for (unsigned side = 0; side < TS_PATH_N_SIDES; side++) {
		fputs("<tr><th scope=\"row\">", out);
		if (side < SIDES)
			fprintf(out, "<i class=\"swatch c%u\"></i>", 6 + side);
		fprintf(out, "%s</th>", side_text[side]);
		put_quantiles(out, &p->mechs[mech][side].rtt);
	}
	fputs("</tbody></table></article>\n", out);
}

static void
put_prefixes(FILE *out, const struct ts_path_rtt *p, enum ts_path_side side)
{
	const struct ts_path_prefix *shown[TS_PATH_PREFIXES];
	uint32_t n = ts_path_prefixes_list(p, side, shown);
	char text[TS_PATH_PREFIX_TEXT];

	fprintf(out, "<article class=\"card\"><h3>%s by prefix</h3>\n", side_text[side]);
	if (n == 0) {
		fprintf(out, "<p class=\"note\">None with %u handshakes of %u sites yet.</p></article>\n",
			p->c->cfg.path_rtt.min_handshakes, TS_PATH_SITES);
		return;
	}
	fputs("<table class=\"figures\"><thead><tr><th scope=\"col\">Prefix</th>" QUANTILE_HEADS "<tbody>\n", out);
	for (uint32_t i = 0; i < n && i < PREFIXES_SHOWN; i++) {
		fprintf(out, "<tr><th scope=\"row\">%s", ts_path_prefix_text(shown[i], side, text));
		if (side == TS_PATH_TUNNEL)
			fprintf(out, " <small>%s</small>", ts_status_mechs[shown[i]->mech]);
		fputs("</th>", out);
		put_quantiles(out, &shown[i]->rtt);
	}
	fputs("</tbody></table></article>\n", out);
}

void
ts_status_put_path(FILE *out, const struct ts_status_view *v)
{
	const struct ts_path_rtt *p = ts_path_rtt_shown(v->s->c);
	struct ts_graph *g = p != NULL ? malloc(sizeof(*g)) : NULL;

	if (g == NULL)
		return;
	fputs("<section aria-labelledby=\"h-path\"><h2 id=\"h-path\">Round trips</h2>\n<div class=\"cards\">\n", out);
	for (unsigned m = 0; m < TS_N_MECHS; m++)
		if (ts_status_mech_on(&v->s->c->cfg, m))
			put_mechanism(out, v, p, m, g);
	free(g);
	for (unsigned side = 0; side < SIDES && !v->s->c->cfg.status_page.public; side++)
		put_prefixes(out, p, side);
	fputs("</div>\n<div class=\"card\"><p class=\"note\">From this relay to either end of TCP connections and back, "
	      "measured as their first packets pass",
		out);
	if (v->s->c->cfg.path_rtt.sample > 1)
		fprintf(out, ", of one connection in %u", v->s->c->cfg.path_rtt.sample);
	fputs(". Graphs have geometric means; the figures are of about the last thousand.</p></div></section>\n", out);
}
