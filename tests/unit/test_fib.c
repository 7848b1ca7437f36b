/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarding tables alone: parents and children at random in a small space and at both ends of the address range,
 * every lookup compared with a plain list of prefixes; also in tables that are too small, where what is refused must
 * leave everything as it was, and what is left after deleting everything must be nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fib4.h"
#include "lib/fib6.h"
#include "lib/fib6_index.h"

#define MODEL_MAX 3000

/* IPv4 addresses stand in the first four bytes. */
struct prefix {
	uint8_t addr[16];
	uint8_t len;
	uint16_t nh;
};

static struct {
	struct prefix p[MODEL_MAX];
	unsigned n;
	unsigned bits; /* 32 or 128 */
	struct ts_fib4 fib4;
	struct ts_fib6 fib6;
	void *mem;
	unsigned refused;
} t;

static void
make(unsigned bits, uint32_t room)
{
	size_t bytes = bits == 32 ? ts_fib4_bytes(room) : ts_fib6_bytes(room);

	t.n = t.refused = 0;
	t.bits = bits;
	bytes = (bytes + 63) / 64 * 64;
	t.mem = aligned_alloc(64, bytes);
	assert_non_null(t.mem);
	memset(t.mem, 0, bytes);
	if (bits == 32)
		assert_int_equal(ts_fib4_init(&t.fib4, t.mem, room), 0);
	else
		ts_fib6_init(&t.fib6, t.mem, room);
}

static void
unmake(void)
{
	if (t.bits == 32)
		ts_fib4_fini(&t.fib4);
	free(t.mem);
}

static void
mask(uint8_t *addr, unsigned len)
{
	for (unsigned bit = len; bit < 128; bit++)
		addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static uint32_t
host_order(const uint8_t *a)
{
	return (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
}

static struct prefix *
find(const uint8_t *addr, unsigned len)
{
	for (unsigned i = 0; i < t.n; i++)
		if (t.p[i].len == len && memcmp(t.p[i].addr, addr, 16) == 0)
			return &t.p[i];
	return NULL;
}

/* The longest prefix of at most `longest` bits that the address is in. */
static const struct prefix *
match(const uint8_t *addr, int longest)
{
	const struct prefix *best = NULL;

	for (unsigned i = 0; i < t.n; i++) {
		uint8_t a[16];

		if (t.p[i].len > longest || (best != NULL && t.p[i].len <= best->len))
			continue;
		memcpy(a, addr, 16);
		mask(a, t.p[i].len);
		if (memcmp(a, t.p[i].addr, 16) == 0)
			best = &t.p[i];
	}
	return best;
}

static void
add(const uint8_t *addr, uint8_t len, uint16_t nh)
{
	struct prefix *p = find(addr, len);
	int ret;

	if (p == NULL && t.n == MODEL_MAX)
		return;
	if (t.bits == 32)
		ret = ts_fib4_set(&t.fib4, host_order(addr), len, nh, p == NULL);
	else
		ret = ts_fib6_set(&t.fib6, addr, len, nh);
	if (ret < 0) {
		assert_int_equal(ret, -ENOSPC);
		assert_null(p); /* what is there can always be changed */
		t.refused++;
		return;
	}
	if (p == NULL)
		p = &t.p[t.n++];
	memcpy(p->addr, addr, 16);
	p->len = len;
	p->nh = nh;
}

static void
drop(unsigned i)
{
	struct prefix gone = t.p[i];
	const struct prefix *cover = match(gone.addr, (int)gone.len - 1);
	uint8_t len = cover != NULL ? cover->len : 0;
	uint16_t nh = cover != NULL ? cover->nh : 0;

	if (t.bits == 32)
		ts_fib4_del(&t.fib4, host_order(gone.addr), gone.len, len, nh);
	else
		ts_fib6_del(&t.fib6, gone.addr, gone.len, len, nh);
	t.p[i] = t.p[--t.n];
}

/* Few bits vary, so that parents, children and neighbours meet often; one in four lies at the end of the space. */
static void
random_addr(uint8_t a[16])
{
	static const uint8_t bytes[] = {0, 1, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};

	memset(a, 0, 16);
	for (unsigned i = 0; i < t.bits / 8; i++)
		a[i] = bytes[rand() % 8];
	if (rand() % 4 == 0)
		memset(a, 0xff, (size_t)rand() % (t.bits / 8 + 1));
	else if (rand() % 2 == 0)
		memcpy(a, "\x20\x01\x0d", 3);
}

static void
change_one(void)
{
	uint8_t a[16], len = (uint8_t)((unsigned)rand() % (rand() % 2 ? t.bits + 1 : t.bits / 2 + 1));

	if (rand() % 5 < 2 && t.n > 0) {
		drop((unsigned)rand() % t.n);
		return;
	}
	if (len < 12 && rand() % 16 != 0)
		len += 12; /* short ones take their time in IPv4 */
	random_addr(a);
	mask(a, len);
	add(a, len, (uint16_t)(rand() % (t.bits == 32 ? 32767 : 65535) + 1));
}

static void
check(unsigned round)
{
	enum { N = 150 };
	uint8_t v6[N][16];
	uint32_t v4[N];
	uint32_t nh[N];

	for (unsigned i = 0; i < N; i++) {
		random_addr(v6[i]);
		if (i % 2 && t.n > 0) { /* at and next to the edges of a prefix */
			memcpy(v6[i], t.p[(unsigned)rand() % t.n].addr, 16);
			v6[i][t.bits / 8 - 1] ^= (uint8_t)(rand() % 3);
		}
		v4[i] = host_order(v6[i]);
	}
	if (t.bits == 32)
		ts_fib4_lookup_bulk(&t.fib4, v4, nh, N);
	else
		ts_fib6_lookup_bulk(&t.fib6, v6, nh, N);
	for (unsigned i = 0; i < N; i++) {
		const struct prefix *p = match(v6[i], 128);

		if (nh[i] != (p != NULL ? p->nh : 0))
			fail_msg("round %u: %02x%02x%02x%02x... gives %u, not %u", round, v6[i][0], v6[i][1], v6[i][2],
				v6[i][3], nh[i], p != NULL ? p->nh : 0u);
	}
}

static uint32_t
used(void)
{
	return t.bits == 32 ? t.fib4.n_groups - t.fib4.n_free : t.fib6.n_used;
}

static void
churn(unsigned bits, uint32_t room, unsigned rounds)
{
	make(bits, room);
	srand(bits + room);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < 60; i++)
			change_one();
		for (unsigned i = 0; round % 20 == 19 && i < t.n; i++)
			if (rand() % 2)
				drop(i);
		check(round);
	}
	while (t.n > 0)
		drop((unsigned)rand() % t.n);
	check(rounds);
	assert_int_equal(used(), 0);
}

static void
ipv4(void **state)
{
	(void)state;
	churn(32, 4000, 100);
	assert_int_equal(t.refused, 0);
	unmake();
}

static void
ipv6(void **state)
{
	(void)state;
	churn(128, 65536, 200);
	assert_int_equal(t.refused, 0);
	unmake();
}

static void
ipv4_without_room(void **state)
{
	(void)state;
	churn(32, 5, 100);
	assert_true(t.refused > 3);
	unmake();
}

static void
ipv6_without_room(void **state)
{
	(void)state;
	for (unsigned room = 8; room <= 512; room *= 4) {
		churn(128, room, 60);
		assert_true(t.refused > 10);
		unmake();
	}
}

/* Every prefix of a node, so that it grows through all sizes and shrinks again. */
static void
a_full_node(void **state)
{
	uint8_t a[16] = {0x20, 1, 0x0d, 0xb8};
	(void)state;

	make(128, 64);
	for (unsigned len = 33; len <= 40; len++)
		for (unsigned i = 0; i < 1u << (len - 32); i++) {
			a[4] = (uint8_t)(i << (40 - len));
			add(a, (uint8_t)len, (uint16_t)(i + 1));
		}
	assert_int_equal(t.n, 510);
	check(0);
	while (t.n > 0) {
		drop((unsigned)rand() % t.n);
		check(t.n);
	}
	assert_int_equal(used(), 0);
	unmake();
}

static uint32_t
look_up(const char *hex)
{
	uint8_t a[1][16] = {{0}};
	uint32_t nh;

	for (unsigned i = 0; i < 16 && hex[2 * i] != 0; i++)
		sscanf(hex + 2 * i, "%2hhx", &a[0][i]);
	ts_fib6_lookup_bulk(&t.fib6, a, &nh, 1);
	return nh;
}

/* Does the index alone know the address's next hop? */
static uint16_t
indexed(const uint8_t *a)
{
	uint32_t number = fib6_allocation(a), at = fib6_bucket(&t.fib6, number) * FIB6_WAYS;
	unsigned places = fib6_places(&t.fib6.numbers[at], number);

	if (places == 0)
		return 0;
	return fib6_leaf_nh(&t.fib6.leaves[at + (unsigned)__builtin_ctz(places)], (uint16_t)(a[4] << 8 | a[5]));
}

/* Allocations by what their leaf can hold: as many runs as it has, one more, and again one less. */
static void
index_leaves(void **state)
{
	uint8_t a[16] = {0x20, 1, 0x0d, 0xb8}, end[16] = {0x20, 1, 0x0d, 0xb8, 0xff, 0xff};
	(void)state;

	make(128, 512);
	for (unsigned i = 0; i < FIB6_RUNS; i++) { /* each begins a run, the last one reaches to the end */
		a[4] = (uint8_t)(i * 16);
		add(a, 36, (uint16_t)(i + 1));
	}
	assert_int_equal(indexed(a), FIB6_RUNS);
	assert_int_equal(indexed(end), FIB6_RUNS);
	add(end, 48, 100);
	assert_int_equal(indexed(a), 0);
	assert_int_equal(look_up("20010db8ffff"), 100);
	assert_int_equal(look_up("20010db8fffe"), FIB6_RUNS);
	drop(t.n - 1);
	assert_int_equal(indexed(end), FIB6_RUNS);
	while (t.n > 0)
		drop(t.n - 1);
	assert_int_equal(indexed(a), 0);
	unmake();
}

/* A route that is longer than a leaf's bits, below one that is not; and one from above the leaf. */
static void
index_beside_the_trie(void **state)
{
	uint8_t a[16] = {0x20, 1, 0x0d, 0xb8};
	(void)state;

	make(128, 512);
	add(a, 20, 1);
	assert_int_equal(indexed(a), 0);
	add(a, 29, 2); /* eight allocations */
	a[3] = 0xbf;
	assert_int_equal(indexed(a), 2);
	a[3] = 0xb8;
	a[5] = 7;
	add(a, 48, 3);
	assert_int_equal(indexed(a), 3);
	a[7] = 1;
	add(a, 64, 4);
	assert_int_equal(indexed(a), 0);
	assert_int_equal(look_up("20010db800070001"), 4);
	assert_int_equal(look_up("20010db800070002"), 3);
	assert_int_equal(look_up("20010db80008"), 2);
	assert_int_equal(look_up("20010db0"), 1);
	drop(1); /* the /29: what is left is the trie's, but for the /48 */
	assert_int_equal(look_up("20010db80008"), 1);
	assert_int_equal(look_up("20010dbf"), 1);
	assert_int_equal(look_up("20010db800070002"), 3);
	unmake();
}

/* More hosts than a bucket holds: those without a place are found in the trie. */
static void
index_hosts(void **state)
{
	uint8_t a[16] = {0x20, 1, 0x0d, 0xb8}, first[16];
	unsigned n = 0;
	(void)state;

	make(128, 4096);
	memcpy(first, a, 16);
	for (uint32_t i = 0; n < 2 * FIB6_HOST_WAYS; i++) {
		memcpy(a + 12, &i, sizeof(i));
		if (fib6_host_bucket(a) == fib6_host_bucket(first))
			add(a, 128, (uint16_t)++n);
	}
	check(0);
	assert_int_equal(fib6_host_nh(t.fib6.hosts, first), 1);
	add(first, 128, 1000);
	assert_int_equal(fib6_host_nh(t.fib6.hosts, first), 1000);
	while (t.n > 0) {
		drop(0);
		check(t.n);
	}
	assert_int_equal(fib6_host_nh(t.fib6.hosts, first), 0);
	unmake();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(ipv4_without_room),
		cmocka_unit_test(ipv6_without_room),
		cmocka_unit_test(a_full_node),
		cmocka_unit_test(index_leaves),
		cmocka_unit_test(index_beside_the_trie),
		cmocka_unit_test(index_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
