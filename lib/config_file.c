/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the configuration file. It is read once and to its end, so pipes work (`tsunagid --check /dev/stdin`), and
 * never more of it than a configuration may hold: /dev/zero is refused like any other file that is too long.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_internal.h"

/* Read up to TS_CONFIG_MAX_BYTES + 1; returns the length, or -1 with errno. */
static ssize_t
read_all(int fd, char *buf)
{
	size_t len = 0;

	while (len <= TS_CONFIG_MAX_BYTES) {
		ssize_t n = read(fd, buf + len, TS_CONFIG_MAX_BYTES + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int
load_fd(struct ts_config *cfg, const char *path, int fd, FILE *err)
{
	char *buf = malloc(TS_CONFIG_MAX_BYTES + 1);
	int rc = -1;

	if (buf == NULL) {
		fprintf(err, "%s: out of memory\n", path);
		return -1;
	}
	ssize_t len = read_all(fd, buf);

	if (len < 0)
		fprintf(err, "%s: cannot be read: %s\n", path, strerror(errno));
	else if (len > (ssize_t)TS_CONFIG_MAX_BYTES)
		fprintf(err, "%s: is too long: a configuration has at most %u bytes\n", path, TS_CONFIG_MAX_BYTES);
	else
		rc = ts_config_load_buffer(cfg, path, buf, (size_t)len, err);
	free(buf);
	return rc;
}

int
ts_config_load(struct ts_config *cfg, const char *path, FILE *err)
{
	struct stat st;
	int fd, rc = -1;

	/* So that the caller may free it whatever happens below. */
	ts_config_init(cfg);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		fprintf(err, "%s: cannot be opened: %s\n", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		fprintf(err, "%s: is a directory, not a file\n", path);
	else if (S_ISREG(st.st_mode) && st.st_size > (off_t)TS_CONFIG_MAX_BYTES)
		fprintf(err, "%s: is %lld bytes long: a configuration has at most %u\n", path, (long long)st.st_size,
			TS_CONFIG_MAX_BYTES);
	else
		rc = load_fd(cfg, path, fd, err);
	if (fd >= 0)
		close(fd);
	return rc;
}
