/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: any order, duplicates, overlaps, every limit, ECN, time; and at random against a plain reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/reassembly.h"

static unsigned freed;

static void
count_free(void *arg, void *fragment)
{
	(void)arg;
	assert_non_null(fragment);
	freed++;
}

static struct ts_reassembly_conf conf = {
	.max_datagrams = 4,
	.max_held = 40,
	.max_bytes = 20000,
	.per_source = 3,
	.max_fragments = 8,
	.max_size = 1500,
	.timeout = 1000,
	.free_fn = count_free,
};

static struct ts_datagram out;

/* A fragment of datagram `id` from `src`; its pointer is told apart by its offset. */
static struct ts_fragment
frag(uint32_t src, uint16_t id, uint16_t offset, uint16_t len, bool more)
{
	return (struct ts_fragment){.src = src,
		.dst = 9,
		.id = id,
		.protocol = 41,
		.offset = offset,
		.len = len,
		.more = more,
		.packet = (void *)(uintptr_t)(0x10000u + offset)};
}

static enum ts_reassembly_verdict
add(struct ts_reassembly *r, struct ts_fragment f, uint64_t now)
{
	return ts_reassembly_add(r, &f, now, &out);
}

static struct ts_reassembly *
make(void)
{
	struct ts_reassembly *r = ts_reassembly_create(&conf);

	assert_non_null(r);
	freed = 0;
	return r;
}

static void
assert_empty(struct ts_reassembly *r)
{
	struct ts_reassembly_stats s;

	ts_reassembly_stats(r, &s);
	assert_int_equal(s.datagrams, 0);
	assert_int_equal(s.held, 0);
	assert_int_equal(s.bytes, 0);
}

static void
test_orders(void **state)
{
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct ts_reassembly *r = make();

	(void)state;
	for (unsigned o = 0; o < 6; o++) {
		for (unsigned i = 0; i < 3; i++) {
			uint16_t at = orders[o][i];
			enum ts_reassembly_verdict v = add(r, frag(1, 7, at * 64, 64, at < 2), 0);

			assert_int_equal(v, i < 2 ? TS_REASSEMBLY_HELD : TS_REASSEMBLY_COMPLETE);
		}
		assert_int_equal(out.n, 3);
		for (unsigned i = 0; i < 3; i++)
			assert_ptr_equal(out.fragment[i], (void *)(uintptr_t)(0x10000u + i * 64));
		assert_empty(r);
	}
	assert_int_equal(freed, 0);
	ts_reassembly_free(r);
}

static void
test_single_fragment_rules(void **state)
{
	struct ts_reassembly *r = make();

	(void)state;
	assert_int_equal(add(r, frag(1, 1, 0, 63, true), 0), TS_REASSEMBLY_ALIGN);
	assert_int_equal(add(r, frag(1, 1, 8, 0, false), 0), TS_REASSEMBLY_ALIGN);
	assert_int_equal(add(r, frag(1, 1, 1480, 1, false), 0), TS_REASSEMBLY_OVERSIZE);
	assert_int_equal(add(r, frag(1, 1, 65528, 65528, false), 0), TS_REASSEMBLY_OVERSIZE);
	assert_empty(r);
	assert_int_equal(add(r, frag(1, 1, 0, 1472, true), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 1, 1472, 8, false), 0), TS_REASSEMBLY_COMPLETE);
	/* a fragment that is wrong by itself spoils the datagram that it is for */
	assert_int_equal(add(r, frag(1, 2, 0, 64, true), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 2, 1480, 8, false), 0), TS_REASSEMBLY_OVERSIZE);
	assert_int_equal(freed, 1);
	assert_int_equal(add(r, frag(1, 2, 64, 8, false), 0), TS_REASSEMBLY_OVERLAP);
	ts_reassembly_free(r);
}

/* G22: exact doubles are ignored, everything else that overlaps or contradicts poisons the key until its time is over.
 */
static void
test_overlaps(void **state)
{
	static const struct {
		uint16_t offset, len;
		bool more;
	} bad[] = {{64, 64, true}, {136, 8, true}, {120, 16, true}, {128, 72, true}, {128, 56, true}, {0, 136, true},
		{0, 200, false}, {128, 64, false}, {8, 8, false}, {0, 72, true}};
	struct ts_reassembly *r = make();

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t now = 5000 * i;

		freed = 0;
		assert_int_equal(add(r, frag(1, 1, 0, 64, true), now), TS_REASSEMBLY_HELD);
		assert_int_equal(add(r, frag(1, 1, 128, 64, true), now), TS_REASSEMBLY_HELD);
		assert_int_equal(add(r, frag(1, 1, 128, 64, true), now), TS_REASSEMBLY_DUPLICATE);
		if (bad[i].offset == 64)
			assert_int_equal(add(r, frag(1, 1, 64, 72, true), now), TS_REASSEMBLY_OVERLAP);
		else
			assert_int_equal(
				add(r, frag(1, 1, bad[i].offset, bad[i].len, bad[i].more), now), TS_REASSEMBLY_OVERLAP);
		assert_int_equal(freed, 2);
		assert_int_equal(add(r, frag(1, 1, 64, 64, true), now + 999), TS_REASSEMBLY_OVERLAP);
		assert_int_equal(ts_reassembly_expire(r, now + 999), 0);
		assert_int_equal(ts_reassembly_expire(r, now + 1000), 1);
		assert_empty(r);
	}
	/* the end is known: nothing beyond it, no second end */
	assert_int_equal(add(r, frag(1, 2, 64, 8, false), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 2, 72, 8, true), 0), TS_REASSEMBLY_OVERLAP);
	assert_int_equal(add(r, frag(1, 3, 64, 8, false), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 3, 64, 8, false), 0), TS_REASSEMBLY_DUPLICATE);
	assert_int_equal(add(r, frag(1, 3, 64, 8, true), 0), TS_REASSEMBLY_OVERLAP);
	ts_reassembly_free(r);
}

static void
test_limits(void **state)
{
	struct ts_reassembly *r = make();
	struct ts_reassembly_stats s;

	(void)state;
	/* fragments of one datagram */
	for (uint16_t i = 0; i < 8; i++)
		assert_int_equal(add(r, frag(1, 1, i * 16, 8, true), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 1, 200, 8, true), 0), TS_REASSEMBLY_LIMIT);
	assert_int_equal(freed, 8);
	ts_reassembly_expire(r, 1000);
	/* datagrams of one source */
	for (uint16_t id = 0; id < 3; id++)
		assert_int_equal(add(r, frag(1, id, 0, 8, true), 2000), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(1, 3, 0, 8, true), 2000), TS_REASSEMBLY_LIMIT);
	/* datagrams: the oldest goes */
	assert_int_equal(add(r, frag(2, 1, 0, 8, true), 2001), TS_REASSEMBLY_HELD);
	freed = 0;
	assert_int_equal(add(r, frag(3, 1, 0, 8, true), 2002), TS_REASSEMBLY_HELD);
	assert_int_equal(freed, 1);
	assert_int_equal(add(r, frag(1, 0, 8, 8, false), 2002), TS_REASSEMBLY_HELD); /* its first half is gone */
	ts_reassembly_stats(r, &s);
	assert_int_equal(s.datagrams, 4);
	assert_int_equal(s.evicted, 2);
	assert_int_equal(ts_reassembly_expire(r, 3002), 4);
	assert_empty(r);
	ts_reassembly_free(r);
}

static void
test_bytes_and_pieces(void **state)
{
	struct ts_reassembly_conf saved = conf;
	struct ts_reassembly_stats s;

	(void)state;
	conf.max_bytes = 3000;
	struct ts_reassembly *r = make();

	assert_int_equal(add(r, frag(1, 1, 0, 1472, true), 0), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(2, 1, 0, 1472, true), 1), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(3, 1, 0, 1472, true), 2), TS_REASSEMBLY_HELD);
	ts_reassembly_stats(r, &s);
	assert_int_equal(s.bytes, 2944);
	assert_int_equal(freed, 1);
	ts_reassembly_free(r);
	conf.max_bytes = 1000;
	r = make();
	assert_int_equal(add(r, frag(1, 1, 0, 1472, true), 0), TS_REASSEMBLY_LIMIT);
	ts_reassembly_free(r);
	conf = saved;
	conf.max_held = 3;
	r = make();
	assert_int_equal(add(r, frag(1, 1, 0, 8, true), 0), TS_REASSEMBLY_HELD);
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(add(r, frag(2, 1, i * 8, 8, true), 1), TS_REASSEMBLY_HELD);
	assert_int_equal(add(r, frag(2, 1, 16, 8, true), 1), TS_REASSEMBLY_HELD); /* the older one made room */
	assert_int_equal(add(r, frag(2, 1, 24, 8, true), 1), TS_REASSEMBLY_LIMIT);
	ts_reassembly_free(r);
	conf = saved;
}

/* G23; RFC 3168 5.3. */
static void
test_ecn(void **state)
{
	enum { NOT, ECT1, ECT0, CE };
	struct ts_reassembly *r = make();

	(void)state;
	for (uint8_t a = 0; a < 4; a++) {
		for (uint8_t b = 0; b < 4; b++) {
			struct ts_fragment first = frag(1, 1, 0, 8, true), last = frag(1, 1, 8, 8, false);
			bool mix = (a == NOT) != (b == NOT);

			freed = 0;
			first.ecn = a;
			last.ecn = b;
			assert_int_equal(add(r, first, 0), TS_REASSEMBLY_HELD);
			assert_int_equal(add(r, last, 0), mix ? TS_REASSEMBLY_ECN_MIX : TS_REASSEMBLY_COMPLETE);
			assert_int_equal(freed, mix ? 1 : 0);
			if (!mix)
				assert_int_equal(out.ecn, a == b ? a : a == CE || b == CE ? CE : ECT1);
			assert_empty(r);
		}
	}
	ts_reassembly_free(r);
}

static void
test_time(void **state)
{
	struct ts_reassembly *r = make();
	struct ts_reassembly_stats s;

	(void)state;
	assert_int_equal(add(r, frag(1, 1, 0, 8, true), 0), TS_REASSEMBLY_HELD);
	/* too late, although nobody called expire: a new datagram begins */
	assert_int_equal(add(r, frag(1, 1, 8, 8, false), 1000), TS_REASSEMBLY_HELD);
	assert_int_equal(freed, 1);
	assert_int_equal(add(r, frag(1, 1, 0, 8, true), 1999), TS_REASSEMBLY_COMPLETE);
	ts_reassembly_stats(r, &s);
	assert_int_equal(s.timeouts, 1);
	/* what differs in any part of the key is another datagram */
	struct ts_fragment f = frag(1, 1, 0, 8, true);

	assert_int_equal(add(r, f, 2000), TS_REASSEMBLY_HELD);
	f = frag(1, 1, 8, 8, false);
	f.protocol = 17;
	assert_int_equal(add(r, f, 2000), TS_REASSEMBLY_HELD);
	f.protocol = 41;
	f.dst = 10;
	assert_int_equal(add(r, f, 2000), TS_REASSEMBLY_HELD);
	ts_reassembly_free(r);
	assert_int_equal(freed, 4);
}

/* Random cuts of random datagrams, in random order with doubles: each comes out whole, once, in order. */
static void
test_random(void **state)
{
	struct ts_reassembly_conf saved = conf;

	(void)state;
	conf.max_fragments = 64;
	conf.max_held = 1000;
	struct ts_reassembly *r = make();

	srand(4);
	for (unsigned round = 0; round < 20000; round++) {
		struct ts_fragment pieces[128];
		unsigned n = 0;
		uint16_t total = (uint16_t)(9 + rand() % 470);

		for (uint16_t at = 0; at < total; n++) {
			uint16_t len = (uint16_t)(8 * (1 + rand() % 10));
			bool more = at + len < total;

			pieces[n] = frag(1, (uint16_t)round, at, more ? len : (uint16_t)(total - at), more);
			at += len;
		}
		for (unsigned i = n; i > 1; i--) {
			unsigned k = (unsigned)rand() % i;
			struct ts_fragment t = pieces[i - 1];

			pieces[i - 1] = pieces[k];
			pieces[k] = t;
		}
		for (unsigned i = 0; i < n; i++) {
			if (i > 0 && rand() % 3 == 0)
				assert_int_equal(add(r, pieces[(unsigned)rand() % i], round), TS_REASSEMBLY_DUPLICATE);
			assert_int_equal(
				add(r, pieces[i], round), i + 1 < n ? TS_REASSEMBLY_HELD : TS_REASSEMBLY_COMPLETE);
		}
		assert_int_equal(out.n, n);
		for (unsigned i = 1; i < n; i++)
			assert_true((uintptr_t)out.fragment[i] > (uintptr_t)out.fragment[i - 1]);
		assert_empty(r);
	}
	assert_int_equal(freed, 0);
	ts_reassembly_free(r);
	conf = saved;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_single_fragment_rules),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bytes_and_pieces),
		cmocka_unit_test(test_ecn),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
