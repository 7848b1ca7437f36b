/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From zebra's messages to the feed. What is not about IP routes of our table (MPLS, neighbours, bridges) is ignored.
 */
#include "clock.h"
#include "fpm_priv.h"

#include <string.h>

static void
remove_route(struct ts_fpm *f, const struct route_key *key)
{
	feed_nhobj_link(&f->feed, key, 0);
	feed_route_remove(&f->feed, key);
	/* There is room again for what was refused. */
	if (f->feed.refused && f->resend_ms == 0)
		f->resend_ms = ts_now_ms() + 1000ull * f->conf.stale_s;
}

void
fpm_flush_deletion(struct ts_fpm *f)
{
	if (!f->has_deletion)
		return;
	f->has_deletion = false;
	remove_route(f, &f->deletion);
}

static void
new_route(struct ts_fpm *f, const struct kernel_route *r)
{
	struct route_target target;

	if (f->has_deletion && memcmp(&f->deletion, &r->key, sizeof(r->key)) == 0)
		f->has_deletion = false;
	fpm_flush_deletion(f);
	if (!feed_route_resolve(&f->feed, r, &target))
		return; /* set when its object comes */
	if (target.kind == TS_NH_GLEAN && r->protocol == RTPROT_KERNEL)
		remove_route(f, &r->key);
	else
		feed_route_set(&f->feed, &r->key, &target);
}

static int
route_message(struct ts_fpm *f, const struct nlmsghdr *nlh)
{
	struct kernel_route r;
	int ret = mirror_parse_route(nlh, f->feed.ifaces, f->conf.table, &r);

	if (ret <= 0)
		return ret;
	r.key.metric = 0;
	if (nlh->nlmsg_type == RTM_NEWROUTE) {
		new_route(f, &r);
		return 0;
	}
	fpm_flush_deletion(f);
	f->deletion = r.key;
	f->has_deletion = true;
	return 0;
}

static int
nhobj_message(struct ts_fpm *f, const struct nlmsghdr *nlh)
{
	struct nhobj o;
	int ret = mirror_parse_nhobj(nlh, f->feed.ifaces, &o);

	if (ret <= 0)
		return ret;
	if (nlh->nlmsg_type == RTM_NEWNEXTHOP)
		feed_nhobj_new(&f->feed, &o);
	else
		feed_nhobj_del(&f->feed, o.id);
	return 0;
}

int
fpm_message(void *fpm, const struct nlmsghdr *nlh)
{
	struct ts_fpm *f = fpm;

	f->stats.messages++;
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return route_message(f, nlh);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return nhobj_message(f, nlh);
	default:
		return 0;
	}
}
