/* SPDX-License-Identifier: BSD-3-Clause */
/* What scripts/bench measures. */
#ifndef TS_BENCH_ROWS_H
#define TS_BENCH_ROWS_H

#include "dataplane/worker.h"
#include "traffic.h"

#define HOT 1024
#define COLD 65536
#define MAX_ROUNDS 256
#define MAX_ROWS 24

/* One line of the result. `floor` is the row that it is compared with. */
struct row {
	const char *name;
	enum bench_kind kind;
	size_t packets;
	bool io;     /* receive and send only */
	bool attack; /* half of it is of strangers: attack.h */
	int floor;
	enum ts_counter counts; /* what each packet has to count in */
	uint16_t port;
	size_t frame_bytes;
	struct ts_worker *worker;
	unsigned disturbed; /* rounds */
	double cycles[MAX_ROUNDS], ratio[MAX_ROUNDS];
};

extern struct row rows[];
extern const unsigned n_rows; /* at most MAX_ROWS */

#endif
