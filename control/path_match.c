/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See path_match.h. The three packets of a handshake name the client's initial sequence number each in its own way
 * (sequence, acknowledgement - 1, sequence - 1), so it is part of the key: whichever comes first makes the record, and
 * packets of another attempt between the same ports, or with wrong numbers, never meet it.
 */
#include "control/path_match.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <netinet/in.h>

#include "dataplane/handshake.h"
#include "lib/ip_check.h"
#include "lib/siphash.h"

enum { SYN = 2, ACK = 16 };
enum packet { P_SYN, P_ANSWER, P_ACK, N_PACKETS };

/* No padding: it is hashed and compared as bytes. */
struct key {
	uint8_t client[16], server[16];
	uint16_t client_port, server_port;
	uint32_t number; /* the client's first */
};
_Static_assert(sizeof(struct key) == 40, "no padding");

/* A packet and its repetitions: the two that passed first. */
struct passed {
	uint64_t first, second; /* TSC */
	uint32_t number;	/* of the SYN+ACK its sequence number, of the ACK what it acknowledges */
	uint8_t n;		/* 0, 1, 2 or more */
	uint8_t station;
	bool differs; /* in the number, from one to another */
};

struct record {
	struct key key;
	struct passed passed[N_PACKETS];
	uint64_t due;
	LIST_ENTRY(record) same_slot;
	TAILQ_ENTRY(record) order; /* of one of the queues, or of those that are free */
	bool complete;
};

TAILQ_HEAD(queue, record);
LIST_HEAD(slot, record);

struct ts_path_matcher {
	struct slot slots[TS_PATH_RECORDS];
	struct queue waiting, complete; /* each by the time that it is due */
	struct queue unused;
	uint8_t key[16];
	uint64_t hz;
	ts_path_done_fn fn;
	void *arg;
	struct ts_path_matcher_stats stats;
	struct record records[TS_PATH_RECORDS];
};

struct ts_path_matcher *
ts_path_matcher_create(uint64_t hz, const uint8_t key[16], ts_path_done_fn fn, void *arg)
{
	struct ts_path_matcher *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	TAILQ_INIT(&m->waiting);
	TAILQ_INIT(&m->complete);
	TAILQ_INIT(&m->unused);
	for (unsigned i = 0; i < TS_PATH_RECORDS; i++)
		TAILQ_INSERT_TAIL(&m->unused, &m->records[i], order);
	memcpy(m->key, key, sizeof(m->key));
	m->hz = hz;
	m->fn = fn;
	m->arg = arg;
	return m;
}

void
ts_path_matcher_free(struct ts_path_matcher *m)
{
	free(m);
}

/* From `question` to `answer`, if only one of the questions can have been answered. */
static uint64_t
half(const struct passed *question, const struct passed *answer)
{
	if (question->n == 0 || answer->n == 0 || answer->first < question->first)
		return TS_PATH_UNKNOWN;
	if (question->n > 1 && question->second <= answer->first)
		return TS_PATH_UNKNOWN;
	return answer->first - question->first;
}

/* The ACK has to be one of the very SYN+ACK that passed. */
static uint64_t
client_half(const struct passed *answer, const struct passed *ack)
{
	if (answer->differs || ack->differs || ack->number != answer->number + 1)
		return TS_PATH_UNKNOWN;
	return half(answer, ack);
}

static void
finish(struct ts_path_matcher *m, struct record *r)
{
	const struct passed *p = r->passed;
	struct ts_path_handshake h = {
		.client_station = p[P_SYN].n != 0 ? p[P_SYN].station : p[P_ACK].station,
		.server_station = p[P_ANSWER].station,
		.server_half = half(&p[P_SYN], &p[P_ANSWER]),
		.client_half = client_half(&p[P_ANSWER], &p[P_ACK]),
	};

	LIST_REMOVE(r, same_slot);
	TAILQ_REMOVE(r->complete ? &m->complete : &m->waiting, r, order);
	TAILQ_INSERT_HEAD(&m->unused, r, order);
	m->stats.records--;
	if (h.server_half == TS_PATH_UNKNOWN && h.client_half == TS_PATH_UNKNOWN) {
		m->stats.unmatched++;
		return;
	}
	memcpy(h.client, r->key.client, sizeof(h.client));
	memcpy(h.server, r->key.server, sizeof(h.server));
	m->stats.handshakes++;
	m->fn(&h, m->arg);
}

static void
expire(struct ts_path_matcher *m, struct queue *q, uint64_t now)
{
	struct record *r;

	while ((r = TAILQ_FIRST(q)) != NULL && r->due <= now)
		finish(m, r);
}

void
ts_path_matcher_expire(struct ts_path_matcher *m, uint64_t now)
{
	expire(m, &m->complete, now);
	expire(m, &m->waiting, now);
}

/* The one begun first of those that something is missing of; of the others when there are none. */
static struct record *
to_displace(const struct ts_path_matcher *m)
{
	struct record *r = TAILQ_FIRST(&m->waiting);

	return r != NULL ? r : TAILQ_FIRST(&m->complete);
}

static struct record *
take_unused(struct ts_path_matcher *m)
{
	struct record *r = TAILQ_FIRST(&m->unused);

	if (r == NULL && (r = to_displace(m)) != NULL) {
		m->stats.displaced++;
		finish(m, r);
	}
	if (r != NULL)
		TAILQ_REMOVE(&m->unused, r, order);
	return r;
}

static struct record *
find_or_add(struct ts_path_matcher *m, const struct key *key, uint64_t now)
{
	uint64_t hash = ts_siphash(m->key, (const uint8_t *)key, sizeof(*key));
	struct slot *slot = &m->slots[hash % TS_PATH_RECORDS];
	struct record *r;

	LIST_FOREACH(r, slot, same_slot)
	{
		if (memcmp(&r->key, key, sizeof(*key)) == 0)
			return r;
	}
	r = take_unused(m);
	if (r == NULL)
		return NULL;
	memset(r->passed, 0, sizeof(r->passed));
	r->key = *key;
	r->complete = false;
	r->due = now + TS_PATH_AGE_S * m->hz;
	LIST_INSERT_HEAD(slot, r, same_slot);
	TAILQ_INSERT_TAIL(&m->waiting, r, order);
	m->stats.records++;
	return r;
}

static void
note(struct passed *p, const struct ts_observation *seen, uint32_t number)
{
	uint64_t later = seen->tsc;

	if (p->n == 0) {
		*p = (struct passed){.first = seen->tsc, .number = number, .n = 1, .station = seen->station};
		return;
	}
	if (seen->tsc < p->first) {
		later = p->first;
		p->first = seen->tsc;
	}
	if (p->n == 1 || later < p->second)
		p->second = later;
	p->n = 2;
	p->differs |= number != p->number || seen->station != p->station;
}

static uint32_t
u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

/* Which of the three, and of which handshake; `number` as in struct passed. */
static enum packet
read_packet(const uint8_t *ip6, const uint8_t *tcp, struct key *key, uint32_t *number)
{
	enum packet kind = (tcp[13] & (SYN | ACK)) == SYN ? P_SYN : tcp[13] & SYN ? P_ANSWER : P_ACK;
	bool back = kind == P_ANSWER;
	uint32_t seq = u32(tcp + 4), ack = u32(tcp + 8);

	memcpy(back ? key->server : key->client, ip6 + 8, 16);
	memcpy(back ? key->client : key->server, ip6 + 24, 16);
	memcpy(back ? &key->server_port : &key->client_port, tcp, 2);
	memcpy(back ? &key->client_port : &key->server_port, tcp + 2, 2);
	key->number = kind == P_SYN ? seq : kind == P_ANSWER ? ack - 1 : seq - 1;
	*number = kind == P_SYN ? 0 : kind == P_ANSWER ? seq : ack;
	return kind;
}

static bool
all_there(const struct record *r)
{
	return r->passed[P_SYN].n != 0 && r->passed[P_ANSWER].n != 0 && r->passed[P_ACK].n != 0;
}

void
ts_path_match(
	struct ts_path_matcher *m, const struct ts_observation *seen, const uint8_t *data, uint32_t len, uint64_t now)
{
	enum packet kind;
	struct record *r;
	uint32_t number;
	struct key key;

	if (len < TS_IPV6_HDR_LEN + TS_TCP_HDR_LEN || data[0] >> 4 != 6 || data[6] != IPPROTO_TCP)
		return;
	m->stats.packets++;
	ts_path_matcher_expire(m, now);
	kind = read_packet(data, data + TS_IPV6_HDR_LEN, &key, &number);
	r = find_or_add(m, &key, now);
	if (r == NULL)
		return;
	note(&r->passed[kind], seen, number);
	if (r->complete || !all_there(r))
		return;
	r->complete = true;
	r->due = now + TS_PATH_LATE_S * m->hz;
	TAILQ_REMOVE(&m->waiting, r, order);
	TAILQ_INSERT_TAIL(&m->complete, r, order);
}

void
ts_path_matcher_stats(const struct ts_path_matcher *m, struct ts_path_matcher_stats *out)
{
	*out = m->stats;
}
