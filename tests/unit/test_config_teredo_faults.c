/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults of the configuration of the Teredo relay and server: each kind alone, as in test_config_faults.c. Those of the
 * keys' file are in test_config_teredo.c.
 */
#include "test_config_faults.h"

static void
test_relay_keys(void **state)
{
	static const struct fault_case cases[] = {
		{RELAY "teredo-relay: yes\n", 6, "teredo-relay", "a section is wanted"},
		{RELAY "teredo-relay:\n", 6, "teredo-relay.address", "is missing"},
		{RELAY "teredo-relay: {port: 3545}\n", 6, "teredo-relay.address", "is missing"},
		{RELAY "teredo-relay: {address: ten}\n", 6, "teredo-relay.address", "is not an IPv4 address"},
		{TEREDO(",\n  ports: 3545"), 7, "teredo-relay.ports", "did you mean `port`?"},
		{TEREDO(",\n  zzzzzzzz: 1"), 7, "teredo-relay.zzzzzzzz", "unknown key"},
		{TEREDO(",\n  port: 0"), 7, "teredo-relay.port", "1 to 65535"},
		{TEREDO(",\n  port: 65536"), 7, "teredo-relay.port", "1 to 65535"},
		{TEREDO(",\n  bubble-source: 192.0.2.1"), 7, "teredo-relay.bubble-source", "is not an IPv6 address"},
		{TEREDO(",\n  cookie-prefix: \"2001:db8:c::/48\""), 7, "teredo-relay.cookie-prefix", "must be 64"},
		{TEREDO(",\n  cookie-prefix: \"2001:db8:c::1/64\""), 7, "teredo-relay.cookie-prefix",
			"the prefix is 2001:db8:c::/64"},
		{TEREDO(",\n  ttl: 0"), 7, "teredo-relay.ttl", "1 to 255"},
		{TEREDO(",\n  min-client-port: 0"), 7, "teredo-relay.min-client-port", "1 to 65535"},
		{TEREDO(",\n  honour-cone: 1"), 7, "teredo-relay.honour-cone", "yes, no"},
		{TEREDO(",\n  direct-bubble: 1"), 7, "teredo-relay.direct-bubble", "yes, no"},
		{TEREDO(",\n  nonce: 1"), 7, "teredo-relay.nonce", "yes, no"},
		{TEREDO(",\n  accept-mismatch: 1"), 7, "teredo-relay.accept-mismatch", "yes, no"},
		{TEREDO(",\n  recover: 1"), 7, "teredo-relay.recover", "yes, no"},
		{TEREDO(",\n  mss-clamp: 1"), 7, "teredo-relay.mss-clamp", "yes, no"},
		{TEREDO(",\n  valid-time: 31"), 7, "teredo-relay.valid-time", "1 to 30"},
		{TEREDO(",\n  valid-time: 0"), 7, "teredo-relay.valid-time", "1 to 30"},
		{TEREDO(",\n  forget-time: 3601"), 7, "teredo-relay.forget-time", "1 to 3600"},
	};

	(void)state;
	RUN(cases);
}

static void
test_relay_limit_keys(void **state)
{
	static const struct fault_case cases[] = {
		{TEREDO(",\n  peers: 1023"), 7, "teredo-relay.peers", "1024 to 16777216"},
		{TEREDO(",\n  peers: 16777217"), 7, "teredo-relay.peers", "1024 to 16777216"},
		{TEREDO(",\n  unconfirmed: 63"), 7, "teredo-relay.unconfirmed", "0 or 64 to 16777216"},
		{TEREDO(",\n  unconfirmed-per-source: 0"), 7, "teredo-relay.unconfirmed-per-source", "1 to 16777216"},
		{TEREDO(",\n  unconfirmed-per-client: 0"), 7, "teredo-relay.unconfirmed-per-client", "1 to 16777216"},
		{TEREDO(",\n  peers-per-mapping: 9"), 7, "teredo-relay.peers-per-mapping", "1 to 8"},
		{TEREDO(",\n  queue-bytes: 1073741825"), 7, "teredo-relay.queue-bytes", "0 to 1073741824"},
		{TEREDO(",\n  bubbles: x"), 7, "teredo-relay.bubbles", "0 to 1000000000"},
		{TEREDO(",\n  bubbles: {per-second: 1, burst: 0}"), 7, "teredo-relay.bubbles",
			"`per-second: 0` says that"},
		{TEREDO(",\n  recovery-bubbles: x"), 7, "teredo-relay.recovery-bubbles", "0 to 1000000000"},
		{TEREDO(",\n  bubbles-per-server: x"), 7, "teredo-relay.bubbles-per-server", "0 or 1 to 1000000000"},
		{TEREDO(",\n  bubbles-per-client: {burst: 1}"), 7, "teredo-relay.bubbles-per-client.per-second",
			"is missing"},
		{TEREDO(",\n  bubbles-per-source: -1"), 7, "teredo-relay.bubbles-per-source", "0 or 1 to 1000000000"},
	};

	(void)state;
	RUN(cases);
}

#define OTHER_RELAY(address) RELAY "teredo-relay: {address: " address "}\n"
#define RELAY_NOT_AT "teredo-relay.address"

static void
test_relay_address(void **state)
{
	static const struct fault_case cases[] = {
		{OTHER_RELAY("0.0.0.0"), 6, RELAY_NOT_AT, "is in 0.0.0.0/8"},
		{OTHER_RELAY("0.1.2.3"), 6, RELAY_NOT_AT, "is in 0.0.0.0/8"},
		{OTHER_RELAY("10.0.0.1"), 6, RELAY_NOT_AT, "10.0.0.1 is private: Teredo needs public addresses"},
		{OTHER_RELAY("127.0.0.1"), 6, RELAY_NOT_AT, "loopback"},
		{OTHER_RELAY("169.254.0.1"), 6, RELAY_NOT_AT, "private"},
		{OTHER_RELAY("172.31.255.255"), 6, RELAY_NOT_AT, "private"},
		{OTHER_RELAY("192.168.0.1"), 6, RELAY_NOT_AT, "private"},
		{OTHER_RELAY("192.88.99.1"), 6, RELAY_NOT_AT, "is in 192.88.99.0/24, 6to4's anycast prefix"},
		{OTHER_RELAY("192.88.99.1") "6to4: {anycast: yes}\n", 6, RELAY_NOT_AT, "6to4's anycast prefix"},
		{OTHER_RELAY("224.0.0.1"), 6, RELAY_NOT_AT, "multicast"},
		{OTHER_RELAY("240.0.0.1"), 6, RELAY_NOT_AT, "reserved"},
		{OTHER_RELAY("198.51.100.7"), 6, RELAY_NOT_AT, "lies in the LAN of interface `ix0`"},
		{TEREDO("") "6rd: [{name: a, prefix: \"2001:db8:600::/40\", br: 192.0.2.1, anycast: yes}]\n", 6,
			RELAY_NOT_AT, "192.0.2.1 is 6rd[0].br, which is anycast"},
		{BASE "local: {icmp6-source: \"2001:db8:6::1\",\n  addresses: [192.0.2.1]}\n"
		      "teredo-relay: {address: 192.0.2.1}\n",
			6, "local.addresses[0]", "192.0.2.1 is in use already: it is teredo-relay.address"},
		{TEREDO(",\n  port: 3544"), 7, "teredo-relay.port", "3544 is the port of servers"},
		{BASE "teredo-relay: {address: 192.0.2.1}\n", 5, "teredo-relay", "needs local.icmp6-source"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1307}]\n" ID6 "teredo-relay: {address: 192.0.2.1}\n", 4,
			"teredo-relay",
			"1280 and 28 bytes of IPv4 and UDP headers do not fit into the MTU 1307 of interface `a`: "
			"give it at least 1308\n"},
	};

	(void)state;
	RUN(cases);
	test_load_fine(
		PORT "interfaces: [{name: a, port: ix, mtu: 1308}]\n" ID6 "teredo-relay: {address: 192.0.2.1}\n");
	ts_config_free(&test_cfg);
}

#define BUBBLE(address) TEREDO(",\n  bubble-source: \"" address "\"")
#define BUBBLE_SOURCE "teredo-relay.bubble-source"

static void
test_bubble_source(void **state)
{
	static const struct fault_case cases[] = {
		{BUBBLE("::"), 7, BUBBLE_SOURCE, ":: is not global unicast (2000::/3)"},
		{BUBBLE("fe80::1"), 7, BUBBLE_SOURCE, "is not global unicast"},
		{BUBBLE("fd00::1"), 7, BUBBLE_SOURCE, "is not global unicast"},
		{BUBBLE("ff0e::1"), 7, BUBBLE_SOURCE, "is not global unicast"},
		{BUBBLE("2001::1"), 7, BUBBLE_SOURCE, "2001::1 is in 2001::/32, the prefix of Teredo"},
		{BUBBLE("2002:c000:201::1"), 7, BUBBLE_SOURCE, "is in 2002::/16, the prefix of 6to4"},
		{BUBBLE("2001:db8:60b::1") "6rd: [{" DOMAIN_KEYS "}]\n", 7, BUBBLE_SOURCE,
			"has to do with 2001:db8:600::/40, which belongs to the tunnel 6rd[0]"},
		{BUBBLE("2001:db8:1:2::1") "isatap: [{" SITE_KEYS "}]\n", 7, BUBBLE_SOURCE,
			"which belongs to the tunnel isatap[0]"},
		{BUBBLE("2001:db8:100::9"), 7, BUBBLE_SOURCE, "lies in the LAN of interface `ix0`"},
		{BASE "local: {icmp6-source: \"2002:c000:201::1\"}\n6to4: {addresses: [192.0.2.1]}\n"
		      "teredo-relay: {address: 192.0.2.1}\n",
			7, BUBBLE_SOURCE,
			"is missing, and local.icmp6-source, 2002:c000:201::1, cannot take its place: it is in "
			"2002::/16"},
		/* ID6's own faults are said once. */
		{BASE "local: {icmp6-source: \"2001::1\"}\nteredo-relay: {address: 192.0.2.1}\n", 5,
			"local.icmp6-source", "is a Teredo address"},
		{BASE "local: {icmp6-source: \"fd00::1\"}\nteredo-relay: {address: 192.0.2.1}\n", 5,
			"local.icmp6-source", "is not a global unicast address"},
		{BASE "local: {icmp6-source: \"2001:db8:100::9\"}\nteredo-relay: {address: 192.0.2.1}\n", 5,
			"local.icmp6-source", "lies in the LAN"},
	};

	(void)state;
	RUN(cases);
}

#define COOKIE(prefix) TEREDO(",\n  cookie-prefix: \"" prefix "\"")
#define COOKIE_PREFIX "teredo-relay.cookie-prefix"

static void
test_cookie_prefix_faults(void **state)
{
	static const struct fault_case cases[] = {
		{COOKIE("fd00:0:0:1::/64"), 7, COOKIE_PREFIX, "fd00:0:0:1::/64 is not global unicast"},
		{COOKIE("2001:0:1:2::/64"), 7, COOKIE_PREFIX, "is in 2001::/32, the prefix of Teredo"},
		{COOKIE("2002:c000:201:1::/64"), 7, COOKIE_PREFIX, "is in 2002::/16, the prefix of 6to4"},
		{COOKIE("2001:db8:60b::/64") "6rd: [{" DOMAIN_KEYS "}]\n", 7, COOKIE_PREFIX, "tunnel 6rd[0]"},
		{COOKIE("2001:db8:1:2::/64") "isatap: [{" SITE_KEYS "}]\n", 7, COOKIE_PREFIX, "tunnel isatap[0]"},
		{COOKIE("2001:db8:100::/64"), 7, COOKIE_PREFIX,
			"2001:db8:100::/64 overlaps the LAN of interface `ix0` (2001:db8:100::1/64)"},
		{COOKIE("2001:db8:c::/64") "routes:\n  - {prefix: \"2001:db8:c::/80\", blackhole: yes}\n", 9,
			"routes[0].prefix", "2001:db8:c::/80 lies in teredo-relay.cookie-prefix, 2001:db8:c::/64"},
		{TEREDO(", cookie-prefix: \"2001:db8:c::/64\",\n  bubble-source: \"2001:db8:6::2\""), 7, BUBBLE_SOURCE,
			"one of the two is allowed"},
	};

	(void)state;
	RUN(cases);
}

static void
test_relay_contradictions(void **state)
{
	static const struct fault_case cases[] = {
		{TEREDO(",\n  accept-mismatch: yes"), 7, "teredo-relay.accept-mismatch", "needs `nonce: yes`"},
		{TEREDO(",\n  forget-time: 29"), 7, "teredo-relay.forget-time",
			"forgotten after 29 s, before its 30 s of `valid-time`"},
		{TEREDO(", peers: 1024,\n  unconfirmed: 1025"), 7, "teredo-relay.unconfirmed",
			"1025 is more than `peers`, 1024"},
		{"memory: {mbufs: 8191}\n" TEREDO(""), 7, "teredo-relay.queue-bytes", "a quarter of the 8191"},
		{TEREDO("") "handover: {teredo-teredo: yes}\n", 7, "handover.teredo-teredo", "unknown key"},
		{TEREDO("") "routes: [{prefix: \"2001:0:1::/48\", blackhole: yes}]\n", 7, "routes[0].prefix",
			"2001:0:1::/48 lies in 2001::/32, which belongs to the tunnel teredo-relay"},
		{PORT "interfaces:\n  - {name: a, port: ix, addresses: [\"2001:0:1::1/64\"]}\n" ID6
		      "teredo-relay: {address: 192.0.2.1}\n",
			3, "interfaces[0].addresses[0]", "which belongs to the tunnel teredo-relay"},
		{BASE "local: {addresses: [\"2001::1\"]}\n", 5, "local.addresses[0]", "2001::1 is a Teredo address"},
	};

	(void)state;
	RUN(cases);
	/* A server alone leaves 2001::/32 to the relays elsewhere. */
	test_load_fine(SERVER("") "routes: [{prefix: \"2001::/32\", via: \"2001:db8:100::2\"}]\n");
	ts_config_free(&test_cfg);
}

static void
test_server_keys(void **state)
{
	static const struct fault_case cases[] = {
		{RELAY "teredo-server: [192.0.2.1]\n", 6, "teredo-server", "a section is wanted"},
		{RELAY "teredo-server:\n", 6, "teredo-server.address", "is missing"},
		{RELAY "teredo-server: {ttl: 64}\n", 6, "teredo-server.address", "is missing"},
		{RELAY "teredo-server: {address: ten}\n", 6, "teredo-server.address", "is not an IPv4 address"},
		{SERVER(",\n  secondary-address: ten"), 7, "teredo-server.secondary-address", "is not an IPv4 address"},
		{SERVER(",\n  keys-file: a b"), 7, "teredo-server.keys-file", "contains a space"},
		{SERVER(",\n  max-icmp6: 55"), 7, "teredo-server.max-icmp6", "56 to 1240"},
		{SERVER(",\n  max-icmp6: 1241"), 7, "teredo-server.max-icmp6", "56 to 1240"},
		{SERVER(",\n  min-client-port: 65536"), 7, "teredo-server.min-client-port", "1 to 65535"},
		{SERVER(",\n  foreign-clients: 1"), 7, "teredo-server.foreign-clients", "yes, no"},
		{SERVER(",\n  ttl: 256"), 7, "teredo-server.ttl", "1 to 255"},
		{SERVER(",\n  advertisements-per-host: x"), 7, "teredo-server.advertisements-per-host", "0 or 1 to"},
		{SERVER(",\n  advertisements-per-net: x"), 7, "teredo-server.advertisements-per-net", "0 or 1 to"},
	};

	(void)state;
	RUN(cases);
}

#define OTHER_SERVER(address) RELAY "teredo-server: {address: " address "}\n"
#define SECONDARY(address) SERVER(",\n  secondary-address: " address)

static void
test_server_faults(void **state)
{
	static const struct fault_case cases[] = {
		{OTHER_SERVER("0.0.0.0"), 6, "teredo-server.address", "is in 0.0.0.0/8"},
		{OTHER_SERVER("10.0.0.1"), 6, "teredo-server.address", "is private"},
		{OTHER_SERVER("192.88.99.7"), 6, "teredo-server.address", "6to4's anycast prefix"},
		{OTHER_SERVER("223.255.255.255"), 6, "teredo-server.secondary-address", "224.0.0.0 is a multicast"},
		{OTHER_SERVER("198.51.99.255"), 6, "teredo-server.secondary-address", "lies in the LAN"},
		{OTHER_SERVER("198.51.100.1"), 6, "teredo-server.secondary-address", "198.51.100.2 lies in the LAN"},
		{OTHER_SERVER("192.88.98.255"), 6, "teredo-server.secondary-address", "192.88.99.0 is in"},
		{SECONDARY("0.0.0.0"), 7, "teredo-server.secondary-address", "is in 0.0.0.0/8"},
		{SECONDARY("127.0.0.1"), 7, "teredo-server.secondary-address", "loopback"},
		{SECONDARY("192.168.0.1"), 7, "teredo-server.secondary-address", "is private"},
		{SECONDARY("192.0.2.1"), 7, "teredo-server.secondary-address",
			"192.0.2.1 is in use already: it is teredo-server.address"},
		{BASE "teredo-server: {address: 192.0.2.1}\n", 5, "teredo-server", "needs local.icmp6-source"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1300}]\n" ID6
		      "teredo-server: {address: 192.0.2.1, max-icmp6: 1225}\n",
			4, "teredo-server.max-icmp6",
			"1265 and 36 bytes of IPv4 and UDP headers and origin indication do not fit"},
	};

	(void)state;
	RUN(cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_keys),
		cmocka_unit_test(test_relay_limit_keys),
		cmocka_unit_test(test_relay_address),
		cmocka_unit_test(test_bubble_source),
		cmocka_unit_test(test_cookie_prefix_faults),
		cmocka_unit_test(test_relay_contradictions),
		cmocka_unit_test(test_server_keys),
		cmocka_unit_test(test_server_faults),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
