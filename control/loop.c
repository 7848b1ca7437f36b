/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control thread's loop. Nothing in it waits but epoll, and that no longer than the workers' events may: they
 * cannot wake this thread, so their rings are looked at every few milliseconds.
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

#include "attack.h"
#include "ctlsock.h"
#include "daemon.h"
#include "log.h"
#include "reload.h"

#define EVENT_POLL_MS 5
#define EVENT_BATCH 64
#define MAX_EPOLL_EVENTS 8

struct loop {
	struct ts_control *c;
	int epoll, signals;
	bool ready, stop;
	struct ts_attack attack;
};

static int
watch(const struct loop *l, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev);
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
	int fds[2], ret;
	unsigned n = 0;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->signals = open_signals();
	if (l->epoll < 0 || l->signals < 0)
		return -1;
	ret = watch(l, l->signals) | watch(l, ts_ctlsock_fd(l->c->ctlsock));
	if (l->c->mirror != NULL)
		ts_mirror_fds(l->c->mirror, fds, &n);
	for (unsigned i = 0; i < n; i++)
		ret |= watch(l, fds[i]);
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
			ts_control_reload(l->c);
		else
			l->stop = true;
	}
}

static void
take_event(struct ts_control *c, const struct ts_event *ev)
{
	if (ev->type == TS_EVENT_NEIGH_MISS && c->mirror != NULL && ev->iface < c->ifaces.n &&
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
			take_event(c, &batch[j]);
	}
}

int
ts_control_announce(struct ts_control *c, char *err, size_t err_len)
{
	int ret, ns;

	if (!c->cfg.announce.enabled)
		return 0;
	ns = ts_netns_enter(c->cfg.netns, err, err_len);
	if (ns < 0)
		return -1;
	c->announcer = ts_announcer_create(&c->cfg, err, err_len);
	ts_netns_leave(ns);
	if (c->announcer == NULL)
		return -1;
	ret = ts_announcer_set(c->announcer, 1);
	if (ret == 0)
		return 0;
	snprintf(err, err_len, "announce.table: the kernel refuses a route in table %u: %s", c->cfg.announce.table,
		strerror(-ret));
	return -1;
}

/* First contacts with Teredo clients that were refused because there were too many (X3 to X5). */
static uint64_t
refused_contacts(const struct ts_control *c)
{
	static const enum ts_counter refusals[] = {
		TS_C_drop_teredo_encap_bubble_limited,
		TS_C_drop_teredo_encap_no_room,
		TS_C_drop_teredo_encap_stateless,
		TS_C_drop_teredo_encap_handoff_full,
	};
	struct ts_worker_stats stats;
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->n_workers; i++) {
		ts_worker_stats(c->workers[i], &stats);
		for (unsigned k = 0; k < RTE_DIM(refusals); k++)
			sum += stats.counters[refusals[k]];
	}
	return sum;
}

/* X8 */
static void
watch_attack(struct loop *l)
{
	const struct ts_cfg_teredo_relay *r = &l->c->cfg.teredo_relay;
	bool was = l->attack.withdrawn;
	int ret;

	if (l->c->announcer == NULL || !r->enabled ||
		ts_attack_step(&l->attack, rte_rdtsc() / rte_get_tsc_hz(), refused_contacts(l->c),
			r->bubbles.per_second, r->withdraw_after_s) == was)
		return;
	ret = ts_announcer_hold_teredo(l->c->announcer, &l->c->cfg, !was);
	ts_log("2001::/32 %s: strangers ask for %s contacts than teredo-relay.bubbles%s%s",
		was ? "announced again" : "withdrawn", was ? "no more" : "more", ret < 0 ? ": " : "",
		ret < 0 ? strerror(-ret) : "");
}

/* Announce only what can be delivered: the kernel's routes are read and every worker has them. */
static int
become_ready(struct loop *l, bool publishing, char *err, size_t err_len)
{
	if (l->ready || publishing || (l->c->mirror != NULL && !ts_mirror_synced(l->c->mirror)))
		return 0;
	if (ts_control_announce(l->c, err, err_len) < 0)
		return -1;
	l->ready = true;
	ts_log("ready");
	ts_sd_notify("READY=1");
	return 0;
}

static int
turn(struct loop *l, char *err, size_t err_len)
{
	struct ts_control *c = l->c;
	int wait = EVENT_POLL_MS;
	bool publishing;

	take_worker_events(c);
	if (c->mirror != NULL) {
		int due = ts_mirror_poll(c->mirror);

		if (due >= 0 && due < wait)
			wait = due;
	}
	ts_local_poll(c->local, rte_rdtsc());
	watch_attack(l);
	publishing = ts_publish_poll(c->publisher);
	if (publishing && wait > 1)
		wait = 1;
	if (become_ready(l, publishing, err, err_len) < 0)
		return -1;
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
		/* The mirror's are read at the next turn. */
	}
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
	while (ret == 0 && !l.stop) {
		int n, wait = turn(&l, err, err_len);

		if (wait < 0) {
			ret = -1;
			break;
		}
		n = epoll_wait(l.epoll, events, MAX_EPOLL_EVENTS, wait);
		take_ready(&l, events, n);
	}
	ts_sd_notify("STOPPING=1");
	close_loop(&l);
	return ret;
}
