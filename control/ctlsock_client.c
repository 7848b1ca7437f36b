/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One client of the control socket. It gets one answer at a time: its next line is not looked at, and in the end not
 * even read, before the answer to the last one has left, so a client that asks and does not take costs one step of text
 * and one snapshot at most, whatever it sends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/ctlsock_priv.h"

static int
append(const char *text, size_t len, void *arg)
{
	struct ts_ctl_client *cl = arg;
	size_t need = cl->out_len + len, capacity = cl->out_capacity;
	char *grown;

	if (need > capacity) {
		capacity = need < TS_CTL_STEP ? TS_CTL_STEP : need * 2;
		grown = realloc(cl->out, capacity);
		if (grown == NULL)
			return -1;
		cl->out = grown;
		cl->out_capacity = capacity;
	}
	memcpy(cl->out + cl->out_len, text, len);
	cl->out_len = need;
	return 0;
}

static int
append_text(struct ts_ctl_client *cl, const char *text)
{
	return append(text, strlen(text), cl);
}

static int
append_item(const struct ts_control *c, struct ts_ctl_client *cl)
{
	struct ts_answer *a = &cl->answer;
	json_t *item = a->item(c, a->records + a->next * a->record_size);
	int ret = item == NULL || (a->comma && append_text(cl, ",") != 0) ||
		json_dump_callback(item, append, cl, JSON_COMPACT) != 0;

	json_decref(item);
	a->next++;
	a->comma = true;
	return ret;
}

/* Items up to a step's worth of text. */
static int
append_items(const struct ts_control *c, struct ts_ctl_client *cl)
{
	struct ts_answer *a = &cl->answer;
	int ret = 0;

	if (!a->begun)
		ret = append_text(cl, "{\"") | append_text(cl, a->name) | append_text(cl, "\":[");
	a->begun = true;
	while (ret == 0 && a->next < a->n && cl->out_len < TS_CTL_STEP)
		ret = append_item(c, cl);
	return ret;
}

static void
take_step(const struct ts_control *c, struct ts_answer *a)
{
	if (a->step == NULL || a->next < a->n)
		return;
	a->n = a->next = 0;
	if (!a->step(c, a))
		a->step = NULL;
}

/* Text of the answer up to a step's worth; at its end `answering` is false. -1 when memory ran out. */
static int
make_text(const struct ts_control *c, struct ts_ctl_client *cl)
{
	struct ts_answer *a = &cl->answer;
	int ret;

	take_step(c, a);
	if (a->whole != NULL) {
		ret = json_dump_callback(a->whole, append, cl, JSON_COMPACT);
	} else if (a->name == NULL) { /* a document in the making, or memory ran out while it was made */
		return a->step != NULL ? 0 : -1;
	} else {
		ret = append_items(c, cl);
		if (ret == 0 && (a->next < a->n || a->step != NULL))
			return 0;
		ret |= append_text(cl, "]}");
	}
	cl->answering = false;
	ts_answer_free(c, a);
	return ret | append_text(cl, "\n");
}

static char *
line_end(const struct ts_ctl_client *cl)
{
	return memchr(cl->in, '\n', cl->in_len);
}

/* Begin with the next request, if there is a whole one or one that can never become whole. */
static void
take_request(struct ts_control *c, struct ts_ctl_client *cl, size_t budget)
{
	char *end = line_end(cl);
	size_t len;

	if (end != NULL) {
		len = (size_t)(end - cl->in);
		*end = '\0';
		cl->in_len -= len + 1;
		if (len > 0 && end[-1] == '\r')
			cl->in[--len] = '\0';
		/* A NUL inside would hide what follows it: let it be refused as no text. */
		ts_show(c, strlen(cl->in) == len ? cl->in : "\1", budget, &cl->answer);
		memmove(cl->in, end + 1, cl->in_len);
		cl->answering = true;
	} else if (cl->in_len == sizeof(cl->in)) {
		ts_answer_error(c, &cl->answer, "a request is shorter than %d bytes", TS_CTL_REQUEST_MAX);
		cl->answering = true;
		cl->last = true;
	}
}

static bool
has_more(const struct ts_ctl_client *cl)
{
	return cl->out_len > 0 || cl->answering || (!cl->last && line_end(cl) != NULL);
}

static bool
receive(struct ts_ctl_client *cl, uint64_t now_ms)
{
	ssize_t n;

	if (cl->eof || cl->last || cl->in_len == sizeof(cl->in))
		return true;
	n = recv(cl->fd, cl->in + cl->in_len, sizeof(cl->in) - cl->in_len, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		cl->eof = true;
	else if (!has_more(cl)) /* what is sent while an answer is not taken keeps nobody alive */
		cl->active_ms = now_ms;
	cl->in_len += (size_t)n;
	return true;
}

static bool
send_out(struct ts_ctl_client *cl, uint64_t now_ms)
{
	ssize_t n;

	if (cl->out_sent == cl->out_len)
		return true;
	n = send(cl->fd, cl->out + cl->out_sent, cl->out_len - cl->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	cl->active_ms = now_ms;
	cl->out_sent += (size_t)n;
	if (cl->out_sent == cl->out_len)
		cl->out_sent = cl->out_len = 0;
	return true;
}

bool
ts_ctl_client_step(struct ts_control *c, struct ts_ctl_client *cl, uint64_t now_ms, size_t budget)
{
	if (!receive(cl, now_ms))
		return false;
	if (cl->out_len == 0 && !cl->answering && !cl->last)
		take_request(c, cl, budget);
	if (cl->out_len == 0 && cl->answering && make_text(c, cl) != 0)
		return false;
	if (!send_out(cl, now_ms))
		return false;
	return has_more(cl) || !(cl->eof || cl->last);
}

uint32_t
ts_ctl_client_wants(const struct ts_ctl_client *cl)
{
	uint32_t events = 0;

	if (!cl->eof && !cl->last && cl->in_len < sizeof(cl->in))
		events |= EPOLLIN;
	if (has_more(cl))
		events |= EPOLLOUT;
	return events;
}

bool
ts_ctl_client_expired(const struct ts_ctl_client *cl, uint64_t now_ms)
{
	return now_ms - cl->active_ms > (has_more(cl) ? TS_CTL_STUCK_MS : TS_CTL_IDLE_MS);
}

void
ts_ctl_client_free(const struct ts_control *c, struct ts_ctl_client *cl)
{
	ts_answer_free(c, &cl->answer);
	close(cl->fd);
	free(cl->out);
	free(cl);
}
