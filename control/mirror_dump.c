/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking for everything, step by step, and sweeping what was not told of. Forwarding goes on with the old routes
 * meanwhile. A dump that the kernel calls inconsistent, or during which notifications were lost, is done again before
 * anything is swept.
 */
#include "clock.h"
#include "mirror_priv.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <string.h>

/* Prefixes looked at in a turn of the control thread. */
#define SWEPT_PER_TURN 8192

void
mirror_dump_begin(struct ts_mirror *m)
{
	m->feed.gen++;
	m->feed.refused = m->feed.freed = false;
	m->step = DUMP_LINKS;
	m->step_sent = false;
	m->step_failed = false;
	m->dump_again = false;
	m->sweep = (struct feed_sweep){0};
	m->compare_ms = 0;
	m->dump_began_ms = ts_now_ms();
	mirror_held_forget(m);
}

static void
put_header(struct nlmsghdr *nlh, enum dump_step step, const struct ts_mirror_conf *conf)
{
	static const uint16_t types[] = {
		RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH, RTM_GETNEXTHOP, RTM_GETROUTE, RTM_GETROUTE};
	static const uint8_t sizes[] = {sizeof(struct ifinfomsg), sizeof(struct ifaddrmsg), sizeof(struct ndmsg),
		sizeof(struct nhmsg), sizeof(struct rtmsg), sizeof(struct rtmsg)};
	/* The family is the first byte of them all. */
	uint8_t *family = mnl_nlmsg_put_extra_header(nlh, sizes[step]);

	nlh->nlmsg_type = types[step];
	*family = step == DUMP_ROUTES4 ? AF_INET : step == DUMP_ROUTES6 ? AF_INET6 : AF_UNSPEC;
	if (step != DUMP_ROUTES4 && step != DUMP_ROUTES6)
		return;
	if (conf->on_link_only)
		((struct rtmsg *)(void *)family)->rtm_protocol = RTPROT_KERNEL;
	mnl_attr_put_u32(nlh, RTA_TABLE, conf->table);
}

static void
ask(struct ts_mirror *m)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	put_header(nlh, m->step, &m->conf);
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->seq = (m->seq + 1) & INT32_MAX;
	nlh->nlmsg_seq = m->step_seq = m->seq;
	m->step_sent = mnl_socket_sendto(m->ask, nlh, nlh->nlmsg_len) >= 0;
}

/* NLMSG_DONE carries an error or 0. A table that nothing was put into yet does not exist; kernels without next-hop
 * objects do not know that question. */
static int
end_error(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return -error;
}

static bool
tolerable(enum dump_step step, int error)
{
	bool routes = step == DUMP_ROUTES4 || step == DUMP_ROUTES6;

	return error == 0 || (error == ENOENT && routes) || (error == EOPNOTSUPP && step == DUMP_NEXTHOPS);
}

void
mirror_dump_ended(struct ts_mirror *m, const struct nlmsghdr *nlh)
{
	int error = end_error(nlh);

	if (!m->step_sent || nlh->nlmsg_seq != m->step_seq)
		return;
	if (!tolerable(m->step, error)) {
		m->stats.parse_errors++;
		m->step_failed = true;
	}
	if (m->step == DUMP_NEXTHOPS && !m->dump_again && !m->step_failed)
		feed_nhobjs_sweep(&m->feed);
	m->step++;
	m->step_sent = false;
	if (m->dump_again)
		mirror_dump_begin(m);
}

static void
finish(struct ts_mirror *m)
{
	if (m->synced)
		m->feed.stats.silent_losses += m->sweep.swept;
	mirror_addrs_sweep(m);
	mirror_neighs_sweep(m);
	m->appended = false;
	m->feed.on_link_changed = true;
	m->stats.resyncs += m->synced;
	m->synced = true;
	m->step = DUMP_NONE;
	m->dump_ended_ms = ts_now_ms();
	mirror_held_forget(m);
	if (m->compare_ms != 0) {
		m->compare_ms = 0; /* wanted while this one ran: now it is known how long to rest */
		mirror_want_compare(m);
	}
}

/* Without all its answers a dump proves nothing gone: nothing is swept, and it is tried again. */
static void
give_up(struct ts_mirror *m)
{
	m->step = DUMP_NONE;
	m->dump_ended_ms = ts_now_ms();
	mirror_held_forget(m);
	mirror_want_compare(m);
}

void
mirror_dump_work(struct ts_mirror *m)
{
	if (m->step < DUMP_SWEEP && !m->step_sent)
		ask(m);
	if (m->step != DUMP_SWEEP)
		return;
	if (m->dump_again)
		mirror_dump_begin(m);
	else if (m->step_failed)
		give_up(m);
	else if (m->held == NULL && !feed_sweep_step(&m->feed, &m->sweep, SWEPT_PER_TURN))
		finish(m);
}
