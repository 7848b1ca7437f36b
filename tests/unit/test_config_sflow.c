/* SPDX-License-Identifier: BSD-3-Clause */
/* The section `sflow`: what it may say, what it takes from elsewhere, and that a reload may change all of it. */
#include "test_config_faults.h"

#define SFLOW(keys) BASE "sflow: {" keys "}\n"
#define TO "collectors: [{address: 192.0.2.43}]"

static void
test_defaults(void **state)
{
	const struct ts_cfg_sflow *c = &test_cfg.sflow;

	(void)state;
	test_load_fine(BASE);
	assert_false(c->enabled);
	ts_config_free(&test_cfg);
	test_load_fine(SFLOW(TO));
	assert_true(c->enabled);
	assert_int_equal(c->n_collectors, 1);
	assert_int_equal(c->collectors[0].address.v4, inet_addr("192.0.2.43"));
	assert_int_equal(c->collectors[0].port, 6343);
	assert_int_equal(c->agent.family, AF_INET);
	assert_int_equal(c->agent.v4, inet_addr("198.51.100.1"));
	assert_int_equal(c->source.family, 0);
	assert_int_equal(c->sub_agent, 0);
	assert_int_equal(c->sampling_rate, 4096);
	assert_int_equal(c->header_bytes, 128);
	assert_int_equal(c->counter_interval_s, 20);
	assert_false(c->mark_tunnels);
	ts_config_free(&test_cfg);
}

static void
test_values(void **state)
{
	const struct ts_cfg_sflow *c = &test_cfg.sflow;

	(void)state;
	test_load_fine(
		SFLOW("collectors: [{address: 127.0.0.1}, {address: \"::1\", port: 9}, {address: 127.0.0.1, "
		      "port: 10}], agent: \"2001:db8::7\", source: \"2001:db8::8\", sub-agent: 5, sampling-rate: 0, "
		      "header-bytes: 512, counter-interval-s: 1, mark-tunnels: yes"));
	assert_int_equal(c->n_collectors, 3);
	assert_int_equal(c->collectors[1].address.family, AF_INET6);
	assert_int_equal(c->collectors[1].port, 9);
	assert_int_equal(c->agent.family, AF_INET6);
	assert_int_equal(c->source.family, AF_INET6);
	assert_int_equal(c->sub_agent, 5);
	assert_int_equal(c->sampling_rate, 0);
	ts_config_free(&test_cfg);
}

static void
test_faults(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "sflow:\n", 5, "sflow.collectors", "is missing: the section is there, but says nothing"},
		{SFLOW("sampling-rate: 5"), 5, "sflow.collectors", "is missing"},
		{SFLOW("collectors: []"), 5, "sflow.collectors", "at least 1"},
		{SFLOW("collectors: [{port: 5}]"), 5, "sflow.collectors[0].address", "is missing"},
		{SFLOW("collectors: [{address: 192.0.2.1}, {address: 192.0.2.2}, {address: 192.0.2.3}, {address: 192.0.2.4}, "
		       "{address: 192.0.2.5}]"),
			5, "sflow.collectors", "at most 4"},
		{SFLOW("collectors: [{address: 239.1.2.3}]"), 5, "sflow.collectors[0].address",
			"is a multicast address"},
		{SFLOW("collectors: [{address: \"fe80::1\"}]"), 5, "sflow.collectors[0].address", "link-local"},
		{SFLOW("collectors: [{address: 192.0.2.1/24}]"), 5, "sflow.collectors[0].address", "is a prefix"},
		{SFLOW("collectors: [{address: collector}]"), 5, "sflow.collectors[0].address", "not an IPv4 or IPv6"},
		{SFLOW("collectors: [{address: 192.0.2.1, port: 0}]"), 5, "sflow.collectors[0].port", "0"},
		{BASE "sflow:\n  collectors:\n    - address: 192.0.2.1\n    - address: 192.0.2.1\n", 8,
			"sflow.collectors[1].address", "192.0.2.1 port 6343 is sflow.collectors[0] too"},
		{SFLOW(TO ", agent: 127.0.0.1"), 5, "sflow.agent", "is a loopback address"},
		{SFLOW(TO ", source: \"2001:db8::1\""), 5, "sflow.source", "no collector has an address of its family"},
		{SFLOW(TO ", source: 224.0.0.1"), 5, "sflow.source", "is a multicast address"},
		{SFLOW(TO ", sampling-rate: 16777216"), 5, "sflow.sampling-rate", "16777215"},
		{SFLOW(TO ", header-bytes: 63"), 5, "sflow.header-bytes", "64"},
		{SFLOW(TO ", header-bytes: 513"), 5, "sflow.header-bytes", "512"},
		{SFLOW(TO ", sampling-rate: 0, counter-interval-s: 0"), 5, "sflow", "has nothing to send"},
		{SFLOW(TO ", interval: 5"), 5, "sflow.interval", "unknown key"},
		{PORT IFACE "sflow: {" TO "}\n", 3, "sflow.agent", "is missing: no interface has an address"},
	};

	(void)state;
	RUN(cases);
}

static void
assert_reloadable(const char *was, const char *is)
{
	static struct ts_config before;
	size_t said;
	unsigned n;

	test_load_fine(was);
	before = test_cfg;
	test_load_fine(is);
	FILE *err = test_listen(&said);
	n = ts_config_fixed_differ(&before, &test_cfg, err);
	fclose(err);
	ts_config_free(&test_cfg);
	ts_config_free(&before);
	assert_int_equal(n, 0);
}

static void
test_reload(void **state)
{
	(void)state;
	assert_reloadable(BASE, SFLOW(TO));
	assert_reloadable(SFLOW(TO), BASE);
	assert_reloadable(SFLOW(TO),
		SFLOW("collectors: [{address: 192.0.2.44}, {address: \"2001:db8::1\", port: 5}], agent: "
		      "192.0.2.1, source: 192.0.2.2, sub-agent: 1, sampling-rate: 1, header-bytes: 64, "
		      "counter-interval-s: 0, mark-tunnels: yes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
