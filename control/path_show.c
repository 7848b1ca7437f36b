/* SPDX-License-Identifier: BSD-3-Clause */
/* `show path`: what was measured, by mechanism and by prefix. */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/path_rtt.h"
#include "control/show.h"

static const char *const mech_names[TS_N_MECHS] = {"6to4", "6rd", "isatap", "teredo"};

static json_t *
milliseconds(const struct ts_rtt *r, double q)
{
	return json_real(round(ts_rtt_quantile(r, q)) / 1000);
}

static json_t *
quantiles(const struct ts_rtt *r, enum ts_path_side side)
{
	return json_pack("{s:s, s:I, s:o, s:o, s:o}", "side", ts_path_side_name[side], "handshakes", (json_int_t)r->n,
		"p10_ms", milliseconds(r, 0.1), "median_ms", milliseconds(r, 0.5), "p90_ms", milliseconds(r, 0.9));
}

json_t *
ts_path_mechanisms_json(const struct ts_path_rtt *p)
{
	json_t *list = json_array();

	for (unsigned mech = 0; mech < TS_N_MECHS; mech++) {
		for (unsigned side = 0; side < TS_PATH_N_SIDES; side++) {
			json_t *item;

			if (p->mechs[mech][side].rtt.n == 0)
				continue;
			item = quantiles(&p->mechs[mech][side].rtt, side);
			json_object_set_new(item, "mechanism", json_string(mech_names[mech]));
			json_array_append_new(list, item);
		}
	}
	return list;
}

static int
most_first(const void *a, const void *b)
{
	const struct ts_path_prefix *x = *(const struct ts_path_prefix *const *)a;
	const struct ts_path_prefix *y = *(const struct ts_path_prefix *const *)b;

	return (x->rtt.n < y->rtt.n) - (x->rtt.n > y->rtt.n);
}

uint32_t
ts_path_prefixes_list(const struct ts_path_rtt *p, enum ts_path_side side, const struct ts_path_prefix **out)
{
	const struct ts_path_prefixes *all = side == TS_PATH_TUNNEL ? &p->tunnels : &p->natives;
	uint32_t n = 0;

	for (uint32_t i = 0; i < all->n; i++)
		if (ts_path_prefix_shown(&all->of[i], p->c->cfg.path_rtt.min_handshakes))
			out[n++] = &all->of[i];
	qsort(out, n, sizeof(*out), most_first);
	return n;
}

const char *
ts_path_prefix_text(const struct ts_path_prefix *p, enum ts_path_side side, char buf[TS_PATH_PREFIX_TEXT])
{
	uint8_t v6[16] = {p->addr[0], p->addr[1], p->addr[2], p->addr[3]};
	char text[INET6_ADDRSTRLEN];

	if (side == TS_PATH_TUNNEL)
		snprintf(buf, TS_PATH_PREFIX_TEXT, "%u.%u.%u.0/24", p->addr[0], p->addr[1], p->addr[2]);
	else
		snprintf(buf, TS_PATH_PREFIX_TEXT, "%.19s/32", inet_ntop(AF_INET6, v6, text, sizeof(text)));
	return buf;
}

static json_t *
prefixes(const struct ts_path_rtt *p)
{
	const struct ts_path_prefix *shown[TS_PATH_PREFIXES];
	json_t *list = json_array();
	char text[TS_PATH_PREFIX_TEXT];

	for (unsigned side = TS_PATH_TUNNEL; side <= TS_PATH_NATIVE; side++) {
		uint32_t n = ts_path_prefixes_list(p, side, shown);

		for (uint32_t i = 0; i < n; i++) {
			json_t *item = quantiles(&shown[i]->rtt, side);

			json_object_set_new(item, "prefix", json_string(ts_path_prefix_text(shown[i], side, text)));
			json_object_set_new(item, "mechanism",
				side == TS_PATH_TUNNEL ? json_string(mech_names[shown[i]->mech]) : json_null());
			json_array_append_new(list, item);
		}
	}
	return list;
}

void
ts_show_path(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	const struct ts_path_rtt *p = ts_path_rtt_shown(c);
	struct ts_path_matcher_stats st;

	(void)arg;
	if (p == NULL) {
		out->whole = json_pack("{s:{s:b}}", "path", "enabled", 0);
		return;
	}
	ts_path_matcher_stats(p->matcher, &st);
	out->whole = json_pack("{s:{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}}", "path", "enabled", 1, "sample",
		(json_int_t)c->cfg.path_rtt.sample, "min_handshakes", (json_int_t)c->cfg.path_rtt.min_handshakes,
		"packets", (json_int_t)st.packets, "under_way", (json_int_t)st.records, "measured",
		(json_int_t)(st.handshakes - p->strange), "unmatched", (json_int_t)(st.unmatched + p->strange),
		"displaced", (json_int_t)st.displaced, "mechanisms", ts_path_mechanisms_json(p), "prefixes",
		prefixes(p));
}
