/* SPDX-License-Identifier: BSD-3-Clause */
/* Round trips to figures: which side and which mechanism, quantiles, prefixes that name nobody, and who sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics.h"
#include "control/path_rtt.h"
#include "control/show.h"

#define HZ UINT64_C(1000000) /* cycles are microseconds */
#define NATIVE "2001:db8:6::2"

static struct ts_control control;
static struct ts_path_rtt *path;

static int
setup(void **state)
{
	static const uint8_t key[16] = {7};
	struct ts_cfg_6rd *d = &control.cfg.sixrd[0];

	(void)state;
	memset(&control, 0, sizeof(control));
	path = calloc(1, sizeof(*path));
	path->c = &control;
	path->hz = HZ;
	path->matcher = ts_path_matcher_create(HZ, key, ts_path_rtt_take, path);
	control.path_rtt = path;
	control.cfg.path_rtt.enabled = true;
	control.cfg.path_rtt.sample = 4;
	control.cfg.path_rtt.min_handshakes = 8;
	control.cfg.n_sixrd = 1;
	inet_pton(AF_INET6, "2001:db8:8000::", &d->map.prefix.addr);
	d->map.prefix.len = 33;
	d->map.ipv4_mask_len = 8;
	inet_pton(AF_INET, "10.0.0.0", &d->map.ipv4_common);
	return path->matcher == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	ts_path_matcher_free(path->matcher);
	free(path);
	return 0;
}

static void
measured(const char *client, enum ts_station client_station, uint64_t client_us, const char *server,
	enum ts_station server_station, uint64_t server_us)
{
	struct ts_path_handshake h = {
		.client_station = (uint8_t)client_station,
		.server_station = (uint8_t)server_station,
		.client_half = client_us,
		.server_half = server_us,
	};

	assert_int_equal(inet_pton(AF_INET6, client, h.client), 1);
	assert_int_equal(inet_pton(AF_INET6, server, h.server), 1);
	ts_path_rtt_take(&h, path);
}

static void
assert_figures(enum ts_mechanism mech, enum ts_path_side side, uint64_t n, uint64_t us)
{
	const struct ts_path_figures *f = &path->mechs[mech][side];

	assert_int_equal(f->rtt.n, n);
	assert_int_equal(f->histogram.sum, us);
}

static void
test_sides(void **state)
{
	(void)state;
	measured("2002:cb00:7102::1", TS_STATION_6TO4_DECAP, 30000, NATIVE, TS_STATION_6TO4_ENCAP, 5000);
	assert_figures(TS_MECH_6TO4, TS_PATH_TUNNEL, 1, 30000);
	assert_figures(TS_MECH_6TO4, TS_PATH_NATIVE, 1, 5000);
	assert_figures(TS_MECH_6TO4, TS_PATH_WHOLE, 1, 35000);
	/* The server is in the tunnel; the client's half is not known. */
	measured(NATIVE, TS_STATION_TEREDO_ENCAP, TS_PATH_UNKNOWN, "2001:0:4136:e378:8000:63bf:3fff:fdd2",
		TS_STATION_TEREDO_DECAP, 190000);
	assert_figures(TS_MECH_TEREDO, TS_PATH_TUNNEL, 1, 190000);
	assert_figures(TS_MECH_TEREDO, TS_PATH_NATIVE, 0, 0);
	assert_figures(TS_MECH_TEREDO, TS_PATH_WHOLE, 0, 0);
	assert_int_equal(path->strange, 0);
}

/* From tunnel to tunnel: each half is its tunnel's, and nothing is native. */
static void
test_both_in_tunnels(void **state)
{
	(void)state;
	measured("2002:cb00:7102::1", TS_STATION_6TO4_DECAP, 30000, "2001:db8:8102:300::1", TS_STATION_6RD_DECAP, 7000);
	assert_figures(TS_MECH_6TO4, TS_PATH_TUNNEL, 1, 30000);
	assert_figures(TS_MECH_6RD, TS_PATH_TUNNEL, 1, 7000);
	for (unsigned mech = 0; mech < TS_N_MECHS; mech++) {
		assert_figures(mech, TS_PATH_NATIVE, 0, 0);
		assert_figures(mech, TS_PATH_WHOLE, 0, 0);
	}
	assert_int_equal(path->natives.n, 0);
}

/* Addresses that are none of the mechanism's, directions that do not go together. */
static void
test_strange(void **state)
{
	(void)state;
	measured(NATIVE, TS_STATION_6TO4_DECAP, 1, NATIVE, TS_STATION_6TO4_ENCAP, 1);
	measured(NATIVE, TS_STATION_6RD_DECAP, 1, NATIVE, TS_STATION_6RD_ENCAP, 1);
	measured("2002:cb00:7102::1", TS_STATION_6TO4_DECAP, 1, NATIVE, TS_STATION_ISATAP_ENCAP, 1);
	measured("2002:cb00:7102::1", TS_STATION_6TO4_ENCAP, 1, NATIVE, TS_STATION_6TO4_ENCAP, 1);
	measured("2002:cb00:7102::1", TS_STATION_RX, 1, NATIVE, TS_STATION_6TO4_ENCAP, 1);
	assert_int_equal(path->strange, 5);
	assert_int_equal(path->tunnels.n + path->natives.n, 0);
	/* Two minutes are no round trip. */
	measured("2002:cb00:7102::1", TS_STATION_6TO4_DECAP, 120 * HZ, NATIVE, TS_STATION_6TO4_ENCAP, 5);
	assert_figures(TS_MECH_6TO4, TS_PATH_TUNNEL, 0, 0);
}

/* O31: the IPv4 address inside is cut to its /24, the native one to its /32. */
static void
test_prefixes(void **state)
{
	static const struct {
		const char *client;
		enum ts_station in, out;
		const char *prefix;
	} cases[] = {
		{"2002:cb00:7102::1", TS_STATION_6TO4_DECAP, TS_STATION_6TO4_ENCAP, "203.0.113.0/24"},
		{"2001:db8:8102:300::1", TS_STATION_6RD_DECAP, TS_STATION_6RD_ENCAP, "10.2.4.0/24"},
		{"2001:db8:9::5efe:10.9.8.7", TS_STATION_ISATAP_DECAP, TS_STATION_ISATAP_ENCAP, "10.9.8.0/24"},
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2", TS_STATION_TEREDO_DECAP, TS_STATION_TEREDO_ENCAP,
			"192.0.2.0/24"},
	};
	char text[TS_PATH_PREFIX_TEXT];

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		measured(cases[i].client, cases[i].in, 10, "2400:cb00:1234:5678::9", cases[i].out, 10);
		assert_int_equal(path->tunnels.n, i + 1);
		assert_string_equal(ts_path_prefix_text(&path->tunnels.of[i], TS_PATH_TUNNEL, text), cases[i].prefix);
		assert_int_equal(path->tunnels.of[i].mech, i);
	}
	assert_int_equal(path->natives.n, 1);
	assert_string_equal(ts_path_prefix_text(&path->natives.of[0], TS_PATH_NATIVE, text), "2400:cb00::/32");
}

static void
test_quantiles(void **state)
{
	struct ts_rtt r = {0};

	(void)state;
	assert_true(isnan(ts_rtt_quantile(&r, 0.5)));
	for (uint64_t us = 1; us < 16000000; us += us / 7 + 1) {
		memset(&r, 0, sizeof(r));
		for (unsigned i = 0; i < 99; i++)
			ts_rtt_add(&r, us);
		/* Below 64 us only that; above 8.4 s only that. */
		if (us >= 64 && us < 8000000)
			assert_true(fabs(ts_rtt_quantile(&r, 0.5) - (double)us) < 0.07 * (double)us);
		assert_true(ts_rtt_quantile(&r, 0.1) <= ts_rtt_quantile(&r, 0.9));
	}
	ts_rtt_add(&r, UINT64_MAX);
	memset(&r, 0, sizeof(r));
	for (unsigned i = 1; i <= 1000; i++)
		ts_rtt_add(&r, i * 100);
	assert_true(fabs(ts_rtt_quantile(&r, 0.5) - 50000) < 3500);
	assert_true(fabs(ts_rtt_quantile(&r, 0.9) - 90000) < 6500);
	assert_true(ts_rtt_quantile(&r, 1) <= 8 * 65536 / 4.0);
}

/* 190 ms that become 10 ms: what is shown follows, and the sum of logarithms has the mean of each time. */
static void
test_follows_changes(void **state)
{
	struct ts_path_figures f = {0};
	uint64_t before;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		ts_path_figures_add(&f, 190000);
	assert_true(fabs(ts_rtt_quantile(&f.rtt, 0.5) - 190000) < 12000);
	assert_true(f.rtt.kept <= TS_RTT_KEPT);
	before = f.log_sum;
	for (unsigned i = 0; i < 3 * TS_RTT_KEPT; i++)
		ts_path_figures_add(&f, 10000);
	assert_true(fabs(ts_rtt_quantile(&f.rtt, 0.9) - 10000) < 700);
	assert_int_equal(f.rtt.n, 5000 + 3 * TS_RTT_KEPT);
	assert_true(fabs(exp2((double)(f.log_sum - before) / (3 * TS_RTT_KEPT) / 1000) - 10000) < 10);
}

static uint32_t
shown(enum ts_path_side side)
{
	const struct ts_path_prefix *list[TS_PATH_PREFIXES];

	return ts_path_prefixes_list(path, side, list);
}

static void
from_site(unsigned third, unsigned fourth)
{
	char client[INET6_ADDRSTRLEN];

	snprintf(client, sizeof(client), "2002:cb00:%02x%02x::1", third, fourth);
	measured(client, TS_STATION_6TO4_DECAP, 10, NATIVE, TS_STATION_6TO4_ENCAP, 10);
}

/* O30: however many handshakes one site makes; and several with too few. */
static void
test_no_single_site(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		from_site(1, 1);
	assert_int_equal(shown(TS_PATH_TUNNEL), 0);
	assert_int_equal(shown(TS_PATH_NATIVE), 0); /* one server */
	for (unsigned i = 0; i < 7; i++)
		from_site(2, i);
	assert_int_equal(shown(TS_PATH_TUNNEL), 0);
	for (unsigned i = 0; i < 20; i++)
		from_site(2, i);
	assert_int_equal(shown(TS_PATH_TUNNEL), 1);
	control.cfg.path_rtt.min_handshakes = 28;
	assert_int_equal(shown(TS_PATH_TUNNEL), 0);
}

/* The one that was not measured for longest gives way, with all that was known of it. */
static void
test_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		from_site(200, i);
		from_site(201, i);
	}
	for (unsigned i = 0; i < TS_PATH_PREFIXES - 2; i++) {
		char client[INET6_ADDRSTRLEN];

		snprintf(client, sizeof(client), "2002:c6%02x:0001::1", i);
		measured(client, TS_STATION_6TO4_DECAP, 10, NATIVE, TS_STATION_6TO4_ENCAP, 10);
	}
	assert_int_equal(path->tunnels.n, TS_PATH_PREFIXES);
	assert_int_equal(shown(TS_PATH_TUNNEL), 2);
	from_site(201, 1);
	from_site(202, 1);
	assert_int_equal(path->tunnels.n, TS_PATH_PREFIXES);
	assert_int_equal(shown(TS_PATH_TUNNEL), 1);
	from_site(200, 1);
	assert_int_equal(shown(TS_PATH_TUNNEL), 1);
}

static char *
metrics(void)
{
	struct ts_metrics m = {.openmetrics = true};

	ts_metrics_path(&m, &control);
	assert_true(ts_metrics_end(&m));
	return m.text;
}

/* Sides as they are, and no prefix. */
static void
test_metrics(void **state)
{
	char *text;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		from_site(2, i);
	text = metrics();
	assert_non_null(strstr(text, "# TYPE tsunagi_path_rtt_seconds histogram\n"));
	assert_non_null(strstr(text, "tsunagi_path_rtt_seconds_count{mechanism=\"6to4\",side=\"tunnel\"} 20\n"));
	assert_non_null(strstr(text, "tsunagi_path_rtt_seconds_sum{mechanism=\"6to4\",side=\"whole\"} 0.0004\n"));
	assert_non_null(strstr(text, "tsunagi_path_rtt_seconds_count{mechanism=\"teredo\",side=\"native\"} 0\n"));
	assert_null(strstr(text, "203.0"));
	free(text);
	control.cfg.path_rtt.enabled = false;
	text = metrics();
	assert_string_equal(text, "# EOF\n");
	free(text);
}

static json_t *
show(struct ts_answer *a)
{
	memset(a, 0, sizeof(*a));
	ts_show_path(&control, NULL, a);
	assert_non_null(a->whole);
	return json_object_get(a->whole, "path");
}

static void
test_show(void **state)
{
	struct ts_answer a;
	json_t *doc, *item;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		from_site(2, i);
	doc = show(&a);
	assert_int_equal(json_integer_value(json_object_get(doc, "sample")), 4);
	assert_int_equal(json_array_size(json_object_get(doc, "mechanisms")), TS_PATH_N_SIDES);
	assert_int_equal(json_array_size(json_object_get(doc, "prefixes")), 1);
	item = json_array_get(json_object_get(doc, "prefixes"), 0);
	assert_string_equal(json_string_value(json_object_get(item, "prefix")), "203.0.2.0/24");
	assert_string_equal(json_string_value(json_object_get(item, "side")), "tunnel");
	assert_int_equal(json_integer_value(json_object_get(item, "handshakes")), 20);
	ts_answer_free(&control, &a);
	control.cfg.path_rtt.enabled = false;
	doc = show(&a);
	assert_true(json_is_false(json_object_get(doc, "enabled")));
	ts_answer_free(&control, &a);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sides),
		TEST(test_both_in_tunnels),
		TEST(test_strange),
		TEST(test_prefixes),
		TEST(test_quantiles),
		TEST(test_follows_changes),
		TEST(test_no_single_site),
		TEST(test_bounded),
		TEST(test_metrics),
		TEST(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
