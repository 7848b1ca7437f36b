/* SPDX-License-Identifier: BSD-3-Clause */
/* How the relay is: the badge in the page's head, the key figures, what is announced. */
#include <math.h>
#include <string.h>

#include "control/status_priv.h"

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

void
ts_status_put_badge(FILE *out, const struct ts_status_view *v)
{
	const char *drain = text_of(v->health, "drain");
	bool healthy = json_is_true(json_object_get(v->health, "healthy"));
	const char *kind = healthy ? "good" : strcmp(drain, "no") != 0 ? "idle" : "bad";

	fprintf(out, "<span class=\"badge %s\">", kind);
	ts_put_text(out, healthy ? "All is well" : strcmp(drain, "no") != 0 ? drain : "Something is wrong");
	fputs("</span>", out);
}

static double
sum_now(const struct ts_status_view *v, enum ts_status_way way, enum ts_status_unit unit)
{
	double sum = NAN;

	for (unsigned m = 0; m < TS_N_MECHS; m++) {
		double one = ts_status_sums(v->s->history, TS_HISTORY_HOUR, TS_SERIES_MECH(m, way, unit)).now;

		if (!isnan(one))
			sum = isnan(sum) ? one : sum + one;
	}
	return sum * ts_status_factor(unit);
}

static void
put_figure(FILE *out, const char *name, double value, const char *unit)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	ts_put_rate(out, value, unit);
	fputs("</dd></div>\n", out);
}

/* Of the newest ten seconds. */
void
ts_status_put_figures(FILE *out, const struct ts_status_view *v)
{
	const struct ts_history *h = v->s->history;
	double packets = sum_now(v, TS_WAY_IN, TS_UNIT_PACKETS) + sum_now(v, TS_WAY_OUT, TS_UNIT_PACKETS);

	put_figure(out, "Out of tunnels", sum_now(v, TS_WAY_IN, TS_UNIT_BYTES), "bit/s");
	put_figure(out, "Into tunnels", sum_now(v, TS_WAY_OUT, TS_UNIT_BYTES), "bit/s");
	put_figure(out, "Both ways", packets, "packets/s");
	if (v->s->c->cfg.teredo_relay.enabled)
		fprintf(out, "<div><dt>Teredo clients</dt><dd>"), ts_put_count(out, ts_status_clients(v->s->c)),
			fputs("</dd></div>\n", out);
	put_figure(out, "Load", ts_status_sums(h, TS_HISTORY_HOUR, TS_SERIES_LOAD).now / 10, "%");
}

static void
put_reasons(FILE *out, const json_t *reasons)
{
	json_t *reason;
	size_t i;

	json_array_foreach(reasons, i, reason) {
		fputs(i > 0 ? "; " : "", out);
		ts_put_text(out, text_of(reason, "text"));
	}
}

static void
put_prefix(FILE *out, const struct ts_status_view *v, const json_t *p)
{
	const json_t *reasons = json_object_get(p, "reasons");
	bool announced = json_is_true(json_object_get(p, "announced"));
	bool announcing = json_is_true(json_object_get(v->health, "announcing"));
	bool well = json_array_size(reasons) == 0;

	fputs("<tr><th scope=\"row\">", out);
	ts_put_text(out, text_of(p, "prefix"));
	fputs("</th><td>", out);
	ts_put_text(out, text_of(p, "mechanism"));
	fprintf(out, "</td><td><span class=\"badge %s\">%s</span> ",
		well && (announced || !announcing) ? "good" : "bad",
		announced	     ? "announced"
			: announcing ? "withheld"
			: well	     ? "works"
				     : "does not work");
	put_reasons(out, reasons);
	fputs("</td></tr>\n", out);
}

void
ts_status_put_prefixes(FILE *out, const struct ts_status_view *v)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(v->health, "prefixes"), i, p)
		put_prefix(out, v, p);
	if (json_array_size(json_object_get(v->health, "prefixes")) == 0)
		fputs("<tr><td colspan=\"3\">No tunnel is configured.</td></tr>\n", out);
}

void
ts_status_put_updated(FILE *out, const struct ts_status_view *v)
{
	int64_t now = ts_status_wall_ms() / 1000;

	(void)v;
	fputs("<time datetime=\"", out);
	ts_put_time(out, now, "%FT%TZ");
	fputs("\">", out);
	ts_put_time(out, now, "%e %B %Y, %T UTC");
	fputs("</time>", out);
}
