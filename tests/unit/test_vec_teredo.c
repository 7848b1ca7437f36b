/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vector versions of Teredo's lanes compute, against what it stands for: hashes of the peer table, whole and
 * for every number of owners, and checksums of every length. test_stations.c compares the lanes as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <rte_ip.h>

#include "dataplane/vec_outer.h"
#include "dataplane/vec_peers.h"
#include "dataplane/vec_sum.h"

#define ROUNDS 20000
#define LONGEST 9000

static uint64_t state = 1;

/* splitmix64 */
static uint64_t
draw(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Sometimes of bits that make every carry happen, or none. */
static uint64_t
draw_word(void)
{
	uint64_t word = draw();

	return word % 8 == 0 ? UINT64_MAX : word % 8 == 1 ? 0 : draw();
}

static void
assert_same_hashes(const struct ts_peers *p, uint8_t addr[TS_VEC_LANES][16], bool with_tags)
{
	struct ts_peer_hash hash[TS_VEC_LANES] __rte_aligned(16), want;
	const uint8_t *at[TS_VEC_LANES];
	__m256i word[4];

	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		at[i] = addr[i];
	ts_vec_words4(at, 0, word);
	ts_vec_peers_hash(p, &word[1], with_tags, hash);
	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		want = ts_peers_hash(p, addr[i]);
		assert_int_equal(hash[i].bucket[0], want.bucket[0]);
		assert_int_equal(hash[i].bucket[1], want.bucket[1]);
		assert_int_equal(hash[i].owner, want.owner);
		if (with_tags)
			assert_int_equal(hash[i].tag, want.tag);
	}
}

static void
test_hashes(void **unused)
{
	static struct ts_peers p;
	uint8_t addr[TS_VEC_LANES][16];

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		p.seed[0] = draw_word();
		p.seed[1] = draw_word();
		p.n_owners = (uint32_t)(1 + draw() % TS_PEERS_MAX_OWNERS);
		p.per_owner = (uint32_t)(2 + draw() % (round % 2 == 0 ? 8 : 1 << 24));
		for (unsigned i = 0; i < TS_VEC_LANES; i++) {
			uint64_t half[2] = {draw_word(), draw_word()};

			memcpy(addr[i], half, sizeof(half));
		}
		assert_same_hashes(&p, addr, round % 4 < 3);
	}
}

/* Eight packets of neighbouring lengths; what stands around them must not count. */
static void
assert_same_sums(const uint8_t *bytes, uint32_t from, uint32_t shortest)
{
	uint32_t len[TS_VEC_LANES] __rte_aligned(32), got[TS_VEC_LANES] __rte_aligned(32);
	const uint8_t *p[TS_VEC_LANES];

	for (unsigned i = 0; i < TS_VEC_LANES; i++) {
		p[i] = bytes + i;
		len[i] = from + shortest + i;
	}
	_mm256_store_si256((void *)got,
		ts_vec_checksum_high(ts_vec_sum_halves(ts_vec_sums(p, _mm256_load_si256((const void *)len), from))));
	for (unsigned i = 0; i < TS_VEC_LANES; i++)
		assert_int_equal(got[i] >> 16, (uint16_t)~rte_raw_cksum(p[i] + from, len[i] - from));
}

static void
test_sums(void **unused)
{
	static uint8_t bytes[LONGEST + 64];

	(void)unused;
	for (unsigned filling = 0; filling < 3; filling++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = filling == 0 ? (uint8_t)draw() : filling == 1 ? 0xff : 0x80;
		for (uint32_t n = TS_VEC_STEP; n < 300; n++)
			assert_same_sums(bytes, 12, n);
		assert_same_sums(bytes, 0, LONGEST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes), cmocka_unit_test(test_sums)};

	if (!__builtin_cpu_supports("avx2")) {
		printf("expected: this CPU has no AVX2\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
