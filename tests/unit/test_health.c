/* SPDX-License-Identifier: BSD-3-Clause */
/* When a prefix is announced, by a clock of the test's own; drain; loss; and the test packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "control/health.h"
#include "control/health_list.h"
#include "control/probe_packet.h"

static const struct ts_health_conf conf = {.hold_ms = 60000, .hold_max_ms = 3600000};
static struct ts_health_state state;
static uint64_t now;

static int
setup(void **s)
{
	(void)s;
	memset(&state, 0, sizeof(state));
	now = 1000000;
	return 0;
}

/* So many milliseconds with these reasons; what speaks against it at their end. */
static uint32_t
pass(uint64_t ms, uint32_t reasons)
{
	uint32_t last = 0;

	for (uint64_t end = now + ms; now < end; now += 50)
		last = ts_health_step(&state, &conf, now, reasons);
	return last;
}

static void
test_at_once_the_first_time(void **s)
{
	(void)s;
	assert_int_equal(pass(100000, TS_HEALTH_ROUTES6), TS_HEALTH_ROUTES6);
	assert_int_equal(pass(50, 0), 0);
}

static void
test_withdrawn_at_once_and_held_down(void **s)
{
	(void)s;
	pass(1000, 0);
	assert_int_equal(pass(50, TS_HEALTH_PROBE), TS_HEALTH_PROBE);
	assert_int_equal(pass(50, 0), TS_HEALTH_HOLD);
	assert_int_equal(ts_health_hold_left(&state, now), 59950);
	assert_int_equal(pass(59950, 0), TS_HEALTH_HOLD);
	assert_int_equal(pass(50, 0), 0);
	assert_int_equal(ts_health_hold_left(&state, now), 0);
}

/* The time runs from the end of the last fault, whichever it was, and is not doubled by faults within. */
static void
test_hold_down_begins_anew(void **s)
{
	(void)s;
	pass(1000, 0);
	pass(1000, TS_HEALTH_WORKER);
	pass(30000, 0);
	assert_int_equal(pass(1000, TS_HEALTH_LINK6), TS_HEALTH_LINK6);
	assert_int_equal(pass(60000, 0), TS_HEALTH_HOLD);
	assert_int_equal(pass(50, 0), 0);
}

static void
one_fault(uint64_t hold_ms)
{
	pass(50, TS_HEALTH_LOSS);
	assert_int_equal(pass(hold_ms, 0), TS_HEALTH_HOLD);
	assert_int_equal(pass(50, 0), 0);
}

static void
test_damping(void **s)
{
	(void)s;
	pass(50, 0);
	for (uint64_t hold = 60000; hold < 3600000; hold *= 2)
		one_fault(hold);
	one_fault(3600000);
	one_fault(3600000);
	pass(3600000, 0);
	one_fault(60000);
}

/* O3: what the operator does is over when it is over; so is an attack, whose own time has passed. */
static void
test_by_hand_is_no_fault(void **s)
{
	(void)s;
	pass(50, 0);
	assert_int_equal(pass(1000, TS_HEALTH_DRAIN | TS_HEALTH_ATTACK), TS_HEALTH_DRAIN | TS_HEALTH_ATTACK);
	assert_int_equal(pass(50, 0), 0);
	pass(1000, TS_HEALTH_DRAIN | TS_HEALTH_TABLES);
	assert_int_equal(pass(1000, TS_HEALTH_DRAIN), TS_HEALTH_DRAIN | TS_HEALTH_HOLD);
}

static void
test_shorter_by_reload(void **s)
{
	static const struct ts_health_conf shorter = {.hold_ms = 100, .hold_max_ms = 200};

	(void)s;
	pass(50, 0);
	pass(50, TS_HEALTH_LOSS);
	pass(250, 0);
	assert_int_equal(ts_health_step(&state, &shorter, now, 0), 0);
}

static void
test_drain(void **s)
{
	struct ts_drain d = {0};

	(void)s;
	assert_int_equal(ts_drain_phase(&d, now, 10000), TS_DRAIN_OFF);
	d = (struct ts_drain){.on = true, .since_ms = now};
	assert_int_equal(ts_drain_phase(&d, now + 9999, 10000), TS_DRAIN_SHOWN);
	assert_int_equal(ts_drain_phase(&d, now + 10000, 10000), TS_DRAIN_WITHDRAWN);
	assert_int_equal(ts_drain_phase(&d, now, 0), TS_DRAIN_WITHDRAWN);
}

static struct ts_loss loss;
static uint64_t passed, lost;

static bool
lose(unsigned seconds, uint64_t pass_each, uint64_t lose_each)
{
	bool over = false;

	for (unsigned i = 0; i < seconds; i++) {
		now += 1000;
		passed += pass_each;
		lost += lose_each;
		over = ts_loss_step(&loss, now, passed, lost, 20, 10);
	}
	return over;
}

static void
test_loss(void **s)
{
	(void)s;
	memset(&loss, 0, sizeof(loss));
	passed = lost = 1000000; /* what was before the first look does not count */
	assert_false(lose(1, 0, 1000000));
	assert_false(lose(100, 8000, 2000));
	assert_false(lose(9, 7000, 3000));
	assert_false(lose(1, 8000, 2000));
	assert_false(lose(9, 7000, 3000));
	assert_true(lose(1, 7000, 3000));
	assert_int_equal(loss.percent, 30);
	assert_false(lose(1, 7000, 0));
	assert_false(lose(100, 0, 90)); /* a neighbour that is away */
	assert_false(ts_loss_step(&loss, now + 1000, passed, lost + 1000000, 0, 1));
}

static struct ts_config cfg;
static struct ts_health_list list;

static void
parse6(struct in6_addr *out, const char *text)
{
	assert_int_equal(inet_pton(AF_INET6, text, out), 1);
}

static void
configure(void)
{
	ts_config_init(&cfg);
	cfg.sixto4.enabled = cfg.sixto4.anycast = true;
	cfg.sixto4.tx_source = TS_6TO4_ANYCAST;
	cfg.teredo_relay.enabled = true;
	cfg.teredo_relay.address = inet_addr("198.51.100.7");
	cfg.n_sixrd = 2;
	parse6(&cfg.sixrd[0].map.prefix.addr, "2001:db8:600::");
	cfg.sixrd[0].map.prefix.len = 32;
	cfg.sixrd[0].br = inet_addr("203.0.113.1");
	parse6(&cfg.sixrd[1].map.prefix.addr, "2001:db8:8000::");
	cfg.sixrd[1].map.prefix.len = 40;
	cfg.sixrd[1].map.ipv4_mask_len = 8;
	cfg.sixrd[1].map.ipv4_common = inet_addr("10.0.0.0");
	cfg.sixrd[1].br = inet_addr("10.0.0.1");
	cfg.n_isatap = 1;
	parse6(&cfg.isatap[0].prefix.addr, "2001:db8:5efe:1::");
	cfg.isatap[0].prefix.len = 64;
	cfg.isatap[0].address = inet_addr("192.0.2.1");
	cfg.isatap[0].n_site = 1;
	cfg.isatap[0].site[0] = (struct ts_prefix4){inet_addr("192.0.2.0"), 24};
	ts_health_list(&list, &cfg);
}

static void
test_list(void **s)
{
	static const char *const far[] = {"192.0.0.8", "192.0.0.8", "192.0.0.8", "10.0.0.0", "192.0.2.0"};

	(void)s;
	configure();
	assert_int_equal(list.n_mechs, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(list.mechs[i].far, inet_addr(far[i]));
	assert_int_equal(list.n_prefixes, 6);
	for (unsigned i = 0; i < 6; i++) /* O2 */
		assert_int_equal(
			list.prefixes[i].upstream, list.prefixes[i].prefix.family == AF_INET ? AF_INET6 : AF_INET);
	assert_int_equal(list.prefixes[1].prefix.v4, inet_addr("192.88.99.0"));
	assert_false(list.prefixes[2].attached);
	assert_true(list.prefixes[5].attached);
}

/* S2, S5 */
static void
test_unicast_only(void **s)
{
	(void)s;
	configure();
	cfg.sixto4.anycast = false;
	ts_health_list(&list, &cfg);
	for (unsigned i = 0; i < list.n_prefixes; i++)
		assert_int_equal(list.prefixes[i].prefix.family, AF_INET6);
}

/* What nobody can be reached by is not probed, rather than never announced. */
static void
test_no_far_end(void **s)
{
	(void)s;
	configure();
	cfg.isatap[0].site[0].len = 31;
	cfg.sixrd[1].n_known_relays = 1;
	cfg.sixrd[1].known_relays[0] = (struct ts_prefix4){inet_addr("10.0.0.0"), 30};
	ts_health_list(&list, &cfg);
	assert_int_equal(list.mechs[3].far, 0);
	assert_int_equal(list.mechs[4].far, 0);
}

/* An ideal tunnel: what goes in at one side is what the other direction's packet carries, one hop older. */
static void
tunnel(const struct ts_probe_packet *in, struct ts_probe_packet *out, const struct ts_probe_ends *e,
	enum ts_probe_way way, uint32_t mark)
{
	struct ts_probe_packet other;
	size_t outer = e->mech == TS_MECH_TEREDO ? 28 : 20;

	ts_probe_in(&other, e, TS_PROBE_DECAP, mark);
	if (way == TS_PROBE_ENCAP) {
		*out = other;
		memcpy(out->bytes + outer, in->bytes, in->len);
		memcpy(out->bytes + 12, &e->near4, 4);
		memcpy(out->bytes + 16, &e->far4, 4);
		memcpy(out->bytes + 20, &e->near_port, outer == 28 ? 2 : 0);
		memcpy(out->bytes + 22, &e->far_port, outer == 28 ? 2 : 0);
		out->bytes[outer + 7]--;
	} else {
		out->len = in->len - outer;
		memcpy(out->bytes, in->bytes + outer, out->len);
		out->bytes[7]--;
	}
}

static void
test_packets(void **s)
{
	struct ts_probe_packet in, out;
	struct ts_probe_ends e;

	(void)s;
	configure();
	for (unsigned m = 0; m < list.n_mechs; m++) {
		ts_probe_ends(&e, &cfg, &list.mechs[m], htons(40000));
		for (enum ts_probe_way way = 0; way < TS_PROBE_N_WAYS; way++) {
			ts_probe_in(&in, &e, way, 77);
			assert_false(ts_probe_is_right(&e, way, 77, in.bytes, in.len));
			tunnel(&in, &out, &e, way, 77);
			assert_true(ts_probe_is_right(&e, way, 77, out.bytes, out.len));
			assert_false(ts_probe_is_right(&e, way, 78, out.bytes, out.len));
			assert_false(ts_probe_is_right(&e, way, 77, out.bytes, out.len - 1));
			out.bytes[out.len - 20]++;
			assert_false(ts_probe_is_right(&e, way, 77, out.bytes, out.len));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_at_once_the_first_time, setup),
		cmocka_unit_test_setup(test_withdrawn_at_once_and_held_down, setup),
		cmocka_unit_test_setup(test_hold_down_begins_anew, setup),
		cmocka_unit_test_setup(test_damping, setup),
		cmocka_unit_test_setup(test_by_hand_is_no_fault, setup),
		cmocka_unit_test_setup(test_shorter_by_reload, setup),
		cmocka_unit_test_setup(test_drain, setup),
		cmocka_unit_test_setup(test_loss, setup),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_unicast_only),
		cmocka_unit_test(test_no_far_end),
		cmocka_unit_test(test_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
