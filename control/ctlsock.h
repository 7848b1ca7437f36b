/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: tsunagictl's requests, one per line, answered with JSON (jansson). Served by the control thread
 * between its other work; never blocks on a client.
 */
#ifndef TS_CTL_CTLSOCK_H
#define TS_CTL_CTLSOCK_H

#include <stddef.h>

struct ts_control;
struct ts_ctlsock;

/* Listens on the path (directory made if missing, mode 0660). A socket that another process serves is an error, a stale
 * one is replaced. NULL and a message in `err` on failure. */
struct ts_ctlsock *ts_ctlsock_create(struct ts_control *c, const char *path, char *err, size_t err_len);
void ts_ctlsock_free(struct ts_ctlsock *s); /* and removes the socket */

/* One epoll descriptor that becomes readable when there is something to do. */
int ts_ctlsock_fd(const struct ts_ctlsock *s);
/* Accept, read, answer what can be done without blocking. */
void ts_ctlsock_poll(struct ts_ctlsock *s);

/* The same figures by DPDK telemetry (/tsunagi/counters and so on); needs EAL. 0 or -1. */
int ts_telemetry_register(const struct ts_control *c);
/* Leave there what only the control thread may read; once a second, in that thread. */
void ts_telemetry_refresh(void);

#endif
