/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The encoder of sFlow datagrams: against words that were written down from the specification, and against a reader of
 * its own for every length of a header, for full datagrams and for both families of the agent.
 */
#include "sflow_reader.h"

#include <arpa/inet.h>

#include "lib/sflow.h"

static struct ts_sflow_datagram datagram;
static struct read_datagram got;
static const struct ts_sflow_agent agent4 = {.family = AF_INET, .addr = {198, 51, 100, 1}, .sub_agent = 7};
static const struct ts_sflow_agent agent6 = {.family = AF_INET6, .addr = {0x20, 1, 0xd, 0xb8, [15] = 1}};

static void
assert_words(const uint32_t *want, size_t n)
{
	for (size_t i = 0; i < n && i * 4 < datagram.len; i++) {
		uint32_t word;

		memcpy(&word, datagram.data + i * 4, 4);
		if (ntohl(word) != want[i])
			fail_msg("word %zu is %08x, not %08x", i, ntohl(word), want[i]);
	}
	assert_int_equal(datagram.len, n * 4);
}

/* sflow_version_5.txt: sample_datagram_v5, flow_sample, sampled_header; sflow_tunnels.txt: extended_decapsulate_egress.
 */
static void
test_flow_words(void **state)
{
	static const uint8_t header[] = {0xde, 0xad, 0xbe, 0xef, 0x01};
	static const struct ts_sflow_flow flow = {.sequence = 3,
		.port = 2,
		.rate = 4096,
		.pool = 0x12345678,
		.drops = 9,
		.frame_len = 60,
		.header = header,
		.header_len = sizeof(header),
		.inner_at = 34};
	static const uint32_t want[] = {
		5, 1, 0xc6336401, 7, 11, 123456, 1,	    /* version, agent, sub-agent, sequence, uptime, samples */
		1, 76, 3, 2, 4096, 0x12345678, 9, 2, 0, 2,  /* flow sample: to the number of records */
		1, 24, 1, 64, 4, 5, 0xdeadbeef, 0x01000000, /* header: Ethernet, length with FCS, stripped */
		1027, 4, 34,				    /* where the tunnel's header ends */
	};

	(void)state;
	ts_sflow_begin(&datagram, &agent4);
	assert_true(ts_sflow_add_flow(&datagram, &flow));
	ts_sflow_finish(&datagram, 11, 123456);
	assert_words(want, sizeof(want) / sizeof(want[0]));
}

/* if_counters, port_name. */
static void
test_counter_words(void **state)
{
	static const struct ts_sflow_counters counters = {.sequence = 4,
		.port = 1,
		.name = "ix-0x",
		.speed = 25000000000,
		.up = true,
		.promiscuous = true,
		.rx_bytes = 0x100000002,
		.rx_packets = 3,
		.rx_discards = 4,
		.tx_bytes = 0x500000006,
		.tx_packets = 7,
		.tx_discards = 8};
	static const uint32_t want[] = {
		5, 2, 0x20010db8, 0, 0, 1, 0, 12, 13, 1,		    /* an IPv6 agent */
		2, 128, 4, 1, 2,					    /* counters sample, two records */
		1, 88, 1, 6, 5, 0xd21dba00, 0, 3,			    /* index, type, speed, direction, status */
		1, 2, 3, UINT32_MAX, UINT32_MAX, 4, UINT32_MAX, UINT32_MAX, /* in */
		5, 6, 7, UINT32_MAX, UINT32_MAX, 8, UINT32_MAX, 1,	    /* out; promiscuous is true(1) */
		1005, 12, 5, 0x69782d30, 0x78000000,			    /* "ix-0x" */
	};

	(void)state;
	ts_sflow_begin(&datagram, &agent6);
	assert_true(ts_sflow_add_counters(&datagram, &counters));
	ts_sflow_finish(&datagram, 12, 13);
	assert_words(want, sizeof(want) / sizeof(want[0]));
}

/* What came before in the buffer is not sent: padding is zeros for every length. */
static void
test_every_length(void **state)
{
	uint8_t header[TS_SFLOW_HEADER_MAX];

	(void)state;
	memset(header, 0xa5, sizeof(header));
	for (uint32_t len = 0; len <= TS_SFLOW_HEADER_MAX; len++) {
		struct ts_sflow_flow flow = {
			.sequence = len, .port = 1, .header = header, .header_len = len, .inner_at = len / 2};

		memset(&datagram, 0xff, sizeof(datagram));
		ts_sflow_begin(&datagram, len % 2 == 0 ? &agent4 : &agent6);
		assert_true(ts_sflow_add_flow(&datagram, &flow));
		ts_sflow_finish(&datagram, 1, 1);
		read_datagram(datagram.data, datagram.len, &got);
		assert_int_equal(got.n_flows, 1);
		assert_int_equal(got.flows[0].header_len, len);
		assert_int_equal(got.flows[0].inner_at, len / 2);
		assert_memory_equal(got.flows[0].header, header, len);
	}
}

/* Nothing is written beyond the end, a sample that does not fit changes nothing, and the next datagram has room. */
static void
test_full(void **state)
{
	static const uint8_t header[128] = {1, [127] = 2};
	static const struct ts_sflow_counters counters = {.port = 1, .name = "a-name-of-more-than-32-bytes-is-cut-off"};
	struct ts_sflow_flow flow = {.port = 1, .header = header, .header_len = sizeof(header), .inner_at = 34};
	struct {
		struct ts_sflow_datagram d;
		uint8_t behind[64];
	} guarded;

	(void)state;
	memset(&guarded, 0xee, sizeof(guarded));
	ts_sflow_begin(&guarded.d, &agent6);
	while (ts_sflow_add_flow(&guarded.d, &flow))
		flow.sequence++;
	assert_int_equal(flow.sequence, 6);
	while (ts_sflow_add_counters(&guarded.d, &counters))
		;
	assert_true(guarded.d.len <= TS_SFLOW_DATAGRAM);
	for (unsigned i = 0; i < sizeof(guarded.behind); i++)
		assert_int_equal(guarded.behind[i], 0xee);
	ts_sflow_finish(&guarded.d, 1, 1);
	read_datagram(guarded.d.data, guarded.d.len, &got);
	assert_int_equal(got.n_flows, 6);
	assert_int_equal(got.flows[5].sequence, 5);
	ts_sflow_begin(&guarded.d, &agent6);
	assert_true(ts_sflow_add_counters(&guarded.d, &counters));
	ts_sflow_finish(&guarded.d, 2, 1);
	read_datagram(guarded.d.data, guarded.d.len, &got);
	assert_int_equal(got.n_counters, 1);
	assert_string_equal(got.counters[0].name, "a-name-of-more-than-32-bytes-is-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_words),
		cmocka_unit_test(test_counter_words),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
