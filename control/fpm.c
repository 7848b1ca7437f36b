/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns and timers: when a generation of routes ends, and when everything is wanted again.
 */
#include "fpm_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "neigh.h"

/* Zebra tries to connect every three seconds (zebra/dplane_fpm_nl.c). */
#define NO_ZEBRA_MS 5000
#define QUIET_MS 500
/* Some table is never quiet. */
#define SETTLED_MS 30000
/* Freed in one turn of what the former connection left behind. */
#define BURIED_PER_TURN 10000
#define SWEPT_PER_TURN 8192

void
fpm_connected(struct ts_fpm *f)
{
	uint64_t now = ts_now_ms();

	f->stats.connections++;
	f->since_ms = f->last_message_ms = now;
	f->feed.gen++;
	f->feed.refused = false;
	if (f->sweeping) /* with the former generation's mark: what is left of it waits for the next */
		f->stats.swept += f->sweep.swept;
	f->sweeping = false;
	f->resend_ms = 0;
	feed_nhobjs_forget(&f->feed);
	if (f->feed.n_routes > 0)
		f->sweep_ms = now + 1000ull * f->conf.stale_s;
	ts_log("FPM: FRR is connected");
}

void
fpm_disconnected(struct ts_fpm *f)
{
	f->since_ms = ts_now_ms();
	/* Cut off between a deletion and the addition that it belongs to: the route is one that was not sent again. */
	f->has_deletion = false;
	f->resend_ms = 0;
	f->sweep_ms = f->feed.n_routes > 0 ? f->since_ms + 1000ull * f->conf.stale_s : 0;
}

/* Without a connection nothing of what there is has been sent again. */
static void
start_sweep(struct ts_fpm *f)
{
	f->sweep_ms = 0;
	f->sweeping = true;
	f->sweep = (struct feed_sweep){0};
	if (f->connection < 0) {
		f->feed.gen++;
		feed_nhobjs_forget(&f->feed);
	}
}

static void
sweep(struct ts_fpm *f)
{
	if (!f->sweeping)
		return;
	f->sweeping = feed_sweep_step(&f->feed, &f->sweep, SWEPT_PER_TURN);
	if (f->sweeping || f->sweep.swept == 0)
		return;
	f->stats.swept += f->sweep.swept;
	f->feed.on_link_changed = true;
	ts_log("FPM: %u routes went that FRR has not sent again", f->sweep.swept);
}

static int
until(uint64_t due, uint64_t now)
{
	if (due == 0)
		return -1;
	return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

static int
sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int
run_timers(struct ts_fpm *f)
{
	uint64_t now = ts_now_ms();

	if (until(f->sweep_ms, now) == 0)
		start_sweep(f);
	sweep(f);
	if (until(f->resend_ms, now) == 0)
		fpm_disconnect(f, "everything is wanted again, connection closed");
	return f->sweeping ? 0 : sooner(until(f->sweep_ms, now), until(f->resend_ms, now));
}

int
ts_fpm_poll(struct ts_fpm *f)
{
	bool more;

	fpm_accept(f);
	more = fpm_read(f);
	fpm_flush_deletion(f);
	feed_nhobjs_work(&f->feed);
	more |= feed_nhobjs_bury(&f->feed, BURIED_PER_TURN);

	int wait = run_timers(f);

	if (f->feed.on_link_changed)
		ts_neigh_recheck(f->feed.nexthops, f->feed.rib);
	f->feed.on_link_changed = false;
	return more ? 0 : wait;
}

void
ts_fpm_compare(struct ts_fpm *f)
{
	if (f->connection >= 0)
		f->resend_ms = ts_now_ms();
}

bool
ts_fpm_settled(const struct ts_fpm *f)
{
	uint64_t now = ts_now_ms();

	if (f->connection < 0)
		return now - f->started_ms >= NO_ZEBRA_MS;
	return now - f->last_message_ms >= QUIET_MS || now - f->since_ms >= SETTLED_MS;
}

int
ts_fpm_fd(const struct ts_fpm *f)
{
	return f->epoll;
}

void
ts_fpm_stats(const struct ts_fpm *f, struct ts_fpm_stats *out)
{
	uint64_t now = ts_now_ms();

	*out = f->stats;
	out->connected = f->connection >= 0;
	out->since_ms = now - f->since_ms;
	out->foreign = f->feed.stats.foreign;
	out->in_tunnel = f->feed.stats.in_tunnel;
	out->routes = f->feed.n_routes;
	out->next_hop_objects = HASH_COUNT(f->feed.nhobjs);
	out->refused = f->feed.refused;
	out->stale_ms = f->sweep_ms == 0 ? -1 : f->sweep_ms > now ? (int64_t)(f->sweep_ms - now) : 0;
}

struct ts_fpm *
ts_fpm_create(const struct ts_fpm_conf *conf, const struct ts_ifaces *ifaces, struct ts_nexthops *nexthops,
	struct ts_rib *rib, char *err, size_t err_len)
{
	struct ts_fpm *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		snprintf(err, err_len, "no memory for FPM");
		return NULL;
	}
	f->conf = *conf;
	f->epoll = f->listener = f->connection = -1;
	f->feed = (struct route_feed){
		.ifaces = ifaces,
		.nexthops = nexthops,
		.rib = rib,
		.origin = TS_ORIGIN_FPM,
		.is_tunnel = conf->is_tunnel,
		.arg = conf->arg,
	};
	f->started_ms = f->since_ms = ts_now_ms();
	if (fpm_listen(f, err, err_len) == 0)
		return f;
	ts_fpm_free(f);
	return NULL;
}

void
ts_fpm_free(struct ts_fpm *f)
{
	int fds[3];

	if (f == NULL)
		return;
	fds[0] = f->connection;
	fds[1] = f->listener;
	fds[2] = f->epoll;
	for (unsigned i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	feed_nhobjs_free(&f->feed);
	free(f);
}
