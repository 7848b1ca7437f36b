/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See history_file.h. The file is
 *
 *	struct head | struct ring [TS_HISTORY_N_SPANS] | struct ts_history_series [n] | cells by ring, oldest first
 *
 * in the byte order of the machine, which the magic number tells. The CRC is of all that follows the head.
 */
#include "control/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_hash_crc.h>

#include "control/log.h"

#define MAGIC UINT64_C(0x31797274736968ca)
#define PATH_MAX_LEN 300
#define MAX_BYTES ((size_t)16 << 20)

struct head {
	uint64_t magic;
	uint32_t version, crc;
	uint32_t n_series, n_rings;
	int64_t wall_ms;
};

struct ring {
	uint32_t step_s, cells, filled, pad;
	int64_t newest;
	double covered_s;
};

struct layout {
	struct head head;
	struct ring ring[TS_HISTORY_N_SPANS];
	struct ts_history_series series[];
};

static size_t
cells_of_all(unsigned n_series)
{
	size_t n = 0;

	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++)
		n += (size_t)ts_history_geometry[span].cells * n_series;
	return n;
}

static size_t
series_end(unsigned n_series)
{
	return sizeof(struct layout) + n_series * sizeof(struct ts_history_series);
}

static size_t
bytes_of(unsigned n_series)
{
	return series_end(n_series) + cells_of_all(n_series) * sizeof(struct ts_history_cell);
}

static uint32_t
crc_of(const char *data, size_t len)
{
	return rte_hash_crc(data + sizeof(struct head), (uint32_t)(len - sizeof(struct head)), UINT32_MAX);
}

static void
pack_cells(const struct ts_history *h, char *at)
{
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		for (unsigned i = 0; i < h->n_series; i++) {
			for (uint32_t age = ts_history_geometry[span].cells; age-- > 0;) {
				struct ts_history_cell cell = ts_history_cell(h, span, i, age);

				memcpy(at, &cell, sizeof(cell));
				at += sizeof(cell);
			}
		}
	}
}

char *
ts_history_pack(const struct ts_history *h, size_t *len)
{
	size_t bytes = bytes_of(h->n_series);
	char *data = calloc(1, bytes);
	struct layout *l = (void *)data;

	if (data == NULL)
		return NULL;
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		const struct ts_history_ring *r = &h->ring[span];

		l->ring[span] = (struct ring){
			.step_s = ts_history_geometry[span].step_s,
			.cells = ts_history_geometry[span].cells,
			.filled = r->filled,
			.newest = r->newest,
			.covered_s = r->covered_s,
		};
	}
	memcpy(l->series, h->series, h->n_series * sizeof(h->series[0]));
	pack_cells(h, data + series_end(h->n_series));
	l->head = (struct head){
		.magic = MAGIC,
		.version = TS_HISTORY_VERSION,
		.crc = crc_of(data, bytes),
		.n_series = h->n_series,
		.n_rings = TS_HISTORY_N_SPANS,
		.wall_ms = h->wall_ms,
	};
	*len = bytes;
	return data;
}

static const char *
check(const struct layout *l, size_t len)
{
	if (len < sizeof(*l) || l->head.magic != MAGIC)
		return "is no history of tsunagid on this kind of machine";
	if (l->head.version != TS_HISTORY_VERSION)
		return "is of another version";
	if (l->head.n_rings != TS_HISTORY_N_SPANS || l->head.n_series > TS_HISTORY_MAX_SERIES ||
		len != bytes_of(l->head.n_series))
		return "has another length than it should have";
	if (l->head.crc != crc_of((const char *)l, len))
		return "has a wrong checksum";
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		if (l->ring[span].step_s != ts_history_geometry[span].step_s ||
			l->ring[span].cells != ts_history_geometry[span].cells ||
			l->ring[span].filled > l->ring[span].cells)
			return "has other spans of time";
	}
	return NULL;
}

static void
take_series(struct ts_history *h, const struct layout *l, unsigned from, unsigned to)
{
	const char *at = (const char *)l + series_end(l->head.n_series);

	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		size_t cells = ts_history_geometry[span].cells;

		memcpy(&h->ring[span].cells[to * cells], at + from * cells * sizeof(struct ts_history_cell),
			cells * sizeof(struct ts_history_cell));
		at += l->head.n_series * cells * sizeof(struct ts_history_cell);
	}
}

const char *
ts_history_unpack(struct ts_history *h, const char *data, size_t len, int64_t wall_ms)
{
	const struct layout *l = (const void *)data;
	const char *why = check(l, len);

	if (why != NULL)
		return why;
	for (unsigned i = 0; i < l->head.n_series; i++) {
		char name[TS_HISTORY_NAME_LEN];
		int to;

		snprintf(name, sizeof(name), "%.*s", TS_HISTORY_NAME_LEN - 1, l->series[i].name);
		to = ts_history_find(h, name);
		if (to >= 0 && h->series[to].level == l->series[i].level)
			take_series(h, l, i, (unsigned)to);
	}
	for (unsigned span = 0; span < TS_HISTORY_N_SPANS; span++) {
		struct ts_history_ring *r = &h->ring[span];

		r->head = ts_history_geometry[span].cells - 1;
		r->newest = l->ring[span].newest;
		r->filled = l->ring[span].filled;
		r->covered_s = l->ring[span].covered_s;
	}
	h->wall_ms = l->head.wall_ms;
	if (h->wall_ms > wall_ms + TS_HISTORY_JUMP_MS)
		ts_history_relabel(h, h->wall_ms, wall_ms);
	return NULL;
}

/* NULL: it is not there, or errno says why not. */
static char *
read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *data;
	ssize_t n;

	if (fd < 0)
		return NULL;
	errno = EFBIG;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > MAX_BYTES) {
		close(fd);
		return NULL;
	}
	data = malloc((size_t)st.st_size + 1);
	n = data != NULL ? read(fd, data, (size_t)st.st_size) : -1;
	close(fd);
	if (n < 0) {
		free(data);
		return NULL;
	}
	*len = (size_t)n;
	return data;
}

void
ts_history_load(struct ts_history *h, const char *path, int64_t wall_ms)
{
	char aside[PATH_MAX_LEN];
	size_t len = 0;
	char *data = read_file(path, &len);
	const char *why;

	if (data == NULL) {
		if (errno != ENOENT)
			ts_log("status-page.history-file: %s: %s", path, strerror(errno));
		return;
	}
	why = ts_history_unpack(h, data, len, wall_ms);
	free(data);
	if (why == NULL)
		return;
	snprintf(aside, sizeof(aside), "%s.broken", path);
	ts_log("status-page.history-file: %s %s; it is now %s", path, why,
		rename(path, aside) == 0 ? aside : "to be written anew");
}

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

/* The last component of the path's directory; whatever is wrong with it shows when the file is opened. */
static void
make_directory(const char *path)
{
	char dir[PATH_MAX_LEN];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
}

int
ts_history_write(const char *path, const char *data, size_t len)
{
	char fresh[PATH_MAX_LEN];
	int fd, error;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	make_directory(path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -1;
	error = write_all(fd, data, len) < 0 ? errno : 0;
	if (close(fd) < 0 && error == 0)
		error = errno;
	if (error == 0 && rename(fresh, path) == 0)
		return 0;
	error = error != 0 ? error : errno;
	unlink(fresh);
	errno = error;
	return -1;
}
