/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that the history is kept in: written, read after a restart, broken, not to be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/history_file.h"
#include "history_rig.h"

/* As after a restart, so much later by the wall clock. */
static struct ts_history *
restarted(int64_t later_ms)
{
	static const struct ts_history_series others[] = {{.name = "new"}, {.name = "packets"}, {.name = "clients"}};
	struct ts_history *again = ts_history_create(others, 3);

	wall += later_ms;
	ts_history_load(again, path, wall);
	return again;
}

static void
write_now(void)
{
	struct ts_history_writer w = {0};

	strcpy(w.path, path);
	ts_history_save_last(&w, h);
	assert_false(w.failed);
}

static void
test_file(void **s)
{
	struct ts_history *again;
	int64_t end;

	(void)s;
	sample(h);
	clients = 4;
	run_s(600, 8);
	end = ts_history_end(h, HOUR);
	write_now();
	again = restarted(0);
	assert_int_equal(ts_history_end(again, HOUR), end);
	near(ts_history_cell(again, HOUR, 1, 0).mean, 8);
	near(ts_history_cell(again, HOUR, 1, 59).mean, 8);
	assert_true(isnan(ts_history_cell(again, HOUR, 1, 60).mean));
	near(ts_history_cell(again, MONTH, 1, 0).mean, 8);
	/* What has its name, but is something else now. */
	assert_true(isnan(ts_history_cell(again, HOUR, 2, 0).mean));
	assert_true(isnan(ts_history_cell(again, HOUR, 0, 0).mean));
	ts_history_free(again);
}

static void
test_restart_leaves_a_gap(void **s)
{
	struct ts_history *again;

	(void)s;
	sample(h);
	run_s(100, 8);
	write_now();
	again = restarted(60000);
	mono = 77;
	packets = 0;
	sample(again);
	ts_history_free(h);
	h = again;
	wall += 10000, mono += 10000;
	ts_history_add(h, wall, mono, (const uint64_t[]){0, 50, 0});
	near(ts_history_cell(h, HOUR, 1, 0).mean, 5);
	for (unsigned age = 1; age < 7; age++)
		assert_true(isnan(ts_history_cell(h, HOUR, 1, age).mean));
	near(ts_history_cell(h, HOUR, 1, 7).mean, 8);
}

static void
test_file_from_the_future(void **s)
{
	struct ts_history *again;

	(void)s;
	sample(h);
	run_s(100, 8);
	write_now();
	again = restarted(-INT64_C(1000) * 86400 * 365 * 50);
	near(ts_history_cell(again, HOUR, 1, 0).mean, 8);
	assert_true(ts_history_end(again, HOUR) <= wall / 1000 + 10);
	ts_history_free(again);
}

static size_t
size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? (size_t)st.st_size : 0;
}

/* Whatever is done to the file: it is put aside, and the history is empty. */
static void
broken(void (*spoil)(FILE *f, size_t size))
{
	struct ts_history *again;
	char aside[96];
	size_t size;
	FILE *f;

	write_now();
	size = size_of(path);
	f = fopen(path, "r+");
	spoil(f, size);
	fclose(f);
	again = restarted(0);
	snprintf(aside, sizeof(aside), "%s.broken", path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(unlink(aside), 0);
	assert_int_equal(ts_history_end(again, HOUR), 0);
	assert_true(isnan(ts_history_cell(again, HOUR, 1, 0).mean));
	ts_history_free(again);
}

static void
cut(FILE *f, size_t size)
{
	assert_int_equal(ftruncate(fileno(f), (off_t)size - 1), 0);
}

static void
empty(FILE *f, size_t size)
{
	(void)size;
	assert_int_equal(ftruncate(fileno(f), 0), 0);
}

static void
flip(FILE *f, size_t size)
{
	fseek(f, (long)size - 100, SEEK_SET);
	int c = fgetc(f);
	fseek(f, (long)size - 100, SEEK_SET);
	fputc(c ^ 1, f);
}

static void
other_magic(FILE *f, size_t size)
{
	(void)size;
	fputs("#!/bin/sh\n", f);
}

static void
other_version(FILE *f, size_t size)
{
	const uint32_t version = TS_HISTORY_VERSION + 1;

	(void)size;
	fseek(f, 8, SEEK_SET);
	fwrite(&version, sizeof(version), 1, f);
}

static void
many_series(FILE *f, size_t size)
{
	const uint32_t n = UINT32_MAX;

	(void)size;
	fseek(f, 16, SEEK_SET);
	fwrite(&n, sizeof(n), 1, f);
}

static void
test_broken_files(void **s)
{
	(void)s;
	sample(h);
	run_s(100, 8);
	broken(cut);
	broken(empty);
	broken(flip);
	broken(other_magic);
	broken(other_version);
	broken(many_series);
}

static void
test_no_file(void **s)
{
	struct ts_history *again = restarted(0);

	(void)s;
	assert_int_equal(ts_history_end(again, HOUR), 0);
	ts_history_free(again);
}

static void
test_saved_by_a_thread(void **s)
{
	struct ts_history_writer w = {0};

	(void)s;
	strcpy(w.path, path);
	sample(h);
	run_s(100, 8);
	ts_history_save_begin(&w, h);
	assert_true(w.running);
	ts_history_save_begin(&w, h);
	while (w.running)
		ts_history_save_poll(&w);
	assert_false(w.failed);
	assert_true(size_of(path) > 1000);
	ts_history_save_begin(&w, h);
	ts_history_save_last(&w, h);
	assert_false(w.running || w.failed);
}

/* Nothing is left behind, and the file that was there stays. */
static void
test_cannot_be_written(void **s)
{
	struct ts_history_writer w = {0};
	char fresh[96];

	(void)s;
	write_now();
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(mkdir(fresh, 0700), 0);
	strcpy(w.path, path);
	ts_history_save_last(&w, h);
	assert_true(w.failed);
	assert_int_equal(w.error, EISDIR);
	assert_true(size_of(path) > 1000);
	assert_int_equal(rmdir(fresh), 0);
	ts_history_save_last(&w, h);
	assert_false(w.failed);
	assert_int_equal(access(fresh, F_OK), -1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_restart_leaves_a_gap),
		TEST(test_file_from_the_future),
		TEST(test_broken_files),
		TEST(test_no_file),
		TEST(test_saved_by_a_thread),
		TEST(test_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
