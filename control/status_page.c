/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page: control/page/index.html with {{fragments}} filled in. The file has all that does not change; the table here
 * knows every name that it uses (a test asks for each).
 */
#include <stdlib.h>
#include <string.h>

#include "control/health_run.h"
#include "control/status_priv.h"

static void
put_title(FILE *out, const struct ts_status_view *v)
{
	ts_put_text(out, v->s->c->cfg.status_page.title);
}

static const struct {
	const char *name;
	ts_status_fragment put;
} fragments[] = {
	{"title", put_title},
	{"badge", ts_status_put_badge},
	{"figures", ts_status_put_figures},
	{"choice", ts_status_put_choice},
	{"traffic", ts_status_put_traffic},
	{"mechanisms", ts_status_put_mechanisms},
	{"ports", ts_status_put_ports},
	{"prefixes", ts_status_put_prefixes},
	{"levels", ts_status_put_levels},
	{"path", ts_status_put_path},
	{"drops", ts_status_put_drops},
	{"services", ts_status_put_services},
	{"software", ts_status_put_software},
	{"neighbours", ts_status_put_neighbours},
	{"updated", ts_status_put_updated},
	{"contact", ts_status_put_contact},
};

const struct ts_page_file *
ts_page_file(const char *name)
{
	const struct ts_page_file *f = ts_page_files;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	return f->name != NULL ? f : NULL;
}

/* An unknown name shows as it is written. */
static void
put_fragment(FILE *out, const struct ts_status_view *v, const char *name, size_t len)
{
	for (size_t i = 0; i < RTE_DIM(fragments); i++) {
		if (strlen(fragments[i].name) != len || memcmp(fragments[i].name, name, len) != 0)
			continue;
		fragments[i].put(out, v);
		return;
	}
	fprintf(out, "{{%.*s}}", (int)len, name);
}

static void
fill(FILE *out, const struct ts_status_view *v, const char *text)
{
	const char *open, *close;

	while ((open = strstr(text, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
		fwrite(text, 1, (size_t)(open - text), out);
		put_fragment(out, v, open + 2, (size_t)(close - open - 2));
		text = close + 2;
	}
	fputs(text, out);
}

char *
ts_status_page(const struct ts_status *s, enum ts_history_span span, enum ts_status_unit unit, size_t *len)
{
	json_t *health = ts_health_json(s->c->health);
	struct ts_status_view v = {s, span, unit, json_object_get(health, "health")};
	char *page = NULL;
	FILE *out = open_memstream(&page, len);

	if (out != NULL) {
		fill(out, &v, ts_page_file("index.html")->data);
		fclose(out);
	}
	json_decref(health);
	return page;
}
