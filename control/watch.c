/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "control/log.h"
#include "control/observe.h"
#include "control/watch_priv.h"

#define KEPT 1024	/* packets of a session that wait for its client */
#define LEASE_S 10	/* without a question */
#define TRACE_SNAP 192u /* outer and inner headers, and what stands between them */

enum { TRACE, CAPTURE, N_WATCHES };

struct watch {
	struct ts_control *c;
	uint32_t session; /* 0: none */
	uint64_t lease;	  /* TSC */
	uint32_t snap;
	uint32_t first, n; /* of `kept`, a ring */
	uint64_t lost;	   /* since the last one that was kept */
	char *kept;	   /* [KEPT] of ts_seen_size(snap) bytes */
};

struct ts_watches {
	struct watch of[N_WATCHES];
	uint32_t sessions;
};

static const char *const names[N_WATCHES] = {[TRACE] = "trace", [CAPTURE] = "capture"};

size_t
ts_seen_size(uint32_t snap)
{
	return RTE_ALIGN(sizeof(struct ts_seen) + snap, 8);
}

static uint64_t
wall_ns(uint64_t tsc)
{
	uint64_t age = rte_rdtsc() - tsc;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec -
		(uint64_t)((double)age * 1e9 / (double)rte_get_tsc_hz());
}

static void
keep(const struct ts_observation *o, const uint8_t *data, uint32_t len, void *arg)
{
	struct watch *w = arg;
	struct ts_seen *s;

	if (w->session == 0)
		return;
	if (w->n == KEPT) {
		w->lost++;
		return;
	}
	s = (void *)(w->kept + (w->first + w->n++) % KEPT * ts_seen_size(w->snap));
	s->o = *o;
	s->wall_ns = wall_ns(o->tsc);
	s->lost = w->lost;
	s->len = RTE_MIN(len, w->snap);
	memcpy(s->data, data, s->len);
	w->lost = 0;
}

int
ts_watches_start(struct ts_control *c)
{
	static const enum ts_observation_kind kinds[N_WATCHES] = {
		[TRACE] = TS_OBSERVED_TRACE, [CAPTURE] = TS_OBSERVED_CAPTURE};

	c->watches = calloc(1, sizeof(*c->watches));
	if (c->watches == NULL)
		return -1;
	for (unsigned i = 0; i < N_WATCHES; i++) {
		c->watches->of[i].c = c;
		ts_observer_take(c->observer, kinds[i], keep, &c->watches->of[i]);
	}
	return 0;
}

static void
end(struct watch *w)
{
	struct ts_observe *plan = ts_observer_plan(w->c->observer);

	if (w == &w->c->watches->of[TRACE]) {
		plan->trace = false;
	} else {
		plan->capture_stations = 0;
		memset(plan->capture_drops, 0, sizeof(plan->capture_drops));
	}
	ts_observer_apply(w->c->observer);
	free(w->kept);
	w->kept = NULL;
	w->session = 0;
	w->n = 0;
}

void
ts_watches_stop(struct ts_control *c)
{
	for (unsigned i = 0; c->watches != NULL && i < N_WATCHES; i++)
		free(c->watches->of[i].kept);
	free(c->watches);
	c->watches = NULL;
}

void
ts_watches_poll(struct ts_control *c)
{
	for (unsigned i = 0; i < N_WATCHES; i++) {
		struct watch *w = &c->watches->of[i];

		if (w->session != 0 && rte_rdtsc() > w->lease)
			end(w);
	}
}

static void
renew(struct watch *w)
{
	w->lease = rte_rdtsc() + LEASE_S * rte_get_tsc_hz();
}

/* The plan has been made: begin. */
static void
begin(struct watch *w, uint32_t snap, struct ts_answer *out)
{
	w->kept = malloc(KEPT * ts_seen_size(snap));
	if (w->kept == NULL)
		end(w); /* the answer says it */
	if (w->kept == NULL)
		return;
	w->snap = snap;
	w->first = w->n = 0;
	w->lost = 0;
	w->session = ++w->c->watches->sessions;
	renew(w);
	ts_observer_apply(w->c->observer);
	ts_log("%s started by the control socket",
		w == &w->c->watches->of[TRACE] ? names[TRACE] : names[CAPTURE]); /* O28 */
	out->whole = json_pack("{s:I}", "session", (json_int_t)w->session);
}

static void
start_trace(struct watch *w, char *args, struct ts_answer *out)
{
	struct ts_observe *plan = ts_observer_plan(w->c->observer);
	char *save, *count = strtok_r(args, " ", &save), *match = strtok_r(NULL, " ", &save);
	uint32_t packets;

	if (!ts_watch_number(count, 1, 10000, &packets)) {
		ts_answer_error(w->c, out, "trace start: how many packets? 1 to 10000");
		return;
	}
	if (!ts_watch_match(match, &plan->trace_match)) {
		ts_answer_error(w->c, out, "\"%s\" is no address and no prefix", match);
		return;
	}
	plan->trace = true;
	plan->trace_packets = packets;
	plan->trace_snap = TRACE_SNAP;
	begin(w, TRACE_SNAP, out);
}

static void
start_capture(struct watch *w, char *args, struct ts_answer *out)
{
	struct ts_observe *plan = ts_observer_plan(w->c->observer), wanted = *plan;
	char *save, *snap = strtok_r(args, " ", &save), *stations = strtok_r(NULL, " ", &save);
	char *reasons = strtok_r(NULL, " ", &save), *match = strtok_r(NULL, " ", &save);
	const char *unknown;
	uint32_t bytes;

	if (!ts_watch_number(snap, 14, TS_OBSERVE_SNAP_MAX, &bytes) || stations == NULL || reasons == NULL) {
		ts_answer_error(w->c, out, "capture start: SNAP (14 to %u bytes) STATIONS REASONS [ADDRESS[/LEN]]",
			TS_OBSERVE_SNAP_MAX);
		return;
	}
	unknown = ts_watch_stations(stations, &wanted.capture_stations);
	if (unknown == NULL)
		unknown = ts_watch_reasons(reasons, wanted.capture_drops);
	if (unknown != NULL) {
		ts_answer_error(w->c, out, "\"%s\" is no lane and no drop counter", unknown);
		return;
	}
	if (!ts_watch_match(match, &wanted.capture_match)) {
		ts_answer_error(w->c, out, "\"%s\" is no address and no prefix", match);
		return;
	}
	wanted.capture_snap = (uint16_t)bytes;
	*plan = wanted;
	begin(w, bytes, out);
}

static json_t *
item(const struct ts_control *c, const void *record)
{
	const struct ts_seen *s = record;

	return ts_seen_json(c, s);
}

/* What has come since the last time; what the answer has no room for stays. */
static void
take(struct watch *w, const char *name, struct ts_answer *out)
{
	size_t size = ts_seen_size(w->snap);

	ts_answer_list(out, name, size, item);
	while (w->n != 0 && ts_answer_add(out, w->kept + w->first * size)) {
		w->first = (w->first + 1) % KEPT;
		w->n--;
	}
	renew(w);
}

static void
start(struct watch *w, const char *name, char *args, struct ts_answer *out)
{
	if (w->session != 0)
		ts_answer_error(w->c, out, "a %s is running already; there can be one at a time", name);
	else if (w == &w->c->watches->of[TRACE])
		start_trace(w, args, out);
	else
		start_capture(w, args, out);
}

static void
go_on(struct watch *w, const char *name, const char *what, char *args, struct ts_answer *out)
{
	uint32_t session;

	if (!ts_watch_number(args, 1, UINT32_MAX, &session) || session != w->session) {
		ts_answer_error(w->c, out, "no such %s; it ends when it is not asked for %d seconds", name, LEASE_S);
	} else if (strcmp(what, "take") == 0) {
		take(w, name, out);
	} else {
		end(w);
		out->whole = json_pack("{s:I}", "stopped", (json_int_t)session);
	}
}

bool
ts_watch_request(struct ts_control *c, const char *verb, const char *rest, struct ts_answer *out)
{
	char words[1024], *save, *what, *args;
	unsigned i = 0;

	while (i < N_WATCHES && strcmp(names[i], verb) != 0)
		i++;
	if (i == N_WATCHES || c->watches == NULL)
		return false;
	snprintf(words, sizeof(words), "%s", rest != NULL ? rest : "");
	what = strtok_r(words, " ", &save);
	args = save;
	if (what != NULL && strcmp(what, "start") == 0)
		start(&c->watches->of[i], names[i], args, out);
	else if (what != NULL && (strcmp(what, "take") == 0 || strcmp(what, "stop") == 0))
		go_on(&c->watches->of[i], names[i], what, args, out);
	else
		ts_answer_error(c, out, "%s start, take or stop?", verb);
	return true;
}

void
ts_watch_help(json_t *list)
{
	json_object_set_new(list, "trace start PACKETS [ADDRESS[/LEN]]",
		json_string("follow so many packets of each worker through all stations; answers a session"));
	json_object_set_new(list, "capture start SNAP STATIONS REASONS [ADDRESS[/LEN]]",
		json_string("copy what these lanes and drop reasons see; lists with commas, - for none"));
	json_object_set_new(list, "trace|capture take SESSION", json_string("what has come since the last time"));
	json_object_set_new(list, "trace|capture stop SESSION", json_string("the end of it"));
}
