/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the configuration share: loading a text and keeping what was said about it.
 */
#ifndef TS_TEST_CONFIG_UTIL_H
#define TS_TEST_CONFIG_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/config.h"

/* Large: not for the stack. */
static struct ts_config test_cfg;
static char *test_said;

static inline FILE *
test_listen(size_t *len)
{
	free(test_said);
	test_said = NULL;
	FILE *f = open_memstream(&test_said, len);

	assert_non_null(f);
	return f;
}

/* Teardown of a group. */
static inline int
test_forget(void **state)
{
	(void)state;
	free(test_said);
	test_said = NULL;
	return 0;
}

/* Loads `len` bytes as t.yaml; the messages are in test_said until the next load. */
static inline int
test_load_bytes(const char *text, size_t len)
{
	size_t said;
	FILE *err = test_listen(&said);
	int rc = ts_config_load_buffer(&test_cfg, "t.yaml", text, len, err);

	fclose(err);
	return rc;
}

static inline int
test_load(const char *text)
{
	return test_load_bytes(text, strlen(text));
}

static inline int
test_load_file(const char *path)
{
	size_t said;
	FILE *err = test_listen(&said);
	int rc = ts_config_load(&test_cfg, path, err);

	fclose(err);
	return rc;
}

static inline void
test_load_fine(const char *text)
{
	int rc = test_load(text);

	if (rc != 0)
		print_error("%s\nfrom:\n%s\n", test_said, text);
	assert_int_equal(rc, 0);
	assert_string_equal(test_said, "");
}

static inline unsigned
test_lines_said(void)
{
	unsigned n = 0;

	for (const char *p = test_said; *p != '\0'; p++)
		n += *p == '\n';
	return n;
}

static inline const char *
test_source(char *buf, size_t size, const char *name)
{
	const char *root = getenv("TS_SOURCE_ROOT");

	snprintf(buf, size, "%s/%s", root != NULL ? root : ".", name);
	return buf;
}

static inline rte_be32_t
v4(const char *text)
{
	rte_be32_t a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static inline void
assert_v6(const struct in6_addr *a, const char *text)
{
	struct in6_addr want;

	assert_int_equal(inet_pton(AF_INET6, text, &want), 1);
	assert_memory_equal(a, &want, sizeof(want));
}

#endif
