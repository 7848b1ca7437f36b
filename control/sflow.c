/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Samples are put into one datagram, which goes when it is full or its first sample has waited for FLUSH_MS: the
 * specification allows a second. Behind it there is the send buffer of each socket, which bounds what may wait; when it
 * is full, so is the way to the collector, and what is lost shows there as a gap in the sequence numbers.
 *
 * The pool of a port is made of what its samples stand for. A worker counts the packets between two samples over all
 * its ports, so a port's pool is right on average and not to the packet; the ports' own counters are, but the samples
 * of a turn would all have the same, and collectors divide differences of pools by those of sequence numbers. What
 * workers had no room for is not told by port: each port's `drops` are those of the relay, captures, traces and
 * handshakes among them.
 */
#include "control/sflow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/control.h"
#include "control/log.h"
#include "control/observe.h"
#include "control/show.h"
#include "lib/headers.h"
#include "lib/sflow.h"

#define FLUSH_MS 500

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct collector {
	int fd;
	bool failing; /* the last datagram could not be sent */
	union address address;
};

/* What goes on through a reload. */
struct numbers {
	uint64_t started_ms; /* CLOCK_MONOTONIC */
	uint32_t datagrams;
	uint32_t flows[TS_MAX_PORTS], pool[TS_MAX_PORTS], counters[TS_MAX_PORTS];
	struct ts_sflow_stats stats;
};

struct ts_sflow {
	const struct ts_control *c;
	struct ts_cfg_sflow cfg;
	struct ts_sflow_agent agent;
	struct collector collectors[TS_MAX_COLLECTORS];
	struct numbers numbers;
	uint64_t flush_ms, counters_ms; /* when they are due; flush_ms 0: no sample is waiting, or since this turn */
	uint32_t turn;
	uint32_t lost, lost_turn; /* of all workers, when it was read: once a turn in which there are samples */
	struct ts_sflow_datagram datagram;
};

const char *
ts_collector_text(const struct ts_cfg_collector *collector, char buf[TS_COLLECTOR_TEXT])
{
	bool v6 = collector->address.family == AF_INET6;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(collector->address.family, &collector->address.v6, text, sizeof(text));
	snprintf(buf, TS_COLLECTOR_TEXT, v6 ? "[%s]:%u" : "%s:%u", text, collector->port);
	return buf;
}

/* Once when it begins and once when it ends: an operator looks at counters for how much it was. */
static void
tell(struct ts_sflow *s, unsigned i, int error)
{
	char text[TS_COLLECTOR_TEXT];

	if (s->collectors[i].failing == (error != 0))
		return;
	s->collectors[i].failing = error != 0;
	ts_collector_text(&s->cfg.collectors[i], text);
	if (error != 0)
		ts_log_warning("sflow: %s cannot be sent to: %s", text, strerror(error));
	else
		ts_log("sflow: %s can be sent to again", text);
}

static void
send_to(struct ts_sflow *s, unsigned i)
{
	const struct collector *to = &s->collectors[i];
	socklen_t len = to->address.any.sa_family == AF_INET ? sizeof(to->address.v4) : sizeof(to->address.v6);
	ssize_t n = sendto(
		to->fd, s->datagram.data, s->datagram.len, MSG_DONTWAIT | MSG_NOSIGNAL, &to->address.any, len);

	if (n == (ssize_t)s->datagram.len)
		s->numbers.stats.collectors[i].datagrams++;
	else
		s->numbers.stats.collectors[i].errors++;
	tell(s, i, n < 0 ? errno : 0);
}

static void
flush(struct ts_sflow *s)
{
	if (s->datagram.samples == 0)
		return;
	ts_sflow_finish(&s->datagram, ++s->numbers.datagrams, (uint32_t)(ts_now_ms() - s->numbers.started_ms));
	for (unsigned i = 0; i < s->cfg.n_collectors; i++)
		send_to(s, i);
	ts_sflow_begin(&s->datagram, &s->agent);
	s->flush_ms = 0;
}

static uint32_t
lost_samples(struct ts_sflow *s)
{
	if (s->lost_turn != s->turn)
		s->lost = (uint32_t)ts_sum_counter(s->c, TS_C_observations_lost);
	s->lost_turn = s->turn;
	return s->lost;
}

/* Where the header inside a tunnel begins; 0 if it is none, or not among these bytes. */
static uint32_t
inner_header(const uint8_t *frame, uint32_t len)
{
	struct ts_headers h;

	ts_headers_find(frame, len, true, &h);
	return h.tunnelled ? h.ipv6 : 0;
}

static void
take(const struct ts_observation *seen, const uint8_t *data, uint32_t len, void *arg)
{
	struct ts_sflow *s = arg;
	struct ts_sflow_flow f = {.rate = s->cfg.sampling_rate, .frame_len = seen->len, .header = data};
	unsigned p = 0;

	while (p < s->c->ports.n && s->c->ports.port[p].id != seen->port)
		p++;
	if (p == s->c->ports.n || f.rate == 0)
		return; /* sampled before the reload that ended it */
	f.port = p + 1;
	f.sequence = ++s->numbers.flows[p];
	f.pool = s->numbers.pool[p] += seen->sample_pool;
	f.drops = lost_samples(s);
	/* A change of header-bytes reaches the workers later. */
	f.header_len = RTE_MIN(len, s->cfg.header_bytes);
	f.inner_at = s->cfg.mark_tunnels ? inner_header(data, f.header_len) : 0;
	if (!ts_sflow_add_flow(&s->datagram, &f)) {
		flush(s);
		ts_sflow_add_flow(&s->datagram, &f);
	}
	s->numbers.stats.flow_samples++;
}

static void
add_counters(struct ts_sflow *s, unsigned p)
{
	struct ts_port_figures figures;
	struct ts_sflow_counters counters = {
		.sequence = ++s->numbers.counters[p],
		.port = p + 1,
		.name = s->c->ports.port[p].name,
		.promiscuous = s->c->cfg.ports[p].promiscuous,
	};

	ts_port_figures(s->c, p, &figures);
	counters.speed = figures.speed_mbps > 0 ? (uint64_t)figures.speed_mbps * 1000000 : 0;
	counters.up = figures.link;
	counters.rx_bytes = figures.sum.rx_bytes;
	counters.rx_packets = (uint32_t)figures.sum.rx_packets;
	counters.rx_discards = (uint32_t)(figures.rx_missed + figures.rx_nombuf);
	counters.tx_bytes = figures.sum.tx_bytes;
	counters.tx_packets = (uint32_t)figures.sum.tx_packets;
	counters.tx_discards = (uint32_t)figures.sum.tx_refused;
	if (!ts_sflow_add_counters(&s->datagram, &counters)) {
		flush(s);
		ts_sflow_add_counters(&s->datagram, &counters);
	}
	s->numbers.stats.counter_samples++;
}

void
ts_sflow_poll(struct ts_control *c)
{
	struct ts_sflow *s = c->sflow;
	uint64_t now = s != NULL ? ts_now_ms() : 0;

	if (s == NULL)
		return;
	s->turn++;
	if (s->cfg.counter_interval_s != 0 && now >= s->counters_ms) {
		for (unsigned p = 0; p < c->ports.n; p++)
			add_counters(s, p);
		s->counters_ms = now + (uint64_t)s->cfg.counter_interval_s * 1000;
	}
	if (s->datagram.samples != 0 && s->flush_ms == 0)
		s->flush_ms = now + FLUSH_MS;
	if (s->datagram.samples != 0 && now >= s->flush_ms)
		flush(s);
}

static union address
socket_address(const struct ts_cfg_addr *a, uint16_t port)
{
	union address out = {0};

	out.any.sa_family = a->family;
	/* The port is in the same place for both families. */
	out.v4.sin_port = htons(port);
	if (a->family == AF_INET)
		out.v4.sin_addr.s_addr = a->v4;
	else
		out.v6.sin6_addr = a->v6;
	return out;
}

static int
open_collector(struct ts_sflow *s, unsigned i, char *err, size_t err_len)
{
	struct collector *to = &s->collectors[i];
	const struct ts_cfg_collector *cfg = &s->cfg.collectors[i];
	union address source = socket_address(&s->cfg.source, 0);
	int family = cfg->address.family;

	to->address = socket_address(&cfg->address, cfg->port);
	to->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (to->fd < 0) {
		snprintf(err, err_len, "sflow.collectors[%u]: %s", i, strerror(errno));
		return -1;
	}
	if (s->cfg.source.family == family &&
		bind(to->fd, &source.any, family == AF_INET ? sizeof(source.v4) : sizeof(source.v6)) != 0) {
		snprintf(err, err_len, "sflow.source: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void
release(struct ts_sflow *s)
{
	for (unsigned i = 0; s != NULL && i < TS_MAX_COLLECTORS; i++)
		if (s->collectors[i].fd >= 0)
			close(s->collectors[i].fd);
	free(s);
}

static struct ts_sflow *
make(const struct ts_control *c, char *err, size_t err_len)
{
	struct ts_sflow *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(err, err_len, "no memory for sflow");
		return NULL;
	}
	s->c = c;
	s->cfg = c->cfg.sflow;
	s->agent.family = s->cfg.agent.family;
	s->agent.sub_agent = s->cfg.sub_agent;
	memcpy(s->agent.addr, &s->cfg.agent.v6, sizeof(s->agent.addr));
	s->numbers.started_ms = ts_now_ms();
	s->turn = 1;
	for (unsigned i = 0; i < TS_MAX_COLLECTORS; i++)
		s->collectors[i].fd = -1;
	ts_sflow_begin(&s->datagram, &s->agent);
	for (unsigned i = 0; i < s->cfg.n_collectors; i++) {
		if (open_collector(s, i, err, err_len) == 0)
			continue;
		release(s);
		return NULL;
	}
	return s;
}

/* A plan that is applied begins traces anew, so that is done for a change only. */
static void
plan(struct ts_control *c, uint32_t every, uint16_t snap)
{
	struct ts_observe *p = ts_observer_plan(c->observer);

	ts_observer_take(c->observer, TS_OBSERVED_SAMPLE, c->sflow != NULL ? take : NULL, c->sflow);
	if (p->sample_every == every && p->sample_snap == snap)
		return;
	p->sample_every = every;
	p->sample_snap = snap;
	ts_observer_apply(c->observer);
}

int
ts_sflow_start(struct ts_control *c, char *err, size_t err_len)
{
	struct ts_sflow *s, *former = c->sflow;

	if (!c->cfg.sflow.enabled) {
		ts_sflow_stop(c);
		return 0;
	}
	s = make(c, err, err_len);
	if (s == NULL)
		return -1;
	if (former != NULL) {
		flush(former);
		s->numbers = former->numbers;
		release(former);
	}
	c->sflow = s;
	plan(c, s->cfg.sampling_rate, s->cfg.header_bytes);
	return 0;
}

void
ts_sflow_stop(struct ts_control *c)
{
	struct ts_sflow *s = c->sflow;

	if (s == NULL)
		return;
	flush(s);
	c->sflow = NULL;
	plan(c, 0, 0);
	release(s);
}

bool
ts_sflow_stats(const struct ts_control *c, struct ts_sflow_stats *out)
{
	if (c->sflow == NULL)
		return false;
	*out = c->sflow->numbers.stats;
	out->cfg = &c->sflow->cfg;
	return true;
}
