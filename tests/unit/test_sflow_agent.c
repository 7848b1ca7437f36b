/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent (O25) between stand-ins for the observer and the workers and a collector on loopback: what goes into a
 * datagram and when it goes, sequence numbers through a reload, what it asks of the workers, errors that are counted.
 */
#include "sflow_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/metrics.h"
#include "control/sflow.h"
#include "control/show.h"
#include "ctl_standins.h"

#define LIMIT_MS 5000

static struct ts_control *control;
static int collector;
static struct read_datagram got;
static char err[256];

static bool
receive(int ms)
{
	struct pollfd p = {.fd = collector, .events = POLLIN};
	uint8_t data[2048];
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return false;
	n = recv(collector, data, sizeof(data), 0);
	assert_true(n > 0 && n <= 1400);
	read_datagram(data, (size_t)n, &got);
	return true;
}

/* Turns until the collector has something. */
static void
expect_datagram(void)
{
	uint64_t end = ts_now_ms() + LIMIT_MS;

	while (!receive(1)) {
		assert_true(ts_now_ms() < end);
		ts_sflow_poll(control);
	}
}

static void
sample(const uint8_t *frame, uint32_t len, uint32_t whole)
{
	const struct ts_observation o = {.len = whole, .kind = TS_OBSERVED_SAMPLE, .ethernet = 1, .sample_pool = 90};

	assert_non_null(standins.sample_taker);
	standins.sample_taker(&o, frame, len, standins.sample_taker_arg);
}

static const uint8_t frame_6in4[14 + 20 + 40] = {
	[12] = 0x08, [14] = 0x45, [16] = 0, [17] = 60, [22] = 64, [23] = 41, [34] = 0x60, [40] = 59};

static int
set_up(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct ts_cfg_sflow *cfg;

	(void)state;
	control = standin_control();
	collector = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(collector, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(collector, (struct sockaddr *)&at, &len), 0);
	cfg = &control->cfg.sflow;
	cfg->enabled = true;
	cfg->n_collectors = 1;
	cfg->collectors[0].address = (struct ts_cfg_addr){.family = AF_INET, .v4 = htonl(INADDR_LOOPBACK)};
	cfg->collectors[0].port = ntohs(at.sin_port);
	cfg->agent = (struct ts_cfg_addr){.family = AF_INET, .v4 = inet_addr("198.51.100.1")};
	cfg->sampling_rate = 100;
	cfg->header_bytes = 128;
	cfg->mark_tunnels = true;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ts_sflow_stop(control);
	close(collector);
	free(control);
	return 0;
}

static void
start(void)
{
	assert_int_equal(ts_sflow_start(control, err, sizeof(err)), 0);
}

static void
test_off(void **state)
{
	(void)state;
	control->cfg.sflow.enabled = false;
	start();
	assert_null(control->sflow);
	assert_int_equal(standins.plans, 0);
	ts_sflow_poll(control);
	ts_sflow_stop(control);
}

static void
test_one_sample(void **state)
{
	(void)state;
	start();
	assert_int_equal(standins.plan.sample_every, 100);
	assert_int_equal(standins.plan.sample_snap, 128);
	assert_int_equal(standins.plans, 1);
	standins.counters[TS_C_observations_lost] = 3;
	sample(frame_6in4, sizeof(frame_6in4), 1280);
	assert_false(receive(0));
	expect_datagram();
	assert_int_equal(got.agent_type, 1);
	assert_int_equal(got.agent[3], 1);
	assert_int_equal(got.sequence, 1);
	assert_int_equal(got.n_flows, 1);
	assert_int_equal(got.flows[0].sequence, 1);
	assert_int_equal(got.flows[0].source, 1);
	assert_int_equal(got.flows[0].input, 1);
	assert_int_equal(got.flows[0].output, 0);
	assert_int_equal(got.flows[0].rate, 100);
	assert_int_equal(got.flows[0].pool, 90);
	assert_int_equal(got.flows[0].drops, 6); /* of two workers */
	assert_int_equal(got.flows[0].frame_len, 1284);
	assert_int_equal(got.flows[0].stripped, 4);
	assert_int_equal(got.flows[0].inner_at, 34);
	assert_int_equal(got.flows[0].header_len, sizeof(frame_6in4));
	assert_memory_equal(got.flows[0].header, frame_6in4, sizeof(frame_6in4));
}

/* Full datagrams go at once; the rest when its time has come. Nothing is lost or told twice. */
static void
test_many_samples(void **state)
{
	struct ts_sflow_stats st;
	uint32_t seen = 0, datagrams = 0;
	uint8_t frame[200] = {0};

	(void)state;
	start();
	for (unsigned i = 0; i < 100; i++) {
		frame[0] = (uint8_t)i;
		sample(frame, sizeof(frame), 1514);
	}
	while (seen < 100) {
		if (!receive(0))
			expect_datagram();
		assert_int_equal(got.sequence, ++datagrams);
		for (unsigned i = 0; i < got.n_flows; i++, seen++) {
			assert_int_equal(got.flows[i].header[0], seen);
			assert_int_equal(got.flows[i].sequence, seen + 1);
			assert_int_equal(got.flows[i].pool, 90 * (seen + 1));
			assert_int_equal(got.flows[i].header_len, 128); /* cut */
			assert_int_equal(got.flows[i].inner_at, 0);
		}
		assert_true(got.n_flows >= 6 || seen == 100);
	}
	assert_int_equal(seen, 100);
	assert_true(ts_sflow_stats(control, &st));
	assert_int_equal(st.flow_samples, 100);
	assert_int_equal(st.collectors[0].datagrams, datagrams);
	assert_int_equal(st.collectors[0].errors, 0);
}

/* Of a tunnel whose inner header is not all there nothing is said. */
static void
test_inner_header_cut(void **state)
{
	(void)state;
	control->cfg.sflow.header_bytes = 64;
	start();
	sample(frame_6in4, sizeof(frame_6in4), 60);
	expect_datagram();
	assert_int_equal(got.flows[0].header_len, 64);
	assert_int_equal(got.flows[0].inner_at, 0);
}

static void
test_counters(void **state)
{
	(void)state;
	control->cfg.sflow.sampling_rate = 0;
	control->cfg.sflow.counter_interval_s = 1;
	standins.ports[0].rx_packets = 5;
	start();
	assert_int_equal(standins.plan.sample_every, 0);
	for (uint32_t i = 1; i <= 2; i++) {
		expect_datagram();
		assert_int_equal(got.n_counters, 1);
		assert_int_equal(got.counters[0].sequence, i);
		assert_int_equal(got.counters[0].source, 1);
		assert_string_equal(got.counters[0].name, "ix-0");
		assert_int_equal(got.counters[0].generic[35], 10); /* ifInUcastPkts of two workers */
	}
}

/* Numbers go on, a changed plan is applied once, and what was waiting is sent. */
static void
test_reload(void **state)
{
	(void)state;
	start();
	sample(frame_6in4, sizeof(frame_6in4), 60);
	control->cfg.sflow.header_bytes = 64;
	control->cfg.sflow.mark_tunnels = false;
	start();
	assert_true(receive(LIMIT_MS));
	assert_int_equal(got.sequence, 1);
	assert_int_equal(standins.plans, 2);
	start();
	assert_int_equal(standins.plans, 2);
	sample(frame_6in4, sizeof(frame_6in4), 60);
	expect_datagram();
	assert_int_equal(got.sequence, 2);
	assert_int_equal(got.flows[0].sequence, 2);
	assert_int_equal(got.flows[0].header_len, 64);
	assert_int_equal(got.flows[0].inner_at, 0);
	control->cfg.sflow.enabled = false;
	start();
	assert_null(control->sflow);
	assert_null(standins.sample_taker);
	assert_int_equal(standins.plan.sample_every, 0);
}

/* A source that this machine has not: what was there before goes on. */
static void
test_reload_in_vain(void **state)
{
	(void)state;
	start();
	control->cfg.sflow.source = (struct ts_cfg_addr){.family = AF_INET, .v4 = inet_addr("192.0.2.99")};
	assert_int_equal(ts_sflow_start(control, err, sizeof(err)), -1);
	assert_memory_equal(err, "sflow.source: ", 14);
	assert_non_null(control->sflow);
	sample(frame_6in4, sizeof(frame_6in4), 60);
	expect_datagram();
	assert_int_equal(got.n_flows, 1);
}

/* What cannot be sent to one collector is counted, and the other has it all the same. */
static void
test_send_errors(void **state)
{
	struct ts_cfg_sflow *cfg = &control->cfg.sflow;
	struct ts_sflow_stats st;
	struct ts_metrics m = {0};
	struct ts_answer answer;
	char *text;

	(void)state;
	cfg->collectors[1] = cfg->collectors[0];
	/* From loopback the kernel refuses to send to the network. */
	cfg->collectors[0].address.v4 = inet_addr("192.0.2.99");
	cfg->source = (struct ts_cfg_addr){.family = AF_INET, .v4 = htonl(INADDR_LOOPBACK)};
	cfg->n_collectors = 2;
	start();
	sample(frame_6in4, sizeof(frame_6in4), 60);
	expect_datagram();
	assert_true(ts_sflow_stats(control, &st));
	assert_int_equal(st.collectors[0].errors, 1);
	assert_int_equal(st.collectors[0].datagrams, 0);
	assert_int_equal(st.collectors[1].datagrams, 1);
	ts_metrics_sflow(&m, control);
	assert_true(ts_metrics_end(&m));
	assert_non_null(strstr(m.text, "tsunagi_sflow_send_errors_total{collector=\"0\"} 1\n"));
	assert_non_null(strstr(m.text, "tsunagi_sflow_datagrams_total{collector=\"1\"} 1\n"));
	assert_non_null(strstr(m.text, "tsunagi_sflow_samples_total{kind=\"flow\"} 1\n"));
	assert_null(strstr(m.text, "192.0.2"));
	free(m.text);
	memset(&answer, 0, sizeof(answer));
	ts_show_sflow(control, NULL, &answer);
	text = json_dumps(answer.whole, JSON_SORT_KEYS);
	assert_non_null(strstr(text, "\"192.0.2.99:"));
	assert_non_null(strstr(text, "\"send_errors\": 1"));
	free(text);
	json_decref(answer.whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_off),
		TEST(test_one_sample),
		TEST(test_many_samples),
		TEST(test_inner_header_cut),
		TEST(test_counters),
		TEST(test_reload),
		TEST(test_reload_in_vain),
		TEST(test_send_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
