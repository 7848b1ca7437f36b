/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /metrics: histograms, the writer, and a whole page of a relay of stand-ins in both formats: every counter is there,
 * with its value, under a name and labels that the formats allow; no family twice, no sample twice, no unbounded label.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/metrics.h"
#include "ctl_standins.h"

#define MAX_SAMPLES 20000

static struct ts_control *control;
static struct ts_worker_histograms histograms;
static struct rte_ring ring = {.mask = 63, .size = 64, .capacity = 63};

struct rte_ring *
ts_worker_commands(struct ts_worker *w)
{
	(void)w;
	return &ring;
}

struct rte_ring *
ts_worker_injects(struct ts_worker *w)
{
	(void)w;
	return &ring;
}

struct rte_ring *
ts_worker_urgent_punts(struct ts_worker *w)
{
	(void)w;
	return &ring;
}

struct rte_ring *
ts_worker_punts(struct ts_worker *w)
{
	(void)w;
	return &ring;
}

struct rte_ring *
ts_worker_events(struct ts_worker *w)
{
	(void)w;
	return &ring;
}

static void
test_histogram_buckets(void **state)
{
	struct ts_histogram h = {0};

	(void)state;
	assert_int_equal(ts_histogram_bucket(6, 0), 0);
	assert_int_equal(ts_histogram_bucket(6, 64), 0);
	assert_int_equal(ts_histogram_bucket(6, 65), 1);
	assert_int_equal(ts_histogram_bucket(6, 128), 1);
	assert_int_equal(ts_histogram_bucket(6, 129), 2);
	assert_int_equal(ts_histogram_bucket(6, 1280), 5);
	for (unsigned i = 0; i < TS_HISTOGRAM_BUCKETS - 1; i++)
		assert_int_equal(ts_histogram_bucket(10, UINT64_C(1) << (10 + i)), i);
	assert_int_equal(ts_histogram_bucket(6, UINT64_MAX), TS_HISTOGRAM_BUCKETS - 1);
	ts_histogram_add(&h, 6, 100);
	ts_histogram_add(&h, 6, 1280);
	assert_int_equal(h.sum, 1380);
	assert_int_equal(h.bucket[1] + h.bucket[5], 2);
}

static void
test_histogram_text(void **state)
{
	struct ts_metrics m = {.openmetrics = true};
	struct ts_histogram h = {0};

	(void)state;
	ts_histogram_add(&h, 10, 2000);
	ts_histogram_add(&h, 10, 1u << 30);
	ts_metrics_family(&m, TS_METRIC_HISTOGRAM, "rtt_seconds", "help");
	ts_metrics_histogram(&m, &h, 10, 1e-6, "a=\"b\"");
	assert_true(ts_metrics_end(&m));
	assert_non_null(strstr(m.text, "# TYPE tsunagi_rtt_seconds histogram\n"));
	assert_non_null(strstr(m.text, "tsunagi_rtt_seconds_bucket{a=\"b\",le=\"0.001024\"} 0\n"));
	assert_non_null(strstr(m.text, "tsunagi_rtt_seconds_bucket{a=\"b\",le=\"0.002048\"} 1\n"));
	assert_non_null(strstr(m.text, "tsunagi_rtt_seconds_bucket{a=\"b\",le=\"+Inf\"} 2\n"));
	assert_non_null(strstr(m.text, "tsunagi_rtt_seconds_sum{a=\"b\"} 1073.743824\n"));
	assert_non_null(strstr(m.text, "tsunagi_rtt_seconds_count{a=\"b\"} 2\n# EOF\n"));
	free(m.text);
}

/* What an operator may call a port. */
static void
test_escapes(void **state)
{
	struct ts_metrics m = {0};

	(void)state;
	ts_metrics_family(&m, TS_METRIC_GAUGE, "x", "a \\ and\na line");
	ts_metrics_sample(&m);
	ts_metrics_label(&m, "port", "a\"b\\c\nx{} 1");
	ts_metrics_uint(&m, 7);
	assert_true(ts_metrics_end(&m));
	assert_string_equal(m.text,
		"# HELP tsunagi_x a \\\\ and\\na line.\n# TYPE tsunagi_x gauge\n"
		"tsunagi_x{port=\"a\\\"b\\\\c\\nx{} 1\"} 7\n");
	free(m.text);
}

static void
test_names_of_types(void **state)
{
	struct ts_metrics m[2] = {{0}, {.openmetrics = true}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		ts_metrics_one(&m[i], TS_METRIC_COUNTER, "c", "h", 18446744073709551615.0);
		ts_metrics_one(&m[i], TS_METRIC_INFO, "b", "h", 1);
		assert_true(ts_metrics_end(&m[i]));
	}
	assert_string_equal(m[0].text,
		"# HELP tsunagi_c_total h.\n# TYPE tsunagi_c_total counter\ntsunagi_c_total 1.84467440737096e+19\n"
		"# HELP tsunagi_b_info h.\n# TYPE tsunagi_b_info gauge\ntsunagi_b_info 1\n");
	assert_string_equal(m[1].text,
		"# HELP tsunagi_c h.\n# TYPE tsunagi_c counter\ntsunagi_c_total 1.84467440737096e+19\n"
		"# HELP tsunagi_b h.\n# TYPE tsunagi_b info\ntsunagi_b_info 1\n# EOF\n");
	free(m[0].text);
	free(m[1].text);
}

static void
whole_page(struct ts_metrics *m)
{
	ts_metrics_counters(m, control);
	ts_metrics_workers(m, control);
	ts_metrics_rings(m, control);
	ts_metrics_ports(m, control);
	ts_metrics_tables(m, control);
	ts_metrics_kernel(m, control);
	ts_metrics_teredo(m, control);
	ts_metrics_neighbours(m, control);
	ts_metrics_health(m, control);
	assert_true(ts_metrics_end(m));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* [a-zA-Z_][a-zA-Z0-9_]*; colons are for recording rules. */
static size_t
name_len(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	assert_true(n > 0 && !isdigit((unsigned char)text[0]));
	return n;
}

static void
check_sample(const char *line, const char *family)
{
	size_t n = name_len(line);
	char *end;

	assert_memory_equal(line, "tsunagi_", 8);
	if (strncmp(line, family, strlen(family)) != 0)
		fail_msg("not of the family %s: %s", family, line);
	if (line[n] == '{') {
		const char *at = line + n + 1;

		for (;; at++) {
			at += name_len(at);
			assert_memory_equal(at, "=\"", 2);
			at = strchr(at + 2, '"') + 1;
			if (*at != ',')
				break;
		}
		assert_memory_equal(at, "} ", 2);
		n = (size_t)(at - line) + 1;
	}
	assert_int_equal(line[n], ' ');
	strtod(line + n + 1, &end);
	assert_true(end > line + n + 1 && *end == '\0');
}

/* Every line is what it may be, after its family's head; nothing comes twice. */
static void
check_page(char *text, bool openmetrics)
{
	static char *samples[MAX_SAMPLES], *families[1000];
	unsigned n_samples = 0, n_families = 0;
	char *save, *space;

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strcmp(line, "# EOF") == 0) {
			assert_true(openmetrics);
			assert_null(strtok_r(NULL, "\n", &save));
			break;
		}
		if (strncmp(line, "# HELP ", 7) == 0)
			continue;
		if (strncmp(line, "# TYPE ", 7) == 0) {
			families[n_families++] = line + 7;
			*strchr(line + 7, ' ') = '\0';
			continue;
		}
		assert_true(n_families > 0 && n_samples < MAX_SAMPLES);
		check_sample(line, families[n_families - 1]);
		samples[n_samples++] = line;
		space = strrchr(line, ' ');
		*space = '\0';
	}
	qsort(samples, n_samples, sizeof(*samples), by_text);
	qsort(families, n_families, sizeof(*families), by_text);
	for (unsigned i = 1; i < n_samples; i++)
		assert_string_not_equal(samples[i - 1], samples[i]);
	for (unsigned i = 1; i < n_families; i++)
		assert_string_not_equal(families[i - 1], families[i]);
}

static void
test_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct ts_metrics m = {.openmetrics = i == 1};

		whole_page(&m);
		check_page(m.text, m.openmetrics);
		free(m.text);
	}
}

/* Each has a value of its own, which is in the page once for each worker. */
static void
test_every_counter(void **state)
{
	struct ts_metrics m = {0};
	char value[32];

	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		standins.counters[i] = 7000000 + i;
	ts_metrics_counters(&m, control);
	assert_true(ts_metrics_end(&m));
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		const char *at = m.text;
		unsigned n = 0;

		snprintf(value, sizeof(value), " %u\n", 7000000 + i);
		while ((at = strstr(at, value)) != NULL) {
			at++;
			n++;
		}
		if (n != control->n_workers)
			fail_msg("%s is there %u times", ts_counter_info[i].name, n);
	}
	assert_non_null(strstr(m.text,
		"tsunagi_drops_total{worker=\"1\",station=\"6to4_decap\",reason=\"src_mismatch\","
		"mechanism=\"6to4\",direction=\"decap\"} "));
	assert_non_null(
		strstr(m.text, "tsunagi_tunnel_bytes_total{worker=\"0\",mechanism=\"isatap\",direction=\"encap\"} "));
	assert_non_null(strstr(m.text, "tsunagi_rx_packets_total{worker=\"0\"} "));
	free(m.text);
}

static void
test_figures(void **state)
{
	static const char *const wanted[] = {
		"tsunagi_port_link{port=\"ix-0\"} ",
		"tsunagi_port_rx_packets_total{port=\"ix-0\"} 10\n",
		"tsunagi_worker_turns_total{worker=\"1\"} 1000\n",
		"tsunagi_ring_capacity{worker=\"0\",ring=\"punts\"} 63\n",
		"tsunagi_neighbour_gateway{interface=\"ix0\",mac=\"02:00:00:00:00:09\"} 1\n",
		"tsunagi_neighbours_unresolved 1\n",
		"tsunagi_routes{family=\"ipv4\"} 1\n",
		"tsunagi_fib_unplaced{family=\"ipv6\"} 3\n",
		"tsunagi_route_change_age_seconds 1.5\n",
		"tsunagi_qsbr_delay_max_seconds 0.001\n",
		"tsunagi_mirror_overruns_total 1\n",
		"tsunagi_tunnel_packet_size_bytes_bucket{mechanism=\"6rd\",direction=\"decap\",le=\"1024.0\"} 0\n",
		"tsunagi_tunnel_packet_size_bytes_bucket{mechanism=\"6rd\",direction=\"decap\",le=\"2048.0\"} 2\n",
		"tsunagi_tunnel_packet_size_bytes_sum{mechanism=\"6rd\",direction=\"decap\"} 2560\n",
		"tsunagi_teredo_bubble_rtt_seconds_bucket{le=\"0.001024\"} 0\n",
	};
	struct ts_metrics m = {0};

	(void)state;
	standins.ports[0].rx_packets = 5;
	ts_histogram_add(&histograms.size[TS_MECH_6RD][TS_DECAP], TS_HISTOGRAM_SIZE_SHIFT, 1280);
	whole_page(&m);
	for (unsigned i = 0; i < RTE_DIM(wanted); i++)
		if (strstr(m.text, wanted[i]) == NULL)
			fail_msg("no %s in:\n%s", wanted[i], m.text);
	free(m.text);
}

/* Known neighbours have figures of their own, all others one together, however many there are. */
static void
test_neighbours(void **state)
{
	static struct ts_neighbour_counters t;
	uint8_t mac[8] = {2, 0, 0, 0, 0, 9, 0x86, 0xdd};
	struct ts_neighbour_slot slot;
	uint64_t packets = 0;
	struct ts_metrics m = {0};

	(void)state;
	ts_neighbours_init(&t, 7);
	for (unsigned i = 0; i < 3; i++)
		ts_neighbours_count(&t, ts_neighbour_key(0, mac), 1, 100);
	for (unsigned i = 0; i < 2 * TS_NEIGHBOUR_SLOTS; i++) {
		mac[3] = (uint8_t)(1 + i % 250);
		mac[4] = (uint8_t)(i / 250);
		ts_neighbours_count(&t, ts_neighbour_key(0, mac), 1, 60);
	}
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++)
		packets += ts_neighbours_read(&t, i, &slot) ? slot.packets : 0;
	assert_int_equal(packets + t.other.packets, 3 + 2 * TS_NEIGHBOUR_SLOTS);
	standins.received = &t;
	control->cfg.n_peers = 1;
	control->cfg.peers[0].address.family = AF_INET;
	memcpy(&control->cfg.peers[0].address.v4, (const uint8_t[]){192, 0, 2, 1}, 4);
	control->cfg.peers[0].as = 64504;
	ts_metrics_neighbours(&m, control);
	assert_true(ts_metrics_end(&m));
	assert_non_null(strstr(m.text,
		"tsunagi_neighbour_rx_packets_total{interface=\"ix0\",mac=\"02:00:00:00:00:09\","
		"as=\"64504\"} 6\n"));
	assert_non_null(strstr(m.text, "tsunagi_neighbour_rx_bytes_total{interface=\"\",mac=\"other\"} 61440\n"));
	check_page(m.text, false);
	free(m.text);
}

/* The control thread does nothing else meanwhile. */
static void
test_time(void **state)
{
	struct ts_metrics m = {0};
	struct timespec a, b;
	unsigned workers = control->n_workers;
	double best = 1;

	(void)state;
	for (unsigned i = 2; i < 16; i++)
		control->workers[i] = control->workers[1];
	control->n_workers = 16;
	for (unsigned i = 0; i < 10; i++) {
		double took;

		m = (struct ts_metrics){.text = m.text, .room = m.room};
		clock_gettime(CLOCK_MONOTONIC, &a);
		ts_metrics_counters(&m, control);
		clock_gettime(CLOCK_MONOTONIC, &b);
		took = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
		best = took < best ? took : best;
	}
	control->n_workers = workers;
	print_message("16 workers, %d counters: %.2f ms, %zu bytes\n", TS_N_COUNTERS, best * 1e3, m.len);
	/* 5 ms where the machine has nothing else to do and the build is not a sanitizer's. */
	assert_true(best < 0.05);
	free(m.text);
}

static int
setup(void **state)
{
	(void)state;
	control = standin_control();
	standins.histograms = &histograms;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(control);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram_buckets),
		cmocka_unit_test(test_histogram_text),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_names_of_types),
		cmocka_unit_test_setup_teardown(test_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_figures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
