/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random frames, and the vectors' packets cut, stretched, bent, tagged, fragmented and spread over segments, by a fixed
 * seed: the books of account.h balance after each handful. Built with ASAN, reading behind a packet is an error, too
 * (rig.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <rte_ether.h>

#include "account.h"
#include "property_teredo.h"
#include "vector_config.h"

#define N_FRAMES 40000
#define HANDFUL 16
#define FRAMES_PER_CONFIG 400
#define PACKET_MAX 2000
#define MAX_SEEDS 2048

static struct rig rig;
static uint64_t state = UINT64_C(0x7473756e616769);

/* Packets of the vectors, without Ethernet. */
static struct {
	uint16_t len;
	uint8_t bytes[PACKET_MAX];
} seeds[MAX_SEEDS];
static unsigned n_seeds;
/* And their configurations: each file's first dozen. */
static json_t *configs[64];
static unsigned n_configs;

/* splitmix64 */
uint64_t
draw(uint64_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* --- the vectors' packets --- */

static void
add_seed(const char *hex)
{
	size_t n = strlen(hex) / 2;

	if (n == 0 || n > PACKET_MAX || n_seeds == MAX_SEEDS)
		return;
	for (size_t i = 0; i < n; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		seeds[n_seeds].bytes[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	seeds[n_seeds++].len = (uint16_t)n;
}

static void
add_seeds(json_t *value)
{
	json_t *one;
	size_t i;

	if (json_is_string(value))
		add_seed(json_string_value(value));
	json_array_foreach(value, i, one)
		add_seed(json_string_value(one));
}

static void
load_seeds(void)
{
	const char *root = getenv("TS_SOURCE_ROOT");
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/tests/vectors/*.json", root != NULL ? root : ".");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		json_t *list = json_load_file(found.gl_pathv[i], 0, NULL), *vector;
		size_t k;

		assert_non_null(list);
		json_array_foreach(list, k, vector) {
			add_seeds(json_object_get(vector, "in_hex"));
			if (k < 12 && n_configs < RTE_DIM(configs))
				configs[n_configs++] = json_incref(json_object_get(vector, "config"));
		}
		json_decref(list);
	}
	globfree(&found);
	assert_true(n_seeds > 50);
}

/* --- one frame --- */

static void
bend(uint8_t *p, size_t len)
{
	static const uint8_t telling[] = {
		0, 1, 4, 6, 0x0f, 0x11, 0x29, 0x2b, 0x2c, 0x3a, 0x45, 0x46, 0x4f, 0x60, 0x7f, 0x80, 0xff};
	/* Headers are where decisions are made. */
	size_t at = draw(4) != 0 ? draw(RTE_MIN(len, 64u)) : draw(len);

	switch (draw(3)) {
	case 0:
		p[at] = (uint8_t)draw(256);
		break;
	case 1:
		p[at] ^= (uint8_t)(1u << draw(8));
		break;
	default:
		p[at] = telling[draw(RTE_DIM(telling))];
	}
}

static size_t
stretch(uint8_t *p, size_t len)
{
	size_t more = draw(draw(8) == 0 ? 1400 : 40);

	more = RTE_MIN(more, (size_t)PACKET_MAX - len);
	for (size_t i = 0; i < more; i++)
		p[len + i] = (uint8_t)draw(256);
	return len + more;
}

const uint8_t *
draw_ipv6(size_t *len)
{
	unsigned seed = (unsigned)draw(n_seeds);

	*len = seeds[seed].len;
	return seeds[seed].bytes[0] >> 4 == 6 ? seeds[seed].bytes : NULL;
}

static size_t
make_packet(uint8_t *p)
{
	unsigned seed = (unsigned)draw(n_seeds);
	size_t len = seeds[seed].len;

	if (draw(16) == 0)
		return stretch(p, draw(64));
	memcpy(p, seeds[seed].bytes, len);
	if (draw(2) == 0)
		len = make_teredo(p);
	if (draw(6) == 0)
		len = draw(len + 1);
	if (draw(6) == 0)
		len = stretch(p, len);
	for (uint64_t n = draw(4); n > 0 && len > 0; n--)
		bend(p, len);
	return len;
}

static size_t
put_tag(uint8_t *f, size_t at, uint16_t type, uint16_t vlan)
{
	f[at] = (uint8_t)(type >> 8);
	f[at + 1] = (uint8_t)type;
	f[at + 2] = (uint8_t)(vlan >> 8);
	f[at + 3] = (uint8_t)vlan;
	return at + 4;
}

static size_t
make_header(uint8_t *f, bool ipv6)
{
	size_t at = 12;
	uint16_t type = ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;

	memcpy(f, rig_mac, 6);
	memcpy(f + 6, rig_peer, 6);
	switch (draw(8)) {
	case 0:
		at = put_tag(f, at, RTE_ETHER_TYPE_QINQ, RIG_QINQ_OUTER);
		at = put_tag(f, at, RTE_ETHER_TYPE_VLAN, RIG_QINQ_INNER);
		break;
	case 1:
	case 2:
		at = put_tag(f, at, RTE_ETHER_TYPE_VLAN, RIG_VLAN);
		break;
	}
	if (draw(64) == 0)
		type = RTE_ETHER_TYPE_ARP;
	f[at] = (uint8_t)(type >> 8);
	f[at + 1] = (uint8_t)type;
	return at + 2;
}

static void
send_one(struct account *a, uint8_t *frame, size_t len)
{
	static const size_t segments[] = {0, 0, 0, 0, 16, 61, 64, 129, 700};

	if (draw(8) != 0)
		account_mend(frame, len);
	if (len > 0 && draw(32) == 0)
		bend(frame, RTE_MIN(len, 22u));
	account_send(a, &rig, frame, len, segments[draw(RTE_DIM(segments))]);
}

/* Pieces of an IPv4 packet in any order, some twice, some not at all, some overlapping. */
static void
send_fragments(struct account *a, const uint8_t *packet, size_t len)
{
	uint16_t id = (uint16_t)draw(65536);
	size_t payload = len - 20, at[8];
	unsigned n = 2 + (unsigned)draw(6);
	uint8_t frame[PACKET_MAX + 22];

	for (unsigned i = 0; i < n; i++)
		at[i] = i * payload / n / 8 * 8;
	for (unsigned k = 0; k < n + draw(2); k++) {
		unsigned i = draw(8) == 0 ? (unsigned)draw(n) : k % n;
		size_t end = i + 1 < n ? at[i + 1] : payload, size = end - at[i] + (draw(16) == 0 ? 8 : 0);
		uint16_t word = (uint16_t)(at[i] / 8 | (i + 1 < n ? 0x2000 : 0));
		size_t l2 = make_header(frame, false);

		size = RTE_MIN(size, payload - at[i]);
		memcpy(frame + l2, packet, 20);
		memcpy(frame + l2 + 20, packet + 20 + at[i], size);
		frame[l2 + 2] = (uint8_t)((20 + size) >> 8);
		frame[l2 + 3] = (uint8_t)(20 + size);
		frame[l2 + 4] = (uint8_t)(id >> 8);
		frame[l2 + 5] = (uint8_t)id;
		frame[l2 + 6] = (uint8_t)(word >> 8);
		frame[l2 + 7] = (uint8_t)word;
		send_one(a, frame, l2 + 20 + size);
	}
}

static void
send_something(struct account *a)
{
	uint8_t frame[PACKET_MAX + 22], packet[PACKET_MAX];
	size_t len = make_packet(packet), l2 = make_header(frame, len > 0 && packet[0] >> 4 == 6);

	if (draw(4) == 0 && len >= 40 && packet[0] == 0x45) {
		send_fragments(a, packet, len);
		return;
	}
	memcpy(frame + l2, packet, len);
	len += l2;
	send_one(a, frame, draw(64) == 0 ? draw(l2 + 1) : len);
}

/* Many packets to clients that do not answer, to one or to each of many. */
static void
send_flurry(struct account *a)
{
	uint8_t frame[PACKET_MAX + 22];
	bool same = draw(2);

	for (uint8_t i = 0; i < HANDFUL; i++) {
		size_t l2 = make_header(frame, true);

		send_one(a, frame, l2 + make_native(frame + l2, same ? 1 : i));
	}
}

/* --- */

/* By turns ours and one of the vectors', unless that is of a mechanism that is not built. */
static void
reconfigure(unsigned n)
{
	json_t *config = configs[n / 2 * 7 % n_configs];
	char why[128];

	account_configure(&rig, n / 2 % ACCOUNT_N_CONFIGS);
	if (n % 2 != 0 && vector_config(&rig.cfg, config, "", why, sizeof(why)))
		rig_configure(&rig, NULL, 0);
}

static void
test_books_balance(void **unused)
{
	static const enum ts_counter reached[] = {TS_C_teredo_encap_packets, TS_C_teredo_decap_packets,
		TS_C_teredo_indirect_bubbles, TS_C_teredo_direct_bubbles, TS_C_teredo_stateless_bubbles,
		TS_C_teredo_recovery_bubbles, TS_C_consume_teredo_decap_bubble, TS_C_teredo_queued_packets,
		TS_C_teredo_released_packets, TS_C_teredo_handed_off_packets, TS_C_teredo_server_advertisements,
		TS_C_teredo_server_bubbles, TS_C_drop_teredo_decap_src_mismatch, TS_C_drop_teredo_encap_queue_full};
	uint64_t before[TS_N_COUNTERS], after[TS_N_COUNTERS];
	uint64_t total = 0, next_config = 0;
	struct account a;

	(void)unused;
	rig_counters(&rig, before);
	while (total < N_FRAMES) {
		uint64_t from = state;

		if (total >= next_config) {
			reconfigure((unsigned)(next_config / FRAMES_PER_CONFIG));
			next_config += FRAMES_PER_CONFIG;
		}
		account_open(&a, &rig);
		if (draw(2))
			account_peer(&a, &rig, draw(4) != 0);
		while (a.received < HANDFUL) {
			send_something(&a);
			if (draw(4) == 0)
				account_turn(&a, &rig);
			if (draw(16) == 0)
				rig_advance_ms(&rig, draw(2000));
			if (draw(64) == 0)
				account_neighbour(&rig, draw(2));
			if (draw(256) == 0)
				send_flurry(&a);
			if (draw(128) == 0)
				account_peer(&a, &rig, true);
		}
		if (!account_close(&a, &rig))
			fail_msg("after %lu frames, seed %#lx: %s", (unsigned long)total, (unsigned long)from, a.why);
		total += a.received;
	}
	rig_forget_peers(&rig);
	assert_int_equal(rig_buffers_in_use(&rig), 0);
	/* Random input that never gets anywhere would prove nothing. */
	rig_counters(&rig, after);
	assert_true(after[TS_C_6to4_encap_packets] - before[TS_C_6to4_encap_packets] > N_FRAMES / 400);
	assert_true(after[TS_C_6to4_decap_packets] - before[TS_C_6to4_decap_packets] > N_FRAMES / 400);
	assert_true(after[TS_C_reassembled_packets] > before[TS_C_reassembled_packets]);
	assert_true(after[TS_C_neigh_waits] > before[TS_C_neigh_waits]);
	assert_true(after[TS_C_punted_packets] > before[TS_C_punted_packets]);
	assert_true(after[TS_C_icmp6_time_exceeded_sent] > before[TS_C_icmp6_time_exceeded_sent]);
	for (unsigned i = 0; i < RTE_DIM(reached); i++)
		if (after[reached[i]] - before[reached[i]] < 20)
			fail_msg("%s: hardly reached", ts_counter_info[reached[i]].name);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_books_balance)};

	(void)argc;
	rig_start(&rig, argv[0], 1000, true);
	rig.guard = true;
	load_seeds();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	for (unsigned i = 0; i < n_configs; i++)
		json_decref(configs[i]);
	rig_stop(&rig);
	return failed;
}
