/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of the status page by clocks of the test's own, and the file that they are kept in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/history.h"
#include "control/history_file.h"

#define T0 INT64_C(1700000000000) /* begins a slot of ten seconds, not one of an hour */
#define N_SERIES 3
#define HOUR TS_HISTORY_HOUR
#define DAY TS_HISTORY_DAY
#define MONTH TS_HISTORY_MONTH

static const struct ts_history_series series[N_SERIES] = {
	{.name = "packets"}, {.name = "clients", .level = true}, {.name = "other"}};

static struct ts_history *h;
static int64_t wall;
static uint64_t mono, packets, clients;
static char dir[32], path[64];

static int
setup(void **s)
{
	(void)s;
	h = ts_history_create(series, N_SERIES);
	wall = T0;
	mono = 5000;
	packets = 1000000;
	clients = 0;
	strcpy(dir, "/tmp/ts-history-XXXXXX");
	snprintf(path, sizeof(path), "%s/state/history", mkdtemp(dir));
	return h == NULL;
}

static int
teardown(void **s)
{
	char command[96];

	(void)s;
	ts_history_free(h);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
sample(struct ts_history *to)
{
	const uint64_t values[N_SERIES] = {packets, clients, 0};

	ts_history_add(to, wall, mono, values);
}

/* So much time, with this rate, sampled as often as the daemon does. */
static void
run_s(unsigned seconds, unsigned per_second)
{
	for (unsigned s = 0; s < seconds; s += 10) {
		wall += 10000;
		mono += 10000;
		packets += 10ull * per_second;
		sample(h);
	}
}

static double
mean(enum ts_history_span span, unsigned age)
{
	return ts_history_cell(h, span, 0, age).mean;
}

static void
near(double a, double b)
{
	if (!(fabs(a - b) <= fabs(b) * 1e-5 + 1e-9))
		fail_msg("%g is not %g", a, b);
}

static void
test_nothing_is_known_at_first(void **s)
{
	(void)s;
	assert_int_equal(ts_history_end(h, HOUR), 0);
	assert_true(isnan(mean(HOUR, 0)));
	assert_true(ts_history_due(h, wall));
	sample(h);
	assert_int_equal(ts_history_end(h, HOUR), 0);
	assert_false(ts_history_due(h, wall + 9999));
	assert_true(ts_history_due(h, wall + 10000));
}

static void
test_rates(void **s)
{
	(void)s;
	sample(h);
	run_s(10, 7);
	run_s(10, 9);
	near(mean(HOUR, 0), 9);
	near(mean(HOUR, 1), 7);
	assert_true(isnan(mean(HOUR, 2)));
	assert_int_equal(ts_history_end(h, HOUR), T0 / 1000 + 20);
	near(mean(DAY, 0), 8);
	near(ts_history_cell(h, DAY, 0, 0).peak, 9);
	near(mean(MONTH, 0), 8);
	near(ts_history_cell(h, HOUR, 2, 0).mean, 0);
}

static void
test_levels(void **s)
{
	(void)s;
	sample(h);
	clients = 40;
	run_s(10, 0);
	clients = 20;
	run_s(10, 0);
	near(ts_history_cell(h, HOUR, 1, 0).mean, 20);
	near(ts_history_cell(h, DAY, 1, 0).mean, 30);
	near(ts_history_cell(h, DAY, 1, 0).peak, 40);
}

/* Samples are a little late, and slots get their shares. */
static void
test_samples_between_slots(void **s)
{
	(void)s;
	wall += 2000;
	sample(h);
	wall += 10000, mono += 10000, packets += 100;
	sample(h);
	wall += 10000, mono += 10000, packets += 200;
	sample(h);
	near(mean(HOUR, 2), 10);
	near(mean(HOUR, 1), (10 * 2 + 20 * 8) / 10.0);
	near(mean(HOUR, 0), 20);
	assert_int_equal(ts_history_shown(h, HOUR), 1);
}

static void
test_a_day_and_a_month(void **s)
{
	unsigned known = 0;

	(void)s;
	sample(h);
	for (unsigned day = 0; day < 40; day++)
		run_s(86400, day);
	near(mean(HOUR, 359), 39);
	near(mean(DAY, 1), 39);
	near(mean(DAY, 287), 39);
	near(mean(MONTH, 0), 39);
	near(mean(MONTH, 30 * 24 + 1), 9);
	for (unsigned age = 0; age < TS_HISTORY_MAX_CELLS + 5; age++)
		known += !isnan(mean(MONTH, age));
	assert_int_equal(known, TS_HISTORY_MAX_CELLS);
}

static void
test_counters_that_begin_again(void **s)
{
	(void)s;
	sample(h);
	run_s(10, 50);
	packets = 0;
	run_s(10, 3);
	near(mean(HOUR, 0), 3);
	near(mean(HOUR, 1), 50);
}

/* The thread was not there: what came meanwhile is spread evenly. */
static void
test_late_by_minutes(void **s)
{
	(void)s;
	sample(h);
	wall += 60000, mono += 60000, packets += 600;
	sample(h);
	for (unsigned age = 0; age < 6; age++)
		near(mean(HOUR, age), 10);
	assert_true(isnan(mean(HOUR, 6)));
	wall += 7200000, mono += 7200000, packets += 72000;
	sample(h);
	near(mean(HOUR, 0), 10);
	near(mean(HOUR, 359), 10);
}

static void
jump(int64_t by)
{
	int64_t end;

	sample(h);
	run_s(20, 5);
	end = ts_history_end(h, HOUR);
	wall += by;
	run_s(10, 6);
	near(mean(HOUR, 0), 6);
	near(mean(HOUR, 1), 5);
	near(mean(HOUR, 2), 5);
	assert_true(isnan(mean(HOUR, 3)));
	assert_int_equal(ts_history_end(h, HOUR), end + by / 1000 + 10);
}

static void
test_the_clock_is_put_forward(void **s)
{
	(void)s;
	jump(INT64_C(86400000) * 365 * 20);
}

static void
test_the_clock_is_put_back(void **s)
{
	(void)s;
	jump(-T0);
}

static void
test_the_clock_is_put_back_a_little(void **s)
{
	(void)s;
	sample(h);
	run_s(20, 5);
	wall -= 3000;
	run_s(10, 5);
	run_s(10, 5);
	for (unsigned age = 0; age < 4; age++)
		near(mean(HOUR, age), 5);
	assert_true(ts_history_end(h, HOUR) <= wall / 1000 + 10);
}

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
		TEST(test_nothing_is_known_at_first),
		TEST(test_rates),
		TEST(test_levels),
		TEST(test_samples_between_slots),
		TEST(test_a_day_and_a_month),
		TEST(test_counters_that_begin_again),
		TEST(test_late_by_minutes),
		TEST(test_the_clock_is_put_forward),
		TEST(test_the_clock_is_put_back),
		TEST(test_the_clock_is_put_back_a_little),
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
