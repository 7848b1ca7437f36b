/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK telemetry by its real socket: the library checks names and counts entries, and drops what it does not like
 * without a word. EAL runs without hugepages, devices or a file that outlives it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_eal.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctlsock.h"
#include "control/show.h"
#include "ctl_standins.h"

static int sock = -1;
static struct ts_control *control;

static json_t *
ask(const char *request)
{
	static char buf[1 << 16];
	ssize_t n;

	assert_int_equal(send(sock, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	n = recv(sock, buf, sizeof(buf), 0);
	assert_true(n > 0);
	return json_loadb(buf, (size_t)n, 0, NULL);
}

/* The answer is {"/command": value}. */
static json_t *
value_of(json_t *doc)
{
	assert_non_null(doc);
	return json_object_iter_value(json_object_iter(doc));
}

static void
test_counters(void **state)
{
	json_t *doc, *v;

	(void)state;
	standins.counters[TS_C_drop_ip4_rx_v4_csum] = 2;
	standins.counters[TS_C_rx_packets] = 21;
	doc = ask("/tsunagi/counters");
	v = value_of(doc);
	for (unsigned i = 0; i < TS_N_COUNTERS && i < 200; i++)
		assert_non_null(json_object_get(v, ts_counter_info[i].name));
	assert_int_equal(json_integer_value(json_object_get(v, "rx_packets")), 42);
	json_decref(doc);
	doc = ask("/tsunagi/drops,1");
	assert_int_equal(json_object_size(value_of(doc)), 1);
	assert_int_equal(json_integer_value(json_object_get(value_of(doc), "drop_ip4_rx_v4_csum")), 4);
	json_decref(doc);
}

static void
test_pages_that_are_none(void **state)
{
	static const char *const requests[] = {"/tsunagi/counters,0", "/tsunagi/counters,99", "/tsunagi/counters,x",
		"/tsunagi/counters,-1", "/tsunagi/drops,2", "/tsunagi/counters,99999999999999999999"};
	json_t *doc;

	(void)state;
	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		doc = ask(requests[i]);
		assert_true(json_is_null(value_of(doc)));
		json_decref(doc);
	}
}

static void
test_ports_and_workers(void **state)
{
	json_t *doc, *v;

	(void)state;
	standins.ports[0].rx_packets = 5;
	doc = ask("/tsunagi/ports");
	v = json_object_get(value_of(doc), "ix_0");
	assert_int_equal(json_integer_value(json_object_get(v, "rx_packets")), 10);
	assert_string_equal(json_string_value(json_object_get(v, "link")), "down");
	json_decref(doc);
	doc = ask("/tsunagi/workers");
	assert_int_equal(json_object_size(value_of(doc)), 2);
	v = json_object_get(value_of(doc), "1");
	assert_int_equal(json_integer_value(json_object_get(v, "busy_loops")), 250);
	assert_int_equal(json_integer_value(json_object_get(v, "table_version")), 5);
	json_decref(doc);
}

/* What belongs to the control thread is there when that has left it. */
static void
test_tables_and_health(void **state)
{
	json_t *doc;

	(void)state;
	doc = ask("/tsunagi/tables");
	assert_int_equal(json_object_size(value_of(doc)), 0);
	json_decref(doc);
	ts_telemetry_refresh();
	doc = ask("/tsunagi/tables");
	assert_int_equal(json_integer_value(json_object_get(value_of(doc), "ipv6_fib_unplaced")), 3);
	assert_int_equal(json_integer_value(json_object_get(value_of(doc), "qsbr_delay_max_us")), 1000);
	json_decref(doc);
	doc = ask("/tsunagi/health");
	assert_int_equal(json_object_size(value_of(doc)), 5);
	json_decref(doc);
}

static void
test_histograms(void **state)
{
	static struct ts_worker_histograms h;
	json_t *doc, *v;

	(void)state;
	ts_histogram_add(&h.size[TS_MECH_6RD][TS_DECAP], TS_HISTOGRAM_SIZE_SHIFT, 100);
	standins.histograms = &h;
	doc = ask("/tsunagi/histograms");
	v = json_object_get(value_of(doc), "6rd_decap_bytes");
	assert_int_equal(json_array_size(v), TS_HISTOGRAM_BUCKETS);
	assert_int_equal(json_integer_value(json_array_get(v, 1)), 2);
	assert_non_null(json_object_get(value_of(doc), "teredo_bubble_rtt_us"));
	json_decref(doc);
}

/* Once withdrawn, nothing is read any more; it can be given again. */
static void
test_withdrawn(void **state)
{
	json_t *doc;

	(void)state;
	assert_int_equal(ts_telemetry_register(NULL), 0);
	doc = ask("/tsunagi/workers");
	assert_true(json_is_null(value_of(doc)));
	json_decref(doc);
	assert_int_equal(ts_telemetry_register(control), 0);
	doc = ask("/tsunagi/workers");
	assert_int_equal(json_object_size(value_of(doc)), 2);
	json_decref(doc);
}

static int
start(void **state)
{
	char prefix[32], hello[256];
	char *argv[] = {"test_telemetry", "--no-huge", "-m", "32", "--no-pci", "--file-prefix", prefix, "-l", "0",
		"--log-level", "lib.eal:error", NULL};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = STANDIN_LIMIT_MS / 1000};

	(void)state;
	snprintf(prefix, sizeof(prefix), "ts-telemetry-%d", getpid());
	assert_true(rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) >= 0);
	control = standin_control();
	assert_int_equal(ts_telemetry_register(control), 0);
	assert_true(strlen(rte_eal_get_runtime_dir()) < 80);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_true(recv(sock, hello, sizeof(hello), 0) > 0); /* it says its version first */
	return 0;
}

static int
stop(void **state)
{
	char dir[128];
	glob_t files;

	(void)state;
	close(sock);
	ts_telemetry_register(NULL);
	free(control);
	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	strcat(dir, "/*");
	if (glob(dir, 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			unlink(files.gl_pathv[i]);
		globfree(&files);
	}
	dir[strlen(dir) - 2] = '\0';
	rmdir(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_pages_that_are_none),
		cmocka_unit_test(test_ports_and_workers),
		cmocka_unit_test(test_tables_and_health),
		cmocka_unit_test(test_histograms),
		cmocka_unit_test(test_withdrawn),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
