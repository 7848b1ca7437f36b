/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The history between one start and the next: a file that is written as a whole to another name, synced and renamed, so
 * that there is always a whole one. Checked when it is read (magic, version, geometry, length, CRC-32C); what does not
 * pass is put aside, and the relay starts with an empty history.
 */
#ifndef TS_CTL_HISTORY_FILE_H
#define TS_CTL_HISTORY_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/history.h"

#define TS_HISTORY_VERSION 1

/* The history as bytes, to be freed; NULL: no memory. */
char *ts_history_pack(const struct ts_history *h, size_t *len);

/*
 * Fill `h` from bytes. Series are found by name: those that are new here stay unknown, those of the file that are not
 * here any more are left out. Cells that are later than `wall_ms` mean that the clock was set back meanwhile: all move
 * with it. NULL, or what is wrong; `h` is then as it was.
 */
const char *ts_history_unpack(struct ts_history *h, const char *data, size_t len, int64_t wall_ms);

/* Read the file, if there is one. A broken one is renamed to "PATH.broken" and logged; one that cannot be read is
 * logged. */
void ts_history_load(struct ts_history *h, const char *path, int64_t wall_ms);

/* Write it now. 0, or -1 with errno. */
int ts_history_write(const char *path, const char *data, size_t len);

/*
 * Writing takes as long as the disk does, so a thread of its own does it; one at a time. `failed` keeps the log from
 * being told again and again.
 */
struct ts_history_writer {
	char path[256];
	pthread_t thread;
	bool running; /* to be joined */
	bool done;    /* set by the thread, atomically */
	bool failed;
	char *data;
	size_t len;
	int error; /* errno, or 0 */
};

/* Begin to write; nothing while the last time is not over. */
void ts_history_save_begin(struct ts_history_writer *w, const struct ts_history *h);
/* Take the result, if there is one: logs a failure, once, and that it is over. */
void ts_history_save_poll(struct ts_history_writer *w);
/* At the end: wait for the thread, then write what there is now. */
void ts_history_save_last(struct ts_history_writer *w, const struct ts_history *h);

#endif
