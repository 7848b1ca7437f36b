/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP server: OpenMetrics and the status page. It runs in the control thread, driven by its loop, and never waits
 * for a client. Whoever has something to show registers a handler for a path; the handler answers from memory, at once.
 * Only GET and HEAD are served.
 */
#ifndef TS_HTTP_H
#define TS_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct ts_control;
struct ts_http_request;

#define TS_HTTP_CONNECTIONS 32 /* at a time, of each address that is listened on */
#define TS_HTTP_PER_ADDRESS 16 /* of them, from one address; not on a unix socket */
#define TS_HTTP_PATHS 64

/* Answers with exactly one of the ts_http_reply functions. `tail`: what follows the registered path, "" if nothing. */
typedef void (*ts_http_handler)(struct ts_http_request *r, const char *tail, void *arg);

/*
 * Serve `path`; one that ends in '/' serves all below it too, the longest match wins. May be called before or after
 * ts_http_start(), in the control thread; `path` and `arg` must outlive the server.
 */
void ts_http_serve(struct ts_control *c, const char *path, ts_http_handler handler, void *arg);

/* The same for what watches the relay: where http.metrics-listen says, and there alone, or else like all others. */
void ts_http_serve_metrics(struct ts_control *c, const char *path, ts_http_handler handler, void *arg);

/*
 * Listen where `http.listen` and `http.metrics-listen` say, in the calling thread's network namespace; nothing without
 * the section `http`. 0, or -1 and a message that names the key; what was served is then forgotten as well.
 */
int ts_http_start(struct ts_control *c, char *err, size_t err_len);
void ts_http_stop(struct ts_control *c);

/*
 * Accept, read, answer, send: a bounded step, once per turn of the control loop. The answer is when it wants the next,
 * in ms, or -1 if there is nothing that it waits for. Nobody watches its descriptors: clients cannot make the loop turn
 * faster than once a millisecond.
 */
int ts_http_poll(struct ts_control *c);
/* Drop the clients whose request has not been answered for too long at this time (CLOCK_MONOTONIC); ts_http_poll() does
 * it. */
void ts_http_expire(struct ts_control *c, uint64_t now_ms);

/* The value of a query parameter, or NULL; "" for one without. */
const char *ts_http_query(const struct ts_http_request *r, const char *name);
/* The value of a header of the request, or NULL. */
const char *ts_http_header(const struct ts_http_request *r, const char *name);

/* `body` is copied; `body_taken` is freed with free() when it has been sent. */
void ts_http_reply(struct ts_http_request *r, unsigned status, const char *content_type, const void *body, size_t len);
void ts_http_reply_taken(
	struct ts_http_request *r, unsigned status, const char *content_type, char *body_taken, size_t len);

/*
 * What changes only with the program: `body` and `etag` (strong, with its quotes, RFC 9110 8.8.3) outlive the server.
 * Clients may keep it but have to ask whether it is still the same; to those that have it already the answer is 304.
 * All other replies are not to be kept at all.
 */
void ts_http_reply_file(
	struct ts_http_request *r, const char *content_type, const char *etag, const char *body, size_t len);

#endif
