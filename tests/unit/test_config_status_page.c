/* SPDX-License-Identifier: BSD-3-Clause */
/* The section `status-page`: what it may say, and what a reload may change of it. */
#include "test_config_faults.h"

#define PAGE(keys) BASE "http:\nstatus-page: {" keys "}\n"

static void
test_defaults(void **state)
{
	(void)state;
	test_load_fine(BASE);
	assert_false(test_cfg.status_page.enabled);
	ts_config_free(&test_cfg);
	test_load_fine(BASE "http:\nstatus-page:\n");
	assert_true(test_cfg.status_page.enabled);
	assert_true(test_cfg.status_page.public);
	assert_string_equal(test_cfg.status_page.title, "IPv6 tunnel relay");
	assert_string_equal(test_cfg.status_page.contact, "");
	assert_string_equal(test_cfg.status_page.history_file, "/var/lib/tsunagi/history");
	ts_config_free(&test_cfg);
}

static void
test_values(void **state)
{
	(void)state;
	test_load_fine(PAGE("public: no, title: つなぎ at the <exchange>, contact: \"Ask, or not\", history-file: /h"));
	assert_false(test_cfg.status_page.public);
	assert_string_equal(test_cfg.status_page.title, "つなぎ at the <exchange>");
	assert_string_equal(test_cfg.status_page.contact, "Ask, or not");
	ts_config_free(&test_cfg);
}

static void
test_faults(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "status-page: {}\n", 5, "status-page", "needs the section `http`"},
		{PAGE("public: maybe"), 6, "status-page.public", "yes, no"},
		{PAGE("publik: yes"), 6, "status-page.publik", "did you mean `public`?"},
		{PAGE("title: \"\""), 6, "status-page.title", "empty"},
		{PAGE("title: \" x\""), 6, "status-page.title", "begins with a space"},
		{PAGE("title: \"a\\nb\""), 6, "status-page.title", "control character"},
		{PAGE("title: 1234567890123456789012345678901234567890123456789012345678901234"), 6,
			"status-page.title", "64 bytes, 63 are allowed"},
		{PAGE("title: [a]"), 6, "status-page.title", "a single value is wanted"},
		{BASE "http:\nstatus-page:\n  contact:\n", 7, "status-page.contact", "has no value"},
		{PAGE("history-file: history"), 6, "status-page.history-file", "not an absolute path of a file"},
		{PAGE("history-file: /var/lib/"), 6, "status-page.history-file", "not an absolute path of a file"},
		{PAGE("history-file: \"/a b\""), 6, "status-page.history-file", "contains a space"},
	};

	(void)state;
	RUN(cases);
}

static unsigned
differ(const char *was, const char *is)
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
	return n;
}

static void
test_reload(void **state)
{
	(void)state;
	assert_int_equal(differ(PAGE("title: a"), PAGE("title: b, contact: c, public: no")), 0);
	assert_int_equal(differ(PAGE("history-file: /a"), PAGE("history-file: /b")), 1);
	assert_int_equal(differ(PAGE("title: a"), BASE "http:\n"), 1);
	assert_int_equal(differ(BASE "http:\n", PAGE("title: a")), 1);
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
