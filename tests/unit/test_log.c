/* SPDX-License-Identifier: BSD-3-Clause */
/* The log: its three shapes, what is left out and what is said about that. Standard error is a pipe, time is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "control/log.h"

static uint64_t clock_ms = 1000;
static int pipe_out = -1, saved_stderr = -1;
static char text[1 << 16];
static char dir[] = "/tmp/tsunagi-log.XXXXXX";

static uint64_t
our_clock(void)
{
	return clock_ms;
}

/* Everything that was written since the last call. */
static const char *
written(void)
{
	ssize_t n = read(pipe_out, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static unsigned
lines(const char *t)
{
	unsigned n = 0;

	for (; *t != '\0'; t++)
		n += *t == '\n';
	return n;
}

static void
flap(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		ts_log("port %u flaps", i);
}

static void
test_text(void **state)
{
	(void)state;
	ts_log("ready");
	assert_string_equal(written(), "tsunagid: ready\n");
	ts_log("one\nline %s", "of\r\x1b[2J text");
	assert_string_equal(written(), "tsunagid: one line of  [2J text\n");
}

static void
test_long_message(void **state)
{
	static char longer[5000];
	size_t len;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	ts_log("%s", longer);
	len = strlen(written());
	assert_in_range(len, 900, 1100);
	assert_int_equal(text[len - 1], '\n');
}

static void
test_level(void **state)
{
	struct ts_cfg_log cfg = {.level = TS_LOG_WARNING};

	(void)state;
	ts_log_configure(&cfg);
	ts_log("information");
	ts_log_debug("detail");
	ts_log_warning("warning");
	ts_log_error("error");
	assert_string_equal(written(), "tsunagid: warning\ntsunagid: error\n");
	cfg.level = TS_LOG_DEBUG;
	ts_log_configure(&cfg);
	ts_log_debug("detail");
	assert_string_equal(written(), "tsunagid: detail\n");
}

static void
test_rate(void **state)
{
	(void)state;
	flap(TS_LOG_BURST + 123);
	assert_int_equal(lines(written()), TS_LOG_BURST);
	/* Other places have a budget of their own. */
	ts_log("something else");
	assert_string_equal(written(), "tsunagid: something else\n");
	ts_log_poll();
	assert_string_equal(written(), "");
	clock_ms += 1000;
	flap(1);
	assert_string_equal(
		written(), "tsunagid: suppressed 123 similar messages: \"port %u flaps\"\ntsunagid: port 0 flaps\n");
	flap(7);
	assert_string_equal(written(), "");
	/* Nothing more happens: what was left out is told all the same. */
	clock_ms += 1000;
	ts_log_poll();
	assert_string_equal(written(), "tsunagid: suppressed 7 similar messages: \"port %u flaps\"\n");
	clock_ms += 3600 * 1000;
	ts_log_poll();
	assert_string_equal(written(), "");
	flap(TS_LOG_BURST);
	assert_int_equal(lines(written()), TS_LOG_BURST);
}

static void
test_what_was_asked_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * TS_LOG_BURST; i++)
		ts_log_all("fault %u", i);
	assert_int_equal(lines(written()), 3 * TS_LOG_BURST);
}

static void
test_json(void **state)
{
	struct ts_cfg_log cfg = {.level = TS_LOG_INFO, .format = TS_LOG_JSON};
	json_t *doc;

	(void)state;
	ts_log_configure(&cfg);
	ts_log_warning("a \"quoted\" \\ %s", "\xff name");
	doc = json_loads(written(), 0, NULL);
	assert_non_null(doc);
	assert_string_equal(json_string_value(json_object_get(doc, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(doc, "message")), "a \"quoted\" \\ ? name");
	assert_int_equal(strlen(json_string_value(json_object_get(doc, "time"))), strlen("2026-01-02T03:04:05.678Z"));
	json_decref(doc);
}

static int
make_journal(struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/journal", dir);
	unlink(addr->sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)addr, sizeof(*addr)), 0);
	return fd;
}

static void
expect_fields(int fd)
{
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "PRIORITY=4\n"));
	assert_non_null(strstr(text, "SYSLOG_IDENTIFIER=tsunagid\n"));
	assert_non_null(strstr(text, "test_log.c\n"));
	assert_non_null(strstr(text, "\nMESSAGE=to the journal FORGED=1\n"));
	assert_string_equal(written(), "");
}

static void
test_journal(void **state)
{
	struct ts_cfg_log cfg = {.level = TS_LOG_INFO, .target = TS_LOG_JOURNAL};
	struct sockaddr_un addr;
	int fd = make_journal(&addr);

	(void)state;
	ts_log_test(our_clock, addr.sun_path);
	ts_log_configure(&cfg);
	ts_log_warning("to the journal\nFORGED=1");
	expect_fields(fd);
	/* It was restarted. */
	close(fd);
	fd = make_journal(&addr);
	ts_log_warning("to the journal\nFORGED=1");
	expect_fields(fd);
	/* It is stuck: nobody waits, and nothing is lost. */
	for (unsigned i = 0; i < 2000 && written()[0] == '\0'; i++)
		ts_log_all("message %u", i);
	assert_memory_equal(text, "tsunagid: message ", 18);
	/* It is gone. */
	close(fd);
	unlink(addr.sun_path);
	ts_log_all("alone");
	assert_string_equal(written(), "tsunagid: alone\n");
}

/* systemd's way to say that standard error is the journal: device and inode. */
static void
test_auto(void **state)
{
	struct ts_cfg_log cfg = {.level = TS_LOG_INFO};
	struct sockaddr_un addr;
	int fd = make_journal(&addr);
	struct stat st;
	char stream[64];

	(void)state;
	ts_log_test(our_clock, addr.sun_path);
	ts_log_configure(&cfg);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	ts_log_warning("to the journal\nFORGED=1");
	expect_fields(fd);
	setenv("JOURNAL_STREAM", "1:1", 1);
	ts_log("to standard error");
	assert_string_equal(written(), "tsunagid: to standard error\n");
	unsetenv("JOURNAL_STREAM");
	close(fd);
	unlink(addr.sun_path);
}

static int
setup(void **state)
{
	struct ts_cfg_log cfg = {.level = TS_LOG_INFO};
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	pipe_out = fds[0];
	ts_log_test(our_clock, NULL);
	ts_log_configure(&cfg);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_out);
	return 0;
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_long_message),
		TEST(test_level),
		TEST(test_rate),
		TEST(test_what_was_asked_for),
		TEST(test_json),
		TEST(test_journal),
		TEST(test_auto),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
