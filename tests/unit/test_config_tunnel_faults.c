/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults of the configuration of 6rd, ISATAP, handover and access: each kind alone, as in test_config_faults.c.
 */
#include "test_config_faults.h"

/* A domain or site of which one of the required keys is another. */
#define OTHER_DOMAIN(prefix, br) RELAY "6rd:\n  - {name: isp, prefix: \"" prefix "\", br: " br "}\n"
#define OTHER_SITE(address, prefix, site) \
	RELAY "isatap:\n  - {name: campus, address: " address ", prefix: \"" prefix "\", site: [" site "]}\n"

static void
test_mirror_faults(void **state)
{
	static const struct fault_case cases[] = {
		{RELAY "6to4: {anycast: yes, source: mirrors}\n", 6, "6to4.source", "and not anycast or mirror"},
		{BASE "local: {icmp6-source: \"2002:c058:6301::1\"}\n"
		      "6to4: {anycast: yes, addresses: [192.0.2.1], source: mirror}\n",
			5, "local.icmp6-source", "with `source: mirror` the outer source is not always"},
		{RELAY "6to4: {anycast: yes, mss-clamp: 1220}\n", 6, "6to4.mss-clamp", "is not one of: yes, no"},
		{RELAY "6to4: {anycast: yes, dynamic-mtu: 1220}\n", 6, "6to4.dynamic-mtu", "is not one of: yes, no"},
	};

	(void)state;
	RUN(cases);
}

static void
test_6rd_keys(void **state)
{
	static const struct fault_case cases[] = {
		{RELAY "6rd: {name: isp}\n", 6, "6rd", "a list is wanted"},
		{RELAY "6rd:\n  - {prefix: \"2001:db8:600::/40\", br: 10.0.0.1}\n", 7, "6rd[0].name", "is missing"},
		{RELAY "6rd:\n  - {name: isp, br: 10.0.0.1}\n", 7, "6rd[0].prefix", "is missing"},
		{RELAY "6rd:\n  - {name: isp, prefix: \"2001:db8:600::/40\"}\n", 7, "6rd[0].br", "is missing"},
		{DOMAIN(",\n     ipv4-masklen: 8"), 8, "6rd[0].ipv4-masklen", "did you mean `ipv4-mask-len`?"},
		{OTHER_DOMAIN("2001:db8:600::1/40", "10.0.0.1"), 7, "6rd[0].prefix",
			"has bits set beyond its length: the prefix is 2001:db8:600::/40"},
		{OTHER_DOMAIN("10.0.0.0/8", "10.0.0.1"), 7, "6rd[0].prefix", "is not an IPv6 prefix"},
		{OTHER_DOMAIN("2001:db8:600::/40", "10.0.0.256"), 7, "6rd[0].br", "is not an IPv4 address"},
		{DOMAIN(", ipv4-mask-len: 33"), 7, "6rd[0].ipv4-mask-len", "0 to 32"},
		{DOMAIN(", ipv4-mask-len: 8, ipv4-common: ten"), 7, "6rd[0].ipv4-common", "is not an IPv4 address"},
		{DOMAIN(", mtu: 1279"), 7, "6rd[0].mtu", "1280 to 1480"},
		{DOMAIN(", mtu: 1481"), 7, "6rd[0].mtu", "1280 to 1480"},
		{DOMAIN(", ttl: 0"), 7, "6rd[0].ttl", "1 to 255"},
		{DOMAIN(", dscp: keep"), 7, "6rd[0].dscp", "zero, copy"},
		{DOMAIN(", ecn: keep"), 7, "6rd[0].ecn", "compat, normal"},
		{DOMAIN(", hairpin: yes"), 7, "6rd[0].hairpin", "self, all, none"},
		{DOMAIN(", anycast: 1"), 7, "6rd[0].anycast", "yes, no"},
		{DOMAIN(", df: 1, anycast: yes"), 7, "6rd[0].df", "yes, no"},
		{DOMAIN(", known-relays: [10.1.0.1/24]"), 7, "6rd[0].known-relays[0]", "the prefix is 10.1.0.0/24"},
		{DOMAIN(", known-relays: [\"2001:db8::1\"]"), 7, "6rd[0].known-relays[0]", "is not an IPv4 prefix"},
		{DOMAIN(", known-relays: [0.0.0.0/0]"), 7, "6rd[0].known-relays[0]", "must be 1 to 32"},
		{DOMAIN(", known-relays: [10.1.0.1, 10.1.0.1/32]"), 7, "6rd[0].known-relays[1]", "given twice"},
	};

	(void)state;
	RUN(cases);
}

static void
test_6rd_faults(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "6rd:\n  - {" DOMAIN_KEYS "}\n", 5, "6rd", "needs local.icmp6-source"},
		{DOMAIN(",\n     anycast: yes,\n     df: no"), 9, "6rd[0]", "DF must be set (RFC 5969 section 9.1)"},
		{DOMAIN(",\n     ipv4-common: 10.0.0.0"), 8, "6rd[0]", "but no `ipv4-mask-len`"},
		{OTHER_DOMAIN("2001:db8:600::/97", "10.0.0.1"), 7, "6rd[0]", "are 129, 128 are allowed"},
		{OTHER_DOMAIN("4000::/8", "10.0.0.1"), 7, "6rd[0].prefix", "not global unicast"},
		{OTHER_DOMAIN("fc00::/6", "10.0.0.1"), 7, "6rd[0].prefix", "not global unicast"},
		{OTHER_DOMAIN("fd00::/32", "10.0.0.1"), 7, "6rd[0].prefix", "needs `allow-ula: yes`"},
		{OTHER_DOMAIN("2002::/16", "10.0.0.1"), 7, "6rd[0].prefix", "overlaps 2002::/16, the prefix of 6to4"},
		{OTHER_DOMAIN("2002:a00::/24", "10.0.0.1"), 7, "6rd[0].prefix", "overlaps 2002::/16"},
		{OTHER_DOMAIN("2002::/15", "10.0.0.1"), 7, "6rd[0].prefix", "overlaps 2002::/16"},
		{OTHER_DOMAIN("2001::/31", "10.0.0.1"), 7, "6rd[0].prefix", "overlaps 2001::/32, the prefix of Teredo"},
		{OTHER_DOMAIN("2001:0:8000::/33", "10.0.0.1"), 7, "6rd[0].prefix", "overlaps 2001::/32"},
		{OTHER_DOMAIN("2001:db8:600::/40", "0.1.2.3"), 7, "6rd[0].br", "is in 0.0.0.0/8"},
		{OTHER_DOMAIN("2001:db8:600::/40", "127.0.0.1"), 7, "6rd[0].br", "loopback"},
		{OTHER_DOMAIN("2001:db8:600::/40", "169.254.1.1"), 7, "6rd[0].br", "link-local"},
		{OTHER_DOMAIN("2001:db8:600::/40", "224.0.0.1"), 7, "6rd[0].br", "multicast"},
		{OTHER_DOMAIN("2001:db8:600::/40", "255.255.255.255"), 7, "6rd[0].br", "reserved"},
		{OTHER_DOMAIN("2001:db8:600::/40", "192.88.99.1"), 7, "6rd[0].br", "6to4's anycast prefix"},
		{OTHER_DOMAIN("2001:db8:600::/40", "198.51.100.7"), 7, "6rd[0].br", "in the LAN of interface `ix0`"},
		{DOMAIN(", ipv4-mask-len: 16, ipv4-common: 169.254.0.0"), 7, "6rd[0].ipv4-common", "link-local"},
		{DOMAIN(", ipv4-mask-len: 16, known-relays: [10.1.0.0/16, 10.0.0.0/15]"), 7, "6rd[0].known-relays[1]",
			"10.0.0.0/15 covers the whole domain, 10.0.0.0/16"},
		{DOMAIN("") "  - {name: isp, prefix: \"2001:db8:700::/40\", br: 10.0.0.2}\n", 8, "6rd[1].name",
			"`isp` is the name of 6rd[0] too"},
		{DOMAIN("") "  - {name: b, prefix: \"2001:db8:700::/40\", br: 10.0.0.1}\n", 8, "6rd[1].br",
			"10.0.0.1 is in use already: it is 6rd[0].br"},
		{DOMAIN("") "  - {name: b, prefix: \"2001:db8:600:1::/64\", br: 10.0.0.2}\n", 8, "6rd[1].prefix",
			"2001:db8:600:1::/64 overlaps 2001:db8:600::/40, the prefix of 6rd[0]"},
		{DOMAIN("") "6to4: {addresses: [192.0.2.1]}\nroutes: [{prefix: 2001:db8:6ff::/48, blackhole: yes}]\n",
			9, "routes[0].prefix",
			"2001:db8:6ff::/48 lies in 2001:db8:600::/40, which belongs to the tunnel 6rd[0]"},
		{DOMAIN("") "routes:\n  - {prefix: 2001:db8:600::/40, blackhole: yes}\n", 9, "routes[0].prefix",
			"belongs to the tunnel 6rd[0]"},
		{RELAY "6to4: {addresses: [192.0.2.1]}\n6rd:\n  - {name: isp, prefix: \"2001:db8:600::/40\", "
		       "br: 192.0.2.1}\n",
			8, "6rd[0].br", "is in use already: it is 6to4.addresses[0]"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1499}]\n" ID6 "6rd: [{" DOMAIN_KEYS ", mtu: 1480}]\n", 4,
			"6rd[0].mtu", "give it at least 1500, or the tunnel less"},
		{BASE "local: {icmp6-source: \"2001:db8:60a:9::1\"}\n6rd:\n  - {" DOMAIN_KEYS "}\n", 5,
			"local.icmp6-source", "belongs to a site of 6rd[0]"},
	};

	(void)state;
	RUN(cases);
}

/* What lies in the relay's own delegated prefix is its own: 2001:db8:60a:0:100::/72 for 10.0.0.1. */
static void
test_6rd_own_prefix(void **state)
{
	static const struct fault_case cases[] = {
		{PORT "interfaces:\n  - {name: a, port: ix, addresses: [\"2001:db8:60b::1/64\"]}\n" ID6
		      "6rd: [{" DOMAIN_KEYS "}]\n",
			3, "interfaces[0].addresses[0]",
			"makes a LAN within 2001:db8:600::/40, which belongs to the tunnel 6rd[0]"},
		{PORT "interfaces:\n  - {name: a, port: ix, addresses: [\"2001:db8:1:2::1/64\"]}\n" ID6
		      "isatap: [{" SITE_KEYS "}]\n",
			3, "interfaces[0].addresses[0]", "belongs to the tunnel isatap[0]"},
	};

	(void)state;
	RUN(cases);
	test_load_fine(BASE "local: {icmp6-source: \"2001:db8:60a:0:100::1\"}\n6rd:\n  - {" DOMAIN_KEYS "}\n");
	test_load_fine(
		PORT "interfaces:\n"
		     "  - {name: a, port: ix, addresses: [\"2001:db8:60a:0:100::9/88\", \"2001:db8:1:2::1/128\"]}\n" ID6
		     "6rd: [{" DOMAIN_KEYS "}]\nisatap: [{" SITE_KEYS "}]\n");
	ts_config_free(&test_cfg);
}

static void
test_isatap_keys(void **state)
{
	static const struct fault_case cases[] = {
		{RELAY "isatap:\n  - {address: 10.0.0.2, prefix: \"2001:db8:1:2::/64\", site: [10.0.0.0/8]}\n", 7,
			"isatap[0].name", "is missing"},
		{RELAY "isatap:\n  - {name: a, prefix: \"2001:db8:1:2::/64\", site: [10.0.0.0/8]}\n", 7,
			"isatap[0].address", "is missing"},
		{RELAY "isatap:\n  - {name: a, address: 10.0.0.2, site: [10.0.0.0/8]}\n", 7, "isatap[0].prefix",
			"is missing"},
		{RELAY "isatap:\n  - {name: a, address: 10.0.0.2, prefix: \"2001:db8:1:2::/64\"}\n", 7,
			"isatap[0].site", "is missing"},
		{SITE(",\n     sites: [10.1.0.0/16]"), 8, "isatap[0].sites", "did you mean `site`?"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", ""), 7, "isatap[0].site", "at least 1"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "0.0.0.0/0"), 7, "isatap[0].site[0]", "must be 1 to 32"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "10.0.0.1/8"), 7, "isatap[0].site[0]", "is 10.0.0.0/8"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "10.0.0.0/8, 10.0.0.0/8"), 7, "isatap[0].site[1]",
			"given twice"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1::/63", "10.0.0.0/8"), 7, "isatap[0].prefix",
			"the length must be 64"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2:8000::/65", "10.0.0.0/8"), 7, "isatap[0].prefix",
			"the length must be 64"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::1/64", "10.0.0.0/8"), 7, "isatap[0].prefix",
			"the prefix is 2001:db8:1:2::/64"},
		{SITE(", prl: [10.0.0.3, 10.0.0.3]"), 7, "isatap[0].prl[1]", "given twice"},
		{SITE(", prl: [ten]"), 7, "isatap[0].prl[0]", "is not an IPv4 address"},
		{SITE(", u-bit: 2"), 7, "isatap[0].u-bit", "yes, no"},
		{SITE(", mtu: 1500"), 7, "isatap[0].mtu", "1280 to 1480"},
		{SITE(", ttl: 256"), 7, "isatap[0].ttl", "1 to 255"},
		{SITE(", router-lifetime: 0"), 7, "isatap[0].router-lifetime", "1 to 65535"},
		{SITE(", router-lifetime: 65536"), 7, "isatap[0].router-lifetime", "1 to 65535"},
		{SITE(", valid: 0"), 7, "isatap[0].valid", "1 to 4294967295"},
		{SITE(", preferred: 4294967296"), 7, "isatap[0].preferred", "0 to 4294967295"},
		{SITE(", dns: [192.0.2.53]"), 7, "isatap[0].dns[0]", "is not an IPv6 address"},
		{SITE(", dns: [[\"2001:db8::53\"]]"), 7, "isatap[0].dns[0]", "is a list"},
		{SITE(", dns: [\"::1:1\", \"2001:db8::2\", \"2001:db8::3\", \"2001:db8::4\", \"2001:db8::5\"]"), 7,
			"isatap[0].dns", "at most 4"},
		{SITE(", dns-search: [aaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa]"), 7,
			"isatap[0].dns-search[0]", "64 characters, 63 are allowed"},
	};

	(void)state;
	RUN(cases);
}

static void
test_isatap_faults(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "isatap:\n  - {" SITE_KEYS "}\n", 5, "isatap", "needs local.icmp6-source"},
		{OTHER_SITE("127.0.0.2", "2001:db8:1:2::/64", "10.0.0.0/8"), 7, "isatap[0].address", "loopback"},
		{OTHER_SITE("169.254.0.2", "2001:db8:1:2::/64", "10.0.0.0/8"), 7, "isatap[0].address", "link-local"},
		{OTHER_SITE("192.88.99.7", "2001:db8:1:2::/64", "10.0.0.0/8"), 7, "isatap[0].address", "anycast"},
		{OTHER_SITE("198.51.100.7", "2001:db8:1:2::/64", "10.0.0.0/8"), 7, "isatap[0].address", "in the LAN"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "169.254.7.0/24"), 7, "isatap[0].site[0]",
			"169.254.7.0/24 is in 169.254.0.0/16, link-local"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "10.0.0.0/8, 128.0.0.0/1"), 7, "isatap[0].site[1]",
			"128.0.0.0/1 contains 169.254.0.0/16"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "0.0.0.0/8"), 7, "isatap[0].site[0]", "no host has"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "239.0.0.0/8"), 7, "isatap[0].site[0]", "multicast"},
		{OTHER_SITE("10.0.0.2", "2001:db8:1:2::/64", "240.0.0.0/4"), 7, "isatap[0].site[0]", "reserved"},
		{SITE(",\n     prl: [10.0.0.3,\n       224.0.0.1]"), 9, "isatap[0].prl[1]", "multicast"},
		{OTHER_SITE("10.0.0.2", "fd00:0:0:1::/64", "10.0.0.0/8"), 7, "isatap[0].prefix", "`allow-ula: yes`"},
		{OTHER_SITE("10.0.0.2", "fe80::/64", "10.0.0.0/8"), 7, "isatap[0].prefix", "not global unicast"},
		{OTHER_SITE("10.0.0.2", "2002:a00:2:1::/64", "10.0.0.0/8"), 7, "isatap[0].prefix",
			"overlaps 2002::/16"},
		{OTHER_SITE("10.0.0.2", "2001:0:1:2::/64", "10.0.0.0/8"), 7, "isatap[0].prefix", "overlaps 2001::/32"},
		{SITE(",\n     valid: 100,\n     preferred: 101"), 9, "isatap[0]",
			"`preferred`, 101 s, is longer than `valid`, 100 s"},
		{SITE(",\n     valid: 100"), 8, "isatap[0]", "is longer than `valid`"},
		{SITE(", dns: [\"ff02::fb\"]"), 7, "isatap[0].dns[0]", "is a multicast address"},
		{SITE(", dns: [\"::\"]"), 7, "isatap[0].dns[0]", "is the unspecified address"},
		{SITE(", dns: [\"::1\"]"), 7, "isatap[0].dns[0]", "is the loopback address"},
		{SITE(", dns-search: [a.example, a..example]"), 7, "isatap[0].dns-search[1]", "has an empty label"},
		{SITE(", dns-search: [.]"), 7, "isatap[0].dns-search[0]", "has an empty label"},
		{SITE(", dns-search: [a.example.]"), 7, "isatap[0].dns-search[0]", "ends with a dot"},
		{SITE(", dns-search: [a_b.example]"), 7, "isatap[0].dns-search[0]", "no letter, digit or hyphen"},
		{SITE(", dns-search: [-a.example]"), 7, "isatap[0].dns-search[0]", "begins or ends with a hyphen"},
		{SITE(", dns-search: [a-.example]"), 7, "isatap[0].dns-search[0]", "begins or ends with a hyphen"},
		{SITE("") "  - {name: campus, address: 10.0.0.3, prefix: \"2001:db8:1:3::/64\", site: [10.0.0.0/8]}\n",
			8, "isatap[1].name", "is the name of isatap[0] too"},
		{SITE("") "  - {name: b, address: 10.0.0.2, prefix: \"2001:db8:1:3::/64\", site: [10.0.0.0/8]}\n", 8,
			"isatap[1].address", "is in use already: it is isatap[0].address"},
		{SITE("") "  - {name: b, address: 10.0.0.3, prefix: \"2001:db8:1:2::/64\", site: [10.0.0.0/8]}\n", 8,
			"isatap[1].prefix", "overlaps 2001:db8:1:2::/64, the prefix of isatap[0]"},
		{SITE("") "6rd:\n  - {name: a, prefix: \"2001:db8:600::/40\", br: 10.0.0.2}\n", 7, "isatap[0].address",
			"is in use already: it is 6rd[0].br"},
		{SITE("") "6rd:\n  - {name: a, prefix: \"2001:db8:1::/48\", br: 10.0.0.1}\n", 7, "isatap[0].prefix",
			"overlaps 2001:db8:1::/48, the prefix of 6rd[0]"},
		{SITE("") "routes: [{prefix: \"2001:db8:1:2::/64\", blackhole: yes}]\n", 8, "routes[0].prefix",
			"belongs to the tunnel isatap[0]"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1280}]\n" ID6 "isatap: [{" SITE_KEYS "}]\n", 4,
			"isatap[0].mtu", "give it at least 1300"},
	};

	(void)state;
	RUN(cases);
}

static void
test_access_faults(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "handover: {6to4-6to4: yes}\n", 5, "handover.6to4-6to4", "unknown key"},
		{BASE "handover: {6rd-isatap: all}\n", 5, "handover.6rd-isatap", "yes, no"},
		{BASE "access: {deny-ipv4: [0.0.0.0/0]}\n", 5, "access.deny-ipv4[0]", "must be 1 to 32"},
		{BASE "access: {deny-ipv4: [10.0.0.1/8]}\n", 5, "access.deny-ipv4[0]", "the prefix is 10.0.0.0/8"},
		{BASE "access: {deny-ipv4: [10.0.0.0/8, 10.0.0.0/8]}\n", 5, "access.deny-ipv4[1]", "given twice"},
		{BASE "access: {deny-ipv6: [\"::/0\"]}\n", 5, "access.deny-ipv6[0]", "must be 1 to 128"},
		{BASE "access: {deny-ipv6: [10.0.0.0/8]}\n", 5, "access.deny-ipv6[0]", "is not an IPv6 prefix"},
		{BASE "access: {deny-ipv6: [\"2001:db8::1/32\"]}\n", 5, "access.deny-ipv6[0]", "is 2001:db8::/32"},
		{BASE "access:\n  allow-ipv4: [192.0.2.0/24, 10.1.0.0/16]\n  deny-ipv4: [10.0.0.0/8]\n", 6,
			"access.allow-ipv4[1]", "10.1.0.0/16 lies in access.deny-ipv4[0], 10.0.0.0/8"},
		{BASE "access: {rate-per-site: many}\n", 5, "access.rate-per-site", "0 or 1 to 1000000000"},
		{BASE "access: {rate-per-site: {burst: 5}}\n", 5, "access.rate-per-site.per-second", "is missing"},
		{BASE "access: {rate-per-prefix: {per-second: 5, burst: 0}}\n", 5, "access.rate-per-prefix",
			"`per-second: 0` says that there is no limit"},
		{BASE "limits: {icmp6-per-prefix: -1}\n", 5, "limits.icmp6-per-prefix", "0 or 1 to 1000000000"},
		{BASE "limits: {icmp4-errors: x}\n", 5, "limits.icmp4-errors", "not a decimal number"},
		{BASE "limits: {icmp4-errors-per-sauce: 1}\n", 5, "limits.icmp4-errors-per-sauce",
			"`icmp4-errors-per-source`"},
	};

	(void)state;
	RUN(cases);
}

/* A list of n elements made by a format that takes their number, after what is before it. */
static void
assert_too_many(const char *before, const char *format, unsigned n, const char *key, const char *says)
{
	char *text = malloc(65536);
	char want[128];
	size_t at;

	assert_non_null(text);
	at = snprintf(text, 65536, "%s", before);
	for (unsigned i = 0; i < n; i++)
		at += snprintf(text + at, 65536 - at, format, i, i, i / 256, i % 256);
	assert_int_equal(test_load(text), -1);
	snprintf(want, sizeof(want), ": %s: %s", key, says);
	free(text);
	if (strstr(test_said, want) == NULL || test_lines_said() != 1)
		fail_msg("wanted: %s\ngot: %s\n", want, test_said);
}

static void
test_too_many(void **state)
{
	(void)state;
	assert_too_many(RELAY "6rd:\n", "  - {name: n%u, prefix: \"2001:db8:%x::/48\", br: 10.0.%u.%u}\n", 33, "6rd",
		"has 33 entries: at most 32 are allowed");
	assert_too_many(RELAY "isatap:\n",
		"  - {name: n%u, prefix: \"2001:db8:1:%x::/64\", address: 10.0.%u.%u, site: [10.0.0.0/8]}\n", 17,
		"isatap", "has 17 entries: at most 16 are allowed");
	assert_too_many(RELAY "isatap:\n  - name: a\n    address: 10.0.0.1\n    prefix: \"2001:db8:1:2::/64\"\n"
			      "    site: [10.0.0.0/8]\n    prl:\n",
		"    # %u %u\n    - 10.1.%u.%u\n", 32, "isatap[0].prl", "has 32 entries: at most 31 are allowed");
	assert_too_many(RELAY
		"6rd:\n  - name: a\n    br: 10.0.0.1\n    prefix: \"2001:db8:600::/40\"\n    known-relays:\n",
		"    # %u %u\n    - 10.1.%u.%u\n", 33, "6rd[0].known-relays", "has 33 entries: at most 32 are allowed");
	assert_too_many(BASE "access:\n  deny-ipv4:\n", "    # %u %u\n    - 10.0.%u.%u\n", 257, "access.deny-ipv4",
		"has 257 entries: at most 256 are allowed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mirror_faults),
		cmocka_unit_test(test_6rd_keys),
		cmocka_unit_test(test_6rd_faults),
		cmocka_unit_test(test_6rd_own_prefix),
		cmocka_unit_test(test_isatap_keys),
		cmocka_unit_test(test_isatap_faults),
		cmocka_unit_test(test_access_faults),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
