/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network namespaces by the names that `ip netns` gives them. A namespace belongs to a thread; /proc/sys/net, too,
 * shows the one of the thread that opens it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "twin.h"

#define NETNS_DIR "/run/netns"

static int
open_named(const char *name, char *err, size_t err_len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		snprintf(err, err_len, "network namespace \"%s\" does not exist (ip netns add %s)", name, name);
	else if (fd < 0)
		snprintf(err, err_len, "network namespace \"%s\": %s", name, strerror(errno));
	return fd;
}

int
ts_netns_enter(const char *name, char *err, size_t err_len)
{
	int former = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd, ret;

	if (former < 0) {
		snprintf(err, err_len, "/proc/thread-self/ns/net: %s", strerror(errno));
		return -1;
	}
	if (name[0] == '\0')
		return former;
	fd = open_named(name, err, err_len);
	if (fd < 0)
		goto fail;
	ret = setns(fd, CLONE_NEWNET);
	if (ret < 0)
		snprintf(err, err_len, "cannot enter network namespace \"%s\": %s", name, strerror(errno));
	close(fd);
	if (ret == 0)
		return former;
fail:
	close(former);
	return -1;
}

void
ts_netns_leave(int fd)
{
	if (fd < 0)
		return;
	if (setns(fd, CLONE_NEWNET) < 0)
		ts_log("cannot return to the former network namespace: %s", strerror(errno));
	close(fd);
}
