/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"

#define NO_FAULTS (TS_HEALTH_DRAIN | TS_HEALTH_ATTACK)
#define LOSS_MIN 100 /* packets in a second; fewer may be a neighbour that does not answer */

const struct ts_health_words ts_health_words[TS_HEALTH_N_REASONS] = {
#define TS_HEALTH_WORDS(name, word, text) {word, text},
	TS_HEALTH_REASONS(TS_HEALTH_WORDS)
#undef TS_HEALTH_WORDS
};

static uint64_t
capped(uint64_t ms, uint64_t max)
{
	return ms < max ? ms : max;
}

static void
fall(struct ts_health_state *h, const struct ts_health_conf *conf, uint64_t now_ms)
{
	bool again = h->hold_ms != 0 && now_ms - h->fault_ms < conf->hold_max_ms;

	h->hold_ms = capped(again ? h->hold_ms * 2 : conf->hold_ms, conf->hold_max_ms);
	h->well = false;
}

/* Without a fault: is the time up? */
static void
recover(struct ts_health_state *h, uint64_t now_ms)
{
	if (h->faulty)
		h->since_ms = now_ms;
	if (h->well || (h->once && now_ms - h->since_ms < h->hold_ms))
		return;
	h->well = h->once = true;
	h->since_ms = now_ms;
}

uint32_t
ts_health_step(struct ts_health_state *h, const struct ts_health_conf *conf, uint64_t now_ms, uint32_t reasons)
{
	bool faulty = (reasons & ~(uint32_t)NO_FAULTS) != 0;

	/* A shorter one may have come with a reload. */
	h->hold_ms = capped(h->hold_ms, conf->hold_max_ms);
	if (!faulty)
		recover(h, now_ms);
	else if (h->well)
		fall(h, conf, now_ms);
	if (!h->well)
		h->fault_ms = now_ms;
	h->faulty = faulty;
	return reasons | (h->well || faulty ? 0 : TS_HEALTH_HOLD);
}

uint64_t
ts_health_hold_left(const struct ts_health_state *h, uint64_t now_ms)
{
	uint64_t passed = now_ms - h->since_ms;

	return h->well || h->faulty || passed >= h->hold_ms ? 0 : h->hold_ms - passed;
}

enum ts_drain_phase
ts_drain_phase(const struct ts_drain *d, uint64_t now_ms, uint64_t shown_ms)
{
	if (!d->on)
		return TS_DRAIN_OFF;
	return now_ms - d->since_ms < shown_ms ? TS_DRAIN_SHOWN : TS_DRAIN_WITHDRAWN;
}

static bool
lossy(struct ts_loss *l, uint64_t passed, uint64_t lost, uint64_t ms, unsigned percent)
{
	uint64_t sum = passed + lost;

	l->percent = sum == 0 ? 0 : (unsigned)(lost * 100 / sum);
	return percent != 0 && lost * 1000 >= LOSS_MIN * ms && lost * 100 > sum * percent;
}

bool
ts_loss_step(struct ts_loss *l, uint64_t now_ms, uint64_t passed, uint64_t lost, unsigned percent, unsigned after_s)
{
	bool over;

	if (l->started && now_ms - l->at_ms < 1000)
		return l->over;
	over = l->started && lossy(l, passed - l->passed, lost - l->lost, now_ms - l->at_ms, percent);
	if (!over)
		l->over_since = 0;
	else if (l->over_since == 0)
		l->over_since = l->at_ms;
	l->over = over && now_ms - l->over_since >= after_s * UINT64_C(1000);
	l->started = true;
	l->at_ms = now_ms;
	l->passed = passed;
	l->lost = lost;
	return l->over;
}
