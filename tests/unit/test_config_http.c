/* SPDX-License-Identifier: BSD-3-Clause */
/* http, log and peers in the configuration: what is taken, and each kind of fault alone. */
#include "test_config_faults.h"

#include "lib/config_http.h"
#include "lib/config_internal.h"

#define HTTP(list) BASE "http:\n  listen: " list "\n"

static void
test_taken(void **state)
{
	(void)state;
	test_load_fine(BASE);
	assert_false(test_cfg.http.enabled);
	assert_int_equal(test_cfg.log.level, TS_LOG_INFO);
	assert_int_equal(test_cfg.log.target, TS_LOG_AUTO);
	ts_config_free(&test_cfg);
	test_load_fine(BASE "http:\n");
	assert_true(test_cfg.http.enabled);
	assert_int_equal(test_cfg.http.n_listen, 1);
	assert_string_equal(test_cfg.http.listen[0], "127.0.0.1:9464");
	ts_config_free(&test_cfg);
	test_load_fine(HTTP("[\"[::1]:80\", unix:/run/x, 192.0.2.1:65535]") "log: {level: debug, format: json, target: "
									    "journal}\n");
	assert_int_equal(test_cfg.http.n_listen, 3);
	assert_int_equal(test_cfg.log.format, TS_LOG_JSON);
	ts_config_free(&test_cfg);
	test_load_fine(HTTP("[\"[::]:80\"]") "  metrics-listen: [127.0.0.1:9464, unix:/run/tsunagi/metrics.sock]\n");
	assert_int_equal(test_cfg.http.n_metrics_listen, 2);
	assert_string_equal(test_cfg.http.metrics_listen[1], "unix:/run/tsunagi/metrics.sock");
	ts_config_free(&test_cfg);
	test_load_fine(BASE "peers: [{address: 192.0.2.9, as: 4294967295}]\n");
	assert_int_equal(test_cfg.n_peers, 1);
	assert_int_equal(test_cfg.peers[0].as, UINT32_MAX);
	ts_config_free(&test_cfg);
}

static void
test_refused(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "http: yes\n", 5, "http", "a section is wanted"},
		{BASE "http: {port: 80}\n", 5, "http.port", "unknown key"},
		{HTTP("[]"), 6, "http.listen", "at least 1"},
		{HTTP("[9464]"), 6, "http.listen[0]", "is none of ADDRESS:PORT"},
		{HTTP("[localhost:9464]"), 6, "http.listen[0]", "is none of ADDRESS:PORT"},
		{HTTP("[\"127.0.0.1:0\"]"), 6, "http.listen[0]", "has no port from 1 to 65535"},
		{HTTP("[\"127.0.0.1:80\", \"::1:80\"]"), 6, "http.listen[1]", "is none of ADDRESS:PORT"},
		{HTTP("[\"127.0.0.1:80\", \"127.0.0.1:80\"]"), 6, "http.listen[1]", "is given twice"},
		{HTTP("[unix:run/x]"), 6, "http.listen[0]", "is not an absolute path"},
		{HTTP("[unix:/run/tsunagi/tsunagi.sock]"), 6, "http.listen[0]", "is control.socket"},
		{HTTP("[\"[::]:80\"]") "  metrics-listen: [9464]\n", 7, "http.metrics-listen[0]",
			"is none of ADDRESS:PORT"},
		{HTTP("[\"[::]:80\"]") "  metrics-listen: [\"127.0.0.1:80\", \"[::]:80\"]\n", 7,
			"http.metrics-listen[1]", "is in http.listen, too"},
		{HTTP("[\"[::]:80\"]") "  metrics-listen: [unix:/run/tsunagi/tsunagi.sock]\n", 7,
			"http.metrics-listen[0]", "is control.socket"},
		{BASE "log: {level: loud}\n", 5, "log.level", "error, warning, info, debug"},
		{BASE "log: {format: xml}\n", 5, "log.format", "text, json"},
		{BASE "log: {target: syslog}\n", 5, "log.target", "auto, stderr, journal"},
		{BASE "peers: [{address: 192.0.2.9}]\n", 5, "peers[0].as", "is missing"},
		{BASE "peers: [{as: 1}]\n", 5, "peers[0].address", "is missing"},
		{BASE "peers: [{address: 192.0.2.9, as: 0}]\n", 5, "peers[0].as", "1 to 4294967295"},
	};

	(void)state;
	RUN(cases);
}

static void
test_addresses(void **state)
{
	union ts_http_address a;

	(void)state;
	assert_null(ts_http_address_parse("[2001:db8::1]:8080", &a));
	assert_int_equal(a.any.sa_family, AF_INET6);
	assert_int_equal(ntohs(a.v6.sin6_port), 8080);
	assert_v6(&a.v6.sin6_addr, "2001:db8::1");
	assert_null(ts_http_address_parse("unix:/run/tsunagi/http.sock", &a));
	assert_string_equal(a.local.sun_path, "/run/tsunagi/http.sock");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
