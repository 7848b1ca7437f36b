/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte stream of an FPM connection, cut into netlink messages. FRR's header (fpm/fpm.h): version 1, type 1 for
 * netlink, length in network byte order with the header's own four bytes; one or several netlink messages follow.
 *
 * It needs no socket and no EAL, so that it can be fuzzed alone. Memory is bounded by the 16 bits of the length.
 */
#ifndef TS_CTL_FPM_STREAM_H
#define TS_CTL_FPM_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#define FPM_HEADER_LEN 4
#define FPM_VERSION 1
#define FPM_TYPE_NETLINK 1
#define FPM_MAX_LEN 65535

struct fpm_stream {
	size_t have; /* bytes of `buf` that wait */
	uint8_t buf[2 * FPM_MAX_LEN];
	/* One message, where netlink's alignment is right whatever the peer's was. */
	uint8_t message[FPM_MAX_LEN] __attribute__((aligned(8)));
};

/* Where the next bytes go, and how many there is room for: always some after fpm_stream_parse(). */
uint8_t *fpm_stream_room(struct fpm_stream *s, size_t *room);

/*
 * `n` more bytes are there. Calls `fn` for each netlink message of what is now whole; it says -1 when the message makes
 * no sense. Returns how many messages there were, or -1 when the stream is not FPM: nothing in it can be found again
 * after that.
 */
int fpm_stream_parse(struct fpm_stream *s, size_t n, int (*fn)(void *arg, const struct nlmsghdr *nlh), void *arg);

#endif
