/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See history.h. An interval between two samples rarely begins and ends with a slot, so its value is spread over the
 * slots that it touches, each mean weighted by the seconds that it stands for.
 */
#include "control/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct ts_history_geometry ts_history_geometry[TS_HISTORY_N_SPANS] = {
	[TS_HISTORY_HOUR] = {"hour", 10, 360},
	[TS_HISTORY_DAY] = {"day", 300, 288},
	[TS_HISTORY_MONTH] = {"month", 3600, TS_HISTORY_MAX_CELLS},
};

/* Towards the past also before 1970: clocks begin anywhere. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
slot_of(enum ts_history_span span, int64_t wall_ms)
{
	return floor_div(wall_ms, (int64_t)ts_history_geometry[span].step_s * 1000);
}

static struct ts_history_cell *
cell_at(const struct ts_history *h, enum ts_history_span span, unsigned series, uint32_t index)
{
	return &h->ring[span].cells[(size_t)series * ts_history_geometry[span].cells + index];
}

static void
forget(struct ts_history *h, enum ts_history_span span, uint32_t index)
{
	for (unsigned i = 0; i < h->n_series; i++)
		*cell_at(h, span, i, index) = (struct ts_history_cell){NAN, NAN};
}

struct ts_history *
ts_history_create(const struct ts_history_series *series, unsigned n)
{
	struct ts_history *h = n <= TS_HISTORY_MAX_SERIES ? calloc(1, sizeof(*h)) : NULL;

	if (h == NULL)
		return NULL;
	h->n_series = n;
	memcpy(h->series, series, n * sizeof(*series));
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		uint32_t cells = ts_history_geometry[span].cells;

		h->ring[span].cells = calloc((size_t)n * cells + 1, sizeof(struct ts_history_cell));
		if (h->ring[span].cells == NULL) {
			ts_history_free(h);
			return NULL;
		}
		for (uint32_t i = 0; i < cells; i++)
			forget(h, span, i);
	}
	return h;
}

void
ts_history_free(struct ts_history *h)
{
	for (unsigned span = 0; h != NULL && span < TS_HISTORY_N_SPANS; span++)
		free(h->ring[span].cells);
	free(h);
}

/* Make `slot` the newest; what is skipped is not known. More than a whole ring's worth is the same as all of it. */
static void
advance(struct ts_history *h, enum ts_history_span span, int64_t slot)
{
	struct ts_history_ring *r = &h->ring[span];
	uint32_t cells = ts_history_geometry[span].cells;

	if (r->filled > 0 && slot <= r->newest)
		return;
	if (r->filled == 0 || slot - r->newest > cells)
		r->newest = slot - 1;
	for (; r->newest < slot; r->newest++) {
		r->head = (r->head + 1) % cells;
		forget(h, span, r->head);
		if (r->filled < cells)
			r->filled++;
	}
	r->covered_s = 0;
}

static void
blend(struct ts_history_cell *cell, double covered_s, double rate, double for_s)
{
	if (isnan(cell->mean)) {
		*cell = (struct ts_history_cell){(float)rate, (float)rate};
		return;
	}
	cell->mean = (float)((cell->mean * covered_s + rate * for_s) / (covered_s + for_s));
	if (cell->peak < (float)rate)
		cell->peak = (float)rate;
}

static void
add_to_slot(struct ts_history *h, enum ts_history_span span, int64_t slot, const double *rates, double for_s)
{
	struct ts_history_ring *r = &h->ring[span];

	advance(h, span, slot);
	for (unsigned i = 0; i < h->n_series; i++)
		blend(cell_at(h, span, i, r->head), r->covered_s, rates[i], for_s);
	r->covered_s += for_s;
}

static void
add_interval(struct ts_history *h, enum ts_history_span span, int64_t from_ms, int64_t to_ms, const double *rates)
{
	int64_t step_ms = (int64_t)ts_history_geometry[span].step_s * 1000;
	int64_t last = slot_of(span, to_ms - 1), first = slot_of(span, from_ms);

	if (last - first >= ts_history_geometry[span].cells)
		first = last - ts_history_geometry[span].cells + 1;
	for (int64_t slot = first; slot <= last; slot++) {
		int64_t begin = slot * step_ms > from_ms ? slot * step_ms : from_ms;
		int64_t end = (slot + 1) * step_ms < to_ms ? (slot + 1) * step_ms : to_ms;

		if (end > begin)
			add_to_slot(h, span, slot, rates, (double)(end - begin) / 1000);
	}
}

void
ts_history_relabel(struct ts_history *h, int64_t from_ms, int64_t to_ms)
{
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++)
		h->ring[span].newest += slot_of(span, to_ms) - slot_of(span, from_ms);
}

static void
make_rates(struct ts_history *h, uint64_t dt_ms, const uint64_t *values, double *rates)
{
	for (unsigned i = 0; i < h->n_series; i++) {
		uint64_t more = values[i] >= h->last[i] ? values[i] - h->last[i] : values[i];

		rates[i] = h->series[i].level ? (double)values[i] : (double)more * 1000 / (double)dt_ms;
	}
}

void
ts_history_add(struct ts_history *h, int64_t wall_ms, uint64_t mono_ms, const uint64_t *values)
{
	uint64_t dt = mono_ms - h->mono_ms;
	double rates[TS_HISTORY_MAX_SERIES] = {0};
	int64_t jump;

	if (h->started && dt == 0)
		return;
	if (h->started) {
		jump = wall_ms - (h->wall_ms + (int64_t)dt);
		if (jump > TS_HISTORY_JUMP_MS || jump < -TS_HISTORY_JUMP_MS)
			ts_history_relabel(h, h->wall_ms, h->wall_ms + jump);
		make_rates(h, dt, values, rates);
		for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++)
			add_interval(h, span, wall_ms - (int64_t)dt, wall_ms, rates);
	}
	memcpy(h->last, values, h->n_series * sizeof(*values));
	h->started = true;
	h->wall_ms = wall_ms;
	h->mono_ms = mono_ms;
}

bool
ts_history_due(const struct ts_history *h, int64_t wall_ms)
{
	return !h->started || slot_of(TS_HISTORY_HOUR, wall_ms) != slot_of(TS_HISTORY_HOUR, h->wall_ms);
}

struct ts_history_cell
ts_history_cell(const struct ts_history *h, enum ts_history_span span, unsigned series, uint32_t age)
{
	const struct ts_history_ring *r = &h->ring[span];
	uint32_t cells = ts_history_geometry[span].cells;

	if (age >= r->filled || series >= h->n_series)
		return (struct ts_history_cell){NAN, NAN};
	return *cell_at(h, span, series, (r->head + cells - age) % cells);
}

int64_t
ts_history_end(const struct ts_history *h, enum ts_history_span span)
{
	const struct ts_history_ring *r = &h->ring[span];

	return r->filled == 0 ? 0 : (r->newest + 1) * ts_history_geometry[span].step_s;
}

uint32_t
ts_history_shown(const struct ts_history *h, enum ts_history_span span)
{
	const struct ts_history_ring *r = &h->ring[span];

	return r->filled > 1 && r->covered_s * 2 < ts_history_geometry[span].step_s && span == TS_HISTORY_HOUR;
}

int
ts_history_find(const struct ts_history *h, const char *name)
{
	for (unsigned i = 0; i < h->n_series; i++)
		if (strcmp(h->series[i].name, name) == 0)
			return (int)i;
	return -1;
}
