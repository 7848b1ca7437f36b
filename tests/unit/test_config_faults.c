/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults of the configuration: each kind alone, with the line and the key that the message must name; then many at
 * once, and texts that are not YAML or not text. Each case must give exactly one message: what follows from a fault is
 * no second fault.
 */
#include "test_config_faults.h"

static void
test_keys(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "memory: {size_mb: 64}\n", 5, "memory.size_mb", "unknown key; did you mean `size-mb`?"},
		{BASE "tablez: {}\n", 5, "tablez", "did you mean `tables`?"},
		{BASE "6to4:\n  anycats: yes\n  addresses: []\n", 6, "6to4.anycats", "did you mean `anycast`?"},
		{BASE "workers: {xyzzy: 1}\n", 5, "workers.xyzzy", "allowed here: cpus idle burst"},
		{BASE "workers: {idle: spin,\n  burst: 8,\n  idle: pause}\n", 7, "workers.idle",
			"given twice: already on line 5"},
		{BASE "netns: a\nkernel: {}\nnetns: b\n", 7, "netns", "given twice: already on line 5"},
		{IFACE, 1, "ports", "is missing"},
		{PORT, 1, "interfaces", "is missing"},
		{PORT "interfaces: []\n", 2, "interfaces", "at least 1"},
		{"interfaces: [{name: a, port: b}]\nports:\n  -\n    name: b\n", 4, "ports[0].device", "is missing"},
		{PORT "interfaces:\n  - port: ix\n", 3, "interfaces[0].name", "is missing"},
		{PORT "interfaces: [{name: a}]\n", 2, "interfaces[0].port", "is missing"},
		{BASE "limits: {echo4: {burst: 1}}\n", 5, "limits.echo4.per-second", "is missing"},
		{BASE "limits: {echo4: {per-second: 1, bust: 1}}\n", 5, "limits.echo4.bust", "`burst`"},
		{BASE "routes:\n  - {via: 198.51.100.2}\n", 6, "routes[0].prefix", "is missing"},
		{BASE "neighbours: [{address: 192.0.2.1, interface: ix0}]\n", 5, "neighbours[0].mac", "is missing"},
	};

	(void)state;
	RUN(cases);
}

static void
test_types(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "memory: 5\n", 5, "memory", "a section is wanted"},
		{BASE "memory: [1]\n", 5, "memory", "a section is wanted"},
		{"ports: ix\n" IFACE, 1, "ports", "a list is wanted"},
		{PORT "interfaces: [{name: ix0, port: ix}, ix1]\n", 2, "interfaces[1]", "a map of keys is wanted"},
		{BASE "workers: {cpus: 1}\n", 5, "workers.cpus", "a list is wanted"},
		{BASE "workers: {burst: [1]}\n", 5, "workers.burst", "is a list: a single value is wanted"},
		{BASE "limits: {echo4: [1]}\n", 5, "limits.echo4", "a number, or the keys per-second and burst"},
		{BASE "workers:\n  burst:\n", 6, "workers.burst", "has no value"},
		{BASE "workers: {burst: many}\n", 5, "workers.burst", "`many` is not a decimal number; 1 to 64"},
		{BASE "workers: {burst: \"8\"}\n", 5, "workers.burst", "quoted"},
		{BASE "workers: {burst: 010}\n", 5, "workers.burst", "not a decimal number"},
		{BASE "workers: {burst: -1}\n", 5, "workers.burst", "not a decimal number"},
		{BASE "workers: {idle: sleep}\n", 5, "workers.idle", "is not one of: spin, pause"},
		{BASE "memory: {hugepages: off}\n", 5, "memory.hugepages", "required, auto, no"},
		{BASE "6to4: {addresses: [], df: maybe}\n", 5, "6to4.df", "yes, no, true, false, on, off"},
		{BASE "netns: \"\"\n", 5, "netns", "empty"},
		{BASE "netns: a b\n", 5, "netns", "contains a space"},
		{BASE "control: {file-prefix: abcdefghijklmnopqrstuvwxyz0123456789}\n", 5, "control.file-prefix",
			"36 characters, 31 are allowed"},
		{BASE "6to4: {addresses: [1.2.3]}\n" ID6, 5, "6to4.addresses[0]", "is not an IPv4 address"},
		{BASE "local: {icmp6-source: 1.2.3.4}\n", 5, "local.icmp6-source", "is not an IPv6 address"},
		{BASE "local: {addresses: [\"2002:c000:207::1\"]}\n", 5, "local.addresses[0]",
			"one of the relay's 6to4"},
		{BASE "local: {addresses: [\"2001:db8::/64\"]}\n", 5, "local.addresses[0]", "is a prefix"},
		{BASE "local:\n  addresses:\n    - nonsense\n", 7, "local.addresses[0]", "not an IPv4 or IPv6"},
		{BASE "routes: [{prefix: x, blackhole: yes}]\n", 5, "routes[0].prefix", "with a prefix length"},
		{BASE "routes: [{prefix: 10.0.0.0/33, blackhole: yes}]\n", 5, "routes[0].prefix", "with a prefix"},
		{BASE "neighbours: [{address: 192.0.2.1, interface: ix0, mac: 1:2:3:4:5:6}]\n", 5, "neighbours[0].mac",
			"is not a MAC address"},
		{BASE "neighbours: [{address: 192.0.2.1, interface: ix0, mac: \"01:00:5e:00:00:01\"}]\n", 5,
			"neighbours[0].mac", "of one station"},
		{BASE "loop-guard: {known-isatap: [10.0.0.0/8]}\n", 5, "loop-guard.known-isatap[0]",
			"is not an IPv6 prefix"},
	};

	(void)state;
	RUN(cases);
}

static void
test_ranges(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "workers: {burst: 65}\n", 5, "workers.burst", "`65` is out of range; 1 to 64 is allowed"},
		{BASE "workers: {burst: 99999999999999999999999}\n", 5, "workers.burst", "out of range"},
		{BASE "workers: {cpus: []}\n", 5, "workers.cpus", "at least 1"},
		{BASE "tables: {next-hops: 32768}\n", 5, "tables.next-hops", "16 to 32767"},
		{BASE "memory: {size-mb: 3}\n", 5, "memory.size-mb", "0 or 64 to 1048576"},
		{BASE "kernel: {table: 4294967296}\n", 5, "kernel.table", "1 to 4294967295"},
		{BASE "6to4: {mtu: 1279, anycast: no}\n", 5, "6to4.mtu", "1280 to 1480"},
		{BASE "6to4: {mtu: 1481, anycast: no}\n", 5, "6to4.mtu", "1280 to 1480"},
		{BASE "6to4: {ttl: 0, anycast: no}\n", 5, "6to4.ttl", "1 to 255"},
		{PORT "interfaces: [{name: a, port: ix, vlan: 0}]\n", 2, "interfaces[0].vlan", "1 to 4094"},
		{PORT "interfaces: [{name: a, port: ix, vlan: 4095}]\n", 2, "interfaces[0].vlan", "1 to 4094"},
		{PORT "interfaces: [{name: a, port: ix, qinq: [5]}]\n", 2, "interfaces[0].qinq", "at least 2"},
		{PORT "interfaces: [{name: a, port: ix, qinq: [5, 4095]}]\n", 2, "interfaces[0].qinq[1]", "4094"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1279}]\n", 2, "interfaces[0].mtu", "1280 to 9600"},
		{PORT "interfaces: [{name: abcdefghijklmnop, port: ix}]\n", 2, "interfaces[0].name", "15 are allowed"},
		{BASE "limits: {echo4: {per-second: 1, burst: 0}}\n", 5, "limits.echo4", "lets nothing pass"},
		{BASE "loop-guard: {known-6rd: [{prefix: \"2001:db8::/32\", ipv4-mask-len: 33, "
		      "ipv4-common: 10.0.0.0}]}\n",
			5, "loop-guard.known-6rd[0].ipv4-mask-len", "0 to 32"},
		{BASE "loop-guard: {known-6rd: [{prefix: \"2001:db8::/97\"}]}\n", 5, "loop-guard.known-6rd[0]",
			"are 129, 128 are allowed"},
		{BASE "loop-guard: {known-6rd: [{prefix: \"2001:db8::/32\", ipv4-mask-len: 8}]}\n", 5,
			"loop-guard.known-6rd[0]", "needs `ipv4-common`"},
		{BASE "loop-guard: {known-isatap: [\"2001:db8::/65\"]}\n", 5, "loop-guard.known-isatap[0]", "1 to 64"},
	};

	(void)state;
	RUN(cases);
}

static void
test_ports_and_interfaces(void **state)
{
	static const struct fault_case cases[] = {
		{"ports:\n  - {name: a, device: net_null0}\n  - {name: a, device: net_null1}\n"
		 "interfaces: [{name: ix0, port: a}]\n",
			3, "ports[1].name", "is the name of ports[0] too"},
		{"ports:\n  - {name: a, device: \"net_tap0,iface=x\"}\n  - {name: b, device: \"net_tap0,iface=y\"}\n"
		 "interfaces: [{name: ix0, port: a}]\n",
			3, "ports[1].device", "in use already: it is ports[0]"},
		{"ports:\n  - {name: a, device: \"01:00.0\"}\n  - {name: b, device: \"0000:01:00.0\"}\n"
		 "interfaces: [{name: ix0, port: a}]\n",
			3, "ports[1].device", "in use already"},
		{"ports:\n  - {name: a, device: \"01:00.0\"}\n"
		 "  - {name: b, device: net_bonding0, members: [\"01:00.1\", \"01:00.0\"]}\n"
		 "interfaces: [{name: ix0, port: a}]\n",
			3, "ports[1].members[1]", "in use already"},
		{"ports: [{name: ix, device: net_null0, members: [net_null1]}]\n" IFACE, 1, "ports[0].members",
			"only a net_bonding"},
		{"ports: [{name: ix, device: net_null0, netns: a/b}]\n" IFACE, 1, "ports[0].netns", "is not a name"},
		{"ports: [{name: \"a/b\", device: net_null0}]\ninterfaces: [{name: ix0, port: a/b}]\n", 1,
			"ports[0].name", "contain any of / : %"},
		{PORT "interfaces: [{name: \"a%d\", port: ix}]\n", 2, "interfaces[0].name", "contain any of / : %"},
		{PORT "interfaces: [{name: .., port: ix}]\n", 2, "interfaces[0].name", "may not be"},
		{PORT "interfaces: [{name: lo, port: ix}]\n", 2, "interfaces[0].name", "taken by the kernel"},
		{PORT "interfaces: [{name: a, port: iy}]\n", 2, "interfaces[0].port",
			"no port is named `iy`; there is: ix"},
		{PORT "interfaces: [{name: a, port: ix},\n {name: a, port: ix, vlan: 5}]\n", 3, "interfaces[1].name",
			"is the name of interfaces[0] too"},
		{PORT "interfaces: [{name: a, port: ix},\n {name: b, port: ix}]\n", 3, "interfaces[1].port",
			"same tags"},
		{PORT "interfaces: [{name: a, port: ix, qinq: [5, 6]},\n {name: b, port: ix, qinq: [5, 6]}]\n", 3,
			"interfaces[1].port", "same tags"},
		{PORT "interfaces: [{name: a, port: ix, vlan: 5,\n qinq: [5, 6]}]\n", 3, "interfaces[0]",
			"both `vlan` and `qinq`"},
		{BASE "path-rtt: {enabled: yes, sample: 12}\n", 5, "path-rtt.sample", "12 is not a power of two"},
		{BASE "path-rtt: {sample: 0}\n", 5, "path-rtt.sample", "1 to 65536"},
		{BASE "path-rtt: {min-handshakes: 3}\n", 5, "path-rtt.min-handshakes", "4 to 1000000"},
		{BASE "health: {hold-down-s: 90, hold-down-max-s: 60}\n", 5, "health.hold-down-max-s",
			"60 is less than hold-down-s, 90"},
		{BASE "announce: {device: ix0}\n", 5, "announce.device", "is the name of interfaces[0]"},
		{BASE "announce: {table: 255}\n", 5, "announce.table", "the kernel's own"},
		{BASE "announce: {table: 6424}\nkernel: {table: 6424}\n", 5, "announce.table", "kernel.table too"},
		{BASE "fpm: {address: 0.0.0.0}\n", 5, "fpm.address", "not the address of a host"},
		{BASE "fpm: {address: \"ff02::1\"}\n", 5, "fpm.address", "not the address of a host"},
		{BASE "fpm: {port: 0}\n", 5, "fpm.port", "0"},
		{BASE "fpm: {stale-s: 0}\n", 5, "fpm.stale-s", "0"},
		{PORT "interfaces: [{name: ix0, port: ix, twin: none}]\nfpm: {}\n", 3, "fpm",
			"no interface has a twin"},
		{BASE "kernel: {table: 255}\n", 5, "kernel.table", "local addresses"},
		{BASE "kernel:\n  delete-hold-ms: 200\n", 5, "kernel.delete-hold-max-ms", "less than delete-hold-ms"},
		{BASE "workers: {cpus: [1, 2, 1]}\n", 5, "workers.cpus[2]", "`1` is given twice"},
		{BASE "workers: {cpus: [x, 0]}\n", 5, "workers.cpus[0]", "not a decimal number"},
		{BASE "control: {cpus: [3, 3]}\n", 5, "control.cpus[1]", "given twice"},
		{BASE "control: {socket: run/x}\n", 5, "control.socket", "not an absolute path"},
		{BASE "control: {file-prefix: a/b}\n", 5, "control.file-prefix", "may not"},
		{BASE "netns: a/b\n", 5, "netns", "is not a name"},
	};

	(void)state;
	RUN(cases);
}

#define ON_LAN(addresses) PORT "interfaces: [{name: a, port: ix,\n addresses: [" addresses "]}]\n"

static void
test_interface_addresses(void **state)
{
	static const struct fault_case cases[] = {
		{ON_LAN("192.0.2.1"), 3, "interfaces[0].addresses[0]", "no prefix length"},
		{ON_LAN("192.0.2.1/0"), 3, "interfaces[0].addresses[0]", "whole Internet"},
		{ON_LAN("192.0.2.0/24"), 3, "interfaces[0].addresses[0]", "of the network itself"},
		{ON_LAN("192.0.2.255/24"), 3, "interfaces[0].addresses[0]", "broadcast"},
		{ON_LAN("\"2001:db8::/64\""), 3, "interfaces[0].addresses[0]", "subnet-router anycast"},
		{ON_LAN("224.0.0.1/24"), 3, "interfaces[0].addresses[0]", "multicast"},
		{ON_LAN("\"ff02::1/64\""), 3, "interfaces[0].addresses[0]", "multicast"},
		{ON_LAN("127.0.0.1/8"), 3, "interfaces[0].addresses[0]", "loopback"},
		{ON_LAN("192.88.99.1/24"), 3, "interfaces[0].addresses[0]", "`anycast: yes`"},
		{ON_LAN("192.0.2.1/24, 192.0.2.1/25"), 3, "interfaces[0].addresses[1]", "in use already"},
		{PORT "interfaces: [{name: a, port: ix, addresses: [192.0.2.1/24]},\n"
		      " {name: b, port: ix, vlan: 3, addresses: [192.0.2.1/25]}]\n",
			3, "interfaces[1].addresses[0]", "it is interfaces[0].addresses[0]"},
	};

	(void)state;
	RUN(cases);
	/* /31 and /127 have no network address; every link may have the same link-local address. */
	test_load_fine(PORT "interfaces: [{name: a, port: ix, addresses: [192.0.2.0/31, fe80::1/64]},\n"
			    " {name: b, port: ix, vlan: 3, addresses: [\"2001:db8::/127\", fe80::1/64]}]\n");
	ts_config_free(&test_cfg);
}

static void
test_service_addresses(void **state)
{
	static const struct fault_case cases[] = {
		{BASE ID6 "6to4: {addresses: [192.0.2.1]}\nlocal.x: 1\n", 7, "local.x", "unknown key"},
		{BASE "local: {icmp6-source: \"2001:db8:6::1\", addresses: [192.0.2.1]}\n"
		      "6to4: {addresses: [192.0.2.1]}\n",
			5, "local.addresses[0]", "it is 6to4.addresses[0]"},
		{BASE ID6 "6to4: {addresses: [192.0.2.1, 192.0.2.1]}\n", 6, "6to4.addresses[1]", "in use already"},
		{BASE "local: {addresses: [192.0.2.1, 192.0.2.1]}\n", 5, "local.addresses[1]", "in use already"},
		{BASE "local: {addresses: [192.88.99.1]}\n", 5, "local.addresses[0]", "`anycast: yes`"},
		{BASE "local: {addresses: [\"fe80::1\"]}\n", 5, "local.addresses[0]", "link-local"},
		{BASE "local: {addresses: [\"ff0e::1\"]}\n", 5, "local.addresses[0]", "multicast"},
		{BASE ID6 "6to4: {addresses: [198.51.100.7]}\n", 6, "6to4.addresses[0]",
			"in the LAN of interface `ix0` (198.51.100.1/24)"},
		{BASE "local: {addresses: [198.51.100.7]}\n", 5, "local.addresses[0]", "in the LAN"},
		{BASE "local: {icmp6-source: \"2001:db8:100::7\"}\n", 5, "local.icmp6-source", "in the LAN"},
		{PORT "interfaces: [{name: a, port: ix, addresses: [192.88.98.1/22]}]\n" ID6 "6to4: {anycast: yes}\n",
			4, "6to4.anycast", "192.88.99.1 lies in the LAN"},
		{BASE "local: {icmp6-source: \"fd00::1\"}\n", 5, "local.icmp6-source", "not a global unicast"},
		{BASE "local: {icmp6-source: \"::\"}\n", 5, "local.icmp6-source", "not a global unicast"},
		{BASE "local: {icmp6-source: \"fe80::1\"}\n", 5, "local.icmp6-source", "not a global unicast"},
		{BASE "local: {icmp6-source: \"2001::1\"}\n", 5, "local.icmp6-source", "Teredo"},
		{BASE "local: {icmp6-source: \"2002:c000:201::1\"}\n6to4: {anycast: yes}\n", 5, "local.icmp6-source",
			"does not embed 6to4.source"},
	};

	(void)state;
	RUN(cases);
	test_load_fine(BASE "local: {icmp6-source: \"2002:c058:6301::1\"}\n"
			    "6to4: {anycast: yes, addresses: [198.51.100.1]}\n");
	ts_config_free(&test_cfg);
}

static void
test_6to4(void **state)
{
	static const struct fault_case cases[] = {
		{BASE "6to4: {anycast: yes}\n", 5, "6to4", "needs local.icmp6-source"},
		{BASE ID6 "6to4:\n", 6, "6to4", "has no address to serve"},
		{BASE ID6 "6to4: {mtu: 1280}\n", 6, "6to4", "has no address to serve"},
		{BASE ID6 "6to4: {addresses: [192.0.2.1], source: anycast}\n", 6, "6to4.source", "not switched on"},
		{BASE ID6 "6to4: {anycast: yes,\n source: 192.0.2.1}\n", 7, "6to4.source",
			"192.0.2.1 is not one of 6to4.addresses"},
		{BASE ID6 "6to4: {anycast: yes, source: any}\n", 6, "6to4.source",
			"is not an IPv4 address and not anycast"},
		{BASE ID6 "6to4: {addresses: [224.0.0.1]}\n", 6, "6to4.addresses[0]", "multicast"},
		{BASE ID6 "6to4: {addresses: [0.1.2.3]}\n", 6, "6to4.addresses[0]", "0.0.0.0/8"},
		{BASE ID6 "6to4: {addresses: [127.0.0.1]}\n", 6, "6to4.addresses[0]", "loopback"},
		{BASE ID6 "6to4: {addresses: [240.0.0.1]}\n", 6, "6to4.addresses[0]", "reserved"},
		{BASE ID6 "6to4: {addresses: [10.0.0.1]}\n", 6, "6to4.addresses[0]", "private"},
		{BASE ID6 "6to4: {addresses: [192.0.2.1, 0.0.0.0]}\n", 6, "6to4.addresses[1]", "no address of a host"},
		{BASE ID6 "6to4: {addresses: [192.88.99.1]}\n", 6, "6to4.addresses[0]", "`anycast: yes`"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1400}]\n" ID6 "6to4: {anycast: yes, mtu: 1400}\n", 4,
			"6to4.mtu", "do not fit into the MTU 1400 of interface `a`: give it at least 1420"},
		{PORT "interfaces: [{name: a, port: ix, mtu: 1280}]\n" ID6 "6to4: {anycast: yes}\n", 4, "6to4.mtu",
			"at least 1300"},
		{BASE ID6 "6to4: {anycast: yes}\nroutes: [{prefix: \"2002:1::/32\", blackhole: yes}]\n", 7,
			"routes[0].prefix", "2002::/16"},
	};

	(void)state;
	RUN(cases);
}

#define ROUTE(keys) BASE "routes:\n  - {" keys "}\n"
#define STATION "mac: \"02:00:00:00:00:01\""

static void
test_routes_and_neighbours(void **state)
{
	static const struct fault_case cases[] = {
		{ROUTE("prefix: 10.1.2.3/8, blackhole: yes"), 6, "routes[0].prefix", "the prefix is 10.0.0.0/8"},
		{ROUTE("prefix: \"2001:db8::1/32\", blackhole: yes"), 6, "routes[0].prefix", "is 2001:db8::/32"},
		{ROUTE("prefix: 10.0.0.0/8, via: \"2001:db8:100::2\""), 6, "routes[0].via", "an IPv4 next hop"},
		{ROUTE("prefix: 2001:db8::/32, via: 198.51.100.2"), 6, "routes[0].via", "an IPv6 next hop"},
		{ROUTE("prefix: 10.0.0.0/8, via: 198.51.100.1"), 6, "routes[0].via", "of the relay itself"},
		{ROUTE("prefix: 10.0.0.0/8, via: 224.0.0.5, interface: ix0"), 6, "routes[0].via", "multicast"},
		{ROUTE("prefix: 10.0.0.0/8, via: 192.0.2.1"), 6, "routes[0].interface", "not on the LAN of any"},
		{ROUTE("prefix: 2000::/3, via: \"fe80::1\""), 6, "routes[0].interface", "is missing"},
		{ROUTE("prefix: 10.0.0.0/8, via: 198.51.100.2, blackhole: yes"), 6, "routes[0]",
			"`via` and `blackhole`"},
		{ROUTE("prefix: 10.0.0.0/8, prohibit: yes, unreachable: yes"), 6, "routes[0]",
			"`unreachable` and `prohibit`"},
		{ROUTE("prefix: 10.0.0.0/8, blackhole: no"), 6, "routes[0]", "leads nowhere"},
		{ROUTE("prefix: 10.0.0.0/8"), 6, "routes[0]", "leads nowhere"},
		{ROUTE("prefix: 10.0.0.0/8, blackhole: yes, interface: ix0"), 6, "routes[0]", "does not use"},
		{ROUTE("prefix: 10.0.0.0/8, interface: ix1"), 6, "routes[0].interface", "no interface is named"},
		{ROUTE("prefix: 10.0.0.0/8, blackhole: yes}\n  - {prefix: 10.0.0.0/8, prohibit: yes"), 7,
			"routes[1].prefix", "has a route already: routes[0]"},
		{BASE "neighbours: [{address: 198.51.100.1, interface: ix0, " STATION "}]\n", 5,
			"neighbours[0].address", "of the relay itself"},
		{BASE "neighbours: [{address: \"ff02::1\", interface: ix0, " STATION "}]\n", 5, "neighbours[0].address",
			"multicast"},
		{BASE "neighbours: [{address: 192.0.2.1, interface: x, " STATION "}]\n", 5, "neighbours[0].interface",
			"no interface is named"},
		{BASE "neighbours:\n  - {address: 192.0.2.1, interface: ix0, " STATION "}\n"
		      "  - {address: 192.0.2.1, interface: ix0, " STATION "}\n",
			7, "neighbours[1].address", "there already on this interface: neighbours[0]"},
	};

	(void)state;
	RUN(cases);
}

static void
test_syntax(void **state)
{
	static const struct fault_case cases[] = {
		{"ports:\n\t- name: ix\n", 2, "", "YAML forbids tabs for indentation"},
		{BASE "memory:\n  # two\n \thugepages: no\n", 7, "", "YAML forbids tabs for indentation"},
		{BASE "memory: {hugepages: no\n", 6, "", "YAML syntax"},
		{BASE "memory: hugepages: no\n", 5, "", "YAML syntax"},
		{BASE "memory: \"no\n", 6, "", "YAML syntax"},
		{"- a\n- b\n", 1, "", "not a list"},
		{"\n\nhello\n", 3, "", "not a single value"},
		{BASE "---\nports: []\n", 5, "", "a second document begins here"},
		{BASE "local: &x {}\n", 5, "", "anchors"},
		{BASE "&x local: {}\n", 5, "", "anchors"},
		{BASE "local: *x\n", 5, "", "aliases"},
		{BASE "local: !foo {}\n", 5, "", "tags"},
		{BASE "netns: !!str relay\n", 5, "", "tags"},
		{BASE "[a, b]: c\n", 5, "", "a key must be a plain word"},
		{BASE "netns: \"a\\0b\"\n", 5, "", "NUL"},
		{BASE "x: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", 5, "", "nested too deeply"},
		{BASE "netns: a\xff\n", 5, "", "is not UTF-8 text"},
		{BASE "netns: a\x07\n", 5, "", "is not UTF-8 text: control characters"},
		{"\xff\xfep\n", 1, "", "is not UTF-8 text"},
	};

	(void)state;
	RUN(cases);
}

static void
test_empty(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(test_load(texts[i]), -1);
		assert_string_equal(test_said, "t.yaml: is empty: at least `ports` and `interfaces` are needed\n");
	}
}

static void
test_not_text(void **state)
{
	static const char nul[] = "ports:\n  - a\0b\n";
	char *large = malloc(10 << 20);

	(void)state;
	assert_non_null(large);
	assert_int_equal(test_load_bytes(nul, sizeof(nul) - 1), -1);
	assert_string_equal(test_said, "t.yaml:2: holds a NUL byte: this is not a text file\n");
	memset(large, '\n', 10 << 20);
	assert_int_equal(test_load_bytes(large, 10 << 20), -1);
	assert_string_equal(test_said, "t.yaml: is 10485760 bytes long: a configuration has at most 1048576\n");
	/* What just fits is read. */
	memcpy(large, PORT IFACE, strlen(PORT IFACE));
	assert_int_equal(test_load_bytes(large, 1 << 20), 0);
	ts_config_free(&test_cfg);
	memset(large, '-', 1 << 20);
	for (unsigned i = 1; i < 1 << 20; i += 2)
		large[i] = '\n';
	assert_int_equal(test_load_bytes(large, 1 << 20), -1);
	assert_non_null(strstr(test_said, "too many values"));
	free(large);
}

/* All in one go, in the order of the file. */
static void
test_many(void **state)
{
	(void)state;
	assert_int_equal(test_load("netns: a/b\n"
				   "ports: [{name: ix, device: net_null0}]\n"
				   "workers:\n"
				   "  burst: 100\n"
				   "  idlee: pause\n"
				   "interfaces: [{name: a, port: iy}]\n"
				   "6to4: {anycast: yes, mtu: 9000}\n"
				   "routes: [{prefix: 10.0.0.1/8, blackhole: yes}]\n"),
		-1);
	static const char *const starts[] = {
		"t.yaml:1: netns: ",
		"t.yaml:4: workers.burst: ",
		"t.yaml:5: workers.idlee: ",
		"t.yaml:6: interfaces[0].port: ",
		"t.yaml:7: 6to4.mtu: ",
		"t.yaml:7: 6to4: ",
		"t.yaml:8: routes[0].prefix: ",
	};
	const char *line = test_said;

	assert_int_equal(test_lines_said(), 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_memory_equal(line, starts[i], strlen(starts[i]));
		line = strchr(line, '\n') + 1;
	}
}

static void
test_more_than_a_hundred(void **state)
{
	char text[16384];
	size_t at = snprintf(text, sizeof(text), "%s", PORT IFACE);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		at += snprintf(text + at, sizeof(text) - at, "unknown%u: x\n", i);
	assert_int_equal(test_load(text), -1);
	assert_int_equal(test_lines_said(), 101);
	assert_non_null(strstr(test_said, "t.yaml:3: unknown0: "));
	assert_non_null(strstr(test_said, "t.yaml: … and more\n"));
}

/* An escape sequence in the file must not reach the terminal. */
static void
test_message_is_harmless(void **state)
{
	(void)state;
	assert_int_equal(test_load(BASE "workers: {idle: \"\\e[2J\\n\\x9b\"}\n"), -1);
	assert_null(strchr(test_said, '\033'));
	assert_null(strstr(test_said, "\xc2\x9b"));
	assert_int_equal(test_lines_said(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ports_and_interfaces),
		cmocka_unit_test(test_interface_addresses),
		cmocka_unit_test(test_service_addresses),
		cmocka_unit_test(test_6to4),
		cmocka_unit_test(test_routes_and_neighbours),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_not_text),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_more_than_a_hundred),
		cmocka_unit_test(test_message_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
