/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libmicrohttpd without a thread of its own: one daemon for each address that is listened on, each with its epoll
 * descriptor inside, run once per turn of the control loop.
 *
 * Limits are what keeps clients from mattering: connections, memory of each, and time. The library drops who is silent;
 * who says a byte now and then is dropped here when a request is not answered in REQUEST_MS, as the library has no such
 * limit. Nothing about clients is logged (O30).
 */
#include "control/http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "control/clock.h"
#include "control/control.h"
#include "control/ctlsock_priv.h"
#include "lib/config_http.h"

#define MEMORY (16 << 10) /* bytes of each connection: the request's line and headers fit, or it is refused */
#define SILENT_S 15
#define REQUEST_MS 60000
#define BACKLOG 64

struct connection {
	int fd; /* -1: free */
	uint64_t since_ms;
};

struct listener {
	const struct ts_http *http;
	bool metrics, pages; /* what is to be had here */
	struct MHD_Daemon *daemon;
	struct connection connections[TS_HTTP_CONNECTIONS];
	char path[TS_PATH_LEN]; /* of a unix socket; "" if it is none */
	struct stat file;
};

struct handler {
	const char *path;
	size_t len;
	ts_http_handler answer;
	void *arg;
	bool metrics;
};

struct ts_http {
	struct listener listeners[2 * TS_MAX_HTTP_LISTEN];
	unsigned n_listeners, n_handlers;
	struct handler handlers[TS_HTTP_PATHS];
};

struct ts_http_request {
	struct MHD_Connection *connection;
	enum MHD_Result result;
};

const char *
ts_http_query(const struct ts_http_request *r, const char *name)
{
	const char *value = NULL;
	size_t len;

	if (MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &len) !=
		MHD_YES)
		return NULL;
	return value != NULL ? value : "";
}

const char *
ts_http_header(const struct ts_http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* Pages may show themselves alone: no other host is asked for anything, nothing of another is run. */
static void
add_headers(struct MHD_Response *response, const char *content_type, const char *cache)
{
	const char *const headers[][2] = {
		{"Content-Security-Policy",
			"default-src 'self'; base-uri 'none'; form-action 'none'; "
			"frame-ancestors 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cache-Control", cache},
	};

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	for (unsigned i = 0; i < RTE_DIM(headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static void
reply(struct ts_http_request *r, unsigned status, const char *content_type, struct MHD_Response *response)
{
	if (response == NULL)
		return;
	add_headers(response, content_type, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r->result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
}

void
ts_http_reply(struct ts_http_request *r, unsigned status, const char *content_type, const void *body, size_t len)
{
	reply(r, status, content_type,
		MHD_create_response_from_buffer(len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY));
}

void
ts_http_reply_taken(struct ts_http_request *r, unsigned status, const char *content_type, char *body_taken, size_t len)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, body_taken, MHD_RESPMEM_MUST_FREE);

	if (response == NULL)
		free(body_taken);
	reply(r, status, content_type, response);
}

/* RFC 9110 13.1.2: compared weakly, so that W/ in front does not matter. Nobody's tag has a quote within. */
static bool
has_it(const struct ts_http_request *r, const char *etag)
{
	const char *known = ts_http_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);

	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, etag) != NULL);
}

void
ts_http_reply_file(struct ts_http_request *r, const char *content_type, const char *etag, const char *body, size_t len)
{
	bool known = has_it(r, etag);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		known ? 0 : len, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return;
	add_headers(response, content_type, "public, no-cache");
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	r->result = MHD_queue_response(r->connection, known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
	MHD_destroy_response(response);
}

static void
reply_text(struct ts_http_request *r, unsigned status, const char *text)
{
	ts_http_reply(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

static const struct handler *
find_handler(const struct listener *l, const char *url)
{
	const struct ts_http *h = l->http;
	const struct handler *best = NULL;

	for (unsigned i = 0; i < h->n_handlers; i++) {
		const struct handler *one = &h->handlers[i];

		if (!(one->metrics ? l->metrics : l->pages))
			continue;
		if (strncmp(url, one->path, one->len) != 0 || (best != NULL && best->len >= one->len))
			continue;
		if (one->path[one->len - 1] == '/' || url[one->len] == '\0')
			best = one;
	}
	return best;
}

static bool
has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length != NULL && strcmp(length, "0") != 0) ||
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

/* The library calls twice: with the headers, when only a refusal may be said, and at the end of the request. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
	const char *upload, size_t *upload_size, void **state)
{
	static char seen;
	struct ts_http_request r = {.connection = connection, .result = MHD_NO};
	const struct handler *handler = find_handler(arg, url);

	(void)version;
	(void)upload;
	(void)upload_size;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		reply_text(&r, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	} else if (has_body(connection)) {
		reply_text(&r, MHD_HTTP_BAD_REQUEST, "a request without a body, please\n");
	} else if (*state == NULL) {
		*state = &seen;
		r.result = MHD_YES;
	} else if (handler == NULL) {
		reply_text(&r, MHD_HTTP_NOT_FOUND, "not here\n");
	} else {
		handler->answer(&r, url + handler->len, handler->arg);
	}
	return r.result;
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = arg;
	struct connection *mine = *state;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED && mine != NULL)
		mine->fd = -1;
	for (unsigned i = 0; i < TS_HTTP_CONNECTIONS && what == MHD_CONNECTION_NOTIFY_STARTED; i++) {
		if (l->connections[i].fd >= 0)
			continue;
		l->connections[i].fd =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		l->connections[i].since_ms = ts_now_ms();
		*state = &l->connections[i];
		return;
	}
}

/* The next request of the connection has its own time. */
static void
on_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct connection *mine =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	(void)arg;
	(void)state;
	(void)why;
	if (mine != NULL)
		mine->since_ms = ts_now_ms();
}

static struct ts_http *
get_http(struct ts_control *c)
{
	if (c->http == NULL)
		c->http = calloc(1, sizeof(*c->http));
	return c->http;
}

static void
add_handler(struct ts_control *c, struct handler handler)
{
	struct ts_http *h = get_http(c);

	RTE_VERIFY(h != NULL && h->n_handlers < TS_HTTP_PATHS && handler.path[0] == '/');
	h->handlers[h->n_handlers++] = handler;
}

void
ts_http_serve(struct ts_control *c, const char *path, ts_http_handler handler, void *arg)
{
	add_handler(c, (struct handler){path, strlen(path), handler, arg, false});
}

void
ts_http_serve_metrics(struct ts_control *c, const char *path, ts_http_handler handler, void *arg)
{
	add_handler(c, (struct handler){path, strlen(path), handler, arg, true});
}

static int
listen_inet(const union ts_http_address *address, char *err, size_t err_len)
{
	socklen_t len = address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0) {
		snprintf(err, err_len, "%s", strerror(errno));
		return -1;
	}
	/* A restart meets the former daemon's connections in TIME_WAIT. [::] leaves 0.0.0.0 to another entry. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &address->any, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	snprintf(err, err_len, "%s%s", strerror(errno),
		errno == EADDRINUSE ? ": another program listens there, perhaps another tsunagid" : "");
	close(fd);
	return -1;
}

static int
open_socket(struct listener *l, const char *text, char *err, size_t err_len)
{
	union ts_http_address address;
	const char *why = ts_http_address_parse(text, &address);
	int fd;

	if (why != NULL) {
		snprintf(err, err_len, "%s", why);
		return -1;
	}
	if (address.any.sa_family != AF_UNIX)
		return listen_inet(&address, err, err_len);
	fd = ts_ctl_listen(address.local.sun_path, &l->file, err, err_len);
	if (fd >= 0)
		snprintf(l->path, sizeof(l->path), "%s", address.local.sun_path);
	return fd;
}

static void
close_listener(struct listener *l)
{
	struct stat st;

	if (l->daemon != NULL)
		MHD_stop_daemon(l->daemon);
	/* Whoever replaced the file meanwhile keeps it. */
	if (l->path[0] != '\0' && lstat(l->path, &st) == 0 && st.st_dev == l->file.st_dev &&
		st.st_ino == l->file.st_ino)
		unlink(l->path);
}

static int
open_listener(struct ts_http *h, struct listener what, const char *key, const char *text, char *err, size_t err_len)
{
	struct listener *l = &h->listeners[h->n_listeners];
	char why[256];
	int fd;

	*l = what;
	l->http = h;
	fd = open_socket(l, text, why, sizeof(why));
	if (fd < 0) {
		snprintf(err, err_len, "%s: %s: %s", key, text, why);
		return -1;
	}
	for (unsigned i = 0; i < TS_HTTP_CONNECTIONS; i++)
		l->connections[i].fd = -1;
	l->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)TS_HTTP_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)TS_HTTP_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_END);
	if (l->daemon == NULL) {
		snprintf(err, err_len, "%s: %s: the HTTP server does not start", key, text);
		close(fd);
		close_listener(l);
		return -1;
	}
	h->n_listeners++;
	return 0;
}

static int
open_listeners(struct ts_control *c, char *err, size_t err_len)
{
	const struct listener pages = {.pages = true, .metrics = c->cfg.http.n_metrics_listen == 0};
	const struct listener metrics = {.metrics = true};

	for (unsigned i = 0; i < c->cfg.http.n_listen; i++)
		if (open_listener(c->http, pages, "http.listen", c->cfg.http.listen[i], err, err_len) != 0)
			return -1;
	for (unsigned i = 0; i < c->cfg.http.n_metrics_listen; i++)
		if (open_listener(
			    c->http, metrics, "http.metrics-listen", c->cfg.http.metrics_listen[i], err, err_len) != 0)
			return -1;
	return 0;
}

int
ts_http_start(struct ts_control *c, char *err, size_t err_len)
{
	if (!c->cfg.http.enabled)
		return 0;
	if (get_http(c) == NULL) {
		snprintf(err, err_len, "no memory for the HTTP server");
		return -1;
	}
	if (open_listeners(c, err, err_len) == 0)
		return 0;
	ts_http_stop(c);
	return -1;
}

void
ts_http_stop(struct ts_control *c)
{
	for (unsigned i = 0; c->http != NULL && i < c->http->n_listeners; i++)
		close_listener(&c->http->listeners[i]);
	free(c->http);
	c->http = NULL;
}

/* The library notices the end of the stream by itself. */
static void
drop_slow(const struct listener *l, uint64_t now)
{
	for (unsigned i = 0; i < TS_HTTP_CONNECTIONS; i++)
		if (l->connections[i].fd >= 0 && now > l->connections[i].since_ms + REQUEST_MS)
			shutdown(l->connections[i].fd, SHUT_RDWR);
}

void
ts_http_expire(struct ts_control *c, uint64_t now)
{
	for (unsigned i = 0; c->http != NULL && i < c->http->n_listeners; i++)
		drop_slow(&c->http->listeners[i], now);
}

int
ts_http_poll(struct ts_control *c)
{
	int wait = -1;

	ts_http_expire(c, ts_now_ms());
	for (unsigned i = 0; c->http != NULL && i < c->http->n_listeners; i++) {
		struct listener *l = &c->http->listeners[i];
		MHD_UNSIGNED_LONG_LONG due;

		MHD_run(l->daemon);
		if (MHD_get_timeout(l->daemon, &due) == MHD_YES && (wait < 0 || due < (unsigned)wait))
			wait = due == 0 ? 1 : (int)RTE_MIN(due, 1000ULL);
	}
	return wait;
}
