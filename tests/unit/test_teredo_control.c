/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's part of Teredo: own addresses and what they are for, the server's advertisement, tables that are made once
 * and refused when memory is short, keys that are replaced when nobody uses them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>

#include "control/eal.h"
#include "control/local.h"
#include "control/own.h"
#include "control/ports.h"
#include "control/services.h"
#include "control/teredo.h"
#include "lib/teredo.h"
#include "route_rig.h"

#define SERVER RTE_BE32(0x4136e378) /* 65.54.227.120 */
#define PERIOD 3600

static struct ts_own_set set;
static struct ts_config cfg;

static const struct ts_own_addr *
find_own(uint8_t family, const char *text)
{
	uint8_t addr[16] = {0};

	assert_int_equal(inet_pton(family, text, addr), 1);
	for (unsigned i = 0; i < set.n; i++)
		if (set.addr[i].family == family && memcmp(set.addr[i].addr, addr, family == AF_INET ? 4 : 16) == 0)
			return &set.addr[i];
	return NULL;
}

static int
setup(void **state)
{
	(void)state;
	ts_config_init(&cfg);
	cfg.teredo_relay.enabled = true;
	cfg.teredo_relay.address = SERVER;
	inet_pton(AF_INET6, "2001:db8::b", &cfg.teredo_relay.bubble_source);
	cfg.teredo_server.enabled = true;
	cfg.teredo_server.address = SERVER;
	cfg.teredo_server.secondary = SERVER + RTE_BE32(1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ts_config_free(&cfg);
	return 0;
}

static void
test_own_addresses(void **state)
{
	(void)state;
	cfg.sixto4.enabled = true;
	cfg.sixto4.rx_v4[0] = SERVER;
	cfg.sixto4.n_rx_v4 = 1;
	ts_own_collect(&set, &cfg, NULL, 0);
	assert_int_equal(find_own(AF_INET, "65.54.227.120")->udp, TS_UDP_TEREDO_RELAY | TS_UDP_TEREDO_SERVER);
	assert_int_equal(find_own(AF_INET, "65.54.227.120")->proto41, TS_PROTO41_6TO4);
	assert_int_equal(find_own(AF_INET, "65.54.227.121")->udp, TS_UDP_TEREDO_SERVER);
	assert_non_null(find_own(AF_INET6, "2001:db8::b"));
	cfg.teredo_relay.cookie_prefix.len = 64;
	cfg.teredo_server.enabled = false;
	ts_own_collect(&set, &cfg, NULL, 0);
	assert_int_equal(find_own(AF_INET, "65.54.227.120")->udp, TS_UDP_TEREDO_RELAY);
	assert_null(find_own(AF_INET, "65.54.227.121"));
	assert_null(find_own(AF_INET6, "2001:db8::b"));
}

static void
test_is_tunnel(void **state)
{
	static const uint8_t inside[16] = {0x20, 0x01, 0, 0, 0x41}, outside[16] = {0x20, 0x01, 0, 1};

	(void)state;
	assert_true(ts_local_is_tunnel(&cfg, inside, 40));
	assert_false(ts_local_is_tunnel(&cfg, inside, 31));
	assert_false(ts_local_is_tunnel(&cfg, outside, 40));
	cfg.teredo_relay.enabled = false;
	assert_false(ts_local_is_tunnel(&cfg, inside, 40));
}

/* The answer of the vector teredo-server-rs-restricted. */
static void
test_advertisement(void **state)
{
	static const uint8_t want[96] = {0x60, 0, 0, 0, 0, 0x38, 0x3a, 0xff,		      /* */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x80, 0, 0xf2, 0x27, 0xbe, 0xc9, 0x1c, 0x87,    /* */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd,	      /* */
		0x86, 0, 0x95, 0x4e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0,		      /* */
		0x03, 0x04, 0x40, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,	      /* */
		0, 0, 0, 0, 0x20, 0x01, 0, 0, 0x41, 0x36, 0xe3, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, /* */
		0x05, 0x01, 0, 0, 0, 0, 0x05, 0};
	struct ts_teredo_server s = {.address = {SERVER, SERVER + RTE_BE32(1)}};
	uint32_t sum;
	uint16_t checksum;

	(void)state;
	ts_teredo_server_link_local(s.link_local, SERVER);
	ts_teredo_advert(&s);
	memcpy(s.ra + 24, want + 24, 16);
	sum = (uint32_t)s.ra_sum + rte_raw_cksum(s.ra + 24, 16);
	checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	memcpy(s.ra + 42, &checksum, sizeof(checksum));
	assert_memory_equal(s.ra, want, sizeof(want));
}

static void
test_made_once(void **state)
{
	struct ts_teredo t = {0};
	const struct ts_peers *peers;
	uint8_t key[2][16];
	char err[256];

	(void)state;
	cfg.teredo_relay.peers = 4096;
	cfg.teredo_relay.enabled = false;
	assert_int_equal(ts_teredo_prepare(&t, &cfg.teredo_relay, 2, err, sizeof(err)), 0);
	assert_null(t.peers);
	cfg.teredo_relay.enabled = true;
	assert_int_equal(ts_teredo_prepare(&t, &cfg.teredo_relay, 2, err, sizeof(err)), 0);
	assert_non_null(t.contacts);
	assert_int_equal(t.peers->n_owners, 2);
	assert_memory_not_equal(t.cookie_key[0], t.cookie_key[1], 16);
	peers = t.peers;
	memcpy(key, t.cookie_key, sizeof(key));
	assert_int_equal(ts_teredo_prepare(&t, &cfg.teredo_relay, 2, err, sizeof(err)), 0);
	assert_ptr_equal(t.peers, peers);
	assert_memory_equal(t.cookie_key, key, sizeof(key));
	ts_teredo_free(&t);
	assert_null(t.peers);
	assert_null(t.contacts);
}

static void
test_memory_short(void **state)
{
	struct ts_teredo t = {0};
	char err[256] = "";

	(void)state;
	cfg.teredo_relay.peers = 1u << 30;
	assert_int_equal(ts_teredo_prepare(&t, &cfg.teredo_relay, 1, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "teredo-relay: no memory for 1073741824 peers"));
	assert_null(t.peers);
	assert_null(t.contacts);
}

/* A worker's key in second `s`, and what it may still take of the epoch before. */
static void
assert_in_use_untouched(const struct ts_teredo *was, const struct ts_teredo *is, uint64_t s)
{
	unsigned now = s / PERIOD & 1, before = (s - 30) / PERIOD & 1;

	assert_memory_equal(was->cookie_key[now], is->cookie_key[now], 16);
	assert_memory_equal(was->cookie_key[before], is->cookie_key[before], 16);
}

static void
test_keys_replaced(void **state)
{
	struct ts_teredo t = {0}, was;
	unsigned n = 0;
	char err[256];

	(void)state;
	assert_false(ts_teredo_replace_key(&t, 10 * PERIOD + 1800)); /* the relay was never on */
	cfg.teredo_relay.peers = 4096;
	assert_int_equal(ts_teredo_prepare(&t, &cfg.teredo_relay, 1, err, sizeof(err)), 0);
	for (uint64_t s = 10 * PERIOD; s < 14 * PERIOD; s++) {
		was = t;
		if (!ts_teredo_replace_key(&t, s)) {
			assert_memory_equal(was.cookie_key, t.cookie_key, sizeof(t.cookie_key));
			continue;
		}
		n++;
		assert_in_use_untouched(&was, &t, s);
		/* published at leisure, it is still not needed a while later, nor has it been lately */
		assert_in_use_untouched(&was, &t, s + 600);
		assert_in_use_untouched(&was, &t, s - 600);
		assert_memory_not_equal(was.cookie_key[(s / PERIOD + 1) & 1], t.cookie_key[(s / PERIOD + 1) & 1], 16);
	}
	assert_int_equal(n, 4);
	ts_teredo_free(&t);
}

static void
test_memory_asked_for(void **state)
{
	uint32_t off, on, more;

	(void)state;
	cfg.workers.n_cpus = 2;
	cfg.teredo_relay.peers = 1u << 20;
	on = ts_memory_needed_mb(&cfg);
	cfg.teredo_relay.peers = 1u << 23;
	more = ts_memory_needed_mb(&cfg);
	cfg.teredo_relay.enabled = false;
	off = ts_memory_needed_mb(&cfg);
	assert_true(on - off >= ts_teredo_bytes(&(struct ts_cfg_teredo_relay){.peers = 1u << 20}, 2) >> 20);
	assert_true(more - off >= ts_teredo_bytes(&(struct ts_cfg_teredo_relay){.peers = 1u << 23}, 2) >> 20);
	cfg.teredo_relay.enabled = true;
	off = ts_mbufs_per_node(&cfg);
	cfg.teredo_relay.queue_bytes = 1u << 30;
	assert_true(ts_mbufs_per_node(&cfg) >= off + (1u << 30) / ts_mbuf_data_room(&cfg) / 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_own_addresses),
		T(test_is_tunnel),
		T(test_advertisement),
		T(test_made_once),
		T(test_memory_short),
		T(test_keys_replaced),
		T(test_memory_asked_for),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
