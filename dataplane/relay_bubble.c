/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bubbles of the Teredo relay (protocols.md 4.4, X4; RFC 4380 5.4.1, RFC 6081 4), and by what their answers are known.
 *
 * With a cookie prefix the bubble's source B is made for its destination, by a keyed hash of the Teredo address and of
 * the time: who answers to it has been asked, although nothing was kept. Nonces are made in the same way.
 */
#include "relay.h"

#include "lib/siphash.h"

#define EPOCH_S 30
#define EPOCHS_PER_KEY 120 /* control replaces the key that is not in use once in this many */
#define NONCE_MARK UINT64_C(0x8000000000000000)

static uint64_t
epoch_now(const struct ts_worker *w)
{
	return w->now / w->hz / EPOCH_S;
}

static uint64_t
keyed_hash(const struct ts_teredo_relay *r, const uint8_t addr[16], uint64_t epoch, uint64_t mark)
{
	uint8_t message[24];
	uint64_t when = epoch | mark;

	memcpy(message, addr, 16);
	memcpy(message + 16, &when, sizeof(when));
	return ts_siphash(r->cookie_key[epoch / EPOCHS_PER_KEY & 1], message, sizeof(message));
}

static uint32_t
nonce_of(const struct ts_teredo_relay *r, const uint8_t addr[16], uint64_t epoch)
{
	uint32_t fixed;

	memcpy(&fixed, r->test_nonce, sizeof(fixed));
	return fixed != 0 ? fixed : (uint32_t)keyed_hash(r, addr, epoch, NONCE_MARK);
}

/* Comparing whole words takes the same time whatever they are (X6). */
bool
ts_relay_nonce_valid(const struct ts_worker *w, const uint8_t nonce[4], const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint64_t epoch = epoch_now(w);
	uint32_t got;

	memcpy(&got, nonce, sizeof(got));
	return (int)(got == nonce_of(r, addr, epoch)) | (int)(got == nonce_of(r, addr, epoch - 1));
}

bool
ts_relay_cookie_valid(const struct ts_worker *w, const uint8_t dst[16], const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint64_t epoch = epoch_now(w), got;

	if (!r->cookies || memcmp(dst, r->bubble_source, 8) != 0)
		return false;
	memcpy(&got, dst + 8, sizeof(got));
	return (int)(got == keyed_hash(r, addr, epoch, 0)) | (int)(got == keyed_hash(r, addr, epoch - 1, 0));
}

bool
ts_relay_is_bubble_source(const struct ts_worker *w, const uint8_t dst[16], const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);

	return r->cookies ? ts_relay_cookie_valid(w, dst, addr) : memcmp(dst, r->bubble_source, 16) == 0;
}

static void
bubble_source(const struct ts_worker *w, uint8_t out[16], const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);
	uint64_t cookie;

	memcpy(out, r->bubble_source, 16);
	if (!r->cookies)
		return;
	cookie = keyed_hash(r, addr, epoch_now(w), 0);
	memcpy(out + 8, &cookie, sizeof(cookie));
}

/* F6, F7: the bubble and, if wanted, its Nonce Trailer, without outer headers; NULL when there is no buffer. */
static struct rte_mbuf *
make_bubble(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16], bool nonce)
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t src[16];
	char *p;

	p = m != NULL ? rte_pktmbuf_append(m, TS_IPV6_HDR_LEN + (nonce ? TS_TEREDO_NONCE_TRAILER_LEN : 0)) : NULL;
	if (p == NULL) {
		rte_pktmbuf_free(m);
		ts_count(w, TS_C_teredo_bubbles_no_buffer);
		return NULL;
	}
	bubble_source(w, src, addr);
	ts_teredo_bubble((uint8_t *)p, src, addr, w->tables->services->hop_limit);
	if (nonce) {
		uint32_t value = nonce_of(r, addr, epoch_now(w));

		ts_teredo_nonce_trailer((uint8_t *)p + TS_IPV6_HDR_LEN, (const uint8_t *)&value);
	}
	return m;
}

/* T14 */
static void
send_direct(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);
	struct rte_mbuf *m = make_bubble(w, pool, addr, false);

	if (m == NULL || !ts_udp4_put(w, m, r->t.ttl, r->t.src, r->port, ts_teredo_client(addr), ts_teredo_port(addr)))
		return;
	ts_count(w, TS_C_teredo_direct_bubbles);
	ts_originate4(w, m);
}

/* T12, T16; by way of our own server without leaving the box (T6). */
static void
send_indirect(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16])
{
	const struct ts_teredo_relay *r = ts_relay(w);
	rte_be32_t server = ts_teredo_server(addr);
	struct rte_mbuf *m = make_bubble(w, pool, addr, r->nonce);

	if (m == NULL)
		return;
	if (ts_source_policy_own(w->tables->services->policy, server)) {
		ts_count(w, TS_C_teredo_indirect_bubbles);
		ts_teredo_server_pass(w, m, r->t.src, r->port);
		return;
	}
	if (!ts_udp4_put(w, m, r->t.ttl, r->t.src, r->port, server, RTE_BE16(TS_TEREDO_PORT)))
		return;
	ts_count(w, TS_C_teredo_indirect_bubbles);
	ts_originate4(w, m);
}

void
ts_relay_send_bubbles(struct ts_worker *w, struct rte_mempool *pool, const uint8_t addr[16])
{
	if (ts_relay(w)->direct_bubble)
		send_direct(w, pool, addr);
	send_indirect(w, pool, addr);
}
