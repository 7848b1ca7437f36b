/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control socket of the stand-ins (ctl_standins.h) and its clients, all in the test's one thread: whoever waits for
 * an answer serves the socket meanwhile.
 */
#ifndef TS_TEST_CTL_CLIENT_H
#define TS_TEST_CTL_CLIENT_H

#include <jansson.h>

#include "control/ctlsock.h"
#include "ctl_standins.h"

struct server {
	struct ts_control *c;
	struct ts_ctlsock *s;
	char dir[32];
	char path[64]; /* dir/run/ctl.sock */
};
struct server *server_start(void);
void server_stop(struct server *sv); /* removes directory and all */

int client_connect(const struct server *sv);
void client_send(int fd, const void *data, size_t len);
/* The next line, without its end, to be freed; NULL when the server closed. Serves meanwhile. */
char *client_line(const struct server *sv, int fd);
/* Ask and parse; the caller puts the document back. */
json_t *client_ask(const struct server *sv, int fd, const char *request);
/* One turn of the control thread, waiting for something to do. False when nothing came within `ms`. */
bool server_turn(const struct server *sv, int ms);
/* Ask on a connection of its own, and compare with a document in which what is not said may be anything. */
void expect(const struct server *sv, const char *request, const char *subset);
/* A socket that nobody serves, as a killed daemon leaves it. */
void leave_stale(const char *path);

#endif
