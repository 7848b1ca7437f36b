/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by fpm.c (turns and timers), fpm_socket.c (listening, one connection) and fpm_route.c (messages into the
 * feed).
 */
#ifndef TS_CTL_FPM_PRIV_H
#define TS_CTL_FPM_PRIV_H

#include "fpm.h"
#include "fpm_stream.h"
#include "mirror_feed.h"

struct ts_fpm {
	struct ts_fpm_conf conf;
	int epoll, listener, connection; /* -1 = none */
	struct route_feed feed;
	bool has_deletion; /* whose prefix the next message may add again */
	struct route_key deletion;
	uint64_t started_ms, since_ms, last_message_ms;
	uint64_t sweep_ms; /* what is stale goes then; 0 = nothing is */
	bool sweeping;	   /* it is going */
	struct feed_sweep sweep;
	uint64_t resend_ms; /* everything has to be told again, from then on; 0 = not */
	struct ts_fpm_stats stats;
	struct fpm_stream stream;
};

/* fpm_socket.c */
int fpm_listen(struct ts_fpm *f, char *err, size_t err_len);
void fpm_accept(struct ts_fpm *f);
/* Returns true when there may be more. */
bool fpm_read(struct ts_fpm *f);
void fpm_disconnect(struct ts_fpm *f, const char *why);

/* fpm_route.c */
int fpm_message(void *fpm, const struct nlmsghdr *nlh);
void fpm_flush_deletion(struct ts_fpm *f);

/* fpm.c */
void fpm_connected(struct ts_fpm *f);
void fpm_disconnected(struct ts_fpm *f);

#endif
