/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing the history while the control thread goes on; see history_file.h. The thread has a copy of the bytes and
 * touches nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/history_file.h"
#include "control/log.h"

static void *
save(void *arg)
{
	struct ts_history_writer *w = arg;

	w->error = ts_history_write(w->path, w->data, w->len) < 0 ? errno : 0;
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void
take_result(struct ts_history_writer *w)
{
	free(w->data);
	w->data = NULL;
	if (w->error != 0 && !w->failed)
		ts_log("status-page.history-file: %s: %s; the figures of the past will not survive a restart", w->path,
			strerror(w->error));
	else if (w->error == 0 && w->failed)
		ts_log("status-page.history-file: %s: written again", w->path);
	w->failed = w->error != 0;
}

static void
join(struct ts_history_writer *w)
{
	pthread_join(w->thread, NULL);
	w->running = false;
	take_result(w);
}

void
ts_history_save_poll(struct ts_history_writer *w)
{
	if (w->running && __atomic_load_n(&w->done, __ATOMIC_ACQUIRE))
		join(w);
}

void
ts_history_save_begin(struct ts_history_writer *w, const struct ts_history *h)
{
	if (w->running)
		return;
	w->data = ts_history_pack(h, &w->len);
	if (w->data == NULL)
		return;
	w->done = false;
	w->error = pthread_create(&w->thread, NULL, save, w);
	w->running = w->error == 0;
	if (!w->running)
		take_result(w);
}

void
ts_history_save_last(struct ts_history_writer *w, const struct ts_history *h)
{
	if (w->running)
		join(w);
	w->data = ts_history_pack(h, &w->len);
	if (w->data == NULL)
		return;
	w->error = ts_history_write(w->path, w->data, w->len) < 0 ? errno : 0;
	take_result(w);
}
