/* SPDX-License-Identifier: BSD-3-Clause */
#include "fpm_stream.h"

#include <string.h>

uint8_t *
fpm_stream_room(struct fpm_stream *s, size_t *room)
{
	*room = sizeof(s->buf) - s->have;
	return s->buf + s->have;
}

/* Lengths are compared here: mnl_nlmsg_ok() takes one of more than 2 GiB for a negative one and well. What is left at
 * the end may be padding, shorter than its alignment. */
static int
parse_payload(struct fpm_stream *s, size_t size, int (*fn)(void *arg, const struct nlmsghdr *nlh), void *arg)
{
	size_t at = 0;
	int n = 0;

	for (; at + MNL_NLMSG_HDRLEN <= size; n++) {
		const struct nlmsghdr *nlh = (const void *)(s->message + at);

		if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN || nlh->nlmsg_len > size - at || fn(arg, nlh) < 0)
			return -1;
		at += MNL_ALIGN(nlh->nlmsg_len);
	}
	return at + MNL_ALIGNTO > size && n > 0 ? n : -1;
}

/* Length of the FPM message at `at`, 0 while its header is not whole, -1 when it is none. */
static int
message_length(const uint8_t *at, size_t left)
{
	int len;

	if (left < FPM_HEADER_LEN)
		return 0;
	len = at[2] << 8 | at[3];
	if (at[0] != FPM_VERSION || at[1] != FPM_TYPE_NETLINK || len < FPM_HEADER_LEN + (int)MNL_NLMSG_HDRLEN)
		return -1;
	return len;
}

int
fpm_stream_parse(struct fpm_stream *s, size_t n, int (*fn)(void *arg, const struct nlmsghdr *nlh), void *arg)
{
	size_t at = 0;
	int messages = 0;

	s->have += n;
	for (;;) {
		int found, len = message_length(s->buf + at, s->have - at);

		if (len < 0)
			return -1;
		if (len == 0 || (size_t)len > s->have - at)
			break;
		memcpy(s->message, s->buf + at + FPM_HEADER_LEN, (size_t)len - FPM_HEADER_LEN);
		found = parse_payload(s, (size_t)len - FPM_HEADER_LEN, fn, arg);
		if (found < 0)
			return -1;
		messages += found;
		at += (size_t)len;
	}
	s->have -= at;
	memmove(s->buf, s->buf + at, s->have);
	return messages;
}
