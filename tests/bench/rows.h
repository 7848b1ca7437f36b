/* SPDX-License-Identifier: BSD-3-Clause */
/* What scripts/bench measures. */
#ifndef TS_BENCH_ROWS_H
#define TS_BENCH_ROWS_H

#include "dataplane/worker.h"
#include "frames.h"

#define HOT 1024
#define COLD 65536
#define MAX_ROUNDS 256
#define MAX_ROWS 32
#define BENCH_WORKERS 2

/* One worker's side of a row. */
struct lane_end {
	uint16_t port;
	struct ts_worker *worker; /* NULL for the floor */
};

/* One line of the result. `floor` is the row that it is compared with. */
struct row {
	const char *name;
	enum bench_kind kind;
	size_t packets;
	bool io;     /* receive and send only */
	bool attack; /* half of it is of strangers: attack.h */
	struct row *floor;
	enum ts_counter counts; /* what each packet has to count in */
	size_t frame_bytes;
	struct lane_end end[BENCH_WORKERS];
	unsigned disturbed;	/* rounds */
	unsigned long switches; /* involuntary, of both workers, in the rounds that count */
	double cycles[MAX_ROUNDS], ratio[MAX_ROUNDS];
	double one[MAX_ROUNDS],
		speedup[MAX_ROUNDS]; /* with two workers: cycles of one alone, and what the other adds */
};

extern struct row rows[];
extern unsigned n_rows; /* at most MAX_ROWS */

/*
 * Keep those rows that match one of the patterns ("6to4-*,echo4"), and the floors that they need; NULL keeps all but
 * what `attack` says. Returns false when a pattern matches nothing.
 */
bool bench_rows_select(const char *patterns);

/* Does the row look for Teredo peers? */
bool bench_row_has_peers(const struct row *r);
/* So many peers have flows. */
size_t bench_peers_needed(void);

#endif
