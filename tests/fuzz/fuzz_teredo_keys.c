/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file of Teredo secrets from arbitrary bytes (lib/teredo_keys.h): no crash, no leak, keys or a message, and nothing
 * in the message that steers the terminal of who reads it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/teredo_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);
	char path[64], err[256] = "";
	struct ts_teredo_keys *keys;

	if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	keys = ts_teredo_keys_load(path, err, sizeof(err));
	close(fd);
	if ((keys == NULL) != (err[0] != '\0') || (keys == NULL && strncmp(err, path, strlen(path)) != 0))
		abort();
	for (const char *p = err; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	ts_teredo_keys_put(keys);
	return 0;
}
