/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_memory.h>

#define MAX_FDS 1024
#define SHOWN 96 /* bytes of a record in a message */

struct record {
	size_t room, used;
	unsigned section;
	bool ended, full;
	uint8_t bytes[];
};

/* In front of the bytes of each record. */
struct head {
	const char *what; /* both runs have the same text at the same place */
	uint32_t section, len;
};

struct record *
record_create(size_t room)
{
	struct record *r = mmap(
		NULL, sizeof(*r) + room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (r == MAP_FAILED) {
		perror("records");
		exit(2);
	}
	r->room = room;
	return r;
}

void
record_free(struct record *r)
{
	munmap(r, sizeof(*r) + r->room);
}

/* EAL's memory without hugepages is one file in memory, mapped shared: a child would write into its parent's. */
static int
eal_file(void)
{
	char path[32], target[64];

	for (int fd = 0; fd < MAX_FDS; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strncmp(target, "/memfd:nohuge", strlen("/memfd:nohuge")) == 0)
			return fd;
	}
	return -1;
}

static int
own_copy(const struct rte_memseg_list *list, void *fd)
{
	const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;

	if (list->external)
		return 0;
	return mmap(list->base_va, list->len, PROT_READ | PROT_WRITE, flags, *(int *)fd, 0) == MAP_FAILED ? -1 : 0;
}

static void
child(struct record *r, void (*run)(struct record *r, void *arg), void *arg)
{
	int fd = eal_file();

	if (fd < 0 || rte_memseg_list_walk(own_copy, &fd) != 0) {
		fprintf(stderr, "a copy of EAL's memory cannot be had\n");
		_exit(2);
	}
	run(r, arg);
	r->ended = true;
	_exit(0);
}

bool
record_run(struct record *r, void (*run)(struct record *r, void *arg), void *arg, char *why, size_t why_len)
{
	int status = 0;
	pid_t pid;

	r->used = 0;
	r->section = 0;
	r->ended = r->full = false;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(r, run, arg);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		snprintf(why, why_len, "no child: %m");
		return false;
	}
	if (r->ended && !r->full && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	snprintf(why, why_len, "ended in section %u by %s %d%s", r->section, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), r->full ? ", out of room" : "");
	return false;
}

void
record_section(struct record *r, unsigned number)
{
	r->section = number;
}

void
record_bytes(struct record *r, const char *what, const void *bytes, size_t len)
{
	struct head h = {.what = what, .section = r->section, .len = (uint32_t)len};

	if (r->used + sizeof(h) + len > r->room) {
		r->full = true;
		return;
	}
	memcpy(r->bytes + r->used, &h, sizeof(h));
	memcpy(r->bytes + r->used + sizeof(h), bytes, len);
	r->used += sizeof(h) + len;
}

void
record_number(struct record *r, const char *what, uint64_t number)
{
	record_bytes(r, what, &number, sizeof(number));
}

void
record_hash(struct record *r, const char *what, const void *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	record_number(r, what, hash);
}

static size_t
put_hex(char *text, size_t room, const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < RTE_MIN(len, (size_t)SHOWN) && at + 3 < room; i++)
		at += (size_t)snprintf(text + at, room - at, "%02x", bytes[i]);
	return at;
}

static void
describe(char *text, size_t room, const struct head *h, const uint8_t *bytes)
{
	size_t at = (size_t)snprintf(text, room, "%s (%u bytes) ", h->what, h->len);

	put_hex(text + at, room - at, bytes, h->len);
}

bool
record_equal(const struct record *a, const struct record *b, char *why, size_t why_len)
{
	static const char *const nothing = "nothing more";

	for (size_t at = 0; at < a->used || at < b->used;) {
		struct head x = {.what = nothing}, y = {.what = nothing};
		const uint8_t *p = a->bytes + at + sizeof(x), *q = b->bytes + at + sizeof(y);
		char one[320], other[320];

		if (at < a->used)
			memcpy(&x, p - sizeof(x), sizeof(x));
		if (at < b->used)
			memcpy(&y, q - sizeof(y), sizeof(y));
		if (memcmp(&x, &y, sizeof(x)) == 0 && memcmp(p, q, x.len) == 0) {
			at += sizeof(x) + x.len;
			continue;
		}
		describe(one, sizeof(one), &x, p);
		describe(other, sizeof(other), &y, q);
		snprintf(why, why_len, "in section %u:\n  %s\nor in section %u:\n  %s", x.section, one, y.section,
			other);
		return false;
	}
	return true;
}
