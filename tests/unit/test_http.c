/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP server against clients of all sorts, in one thread: every wait for an answer turns the server, as the
 * control loop does, and measures how long a turn took.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/control.h"
#include "control/http.h"
#include "lib/config_http.h"

#define LIMIT_MS 5000
#define TURN_MS 100 /* what the worst turn may take, without what it waited for a CPU */
#define BIG (4u << 20)

static struct ts_control control, *turned = &control; /* whose server a wait turns */
static char dir[] = "/tmp/tsunagi-http.XXXXXX";
static uint64_t worst_turn_ms;
static unsigned calls;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* How long this thread has waited for a CPU; 0 if the kernel does not say it. Others use the machine, too. */
static uint64_t
waited_ms(void)
{
	FILE *f = fopen("/proc/thread-self/schedstat", "r");
	unsigned long long waited_ns = 0;

	if (f != NULL) {
		if (fscanf(f, "%*u %llu", &waited_ns) != 1)
			waited_ns = 0;
		fclose(f);
	}
	return waited_ns / 1000000;
}

static void
turn(void)
{
	uint64_t waited = waited_ms(), begin = now_ms(), took;

	ts_http_poll(turned);
	took = now_ms() - begin;
	waited = waited_ms() - waited;
	if (took > waited && took - waited > worst_turn_ms)
		worst_turn_ms = took - waited;
	poll(NULL, 0, 1);
}

static void
say_where(struct ts_http_request *r, const char *tail, void *arg)
{
	const char *q = ts_http_query(r, "q"), *accept = ts_http_header(r, "Accept");
	char text[256];
	int n = snprintf(text, sizeof(text), "%s tail=%s q=%s accept=%s\n", (const char *)arg, tail,
		q != NULL ? q : "none", accept != NULL ? accept : "none");

	calls++;
	ts_http_reply(r, 200, "text/plain", text, (size_t)n);
}

static void
say_file(struct ts_http_request *r, const char *tail, void *arg)
{
	static const char text[] = "the file\n";

	(void)tail;
	(void)arg;
	ts_http_reply_file(r, "text/plain", "\"abc123\"", text, sizeof(text) - 1);
}

static void
say_much(struct ts_http_request *r, const char *tail, void *arg)
{
	char *text = malloc(BIG);

	(void)tail;
	(void)arg;
	memset(text, 'x', BIG);
	ts_http_reply_taken(r, 200, "text/plain", text, BIG);
}

static int
dial(const char *where)
{
	union ts_http_address address;
	int fd;

	assert_null(ts_http_address_parse(where, &address));
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &address.any, where[0] == 'u' ? sizeof(address.local) : sizeof(address.v4)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What comes until the other end closes, or nothing more came in `limit` ms; in a buffer of the next call. */
static const char *
hear(int fd, uint64_t limit)
{
	static char buf[8192];
	uint64_t end = now_ms() + limit;
	size_t len = 0;
	ssize_t n = -1;

	while (n != 0 && now_ms() < end && len < sizeof(buf) - 1) {
		turn();
		n = recv(fd, buf + len, sizeof(buf) - 1 - len, MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EAGAIN)
			break;
	}
	buf[len] = '\0';
	return buf;
}

static const char *
ask(const char *where, const char *request)
{
	int fd = dial(where);
	const char *answer;

	say(fd, request);
	answer = hear(fd, LIMIT_MS);
	close(fd);
	return answer;
}

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

/* Not inline: gcc 12 with ASAN then thinks that what is printed may be NULL. */
static __attribute__((noinline)) void
assert_has(const char *answer, const char *part)
{
	if (strstr(answer, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, answer);
}

static const char *
tcp(void)
{
	return control.cfg.http.listen[0];
}

static void
test_get(void **state)
{
	const char *answer = ask(tcp(), "GET /where?q=a%20b HTTP/1.1\r\nAccept: text/x\r\n" CLOSE);

	(void)state;
	assert_has(answer, "HTTP/1.1 200 OK\r\n");
	assert_has(answer, "where tail= q=a b accept=text/x\n");
	assert_has(answer, "Content-Security-Policy: default-src 'self';");
	assert_has(answer, "X-Content-Type-Options: nosniff");
	assert_has(answer, "Content-Type: text/plain\r\n");
}

static void
test_longest_path_wins(void **state)
{
	(void)state;
	assert_has(ask(tcp(), "GET / HTTP/1.1\r\n" CLOSE), "root tail= q=none");
	assert_has(ask(tcp(), "GET /other HTTP/1.1\r\n" CLOSE), "root tail=other");
	assert_has(ask(tcp(), "GET /below/ HTTP/1.1\r\n" CLOSE), "below tail= ");
	assert_has(ask(tcp(), "GET /below/a/b?q HTTP/1.1\r\n" CLOSE), "below tail=a/b q= ");
	assert_has(ask(tcp(), "GET /wherever HTTP/1.1\r\n" CLOSE), "root tail=wherever");
}

static void
test_head_has_no_body(void **state)
{
	const char *answer = ask(tcp(), "HEAD /where HTTP/1.1\r\n" CLOSE);

	(void)state;
	assert_has(answer, "HTTP/1.1 200 OK\r\n");
	assert_has(answer, "Content-Length: ");
	assert_null(strstr(answer, "tail="));
}

static void
test_refusals(void **state)
{
	unsigned before = calls;

	(void)state;
	assert_has(ask(tcp(), "POST /where HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc"), " 405 ");
	assert_has(ask(tcp(), "DELETE /where HTTP/1.1\r\n" CLOSE), "Allow: GET, HEAD");
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc"), " 400 ");
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "0\r\n\r\n"), " 400 ");
	assert_null(strstr(ask(tcp(), "nonsense\r\n\r\n"), " 200 "));
	assert_int_equal(calls, before);
}

/* One connection, several requests: what Prometheus and browsers do. */
static void
test_keep_alive(void **state)
{
	int fd = dial(tcp());

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		say(fd, "GET /where HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_has(hear(fd, 100), "where tail=");
	}
	close(fd);
}

static void
test_headers_without_end(void **state)
{
	static char junk[64 << 10];
	int fd = dial(tcp());
	const char *answer;

	(void)state;
	memset(junk, 'a', sizeof(junk));
	say(fd, "GET /where HTTP/1.1\r\nX: ");
	(void)!send(fd, junk, sizeof(junk), MSG_NOSIGNAL | MSG_DONTWAIT);
	answer = hear(fd, LIMIT_MS);
	assert_null(strstr(answer, " 200 "));
	close(fd);
}

/* Neither those who do not finish their request nor those who do not take their answer keep the others waiting. */
static void
test_slow_clients(void **state)
{
	int slow[6];

	(void)state;
	worst_turn_ms = 0;
	for (unsigned i = 0; i < 6; i++) {
		slow[i] = dial(tcp());
		say(slow[i], i < 3 ? "GET /when" : "GET /much HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (unsigned i = 0; i < 20; i++)
		turn();
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\n" CLOSE), "where tail=");
	assert_true(worst_turn_ms < TURN_MS);
	/* They have their time; then they go, although one of them still talks. */
	say(slow[0], "re");
	ts_http_expire(&control, now_ms() + 59000);
	assert_string_equal(hear(slow[0], 50), "");
	say(slow[0], "x");
	ts_http_expire(&control, now_ms() + 61000);
	for (uint64_t end = now_ms() + LIMIT_MS; now_ms() < end;) {
		char byte;

		turn();
		if (recv(slow[0], &byte, 1, MSG_DONTWAIT) == 0)
			break;
	}
	assert_true(send(slow[0], "y", 1, MSG_NOSIGNAL) <= 1);
	for (unsigned i = 0; i < 6; i++)
		close(slow[i]);
	for (unsigned i = 0; i < 20; i++)
		turn();
}

static void
test_too_many_connections(void **state)
{
	int fds[TS_HTTP_PER_ADDRESS + 8];
	unsigned answered = 0;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(fds); i++) {
		fds[i] = dial(tcp());
		(void)!send(fds[i], "GET /where HTTP/1.1\r\nHost: x\r\n\r\n", 33, MSG_NOSIGNAL);
		turn();
	}
	for (unsigned i = 0; i < RTE_DIM(fds); i++)
		answered += strstr(hear(fds[i], 30), " 200 ") != NULL;
	assert_int_equal(answered, TS_HTTP_PER_ADDRESS);
	for (unsigned i = 0; i < RTE_DIM(fds); i++)
		close(fds[i]);
	for (unsigned i = 0; i < 20; i++)
		turn();
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\n" CLOSE), " 200 ");
}

static void
test_unix_socket(void **state)
{
	const char *path = control.cfg.http.listen[1];
	struct stat st;

	(void)state;
	assert_has(ask(path, "GET /where HTTP/1.1\r\n" CLOSE), "where tail=");
	assert_int_equal(stat(path + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
test_taken_address(void **state)
{
	static struct ts_control other;
	char err[512];

	(void)state;
	other.cfg.http.enabled = true;
	other.cfg.http.n_listen = 1;
	for (unsigned i = 0; i < 2; i++) {
		memcpy(other.cfg.http.listen[0], control.cfg.http.listen[i], TS_HTTP_LISTEN_LEN);
		assert_int_equal(ts_http_start(&other, err, sizeof(err)), -1);
		assert_has(err, "http.listen: ");
		assert_has(err, control.cfg.http.listen[i]);
		assert_null(other.http);
	}
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\n" CLOSE), " 200 ");
}

/* Whoever has the file gets no body; what is not a file is not to be kept. */
static void
test_files(void **state)
{
	const char *answer = ask(tcp(), "GET /file HTTP/1.1\r\n" CLOSE);

	(void)state;
	assert_has(answer, " 200 OK\r\n");
	assert_has(answer, "ETag: \"abc123\"\r\n");
	assert_has(answer, "Cache-Control: public, no-cache\r\n");
	assert_has(answer, "\r\n\r\nthe file\n");
	answer = ask(tcp(), "GET /file HTTP/1.1\r\nIf-None-Match: \"x\", W/\"abc123\"\r\n" CLOSE);
	assert_has(answer, " 304 Not Modified\r\n");
	assert_has(answer, "ETag: \"abc123\"\r\n");
	assert_null(strstr(answer, "the file"));
	assert_has(ask(tcp(), "HEAD /file HTTP/1.1\r\nIf-None-Match: *\r\n" CLOSE), " 304 ");
	assert_has(ask(tcp(), "GET /file HTTP/1.1\r\nIf-None-Match: \"abc1234\"\r\n" CLOSE), " 200 OK\r\n");
	assert_has(ask(tcp(), "GET /where HTTP/1.1\r\nIf-None-Match: *\r\n" CLOSE), "Cache-Control: no-store\r\n");
}

/* With a listener of its own, /metrics is there and nowhere else, and nothing else is there. */
static void
test_metrics_apart(void **state)
{
	static struct ts_control apart;
	struct ts_control *const before = turned;
	char page[TS_HTTP_LISTEN_LEN], alone[TS_HTTP_LISTEN_LEN], err[512];

	(void)state;
	snprintf(page, sizeof(page), "unix:%s/page.sock", dir);
	snprintf(alone, sizeof(alone), "unix:%s/metrics.sock", dir);
	apart.cfg.http.enabled = true;
	apart.cfg.http.n_listen = apart.cfg.http.n_metrics_listen = 1;
	memcpy(apart.cfg.http.listen[0], page, sizeof(page));
	memcpy(apart.cfg.http.metrics_listen[0], alone, sizeof(alone));
	ts_http_serve(&apart, "/where", say_where, "where");
	ts_http_serve_metrics(&apart, "/metrics", say_where, "metrics");
	assert_int_equal(ts_http_start(&apart, err, sizeof(err)), 0);
	turned = &apart;
	assert_has(ask(page, "GET /where HTTP/1.1\r\n" CLOSE), "where tail=");
	assert_has(ask(page, "GET /metrics HTTP/1.1\r\n" CLOSE), " 404 ");
	assert_has(ask(alone, "GET /metrics HTTP/1.1\r\n" CLOSE), "metrics tail=");
	assert_has(ask(alone, "GET /where HTTP/1.1\r\n" CLOSE), " 404 ");
	ts_http_stop(&apart);

	ts_http_serve_metrics(&apart, "/metrics", say_where, "metrics");
	apart.cfg.http.n_metrics_listen = 0;
	assert_int_equal(ts_http_start(&apart, err, sizeof(err)), 0);
	assert_has(ask(page, "GET /metrics HTTP/1.1\r\n" CLOSE), "metrics tail=");
	ts_http_stop(&apart);
	turned = before;
}

static void
test_off(void **state)
{
	static struct ts_control none;
	char err[512];

	(void)state;
	assert_int_equal(ts_http_start(&none, err, sizeof(err)), 0);
	assert_int_equal(ts_http_poll(&none), -1);
	ts_http_serve(&none, "/where", say_where, NULL);
	assert_int_equal(ts_http_poll(&none), -1);
	ts_http_stop(&none);
}

static void
test_addresses(void **state)
{
	static const char *const good[] = {"127.0.0.1:9464", "[::1]:1", "0.0.0.0:65535", "[::]:80", "unix:/a"};
	static const char *const bad[] = {"", "9464", "127.0.0.1", "localhost:80", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 80", "::1:80", "[::1]", "[127.0.0.1]:80", "[]:80", ":80",
		"unix:", "unix:a", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20:80"};
	union ts_http_address address;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(good); i++)
		assert_null(ts_http_address_parse(good[i], &address));
	for (unsigned i = 0; i < RTE_DIM(bad); i++)
		assert_non_null(ts_http_address_parse(bad[i], &address));
}

/* A port that is free now; nobody else asks for it in this namespace's few microseconds. */
static unsigned
free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static int
setup(void **state)
{
	char err[512];

	(void)state;
	assert_non_null(mkdtemp(dir));
	control.cfg.http.enabled = true;
	control.cfg.http.n_listen = 2;
	snprintf(control.cfg.http.listen[0], TS_HTTP_LISTEN_LEN, "127.0.0.1:%u", free_port());
	snprintf(control.cfg.http.listen[1], TS_HTTP_LISTEN_LEN, "unix:%s/http.sock", dir);
	ts_http_serve(&control, "/", say_where, "root");
	ts_http_serve(&control, "/where", say_where, "where");
	ts_http_serve(&control, "/below/", say_where, "below");
	if (ts_http_start(&control, err, sizeof(err)) != 0)
		fail_msg("%s", err);
	ts_http_serve(&control, "/much", say_much, NULL);
	ts_http_serve(&control, "/file", say_file, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ts_http_stop(&control);
	/* The socket has gone with the server: the directory is empty. */
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_longest_path_wins),
		cmocka_unit_test(test_head_has_no_body),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_headers_without_end),
		cmocka_unit_test(test_slow_clients),
		cmocka_unit_test(test_too_many_connections),
		cmocka_unit_test(test_unix_socket),
		cmocka_unit_test(test_taken_address),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_metrics_apart),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
