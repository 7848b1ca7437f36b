/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/router_advert.c against messages written down by hand from RFC 4861 4.2, 4.6.2, 4.6.4 and RFC 8106 5.1, 5.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "lib/router_advert.h"

/* What every test begins with: 1800 s, 2001:db8:1:2::/64 on-link and autonomous, MTU 1280. */
/* clang-format off */
static const uint8_t plain[] = {
	/* type, code, checksum; hop limit, M and O, lifetime; reachable time; retransmission time */
	134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
	/* prefix information: length 4, /64, L A; valid 2592000; preferred 604800; reserved; prefix */
	3, 4, 64, 0xc0, 0x00, 0x27, 0x8d, 0x00, 0x00, 0x09, 0x3a, 0x80, 0, 0, 0, 0,
	0x20, 0x01, 0x0d, 0xb8, 0x00, 0x01, 0x00, 0x02, 0, 0, 0, 0, 0, 0, 0, 0,
	/* MTU */
	5, 1, 0, 0, 0x00, 0x00, 0x05, 0x00};
/* clang-format on */

static struct ts_cfg_isatap site;

static int
setup(void **state)
{
	(void)state;
	memset(&site, 0, sizeof(site));
	inet_pton(AF_INET6, "2001:db8:1:2::", &site.prefix.addr);
	site.prefix.len = 64;
	site.router_lifetime = 1800;
	site.valid = 2592000;
	site.preferred = 604800;
	site.on_link = site.autonomous = true;
	site.mtu = 1280;
	site.dns_lifetime = 3600;
	return 0;
}

/* `plain`, and these options behind it; nothing is written beyond. */
static void
assert_advert(const uint8_t *head, const uint8_t *options, size_t len)
{
	uint8_t out[TS_ROUTER_ADVERT_MAX];

	memset(out, 0xee, sizeof(out));
	assert_int_equal(ts_router_advert_build(out, &site), sizeof(plain) + len);
	assert_memory_equal(out, head, sizeof(plain));
	assert_memory_equal(out + sizeof(plain), options, len);
	for (size_t i = sizeof(plain) + len; i < sizeof(out); i++)
		assert_int_equal(out[i], 0xee);
}

static void
test_plain(void **state)
{
	(void)state;
	assert_advert(plain, plain, 0);
}

/* Each field of the configuration, at its extremes. */
static void
test_fields(void **state)
{
	uint8_t want[sizeof(plain)];

	(void)state;
	memcpy(want, plain, sizeof(want));
	site.router_lifetime = 0xffff;
	memset(want + 6, 0xff, 2);
	site.valid = 0xffffffff;
	memset(want + 20, 0xff, 4);
	site.preferred = 0;
	memset(want + 24, 0, 4);
	site.mtu = 1480;
	want[54] = 0x05;
	want[55] = 0xc8;
	site.on_link = false;
	want[19] = 0x40;
	assert_advert(want, want, 0);
	site.on_link = true;
	site.autonomous = false;
	want[19] = 0x80;
	assert_advert(want, want, 0);
	site.on_link = false;
	want[19] = 0;
	assert_advert(want, want, 0);
	/* neither address, PRL nor the form of the identifier is in the message */
	site.u_bit = true;
	site.address = 0x01020304;
	assert_advert(want, want, 0);
}

static void
test_dns_servers(void **state)
{
	/* clang-format off */
	static const uint8_t one[] = {25, 3, 0, 0, 0x00, 0x00, 0x0e, 0x10,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53};
	static const uint8_t two[] = {25, 5, 0, 0, 0xff, 0xff, 0xff, 0xff,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54};
	/* clang-format on */

	(void)state;
	inet_pton(AF_INET6, "2001:db8::53", &site.dns[0]);
	inet_pton(AF_INET6, "2001:db8::54", &site.dns[1]);
	site.n_dns = 1;
	assert_advert(plain, one, sizeof(one));
	site.n_dns = 2;
	site.dns_lifetime = 0xffffffff;
	assert_advert(plain, two, sizeof(two));
}

/* With 7 bytes of padding, 1, 0, and 6 behind two names. */
static void
test_search_list(void **state)
{
	/* clang-format off */
	static const uint8_t seven[] = {31, 3, 0, 0, 0x00, 0x00, 0x0e, 0x10,
		3, 'o', 'r', 'g', 3, 'n', 'e', 't', 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t one[] = {31, 2, 0, 0, 0x00, 0x00, 0x0e, 0x10, 2, 'a', 'b', 2, 'c', 'd', 0, 0};
	static const uint8_t exact[] = {31, 2, 0, 0, 0x00, 0x00, 0x0e, 0x10, 6, 'a', 'b', 'c', 'd', 'e', 'f', 0};
	static const uint8_t two[] = {31, 4, 0, 0, 0x00, 0x00, 0x0e, 0x10,
		7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 1, 'a', 2, 'b', 'c', 0, 0, 0, 0, 0, 0};
	/* clang-format on */

	(void)state;
	site.n_dns_search = 1;
	strcpy(site.dns_search[0], "org.net");
	assert_advert(plain, seven, sizeof(seven));
	strcpy(site.dns_search[0], "ab.cd");
	assert_advert(plain, one, sizeof(one));
	strcpy(site.dns_search[0], "abcdef");
	assert_advert(plain, exact, sizeof(exact));
	strcpy(site.dns_search[0], "example.org");
	strcpy(site.dns_search[1], "a.bc");
	site.n_dns_search = 2;
	assert_advert(plain, two, sizeof(two));
}

/* Servers come before names, and the largest configuration fits. */
static void
test_largest(void **state)
{
	uint8_t out[TS_ROUTER_ADVERT_MAX];
	const uint8_t *servers = out + sizeof(plain), *names = servers + 8 + 16 * TS_MAX_RA_DNS;
	size_t n, list;

	(void)state;
	site.n_dns = site.n_dns_search = TS_MAX_RA_DNS;
	for (unsigned i = 0; i < TS_MAX_RA_DNS; i++) {
		site.dns[i].s6_addr[15] = (uint8_t)i;
		memset(site.dns_search[i], 'x', sizeof(site.dns_search[i]) - 1);
	}
	n = ts_router_advert_build(out, &site);
	list = (8 + TS_MAX_RA_DNS * (sizeof(site.dns_search[0]) + 1) + 7) / 8 * 8;
	assert_int_equal(n, sizeof(plain) + 8 + 16 * TS_MAX_RA_DNS + list);
	assert_int_equal(servers[0], 25);
	assert_int_equal(servers[1], 1 + 2 * TS_MAX_RA_DNS);
	assert_int_equal(names[0], 31);
	assert_int_equal(names[1], list / 8);
	for (unsigned i = 0; i < TS_MAX_RA_DNS; i++)
		assert_int_equal(names[8 + 65 * i], 63);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_plain), T(test_fields), T(test_dns_servers), T(test_search_list), T(test_largest)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
