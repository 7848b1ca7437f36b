/* SPDX-License-Identifier: BSD-3-Clause */
/* See rig_pool.h. */
#include "rig_pool.h"

#include <netinet/in.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_HWADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#endif

#define ADVERTISEMENT_GROWS (8 + 96 - 48) /* protocols.md V12: origin indication, 96 bytes for 48 */

/*
 * Buffers as a plain stack that takes the poison off what it gives: the relay takes buffers for its bubbles that
 * packets with guards around them have been in.
 */
struct stack {
	unsigned n;
	void *objects[RIG_POOL_MAX];
};

static int
stack_alloc(struct rte_mempool *mp)
{
	mp->pool_data = calloc(1, sizeof(struct stack));
	return mp->pool_data != NULL ? 0 : -ENOMEM;
}

static void
stack_free(struct rte_mempool *mp)
{
	free(mp->pool_data);
}

static int
stack_put(struct rte_mempool *mp, void *const *objects, unsigned n)
{
	struct stack *s = mp->pool_data;

	memcpy(s->objects + s->n, objects, n * sizeof(*objects));
	s->n += n;
	return 0;
}

static int
stack_get(struct rte_mempool *mp, void **objects, unsigned n)
{
	struct stack *s = mp->pool_data;

	if (s->n < n)
		return -ENOBUFS;
	s->n -= n;
	memcpy(objects, s->objects + s->n, n * sizeof(*objects));
	for (unsigned i = 0; i < n; i++)
		ASAN_UNPOISON_MEMORY_REGION(objects[i], mp->elt_size);
	return 0;
}

static unsigned
stack_count(const struct rte_mempool *mp)
{
	return ((const struct stack *)mp->pool_data)->n;
}

static const struct rte_mempool_ops stack_ops = {
	.name = RIG_POOL_OPS,
	.alloc = stack_alloc,
	.free = stack_free,
	.enqueue = stack_put,
	.dequeue = stack_get,
	.get_count = stack_count,
};
RTE_MEMPOOL_REGISTER_OPS(stack_ops);

/* IPv4 at `ip`, to a Teredo server? */
static bool
is_for_server(const uint8_t *ip, size_t len)
{
	size_t ihl = (ip[0] & 15u) * 4u;

	return len >= ihl + 4 && ip[9] == IPPROTO_UDP && ip[ihl + 2] == 3544 >> 8 && ip[ihl + 3] == (3544 & 0xff);
}

/*
 * The library knows nothing of ASAN: say what may not be touched. Not where the packet may be put together with others:
 * that writes behind it. So does an advertisement, which is longer than the solicitation whose buffer it takes: an
 * ISATAP router's by what is configured, a Teredo server's by a known number of bytes.
 */
void
rig_guard(struct rte_mbuf *m, const uint8_t *frame, size_t len)
{
	size_t at = 12, gap = 0;

	while (at + 4 <= len && (frame[at] == 0x81 || frame[at] == 0x88))
		at += 4;
	at += 2; /* behind the ethertype: an IPv4 header with its fragment word, or none */
	if (at + 20 <= len && frame[at] >> 4 == 4) {
		if (((frame[at + 6] & 0x3f) | frame[at + 7]) != 0)
			return;
		gap = is_for_server(frame + at, len - at) ? ADVERTISEMENT_GROWS : 0;
	}
	if (m->nb_segs == 1)
		ASAN_POISON_MEMORY_REGION(
			rte_pktmbuf_mtod_offset(m, char *, m->data_len + gap), rte_pktmbuf_tailroom(m) - gap);
}
