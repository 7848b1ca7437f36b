/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bursts that go into one tunnel, as most do, need no look at the table of routes: nothing in it is more specific than
 * a tunnel's prefix but the box's own addresses (RFC 3056 5.2; refused in configuration, not learned from others), and
 * those are known by their /64s. So four destinations at a time are compared with the prefix of the first one's tunnel
 * and with these. Any other burst is the scalar version's.
 */
#include "vec.h"

#ifdef TS_VEC_SET

#include "vec_rules.h"

#define GROUP 4

struct tunnel {
	struct ts_rule prefix;
	struct ts_vec *lane; /* NULL: no tunnel that is known here */
	uint16_t domain;
	struct ts_rules others; /* within the prefix, but not for the tunnel */
};

static bool
is_in(const struct ts_rule *r, uint64_t addr)
{
	return (addr & r->mask) == r->bits;
}

static const uint8_t prefix_6to4[8] = {0x20, 0x02}, prefix_teredo[8] = {0x20, 0x01};

/* The first tunnel with this address in its prefix. ISATAP is not among them: its router's own addresses lie in the
 * same /64. */
static void
find_tunnel(struct tunnel *t, const struct ts_services *s, struct ts_lanes *out, uint64_t addr)
{
	t->lane = NULL;
	t->domain = 0;
	t->prefix = ts_rule_of(prefix_6to4, 16);
	if (s->sixto4.enabled && is_in(&t->prefix, addr)) {
		t->lane = &out->encap_6to4;
		return;
	}
	t->prefix = ts_rule_of(prefix_teredo, 32);
	if (s->relay.enabled && is_in(&t->prefix, addr)) {
		t->lane = &out->encap_teredo;
		return;
	}
	for (unsigned i = 0; i < s->n_sixrd; i++) {
		t->prefix = ts_rule_of(&s->sixrd[i].map.prefix.addr, s->sixrd[i].map.prefix.len);
		if (s->sixrd[i].map.prefix.len > 64 || !is_in(&t->prefix, addr))
			continue;
		t->lane = &out->encap_6rd;
		t->domain = (uint16_t)i;
		return;
	}
}

static void
add_other(struct tunnel *t, const void *prefix, unsigned len)
{
	struct ts_rule r = ts_rule_of(prefix, len);

	if (is_in(&t->prefix, r.bits) && r.mask != t->prefix.mask)
		ts_add_rule(&t->others, r);
}

/* Own addresses; a Teredo relay's cookies are of one; other tunnels, should they ever lie in this one. */
static void
find_others(struct tunnel *t, const struct ts_services *s)
{
	t->others.n = 0;
	for (unsigned i = 0; i < s->own6.n_nets; i++)
		if (is_in(&t->prefix, s->own6.net[i]))
			ts_add_rule(&t->others, (struct ts_rule){s->own6.net[i], UINT64_MAX});
	if (s->relay.cookies)
		add_other(t, s->relay.bubble_source, 64);
	if (s->relay.enabled)
		add_other(t, prefix_teredo, 32);
	if (s->sixto4.enabled)
		add_other(t, prefix_6to4, 16);
	for (unsigned i = 0; i < s->n_sixrd; i++)
		add_other(t, &s->sixrd[i].map.prefix.addr, s->sixrd[i].map.prefix.len);
	for (unsigned i = 0; i < s->n_isatap; i++)
		add_other(t, &s->isatap[i].prefix.addr, s->isatap[i].prefix.len);
}

static bool
all_in(const struct tunnel *t, const struct ts_vec *in)
{
	const unsigned dst = offsetof(struct rte_ipv6_hdr, dst_addr);
	__m256i all = _mm256_set1_epi32(-1), addr;
	const uint8_t *ip[GROUP];

	for (unsigned at = 0; at < in->n; at += GROUP) {
		/* the last group may look at some packets again */
		unsigned from = RTE_MIN(at, in->n - GROUP);

		for (unsigned i = 0; i < GROUP; i++)
			ip[i] = rte_pktmbuf_mtod(in->pkt[from + i], const uint8_t *);
		addr = ts_gather64(ip, dst);
		all = _mm256_and_si256(
			all, _mm256_andnot_si256(ts_matches_any(&t->others, addr), ts_matches(&t->prefix, addr)));
	}
	return _mm256_movemask_epi8(all) == -1;
}

void
TS_VEC(ts_classify6)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out)
{
	const struct ts_services *s = w->tables->services;
	struct tunnel t;

	if (in->n >= GROUP && ts_own_nets_complete(s)) {
		find_tunnel(
			&t, s, out, ts_vec_load64(rte_pktmbuf_mtod(in->pkt[0], const struct rte_ipv6_hdr *)->dst_addr));
		if (t.lane != NULL) {
			find_others(&t, s);
			if (likely(all_in(&t, in))) {
				ts_vec_hand_over(in, t.lane, t.domain);
				return;
			}
		}
	}
	ts_classify6(w, in, out);
}

#endif
