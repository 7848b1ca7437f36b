/* SPDX-License-Identifier: BSD-3-Clause */
/* The status page: how figures are written and drawn, that the page is whole, and what of it is for everybody (O29). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control/path_rtt.h"
#include "control/show.h"
#include "control/status_graph.h"
#include "control/status_priv.h"
#include "ctl_standins.h"

#define T0 INT64_C(1700000000000)

static const struct ts_history_series series[] = {
	[TS_SERIES_MECH(TS_MECH_6TO4, TS_WAY_IN, TS_UNIT_BYTES)] = {.name = "6to4.in.bytes"},
	[TS_SERIES_LOAD] = {.name = "load-permille", .level = true},
	[TS_SERIES_PORT(0, TS_WAY_OUT, TS_UNIT_PACKETS)] = {.name = "port.ix-0.out.packets"},
};
static struct ts_status status;
static char *text;

static int
setup(void **s)
{
	(void)s;
	memset(&status, 0, sizeof(status));
	status.c = standin_control();
	status.history = ts_history_create(series, RTE_DIM(series));
	status.c->cfg.sixto4.enabled = true;
	status.c->cfg.status_page.public = true;
	strcpy(status.c->cfg.status_page.title, "<b> & \"relay\"");
	strcpy(status.c->cfg.status_page.contact, "noc@example.net");
	return status.history == NULL;
}

static int
teardown(void **s)
{
	(void)s;
	free(text);
	text = NULL;
	ts_history_free(status.history);
	free(status.c);
	return 0;
}

static FILE *
listen_to(size_t *len)
{
	free(text);
	text = NULL;
	return open_memstream(&text, len);
}

#define WRITTEN(want, call)                      \
	do {                                     \
		size_t len;                      \
		FILE *out = listen_to(&len);     \
		call;                            \
		fclose(out);                     \
		assert_string_equal(text, want); \
	} while (0)

static void
test_figures(void **s)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{0.004, "0"},
		{0.25, "0.25"},
		{9.94, "9.94"},
		{9.996, "10"},
		{42.4, "42"},
		{999.4, "999"},
		{999.5, "1.00 k"},
		{12345, "12.3 k"},
		{99949, "99.9 k"},
		{99950, "100 k"},
		{2.5e9, "2.50 G"},
		{7e18, "7.00 E"},
		{NAN, "–"},
	};
	char buf[TS_SI_LEN];

	(void)s;
	for (unsigned i = 0; i < RTE_DIM(cases); i++)
		assert_string_equal(ts_si(buf, cases[i].value), cases[i].text);
	WRITTEN("12.3 <small>kbit/s</small>", ts_put_rate(out, 12345, "bit/s"));
	WRITTEN("3.00 <small>%</small>", ts_put_rate(out, 3, "%"));
	WRITTEN("42", ts_put_rate(out, 42, ""));
}

static void
test_words(void **s)
{
	(void)s;
	WRITTEN("&lt;a href=&#39;x&#39;&gt; &amp; &quot;つ&quot;", ts_put_text(out, "<a href='x'> & \"つ\""));
	WRITTEN("1\u202f234\u202f567", ts_put_count(out, 1234567));
	WRITTEN("999", ts_put_count(out, 999));
	WRITTEN("0 s", ts_put_duration(out, 0));
	WRITTEN("59 s", ts_put_duration(out, 59));
	WRITTEN("2 min", ts_put_duration(out, 150));
	WRITTEN("1 h 1 min", ts_put_duration(out, 3660));
	WRITTEN("1 d", ts_put_duration(out, 86400 + 59 * 60));
	WRITTEN("2023-11-14T22:13:20Z", ts_put_time(out, T0 / 1000, "%FT%TZ"));
}

static void
test_grid_lines(void **s)
{
	(void)s;
	for (double length = 0.001; length < 1e13; length *= 1.3) {
		double lines = length / ts_graph_step(length);

		assert_true(lines > 2.5 && lines < 7);
	}
}

static void
sample(unsigned i, uint64_t bytes)
{
	uint64_t values[RTE_DIM(series)] = {bytes};

	ts_history_add(status.history, T0 + i * INT64_C(10000), 1000 + i * UINT64_C(10000), values);
}

static unsigned
count(const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void
draw(enum ts_history_span span)
{
	struct ts_graph *g = malloc(sizeof(*g));
	FILE *out;
	size_t len;

	assert_non_null(g);
	ts_graph_begin(g, status.history, span, 2);
	g->title = "t<";
	g->unit = "bit/s";
	g->up = "up";
	g->down = "down";
	g->least = 100;
	ts_graph_add(g, status.history, 0, -1, 8, 3);
	out = listen_to(&len);
	ts_graph_put(out, g);
	fclose(out);
	free(g);
}

/* An area for each time without a gap; nothing for what is 0, or not known. */
static void
test_graph(void **s)
{
	(void)s;
	for (unsigned i = 0; i < 41; i++)
		sample(i, i * 1000);
	draw(TS_HISTORY_HOUR);
	assert_int_equal(count("<path class=\"c3\""), 1);
	assert_int_equal(count("M"), 1);
	assert_non_null(strstr(text, "aria-label=\"t&lt;\""));
	assert_non_null(strstr(text, ">400 bit/s<"));
	assert_non_null(strstr(text, ">▲ up ▼ down<"));
	assert_null(strstr(text, "nan"));
	/* A flat top and a flat bottom are one step each. */
	assert_int_equal(count("h190"), 1);
	assert_int_equal(count("h-190"), 1);
	sample(200, 1000000);
	sample(201, 1001000);
	draw(TS_HISTORY_DAY);
	assert_null(strstr(text, "nan"));
}

static void
test_idle_graph(void **s)
{
	(void)s;
	for (unsigned i = 0; i < 10; i++)
		sample(i, 5);
	draw(TS_HISTORY_HOUR);
	assert_int_equal(count("<path"), 0);
	assert_int_equal(count("class=\"zero\""), 1);
}

static void
make_page(enum ts_history_span span)
{
	size_t len;

	free(text);
	text = ts_status_page(&status, span, TS_UNIT_BYTES, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "<b>"));
	assert_non_null(strstr(text, "<h1>&lt;b&gt; &amp; &quot;relay&quot;</h1>"));
	assert_non_null(strstr(text, "</html>"));
}

static void
test_page(void **s)
{
	(void)s;
	make_page(TS_HISTORY_HOUR);
	assert_non_null(strstr(text, "No figures yet"));
	assert_non_null(strstr(text, "href=\"mailto:noc@example.net\""));
	for (unsigned i = 0; i < 41; i++)
		sample(i, i * 1000);
	make_page(TS_HISTORY_MONTH);
	assert_null(strstr(text, "No figures yet"));
	assert_non_null(strstr(text, "800 <small>bit/s</small>"));
	assert_non_null(strstr(text, "aria-current=\"true\">month<"));
	assert_non_null(strstr(text, "ix-0"));
}

static void
test_contact(void **s)
{
	char *contact = status.c->cfg.status_page.contact;

	(void)s;
	strcpy(contact, "https://example.net/?a&b");
	make_page(TS_HISTORY_HOUR);
	assert_non_null(strstr(text, "<a href=\"https://example.net/?a&amp;b\">https"));
	strcpy(contact, "javascript:alert('x@y')");
	make_page(TS_HISTORY_HOUR);
	assert_null(strstr(text, "href=\"javascript"));
	assert_non_null(strstr(text, "Questions? javascript:alert(&#39;x@y&#39;)"));
}

/* The neighbour 192.0.2.1 of the stand-ins, its MAC address, the port's device, and the interface's address. */
static void
test_what_is_for_everybody(void **s)
{
	static const char *const personal[] = {"192.0.2.1", "02:00:00:00:00:09", "net_null0", "198.51.100.77"};
	struct ts_cfg_interface *f = status.c->cfg.interfaces;

	(void)s;
	status.c->cfg.n_interfaces = 1;
	f->n_addresses = 1;
	f->addresses[0] = (struct ts_cfg_addr){.family = AF_INET, .prefix_len = 24};
	inet_pton(AF_INET, "198.51.100.77", &f->addresses[0].v4);
	make_page(TS_HISTORY_HOUR);
	for (unsigned i = 0; i < RTE_DIM(personal); i++)
		assert_null(strstr(text, personal[i]));
	assert_non_null(strstr(text, "2 next hops and neighbours are in use, 1 of them"));
	status.c->cfg.status_page.public = false;
	make_page(TS_HISTORY_HOUR);
	for (unsigned i = 0; i < RTE_DIM(personal); i++)
		assert_non_null(strstr(text, personal[i]));
}

static struct ts_path_rtt path;

static void
sample_path(unsigned i)
{
	uint64_t values[RTE_DIM(series)] = {0};

	ts_status_path_sample(status.c, values);
	ts_history_add(status.history, T0 + i * INT64_C(10000), 1000 + i * UINT64_C(10000), values);
}

/* 190 ms become 10 ms: the graph has both, one slow handshake nothing. Prefixes are not for everybody. */
static void
test_round_trips(void **s)
{
	const uint8_t prefix[4] = {203, 0, 113, 0};
	const char *graph, *end;

	(void)s;
	memset(&path, 0, sizeof(path));
	path.c = status.c;
	make_page(TS_HISTORY_HOUR);
	assert_null(strstr(text, "Round trips"));
	status.c->path_rtt = &path;
	status.c->cfg.path_rtt.enabled = true;
	status.c->cfg.path_rtt.min_handshakes = 8;
	for (unsigned i = 0; i < 121; i++) {
		sample_path(i);
		for (unsigned n = 0; n < 50; n++)
			ts_path_figures_add(&path.mechs[TS_MECH_6TO4][TS_PATH_TUNNEL],
				i < 60		? 190000
					: n > 0 ? 10000
						: 5000000);
	}
	for (unsigned i = 0; i < 8; i++)
		ts_path_prefixes_add(&path.tunnels, TS_MECH_6TO4, prefix, i, 10000);
	make_page(TS_HISTORY_HOUR);
	graph = strstr(text, "Typical round trip by 6to4");
	assert_non_null(graph);
	end = strstr(graph, "<table");
	/* 190 ms of a scale of 205: two levels, which are one step apart. */
	assert_true(strstr(graph, "<path class=\"c6\"") < end);
	assert_true(strstr(graph, ">200 ms<") < end);
	assert_null(strstr(text, "203.0.113.0/24"));
	assert_null(strstr(text, "nan"));
	status.c->cfg.status_page.public = false;
	make_page(TS_HISTORY_MONTH);
	assert_non_null(strstr(text, "203.0.113.0/24 <small>6to4</small>"));
	assert_non_null(strstr(text, "None with 8 handshakes of 4 sites yet."));
	status.c->path_rtt = NULL;
}

static void
test_documents(void **s)
{
	json_t *doc, *list;

	(void)s;
	standins.counters[TS_C_drop_tx_too_big] = 3;
	for (unsigned i = 0; i < 41; i++)
		sample(i, i * 1000);
	doc = ts_status_json(&status);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(doc, "drops"), "drop_tx_too_big")),
		6); /* of two workers */
	assert_non_null(json_object_get(json_object_get(doc, "ports"), "ix-0"));
	assert_null(json_object_get(json_object_get(doc, "mechanisms"), "6rd"));
	assert_true(json_is_null(json_object_get(doc, "teredo_clients")));
	json_decref(doc);
	doc = ts_status_history_json(&status, TS_HISTORY_HOUR);
	list = json_object_get(json_object_get(json_object_get(doc, "series"), "6to4.in.bytes"), "mean");
	assert_int_equal(json_array_size(list), 360);
	assert_true(json_is_null(json_array_get(list, 319)));
	assert_true(json_number_value(json_array_get(list, 359)) == 100);
	json_decref(doc);
}

static void
test_files(void **s)
{
	(void)s;
	assert_null(ts_page_file(""));
	assert_null(ts_page_file("../style.css"));
	assert_string_equal(ts_page_file("style.css")->content_type, "text/css; charset=utf-8");
	for (const struct ts_page_file *f = ts_page_files; f->name != NULL; f++) {
		assert_true(f->etag[0] == '"' && strlen(f->etag) == 26 && f->etag[25] == '"');
		assert_int_equal(strlen(f->data), f->len);
		/* Nothing is asked of another host: a namespace's name is the one URL. */
		for (const char *at = f->data; (at = strstr(at, "//")) != NULL; at += 2)
			assert_memory_equal(at, "//www.w3.org/2000/svg", 21);
	}
}

/* tsunagictl shows the same series, of the span that is asked for. */
static void
test_show_history(void **s)
{
	struct ts_answer a = {0};
	const char *span;
	json_int_t step;

	(void)s;
	ts_show_history(status.c, NULL, &a);
	assert_non_null(json_object_get(a.whole, "error")); /* no past is kept */
	ts_answer_free(status.c, &a);
	status.c->status = &status;
	ts_show_history(status.c, "year", &a);
	assert_non_null(json_object_get(a.whole, "error"));
	ts_answer_free(status.c, &a);
	for (unsigned i = 0; i < TS_HISTORY_N_SPANS; i++) {
		ts_show_history(status.c, ts_history_geometry[i].name, &a);
		assert_int_equal(json_unpack(a.whole, "{s:{s:s, s:I, s:{s:{s:o}}}}", "history", "span", &span, "step_s",
					 &step, "series", "6to4.in.bytes", "mean", &(json_t *){NULL}),
			0);
		assert_string_equal(span, ts_history_geometry[i].name);
		assert_int_equal(step, ts_history_geometry[i].step_s);
		ts_answer_free(status.c, &a);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_figures),
		TEST(test_words),
		TEST(test_grid_lines),
		TEST(test_graph),
		TEST(test_idle_graph),
		TEST(test_page),
		TEST(test_contact),
		TEST(test_what_is_for_everybody),
		TEST(test_round_trips),
		TEST(test_documents),
		TEST(test_files),
		TEST(test_show_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
