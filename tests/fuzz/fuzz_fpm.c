/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stream of an FPM connection (control/fpm_stream.h) and the parser of what is in it: any bytes, in pieces of the
 * size that the first byte says. However it is cut, the same messages are found, and as many as in one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "control/fpm_stream.h"
#include "control/mirror_feed.h"

#define STREAM_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fpm_stream stream;
static struct ts_ifaces ifaces = {.n = 2, .ctl = {{.ifindex = 1}, {.ifindex = 2}}};

static void
must(bool true_is_well)
{
	if (!true_is_well)
		abort();
}

static int
check_route(const struct nlmsghdr *nlh)
{
	struct kernel_route r;
	int ret = mirror_parse_route(nlh, &ifaces, RT_TABLE_MAIN, &r);

	if (ret > 0) {
		must(r.key.family == AF_INET || r.key.family == AF_INET6);
		must(r.key.len <= (r.key.family == AF_INET ? 32 : 128) && r.target.n_paths <= TS_PATHS_MAX);
	}
	return ret;
}

static int
check_object(const struct nlmsghdr *nlh)
{
	struct nhobj o;
	int ret = mirror_parse_nhobj(nlh, &ifaces, &o);

	if (ret > 0)
		must(o.n_members <= TS_PATHS_MAX && o.target.n_paths <= 1);
	return ret;
}

static int
on_message(void *arg, const struct nlmsghdr *nlh)
{
	unsigned *n = arg;

	(*n)++;
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return check_route(nlh);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return check_object(nlh);
	default:
		return 0;
	}
}

/* Returns how many messages there were before the end or the first fault. */
static unsigned
parse(const uint8_t *data, size_t size, size_t piece)
{
	unsigned n = 0;

	stream.have = 0;
	for (size_t at = 0; at < size; at += piece) {
		size_t room, len = size - at < piece ? size - at : piece;
		uint8_t *to = fpm_stream_room(&stream, &room);

		must(room >= len);
		memcpy(to, data + at, len);
		if (fpm_stream_parse(&stream, len, on_message, &n) < 0)
			break;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > STREAM_MAX)
		return 0;
	must(parse(data + 1, size - 1, 1u + data[0]) == parse(data + 1, size - 1, size));
	return 0;
}
