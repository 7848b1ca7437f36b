/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listening end. A daemon that was killed leaves its socket behind, so a path that exists proves nothing: only a
 * connection tells a living daemon from a stale file. Two daemons that start in the same instant on one path may both
 * find it stale; the later one then has it, as EAL's file prefix keeps the former from starting at all.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctlsock_priv.h"

#define BACKLOG 16

static int
fail(char *err, size_t err_len, const char *path, const char *why)
{
	snprintf(err, err_len, "socket %s: %s", path, why);
	return -1;
}

static int
make_directory(const char *path, char *err, size_t err_len)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)], why[256];
	const char *dir;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (mkdir(dir, 0755) == 0)
		return chmod(dir, 0755); /* whatever the umask took away */
	if (errno == EEXIST)
		return 0;
	snprintf(why, sizeof(why), "cannot make its directory: %s", strerror(errno));
	return fail(err, err_len, path, why);
}

/* 0: nobody there; a positive errno otherwise, EAGAIN when somebody is too busy to accept. */
static int
probe(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return errno;
	ret = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? EADDRINUSE : errno;
	close(fd);
	return ret == ECONNREFUSED || ret == ENOENT ? 0 : ret;
}

static int
clear_stale(const struct sockaddr_un *addr, char *err, size_t err_len)
{
	const char *path = addr->sun_path;
	struct stat st;
	int busy;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : fail(err, err_len, path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(err, err_len, path, "exists and is not a socket; it is left alone");
	busy = probe(addr);
	if (busy == EADDRINUSE || busy == EAGAIN)
		return fail(err, err_len, path, "another process serves it; is tsunagid running already?");
	if (busy != 0)
		return fail(err, err_len, path, strerror(busy));
	return unlink(path) == 0 || errno == ENOENT ? 0 : fail(err, err_len, path, strerror(errno));
}

/* Not yet listening, the socket refuses everybody: nobody gets in before its mode is right. */
static int
bind_and_listen(int fd, const struct sockaddr_un *addr, struct stat *st)
{
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0)
		return -1;
	if (chmod(addr->sun_path, 0660) == 0 && lstat(addr->sun_path, st) == 0 && listen(fd, BACKLOG) == 0)
		return 0;
	unlink(addr->sun_path);
	return -1;
}

int
ts_ctl_listen(const char *path, struct stat *st, char *err, size_t err_len)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(addr.sun_path))
		return fail(err, err_len, path, "a path has 1 to 107 bytes");
	memcpy(addr.sun_path, path, strlen(path));
	if (make_directory(path, err, err_len) != 0 || clear_stale(&addr, err, err_len) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(err, err_len, path, strerror(errno));
	if (bind_and_listen(fd, &addr, st) != 0) {
		fail(err, err_len, path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
