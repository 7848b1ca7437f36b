/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the control socket: the listening socket (ctlsock_listen.c), a client (ctlsock_client.c), and what holds them
 * together (ctlsock.c).
 */
#ifndef TS_CTL_CTLSOCK_PRIV_H
#define TS_CTL_CTLSOCK_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "control/ctlsock.h"
#include "control/show.h"

#define TS_CTL_MAX_CLIENTS 32
#define TS_CTL_REQUEST_MAX 1024	  /* bytes of a line, its end included */
#define TS_CTL_STEP 32768	  /* bytes of text made for a client per turn of the control thread */
#define TS_CTL_MEMORY (128 << 20) /* bytes of all snapshots together */
#define TS_CTL_STUCK_MS 30000	  /* a client that takes nothing for so long is dropped */
#define TS_CTL_IDLE_MS 300000	  /* one that says nothing, too */

struct ts_ctl_client {
	int fd;
	bool eof;	    /* will send no more */
	bool last;	    /* close when what is in `out` is sent */
	uint32_t events;    /* what epoll waits for */
	uint64_t active_ms; /* CLOCK_MONOTONIC of the last byte either way */
	size_t in_len;
	char in[TS_CTL_REQUEST_MAX];
	char *out;
	size_t out_len, out_sent, out_capacity;
	bool answering; /* `answer` has items left */
	struct ts_answer answer;
};

/* Bind and listen. The path's directory is made if it is missing; a stale socket is replaced, one that is served and
 * whatever is no socket is not. A descriptor, and in `st` which file it is; or -1 and a message. */
int ts_ctl_listen(const char *path, struct stat *st, char *err, size_t err_len);

/* Read, answer, send, a bounded step of each. False: the client is done with or gone. `budget`: bytes for a snapshot.
 */
bool ts_ctl_client_step(struct ts_control *c, struct ts_ctl_client *cl, uint64_t now_ms, size_t budget);
/* The epoll events that the client waits for now. */
uint32_t ts_ctl_client_wants(const struct ts_ctl_client *cl);
bool ts_ctl_client_expired(const struct ts_ctl_client *cl, uint64_t now_ms);
void ts_ctl_client_free(const struct ts_control *c, struct ts_ctl_client *cl);

/* Drop the clients that have been stuck or silent for too long at this time; ts_ctlsock_poll() does it once a second.
 */
void ts_ctlsock_expire(struct ts_ctlsock *s, uint64_t now_ms);
unsigned ts_ctlsock_clients(const struct ts_ctlsock *s);

#endif
