/* SPDX-License-Identifier: BSD-3-Clause */
/* See ctl_client.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl_client.h"

struct server *
server_start(void)
{
	struct server *sv = calloc(1, sizeof(*sv));
	char err[256];

	assert_non_null(sv);
	strcpy(sv->dir, "/tmp/ts-ctlsock-XXXXXX");
	assert_non_null(mkdtemp(sv->dir));
	snprintf(sv->path, sizeof(sv->path), "%s/run/ctl.sock", sv->dir);
	sv->c = standin_control();
	sv->s = ts_ctlsock_create(sv->c, sv->path, err, sizeof(err));
	if (sv->s == NULL)
		fail_msg("%s", err);
	return sv;
}

void
server_stop(struct server *sv)
{
	char run[64];

	ts_ctlsock_free(sv->s);
	assert_int_equal(access(sv->path, F_OK), -1);
	assert_int_equal(standins.held, 0);
	snprintf(run, sizeof(run), "%s/run", sv->dir);
	assert_int_equal(rmdir(run), 0);
	assert_int_equal(rmdir(sv->dir), 0);
	free(sv->c);
	free(sv);
}

int
client_connect(const struct server *sv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sv->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

void
client_send(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT), (ssize_t)len);
}

bool
server_turn(const struct server *sv, int ms)
{
	struct pollfd p = {.fd = ts_ctlsock_fd(sv->s), .events = POLLIN};

	if (poll(&p, 1, ms) != 1)
		return false;
	ts_ctlsock_poll(sv->s);
	return true;
}

/* Reads byte by byte where it matters only: what is peeked at and holds no line end is taken whole. */
static ssize_t
take_some(int fd, char *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, MSG_PEEK | MSG_DONTWAIT);
	char *end = n > 0 ? memchr(buf, '\n', (size_t)n) : NULL;

	if (n < 0 && errno == EAGAIN)
		return -1;
	if (n <= 0)
		return 0;
	return recv(fd, buf, end != NULL ? (size_t)(end - buf) + 1 : (size_t)n, 0);
}

char *
client_line(const struct server *sv, int fd)
{
	size_t len = 0, room = 1 << 16;
	char *line = malloc(room);
	ssize_t n;

	for (;;) {
		assert_non_null(line);
		n = take_some(fd, line + len, room - len);
		if (n == 0) {
			free(line);
			return NULL;
		}
		if (n < 0) {
			assert_true(server_turn(sv, STANDIN_LIMIT_MS));
			continue;
		}
		len += (size_t)n;
		if (line[len - 1] == '\n')
			break;
		if (room - len < (1 << 15))
			line = realloc(line, room *= 2);
	}
	line[len - 1] = '\0';
	return line;
}

json_t *
client_ask(const struct server *sv, int fd, const char *request)
{
	json_error_t err;
	json_t *doc;
	char *line;

	client_send(fd, request, strlen(request));
	client_send(fd, "\n", 1);
	line = client_line(sv, fd);
	assert_non_null(line);
	doc = json_loads(line, 0, &err);
	if (doc == NULL)
		fail_msg("%s: %s", request, err.text);
	free(line);
	return doc;
}

void
expect(const struct server *sv, const char *request, const char *subset)
{
	int fd = client_connect(sv);
	json_t *got = client_ask(sv, fd, request), *want = json_loads(subset, 0, NULL), *both;

	assert_non_null(want);
	both = json_deep_copy(got);
	json_object_update_recursive(both, want);
	if (!json_equal(both, got))
		fail_msg("%s: %s lacks %s", request, json_dumps(got, 0), subset);
	json_decref(both);
	json_decref(want);
	json_decref(got);
	close(fd);
}

void
leave_stale(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}
