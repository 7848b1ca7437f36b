/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the relay did in the last hour, day and month: for each series a ring of cells for each of these, in memory of
 * fixed size. No clock and no files in here (history_file.c has those).
 *
 * A cell belongs to a slot of the wall clock, time divided by the ring's step, and holds the mean and the highest value
 * of that slot; a value is a rate per second, or a level. What is not known is NaN: the time when nobody counted.
 *
 * Rates are measured by a clock that only goes forward; the wall clock labels them. When the wall clock jumps, the
 * labels were wrong, not the past: all cells move along with it, and nothing is lost. When it is put back by less than
 * that, the newest slot goes on until the clock has caught up.
 */
#ifndef TS_CTL_HISTORY_H
#define TS_CTL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_HISTORY_MAX_SERIES 112
#define TS_HISTORY_NAME_LEN 40
#define TS_HISTORY_MAX_CELLS 744
#define TS_HISTORY_JUMP_MS 5000 /* the two clocks may differ by so much between samples */

enum ts_history_span { TS_HISTORY_HOUR, TS_HISTORY_DAY, TS_HISTORY_MONTH, TS_HISTORY_N_SPANS };

struct ts_history_geometry {
	const char *name; /* "hour" */
	uint32_t step_s, cells;
};
extern const struct ts_history_geometry ts_history_geometry[TS_HISTORY_N_SPANS];

struct ts_history_series {
	char name[TS_HISTORY_NAME_LEN]; /* tells it from all others, also after a restart */
	bool level;			/* what is sampled is the value itself, not a counter */
};

struct ts_history_cell {
	float mean, peak; /* NaN: not known */
};

struct ts_history_ring {
	struct ts_history_cell *cells; /* [series][geometry.cells] */
	int64_t newest;		       /* slot of the newest cell; its index is `head` */
	uint32_t head;
	uint32_t filled;  /* cells that have been used since the beginning, at most all */
	double covered_s; /* seconds of the newest slot that its cells stand for */
};

struct ts_history {
	unsigned n_series;
	struct ts_history_series series[TS_HISTORY_MAX_SERIES];
	struct ts_history_ring ring[TS_HISTORY_N_SPANS];
	bool started;	 /* a sample has been taken by this process */
	int64_t wall_ms; /* of the last sample, or of what was loaded; 0: none */
	uint64_t mono_ms;
	uint64_t last[TS_HISTORY_MAX_SERIES];
};

/* At most TS_HISTORY_MAX_SERIES; NULL: no memory. All memory is taken here. */
struct ts_history *ts_history_create(const struct ts_history_series *series, unsigned n);
void ts_history_free(struct ts_history *h);

/*
 * A sample of every series. wall_ms: milliseconds since 1970, which may jump; mono_ms: any clock that does not. A
 * counter that is lower than before has begun again at 0: only increases count. The first sample is what the next is
 * compared with.
 */
void ts_history_add(struct ts_history *h, int64_t wall_ms, uint64_t mono_ms, const uint64_t *values);

/* Whether the wall clock is in another slot of the finest ring than at the last sample. */
bool ts_history_due(const struct ts_history *h, int64_t wall_ms);

/* All cells of all rings get other times: the wall clock was set from one to the other (ms). */
void ts_history_relabel(struct ts_history *h, int64_t from_ms, int64_t to_ms);

/* The cell `age` steps before the newest; NaN beyond what is kept. */
struct ts_history_cell ts_history_cell(
	const struct ts_history *h, enum ts_history_span span, unsigned series, uint32_t age);

/* When the newest cell's slot ends, in seconds since 1970. 0: there is none. */
int64_t ts_history_end(const struct ts_history *h, enum ts_history_span span);

/* Age of the newest cell that stands for enough of its slot to be shown: 0 or 1. */
uint32_t ts_history_shown(const struct ts_history *h, enum ts_history_span span);

/* The series of this name, or -1. */
int ts_history_find(const struct ts_history *h, const char *name);

#endif
