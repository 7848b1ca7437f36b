/* SPDX-License-Identifier: BSD-3-Clause */
#include "contact.h"

#include "peers.h"

#define GAP_SLOTS (1u << 18) /* of the whole box: 1 MiB */
#define GAP_COUNT_SHIFT TS_PEER_TICK_BITS
#define GAP_TAG_SHIFT (TS_PEER_TICK_BITS + 3)

TAILQ_HEAD(contact_list, ts_contact);

/* What one owner has. */
struct pool {
	struct ts_contact *records; /* [n] */
	uint32_t *gaps;		    /* tag:7 | bubbles:3 | tick:22 */
	uint32_t n, in_use, failed, queued;
	struct contact_list unused, by_bubble, by_queue;
} __rte_cache_aligned;

struct ts_contacts {
	unsigned n_owners;
	uint32_t gap_slots; /* of each owner */
	uint32_t per_source, per_client, queue_bytes;
	uint32_t quota_mask;
	uint64_t seed;
	uint16_t *by_source, *by_client; /* [quota_mask + 1] unconfirmed peers; shared by all owners */
	uint32_t queued_bytes;		 /* of buffers, shared by all owners */
	struct pool pool[];
};

static uint32_t
per_owner(uint32_t records, unsigned n_owners)
{
	return RTE_MAX(records / n_owners, 1u);
}

/* One quota slot for each record or more: strangers then seldom share one. */
static uint32_t
quota_slots(uint32_t records)
{
	return rte_align32pow2(RTE_MAX(records, 1024u));
}

static size_t
head_bytes(unsigned n_owners)
{
	return sizeof(struct ts_contacts) + n_owners * sizeof(struct pool);
}

size_t
ts_contacts_bytes(uint32_t records, unsigned n_owners)
{
	return head_bytes(n_owners) + (size_t)n_owners * per_owner(records, n_owners) * sizeof(struct ts_contact) +
		GAP_SLOTS * sizeof(uint32_t) + 2 * quota_slots(records) * sizeof(uint16_t);
}

static bool
init_pool(struct ts_contacts *c, struct pool *p, const struct ts_contacts_conf *conf)
{
	p->n = per_owner(conf->records, conf->n_owners);
	p->records = conf->allocate(p->n * sizeof(*p->records));
	p->gaps = conf->allocate(c->gap_slots * sizeof(*p->gaps));
	TAILQ_INIT(&p->unused);
	TAILQ_INIT(&p->by_bubble);
	TAILQ_INIT(&p->by_queue);
	if (p->records == NULL || p->gaps == NULL)
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		TAILQ_INSERT_TAIL(&p->unused, &p->records[i], by_bubble);
	return true;
}

struct ts_contacts *
ts_contacts_create(const struct ts_contacts_conf *conf)
{
	struct ts_contacts *c = conf->allocate(head_bytes(conf->n_owners));
	uint32_t slots = quota_slots(conf->records);
	bool good;

	if (c == NULL)
		return NULL;
	c->n_owners = conf->n_owners;
	c->gap_slots = GAP_SLOTS / conf->n_owners;
	c->quota_mask = slots - 1;
	c->seed = conf->seed | 1;
	c->by_source = conf->allocate(slots * sizeof(*c->by_source));
	c->by_client = conf->allocate(slots * sizeof(*c->by_client));
	ts_contacts_set_quotas(c, conf->per_source, conf->per_client, conf->queue_bytes);
	good = c->by_source != NULL && c->by_client != NULL;
	for (unsigned i = 0; i < c->n_owners; i++)
		good = init_pool(c, &c->pool[i], conf) && good;
	if (good)
		return c;
	ts_contacts_free(c, conf->release);
	return NULL;
}

static void
clear_pool(struct ts_contacts *c, unsigned owner)
{
	struct rte_mbuf *packets[TS_CONTACT_QUEUE];
	struct ts_contact *r;

	while ((r = ts_contact_oldest(c, owner)) != NULL) {
		rte_pktmbuf_free_bulk(packets, ts_contact_unqueue(c, owner, r, packets));
		ts_contact_give(c, owner, r);
	}
}

void
ts_contacts_free(struct ts_contacts *c, void (*release)(void *))
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n_owners; i++) {
		if (c->pool[i].records != NULL)
			clear_pool(c, i);
		release(c->pool[i].records);
		release(c->pool[i].gaps);
	}
	release(c->by_source);
	release(c->by_client);
	release(c);
}

void
ts_contacts_set_quotas(struct ts_contacts *c, uint32_t per_source, uint32_t per_client, uint32_t queue_bytes)
{
	/* Each owner looks before it adds: they may go past a quota by one each. */
	uint32_t most = UINT16_MAX - TS_PEERS_MAX_OWNERS;

	__atomic_store_n(&c->per_source, RTE_MIN(per_source, most), __ATOMIC_RELAXED);
	__atomic_store_n(&c->per_client, RTE_MIN(per_client, most), __ATOMIC_RELAXED);
	__atomic_store_n(&c->queue_bytes, queue_bytes, __ATOMIC_RELAXED);
}

void
ts_contacts_stats(const struct ts_contacts *c, struct ts_contacts_stats *out)
{
	*out = (struct ts_contacts_stats){.queued_bytes = __atomic_load_n(&c->queued_bytes, __ATOMIC_RELAXED)};
	for (unsigned i = 0; i < c->n_owners; i++) {
		const struct pool *p = &c->pool[i];

		out->records += __atomic_load_n(&p->in_use, __ATOMIC_RELAXED);
		out->records_max += p->n;
		out->queued_packets += __atomic_load_n(&p->queued, __ATOMIC_RELAXED);
		out->failed += __atomic_load_n(&p->failed, __ATOMIC_RELAXED);
	}
}

/* Only the owner adds, but others look. */
static void
add(uint32_t *count, uint32_t n)
{
	__atomic_store_n(count, *count + n, __ATOMIC_RELAXED);
}

struct ts_contact *
ts_contact_take(struct ts_contacts *c, unsigned owner, uint32_t peer)
{
	struct pool *p = &c->pool[owner];
	struct ts_contact *r = TAILQ_FIRST(&p->unused);

	if (r == NULL)
		return NULL;
	TAILQ_REMOVE(&p->unused, r, by_bubble);
	r->peer = peer;
	r->source = r->client = TS_CONTACT_NO_QUOTA;
	r->last_bubble = 0;
	r->bubbles = 0;
	r->failed = false;
	TAILQ_INSERT_TAIL(&p->by_bubble, r, by_bubble);
	add(&p->in_use, 1);
	return r;
}

void
ts_contact_give(struct ts_contacts *c, unsigned owner, struct ts_contact *r)
{
	struct pool *p = &c->pool[owner];

	if (r->source != TS_CONTACT_NO_QUOTA) {
		__atomic_fetch_sub(&c->by_source[r->source], 1, __ATOMIC_RELAXED);
		__atomic_fetch_sub(&c->by_client[r->client], 1, __ATOMIC_RELAXED);
	}
	ts_contact_failed(c, owner, r, false);
	TAILQ_REMOVE(&p->by_bubble, r, by_bubble);
	/* The one that was used last is warm. */
	TAILQ_INSERT_HEAD(&p->unused, r, by_bubble);
	add(&p->in_use, UINT32_MAX);
}

uint64_t
ts_contact_number(const struct ts_contacts *c, unsigned owner, const struct ts_contact *r)
{
	return (uint64_t)(r - c->pool[owner].records);
}

struct ts_contact *
ts_contact_numbered(const struct ts_contacts *c, unsigned owner, uint64_t number)
{
	return &c->pool[owner].records[number];
}

struct ts_contact *
ts_contact_oldest(const struct ts_contacts *c, unsigned owner)
{
	return TAILQ_FIRST(&c->pool[owner].by_bubble);
}

struct ts_contact *
ts_contact_longest_queued(const struct ts_contacts *c, unsigned owner)
{
	return TAILQ_FIRST(&c->pool[owner].by_queue);
}

static uint32_t
quota_of(const struct ts_contacts *c, uint64_t key)
{
	uint64_t hash = (key ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)((hash ^ hash >> 29) >> 16) & c->quota_mask;
}

bool
ts_contact_quota_free(const struct ts_contacts *c, uint64_t source, rte_be32_t client)
{
	return __atomic_load_n(&c->by_source[quota_of(c, source)], __ATOMIC_RELAXED) <
		__atomic_load_n(&c->per_source, __ATOMIC_RELAXED) &&
		__atomic_load_n(&c->by_client[quota_of(c, client)], __ATOMIC_RELAXED) <
		__atomic_load_n(&c->per_client, __ATOMIC_RELAXED);
}

void
ts_contact_quota_take(struct ts_contacts *c, struct ts_contact *r, uint64_t source, rte_be32_t client)
{
	r->source = quota_of(c, source);
	r->client = quota_of(c, client);
	__atomic_fetch_add(&c->by_source[r->source], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->by_client[r->client], 1, __ATOMIC_RELAXED);
}

void
ts_contact_bubble(struct ts_contacts *c, unsigned owner, struct ts_contact *r, uint64_t now)
{
	struct pool *p = &c->pool[owner];

	r->last_bubble = now;
	r->bubbles++;
	TAILQ_REMOVE(&p->by_bubble, r, by_bubble);
	TAILQ_INSERT_TAIL(&p->by_bubble, r, by_bubble);
}

void
ts_contact_failed(struct ts_contacts *c, unsigned owner, struct ts_contact *r, bool failed)
{
	if (r->failed != failed)
		add(&c->pool[owner].failed, failed ? 1 : UINT32_MAX);
	r->failed = failed;
}

/* What a packet keeps from others: its buffers, however short it is. */
static uint32_t
buffer_bytes(const struct rte_mbuf *m)
{
	return m->nb_segs * (uint32_t)m->buf_len;
}

bool
ts_contact_queue(struct ts_contacts *c, unsigned owner, struct ts_contact *r, struct rte_mbuf *m, uint64_t now)
{
	uint32_t bytes = buffer_bytes(m), limit = __atomic_load_n(&c->queue_bytes, __ATOMIC_RELAXED);
	struct pool *p = &c->pool[owner];

	if (r->n_queued == TS_CONTACT_QUEUE || r->queued_bytes + rte_pktmbuf_pkt_len(m) > TS_CONTACT_QUEUE_BYTES)
		return false;
	if (__atomic_add_fetch(&c->queued_bytes, bytes, __ATOMIC_RELAXED) > limit) {
		__atomic_fetch_sub(&c->queued_bytes, bytes, __ATOMIC_RELAXED);
		return false;
	}
	if (r->n_queued == 0) {
		r->queued_since = now;
		TAILQ_INSERT_TAIL(&p->by_queue, r, by_queue);
	}
	r->queue[r->n_queued++] = m;
	r->queued_bytes = (uint16_t)(r->queued_bytes + rte_pktmbuf_pkt_len(m));
	add(&p->queued, 1);
	return true;
}

unsigned
ts_contact_unqueue(struct ts_contacts *c, unsigned owner, struct ts_contact *r, struct rte_mbuf *out[TS_CONTACT_QUEUE])
{
	struct pool *p = &c->pool[owner];
	unsigned n = r->n_queued;
	uint32_t bytes = 0;

	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		out[i] = r->queue[i];
		bytes += buffer_bytes(out[i]);
	}
	r->n_queued = 0;
	r->queued_bytes = 0;
	TAILQ_REMOVE(&p->by_queue, r, by_queue);
	__atomic_fetch_sub(&c->queued_bytes, bytes, __ATOMIC_RELAXED);
	add(&p->queued, -n);
	return n;
}

static uint32_t *
gap_of(const struct ts_contacts *c, unsigned owner, uint32_t tag)
{
	return &c->pool[owner].gaps[(uint64_t)tag * c->gap_slots >> 32];
}

/* T2 without a record: two seconds between bubbles whoever shares the place, four in `forget` to the same address. */
bool
ts_contact_gap_open(const struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t tick, uint32_t forget)
{
	uint32_t gap = __atomic_load_n(gap_of(c, owner, tag), __ATOMIC_RELAXED), age = ts_peer_age(gap, tick);
	unsigned bubbles = gap >> GAP_COUNT_SHIFT & 7;

	if (bubbles == 0)
		return true;
	if (age < 2 * TS_PEER_TICKS_PER_S)
		return false;
	return bubbles < TS_CONTACT_BUBBLES || age >= forget || gap >> GAP_TAG_SHIFT != (tag & 0x7f);
}

void
ts_contact_gap_note(
	struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t tick, uint32_t forget, unsigned bubbles)
{
	uint32_t *gap = gap_of(c, owner, tag), count = *gap >> GAP_COUNT_SHIFT & 7;
	bool goes_on = *gap >> GAP_TAG_SHIFT == (tag & 0x7f) && ts_peer_age(*gap, tick) < forget;

	if (bubbles == 0)
		bubbles = goes_on ? count + 1 : 1;
	bubbles = RTE_MIN(bubbles, (unsigned)TS_CONTACT_BUBBLES);
	__atomic_store_n(gap, (tag & 0x7f) << GAP_TAG_SHIFT | bubbles << GAP_COUNT_SHIFT | (tick & TS_PEER_TICK_MASK),
		__ATOMIC_RELAXED);
}

void
ts_contact_gap_clear(struct ts_contacts *c, unsigned owner, uint32_t tag)
{
	uint32_t *gap = gap_of(c, owner, tag);

	if (*gap >> GAP_TAG_SHIFT == (tag & 0x7f))
		__atomic_store_n(gap, 0, __ATOMIC_RELAXED);
}

void
ts_contact_gap_heard(struct ts_contacts *c, unsigned owner, uint32_t tag, uint32_t heard, uint32_t tick)
{
	if (ts_peer_age(heard, tick) <= ts_peer_age(*gap_of(c, owner, tag), tick))
		ts_contact_gap_clear(c, owner, tag);
}

static uint64_t
ago(uint64_t now, uint64_t hz, int64_t ms)
{
	return ms < 0 ? 0 : now - (uint64_t)ms * hz / 1000;
}

static void
plant_record(struct ts_contacts *c, unsigned owner, struct ts_contact *r, const struct ts_contact_seed *seed,
	uint64_t now, uint64_t hz)
{
	for (unsigned i = 0; i < seed->bubbles; i++)
		ts_contact_bubble(c, owner, r, ago(now, hz, seed->last_bubble_age));
	for (unsigned i = 0; i < seed->n_queued; i++)
		if (!ts_contact_queue(c, owner, r, seed->queue[i], now))
			rte_pktmbuf_free(seed->queue[i]);
}

int
ts_contact_plant(
	struct ts_peers *p, struct ts_contacts *c, const struct ts_contact_seed *seed, uint64_t now, uint64_t hz)
{
	struct ts_peer_hash h = ts_peers_hash(p, seed->addr);
	uint32_t tick = (uint32_t)(ago(now, hz, seed->last_rx_age) / (hz / TS_PEER_TICKS_PER_S));
	bool learned = seed->confirmed && seed->port != 0 &&
		(seed->v4 != ts_teredo_client(seed->addr) || seed->port != ts_teredo_port(seed->addr));
	enum ts_peer_state state = !seed->confirmed ? TS_PEER_UNCONFIRMED
		: seed->bubbles != 0		    ? TS_PEER_RENEWING
						    : TS_PEER_CONFIRMED;
	struct ts_contact *r = NULL;
	uint64_t aside = 0;
	int64_t slot;

	if (state == TS_PEER_CONFIRMED && learned)
		aside = ts_peer_mapping(seed->v4, seed->port, (uint16_t)(ago(now, hz, seed->last_rx_age) / hz));
	if (state != TS_PEER_CONFIRMED) {
		r = ts_contact_take(c, h.owner, 0);
		if (r == NULL)
			return -1;
		aside = ts_contact_number(c, h.owner, r);
	}
	slot = ts_peers_insert(p, seed->addr, &h, state, tick & TS_PEER_TICK_MASK, aside, 0, UINT32_MAX);
	if (slot < 0) {
		if (r != NULL)
			ts_contact_give(c, h.owner, r);
		return -1;
	}
	if (r != NULL) {
		r->peer = (uint32_t)slot;
		plant_record(c, h.owner, r, seed, now, hz);
	} else if (learned)
		ts_peers_set(p, (uint32_t)slot, state, true, tick & TS_PEER_TICK_MASK, aside);
	return 0;
}

static void
forget_peer(const struct ts_peer_info *info, void *peers)
{
	struct ts_peer_hash h = ts_peers_hash(peers, info->addr);
	struct ts_peer_view view;

	if (ts_peers_find(peers, info->addr, &h, &view))
		ts_peers_remove(peers, view.slot);
}

void
ts_contact_clear(struct ts_peers *p, struct ts_contacts *c)
{
	uint64_t cursor = 0;

	for (unsigned i = 0; i < c->n_owners; i++) {
		clear_pool(c, i);
		memset(c->pool[i].gaps, 0, c->gap_slots * sizeof(*c->pool[i].gaps));
	}
	while (ts_peers_walk(p, &cursor, UINT32_MAX, 0, forget_peer, p))
		;
}
