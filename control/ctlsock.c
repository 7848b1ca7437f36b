/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket as the control thread sees it: one epoll descriptor over the listening socket, the clients, and a
 * timer that runs only while there are clients. Each turn gives each ready client one bounded step, so nobody holds up
 * the thread or the others. When descriptors run out the listening socket is left alone until the next tick of the
 * timer, because epoll would report it again and again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/ctlsock_priv.h"

#define EVENTS 16

struct ts_ctlsock {
	struct ts_control *c;
	int epoll, listener, timer;
	bool paused; /* nothing is accepted until the next tick */
	char path[TS_PATH_LEN];
	struct stat file;
	struct ts_ctl_client *clients[TS_CTL_MAX_CLIENTS];
	unsigned n_clients;
};

static int
watch(const struct ts_ctlsock *s, int op, int fd, uint32_t events, void *who)
{
	struct epoll_event ev = {.events = events, .data.ptr = who};

	return epoll_ctl(s->epoll, op, fd, &ev);
}

static void
set_timer(const struct ts_ctlsock *s)
{
	time_t seconds = s->n_clients > 0 || s->paused ? 1 : 0;
	struct itimerspec spec = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};

	timerfd_settime(s->timer, 0, &spec, NULL);
}

static size_t
budget(const struct ts_ctlsock *s)
{
	size_t used = 0;

	for (unsigned i = 0; i < s->n_clients; i++)
		used += s->clients[i]->answer.capacity * s->clients[i]->answer.record_size;
	return used < TS_CTL_MEMORY ? TS_CTL_MEMORY - used : 0;
}

static void
drop_client(struct ts_ctlsock *s, struct ts_ctl_client *cl)
{
	unsigned i = 0;

	while (s->clients[i] != cl)
		i++;
	s->clients[i] = s->clients[--s->n_clients];
	ts_ctl_client_free(s->c, cl);
	if (s->n_clients == 0)
		set_timer(s);
}

static bool
add_client(struct ts_ctlsock *s, int fd)
{
	struct ts_ctl_client *cl = calloc(1, sizeof(*cl));

	if (cl == NULL)
		return false;
	cl->fd = fd;
	cl->active_ms = ts_now_ms();
	cl->events = EPOLLIN;
	if (watch(s, EPOLL_CTL_ADD, fd, cl->events, cl) != 0) {
		free(cl);
		return false;
	}
	s->clients[s->n_clients++] = cl;
	if (s->n_clients == 1)
		set_timer(s);
	return true;
}

static void
pause_accepting(struct ts_ctlsock *s, bool paused)
{
	s->paused = paused;
	watch(s, EPOLL_CTL_MOD, s->listener, paused ? 0 : EPOLLIN, &s->listener);
	set_timer(s);
}

static void
accept_clients(struct ts_ctlsock *s)
{
	static const char refusal[] = "{\"error\":\"too many clients\"}\n";
	int fd;

	for (unsigned i = 0; i < EVENTS; i++) {
		fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				pause_accepting(s, true);
			return;
		}
		if (s->n_clients < TS_CTL_MAX_CLIENTS && add_client(s, fd))
			continue;
		/* A new socket takes so little at once, or the client is gone; nothing to do about either. */
		if (send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL) < 0)
			errno = 0;
		close(fd);
	}
}

static void
step_client(struct ts_ctlsock *s, struct ts_ctl_client *cl)
{
	uint32_t wants;

	if (!ts_ctl_client_step(s->c, cl, ts_now_ms(), budget(s))) {
		drop_client(s, cl);
		return;
	}
	wants = ts_ctl_client_wants(cl);
	if (wants != cl->events && watch(s, EPOLL_CTL_MOD, cl->fd, wants, cl) == 0)
		cl->events = wants;
}

static void
tick(struct ts_ctlsock *s)
{
	uint64_t ticks;

	if (read(s->timer, &ticks, sizeof(ticks)) < 0)
		return;
	ts_ctlsock_expire(s, ts_now_ms());
	if (s->paused)
		pause_accepting(s, false);
}

/* Clients go first: accepting and expiring change the list that the events point into. */
void
ts_ctlsock_poll(struct ts_ctlsock *s)
{
	struct epoll_event events[EVENTS];
	bool accepting = false, ticking = false;
	int n = epoll_wait(s->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &s->listener)
			accepting = true;
		else if (events[i].data.ptr == &s->timer)
			ticking = true;
		else
			step_client(s, events[i].data.ptr);
	}
	if (ticking)
		tick(s);
	if (accepting)
		accept_clients(s);
}

void
ts_ctlsock_expire(struct ts_ctlsock *s, uint64_t now)
{
	for (unsigned i = s->n_clients; i-- > 0;) {
		if (ts_ctl_client_expired(s->clients[i], now))
			drop_client(s, s->clients[i]);
	}
}

unsigned
ts_ctlsock_clients(const struct ts_ctlsock *s)
{
	return s->n_clients;
}

int
ts_ctlsock_fd(const struct ts_ctlsock *s)
{
	return s->epoll;
}

struct ts_ctlsock *
ts_ctlsock_create(struct ts_control *c, const char *path, char *err, size_t err_len)
{
	struct ts_ctlsock *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(err, err_len, "control socket %s: out of memory", path);
		return NULL;
	}
	s->c = c;
	s->epoll = s->timer = -1;
	s->listener = ts_ctl_listen(path, &s->file, err, err_len);
	if (s->listener < 0) {
		free(s);
		return NULL;
	}
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->epoll < 0 || s->timer < 0 || watch(s, EPOLL_CTL_ADD, s->listener, EPOLLIN, &s->listener) != 0 ||
		watch(s, EPOLL_CTL_ADD, s->timer, EPOLLIN, &s->timer) != 0) {
		snprintf(err, err_len, "control socket %s: %s", path, strerror(errno));
		ts_ctlsock_free(s);
		return NULL;
	}
	return s;
}

/* Another daemon may have found the file stale and put its own there; that one stays. */
static void
remove_file(const struct ts_ctlsock *s)
{
	struct stat st;

	if (lstat(s->path, &st) == 0 && st.st_dev == s->file.st_dev && st.st_ino == s->file.st_ino)
		unlink(s->path);
}

void
ts_ctlsock_free(struct ts_ctlsock *s)
{
	if (s == NULL)
		return;
	while (s->n_clients > 0)
		drop_client(s, s->clients[0]);
	remove_file(s);
	close(s->listener);
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->timer >= 0)
		close(s->timer);
	free(s);
}
