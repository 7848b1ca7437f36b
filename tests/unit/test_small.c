/* SPDX-License-Identifier: BSD-3-Clause */
/* The small pieces of lib/: MSS clamping, prefix sets, hints per site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <rte_ip.h>

#include "lib/mss_clamp.h"
#include "lib/prefix_set.h"
#include "lib/site_table.h"

/* A TCP segment with these options and a right checksum; returns its length. */
static uint32_t
make_tcp(uint8_t *p, uint8_t flags, const uint8_t *options, uint8_t n)
{
	uint32_t tcp_len = 20u + n;

	memset(p, 0, 40 + tcp_len);
	p[0] = 0x60;
	p[5] = (uint8_t)tcp_len;
	p[6] = 6;
	p[23] = 1;
	p[39] = 2;
	p[40 + 12] = (uint8_t)(tcp_len / 4 << 4);
	p[40 + 13] = flags;
	memcpy(p + 60, options, n);
	uint16_t sum = rte_ipv6_udptcp_cksum((const void *)p, p + 40);

	memcpy(p + 56, &sum, 2);
	return 40 + tcp_len;
}

static void
test_mss(void **state)
{
	(void)state;
	static const uint8_t first[4] = {2, 4, 0x05, 0xa0}, odd[8] = {1, 2, 4, 0x05, 0xa0, 0, 0, 0};
	static const uint8_t later[12] = {4, 2, 1, 1, 8, 4, 0, 0, 2, 4, 0x05, 0xa0}, small[4] = {2, 4, 0x04, 0x00};
	static const uint8_t broken[4] = {8, 0, 2, 4}, beyond[4] = {8, 40, 0, 0}, cut[4] = {1, 1, 1, 2};
	static const struct {
		const uint8_t *options;
		uint8_t n, flags;
		bool clamped;
		uint8_t at;
	} cases[] = {
		{first, 4, 2, true, 2},
		{first, 4, 0x12, true, 2},
		{first, 4, 0x10, false, 2},
		{odd, 8, 2, true, 3},
		{later, 12, 2, true, 10},
		{small, 4, 2, false, 2},
		{broken, 4, 2, false, 2},
		{beyond, 4, 2, false, 2},
		{cut, 4, 2, false, 2},
	};
	uint8_t p[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t len = make_tcp(p, cases[i].flags, cases[i].options, cases[i].n);

		assert_int_equal(ts_mss_clamp(p, len, 1280), cases[i].clamped);
		if (cases[i].clamped)
			assert_int_equal(p[60 + cases[i].at] << 8 | p[61 + cases[i].at], 1220);
		assert_int_equal(rte_ipv6_udptcp_cksum_verify((const void *)p, p + 40), 0);
		assert_false(ts_mss_clamp(p, len, 1280)); /* once is enough */
	}
	uint32_t len = make_tcp(p, 2, first, 4);

	assert_false(ts_mss_clamp(p, len - 1, 1280)); /* not all of it can be read */
	p[6] = 17;
	assert_false(ts_mss_clamp(p, len, 1280));
}

static struct ts_prefix6
prefix(const char *text)
{
	struct ts_prefix6 p;
	rte_be32_t v4;

	assert_int_equal(ts_parse_prefix(text, &v4, &p.addr, &p.len), AF_INET6);
	return p;
}

static bool
contains(const struct ts_prefix_set *s, const char *text)
{
	return ts_prefix_set_contains(s, prefix(text).addr.s6_addr);
}

static void
test_prefix_set(void **state)
{
	(void)state;
	const struct ts_prefix6 list[] = {prefix("2001:db8:5::/48"), prefix("2001:db8::/32"), prefix("3fff:40::/26"),
		prefix("2001:db8::/32"), prefix("2400::1/128")};
	struct ts_prefix_set *s = ts_prefix_set_create(list, 5), *none = ts_prefix_set_create(NULL, 0);
	const struct ts_prefix6 all = prefix("::/0");

	assert_int_equal(s->n, 3);
	assert_true(contains(s, "2001:db8::1"));
	assert_true(contains(s, "2001:db8:5::1"));
	assert_true(contains(s, "2001:db8:ffff::"));
	assert_false(contains(s, "2001:db9::"));
	assert_false(contains(s, "2001:db7:ffff::"));
	assert_true(contains(s, "3fff:7f::"));
	assert_false(contains(s, "3fff:80::"));
	assert_true(contains(s, "2400::1"));
	assert_false(contains(s, "2400::2"));
	assert_false(contains(none, "::"));
	ts_prefix_set_free(s);
	s = ts_prefix_set_create(&all, 1);
	assert_true(contains(s, "ffff::"));
	ts_prefix_set_free(s);
	ts_prefix_set_free(none);
}

static void
test_site_table(void **state)
{
	(void)state;
	struct ts_site_table *t = ts_site_table_create(7);
	uint32_t value, found = 0;

	assert_false(ts_site_table_get(t, RTE_BE32(0xc000022a), &value));
	for (uint32_t i = 1; i <= 1000; i++)
		ts_site_table_set(t, i * 7919, i);
	for (uint32_t i = 1; i <= 1000; i++) {
		if (!ts_site_table_get(t, i * 7919, &value))
			continue;
		assert_int_equal(value, i); /* a site never sees another's hint */
		found++;
	}
	assert_in_range(found, 950, 1000);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_prefix_set),
		cmocka_unit_test(test_site_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
