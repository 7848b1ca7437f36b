/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/teredo_keys.c: the vectors of RFC 2202 3, files of every kind of fault, permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/teredo_keys.h"

static char dir[] = "/tmp/ts-keys-XXXXXX";
static char path[sizeof(dir) + 8];
static char err[512];

static int
make_dir(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/keys", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void
put_file(const char *text, size_t len)
{
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static struct ts_teredo_keys *
load(const char *text)
{
	struct ts_teredo_keys *keys;

	put_file(text, strlen(text));
	keys = ts_teredo_keys_load(path, err, sizeof(err));
	if (keys == NULL)
		fail_msg("%s", err);
	return keys;
}

/* The message is the path, `where` and something that contains `what`. */
static void
assert_refused(const char *where, const char *what)
{
	assert_null(ts_teredo_keys_load(path, err, sizeof(err)));
	assert_memory_equal(err, path, strlen(path));
	assert_memory_equal(err + strlen(path), where, strlen(where));
	if (strstr(err, what) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err, what);
}

static void
assert_bad(const char *text, const char *where, const char *what)
{
	put_file(text, strlen(text));
	assert_refused(where, what);
}

static const struct ts_teredo_key *
find(const struct ts_teredo_keys *keys, const char *id)
{
	return ts_teredo_keys_find(keys, (const uint8_t *)id, strlen(id));
}

static void
assert_hmac(const struct ts_teredo_key *key, const void *bytes, size_t len, const char *want)
{
	const struct ts_teredo_part halves[] = {{bytes, len / 2}, {(const uint8_t *)bytes + len / 2, len - len / 2}};
	uint8_t got[TS_TEREDO_HMAC_LEN];
	char hex[2 * TS_TEREDO_HMAC_LEN + 1];

	assert_non_null(key);
	ts_teredo_hmac(key, halves, 2, got);
	for (unsigned i = 0; i < TS_TEREDO_HMAC_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", got[i]);
	assert_string_equal(hex, want);
}

/* RFC 2202 3, cases 1 to 4, 6 and 7; case 2 with its key as text. */
static void
test_rfc2202(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	static const char longer[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	static const char longest[] = "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data";
	char file[1024], aa[161];
	uint8_t dd[50], cd[50];
	struct ts_teredo_keys *keys;

	(void)state;
	for (unsigned i = 0; i < 160; i++)
		aa[i] = 'a';
	aa[160] = '\0';
	memset(dd, 0xdd, sizeof(dd));
	memset(cd, 0xcd, sizeof(cd));
	snprintf(file, sizeof(file),
		"one hex:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b\n"
		"two Jefe\n"
		"three hex:AAAAAAAAAAAAAAAAAAAAaaaaaaaaaaaaaaaaaaaa\n"
		"four hex:0102030405060708090a0b0c0d0e0f10111213141516171819\n"
		"six hex:%s\n",
		aa);
	keys = load(file);
	assert_int_equal(ts_teredo_keys_count(keys), 5);
	assert_hmac(find(keys, "one"), "Hi There", 8, "b617318655057264e28bc0b6fb378c8ef146be00");
	assert_hmac(find(keys, "two"), text, strlen(text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	assert_hmac(find(keys, "three"), dd, sizeof(dd), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
	assert_hmac(find(keys, "four"), cd, sizeof(cd), "4c9007f4026250c6bc8414f9bf50c86c2d7235da");
	assert_hmac(find(keys, "six"), longer, strlen(longer), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	assert_hmac(find(keys, "six"), longest, strlen(longest), "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
	/* the key is as it was */
	assert_hmac(find(keys, "two"), text, strlen(text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	ts_teredo_keys_put(keys);
}

static void
test_equal(void **state)
{
	uint8_t a[TS_TEREDO_HMAC_LEN] = {0}, b[TS_TEREDO_HMAC_LEN] = {0};

	(void)state;
	assert_true(ts_teredo_hmac_equal(a, b));
	for (unsigned bit = 0; bit < 8 * TS_TEREDO_HMAC_LEN; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ts_teredo_hmac_equal(a, b));
		b[bit / 8] = 0;
	}
}

static void
test_format(void **state)
{
	struct ts_teredo_keys *keys = load("# clients\n"
					   "\n"
					   "   \t \n"
					   "alice  secret\n"
					   "\tbob\t hex:00ff  # with a comment\r\n"
					   "al hex\n"
					   "alic\xc3\xa9 se#cret #\n"
					   "last line"); /* without a newline */

	(void)state;
	assert_int_equal(ts_teredo_keys_count(keys), 5);
	assert_non_null(find(keys, "alice"));
	assert_non_null(find(keys, "bob"));
	assert_non_null(find(keys, "al"));
	assert_non_null(find(keys, "alic\xc3\xa9"));
	assert_non_null(find(keys, "last"));
	assert_null(find(keys, "alic"));
	assert_null(find(keys, "alicea"));
	assert_null(find(keys, "Alice"));
	assert_null(find(keys, ""));
	assert_null(find(keys, "# clients"));
	/* an identifier is bytes, not a string */
	assert_null(ts_teredo_keys_find(keys, (const uint8_t *)"alice\0", 6));
	assert_non_null(ts_teredo_keys_find(keys, (const uint8_t *)"alice\0", 5));
	ts_teredo_keys_put(keys);
}

static void
test_references(void **state)
{
	struct ts_teredo_keys *keys = load("alice secret\n");

	(void)state;
	assert_ptr_equal(ts_teredo_keys_hold(keys), keys);
	ts_teredo_keys_put(keys);
	assert_non_null(find(keys, "alice"));
	ts_teredo_keys_put(keys);
	ts_teredo_keys_put(NULL);
}

static void
test_many(void **state)
{
	enum { N = 3000 };
	char *text = malloc(N * 32), *at = text, id[16];
	struct ts_teredo_keys *keys;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < N; i++)
		at += sprintf(at, "client%u secret%u\n", i * 7919 % N, i);
	keys = load(text);
	free(text);
	assert_int_equal(ts_teredo_keys_count(keys), N);
	for (unsigned i = 0; i <= N; i++) {
		snprintf(id, sizeof(id), "client%u", i);
		assert_int_equal(find(keys, id) != NULL, i < N);
	}
	ts_teredo_keys_put(keys);
}

static void
test_faults(void **state)
{
	(void)state;
	assert_bad("alice\n", ":1: ", "missing");
	assert_bad("# a\nalice # secret\n", ":2: ", "missing");
	assert_bad("a b\nalice secret more\n", ":2: ", "more than two words");
	assert_bad("a hex:\n", ":1: ", "empty");
	assert_bad("a hex:0\n", ":1: ", "hexadecimal");
	assert_bad("a hex:0g\n", ":1: ", "hexadecimal");
	assert_bad("a hex:0x01\n", ":1: ", "hexadecimal");
	assert_bad("a b\nc d\na e\n", ":3: ", "in line 1 already");
	assert_bad("a\001 b\n", ":1: ", "control");
	assert_bad("a b\177\n", ":1: ", "control");
	assert_bad("", ": ", "no identifier");
	assert_bad("# nobody\n", ": ", "no identifier");
	put_file("a b\0c d\n", 8);
	assert_refused(":1: ", "control");
	/* no message shows a secret */
	assert_bad("alice topsecret hex:zz\n", ":1: ", "words");
	assert_null(strstr(err, "topsecret"));
	assert_bad("alice hex:topsecrets\n", ":1: ", "hex");
	assert_null(strstr(err, "topsecret"));
}

/* A line with an identifier and a secret of these lengths, the latter in hexadecimal if `hex`. */
static void
put_lengths(size_t id, size_t secret, bool hex)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	text[id] = ' ';
	if (hex)
		memcpy(text + id + 1, "hex:", 4);
	text[id + 1 + (hex ? 4 + 2 * secret : secret)] = '\n';
	put_file(text, id + 2 + (hex ? 4 + 2 * secret : secret));
}

static void
test_lengths(void **state)
{
	struct ts_teredo_keys *keys;

	(void)state;
	for (unsigned hex = 0; hex < 2; hex++) {
		put_lengths(TS_TEREDO_ID_MAX, TS_TEREDO_SECRET_MAX, hex);
		keys = ts_teredo_keys_load(path, err, sizeof(err));
		assert_non_null(keys);
		ts_teredo_keys_put(keys);
		put_lengths(TS_TEREDO_ID_MAX + 1, TS_TEREDO_SECRET_MAX, hex);
		assert_refused(":1: ", "256 bytes: at most 255");
		put_lengths(TS_TEREDO_ID_MAX, TS_TEREDO_SECRET_MAX + 1, hex);
		assert_refused(":1: ", "257 bytes: at most 256");
	}
	/* the longest line that is read is refused for what it says */
	put_lengths(TS_TEREDO_KEYS_MAX_LINE - 2, 1, false);
	assert_refused(":1: ", "identifier has");
	put_lengths(TS_TEREDO_KEYS_MAX_LINE - 1, 1, false);
	assert_refused(":1: ", "more than 1024 bytes");
}

static void
test_permissions(void **state)
{
	static const mode_t good[] = {0600, 0400, 0700, 0711}, bad[] = {0640, 0620, 0604, 0602, 0666};
	struct ts_teredo_keys *keys;

	(void)state;
	put_file("a b\n", 4);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(chmod(path, good[i]), 0);
		keys = ts_teredo_keys_load(path, err, sizeof(err));
		assert_non_null(keys);
		ts_teredo_keys_put(keys);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char mode[16];

		assert_int_equal(chmod(path, bad[i]), 0);
		snprintf(mode, sizeof(mode), "mode %04o", (unsigned)bad[i]);
		assert_refused(": ", mode);
	}
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_refused(": ", "user 12345");
	assert_int_equal(chown(path, 0, 12345), 0);
	keys = ts_teredo_keys_load(path, err, sizeof(err));
	assert_non_null(keys);
	ts_teredo_keys_put(keys);
}

static void
test_no_file(void **state)
{
	(void)state;
	unlink(path);
	assert_refused(": ", "cannot be opened");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(": ", "regular");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(": ", "regular");
}

#define T(f) cmocka_unit_test_teardown(f, remove_file)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_rfc2202), T(test_equal), T(test_format), T(test_references),
		T(test_many), T(test_faults), T(test_lengths), T(test_permissions), T(test_no_file)};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
