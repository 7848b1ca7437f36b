/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FPM connection: cut into pieces, broken off, begun anew, full of garbage; what is told again.
 */
#include "fpm_rig.h"

/* The same conversation as in objects_and_groups(), in pieces of every size. */
static void
cut_at_every_byte(void **state)
{
	const struct nexthop_grp group[] = {{.id = 1}, {.id = 2}};
	static uint8_t all[4096];
	size_t len;

	(void)state;
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.9", IF0));
	FPM_ONE(&out, fpm_put_object(&out, 2, "10.1.0.9", IF1));
	FPM_ONE(&out, fpm_put_group(&out, 3, group, 2));
	put_by_object("203.0.113.0/24", 3);
	fpm_begin(&out);
	fpm_put_delete(&out, "198.51.100.0/24", 20);
	fpm_put_route(&out, &(struct fpm_route){.prefix = "198.51.100.0/24", .nh_id = 1});
	fpm_end(&out);
	put_delete("192.0.2.0/24");
	len = out.len;
	memcpy(all, out.data, len);
	for (size_t cut = 1; cut < len; cut++) {
		put_delete("203.0.113.0/24");
		put_delete("198.51.100.0/24");
		put_route("192.0.2.0/24", "10.0.0.9");
		send_out();
		out.len = 0;
		send_bytes(all, cut);
		send_bytes(all + cut, len - cut);
		expect("203.0.113.0/24", "via 10.0.0.9*1@0 10.1.0.9*1@1");
		expect("198.51.100.0/24", "via 10.0.0.9*1@0");
		expect("192.0.2.0/24", "-");
	}
	for (size_t i = 0; i < len; i++)
		send_bytes(all + i, 1);
	assert_int_equal(stats().parse_errors, 0);
}

/* FRR sends its whole table again for nothing: nothing is published. */
static void
the_same_again_changes_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.9", IF0));
		put_by_object("203.0.113.0/24", 1);
		put_many(0, 5000);
		send_out();
		assert_int_equal(stats().routes, 5001);
		if (round > 0)
			assert_true(nothing_to_publish());
		publish();
	}
	/* An update that changes nothing is a deletion and an addition. */
	fpm_begin(&out);
	fpm_put_delete(&out, "203.0.113.0/24", 20);
	fpm_put_route(&out, &(struct fpm_route){.prefix = "203.0.113.0/24", .nh_id = 1});
	fpm_end(&out);
	send_out();
	assert_true(nothing_to_publish());
	/* Neither does all of it on a new connection. */
	zebra_stops();
	zebra_starts();
	FPM_ONE(&out, fpm_put_object(&out, 77, "10.0.0.9", IF0));
	put_by_object("203.0.113.0/24", 77);
	put_many(0, 5000);
	send_out();
	assert_true(nothing_to_publish());
	assert_int_equal(stats().routes, 5001);
}

static void
restart_replaces_and_sweeps(void **state)
{
	uint64_t began;

	(void)state;
	put_many(0, 1000);
	send_out();
	zebra_stops();
	assert_int_equal(stats().routes, 1000);
	assert_true(stats().stale_ms > 0);
	zebra_starts();
	began = now_ms();
	put_many(500, 1000); /* half of them again, and others */
	send_out();
	expect("11.0.1.0/24", "via 10.0.0.9*1@0");
	assert_int_equal(stats().routes, 1500);
	assert_true(turn_until(has_swept, 500));
	assert_true(now_ms() - began >= 1000 * STALE_S - 10);
	assert_int_equal(stats().routes, 1000);
	expect("11.0.1.0/24", "-");
	expect("11.1.244.0/24", "via 10.0.0.8*1@0");
	assert_int_equal(stats().stale_ms, -1);
}

static void
without_a_new_connection_all_go(void **state)
{
	uint64_t began;

	(void)state;
	put_many(0, 100);
	send_out();
	began = now_ms();
	zebra_stops();
	assert_int_equal(stats().routes, 100);
	assert_true(turn_until(has_swept, 100));
	assert_true(now_ms() - began >= 1000 * STALE_S - 10);
	assert_int_equal(stats().routes, 0);
	expect("11.0.1.0/24", "-");
	zebra_starts();
	put_many(0, 1);
	send_out();
	expect("11.0.0.0/24", "via 10.0.0.8*1@0");
}

/* A restarted zebra gives the same ids to other next hops. */
static void
ids_are_of_one_connection(void **state)
{
	(void)state;
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.0.0.9", IF0));
	put_by_object("203.0.113.0/24", 1);
	put_by_object("198.51.100.0/24", 1);
	send_out();
	zebra_stops();
	zebra_starts();
	FPM_ONE(&out, fpm_put_object(&out, 1, "10.1.0.1", IF1));
	put_by_object("198.51.100.0/24", 1);
	send_out();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
	expect("198.51.100.0/24", "via 10.1.0.1*1@1");
}

/* A deletion whose addition was lost with the connection takes nothing away. */
static void
cut_within_an_update(void **state)
{
	struct fpm_route route = {.prefix = "203.0.113.0/24", .via = "10.0.0.8", .oif = IF0};
	size_t len;

	(void)state;
	put_route("203.0.113.0/24", "10.0.0.9");
	send_out();
	fpm_begin(&out);
	fpm_put_delete(&out, "203.0.113.0/24", 20);
	fpm_put_route(&out, &route);
	fpm_end(&out);
	len = out.len;
	out.len = 0;
	send_bytes(out.data, len - 8);
	zebra_stops();
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
}

static void
second_zebra_waits(void **state)
{
	int second = open_zebra(), first = zebra;

	(void)state;
	put_route("203.0.113.0/24", "10.0.0.9");
	send_out();
	assert_int_equal(stats().connections, 1);
	assert_true(stats().connected);
	close(first);
	assert_true(turn_until(is_connected, 2));
	zebra = second;
	put_route("198.51.100.0/24", "10.0.0.9");
	send_out();
	expect("198.51.100.0/24", "via 10.0.0.9*1@0");
}

static void
expect_refusal(const uint8_t *data, size_t len)
{
	uint64_t errors = stats().parse_errors;

	assert_int_equal(send(zebra, data, len, MSG_NOSIGNAL), len);
	assert_true(turn_until(is_disconnected, 0));
	assert_int_equal(stats().parse_errors, errors + 1);
	expect("203.0.113.0/24", "via 10.0.0.9*1@0");
	close(zebra);
	zebra_starts();
}

static void
garbage_closes_the_connection(void **state)
{
	const uint8_t version[4] = {2, 1, 0, 40}, protobuf[4] = {1, 2, 0, 40}, shorter[4] = {1, 1, 0, 3},
		      empty[4] = {1, 1, 0, 4}, http[] = "GET / HTTP/1.1\r\n\r\n";
	struct nlmsghdr *nlh = (void *)(out.data + FPM_HEADER_LEN);

	(void)state;
	put_route("203.0.113.0/24", "10.0.0.9");
	send_out();
	expect_refusal(version, sizeof(version));
	expect_refusal(protobuf, sizeof(protobuf));
	expect_refusal(shorter, sizeof(shorter));
	expect_refusal(empty, sizeof(empty));
	expect_refusal(http, sizeof(http));

	/* A netlink message longer than the FPM message, shorter than its own header, of half an attribute. */
	put_route("198.51.100.0/24", "10.0.0.9");
	nlh->nlmsg_len += 4;
	expect_refusal(out.data, out.len);
	nlh->nlmsg_len = 12;
	expect_refusal(out.data, out.len);
	nlh->nlmsg_len = 0xfffffff0;
	expect_refusal(out.data, out.len);
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)) - 4;
	expect_refusal(out.data, out.len);
	out.len = 0;
	put_route("198.51.100.0/24", "10.0.0.9");
	((struct rtmsg *)mnl_nlmsg_get_payload(nlh))->rtm_dst_len = 33;
	expect_refusal(out.data, out.len);
	out.len = 0;
	expect("198.51.100.0/24", "-");
}

/* What was refused for want of room comes when everything is told again. */
static void
compare_asks_for_everything(void **state)
{
	(void)state;
	ts_fpm_compare(fpm);
	assert_true(turn_until(is_disconnected, 0));
	close(zebra);
	zebra_starts();
	assert_int_equal(stats().connections, 2);
}

static void
full_table_is_said(void **state)
{
	struct ts_fpm_stats s;

	(void)state;
	put_many(0, 30001);
	send_out();
	s = stats();
	assert_true(s.refused);
	assert_int_equal(s.routes, 30000);
	put_delete("11.0.1.0/24");
	send_out();
	assert_true(turn_until(is_disconnected, 0)); /* stale_s later */
	assert_int_equal(stats().routes, 29999);
}

static void
settled_when_quiet(void **state)
{
	uint64_t began;

	(void)state;
	put_many(0, 10);
	send_out();
	assert_false(ts_fpm_settled(fpm));
	for (began = now_ms(); !ts_fpm_settled(fpm) && now_ms() - began < LIMIT_MS;)
		poll(NULL, 0, 10);
	assert_true(ts_fpm_settled(fpm));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cut_at_every_byte),
		TEST(the_same_again_changes_nothing),
		TEST(restart_replaces_and_sweeps),
		TEST(without_a_new_connection_all_go),
		TEST(ids_are_of_one_connection),
		TEST(cut_within_an_update),
		TEST(second_zebra_waits),
		TEST(garbage_closes_the_connection),
		TEST(compare_asks_for_everything),
		TEST(full_table_is_said),
		TEST(settled_when_quiet),
	};

	if (rig_eal() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
