/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A look takes some microseconds and comes every LOOK_MS; the answer to a test packet makes the next one due at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "health_priv.h"
#include "log.h"
#include "twin.h"

#define LOOK_MS 50
#define RETRY_MS 1000

static uint64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
start_probing(struct ts_health *h)
{
	h->prober = h->c->cfg.health.probe ? ts_prober_create(h->c, &h->list) : NULL;
	if (h->c->cfg.health.probe && h->prober == NULL)
		ts_log_warning("no memory for test packets: the tunnels are not probed");
}

struct ts_health *
ts_health_create(struct ts_control *c)
{
	struct ts_health *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->c = c;
	ts_health_list(&h->list, &c->cfg);
	start_probing(h);
	return h;
}

void
ts_health_free(struct ts_health *h)
{
	if (h == NULL)
		return;
	ts_prober_free(h->prober);
	free(h);
}

/* Verdicts of before hold until there are new ones. */
static void
take_verdicts(struct ts_health *h)
{
	for (unsigned i = 0; i < h->list.n_mechs; i++) {
		enum ts_probe_verdict now = TS_PROBE_NONE;

		if (h->prober != NULL)
			now = ts_prober_verdict(h->prober, i, h->why[i], sizeof(h->why[i]));
		if (now != TS_PROBE_UNTRIED || h->verdict[i] == TS_PROBE_NONE)
			h->verdict[i] = now;
	}
}

static uint32_t
reasons_of(const struct ts_health *h, const struct ts_health_prefix *p)
{
	const struct ts_health_inputs *in = &h->in;
	uint32_t reasons = in->box | (p->upstream == AF_INET ? in->v4 : in->v6);

	if (p->attached)
		reasons &= ~(uint32_t)(TS_HEALTH_ROUTES4 | TS_HEALTH_ROUTES6);
	if (h->verdict[p->mech] == TS_PROBE_BAD)
		reasons |= TS_HEALTH_PROBE;
	if (h->verdict[p->mech] == TS_PROBE_UNTRIED)
		reasons |= TS_HEALTH_STARTING;
	if (in->attack && h->list.mechs[p->mech].mech == TS_MECH_TEREDO)
		reasons |= TS_HEALTH_ATTACK;
	return reasons;
}

/* The first reason says it: they are in the order of what explains most. */
static void
log_why(const struct ts_health *h, unsigned i, const char *what)
{
	char prefix[TS_HEALTH_PREFIX_TEXT], why[256];

	ts_health_explain(h, i, (unsigned)__builtin_ctz(h->reasons[i]), why, sizeof(why));
	ts_log("%s %s: %s", ts_health_prefix_text(&h->list.prefixes[i].prefix, prefix), what, why);
}

static void
log_state(struct ts_health *h, unsigned i, bool was_up)
{
	char prefix[TS_HEALTH_PREFIX_TEXT];

	if (h->c->announcer == NULL)
		return;
	if (h->up[i] && !was_up)
		ts_log("%s announced", ts_health_prefix_text(&h->list.prefixes[i].prefix, prefix));
	else if (was_up && !h->up[i])
		log_why(h, i, "withdrawn");
	else if (!h->up[i] && !h->told[i] && (h->reasons[i] & TS_HEALTH_STARTING) == 0)
		log_why(h, i, "not announced yet");
	else
		return;
	h->told[i] = true;
}

static void
judge(struct ts_health *h, enum ts_drain_phase drain)
{
	const struct ts_health_conf conf = {
		.hold_ms = h->c->cfg.health.hold_down_s * UINT64_C(1000),
		.hold_max_ms = h->c->cfg.health.hold_down_max_s * UINT64_C(1000),
	};

	for (unsigned i = 0; i < h->list.n_prefixes; i++) {
		uint32_t reasons = reasons_of(h, &h->list.prefixes[i]);
		bool was_up = h->up[i];

		reasons |= drain == TS_DRAIN_WITHDRAWN ? TS_HEALTH_DRAIN : 0;
		h->reasons[i] = ts_health_step(&h->state[i], &conf, h->now_ms, reasons);
		h->up[i] = h->reasons[i] == 0;
		log_state(h, i, was_up);
	}
}

static void
announce(struct ts_health *h, bool draining)
{
	struct ts_cfg_addr up[TS_HEALTH_MAX_PREFIXES];
	unsigned n = 0;
	int ret;

	if (h->c->announcer == NULL || h->now_ms < h->retry_ms)
		return;
	for (unsigned i = 0; i < h->list.n_prefixes; i++)
		if (h->up[i])
			up[n++] = h->list.prefixes[i].prefix;
	ret = ts_announcer_set(h->c->announcer, up, n, draining);
	if (ret == 0)
		return;
	ts_log_warning(
		"announce.table: the kernel refuses a route in table %u: %s", h->c->cfg.announce.table, strerror(-ret));
	h->retry_ms = h->now_ms + RETRY_MS;
}

/* As with a twin: it does not come back by itself. */
static void
look_at_device(struct ts_health *h)
{
	if ((h->in.box & TS_HEALTH_DEVICE) != 0 || h->c->announcer == NULL || ts_announcer_alive(h->c->announcer))
		return;
	ts_log_warning(
		"announce.device: %s was deleted in the kernel: nothing is announced until tsunagid is started again",
		h->c->cfg.announce.device);
	h->in.box |= TS_HEALTH_DEVICE;
}

static bool
workers_are_current(const struct ts_health *h)
{
	struct ts_worker_stats st;

	for (unsigned i = 0; i < h->c->n_workers; i++) {
		ts_worker_stats(h->c->workers[i], &st);
		if (st.table_version <= h->after_version)
			return false;
	}
	return true;
}

void
ts_health_poll(struct ts_health *h)
{
	enum ts_drain_phase drain;

	h->now_ms = clock_ms();
	if (h->prober != NULL && workers_are_current(h))
		ts_prober_poll(h->prober, h->now_ms);
	if (h->now_ms < h->due_ms)
		return;
	h->due_ms = h->now_ms + LOOK_MS;
	drain = ts_drain_phase(&h->drain, h->now_ms, h->c->cfg.health.drain_s * UINT64_C(1000));
	ts_health_look(&h->in, h->c, h->now_ms);
	look_at_device(h);
	take_verdicts(h);
	judge(h, drain);
	if ((h->in.box & TS_HEALTH_DEVICE) == 0)
		announce(h, drain == TS_DRAIN_SHOWN);
}

void
ts_health_answer(struct ts_health *h, unsigned worker, const struct ts_event *ev)
{
	struct ts_probe_result r;

	if (h->prober != NULL) {
		ts_prober_answer(h->prober, worker, ev, h->now_ms);
		h->due_ms = 0;
		return;
	}
	memcpy(&r, ev->addr, sizeof(r));
	rte_pktmbuf_free(r.out);
}

static bool
same_mech(const struct ts_health_mech *a, const struct ts_health_mech *b)
{
	return a->mech == b->mech && strcmp(a->name, b->name) == 0;
}

/* What was known of the same mechanisms and prefixes, in their new places. */
static void
carry_over(struct ts_health *h, const struct ts_health *was)
{
	for (unsigned i = 0; i < h->list.n_mechs; i++)
		for (unsigned k = 0; k < was->list.n_mechs; k++)
			if (same_mech(&h->list.mechs[i], &was->list.mechs[k]))
				h->verdict[i] = was->verdict[k];
	for (unsigned i = 0; i < h->list.n_prefixes; i++) {
		const struct ts_cfg_addr *p = &h->list.prefixes[i].prefix;

		for (unsigned k = 0; k < was->list.n_prefixes; k++) {
			const struct ts_cfg_addr *q = &was->list.prefixes[k].prefix;

			if (p->family != q->family || p->prefix_len != q->prefix_len ||
				memcmp(&p->v6, &q->v6, sizeof(p->v6)) != 0)
				continue;
			h->state[i] = was->state[k];
			h->reasons[i] = was->reasons[k];
			h->up[i] = was->up[k];
			h->told[i] = was->told[k];
		}
	}
}

void
ts_health_reloaded(struct ts_health *h)
{
	struct ts_health *was = malloc(sizeof(*was));

	if (was == NULL) {
		ts_log_warning(
			"no memory to follow the configuration: announcements stay as they are until the next reload");
		return;
	}
	*was = *h;
	ts_prober_free(h->prober);
	ts_health_list(&h->list, &h->c->cfg);
	memset(h->verdict, 0, sizeof(h->verdict));
	memset(h->state, 0, sizeof(h->state));
	memset(h->reasons, 0, sizeof(h->reasons));
	memset(h->up, 0, sizeof(h->up));
	memset(h->told, 0, sizeof(h->told));
	h->in.box &= ~(uint32_t)TS_HEALTH_DEVICE; /* it may be another one now */
	carry_over(h, was);
	free(was);
	start_probing(h);
	h->after_version = ts_publish_version(h->c->publisher);
	h->due_ms = h->retry_ms = 0;
	if (h->now_ms != 0)
		ts_health_poll(h); /* whoever asked finds it done */
}

void
ts_health_drain(struct ts_health *h, bool on)
{
	if (h->drain.on == on)
		return;
	h->drain.on = on;
	h->now_ms = h->drain.since_ms = clock_ms(); /* the answer is made before the next turn */
	h->due_ms = 0;
	ts_log(on ? "draining: the prefixes go in %u s" : "draining is over", h->c->cfg.health.drain_s);
}

bool
ts_health_alive(const struct ts_health *h)
{
	return (h->in.box & TS_HEALTH_WORKER) == 0;
}
