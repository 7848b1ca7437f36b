/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See status_graph.h. An outer svg without a view box, so that lengths in it are the page's: text stays readable on a
 * phone. Inside is one for the plot, whose percentages are the scale, and in that one with a view box that is stretched
 * to it, for the areas: their points lie on a grid of STEP by 1/HEIGHT, whole numbers that take few bytes.
 */
#include "control/status_graph.h"

#include <math.h>
#include <string.h>

#include "control/status_priv.h"

#define STEP 10
#define HEIGHT 1000
#define LEAST_SHARE 0.08 /* of the height, for each direction */

struct scale {
	double up, down; /* what the plot reaches to, both positive */
};

void
ts_graph_begin(struct ts_graph *g, const struct ts_history *h, enum ts_history_span span, unsigned group)
{
	const struct ts_history_geometry *geo = &ts_history_geometry[span];

	memset(g, 0, sizeof(*g));
	g->kind = "large";
	g->span = span;
	g->group = group;
	g->step_s = geo->step_s * group;
	g->n_points = geo->cells / group;
	g->end_s = ts_history_end(h, span) - (int64_t)ts_history_shown(h, span) * geo->step_s;
}

/* Mean of the cells of a point that are known. */
static double
point(const struct ts_graph *g, const struct ts_history *h, int series, unsigned i)
{
	uint32_t newest = ts_history_shown(h, g->span) + (g->n_points - 1 - i) * g->group;
	double sum = 0;
	unsigned n = 0;

	for (uint32_t age = newest; series >= 0 && age < newest + g->group; age++) {
		struct ts_history_cell cell = ts_history_cell(h, g->span, (unsigned)series, age);

		if (isnan(cell.mean))
			continue;
		sum += cell.mean;
		n++;
	}
	return n > 0 ? sum / n : NAN;
}

void
ts_graph_add(struct ts_graph *g, const struct ts_history *h, int up, int down, double factor, unsigned colour)
{
	unsigned layer = g->n_layers++;

	g->colour[layer] = colour;
	for (unsigned i = 0; i < g->n_points; i++) {
		g->value[0][layer][i] = point(g, h, up, i) * factor;
		g->value[1][layer][i] = point(g, h, down, i) * factor;
	}
}

/* Sum of the layers below `n`; layers that do not know count nothing. */
static double
stacked(const struct ts_graph *g, unsigned way, unsigned n, unsigned i)
{
	double sum = 0;

	for (unsigned layer = 0; layer < n; layer++)
		if (!isnan(g->value[way][layer][i]))
			sum += g->value[way][layer][i];
	return sum;
}

static double
highest(const struct ts_graph *g, unsigned way)
{
	double max = 0;

	for (unsigned i = 0; i < g->n_points; i++)
		max = fmax(max, stacked(g, way, g->n_layers, i));
	return max;
}

static struct scale
find_scale(const struct ts_graph *g)
{
	struct scale s = {highest(g, 0) * 1.08, g->down != NULL ? highest(g, 1) * 1.08 : 0};

	if (s.up + s.down < g->least)
		s = (struct scale){g->least, g->down != NULL ? g->least : 0};
	if (g->down != NULL) {
		s.up = fmax(s.up, s.down * LEAST_SHARE / (1 - LEAST_SHARE));
		s.down = fmax(s.down, s.up * LEAST_SHARE / (1 - LEAST_SHARE));
	}
	return s;
}

double
ts_graph_step(double length)
{
	double raw = length / 4, power = pow(10, floor(log10(raw))), lead = raw / power;

	return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static int
y_of(const struct scale *s, unsigned way, double value)
{
	double v = way == 0 ? s->up - value : s->up + value;

	return (int)lround(v / (s->up + s->down) * HEIGHT);
}

/* Steps to one side along an edge; those at the same height become one. */
static void
put_edge(FILE *out, const struct ts_graph *g, const struct scale *s, unsigned way, unsigned n, int from, int to)
{
	int dir = from < to ? 1 : -1, flat = 0, y = y_of(s, way, stacked(g, way, n, (unsigned)from));

	for (int i = from; i != to; i += dir) {
		int next = y_of(s, way, stacked(g, way, n, (unsigned)(i + dir)));

		if (next == y) {
			flat += STEP * dir;
			continue;
		}
		if (flat != 0)
			fprintf(out, "h%d", flat);
		fprintf(out, "l%d%s%d", STEP * dir, next - y < 0 ? "" : " ", next - y);
		flat = 0;
		y = next;
	}
	if (flat != 0)
		fprintf(out, "h%d", flat);
}

/* One area without a gap, from point to point. */
static void
put_run(FILE *out, const struct ts_graph *g, const struct scale *s, unsigned way, unsigned layer, int from, int to)
{
	fprintf(out, "M%d %d", from * STEP, y_of(s, way, stacked(g, way, layer + 1, (unsigned)from)));
	put_edge(out, g, s, way, layer + 1, from, to);
	fprintf(out, "V%d", y_of(s, way, stacked(g, way, layer, (unsigned)to)));
	put_edge(out, g, s, way, layer, to, from);
	fputc('z', out);
}

/* Whether the layer is anywhere above nothing: an area without height is left out. */
static bool
any_height(const struct ts_graph *g, const struct scale *s, unsigned way, unsigned layer)
{
	for (unsigned i = 0; i < g->n_points; i++)
		if (g->value[way][layer][i] * HEIGHT >= (s->up + s->down) / 2)
			return true;
	return false;
}

static void
put_area(FILE *out, const struct ts_graph *g, const struct scale *s, unsigned way, unsigned layer)
{
	int from = -1, n = (int)g->n_points;

	if (!any_height(g, s, way, layer))
		return;
	fprintf(out, "<path class=\"c%u\" d=\"", g->colour[layer]);
	for (int i = 0; i <= n; i++) {
		bool known = i < n && !isnan(g->value[way][layer][i]);

		if (known && from < 0)
			from = i;
		else if (!known && from >= 0) {
			put_run(out, g, s, way, layer, from, i - 1);
			from = -1;
		}
	}
	fputs("\"/>", out);
}

static void
put_areas(FILE *out, const struct ts_graph *g, const struct scale *s)
{
	fprintf(out, "<svg viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\">", (g->n_points - 1) * STEP, HEIGHT);
	for (unsigned way = 0; way < 2; way++)
		for (unsigned layer = 0; layer < g->n_layers; layer++)
			put_area(out, g, s, way, layer);
	fputs("</svg>", out);
}

/* As short as it can be: "1 G", not "1.00 G". */
static void
put_tick(FILE *out, double value, const char *unit)
{
	char buf[TS_SI_LEN];
	const char *prefix;
	int len;

	ts_si(buf, value);
	prefix = strchr(buf, ' ');
	len = (int)strcspn(buf, " ");
	if (memchr(buf, '.', (size_t)len) != NULL) {
		while (buf[len - 1] == '0')
			len--;
		len -= buf[len - 1] == '.';
	}
	fprintf(out, "%.*s%s%s%s", len, buf, unit[0] == '%' ? "" : " ", prefix != NULL ? prefix + 1 : "", unit);
}

static void
put_line(FILE *out, const struct ts_graph *g, double percent, double value)
{
	fprintf(out, "<line class=\"%s\" x2=\"100%%\" y1=\"%.1f%%\" y2=\"%.1f%%\"/>", value == 0 ? "zero" : "grid",
		percent, percent);
	fprintf(out, "<text class=\"y\" x=\"-8\" y=\"%.1f%%\" dy=\"4\">", percent);
	put_tick(out, value, value == 0 ? "" : g->unit);
	fputs("</text>", out);
}

static void
put_grid(FILE *out, const struct ts_graph *g, const struct scale *s)
{
	double length = s->up + s->down, step = ts_graph_step(length);

	for (int k = -(int)(s->down / step); k <= (int)(s->up / step); k++)
		put_line(out, g, (s->up - k * step) / length * 100, fabs(k * step));
	if (g->up != NULL && g->down != NULL)
		fprintf(out, "<text class=\"way\" x=\"100%%\" dy=\"-9\">▲ %s ▼ %s</text>", g->up, g->down);
}

/* Labels near an edge would be cut. Every other one is `odd`: a narrow page leaves those out. */
static void
put_times(FILE *out, const struct ts_graph *g)
{
	static const struct {
		int64_t every_s;
		const char *format;
	} times[] = {{600, "%H:%M"}, {3 * 3600, "%H:%M"}, {5 * 86400, "%e %b"}};
	int64_t length = (int64_t)(g->n_points - 1) * g->step_s, begin = g->end_s - length;
	int64_t every = times[g->span].every_s;

	for (int64_t t = (begin / every + 1) * every; t < g->end_s; t += every) {
		double percent = (double)(t - begin) / (double)length * 100;

		if (percent < 4 || percent > 96)
			continue;
		fprintf(out, "<text class=\"x%s\" x=\"%.1f%%\" y=\"100%%\" dy=\"-4\">",
			t / every % 2 != 0 ? " odd" : "", percent);
		ts_put_time(out, t, times[g->span].format);
		fputs("</text>", out);
	}
}

void
ts_graph_put(FILE *out, const struct ts_graph *g)
{
	struct scale s = find_scale(g);

	fprintf(out, "<svg class=\"plot %s\" role=\"img\" aria-label=\"", g->kind);
	ts_put_text(out, g->title);
	/* The rest is for the times. */
	fprintf(out, "\"><svg class=\"in\" height=\"%d%%\">", strcmp(g->kind, "small") == 0 ? 87 : 93);
	put_areas(out, g, &s);
	put_grid(out, g, &s);
	fputs("</svg>", out);
	put_times(out, g);
	fputs("</svg>\n", out);
}
