/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Incomplete datagrams are found by a hash table with chaining and kept in a list by age; both are indexes into one
 * array. A poisoned datagram stays in the table without fragments until its time is over, so that what still comes for
 * it is dropped.
 */
#include "reassembly.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define SOURCE_SLOTS 4096 /* datagrams per source are counted by hash: a collision only makes the limit stricter */
#define EXPIRE_AT_ONCE 16
#define IPV4_HDR_LEN 20

struct piece {
	void *packet;
	uint16_t offset, len;
};

struct datagram {
	rte_be32_t src, dst;
	rte_be16_t id;
	uint8_t protocol;
	uint8_t ecn_seen; /* bit per codepoint */
	bool poisoned;
	uint16_t n;
	uint16_t total; /* payload bytes, known once the last fragment came; else 0 */
	uint32_t bytes;
	uint32_t chain, older, newer;
	uint64_t born;
	struct piece piece[TS_REASSEMBLY_MAX_FRAGMENTS]; /* by offset */
};

struct ts_reassembly {
	struct ts_reassembly_conf conf;
	uint32_t mask;
	uint32_t *bucket;
	uint32_t unused; /* list by `chain` */
	uint32_t oldest, newest;
	struct ts_reassembly_stats stats;
	uint16_t per_source[SOURCE_SLOTS];
	struct datagram datagram[];
};

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

static uint32_t
hash(const struct ts_reassembly *r, rte_be32_t src, rte_be32_t dst, rte_be16_t id, uint8_t protocol)
{
	return (uint32_t)mix(mix(r->conf.seed ^ ((uint64_t)src << 32 | dst)) + ((uint64_t)id << 8 | protocol));
}

static uint16_t *
source_count(struct ts_reassembly *r, rte_be32_t src)
{
	return &r->per_source[mix(r->conf.seed + src) % SOURCE_SLOTS];
}

struct ts_reassembly *
ts_reassembly_create(const struct ts_reassembly_conf *conf)
{
	uint32_t buckets = 16, n = conf->max_datagrams;
	struct ts_reassembly *r = calloc(1, sizeof(*r) + n * sizeof(struct datagram));

	while (buckets < n * 2)
		buckets *= 2;
	if (r == NULL || (r->bucket = malloc(buckets * sizeof(*r->bucket))) == NULL) {
		free(r);
		return NULL;
	}
	memset(r->bucket, 0xff, buckets * sizeof(*r->bucket));
	r->conf = *conf;
	if (r->conf.max_fragments > TS_REASSEMBLY_MAX_FRAGMENTS)
		r->conf.max_fragments = TS_REASSEMBLY_MAX_FRAGMENTS;
	r->mask = buckets - 1;
	r->oldest = r->newest = NONE;
	r->unused = n != 0 ? 0 : NONE;
	for (uint32_t i = 0; i < n; i++)
		r->datagram[i].chain = i + 1 < n ? i + 1 : NONE;
	return r;
}

static void
drop_pieces(struct ts_reassembly *r, struct datagram *d)
{
	for (unsigned i = 0; i < d->n; i++)
		r->conf.free_fn(r->conf.free_arg, d->piece[i].packet);
	r->stats.held -= d->n;
	r->stats.bytes -= d->bytes;
	d->n = 0;
	d->bytes = 0;
}

/* Out of the table and back to the unused ones; its pieces are somebody else's now. */
static void
forget(struct ts_reassembly *r, struct datagram *d)
{
	uint32_t i = (uint32_t)(d - r->datagram);
	uint32_t *link = &r->bucket[hash(r, d->src, d->dst, d->id, d->protocol) & r->mask];

	while (*link != i)
		link = &r->datagram[*link].chain;
	*link = d->chain;
	if (d->older != NONE)
		r->datagram[d->older].newer = d->newer;
	else
		r->oldest = d->newer;
	if (d->newer != NONE)
		r->datagram[d->newer].older = d->older;
	else
		r->newest = d->older;
	(*source_count(r, d->src))--;
	r->stats.held -= d->n;
	r->stats.bytes -= d->bytes;
	r->stats.datagrams--;
	d->chain = r->unused;
	r->unused = i;
}

static void
give_up(struct ts_reassembly *r, struct datagram *d)
{
	drop_pieces(r, d);
	forget(r, d);
}

void
ts_reassembly_free(struct ts_reassembly *r)
{
	if (r == NULL)
		return;
	while (r->oldest != NONE)
		give_up(r, &r->datagram[r->oldest]);
	free(r->bucket);
	free(r);
}

static struct datagram *
find(struct ts_reassembly *r, const struct ts_fragment *f)
{
	uint32_t i = r->bucket[hash(r, f->src, f->dst, f->id, f->protocol) & r->mask];

	for (; i != NONE; i = r->datagram[i].chain) {
		struct datagram *d = &r->datagram[i];

		if (d->src == f->src && d->dst == f->dst && d->id == f->id && d->protocol == f->protocol)
			return d;
	}
	return NULL;
}

static struct datagram *
begin(struct ts_reassembly *r, const struct ts_fragment *f, uint64_t now)
{
	uint32_t *link = &r->bucket[hash(r, f->src, f->dst, f->id, f->protocol) & r->mask];

	if (*source_count(r, f->src) >= r->conf.per_source)
		return NULL;
	if (r->unused == NONE) {
		if (r->oldest == NONE)
			return NULL;
		give_up(r, &r->datagram[r->oldest]);
		r->stats.evicted++;
	}

	uint32_t i = r->unused;
	struct datagram *d = &r->datagram[i];

	r->unused = d->chain;
	memset(d, 0, offsetof(struct datagram, piece));
	d->src = f->src;
	d->dst = f->dst;
	d->id = f->id;
	d->protocol = f->protocol;
	d->born = now;
	d->chain = *link;
	*link = i;
	d->older = r->newest;
	d->newer = NONE;
	if (r->newest != NONE)
		r->datagram[r->newest].newer = i;
	else
		r->oldest = i;
	r->newest = i;
	(*source_count(r, f->src))++;
	r->stats.datagrams++;
	return d;
}

enum ts_reassembly_verdict
ts_reassembly_check(const struct ts_reassembly *r, const struct ts_fragment *f)
{
	if (f->len == 0 || (f->more && f->len % 8 != 0))
		return TS_REASSEMBLY_ALIGN;
	if ((uint32_t)f->offset + f->len + IPV4_HDR_LEN > r->conf.max_size)
		return TS_REASSEMBLY_OVERSIZE;
	return TS_REASSEMBLY_HELD;
}

/* Where the fragment goes among the pieces, or what is wrong with it there. */
static enum ts_reassembly_verdict
place(const struct datagram *d, const struct ts_fragment *f, unsigned *at)
{
	uint32_t end = (uint32_t)f->offset + f->len;
	unsigned i = 0;

	while (i < d->n && d->piece[i].offset < f->offset)
		i++;
	*at = i;
	if (i < d->n && d->piece[i].offset == f->offset && d->piece[i].len == f->len &&
		f->more == !(d->total != 0 && end == d->total))
		return TS_REASSEMBLY_DUPLICATE;
	if (i < d->n && d->piece[i].offset < end)
		return TS_REASSEMBLY_OVERLAP;
	if (i > 0 && (uint32_t)d->piece[i - 1].offset + d->piece[i - 1].len > f->offset)
		return TS_REASSEMBLY_OVERLAP;
	/* Beyond the end that is known, or a second end elsewhere: the fragments contradict each other. */
	if (d->total != 0 && (end > d->total || !f->more))
		return TS_REASSEMBLY_OVERLAP;
	if (!f->more && i < d->n)
		return TS_REASSEMBLY_OVERLAP;
	return TS_REASSEMBLY_HELD;
}

static void
insert(struct ts_reassembly *r, struct datagram *d, const struct ts_fragment *f, unsigned at)
{
	memmove(&d->piece[at + 1], &d->piece[at], (d->n - at) * sizeof(d->piece[0]));
	d->piece[at] = (struct piece){.packet = f->packet, .offset = f->offset, .len = f->len};
	d->n++;
	d->bytes += f->len;
	d->ecn_seen |= 1u << (f->ecn & 3);
	if (!f->more)
		d->total = (uint16_t)(f->offset + f->len);
	r->stats.held++;
	r->stats.bytes += f->len;
}

/* Room for one more: the oldest go, but never the one that it is for. */
static bool
make_room(struct ts_reassembly *r, const struct datagram *d, uint32_t len)
{
	while (r->stats.held >= r->conf.max_held || r->stats.bytes + len > r->conf.max_bytes) {
		uint32_t oldest = r->oldest;

		if (oldest != NONE && &r->datagram[oldest] == d)
			oldest = d->newer;
		if (oldest == NONE)
			return false;
		give_up(r, &r->datagram[oldest]);
		r->stats.evicted++;
	}
	return true;
}

/* G23: the ECN field of the whole; -1 when Not-ECT is mixed with anything else. */
static int
merge_ecn(uint8_t seen)
{
	enum { NOT_ECT = 1 << 0, ECT1 = 1 << 1, CE = 1 << 3 };

	if ((seen & NOT_ECT) != 0)
		return seen == NOT_ECT ? 0 : -1;
	if (seen & CE)
		return 3;
	return seen & ECT1 ? 1 : 2;
}

/* All pieces are there. The one that came last is the caller's in any case. */
static enum ts_reassembly_verdict
finish(struct ts_reassembly *r, struct datagram *d, const struct ts_fragment *last, struct ts_datagram *out)
{
	int ecn = merge_ecn(d->ecn_seen);

	out->n = d->n;
	for (unsigned i = 0; i < d->n; i++)
		out->fragment[i] = d->piece[i].packet;
	forget(r, d);
	if (ecn >= 0) {
		out->ecn = (uint8_t)ecn;
		return TS_REASSEMBLY_COMPLETE;
	}
	for (unsigned i = 0; i < out->n; i++)
		if (out->fragment[i] != last->packet)
			r->conf.free_fn(r->conf.free_arg, out->fragment[i]);
	return TS_REASSEMBLY_ECN_MIX;
}

static void
poison(struct ts_reassembly *r, struct datagram *d)
{
	drop_pieces(r, d);
	d->poisoned = true;
}

enum ts_reassembly_verdict
ts_reassembly_add(struct ts_reassembly *r, const struct ts_fragment *f, uint64_t now, struct ts_datagram *out)
{
	enum ts_reassembly_verdict v = ts_reassembly_check(r, f);
	struct datagram *d = find(r, f);
	unsigned at;

	if (d != NULL && now - d->born >= r->conf.timeout) {
		r->stats.timeouts += !d->poisoned;
		give_up(r, d);
		d = NULL;
	}
	if (v != TS_REASSEMBLY_HELD) {
		if (d != NULL && !d->poisoned)
			poison(r, d);
		return v;
	}
	if (d == NULL && (d = begin(r, f, now)) == NULL)
		return TS_REASSEMBLY_LIMIT;
	if (d->poisoned)
		return TS_REASSEMBLY_OVERLAP;
	v = place(d, f, &at);
	if (v == TS_REASSEMBLY_OVERLAP)
		poison(r, d);
	if (v != TS_REASSEMBLY_HELD)
		return v;
	if (d->n >= r->conf.max_fragments || !make_room(r, d, f->len)) {
		poison(r, d);
		return TS_REASSEMBLY_LIMIT;
	}
	insert(r, d, f, at);
	return d->total != 0 && d->bytes == d->total ? finish(r, d, f, out) : TS_REASSEMBLY_HELD;
}

unsigned
ts_reassembly_expire(struct ts_reassembly *r, uint64_t now)
{
	unsigned n = 0;

	while (n < EXPIRE_AT_ONCE && r->oldest != NONE && now - r->datagram[r->oldest].born >= r->conf.timeout) {
		r->stats.timeouts += !r->datagram[r->oldest].poisoned;
		give_up(r, &r->datagram[r->oldest]);
		n++;
	}
	return n;
}

void
ts_reassembly_stats(const struct ts_reassembly *r, struct ts_reassembly_stats *out)
{
	*out = r->stats;
}
