/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One listener, one connection. While there is one the next waits in the kernel's queue, so that two daemons never mix
 * their routes; one whose other end is dead is found out by keepalive.
 */
#include "fpm_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

/* A turn of the control thread handles two thousand messages, some 10 ms, and then looks after others. */
#define READS_PER_TURN 1

static int
watch(const struct ts_fpm *f, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void
unwatch(const struct ts_fpm *f, int fd)
{
	epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static socklen_t
make_sockaddr(const struct ts_fpm_conf *conf, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (conf->address.family == AF_INET) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(conf->port);
		v4->sin_addr.s_addr = conf->address.v4;
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(conf->port);
	v6->sin6_addr = conf->address.v6;
	return sizeof(*v6);
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in6 at = {0}; /* the port is at the same place in both families, and the other one is smaller */
	socklen_t len = sizeof(at);

	if (getsockname(fd, (void *)&at, &len) < 0)
		return 0;
	return ntohs(at.sin6_port);
}

int
fpm_listen(struct ts_fpm *f, char *err, size_t err_len)
{
	struct sockaddr_storage at;
	socklen_t len = make_sockaddr(&f->conf, &at);
	int one = 1;

	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->listener = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f->listener >= 0)
		setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (f->epoll < 0 || f->listener < 0 || bind(f->listener, (void *)&at, len) < 0 || listen(f->listener, 1) < 0 ||
		watch(f, f->listener) < 0) {
		snprintf(err, err_len, "fpm: cannot listen on port %u: %s", f->conf.port, strerror(errno));
		return -1;
	}
	f->stats.port = port_of(f->listener);
	return 0;
}

static void
find_out_death(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 10}, {IPPROTO_TCP, TCP_KEEPINTVL, 5},
		{IPPROTO_TCP, TCP_KEEPCNT, 3}};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
}

void
fpm_accept(struct ts_fpm *f)
{
	int fd;

	if (f->connection >= 0)
		return;
	fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (watch(f, fd) < 0) {
		close(fd);
		return;
	}
	unwatch(f, f->listener);
	find_out_death(fd);
	f->connection = fd;
	f->stream.have = 0;
	fpm_connected(f);
}

void
fpm_disconnect(struct ts_fpm *f, const char *why)
{
	if (f->connection < 0)
		return;
	close(f->connection);
	f->connection = -1;
	watch(f, f->listener);
	ts_log_warning("FPM: %s; %zu routes stay for %u s", why, f->feed.n_routes, f->conf.stale_s);
	fpm_disconnected(f);
}

static bool
take(struct ts_fpm *f, size_t n)
{
	f->stats.bytes += n;
	f->last_message_ms = ts_now_ms();
	if (fpm_stream_parse(&f->stream, n, fpm_message, f) >= 0)
		return true;
	f->stats.parse_errors++;
	fpm_disconnect(f, "what came is no message that makes sense, connection closed");
	return false;
}

bool
fpm_read(struct ts_fpm *f)
{
	for (unsigned i = 0; i < READS_PER_TURN && f->connection >= 0;) {
		size_t room;
		uint8_t *at = fpm_stream_room(&f->stream, &room);
		ssize_t got = recv(f->connection, at, room, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (got <= 0) {
			fpm_disconnect(f, got == 0 ? "connection closed by FRR" : strerror(errno));
			return true;
		}
		if (!take(f, (size_t)got))
			return true;
		i++;
	}
	return f->connection >= 0;
}
