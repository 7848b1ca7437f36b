/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's life: made by control, run on its core until it is told to stop, freed by control.
 */
#define TS_MAY_BLOCK
#include "worker_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#define COMMAND_RING_SIZE 64
#define PACKET_RING_SIZE 1024
#define EVENT_RING_SIZE 1024
#define HANDOFF_RING_SIZE 256
#define PEER_RING_SIZE 512
_Static_assert(HANDOFF_RING_SIZE + PEER_RING_SIZE <= TS_HANDED_OVER_MAX, "there are buffers for what the rings hold");
#define NEIGH_MISSES_PER_SECOND 200 /* distinct next hops, of the whole box */
#define PUNTS_PER_SECOND 50000	    /* besides routing and neighbour protocols; a kernel takes more, but not for this */
#define PUNT_BURST 512
/* O17: of one neighbour's MAC, so that one cannot starve the others. A burst of sessions is half of their ring. */
#define NEIGH_PER_SOURCE 100 /* ARP and ND per second; a scan of the LAN through the neighbour's router takes less */
#define NEIGH_BURST_PER_SOURCE 200
#define SESSIONS_PER_SOURCE 20000 /* BGP and BFD: a full table as fast as a kernel takes it */
#define SESSIONS_BURST_PER_SOURCE 512
#define IDLE_TURNS 64 /* empty turns before a polite sleep */
#define IDLE_SLEEP_NS 100000

static struct rte_ring *
make_ring(const char *kind, const struct ts_worker_conf *conf, unsigned elem, unsigned count)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "ts_%s_%u", kind, conf->id);
	return rte_ring_create_elem(name, elem, count, conf->socket_id, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static uint32_t
share(uint32_t value, unsigned n_workers)
{
	return value == 0 ? 0 : RTE_MAX(value / n_workers, 1u);
}

void
ts_worker_set_limits(struct ts_worker *w, const struct ts_worker_limits *l)
{
	const struct ts_worker_conf *c = &w->conf;
	uint64_t now = rte_rdtsc();

	for (unsigned i = 0; i < TS_N_LIMITS; i++)
		ts_token_bucket_init(&w->limits[i], w->hz, share(l->box[i].per_second, c->n_workers),
			share(l->box[i].burst, c->n_workers), now);
	/* Emptying a limiter's slots takes longer than a receive queue is deep: only where its rate is another one. */
	for (unsigned i = 0; i < TS_N_KEYED_LIMITS; i++)
		if (memcmp(&w->rates[i], &l->keyed[i], sizeof(w->rates[i])) != 0)
			ts_prefix_limiter_init(
				&w->keyed[i], w->hz, l->keyed[i].per_second, l->keyed[i].burst, c->seed + i);
	memcpy(w->rates, l->keyed, sizeof(w->rates));
	w->conf.limits = *l;
}

static void
init_limits(struct ts_worker *w)
{
	uint32_t misses = share(NEIGH_MISSES_PER_SECOND, w->conf.n_workers);
	struct ts_worker_limits limits = w->conf.limits;
	uint64_t now = rte_rdtsc();

	ts_worker_set_limits(w, &limits);
	ts_token_bucket_init(&w->neigh_limit, w->hz, misses, misses, now);
	ts_token_bucket_init(&w->punt_limit, w->hz, share(PUNTS_PER_SECOND, w->conf.n_workers), PUNT_BURST, now);
	ts_prefix_limiter_init(&w->neigh_sources, w->hz, NEIGH_PER_SOURCE, NEIGH_BURST_PER_SOURCE, w->conf.seed);
	ts_prefix_limiter_init(
		&w->session_sources, w->hz, SESSIONS_PER_SOURCE, SESSIONS_BURST_PER_SOURCE, w->conf.seed + 1);
	ts_strangers_init(&w->strangers, w->conf.seed);
	for (unsigned flow = 0; flow < TS_N_FLOWS; flow++)
		ts_neighbours_init(&w->neighbours[flow], w->conf.seed + flow);
}

/* splitmix64: the numbers need only differ between relays and restarts. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
free_fragment(void *arg, void *fragment)
{
	(void)arg;
	rte_pktmbuf_free(fragment);
}

static bool
init_reassembly(struct ts_worker *w, uint64_t seed)
{
	const struct ts_worker_conf *c = &w->conf;
	struct ts_reassembly_conf conf = {
		.max_datagrams = c->reassembly.max_datagrams,
		.max_held = TS_REASSEMBLY_HELD_MAX,
		.max_bytes = c->reassembly.max_bytes,
		.per_source = c->reassembly.per_source,
		.max_fragments = c->reassembly.max_fragments,
		.max_size = c->reassembly.max_size,
		.timeout = c->reassembly.timeout_ms * w->hz / 1000,
		.seed = seed,
		.free_fn = free_fragment,
	};

	w->reassembly = ts_reassembly_create(&conf);
	return w->reassembly != NULL;
}

struct ts_worker *
ts_worker_create(const struct ts_worker_conf *conf, char *err, size_t err_len)
{
	struct ts_worker *w = rte_zmalloc_socket("ts_worker", sizeof(*w), RTE_CACHE_LINE_SIZE, conf->socket_id);
	uint64_t random = conf->seed;

	if (w == NULL) {
		snprintf(err, err_len, "worker %u: no memory on NUMA node %d", conf->id, conf->socket_id);
		return NULL;
	}
	w->conf = *conf;
	w->stations = conf->stations != NULL ? conf->stations : ts_stations_best();
	w->conf.burst = RTE_MIN(conf->burst, TS_BURST_MAX);
	w->conf.neighbour_queue = RTE_MIN(conf->neighbour_queue, TS_WAIT_PACKETS);
	w->hz = rte_get_tsc_hz();
	w->random = next_random(&random);
	w->sample_random = next_random(&random) | 1;
	w->observe_pool = conf->observe_pool;
	w->handshakes = conf->handshakes;
	w->id_stride = rte_align32pow2(conf->n_workers);
	w->id_hash_key = (uint32_t)next_random(&random) | 1;
	for (unsigned i = 0; i < TS_IP_ID_SLOTS; i++)
		w->ip_id[i] = (uint16_t)next_random(&random);
	init_limits(w);
	w->commands = make_ring("command", conf, sizeof(struct ts_command), COMMAND_RING_SIZE);
	w->injects = make_ring("inject", conf, sizeof(struct ts_inject), PACKET_RING_SIZE);
	w->urgent_punts = make_ring("urgent", conf, sizeof(struct ts_punt), PACKET_RING_SIZE);
	w->punts = make_ring("punt", conf, sizeof(struct ts_punt), PACKET_RING_SIZE);
	w->events = make_ring("event", conf, sizeof(struct ts_event), EVENT_RING_SIZE);
	w->observations = make_ring("observe", conf, sizeof(struct rte_mbuf *), TS_OBSERVATIONS + 1);
	if (!init_reassembly(w, next_random(&random))) {
		snprintf(err, err_len, "worker %u: no memory for reassembly", conf->id);
		ts_worker_free(w);
		return NULL;
	}
	if (w->commands == NULL || w->injects == NULL || w->urgent_punts == NULL || w->punts == NULL ||
		w->events == NULL || w->observations == NULL) {
		snprintf(err, err_len, "worker %u: its rings cannot be made: %s", conf->id, rte_strerror(rte_errno));
		ts_worker_free(w);
		return NULL;
	}
	return w;
}

/* A ring for an ordered pair of workers, known to both ends. */
static int
connect_pair(struct ts_worker *to, const char *kind, unsigned from, unsigned elem, unsigned size, struct rte_ring **out,
	struct rte_ring **in, char *err, size_t err_len)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "ts_%s_%hu_%hu", kind, (uint16_t)from, (uint16_t)to->conf.id);
	*out = *in = rte_ring_create_elem(name, elem, size, to->conf.socket_id, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (*out != NULL)
		return 0;
	snprintf(err, err_len, "%s: %s", name, rte_strerror(rte_errno));
	return -1;
}

int
ts_workers_connect(struct ts_worker *const *workers, unsigned n, char *err, size_t err_len)
{
	for (unsigned from = 0; from < n; from++) {
		for (unsigned to = 0; to < n; to++) {
			struct ts_worker *a = workers[from], *b = workers[to];

			if (from == to)
				continue;
			if (connect_pair(b, "handoff", from, sizeof(struct ts_handoff), HANDOFF_RING_SIZE,
				    &a->handoff_out[to], &b->handoff_in[from], err, err_len) != 0 ||
				connect_pair(b, "peers", from, sizeof(struct ts_peer_handoff), PEER_RING_SIZE,
					&a->peers_out[to], &b->peers_in[from], err, err_len) != 0)
				return -1;
		}
	}
	return 0;
}

static void
free_observations(struct ts_worker *w)
{
	void *m;

	while (w->observations != NULL && rte_ring_dequeue(w->observations, &m) == 0)
		rte_pktmbuf_free(m);
}

static void
free_frames(struct ts_worker *w)
{
	struct ts_inject in;
	struct ts_handoff handed;
	struct ts_peer_handoff peer;
	struct ts_punt out;
	struct ts_command command;
	struct ts_event event;

	while (w->commands != NULL && rte_ring_dequeue_elem(w->commands, &command, sizeof(command)) == 0)
		if (command.type == TS_COMMAND_PROBE)
			rte_pktmbuf_free(command.probe);
	while (w->events != NULL && rte_ring_dequeue_elem(w->events, &event, sizeof(event)) == 0)
		if (event.type == TS_EVENT_PROBE)
			rte_pktmbuf_free(((const struct ts_probe_result *)(const void *)event.addr)->out);
	while (w->injects != NULL && rte_ring_dequeue_elem(w->injects, &in, sizeof(in)) == 0)
		rte_pktmbuf_free(in.frame);
	while (w->urgent_punts != NULL && rte_ring_dequeue_elem(w->urgent_punts, &out, sizeof(out)) == 0)
		rte_pktmbuf_free(out.frame);
	while (w->punts != NULL && rte_ring_dequeue_elem(w->punts, &out, sizeof(out)) == 0)
		rte_pktmbuf_free(out.frame);
	for (unsigned i = 0; i < TS_MAX_WORKERS; i++) {
		while (w->handoff_in[i] != NULL &&
			rte_ring_dequeue_elem(w->handoff_in[i], &handed, sizeof(handed)) == 0)
			rte_pktmbuf_free(handed.packet);
		while (w->peers_in[i] != NULL && rte_ring_dequeue_elem(w->peers_in[i], &peer, sizeof(peer)) == 0)
			rte_pktmbuf_free(peer.packet);
		rte_ring_free(w->handoff_in[i]);
		rte_ring_free(w->peers_in[i]);
	}
}

void
ts_worker_free(struct ts_worker *w)
{
	if (w == NULL)
		return;
	ts_neigh_wait_free(w);
	while (w->n_delayed != 0)
		rte_pktmbuf_free(w->delayed[--w->n_delayed].answer);
	free_frames(w);
	free_observations(w);
	ts_reassembly_free(w->reassembly);
	rte_ring_free(w->commands);
	rte_ring_free(w->injects);
	rte_ring_free(w->urgent_punts);
	rte_ring_free(w->punts);
	rte_ring_free(w->events);
	rte_ring_free(w->observations);
	rte_free(w);
}

/* The one system call of the loop, for machines whose cores have other work; workers of a relay spin. */
static void
sleep_politely(struct ts_worker *w)
{
	static const struct timespec pause = {.tv_nsec = IDLE_SLEEP_NS};

	if (w->conf.qsbr != NULL)
		rte_rcu_qsbr_thread_offline(w->conf.qsbr, w->conf.id);
	nanosleep(&pause, NULL);
	if (w->conf.qsbr != NULL)
		rte_rcu_qsbr_thread_online(w->conf.qsbr, w->conf.id);
}

int
ts_worker_loop(void *worker)
{
	struct ts_worker *w = worker;
	uint64_t last = rte_rdtsc();
	unsigned idle = 0;

	if (w->conf.qsbr != NULL) {
		rte_rcu_qsbr_thread_register(w->conf.qsbr, w->conf.id);
		rte_rcu_qsbr_thread_online(w->conf.qsbr, w->conf.id);
	}
	while (!w->stop) {
		unsigned n = ts_worker_poll(w, last);
		uint64_t now = rte_rdtsc();

		w->cycles += now - last;
		if (n != 0) {
			w->busy_loops++;
			w->busy_cycles += now - last;
		}
		last = now;
		if (w->conf.qsbr != NULL)
			rte_rcu_qsbr_quiescent(w->conf.qsbr, w->conf.id);
		idle = n != 0 ? 0 : idle + 1;
		if (w->conf.idle_pause && idle > IDLE_TURNS) {
			sleep_politely(w);
			now = rte_rdtsc();
			w->cycles += now - last;
			last = now;
		}
	}
	if (w->conf.qsbr != NULL) {
		rte_rcu_qsbr_thread_offline(w->conf.qsbr, w->conf.id);
		rte_rcu_qsbr_thread_unregister(w->conf.qsbr, w->conf.id);
	}
	return 0;
}

struct rte_ring *
ts_worker_commands(struct ts_worker *w)
{
	return w->commands;
}

struct rte_ring *
ts_worker_injects(struct ts_worker *w)
{
	return w->injects;
}

struct rte_ring *
ts_worker_urgent_punts(struct ts_worker *w)
{
	return w->urgent_punts;
}

struct rte_ring *
ts_worker_punts(struct ts_worker *w)
{
	return w->punts;
}

struct rte_ring *
ts_worker_observations(struct ts_worker *w)
{
	return w->observations;
}

struct rte_ring *
ts_worker_events(struct ts_worker *w)
{
	return w->events;
}

void
ts_worker_stats(const struct ts_worker *w, struct ts_worker_stats *out)
{
	struct ts_reassembly_stats r;

	ts_reassembly_stats(w->reassembly, &r);
	*out = (struct ts_worker_stats){
		.counters = w->counters,
		.ports = w->ports,
		.loops = w->loops,
		.busy_loops = w->busy_loops,
		.busy_cycles = w->busy_cycles,
		.cycles = w->cycles,
		.reassembly = {r.datagrams, r.held, r.bytes, r.timeouts, r.evicted},
		.table_version = w->table_version,
		.last_turn_tsc = w->now,
		.id = w->conf.id,
		.cpu = w->conf.cpu,
		.strangers = &w->strangers,
		.neighbours = {&w->neighbours[TS_FLOW_RX], &w->neighbours[TS_FLOW_TX]},
		.simd = w->stations->name,
		.histograms = &w->histograms,
	};
}
