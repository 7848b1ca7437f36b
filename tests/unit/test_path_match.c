/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes to times: order, repetition, what is missing or wrong, and that memory is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "control/path_match.h"

#define HZ 1000u /* cycles are milliseconds */
#define NONE TS_PATH_UNKNOWN

enum { SYN = 2, ACK = 16 };

static struct ts_path_matcher *matcher;
static struct ts_path_handshake last;
static unsigned done;
static uint8_t packet[60];

static void
take(const struct ts_path_handshake *h, void *arg)
{
	assert_ptr_equal(arg, &done);
	last = *h;
	done++;
}

static int
setup(void **state)
{
	static const uint8_t key[16] = {1};

	(void)state;
	matcher = ts_path_matcher_create(HZ, key, take, &done);
	done = 0;
	return matcher == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	ts_path_matcher_free(matcher);
	return 0;
}

static void
put32(uint8_t *at, uint32_t v)
{
	v = htonl(v);
	memcpy(at, &v, sizeof(v));
}

/* Between client and server number `flow`; observed at `tsc`, arrived at `now`. */
static void
see_at(uint32_t flow, uint8_t flags, uint32_t seq, uint32_t ack, uint64_t tsc, uint64_t now)
{
	bool back = flags == (SYN | ACK);
	struct ts_observation o = {.tsc = tsc, .station = back ? TS_STATION_6TO4_ENCAP : TS_STATION_6TO4_DECAP};

	memset(packet, 0, sizeof(packet));
	packet[0] = 0x60;
	packet[6] = IPPROTO_TCP;
	packet[back ? 24 : 8] = 0x20;
	put32(packet + (back ? 24 + 12 : 8 + 12), flow);
	packet[back ? 8 : 24] = 0x30;
	packet[back ? 42 : 40] = 0xc0;
	packet[back ? 41 : 43] = 80;
	put32(packet + 44, seq);
	put32(packet + 48, ack);
	packet[53] = flags;
	ts_path_match(matcher, &o, packet, sizeof(packet), now);
}

static void
see(uint8_t flags, uint32_t seq, uint32_t ack, uint64_t tsc)
{
	see_at(1, flags, seq, ack, tsc, 1000);
}

static void
assert_halves(uint64_t server, uint64_t client)
{
	ts_path_matcher_expire(matcher, 1000 + TS_PATH_AGE_S * HZ);
	assert_int_equal(done, 1);
	assert_true(last.server_half == server);
	assert_true(last.client_half == client);
}

static void
assert_nothing(void)
{
	struct ts_path_matcher_stats st;

	ts_path_matcher_expire(matcher, 1000 + TS_PATH_AGE_S * HZ);
	ts_path_matcher_stats(matcher, &st);
	assert_int_equal(done, 0);
	assert_int_equal(st.records, 0);
	assert_true(st.unmatched > 0);
}

static void
test_in_order(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	assert_int_equal(done, 0);
	ts_path_matcher_expire(matcher, 1000 + TS_PATH_LATE_S * HZ);
	assert_int_equal(done, 1); /* nothing else is waited for */
	assert_halves(40, 120);
	assert_int_equal(last.client_station, TS_STATION_6TO4_DECAP);
	assert_int_equal(last.server_station, TS_STATION_6TO4_ENCAP);
	assert_int_equal(last.client[0], 0x20);
	assert_int_equal(last.server[0], 0x30);
}

/* From two workers: however they arrive. Numbers that begin anew on the way are the same to all. */
static void
test_any_order(void **state)
{
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (unsigned i = 0; i < 6; i++) {
		teardown(state);
		setup(state);
		for (unsigned j = 0; j < 3; j++) {
			if (orders[i][j] == 0)
				see(SYN, UINT32_MAX, 0, 50);
			else if (orders[i][j] == 1)
				see(SYN | ACK, UINT32_MAX, 0, 90);
			else
				see(ACK, 0, 0, 210);
		}
		assert_halves(40, 120);
	}
}

/* Before the answer: nobody knows which of the two it is for. Behind it: what was lost is the answer. */
static void
test_syn_again(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN, 100, 0, 80);
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	assert_halves(NONE, 120);
}

static void
test_syn_and_answer_again(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(SYN, 100, 0, 200);
	see(SYN | ACK, 900, 101, 240);
	see(ACK, 101, 901, 300);
	assert_halves(40, NONE);
}

/* The same, but the second SYN arrives last of all. */
static void
test_syn_again_late(void **state)
{
	(void)state;
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	see(SYN, 100, 0, 80);
	see(SYN, 100, 0, 50);
	assert_halves(NONE, 120);
}

static void
test_answer_again(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	see(SYN | ACK, 900, 101, 220); /* it crossed the ACK */
	assert_halves(40, 120);
}

static void
test_answer_of_another(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(SYN | ACK, 950, 101, 95); /* of a server that keeps no state */
	see(ACK, 101, 901, 210);
	assert_halves(40, NONE);
}

static void
test_no_ack(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	ts_path_matcher_expire(matcher, 999 + TS_PATH_AGE_S * HZ);
	assert_int_equal(done, 0);
	assert_halves(40, NONE);
}

static void
test_no_syn(void **state)
{
	(void)state;
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	assert_halves(NONE, 120);
}

static void
test_one_way(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(ACK, 101, 901, 210);
	assert_nothing();
}

static void
test_wrong_numbers(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 100, 90);
	see(ACK, 102, 901, 210);
	assert_nothing();
}

static void
test_wrong_acknowledgement(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 905, 210);
	assert_halves(40, NONE);
}

/* Clocks that are not quite the same. */
static void
test_before_its_question(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 49);
	assert_nothing();
}

static void
test_ports_used_again(void **state)
{
	(void)state;
	see(SYN, 100, 0, 50);
	see(SYN | ACK, 900, 101, 90);
	see(ACK, 101, 901, 210);
	see(SYN, 5000, 0, 300);
	see(SYN | ACK, 7000, 5001, 310);
	see(ACK, 5001, 7001, 330);
	ts_path_matcher_expire(matcher, 1000 + TS_PATH_AGE_S * HZ);
	assert_int_equal(done, 2);
	assert_int_equal(last.server_half, 10);
	assert_int_equal(last.client_half, 20);
}

/* An extension header, something short, something else. */
static void
test_no_tcp(void **state)
{
	struct ts_observation o = {.station = TS_STATION_6TO4_DECAP};
	struct ts_path_matcher_stats st;

	(void)state;
	see(SYN, 100, 0, 50);
	ts_path_match(matcher, &o, packet, sizeof(packet) - 1, 1000);
	packet[6] = IPPROTO_DSTOPTS;
	ts_path_match(matcher, &o, packet, sizeof(packet), 1000);
	packet[6] = IPPROTO_TCP;
	packet[0] = 0x45;
	ts_path_match(matcher, &o, packet, sizeof(packet), 1000);
	ts_path_matcher_stats(matcher, &st);
	assert_int_equal(st.packets, 1);
	assert_int_equal(st.records, 1);
}

/* A flood: what began first gives way, what came last is measured. */
static void
test_full(void **state)
{
	struct ts_path_matcher_stats st;
	uint32_t n = TS_PATH_RECORDS + 100;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		see_at(i, SYN, 100, 0, 50, 1000);
	ts_path_matcher_stats(matcher, &st);
	assert_int_equal(st.records, TS_PATH_RECORDS);
	assert_int_equal(st.displaced, 100);
	for (uint32_t i = 0; i < n; i++)
		see_at(i, SYN | ACK, 900, 101, 90, 1000);
	ts_path_matcher_expire(matcher, 1000 + TS_PATH_AGE_S * HZ);
	ts_path_matcher_stats(matcher, &st);
	assert_int_equal(st.records, 0);
	assert_int_equal(st.handshakes, done);
	teardown(state);
	setup(state);
	for (uint32_t i = 0; i < n; i++)
		see_at(i, SYN, 100, 0, 50, 1000);
	for (uint32_t i = n - 10; i < n; i++)
		see_at(i, SYN | ACK, 900, 101, 90, 1000);
	ts_path_matcher_expire(matcher, 1000 + TS_PATH_AGE_S * HZ);
	assert_int_equal(done, 10);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_in_order),
		TEST(test_any_order),
		TEST(test_syn_again),
		TEST(test_syn_and_answer_again),
		TEST(test_syn_again_late),
		TEST(test_answer_again),
		TEST(test_answer_of_another),
		TEST(test_no_ack),
		TEST(test_no_syn),
		TEST(test_one_way),
		TEST(test_wrong_numbers),
		TEST(test_wrong_acknowledgement),
		TEST(test_before_its_question),
		TEST(test_ports_used_again),
		TEST(test_no_tcp),
		TEST(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
