/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets, timers and the turn: notifications first, then answers, then what is due.
 */
#include "clock.h"
#include "mirror_priv.h"
#include "neigh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_US 3000 /* of a turn, for each socket */
#define DATAGRAMS 32
#define DATAGRAM_MAX 32768 /* the kernel's dumps are no larger */
#define COMPARE_AFTER_MS 10
#define RETRY_FAILED_DUMP_MS 200

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Not before as much time has passed since the last dump as that one took: a flapping link must not make us dump all
 * the time. */
void
mirror_want_compare(struct ts_mirror *m)
{
	uint64_t due = ts_now_ms() + COMPARE_AFTER_MS;
	uint64_t rested = m->dump_ended_ms + (m->dump_ended_ms - m->dump_began_ms);

	if (m->step_failed)
		due += RETRY_FAILED_DUMP_MS;
	if (!mirror_dumping(m) && rested > due)
		due = rested;
	if (m->compare_ms == 0 || due < m->compare_ms)
		m->compare_ms = due;
}

static void
answer(struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == NLMSG_ERROR)
		mirror_neigh_refused(m, nlh->nlmsg_seq,
			mnl_nlmsg_get_payload_len(nlh) >= sizeof(int) ? -*(const int *)mnl_nlmsg_get_payload(nlh) : 0);
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		if ((nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
			m->dump_again = true;
		mirror_dump_ended(m, nlh);
		return;
	}
	if (!m->step_sent || nlh->nlmsg_seq != m->step_seq)
		return;
	if ((nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
		m->dump_again = true;
	mirror_message(m, nlh, true);
}

/*
 * What was lost is unknown: compare everything. What is still in the socket is older than the loss, and comes first: a
 * deletion in it, whose addition was lost, would otherwise be taken for later than the dump's answer.
 */
static void
make_good(struct ts_mirror *m)
{
	if (!m->overrun)
		return;
	m->overrun = false;
	if (mirror_dumping(m))
		m->dump_again = true;
	else
		mirror_dump_begin(m);
}

static void
overrun(struct ts_mirror *m)
{
	m->stats.overruns++;
	m->overrun = true;
}

static void
take_messages(struct ts_mirror *m, bool answers, const void *buf, int len)
{
	for (const struct nlmsghdr *nlh = buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (answers)
			answer(m, nlh);
		else
			mirror_message(m, nlh, false);
	}
}

/* A notification is a datagram of its own, so many are taken with a system call. */
struct mailbag {
	struct mmsghdr msgs[DATAGRAMS];
	struct iovec iov[DATAGRAMS];
	struct sockaddr_nl from[DATAGRAMS];
	char buf[DATAGRAMS][DATAGRAM_MAX] __rte_aligned(NLMSG_ALIGNTO);
};

static int
receive(struct mailbag *b, int fd)
{
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		b->iov[i] = (struct iovec){b->buf[i], DATAGRAM_MAX};
		b->msgs[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
			.msg_namelen = sizeof(b->from[i]),
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1};
	}
	return recvmmsg(fd, b->msgs, DATAGRAMS, MSG_DONTWAIT, NULL);
}

/* Only the kernel is listened to. What was cut off is lost. */
static void
open_mail(struct ts_mirror *m, const struct mailbag *b, int n, bool answers)
{
	for (int i = 0; i < n; i++) {
		if (b->from[i].nl_pid != 0)
			continue;
		if ((b->msgs[i].msg_hdr.msg_flags & MSG_TRUNC) != 0)
			overrun(m);
		take_messages(m, answers, b->buf[i], (int)b->msgs[i].msg_len);
	}
}

/* Returns true when there may be more. */
static bool
read_socket(struct ts_mirror *m, struct mnl_socket *s)
{
	static struct mailbag bag;
	uint64_t until = now_us() + READ_US;

	do {
		int n = receive(&bag, mnl_socket_get_fd(s));

		if (n > 0)
			open_mail(m, &bag, n, s == m->ask);
		else if (n < 0 && (errno == ENOBUFS || errno == ENOSPC))
			overrun(m);
		else if (n == 0 || errno != EINTR)
			return false;
	} while (now_us() < until);
	return true;
}

static void
report_addresses(struct ts_mirror *m)
{
	/* Not before the first dump of them is complete: the set would shrink and grow. */
	if (!m->addrs_changed || (!m->synced && m->step <= DUMP_ADDRS))
		return;
	m->addrs_changed = false;
	if (m->conf.on_addresses == NULL)
		return;

	struct ts_host_addr *set = calloc(m->n_addrs + 1, sizeof(*set));

	if (set == NULL) {
		m->addrs_changed = true;
		return;
	}
	for (unsigned i = 0; i < m->n_addrs; i++)
		set[i] = m->addrs[i].addr;
	m->conf.on_addresses(m->conf.arg, set, m->n_addrs);
	free(set);
}

static void
recheck_neighbours(struct ts_mirror *m)
{
	if (!m->feed.on_link_changed)
		return;
	m->feed.on_link_changed = false;
	ts_neigh_recheck(m->nexthops, m->rib);
}

static int
sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int
until(uint64_t due, uint64_t now)
{
	return due <= now ? 0 : (int)(due - now);
}

static uint64_t
next_dump_ms(const struct ts_mirror *m)
{
	uint64_t regular = m->conf.resync_s > 0 ? m->dump_ended_ms + 1000ull * m->conf.resync_s : UINT64_MAX;

	return m->compare_ms != 0 && m->compare_ms < regular ? m->compare_ms : regular;
}

static int
run_timers(struct ts_mirror *m)
{
	uint64_t now = ts_now_ms();

	if (mirror_held_timeout(m, now) == 0)
		mirror_held_flush(m);
	if (now >= m->retry_ms)
		mirror_gateways_retry(m);
	if (!mirror_dumping(m) && now >= next_dump_ms(m))
		mirror_dump_begin(m);
	mirror_dump_work(m);

	uint64_t claims = mirror_claims_work(m, now);
	int wait = sooner(mirror_held_timeout(m, now), until(m->retry_ms < claims ? m->retry_ms : claims, now));

	if (mirror_dumping(m))
		return m->step_sent ? wait : sooner(wait, 1);
	if (next_dump_ms(m) != UINT64_MAX)
		wait = sooner(wait, until(next_dump_ms(m), now));
	return wait;
}

/* Not before deletions are carried out, and what the routes held is free: it would be refused again. */
static void
look_for_room(struct ts_mirror *m)
{
	if (!m->feed.refused || !m->feed.freed || mirror_dumping(m) || ts_nexthops_dying(m->nexthops))
		return;
	m->feed.freed = false;
	mirror_want_compare(m);
}

int
ts_mirror_poll(struct ts_mirror *m)
{
	bool more = read_socket(m, m->notify);

	/* An answer must not overtake notifications that were there before it. */
	if (!more) {
		make_good(m);
		more = read_socket(m, m->ask);
	}
	more |= mirror_purge_step(m);
	feed_nhobjs_work(&m->feed);
	if (m->feed.unclear)
		mirror_want_compare(m);
	m->feed.unclear = false;
	look_for_room(m);

	int wait = run_timers(m);

	recheck_neighbours(m);
	report_addresses(m);
	return more ? 0 : wait;
}

void
ts_mirror_set_times(struct ts_mirror *m, uint32_t delete_hold_ms, uint32_t delete_hold_max_ms, uint32_t resync_s)
{
	m->conf.delete_hold_ms = delete_hold_ms;
	m->conf.delete_hold_max_ms = delete_hold_max_ms;
	m->conf.resync_s = resync_s;
}

void
ts_mirror_compare(struct ts_mirror *m)
{
	mirror_want_compare(m);
}

bool
ts_mirror_synced(const struct ts_mirror *m)
{
	return m->synced;
}

void
ts_mirror_fds(const struct ts_mirror *m, int fds[2], unsigned *n)
{
	fds[0] = mnl_socket_get_fd(m->notify);
	fds[1] = mnl_socket_get_fd(m->ask);
	*n = 2;
}

void
ts_mirror_stats(const struct ts_mirror *m, struct ts_mirror_stats *out)
{
	*out = m->stats;
	out->in_tunnel = m->feed.stats.in_tunnel;
	out->silent_losses = m->feed.stats.silent_losses;
	out->foreign = m->feed.stats.foreign;
	out->refused = m->feed.refused;
	out->last_change_ms = m->feed.stats.last_change_ms;
}

static struct mnl_socket *
open_socket(void)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (s != NULL && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(s);
		return NULL;
	}
	return s;
}

/* What the kernel has no group for (next hops before 5.3) is not listened to. */
static int
join(struct mnl_socket *s)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP};
	int size = 32 << 20;

	if (setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 &&
			group != RTNLGRP_NEXTHOP)
			return -1;
	}
	return 0;
}

struct ts_mirror *
ts_mirror_create(const struct ts_mirror_conf *conf, const struct ts_ifaces *ifaces, struct ts_nexthops *nexthops,
	struct ts_rib *rib, char *err, size_t err_len)
{
	struct ts_mirror *m = calloc(1, sizeof(*m));
	int one = 1;

	if (m == NULL) {
		snprintf(err, err_len, "no memory for the mirror of the kernel's routes");
		return NULL;
	}
	m->conf = *conf;
	m->ifaces = ifaces;
	m->nexthops = nexthops;
	m->rib = rib;
	m->feed = (struct route_feed){
		.ifaces = ifaces,
		.nexthops = nexthops,
		.rib = rib,
		.origin = TS_ORIGIN_KERNEL,
		.objects_take_routes = true,
		.is_tunnel = conf->is_tunnel,
		.arg = conf->arg,
	};
	m->notify = open_socket();
	m->ask = open_socket();
	if (m->notify == NULL || m->ask == NULL || join(m->notify) < 0) {
		snprintf(err, err_len, "rtnetlink: %s", strerror(errno));
		ts_mirror_free(m);
		return NULL;
	}
	/* Without it the kernel does not look at the table asked for; then all tables come and are sorted out here. */
	mnl_socket_setsockopt(m->ask, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	mirror_claims_init(m);
	mirror_neigh_hook(m);
	mirror_dump_begin(m);
	mirror_dump_work(m);
	return m;
}

void
ts_mirror_free(struct ts_mirror *m)
{
	if (m == NULL)
		return;
	mirror_neigh_unhook(m);
	mirror_routes_free(m);
	feed_nhobjs_free(&m->feed);
	mirror_neighs_free(m);
	free(m->addrs);
	if (m->notify != NULL)
		mnl_socket_close(m->notify);
	if (m->ask != NULL)
		mnl_socket_close(m->ask);
	free(m);
}
