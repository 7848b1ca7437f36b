/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written about the configuration is true: docs/configuration.md is what the table of keys says, the examples
 * load, and config/tsunagi.yaml shows every key. TS_UPDATE_DOCS=1 in the environment writes docs/configuration.md anew.
 */
#include "config_util.h"

#include <glob.h>

#include "lib/config_internal.h"

static char *
read_file(const char *name)
{
	char path[4096];
	char *text = calloc(1, TS_CONFIG_MAX_BYTES);
	FILE *f = fopen(test_source(path, sizeof(path), name), "r");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, TS_CONFIG_MAX_BYTES - 1, f) > 0);
	fclose(f);
	return text;
}

static char *
document(const char *format)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(ts_config_document(format, f), 0);
	fclose(f);
	return text;
}

static void
update(const char *text)
{
	char path[4096];
	FILE *f = fopen(test_source(path, sizeof(path), "docs/configuration.md"), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_reference_is_up_to_date(void **state)
{
	char *want = document("md");

	(void)state;
	if (getenv("TS_UPDATE_DOCS") != NULL)
		update(want);
	char *is = read_file("docs/configuration.md");
	bool same = strcmp(is, want) == 0;

	if (!same)
		print_error("docs/configuration.md is out of date: run this test with TS_UPDATE_DOCS=1\n");
	free(is);
	free(want);
	assert_true(same);
}

static void
test_every_key_is_documented(void **state)
{
	char *md = document("md"), *man = document("man");

	(void)state;
	for (unsigned i = 0; i < ts_n_keys; i++) {
		assert_non_null(strstr(md, ts_keys[i].path));
		assert_true(strlen(ts_keys[i].help) > 0);
		/* A table's cell ends at a bar. */
		assert_null(strchr(ts_keys[i].help, '|'));
	}
	assert_non_null(strstr(man, ".TH TSUNAGI.YAML 5"));
	assert_non_null(strstr(man, "delete\\-hold\\-max\\-ms"));
	free(md);
	free(man);
}

static void
test_unknown_format(void **state)
{
	(void)state;
	assert_int_equal(ts_config_document("html", stderr), -1);
}

/* Whether any node of the tree matches the path of the table: [] is any entry, * any key. */
static bool
appears(const struct ts_node *node, const char *path)
{
	size_t len = strcspn(path, ".[");

	if (node->kind == TS_NODE_LIST) {
		for (const struct ts_node *n = node->first; n != NULL; n = n->next)
			if (appears(n, path))
				return true;
		return false;
	}
	const char *rest = path + len + (strncmp(path + len, "[]", 2) == 0 ? 2 : 0);

	for (const struct ts_node *n = node->first; n != NULL; n = n->next) {
		bool match = path[0] == '*' || (strlen(n->name) == len && memcmp(n->name, path, len) == 0);

		if (match && (*rest == '\0' || appears(n, rest + 1)))
			return true;
	}
	return false;
}

/* No use for a PCI device; a file that is not there; not beside the other way: they are there as comments. */
static bool
is_comment(const char *text, const char *path)
{
	static const struct {
		const char *path, *comment;
	} comments[] = {
		{"ports[].netns", "    # netns:"},
		{"teredo-relay.bubble-source", "  # bubble-source:"},
		{"teredo-server.keys-file", "  # keys-file:"},
		{"fpm", "# fpm:"},
		{"fpm.address", "#   address:"},
		{"fpm.port", "#   port:"},
		{"fpm.stale-s", "#   stale-s:"},
	};

	for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++)
		if (strcmp(comments[i].path, path) == 0)
			return strstr(text, comments[i].comment) != NULL;
	return false;
}

static void
test_example_has_every_key(void **state)
{
	char *text = read_file("config/tsunagi.yaml");
	struct ts_load l = {.file = "tsunagi.yaml", .cfg = &test_cfg};
	unsigned missing = 0;

	(void)state;
	l.root = ts_yaml_parse(&l, text, strlen(text));
	assert_non_null(l.root);
	for (unsigned i = 0; i < ts_n_keys; i++) {
		if (!is_comment(text, ts_keys[i].path) && !appears(l.root, ts_keys[i].path)) {
			print_error("config/tsunagi.yaml lacks %s\n", ts_keys[i].path);
			missing++;
		}
	}
	ts_node_free(l.root);
	free(text);
	assert_int_equal(missing, 0);
}

static void
test_examples_load(void **state)
{
	char pattern[4096];
	glob_t found;
	unsigned failed = 0;

	(void)state;
	assert_int_equal(glob(test_source(pattern, sizeof(pattern), "config/*.yaml"), 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (test_load_file(found.gl_pathv[i]) != 0) {
			print_error("%s", test_said);
			failed++;
		}
		ts_config_free(&test_cfg);
	}
	globfree(&found);
	free(test_said);
	test_said = NULL;
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_is_up_to_date),
		cmocka_unit_test(test_every_key_is_documented),
		cmocka_unit_test(test_unknown_format),
		cmocka_unit_test(test_example_has_every_key),
		cmocka_unit_test(test_examples_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
