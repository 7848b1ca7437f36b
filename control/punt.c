/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The punt thread's loop: workers' punt rings to TAPs, TAPs to workers' inject rings, in bounded batches, so that
 * neither a flood from the wire nor a busy kernel keeps the other direction waiting.
 *
 * Workers cannot wake it (they make no system calls), so it sleeps in ppoll() on the TAPs for a short time only:
 * shorter after a turn that found work. It is the one consumer of the punt rings and the one producer of the inject
 * rings, and never waits for either: what a ring or a TAP refuses is dropped and counted. It runs without any
 * privilege.
 *
 * It has next to nothing to compute, and BFD sessions of 3 x 100 ms to keep up, so it goes before the control thread
 * and the routing daemon, which compute for seconds when tables load (prompt.h).
 */
#include "punt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring_elem.h>

#include "privileges.h"
#include "prompt.h"
#include "punt_filter.h"

#define BATCH 32
#define URGENT_PER_TURN 1024
#define BUSY_WAIT_NS 500000L
#define IDLE_WAIT_NS 2000000L
#define MAX_SEGMENTS 16

struct ts_punter {
	pthread_t thread;
	atomic_bool stop;
	const struct ts_ifaces *ifaces;
	struct ts_worker *const *workers;
	unsigned n_workers;
	struct rte_mempool *pool;
	struct pollfd fds[TS_MAX_INTERFACES];
	uint16_t iface_of_fd[TS_MAX_INTERFACES];
	struct ts_punt_filter filter[TS_MAX_INTERFACES];
	unsigned n_fds;
	struct ts_punt_stats stats; /* written by the thread, read by control */
};

/* One writer: no read-modify-write needed, only whole values for the reader. */
static void
count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static void
write_frame(struct ts_punter *p, int fd, const struct rte_mbuf *m)
{
	struct iovec iov[MAX_SEGMENTS];
	int n = 0;

	for (; m != NULL && n < MAX_SEGMENTS; m = m->next) {
		iov[n].iov_base = rte_pktmbuf_mtod(m, void *);
		iov[n++].iov_len = m->data_len;
	}
	count(m == NULL && writev(fd, iov, n) >= 0 ? &p->stats.punted : &p->stats.drop_tap_full);
}

static unsigned
punt_from(struct ts_punter *p, struct rte_ring *ring)
{
	struct ts_punt batch[BATCH];
	unsigned n = rte_ring_sc_dequeue_burst_elem(ring, batch, sizeof(batch[0]), BATCH, NULL);

	for (unsigned i = 0; i < n; i++) {
		int fd = batch[i].iface < p->ifaces->n ? p->ifaces->ctl[batch[i].iface].tap_fd : -1;

		if (fd >= 0)
			write_frame(p, fd, batch[i].frame);
		else
			count(&p->stats.drop_tap_full);
		rte_pktmbuf_free(batch[i].frame);
	}
	return n;
}

static void
inject(struct ts_punter *p, uint16_t iface, struct rte_mbuf *m, size_t len)
{
	struct ts_worker *w = p->workers[iface % p->n_workers];
	struct ts_inject element = {.frame = m, .iface = iface};

	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	if (!ts_punt_filter_allows(&p->filter[iface], rte_pktmbuf_mtod(m, const uint8_t *), len, rte_rdtsc())) {
		count(&p->stats.drop_forbidden);
	} else if (rte_ring_sp_enqueue_elem(ts_worker_injects(w), &element, sizeof(element)) != 0) {
		count(&p->stats.drop_inject_ring);
	} else {
		count(&p->stats.injected);
		return;
	}
	rte_pktmbuf_free(m);
}

/* Take a frame that there is no room for out of the kernel's queue, lest ppoll() never sleep again. */
static bool
discard_one(struct ts_punter *p, int fd)
{
	char scrap[64];

	if (read(fd, scrap, sizeof(scrap)) <= 0)
		return false;
	count(&p->stats.drop_no_mbuf);
	return true;
}

/* One byte more than the buffer holds is asked for: getting it shows that the frame was cut. */
static bool
read_one(struct ts_punter *p, int fd, uint16_t iface)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(p->pool);
	struct iovec iov[2];
	ssize_t len;
	char more;

	if (m == NULL)
		return discard_one(p, fd);
	iov[0].iov_base = rte_pktmbuf_mtod(m, void *);
	iov[0].iov_len = rte_pktmbuf_tailroom(m);
	iov[1].iov_base = &more;
	iov[1].iov_len = 1;
	len = readv(fd, iov, 2);
	if (len > 0 && (size_t)len <= iov[0].iov_len) {
		inject(p, iface, m, (size_t)len);
		return true;
	}
	rte_pktmbuf_free(m);
	if (len > 0)
		count(&p->stats.drop_no_mbuf);
	return len > 0;
}

static unsigned
read_tap(struct ts_punter *p, unsigned i)
{
	unsigned n = 0;

	if (p->fds[i].revents == 0)
		return 0;
	while (n < BATCH && read_one(p, p->fds[i].fd, p->iface_of_fd[i]))
		n++;
	/* A TAP in error (its link was deleted under us) would make ppoll() spin. */
	if (n == 0 && (p->fds[i].revents & (POLLERR | POLLNVAL)) != 0)
		p->fds[i].fd = -1;
	return n;
}

static unsigned
turn(struct ts_punter *p)
{
	unsigned work = 0, n;

	for (unsigned i = 0; i < p->n_workers; i++)
		while ((n = punt_from(p, ts_worker_urgent_punts(p->workers[i]))) != 0 && (work += n) < URGENT_PER_TURN)
			;
	for (unsigned i = 0; i < p->n_workers; i++)
		work += punt_from(p, ts_worker_punts(p->workers[i]));
	for (unsigned i = 0; i < p->n_fds; i++)
		work += read_tap(p, i);
	return work;
}

static void *
punt_loop(void *arg)
{
	struct ts_punter *p = arg;
	struct timespec wait = {0};
	unsigned work = 0;

	ts_sched_prompt();
	ts_privileges_drop_all();
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
		/* A full batch: there is more, do not sleep. */
		wait.tv_nsec = work >= BATCH ? 0 : work != 0 ? BUSY_WAIT_NS : IDLE_WAIT_NS;
		if (ppoll(p->fds, p->n_fds, &wait, NULL) < 0)
			for (unsigned i = 0; i < p->n_fds; i++)
				p->fds[i].revents = 0;
		work = turn(p);
	}
	return NULL;
}

struct ts_punter *
ts_punter_start(const struct ts_ifaces *ifaces, struct ts_worker *const *workers, unsigned n_workers,
	struct rte_mempool *pool, char *err, size_t err_len)
{
	struct ts_punter *p = calloc(1, sizeof(*p));
	int ret = ENOMEM;

	if (p != NULL) {
		p->ifaces = ifaces;
		p->workers = workers;
		p->n_workers = n_workers;
		p->pool = pool;
		for (uint16_t i = 0; i < ifaces->n; i++) {
			if (ifaces->ctl[i].tap_fd < 0)
				continue;
			ts_punt_filter_init(&p->filter[i], ifaces->dp[i].mac.addr_bytes, rte_get_tsc_hz(), rte_rdtsc());
			p->fds[p->n_fds].fd = ifaces->ctl[i].tap_fd;
			p->fds[p->n_fds].events = POLLIN;
			p->iface_of_fd[p->n_fds++] = i;
		}
		ret = abs(rte_ctrl_thread_create(&p->thread, "ts-punt", NULL, punt_loop, p));
	}
	if (ret == 0)
		return p;
	snprintf(err, err_len, "the punt thread does not start: %s", strerror(ret));
	free(p);
	return NULL;
}

void
ts_punter_stop(struct ts_punter *p)
{
	if (p == NULL)
		return;
	atomic_store_explicit(&p->stop, true, memory_order_relaxed);
	pthread_join(p->thread, NULL);
	free(p);
}

void
ts_punter_stats(const struct ts_punter *p, struct ts_punt_stats *out)
{
	const uint64_t *from = (const uint64_t *)&p->stats;
	uint64_t *to = (uint64_t *)out;

	_Static_assert(sizeof(p->stats) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(p->stats) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
