/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The owner's side of the peer table, and showing it.
 *
 * The owner is the only one that changes states, so it stores words plainly, except where it gives up a peer for its
 * silence: that needs a compare-and-swap, as any worker may hear the peer meanwhile. What a store undoes is at most a
 * tick, in the moment that the owner says a newer one. Every insertion and every change of state is a new generation.
 */
#include "peers.h"

#define SLOT_BYTES (sizeof(struct ts_peer_slot) + sizeof(uint64_t))

/* Buckets of one owner. */
static uint64_t
buckets_of_owner(uint32_t peers, unsigned n_owners)
{
	uint64_t mean = peers / n_owners + 1, spread = 1;

	/* Owners get their peers by hash: six standard deviations more than their share is enough. */
	while (spread * spread < mean)
		spread++;
	/*
	 * Slots are 3/4 full then. Measured with that many peers, none of which may be evicted: one insertion of 100
	 * 000 is refused while the table fills, three of 10 000 when peers have come and gone for long.
	 */
	return (mean + 6 * spread) / 3 + 2;
}

size_t
ts_peers_bytes(uint32_t peers, unsigned n_owners)
{
	return sizeof(struct ts_peers) +
		buckets_of_owner(peers, n_owners) * n_owners * TS_PEER_BUCKET_SLOTS * SLOT_BYTES;
}

struct ts_peers *
ts_peers_create(const struct ts_peers_conf *conf)
{
	struct ts_peers *p;
	uint64_t per_owner, slots;

	if (conf->n_owners == 0 || conf->n_owners > TS_PEERS_MAX_OWNERS)
		return NULL;
	per_owner = buckets_of_owner(conf->peers, conf->n_owners);
	slots = per_owner * conf->n_owners * TS_PEER_BUCKET_SLOTS;
	if (slots > UINT32_MAX)
		return NULL;
	p = conf->allocate(ts_peers_bytes(conf->peers, conf->n_owners));
	if (p == NULL)
		return NULL;
	p->buckets = (struct ts_peer_bucket *)(p + 1);
	p->aside = (uint64_t *)(p->buckets + per_owner * conf->n_owners);
	/* Odd and not short, whatever the seed. */
	p->seed[0] = ts_peer_mix(conf->seed ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1342543de82ef95));
	p->seed[1] = ts_peer_mix(conf->seed ^ UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db)) |
		UINT64_C(0x8000000000000001);
	p->n_owners = conf->n_owners;
	p->per_owner = (uint32_t)per_owner;
	return p;
}

void
ts_peers_free(struct ts_peers *p, void (*release)(void *))
{
	if (p != NULL)
		release(p);
}

static struct ts_peer_owner *
owner_of(struct ts_peers *p, uint32_t slot)
{
	return &p->owner[slot / TS_PEER_BUCKET_SLOTS / p->per_owner];
}

static void
count(uint64_t *n)
{
	__atomic_store_n(n, *n + 1, __ATOMIC_RELAXED);
}

static void
book(struct ts_peer_owner *o, enum ts_peer_state state, int32_t change)
{
	uint32_t *n = state == TS_PEER_CONFIRMED ? &o->confirmed
		: state == TS_PEER_UNCONFIRMED	 ? &o->unconfirmed
						 : &o->renewing;

	__atomic_store_n(n, *n + (uint32_t)change, __ATOMIC_RELAXED);
}

/* The word that follows `old`. */
static uint32_t
next_word(uint32_t old, enum ts_peer_state state, bool learned, uint32_t tick)
{
	uint32_t generation = (old + (1u << TS_PEER_GENERATION_SHIFT)) & TS_PEER_GENERATION_MASK;

	return (uint32_t)state << TS_PEER_STATE_SHIFT | (learned ? TS_PEER_LEARNED : 0) | generation |
		(tick & TS_PEER_TICK_MASK);
}

static uint32_t
word_of(const struct ts_peers *p, uint32_t slot)
{
	return __atomic_load_n(&ts_peer_slot_at(p, slot)->word, __ATOMIC_RELAXED);
}

static enum ts_peer_state
state_of(const struct ts_peers *p, uint32_t slot)
{
	return ts_peer_state(word_of(p, slot));
}

/* How many slots of a bucket are empty, and one of them. */
static unsigned
empty_slots(const struct ts_peers *p, uint32_t bucket, int64_t *slot)
{
	unsigned n = 0;

	for (uint32_t i = bucket * TS_PEER_BUCKET_SLOTS; i < (bucket + 1) * TS_PEER_BUCKET_SLOTS; i++) {
		if (state_of(p, i) != TS_PEER_NONE)
			continue;
		n++;
		*slot = i;
	}
	return n;
}

/* An empty slot, of the emptier bucket; or -1. */
static int64_t
empty_slot(const struct ts_peers *p, const struct ts_peer_hash *h)
{
	int64_t slot[2] = {-1, -1};
	unsigned first = empty_slots(p, h->bucket[0], &slot[0]);

	return slot[empty_slots(p, h->bucket[1], &slot[1]) > first];
}

/* Writes an empty slot. */
static void
fill(struct ts_peers *p, uint32_t slot, const uint8_t addr[16], uint32_t word, uint64_t aside)
{
	struct ts_peer_slot *s = ts_peer_slot_at(p, slot);

	__atomic_store_n(&s->client, ts_peer_client_word(addr), __ATOMIC_RELEASE);
	__atomic_store_n(&s->server, ts_teredo_server(addr), __ATOMIC_RELEASE);
	__atomic_store_n(&p->aside[slot], aside, __ATOMIC_RELEASE);
	__atomic_store_n(&s->word, word, __ATOMIC_RELEASE);
}

/* The longest silent confirmed peer of both buckets that was last heard more than `limit` ticks ago, or -1. */
static int64_t
silent_slot(const struct ts_peers *p, const struct ts_peer_hash *h, uint32_t tick, uint32_t limit, uint32_t *word)
{
	int64_t silent = -1;

	for (unsigned i = 0; i < 2 * TS_PEER_BUCKET_SLOTS; i++) {
		uint32_t slot = ts_peer_slot_of(h, i);
		uint32_t w = word_of(p, slot);

		if (ts_peer_state(w) != TS_PEER_CONFIRMED || ts_peer_age(w, tick) <= limit)
			continue;
		limit = ts_peer_age(w, tick);
		silent = slot;
		*word = w;
	}
	return silent;
}

/* Gives up a confirmed peer whose word is `word`. False: it was heard meanwhile. */
static bool
vacate(struct ts_peers *p, uint32_t slot, uint32_t word)
{
	if (!__atomic_compare_exchange_n(&ts_peer_slot_at(p, slot)->word, &word, word & TS_PEER_GENERATION_MASK, false,
		    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return false;
	book(owner_of(p, slot), TS_PEER_CONFIRMED, -1);
	return true;
}

/* Each round means that a peer was heard, and is silent no longer. */
static int64_t
reclaim(struct ts_peers *p, const struct ts_peer_hash *h, uint32_t tick, uint32_t limit, uint64_t *counter)
{
	int64_t slot;
	uint32_t word;

	do {
		slot = silent_slot(p, h, tick, limit, &word);
		if (slot < 0)
			return -1;
	} while (!vacate(p, (uint32_t)slot, word));
	count(counter);
	return slot;
}

/*
 * A confirmed peer gets a copy in the empty slot `to` and gives up its own, so that at every moment readers can find
 * it. Who hears the peer at its old place meanwhile has to be told of at the new one.
 */
static void
move(struct ts_peers *p, uint32_t from, uint32_t to, const uint8_t addr[16])
{
	uint32_t *left = &ts_peer_slot_at(p, from)->word, word = __atomic_load_n(left, __ATOMIC_RELAXED);
	struct ts_peer_view copy = {.slot = to};

	copy.word = next_word(word_of(p, to), TS_PEER_CONFIRMED, ts_peer_has_mapping(word), word);
	fill(p, to, addr, copy.word, ts_peers_aside(p, from));
	while (!__atomic_compare_exchange_n(
		left, &word, word & TS_PEER_GENERATION_MASK, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		ts_peers_heard(p, &copy, word);
}

/* Makes room by moving one of the confirmed peers to its other bucket. The slot, or -1. */
static int64_t
displace(struct ts_peers *p, const struct ts_peer_hash *h)
{
	for (unsigned i = 0; i < 2 * TS_PEER_BUCKET_SLOTS; i++) {
		uint32_t slot = ts_peer_slot_of(h, i);
		struct ts_peer_hash its;
		uint8_t addr[16];
		int64_t to;

		if (state_of(p, slot) != TS_PEER_CONFIRMED)
			continue;
		ts_peers_address(p, slot, addr);
		its = ts_peers_hash(p, addr);
		if (empty_slots(p, its.bucket[its.bucket[0] == slot / TS_PEER_BUCKET_SLOTS], &to) == 0)
			continue;
		move(p, slot, (uint32_t)to, addr);
		count(&p->owner[h->owner].moved);
		return slot;
	}
	return -1;
}

int64_t
ts_peers_insert(struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h, enum ts_peer_state state,
	uint32_t tick, uint64_t aside, uint32_t valid, uint32_t forget)
{
	struct ts_peer_owner *o = &p->owner[h->owner];
	int64_t slot = empty_slot(p, h);

	if (slot < 0)
		slot = reclaim(p, h, tick, forget, &o->expired);
	if (slot < 0)
		slot = displace(p, h);
	if (slot < 0 && state == TS_PEER_CONFIRMED)
		slot = reclaim(p, h, tick, valid, &o->evicted);
	if (slot < 0) {
		count(&o->full);
		return -1;
	}
	fill(p, (uint32_t)slot, addr, next_word(word_of(p, (uint32_t)slot), state, false, tick), aside);
	book(o, state, 1);
	count(&o->inserted);
	return slot;
}

void
ts_peers_set(struct ts_peers *p, uint32_t slot, enum ts_peer_state state, bool learned, uint32_t tick, uint64_t aside)
{
	struct ts_peer_slot *s = ts_peer_slot_at(p, slot);
	struct ts_peer_owner *o = owner_of(p, slot);
	uint32_t old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
	uint32_t closed = (uint32_t)TS_PEER_RENEWING << TS_PEER_STATE_SHIFT |
		(old & ~(3u << TS_PEER_STATE_SHIFT | TS_PEER_LEARNED));

	/* Nobody may take the new aside word for the old mapping; others are sent to the owner meanwhile, as it is us.
	 */
	if (ts_peer_has_mapping(old))
		__atomic_store_n(&s->word, closed, __ATOMIC_RELEASE);
	__atomic_store_n(&p->aside[slot], aside, __ATOMIC_RELEASE);
	__atomic_store_n(
		&s->word, next_word(old, state, learned && state == TS_PEER_CONFIRMED, tick), __ATOMIC_RELEASE);
	book(o, ts_peer_state(old), -1);
	book(o, state, 1);
}

void
ts_peers_remove(struct ts_peers *p, uint32_t slot)
{
	struct ts_peer_slot *s = ts_peer_slot_at(p, slot);
	uint32_t old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);

	__atomic_store_n(&s->word, old & TS_PEER_GENERATION_MASK, __ATOMIC_RELEASE);
	book(owner_of(p, slot), ts_peer_state(old), -1);
}

/* Is there, in whatever state, a peer that embeds the mapping of `addr`? */
static bool
has_mapping_of(const struct ts_peers *p, uint32_t slot, const uint8_t addr[16])
{
	uint64_t client = __atomic_load_n(&ts_peer_slot_at(p, slot)->client, __ATOMIC_RELAXED);

	return state_of(p, slot) != TS_PEER_NONE && rte_be_to_cpu_64(client ^ ts_peer_client_word(addr)) << 16 == 0;
}

unsigned
ts_peers_of_mapping(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2 * TS_PEER_BUCKET_SLOTS; i++)
		n += has_mapping_of(p, ts_peer_slot_of(h, i), addr);
	return n;
}

unsigned
ts_peers_unconfirmed_of_mapping(const struct ts_peers *p, const uint8_t addr[16], const struct ts_peer_hash *h,
	uint32_t slots[2 * TS_PEER_BUCKET_SLOTS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2 * TS_PEER_BUCKET_SLOTS; i++) {
		uint32_t slot = ts_peer_slot_of(h, i);

		if (has_mapping_of(p, slot, addr) && state_of(p, slot) == TS_PEER_UNCONFIRMED)
			slots[n++] = slot;
	}
	return n;
}

static void
sweep_slot(struct ts_peers *p, uint32_t slot, uint32_t tick, uint32_t forget)
{
	uint32_t word = word_of(p, slot);

	if (ts_peer_state(word) != TS_PEER_CONFIRMED || ts_peer_age(word, tick) <= forget)
		return;
	if (vacate(p, slot, word))
		count(&owner_of(p, slot)->expired);
}

void
ts_peers_sweep(struct ts_peers *p, unsigned owner, uint32_t n, uint32_t tick, uint32_t forget)
{
	struct ts_peer_owner *o = &p->owner[owner];

	for (; n > 0; n--) {
		uint32_t bucket = owner * p->per_owner + o->sweep;

		for (unsigned i = 0; i < TS_PEER_BUCKET_SLOTS; i++)
			sweep_slot(p, bucket * TS_PEER_BUCKET_SLOTS + i, tick, forget);
		o->sweep = o->sweep + 1 < p->per_owner ? o->sweep + 1 : 0;
	}
}

uint64_t
ts_peers_aside(const struct ts_peers *p, uint32_t slot)
{
	return __atomic_load_n(&p->aside[slot], __ATOMIC_RELAXED);
}

static void
make_address(uint8_t out[16], uint32_t server, uint64_t client)
{
	static const uint8_t prefix[4] = {0x20, 0x01};

	memcpy(out, prefix, sizeof(prefix));
	memcpy(out + 4, &server, sizeof(server));
	memcpy(out + 8, &client, sizeof(client));
}

void
ts_peers_address(const struct ts_peers *p, uint32_t slot, uint8_t out[16])
{
	const struct ts_peer_slot *s = ts_peer_slot_at(p, slot);

	make_address(out, __atomic_load_n(&s->server, __ATOMIC_RELAXED), __atomic_load_n(&s->client, __ATOMIC_RELAXED));
}

/* False: no peer there. */
static bool
read_slot(const struct ts_peers *p, uint32_t slot, uint32_t tick, struct ts_peer_info *out)
{
	const struct ts_peer_slot *s = ts_peer_slot_at(p, slot);
	uint8_t addr[16];
	struct ts_peer_view view;

	/* The view is of the address that was read, if it is still there. */
	do {
		if (ts_peer_state(__atomic_load_n(&s->word, __ATOMIC_ACQUIRE)) == TS_PEER_NONE)
			return false;
		make_address(addr, __atomic_load_n(&s->server, __ATOMIC_ACQUIRE),
			__atomic_load_n(&s->client, __ATOMIC_ACQUIRE));
	} while (!ts_peer_view_slot(p, addr, slot, &view));
	*out = (struct ts_peer_info){
		.state = ts_peer_state(view.word),
		.learned = ts_peer_has_mapping(view.word),
		.v4 = view.v4,
		.port = view.port,
		.age = ts_peer_age(view.word, tick),
	};
	memcpy(out->addr, addr, sizeof(addr));
	return true;
}

bool
ts_peers_walk(const struct ts_peers *p, uint64_t *cursor, uint32_t buckets, uint32_t tick,
	void (*fn)(const struct ts_peer_info *, void *), void *arg)
{
	uint64_t end = (uint64_t)p->n_owners * p->per_owner;
	struct ts_peer_info info;

	for (; buckets > 0 && *cursor < end; buckets--, ++*cursor)
		for (unsigned i = 0; i < TS_PEER_BUCKET_SLOTS; i++)
			if (read_slot(p, (uint32_t)*cursor * TS_PEER_BUCKET_SLOTS + i, tick, &info))
				fn(&info, arg);
	return *cursor < end;
}
