/* SPDX-License-Identifier: BSD-3-Clause */
/* The mirror under many changes at once, and when some of them are lost. */
#include "mirror_rig.h"

static bool
old_route_stays(const void *arg)
{
	char now[128];

	describe("203.0.113.0/24", now, sizeof(now));
	assert_string_equal(now, "via 0/10.0.0.9*1");
	return resynced_since(arg);
}

/* A real one: ten thousand routes into a buffer that holds a few. Forwarding goes on with what was there. */
static void
overrun_leads_to_resync(void **state)
{
	uint64_t before = stats().resyncs;
	int fds[2], size = 1;
	unsigned n;
	(void)state;

	ts_mirror_fds(mirror, fds, &n);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	run("for i in $(seq 0 255); do for k in $(seq 0 43); do echo route add 172.$((16 + k % 4)).$i.$((k / 4 * 16))/28 via 10.0.0.2;"
	    "done; done | ip -b -");
	wait_for(old_route_stays, &before, "resync");
	expect("172.19.255.160/28", "via 0/10.0.0.2*1");
	expect("172.16.50.0/28", "via 0/10.0.0.2*1");
	assert_true(stats().overruns > 0);
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 256 * 44 + 3);
	before = stats().resyncs;
	run("ip route flush via 10.0.0.2; ip route del 203.0.113.0/24");
	expect("172.16.50.0/28", "-");
	expect("203.0.113.0/24", "-");
	wait_resync(before);
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 2);
}

/* What was deleted, and the news that it is back was lost: the deletion, read late, must not outweigh the dump. */
static void
lost_additions(void **state)
{
	uint64_t before = stats().resyncs;
	int fds[2], size = 1 << 20;
	unsigned n;
	(void)state;

	ts_mirror_fds(mirror, fds, &n);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	run("r() { for i in $(seq 0 255); do for k in 0 64 128 192; do echo route $1 172.16.$i.$k/26 via 10.0.0.2; done; done; };"
	    "(r add; r del; r add; r del; r add) | ip -b -");
	wait_resync(before);
	assert_true(stats().overruns > 0);
	expect("172.16.0.0/26", "via 0/10.0.0.2*1");
	expect("172.16.255.192/26", "via 0/10.0.0.2*1");
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 256 * 4 + 3);
}

/* Every notification is taken and none is taken for another: batches, replacements, deletions, all at once. */
static void
many_changes(void **state)
{
	(void)state;
	run("(for i in $(seq 0 199); do for k in 0 64 128 192; do echo route add 172.16.$i.$k/26 via 10.0.0.2; done; done;"
	    "for i in $(seq 0 199); do echo route replace 172.16.$i.64/26 via 10.1.0.3; echo route del 172.16.$i.128/26;"
	    "done) | ip -b -");
	expect("172.16.199.128/26", "-");
	expect("172.16.0.128/26", "-");
	expect("172.16.199.64/26", "via 1/10.1.0.3*1");
	expect("172.16.0.192/26", "via 0/10.0.0.2*1");
	assert_int_equal(ts_rib_count(r.rib, AF_INET), 3 * 200 + 3);
	assert_int_equal(stats().overruns, 0);
	run("ip link set tw0 down"); /* in steps */
	expect("172.16.100.0/26", "-");
	expect("172.16.100.64/26", "via 1/10.1.0.3*1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(overrun_leads_to_resync, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_additions, setup, teardown),
		cmocka_unit_test_setup_teardown(many_changes, setup, teardown),
	};

	return mirror_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
