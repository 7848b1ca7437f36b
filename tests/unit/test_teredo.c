/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/teredo.c against the examples of protocols.md 4.1 and RFC 4380 5.1.1, and against datagrams cut at every length:
 * each is copied to the end of a buffer of its own, so that a sanitizer sees a byte read beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/teredo.h"

#define SERVER RTE_BE32(0x4136e378) /* 65.54.227.120 */
#define CLIENT RTE_BE32(0xc000022d) /* 192.0.2.45 */
#define PORT RTE_BE16(40000)

static enum ts_teredo_shim_fault
shims(const uint8_t *bytes, size_t len, struct ts_teredo_shims *out)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	enum ts_teredo_shim_fault fault;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	fault = ts_teredo_shims(copy, (uint32_t)len, out);
	free(copy);
	return fault;
}

static bool
trailers(const uint8_t *bytes, size_t len, struct ts_teredo_trailers *out)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	bool keep;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	keep = ts_teredo_trailers(copy, (uint32_t)len, out);
	free(copy);
	return keep;
}

static void
test_address(void **state)
{
	uint8_t want[16], got[16];

	(void)state;
	inet_pton(AF_INET6, "2001:0000:4136:e378:8000:63bf:3fff:fdd2", want);
	ts_teredo_address(got, SERVER, 0x8000, PORT, CLIENT);
	assert_memory_equal(got, want, 16);
	assert_true(ts_is_teredo(got));
	assert_int_equal(ts_teredo_server(got), SERVER);
	assert_int_equal(ts_teredo_port(got), PORT);
	assert_int_equal(ts_teredo_client(got), CLIENT);
	assert_true(ts_teredo_cone(got));
	/* every other flag is left alone and changes nothing */
	ts_teredo_address(got, SERVER, 0x7fff, PORT, CLIENT);
	assert_int_equal(got[8] << 8 | got[9], 0x7fff);
	assert_false(ts_teredo_cone(got));
	assert_int_equal(ts_teredo_port(got), PORT);
}

static void
test_link_local(void **state)
{
	uint8_t want[16], got[16];

	(void)state;
	inet_pton(AF_INET6, "fe80::8000:f227:bec9:1c87", want);
	ts_teredo_server_link_local(got, SERVER);
	assert_memory_equal(got, want, 16);
}

static void
test_bubble(void **state)
{
	static const uint8_t head[8] = {0x60, 0, 0, 0, 0, 0, 59, 21};
	uint8_t src[16], dst[16], got[40];

	(void)state;
	memset(src, 1, 16);
	memset(dst, 2, 16);
	memset(got, 0xee, sizeof(got));
	ts_teredo_bubble(got, src, dst, 21);
	assert_memory_equal(got, head, 8);
	assert_memory_equal(got + 8, src, 16);
	assert_memory_equal(got + 24, dst, 16);
	assert_true(ts_teredo_is_bubble(got));
	got[5] = 1;
	assert_false(ts_teredo_is_bubble(got));
	got[5] = 0;
	got[4] = 1;
	assert_false(ts_teredo_is_bubble(got));
	got[4] = 0;
	got[6] = 58;
	assert_false(ts_teredo_is_bubble(got));
}

static void
test_origin(void **state)
{
	static const uint8_t want[8] = {0x00, 0x00, 0xfe, 0xae, 0xfe, 0xfd, 0xfc, 0xfb};
	uint8_t got[8];

	(void)state;
	ts_teredo_origin(got, RTE_BE16(337), RTE_BE32(0x01020304));
	assert_memory_equal(got, want, 8);
}

/* Identifier "bob", a value of 2 bytes, nonce, confirmation; origin indication; the first byte of an IPv6 packet. */
static const uint8_t both[] = {0, 1, 3, 2, 'b', 'o', 'b', 0xaa, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0xfe, 0xae, 0xfe,
	0xfd, 0xfc, 0xfb, 0x60};

static void
test_shims(void **state)
{
	static const uint8_t plain[] = {0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x60}, none[] = {0x60};
	struct ts_teredo_shims s;

	(void)state;
	assert_int_equal(shims(both, sizeof(both), &s), TS_SHIMS_OK);
	assert_true(s.auth && s.origin);
	assert_int_equal(s.id_len, 3);
	assert_int_equal(s.au_len, 2);
	assert_int_equal(s.id_at, 4);
	assert_int_equal(s.au_at, 7);
	assert_int_equal(s.nonce_at, 9);
	assert_int_equal(s.origin_at, 18);
	assert_int_equal(s.packet_at, 26);
	assert_int_equal(shims(plain, sizeof(plain), &s), TS_SHIMS_OK);
	assert_true(s.auth && !s.origin);
	assert_int_equal(s.nonce_at, 4);
	assert_int_equal(s.packet_at, 13);
	assert_int_equal(shims(none, 1, &s), TS_SHIMS_OK);
	assert_true(!s.auth && !s.origin);
	assert_int_equal(s.packet_at, 0);
	assert_int_equal(shims(both + 18, 9, &s), TS_SHIMS_OK);
	assert_true(!s.auth && s.origin);
	assert_int_equal(s.packet_at, 8);
}

/* Only between two shims, or behind both, may a datagram end: then the packet is what is missing. */
static void
test_shims_cut(void **state)
{
	struct ts_teredo_shims s;

	(void)state;
	for (size_t len = 0; len < sizeof(both); len++) {
		bool whole = len == 0 || len == 18 || len == 26;

		assert_int_equal(shims(both, len, &s), whole ? TS_SHIMS_OK : TS_SHIMS_LEN);
		if (whole)
			assert_int_equal(s.packet_at, len);
	}
}

static void
test_shims_longest(void **state)
{
	uint8_t p[4 + 255 + 255 + 9 + 1] = {0, 1, 255, 255};
	struct ts_teredo_shims s;

	(void)state;
	p[sizeof(p) - 1] = 0x60;
	assert_int_equal(shims(p, sizeof(p), &s), TS_SHIMS_OK);
	assert_int_equal(s.au_at, 259);
	assert_int_equal(s.nonce_at, 514);
	assert_int_equal(s.packet_at, 523);
	for (size_t len = 1; len < sizeof(p) - 1; len++)
		assert_int_equal(shims(p, len, &s), TS_SHIMS_LEN);
}

static void
test_shims_refused(void **state)
{
	static const uint8_t auth[13] = {0, 1}, origin[8] = {0, 0};
	uint8_t p[40];
	struct ts_teredo_shims s;

	(void)state;
	for (unsigned kind = 2; kind < 256; kind++) {
		memset(p, 0, sizeof(p));
		p[1] = (uint8_t)kind;
		assert_int_equal(shims(p, sizeof(p), &s), TS_SHIMS_UNKNOWN);
		assert_int_equal(shims(p, 2, &s), TS_SHIMS_UNKNOWN);
		memcpy(p, auth, 13);
		p[14] = (uint8_t)kind;
		assert_int_equal(shims(p, sizeof(p), &s), TS_SHIMS_UNKNOWN);
	}
	/* twice, or the wrong way round: too short is said first */
	memcpy(p, auth, 13);
	memcpy(p + 13, auth, 13);
	assert_int_equal(shims(p, 26, &s), TS_SHIMS_UNKNOWN);
	assert_int_equal(shims(p, 25, &s), TS_SHIMS_LEN);
	memcpy(p, origin, 8);
	memcpy(p + 8, origin, 8);
	assert_int_equal(shims(p, 16, &s), TS_SHIMS_UNKNOWN);
	assert_int_equal(shims(p, 15, &s), TS_SHIMS_LEN);
	memcpy(p + 8, auth, 13);
	assert_int_equal(shims(p, 21, &s), TS_SHIMS_UNKNOWN);
	assert_int_equal(shims(p, 20, &s), TS_SHIMS_LEN);
}

static void
test_trailers(void **state)
{
	/* Random Port, Alternate Address, Neighbor Discovery Option, an unknown one of each harmless kind, Nonce */
	static const uint8_t all[] = {5, 2, 0x12, 0x34, 3, 8, 0, 0, 1, 2, 3, 4, 5, 6, 4, 4, 0, 0, 0, 0, 0x3f, 0, 0x80,
		1, 0, 0xff, 2, 0, 0, 1, 4, 0xa1, 0xb2, 0xc3, 0xd4};
	static const uint8_t nonce[4] = {0xa1, 0xb2, 0xc3, 0xd4};
	struct ts_teredo_trailers t;

	(void)state;
	for (size_t len = 0; len <= sizeof(all); len++) {
		assert_true(trailers(all, len, &t));
		assert_int_equal(t.nonce, len == sizeof(all));
	}
	assert_memory_equal(t.nonce_value, nonce, 4);
}

/* RFC 6081 4.1: 01 in the two highest bits. */
static void
test_trailers_discard(void **state)
{
	uint8_t p[] = {1, 4, 1, 2, 3, 4, 0, 1, 0xee};
	struct ts_teredo_trailers t;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		p[6] = (uint8_t)type;
		assert_int_equal(trailers(p, sizeof(p), &t), type >> 6 != 1);
		/* what ends beyond the datagram is no trailer */
		assert_true(trailers(p, sizeof(p) - 1, &t));
		assert_true(t.nonce);
		p[7] = 0;
		assert_int_equal(trailers(p, sizeof(p) - 1, &t), type >> 6 != 1);
		p[7] = 1;
	}
}

static void
test_trailers_nonce(void **state)
{
	static const uint8_t short_one[] = {1, 3, 1, 2, 3}, long_one[] = {1, 5, 1, 2, 3, 4, 5};
	static const uint8_t twice[] = {1, 4, 1, 2, 3, 4, 1, 4, 5, 6, 7, 8};
	static const uint8_t after_bad[] = {1, 3, 9, 9, 9, 1, 4, 1, 2, 3, 4};
	uint8_t made[TS_TEREDO_NONCE_TRAILER_LEN];
	struct ts_teredo_trailers t;

	(void)state;
	assert_true(trailers(short_one, sizeof(short_one), &t));
	assert_false(t.nonce);
	assert_true(trailers(long_one, sizeof(long_one), &t));
	assert_false(t.nonce);
	assert_true(trailers(twice, sizeof(twice), &t));
	assert_memory_equal(t.nonce_value, twice + 2, 4);
	assert_true(trailers(after_bad, sizeof(after_bad), &t));
	assert_memory_equal(t.nonce_value, twice + 2, 4);
	ts_teredo_nonce_trailer(made, twice + 2);
	assert_memory_equal(made, twice, sizeof(made));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_address), cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_bubble), cmocka_unit_test(test_origin), cmocka_unit_test(test_shims),
		cmocka_unit_test(test_shims_cut), cmocka_unit_test(test_shims_longest),
		cmocka_unit_test(test_shims_refused), cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_trailers_discard), cmocka_unit_test(test_trailers_nonce)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
