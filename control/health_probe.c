/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One place per worker, mechanism and direction. A packet is sent every PERIOD_MS and answered within a turn of the
 * worker and one of this thread. A failure is confirmed at once by a second packet; no answer at all is the worker's
 * silence, which its heartbeat shows. A place whose packet has not come back sends no other until that must be lost.
 */
#include "health_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "probe_packet.h"
#include "teredo.h"

#define PERIOD_MS 250
#define LOST_MS 1000
#define CONFIRM 2
#define RING_SHARE 16 /* places of a command ring of 64 that test packets may take */
#define BITS_PLACE 8

struct place {
	uint32_t mark;
	bool waiting, tried;
	uint8_t failures;
	uint64_t sent_ms, due_ms;
	char why[96];
};

struct ts_prober {
	const struct ts_control *c;
	const struct ts_health_list *list;
	uint32_t next_mark;
	unsigned per_worker; /* places */
	struct place places[];
};

_Static_assert(TS_HEALTH_MAX_MECHS *TS_PROBE_N_WAYS < 1 << BITS_PLACE, "a mark has room for a place");

static const char *const way_names[TS_PROBE_N_WAYS] = {"encapsulation", "decapsulation"};

struct ts_prober *
ts_prober_create(const struct ts_control *c, const struct ts_health_list *list)
{
	unsigned per_worker = list->n_mechs * TS_PROBE_N_WAYS;
	struct ts_prober *p = calloc(1, sizeof(*p) + c->n_workers * per_worker * sizeof(p->places[0]));

	if (p == NULL)
		return NULL;
	p->c = c;
	p->list = list;
	p->per_worker = per_worker;
	return p;
}

void
ts_prober_free(struct ts_prober *p)
{
	free(p);
}

static struct place *
place_of(struct ts_prober *p, unsigned worker, unsigned i)
{
	return &p->places[worker * p->per_worker + i];
}

/* A client's port with which the worker owns the client; 0: none. */
static rte_be16_t
teredo_port(const struct ts_prober *p, unsigned worker, rte_be32_t far)
{
	const struct ts_teredo *t = ts_local_teredo(p->c->local);
	uint32_t port = UINT16_MAX;
	uint8_t addr[16];

	for (; t->peers != NULL && port >= p->c->cfg.teredo_relay.min_client_port && port > UINT16_MAX - 4096; port--) {
		ts_teredo_address(addr, far, 0, rte_cpu_to_be_16((uint16_t)port), far);
		if (ts_peers_hash(t->peers, addr).owner == worker)
			return rte_cpu_to_be_16((uint16_t)port);
	}
	return 0;
}

static bool
ends_of(const struct ts_prober *p, unsigned worker, unsigned i, struct ts_probe_ends *out)
{
	const struct ts_health_mech *m = &p->list->mechs[i / TS_PROBE_N_WAYS];
	rte_be16_t port = m->mech == TS_MECH_TEREDO ? teredo_port(p, worker, m->far) : 0;

	if (m->far == 0 || (m->mech == TS_MECH_TEREDO && port == 0))
		return false;
	ts_probe_ends(out, &p->c->cfg, m, port);
	return true;
}

static struct rte_mbuf *
make_packet(const struct ts_prober *p, const struct ts_probe_ends *ends, enum ts_probe_way way, uint32_t mark)
{
	struct ts_probe_packet packet;
	struct rte_mbuf *m = NULL;

	for (unsigned i = 0; m == NULL && i < RTE_MAX_NUMA_NODES; i++)
		if (p->c->ports.pool[i] != NULL)
			m = rte_pktmbuf_alloc(p->c->ports.pool[i]);
	if (m == NULL)
		return NULL;
	ts_probe_in(&packet, ends, way, mark);
	memcpy(rte_pktmbuf_append(m, (uint16_t)packet.len), packet.bytes, packet.len);
	m->hash.usr = mark;
	return m;
}

static void
failed(struct place *pl, uint64_t now_ms, const char *why)
{
	pl->tried = true;
	pl->due_ms = now_ms;
	if (pl->failures < UINT8_MAX)
		pl->failures++;
	if (pl->failures >= CONFIRM)
		pl->due_ms = now_ms + PERIOD_MS;
	snprintf(pl->why, sizeof(pl->why), "%s", why);
}

static void
send_one(struct ts_prober *p, unsigned worker, unsigned i, uint64_t now_ms)
{
	struct place *pl = place_of(p, worker, i);
	struct ts_command command = {.type = TS_COMMAND_PROBE};
	struct ts_probe_ends ends;

	pl->due_ms = now_ms + PERIOD_MS;
	if (!ends_of(p, worker, i, &ends))
		return;
	pl->mark = p->next_mark++ << BITS_PLACE | i;
	command.probe = make_packet(p, &ends, i % TS_PROBE_N_WAYS, pl->mark);
	if (command.probe == NULL) {
		failed(pl, now_ms, "no packet buffers are left");
		pl->due_ms = now_ms + PERIOD_MS;
		return;
	}
	pl->sent_ms = now_ms;
	pl->waiting = rte_ring_enqueue_elem(ts_worker_commands(p->c->workers[worker]), &command, sizeof(command)) == 0;
	if (!pl->waiting)
		rte_pktmbuf_free(command.probe);
}

void
ts_prober_poll(struct ts_prober *p, uint64_t now_ms)
{
	for (unsigned w = 0; w < p->c->n_workers; w++) {
		for (unsigned i = 0; i < p->per_worker; i++) {
			struct place *pl = place_of(p, w, i);

			if (now_ms < pl->due_ms || (pl->waiting && now_ms - pl->sent_ms < LOST_MS))
				continue;
			if (rte_ring_count(ts_worker_commands(p->c->workers[w])) >= RING_SHARE)
				break;
			send_one(p, w, i, now_ms);
		}
	}
}

static void
judge(struct ts_prober *p, unsigned worker, unsigned i, const struct ts_probe_result *r, uint64_t now_ms)
{
	struct place *pl = place_of(p, worker, i);
	struct ts_probe_ends ends;
	char why[sizeof(pl->why)];

	if (r->out != NULL && ends_of(p, worker, i, &ends) && rte_pktmbuf_data_len(r->out) == r->out->pkt_len &&
		ts_probe_is_right(&ends, i % TS_PROBE_N_WAYS, pl->mark, rte_pktmbuf_mtod(r->out, const uint8_t *),
			r->out->pkt_len)) {
		pl->tried = true;
		pl->failures = 0;
		return;
	}
	snprintf(why, sizeof(why), "worker %u, %s: %s", worker, way_names[i % TS_PROBE_N_WAYS],
		r->dropped_by < TS_N_COUNTERS ? ts_counter_info[r->dropped_by].name
			: r->out != NULL      ? "something else came out"
					      : "it went another way");
	failed(pl, now_ms, why);
}

void
ts_prober_answer(struct ts_prober *p, unsigned worker, const struct ts_event *ev, uint64_t now_ms)
{
	unsigned i = ev->tsc & ((1u << BITS_PLACE) - 1);
	struct ts_probe_result r;

	memcpy(&r, ev->addr, sizeof(r));
	/* After a reload an answer may be to a question of the former list. */
	if (i < p->per_worker && place_of(p, worker, i)->waiting && place_of(p, worker, i)->mark == ev->tsc) {
		place_of(p, worker, i)->waiting = false;
		judge(p, worker, i, &r, now_ms);
	}
	rte_pktmbuf_free(r.out);
}

enum ts_probe_verdict
ts_prober_verdict(const struct ts_prober *p, unsigned mech, char *why, size_t why_len)
{
	enum ts_probe_verdict verdict = TS_PROBE_GOOD;

	why[0] = '\0';
	if (p->list->mechs[mech].far == 0)
		return TS_PROBE_NONE;
	for (unsigned w = 0; w < p->c->n_workers; w++) {
		for (unsigned way = 0; way < TS_PROBE_N_WAYS; way++) {
			const struct place *pl = &p->places[w * p->per_worker + mech * TS_PROBE_N_WAYS + way];

			if (pl->failures >= CONFIRM) {
				snprintf(why, why_len, "%s", pl->why);
				return TS_PROBE_BAD;
			}
			if (!pl->tried)
				verdict = TS_PROBE_UNTRIED;
		}
	}
	return verdict;
}
