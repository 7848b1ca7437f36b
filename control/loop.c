/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control thread's loop. Nothing in it waits but epoll, and that no longer than the workers' events may: they
 * cannot wake this thread, so their rings are looked at every few milliseconds.
 *
 * Routes wake it once, and are then read once a millisecond until there are none: while a table loads, the routing
 * daemon and this thread would otherwise take turns for every single route, which costs either more than the route.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ring_elem.h>

#include "ctlsock.h"
#include "daemon.h"
#include "health_run.h"
#include "http.h"
#include "log.h"
#include "observe.h"
#include "path_rtt.h"
#include "reload.h"
#include "sflow.h"
#include "status.h"
#include "watch.h"

#define EVENT_POLL_MS 5
#define EVENT_BATCH 64
#define MAX_EPOLL_EVENTS 8
#define MAX_ROUTE_FDS 3
#define ROUTES_REST_MS 1

struct loop {
	struct ts_control *c;
	int epoll, signals;
	int routes[MAX_ROUTE_FDS]; /* descriptors that routes come by; each wakes once, until listen_to_routes() */
	unsigned n_routes;
	uint64_t routes_rest_until; /* TSC; 0: they are listened to */
	bool ready, stop;
	uint64_t watchdog_period, watchdog_due; /* TSC; 0: systemd does not watch */
	uint64_t second_due;			/* TSC */
};

static int
watch(const struct loop *l, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void
listen_to_routes(struct loop *l)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT};

	l->routes_rest_until = 0;
	for (unsigned i = 0; i < l->n_routes; i++) {
		ev.data.fd = l->routes[i];
		epoll_ctl(l->epoll, EPOLL_CTL_MOD, l->routes[i], &ev);
	}
}

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int
open_loop(struct loop *l)
{
	int ret;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->signals = open_signals();
	if (l->epoll < 0 || l->signals < 0)
		return -1;
	ret = watch(l, l->signals) | watch(l, ts_ctlsock_fd(l->c->ctlsock));
	if (l->c->mirror != NULL)
		ts_mirror_fds(l->c->mirror, l->routes, &l->n_routes);
	if (l->c->fpm != NULL)
		l->routes[l->n_routes++] = ts_fpm_fd(l->c->fpm);
	for (unsigned i = 0; i < l->n_routes; i++)
		ret |= watch(l, l->routes[i]);
	listen_to_routes(l);
	return ret;
}

static void
close_loop(struct loop *l)
{
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->signals >= 0)
		close(l->signals);
}

static void
take_signals(struct loop *l)
{
	struct signalfd_siginfo si;

	while (read(l->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP)
			ts_control_reload(l->c, NULL, 0);
		else
			l->stop = true;
	}
}

static void
take_event(struct ts_control *c, unsigned worker, const struct ts_event *ev)
{
	if (ev->type == TS_EVENT_PROBE)
		ts_health_answer(c->health, worker, ev);
	else if (ev->type == TS_EVENT_NEIGH_MISS && c->mirror != NULL && ev->iface < c->ifaces.n &&
		c->ifaces.dp[ev->iface].twin)
		ts_mirror_resolve(c->mirror, ev->iface, ev->family, ev->addr, false);
}

/* One batch per worker and turn: a worker full of misses does not keep the others waiting. */
static void
take_worker_events(struct ts_control *c)
{
	struct ts_event batch[EVENT_BATCH];

	for (unsigned i = 0; i < c->n_workers; i++) {
		unsigned n = rte_ring_sc_dequeue_burst_elem(
			ts_worker_events(c->workers[i]), batch, sizeof(batch[0]), EVENT_BATCH, NULL);

		for (unsigned j = 0; j < n; j++)
			take_event(c, i, &batch[j]);
	}
}

int
ts_control_announce(struct ts_control *c, char *err, size_t err_len)
{
	int ns;

	if (!c->cfg.announce.enabled)
		return 0;
	ns = ts_netns_enter(c->cfg.netns, err, err_len);
	if (ns < 0)
		return -1;
	c->announcer = ts_announcer_create(&c->cfg, err, err_len);
	ts_netns_leave(ns);
	return c->announcer != NULL ? 0 : -1;
}

/* Announce only what can be delivered: first the kernel's routes are read and every worker has them. */
static int
become_ready(struct loop *l, bool publishing, char *err, size_t err_len)
{
	if (l->ready || publishing || (l->c->mirror != NULL && !ts_mirror_synced(l->c->mirror)) ||
		(l->c->fpm != NULL && !ts_fpm_settled(l->c->fpm)))
		return 0;
	if (ts_control_announce(l->c, err, err_len) < 0)
		return -1;
	l->ready = true;
	ts_log("ready");
	ts_sd_notify("READY=1");
	return 0;
}

/* A worker that hangs cannot be helped but by a new start, which systemd sees to if it was told to watch. */
static void
feed_watchdog(struct loop *l)
{
	uint64_t now = rte_rdtsc();

	if (l->watchdog_period == 0 || now < l->watchdog_due || !ts_health_alive(l->c->health))
		return;
	l->watchdog_due = now + l->watchdog_period;
	ts_sd_notify("WATCHDOG=1");
}

static void
each_second(struct loop *l)
{
	uint64_t now = rte_rdtsc();

	if (now < l->second_due)
		return;
	l->second_due = now + rte_get_tsc_hz();
	ts_log_poll();
	ts_telemetry_refresh();
}

static int
turn(struct loop *l, char *err, size_t err_len)
{
	struct ts_control *c = l->c;
	int wait = EVENT_POLL_MS;
	bool publishing;

	take_worker_events(c);
	if (ts_observer_poll(c))
		wait = 0;
	ts_sflow_poll(c);
	ts_watches_poll(c);
	ts_path_rtt_poll(c);
	if (c->mirror != NULL) {
		int due = ts_mirror_poll(c->mirror);

		if (due >= 0 && due < wait)
			wait = due;
	}
	if (c->fpm != NULL) {
		int due = ts_fpm_poll(c->fpm);

		if (due >= 0 && due < wait)
			wait = due;
	}
	ts_status_poll(c);
	if (c->http != NULL) {
		int due = ts_http_poll(c);

		if (due >= 0 && due < wait)
			wait = due;
	}
	ts_local_poll(c->local, rte_rdtsc());
	publishing = ts_publish_poll(c->publisher);
	if (publishing && wait > 1)
		wait = ts_publish_busy(c->publisher) ? 0 : 1;
	if (become_ready(l, publishing, err, err_len) < 0)
		return -1;
	if (l->ready)
		ts_health_poll(c->health);
	feed_watchdog(l);
	each_second(l);
	return wait;
}

static void
take_ready(struct loop *l, const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == l->signals)
			take_signals(l);
		else if (events[i].data.fd == ts_ctlsock_fd(l->c->ctlsock))
			ts_ctlsock_poll(l->c->ctlsock);
		else /* the mirror's and FPM's are read at the next turn */
			l->routes_rest_until = rte_rdtsc() + rte_get_tsc_hz() / 1000 * ROUTES_REST_MS;
	}
}

static int
wait_for_events(struct loop *l, struct epoll_event *events, int wait)
{
	int n;

	if (l->routes_rest_until != 0 && rte_rdtsc() >= l->routes_rest_until)
		listen_to_routes(l);
	if (l->routes_rest_until != 0 && wait > ROUTES_REST_MS)
		wait = ROUTES_REST_MS;
	ts_step_end(&l->c->steps);
	n = epoll_wait(l->epoll, events, MAX_EPOLL_EVENTS, wait);
	ts_step_begin(&l->c->steps);
	return n;
}

int
ts_control_loop(struct ts_control *c, char *err, size_t err_len)
{
	struct loop l = {.c = c, .epoll = -1, .signals = -1};
	struct epoll_event events[MAX_EPOLL_EVENTS];
	int ret = 0;

	if (open_loop(&l) != 0) {
		snprintf(err, err_len, "epoll: %s", strerror(errno));
		ret = -1;
	}
	l.watchdog_period = ts_sd_watchdog_us() * rte_get_tsc_hz() / 2000000;
	ts_step_begin(&c->steps);
	while (ret == 0 && !l.stop) {
		int n, wait = turn(&l, err, err_len);

		if (wait < 0) {
			ret = -1;
			break;
		}
		n = wait_for_events(&l, events, wait);
		take_ready(&l, events, n);
	}
	ts_sd_notify("STOPPING=1");
	close_loop(&l);
	return ret;
}
