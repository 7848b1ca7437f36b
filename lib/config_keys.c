/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table of keys. It parses (config_load.c), checks single values (config_value.c), gives defaults and writes
 * the reference (config_doc.c); nothing else in the program knows what a key is called. To add one: a field in
 * config.h, a line here, a line in config/tsunagi.yaml (a test asks for it), and a check if it can contradict another.
 *
 * Order matters: a key that names a port or an interface comes after the list that it names from. An entry of a list is
 * a scope of its own, with offsets into the element's struct; a section shares the scope of what it is in.
 */
#include <string.h>

#include "config_keys.h"

/* A table of keys is read by columns of its own. */
/* clang-format off */
static const char *const hugepages[] = { "required", "auto", "no", NULL };
static const char *const idle[] = { "spin", "pause", NULL };
static const char *const log_level[] = { "error", "warning", "info", "debug", NULL };
static const char *const log_format[] = { "text", "json", NULL };
static const char *const log_target[] = { "auto", "stderr", "journal", NULL };
static const char *const twin[] = { "tap", "none", NULL };
static const char *const checksum_offload[] = { "auto", "off", NULL };
static const char *const v4_filter[] = { "core", "extended", NULL };
static const char *const dscp[] = { "zero", "copy", NULL };
static const char *const ecn[] = { "compat", "normal", NULL };
static const char *const anycast_or_mirror[] = { "anycast", "mirror", NULL };
static const char *const hairpin[] = { "self", "all", "none", NULL };

const struct ts_key ts_keys[] = {
	{ .path = "netns", .type = TS_KEY_STRING, CFG(netns),
	  .help = "network namespace of the TAP twins, of the kernel routes that are mirrored and of the routing "
		  "daemon; without it the daemon's own" },

	SECTION("memory", "What is taken from the machine at start."),
	{ .path = "memory.hugepages", .type = TS_KEY_ENUM, CFG(memory.hugepages), .choices = hugepages,
	  .fallback = "required",
	  .help = "required: refuse to start without; auto: use them if there are any; no: ordinary pages, for tests" },
	COMPUTED("memory.size-mb", memory.size_mb, 64, 1048576, "MiB",
		 "memory for DPDK; 0 = computed from the limits in this file"),
	COMPUTED("memory.mbufs", memory.mbufs, 1024, 16777215, "packets",
		 "packet buffers per NUMA node; 0 = computed from ports, queues and workers"),

	SECTION("workers", "The threads that forward packets."),
	{ .path = "workers.cpus", .type = TS_KEY_UINT, CFGS(workers.cpus, workers.n_cpus), .min = 0, .max = 1023,
	  .min_items = 1, .fallback = "1", .flags = TS_KEY_MANY | TS_KEY_UNIQUE, .unit = "CPU numbers",
	  .help = "one worker on each of these CPUs; isolate them from everything else" },
	{ .path = "workers.idle", .type = TS_KEY_ENUM, CFG(workers.idle), .choices = idle, .fallback = "spin",
	  .help = "spin: poll without end; pause: sleep up to 100 µs when there is nothing to do, for machines that "
		  "share their CPUs" },
	{ .path = "workers.burst", .type = TS_KEY_UINT, CFG(workers.burst), .min = 1, .max = 64, .fallback = "32",
	  .unit = "packets", .help = "packets taken from a queue at once" },

	SECTION("control", "The threads that do not forward, and the way to talk to them."),
	{ .path = "control.socket", .type = TS_KEY_STRING, CFG(control.socket), .fallback = "/run/tsunagi/tsunagi.sock",
	  .help = "absolute path of the socket that tsunagictl uses" },
	{ .path = "control.file-prefix", .type = TS_KEY_STRING, CFG(control.file_prefix), .fallback = "tsunagi",
	  .help = "DPDK's name for this process: each process on a machine needs its own" },
	{ .path = "control.cpus", .type = TS_KEY_UINT, CFGS(control.cpus, control.n_cpus), .min = 0, .max = 1023,
	  .flags = TS_KEY_MANY | TS_KEY_UNIQUE, .unit = "CPU numbers",
	  .help = "CPUs for the control and punt threads; without it all that are not a worker's. May be shared with "
		  "workers on a small machine" },

	SECTION("log", "Messages: on standard error, or in the journal with fields. Each place in the program that has many to "
		       "say gets 64 at once and one a second; how many were left out is said. None names a user's address."),
	{ .path = "log.level", .type = TS_KEY_ENUM, CFG(log.level), .choices = log_level, .fallback = "info", RELOAD,
	  .help = "what is logged: messages of this level and of those before it" },
	{ .path = "log.format", .type = TS_KEY_ENUM, CFG(log.format), .choices = log_format, .fallback = "text", RELOAD,
	  .help = "on standard error: lines of text, or a JSON object with time, level and message on each line" },
	{ .path = "log.target", .type = TS_KEY_ENUM, CFG(log.target), .choices = log_target, .fallback = "auto", RELOAD,
	  .help = "auto: the journal's own socket if standard error leads to the journal, else standard error" },

	{ .path = "http", .type = TS_KEY_SECTION, .finish = ts_finish_http, .flags = TS_KEY_STAYS,
	  .enabled_offset = offsetof(struct ts_config, http.enabled),
	  .help = "The HTTP server: /metrics and the status page. Plain HTTP without passwords: put a proxy in front of it for "
		  "all others than this machine's. Off without this section." },
	{ .path = "http.listen", .type = TS_KEY_STRING, CFGS(http.listen, http.n_listen), .fallback = "127.0.0.1:9464",
	  .min_items = 1, .flags = TS_KEY_MANY | TS_KEY_UNIQUE,
	  .help = "where to listen, in the network namespace that tsunagid is started in: ADDRESS:PORT, [ADDRESS]:PORT or "
		  "unix:/PATH (mode 0660). What is not a loopback address or a socket is open to whoever reaches it" },
	{ .path = "http.metrics-listen", .type = TS_KEY_STRING, CFGS(http.metrics_listen, http.n_metrics_listen),
	  .flags = TS_KEY_MANY | TS_KEY_UNIQUE,
	  .help = "where /metrics is, alone, and then nowhere else: so that `listen` can be for everybody. Written as `listen` "
		  "is. Without it /metrics is where `listen` says" },

	{ .path = "status-page", .type = TS_KEY_SECTION, .finish = ts_finish_status_page, .flags = TS_KEY_STAYS,
	  .enabled_offset = offsetof(struct ts_config, status_page.enabled),
	  .help = "The status page, at / of the HTTP server, with what the relay did in the last hour, day and month. Off "
		  "without this section." },
	BOOL("status-page.public", status_page.public, "yes",
	     "for everybody: without neighbours, MAC addresses, devices and addresses of interfaces. What users send is "
	     "only ever counted"),
	{ .path = "status-page.title", .type = TS_KEY_TEXT, CFG(status_page.title), .fallback = "IPv6 tunnel relay", RELOAD,
	  .help = "the page's heading: what the relay is and where" },
	{ .path = "status-page.contact", .type = TS_KEY_TEXT, CFG(status_page.contact), RELOAD,
	  .help = "whom to ask: a mail address, an http or https URL, or any text" },
	{ .path = "status-page.history-file", .type = TS_KEY_STRING, CFG(status_page.history_file),
	  .fallback = "/var/lib/tsunagi/history",
	  .help = "absolute path of the file that the figures of the past are kept in: written every five minutes and at "
		  "the end; its directory is made if it is not there" },

	SECTION("path-rtt", "Round-trip times of TCP handshakes that pass the relay, by mechanism and by prefix."),
	BOOL("path-rtt.enabled", path_rtt.enabled, "no",
	     "look at SYN, SYN+ACK and ACK of sampled flows as they pass; nothing is sent"),
	NUMBER("path-rtt.sample", path_rtt.sample, 1, 65536, "16", "flows", "one of so many flows is looked at: a power of two"),
	NUMBER("path-rtt.min-handshakes", path_rtt.min_handshakes, 4, 1000000, "8", "handshakes",
	       "a prefix (IPv4 /24, IPv6 /32) is shown from so many on, and only if they are of four sites or more"),

	SECTION("tables", "Limits of the forwarding tables; memory is taken for all of it at start."),
	LIMIT("tables.ipv4-routes", tables.ipv4_routes, 1, 16777216, "1200000", "routes", "IPv4 routes"),
	LIMIT("tables.ipv6-routes", tables.ipv6_routes, 1, 16777216, "300000", "routes", "IPv6 routes"),
	COMPUTED("tables.ipv4-tbl8", tables.ipv4_tbl8, 16, 32767, "groups",
		 "groups of 256 entries for IPv4 prefixes longer than /24; 0 = computed"),
	COMPUTED("tables.ipv6-tbl8", tables.ipv6_tbl8, 16, 4194304, "lines",
		 "lines of 64 bytes for the nodes of an IPv6 table, about three for two prefixes; 0 = computed"),
	LIMIT("tables.next-hops", tables.next_hops, 16, 32767, "4096", "next hops",
	      "next hops, those of the tunnels included; the IPv4 table has 15 bits for them"),
	LIMIT("tables.adjacencies", tables.adjacencies, 16, 1048576, "1024", "neighbours",
	      "neighbours whose link-layer address is in use"),

	{ .path = "ports[]", .type = TS_KEY_LIST, CFGS(ports, n_ports), .min_items = 1, .flags = TS_KEY_REQUIRED,
	  .line_offset = offsetof(struct ts_cfg_port, line), .help = "The DPDK devices that packets come and go by." },
	{ .path = "ports[].name", .type = TS_KEY_STRING, FIELD(struct ts_cfg_port, name), .flags = TS_KEY_REQUIRED,
	  .help = "what interfaces and statistics call the port" },
	{ .path = "ports[].device", .type = TS_KEY_STRING, FIELD(struct ts_cfg_port, device), .flags = TS_KEY_REQUIRED,
	  .help = "PCI address, or a DPDK virtual device with its arguments (net_tap0,iface=x; net_bonding0,mode=4)" },
	{ .path = "ports[].members", .type = TS_KEY_STRING, ARRAY(struct ts_cfg_port, members, n_members),
	  .flags = TS_KEY_MANY | TS_KEY_UNIQUE,
	  .help = "devices to probe before `device`: the members of a net_bonding LAG" },
	{ .path = "ports[].netns", .type = TS_KEY_STRING, FIELD(struct ts_cfg_port, netns),
	  .help = "network namespace in which a virtual device is made; without it the daemon's own" },
	{ .path = "ports[].rx-descriptors", .type = TS_KEY_UINT, FIELD(struct ts_cfg_port, rx_descriptors), .min = 64,
	  .max = 32768, .fallback = "1024", .unit = "packets", .help = "length of each receive queue" },
	{ .path = "ports[].tx-descriptors", .type = TS_KEY_UINT, FIELD(struct ts_cfg_port, tx_descriptors), .min = 64,
	  .max = 32768, .fallback = "1024", .unit = "packets", .help = "length of each transmit queue" },
	{ .path = "ports[].promiscuous", .type = TS_KEY_BOOL, FIELD(struct ts_cfg_port, promiscuous), .fallback = "no",
	  .help = "receive frames for any MAC address" },
	{ .path = "ports[].checksum-offload", .type = TS_KEY_ENUM, FIELD(struct ts_cfg_port, checksum_offload),
	  .choices = checksum_offload, .fallback = "auto",
	  .help = "auto: the outer UDP checksum of Teredo packets that the NIC says is right is not verified again, on "
		  "NICs that offer it (not virtio and TAP); off: for a NIC that says so of wrong ones" },

	{ .path = "interfaces[]", .type = TS_KEY_LIST, CFGS(interfaces, n_interfaces), .min_items = 1,
	  .flags = TS_KEY_REQUIRED, .line_offset = offsetof(struct ts_cfg_interface, line),
	  .finish = ts_finish_interface,
	  .help = "What has addresses: a port as it is, or one VLAN of it." },
	{ .path = "interfaces[].name", .type = TS_KEY_STRING, FIELD(struct ts_cfg_interface, name),
	  .flags = TS_KEY_REQUIRED, .help = "name of the interface and of its TAP twin in the kernel" },
	{ .path = "interfaces[].port", .type = TS_KEY_PORT, FIELD(struct ts_cfg_interface, port),
	  .flags = TS_KEY_REQUIRED, .help = "name of the port that it is on" },
	{ .path = "interfaces[].vlan", .type = TS_KEY_UINT, FIELD(struct ts_cfg_interface, vlan[0]), .min = 1,
	  .max = 4094, .help = "802.1Q tag; without `vlan` and `qinq` the interface is untagged" },
	{ .path = "interfaces[].qinq", .type = TS_KEY_UINT, .offset = offsetof(struct ts_cfg_interface, vlan),
	  .size = sizeof(uint16_t), .min = 1, .max = 4094, .min_items = 2, .max_items = 2, .flags = TS_KEY_MANY,
	  .help = "two tags, outer (802.1ad) and inner (802.1Q)" },
	{ .path = "interfaces[].mtu", .type = TS_KEY_UINT, FIELD(struct ts_cfg_interface, mtu), .min = 1280,
	  .max = 9600, .fallback = "1500", .unit = "bytes", .help = "largest IP packet" },
	{ .path = "interfaces[].twin", .type = TS_KEY_ENUM, FIELD(struct ts_cfg_interface, twin), .choices = twin,
	  .fallback = "tap",
	  .help = "tap: the kernel sees the interface, for ARP, ND, BGP and the operator; none: static routes and "
		  "neighbours only" },
	{ .path = "interfaces[].addresses", .type = TS_KEY_HOST, ARRAY(struct ts_cfg_interface, addresses, n_addresses),
	  .flags = TS_KEY_MANY, .help = "host addresses with the prefix length of their LAN, put on the twin" },

	SECTION("kernel", "How the kernel's routes are mirrored."),
	{ .path = "kernel.table", .type = TS_KEY_UINT, CFG(kernel.table), .min = 1, .max = UINT32_MAX,
	  .fallback = "254", .help = "routing table that the routing daemon writes; 254 = main" },
	{ .path = "kernel.delete-hold-ms", .type = TS_KEY_UINT, CFG(kernel.delete_hold_ms), .min = 0, .max = 10000,
	  .fallback = "20", RELOAD, .unit = "ms", .help = "a deletion takes effect after this long without news, so that delete-then-add is a replacement" },
	{ .path = "kernel.delete-hold-max-ms", .type = TS_KEY_UINT, CFG(kernel.delete_hold_max_ms), .min = 0,
	  .max = 10000, .fallback = "100", RELOAD, .unit = "ms", .help = "and after this long at the latest" },
	{ .path = "kernel.resync-s", .type = TS_KEY_UINT, CFG(kernel.resync_s), .min = 0, .max = 86400, .fallback = "0",
	  RELOAD, .unit = "s", .help = "compare with a dump of the kernel's table this often; 0 = only when needed" },

	{ .path = "fpm", .type = TS_KEY_SECTION, .finish = ts_finish_fpm, .flags = TS_KEY_STAYS,
	  .enabled_offset = offsetof(struct ts_config, fpm.enabled),
	  .help = "Routes from FRR's zebra (-M dplane_fpm_nl) over TCP, in the place of the kernel's: of kernel table "
		  "`kernel.table` only the on-link routes of the interfaces' addresses are then mirrored, and of FRR's routes "
		  "those of that table taken. Off without this section." },
	{ .path = "fpm.address", .type = TS_KEY_ADDRESS, CFG(fpm.address), .fallback = "127.0.0.1",
	  .help = "where to listen, in the relay's network namespace. Whoever can connect can give routes" },
	LIMIT("fpm.port", fpm.port, 1, 65535, "2620", "TCP port", "FRR connects to 2620 unless told otherwise"),
	LIMIT("fpm.stale-s", fpm.stale_s, 1, 86400, "120", "s",
	      "when FRR's connection ends, its routes stay for so long, and when a new one begins, so long from then: what FRR "
	      "has not sent again by then goes. Longer than BGP takes to converge after a restart"),

	SECTION("source-policy", "Which addresses are never believed."),
	{ .path = "source-policy.ipv4", .type = TS_KEY_ENUM, CFG(source_policy.v4_filter), .choices = v4_filter,
	  .fallback = "extended", RELOAD,
	  .help = "core: private, loopback, link-local, multicast and reserved space; extended: also shared, "
		  "documentation and benchmark space (RFC 6890)" },
	{ .path = "source-policy.pass-rh0", .type = TS_KEY_BOOL, CFG(source_policy.pass_rh0), .fallback = "no", RELOAD,
	  .help = "let IPv6 packets with a type 0 routing header pass, which RFC 5095 deprecates" },

	{ .path = "local", .type = TS_KEY_SECTION, .finish = ts_finish_local,
	  .help = "Addresses of the relay itself that the kernel does not have; the data path answers for them." },
	{ .path = "local.icmp6-source", .type = TS_KEY_IPV6, CFG(local.icmp6_source), RELOAD,
	  .help = "source of the ICMPv6 errors: global unicast, announced to the whole Internet, not from the exchange "
		  "LAN (else uRPF elsewhere drops Packet Too Big). Needed by every tunnel" },
	{ .path = "local.hop-limit", .type = TS_KEY_UINT, CFG(local.hop_limit), .min = 1, .max = 255, .fallback = "64",
	  RELOAD, .help = "of packets that the relay originates" },
	{ .path = "local.addresses", .type = TS_KEY_ADDRESS, CFGS(local.addresses, local.n_addresses),
	  .flags = TS_KEY_MANY | TS_KEY_RELOADABLE, .help = "further addresses that answer echo requests" },

	SECTION("limits", "What others can make the relay do: token buckets, filled per second up to the burst. "
			  "Each is a number per second (the burst is then the same) or the two keys `limits.*`."),
	RATE("limits.icmp6-too-big", limits.too_big, "10000",
	     "ICMPv6 Packet Too Big; too few break path MTU discovery"),
	RATE("limits.icmp6-time-exceeded", limits.time_exceeded, "1000", "ICMPv6 Time Exceeded (traceroute)"),
	RATE("limits.icmp6-unreachable", limits.unreachable, "1000", "ICMPv6 Destination Unreachable"),
	RATE("limits.icmp6-parameter-problem", limits.parameter_problem, "100", "ICMPv6 Parameter Problem"),
	RATE_OR_NO_LIMIT("limits.icmp6-per-prefix", limits.icmp6_per_prefix, "100",
	     "ICMPv6 errors of one type to one destination /64, of each worker; 0 = no limit but those above"),
	RATE("limits.icmp4-errors", limits.icmp4_errors, "10000",
	     "ICMPv4 errors from inside the tunnels that are translated to ICMPv6"),
	RATE_OR_NO_LIMIT("limits.icmp4-errors-per-source", limits.icmp4_errors_per_source, "100",
	     "those from one IPv4 source, of each worker; 0 = no limit but the one above"),
	RATE("limits.icmp4-unreachable", limits.icmp4_unreachable, "100", "ICMPv4 port unreachable"),
	RATE("limits.echo4", limits.echo4, "1000000", "replies to ping of the relay's IPv4 addresses"),
	RATE("limits.echo6", limits.echo6, "1000000", "replies to ping of the relay's IPv6 addresses"),
	{ .path = "limits.*.per-second", .type = TS_KEY_UINT, FIELD(struct ts_cfg_rate, per_second), .min = 0,
	  .max = 1000000000, .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .unit = "per second",
	  .help = "how many on average; 0 = none at all, or no limit where the rate itself says so" },
	{ .path = "limits.*.burst", .type = TS_KEY_UINT, FIELD(struct ts_cfg_rate, burst), .min = 0, .max = 1000000000,
	  RELOAD, .help = "how many at once; without it as many as per second" },
	{ .path = "limits.neighbour-queue", .type = TS_KEY_UINT, CFG(limits.neighbour_queue), .min = 0, .max = 32,
	  .fallback = "8", .unit = "packets", .help = "packets that wait for each unresolved neighbour" },

	SECTION("reassembly", "IPv4 fragments of tunnel packets and of packets for service addresses; limits of each worker. "
			      "When one is reached, the oldest incomplete datagram goes."),
	LIMIT("reassembly.timeout-s", reassembly.timeout_s, 1, 120, "15", "s",
	      "how long an incomplete datagram is kept; RFC 1122 has 60 to 120 s, which under attack is too long"),
	LIMIT("reassembly.max-size", reassembly.max_size, 1500, 65535, "1500", "bytes",
	      "largest datagram; RFC 4213 3.6 asks for 1500 or the largest interface MTU"),
	LIMIT("reassembly.datagrams", reassembly.datagrams, 1, 65536, "1024", "datagrams", "incomplete ones at a time"),
	LIMIT("reassembly.bytes", reassembly.bytes, 65536, 1073741824, "4194304", "bytes", "payload kept at a time"),
	LIMIT("reassembly.per-source", reassembly.per_source, 1, 65535, "16", "datagrams",
	      "incomplete datagrams of one IPv4 source"),
	LIMIT("reassembly.fragments", reassembly.fragments, 2, 64, "32", "fragments", "of one datagram"),

	SECTION("loop-guard", "Other automatic tunnels near this relay, for the loop checks of RFC 6324."),
	{ .path = "loop-guard.known-isatap", .type = TS_KEY_PREFIX6,
	  CFGS(loop_guard.known_isatap, loop_guard.n_known_isatap), .min = 1, .max = 64,
	  .flags = TS_KEY_MANY | TS_KEY_RELOADABLE, .help = "prefixes of ISATAP routers of this network" },
	{ .path = "loop-guard.known-6rd[]", .type = TS_KEY_LIST, CFGS(loop_guard.known_6rd, loop_guard.n_known_6rd),
	  RELOAD, .finish = ts_finish_known_6rd, .help = "6rd domains of this network." },
	{ .path = "loop-guard.known-6rd[].prefix", .type = TS_KEY_PREFIX6, FIELD(struct ts_prefix6rd, prefix), .min = 1,
	  .max = 128, .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "6rd prefix" },
	{ .path = "loop-guard.known-6rd[].ipv4-mask-len", .type = TS_KEY_UINT,
	  FIELD(struct ts_prefix6rd, ipv4_mask_len), .min = 0, .max = 32, .fallback = "0", .unit = "bits", RELOAD,
	  .help = "leading bits that all IPv4 addresses of the domain share, and that 6rd addresses leave out" },
	{ .path = "loop-guard.known-6rd[].ipv4-common", .type = TS_KEY_IPV4, FIELD(struct ts_prefix6rd, ipv4_common),
	  RELOAD,
	  .help = "an IPv4 address of the domain: its first `ipv4-mask-len` bits count. Needed when that is not 0" },

#include "config_keys_tunnels.h"

	SECTION("handover", "What may go from one tunnel straight into another of this relay; what may not is dropped. "
			    "6to4 to 6to4 (RFC 3964) and Teredo to Teredo never may; within one 6rd domain `hairpin` "
			    "decides, within one ISATAP site everything may."),
	HANDOVER("handover.6to4-6rd", TS_MECH_6TO4, TS_MECH_6RD, "from 6to4 to 6rd"),
	HANDOVER("handover.6to4-isatap", TS_MECH_6TO4, TS_MECH_ISATAP, "from 6to4 to ISATAP"),
	HANDOVER("handover.6to4-teredo", TS_MECH_6TO4, TS_MECH_TEREDO, "from 6to4 to Teredo"),
	HANDOVER("handover.6rd-6to4", TS_MECH_6RD, TS_MECH_6TO4, "from 6rd to 6to4"),
	HANDOVER("handover.6rd-6rd", TS_MECH_6RD, TS_MECH_6RD, "from one 6rd domain to another"),
	HANDOVER("handover.6rd-isatap", TS_MECH_6RD, TS_MECH_ISATAP, "from 6rd to ISATAP"),
	HANDOVER("handover.6rd-teredo", TS_MECH_6RD, TS_MECH_TEREDO, "from 6rd to Teredo"),
	HANDOVER("handover.isatap-6to4", TS_MECH_ISATAP, TS_MECH_6TO4, "from ISATAP to 6to4"),
	HANDOVER("handover.isatap-6rd", TS_MECH_ISATAP, TS_MECH_6RD, "from ISATAP to 6rd"),
	HANDOVER("handover.isatap-isatap", TS_MECH_ISATAP, TS_MECH_ISATAP, "from one ISATAP site to another"),
	HANDOVER("handover.isatap-teredo", TS_MECH_ISATAP, TS_MECH_TEREDO, "from ISATAP to Teredo"),
	HANDOVER("handover.teredo-6to4", TS_MECH_TEREDO, TS_MECH_6TO4, "from Teredo to 6to4"),
	HANDOVER("handover.teredo-6rd", TS_MECH_TEREDO, TS_MECH_6RD, "from Teredo to 6rd"),
	HANDOVER("handover.teredo-isatap", TS_MECH_TEREDO, TS_MECH_ISATAP, "from Teredo to ISATAP"),

	SECTION("access", "Who is served by the tunnels, and how much (RFC 3964 4.1.3, 4.2.3)."),
	{ .path = "access.deny-ipv4", .type = TS_KEY_PREFIX4, CFGS(access.deny4, access.n_deny4), .min = 1, .max = 32,
	  .flags = TS_KEY_MANY | TS_KEY_UNIQUE | TS_KEY_RELOADABLE,
	  .help = "far ends of tunnels that are not served, whatever `allow-ipv4` says" },
	{ .path = "access.allow-ipv4", .type = TS_KEY_PREFIX4, CFGS(access.allow4, access.n_allow4), .min = 0,
	  .max = 32, .flags = TS_KEY_MANY | TS_KEY_UNIQUE | TS_KEY_RELOADABLE,
	  .help = "the only far ends of tunnels that are served; without it, or empty, all" },
	{ .path = "access.deny-ipv6", .type = TS_KEY_PREFIX6, CFGS(access.deny6, access.n_deny6), .min = 1, .max = 128,
	  .flags = TS_KEY_MANY | TS_KEY_UNIQUE | TS_KEY_RELOADABLE,
	  .help = "native sources and destinations that no tunnel packet may have" },
	RATE_OR_NO_LIMIT("access.rate-per-site", access.per_site4, "0",
			 "tunnel packets of one IPv4 far end; 0 = no limit"),
	RATE_OR_NO_LIMIT("access.rate-per-prefix", access.per_prefix6, "0",
			 "tunnel packets of one native /64; 0 = no limit"),

	{ .path = "announce", .type = TS_KEY_SECTION, .finish = ts_finish_announce,
	  .enabled_offset = offsetof(struct ts_config, announce.enabled),
	  .help = "The anycast prefixes as kernel routes for BIRD or FRR to export, while the relay is healthy. Off without "
		  "this section, which may come and go at a reload." },
	{ .path = "announce.device", .type = TS_KEY_STRING, CFG(announce.device), .fallback = "tsunagi0",
	  .help = "name of the TUN device that the routes point to; it dies with the process, and they with it" },
	{ .path = "announce.table", .type = TS_KEY_UINT, CFG(announce.table), .min = 1, .max = UINT32_MAX,
	  .fallback = "6424", .help = "kernel routing table for them, used by nothing else; 254 for FRR, which knows the main table alone" },

	SECTION("health", "What has to be right before a prefix is announced. 192.88.99.0/24 needs IPv6 upstream, the IPv6 "
			  "prefixes need IPv4: who loses one family must not attract the traffic of the other."),
	BOOL("health.probe", health.probe, "yes",
	     "send test packets through every tunnel of every worker, both ways; none leaves the machine"),
	BOOL("health.require-ipv4-default", health.require_default4, "no", "an IPv4 default route is needed"),
	BOOL("health.require-ipv6-default", health.require_default6, "no", "an IPv6 default route is needed"),
	NUMBER("health.min-ipv4-routes", health.min_ipv4_routes, 0, 16777216, "1", "routes",
	       "IPv4 routes by a gateway that are needed, the default route among them"),
	NUMBER("health.min-ipv6-routes", health.min_ipv6_routes, 0, 16777216, "1", "routes",
	       "IPv6 routes by a gateway that are needed, the default route among them"),
	NUMBER("health.hold-down-s", health.hold_down_s, 0, 3600, "60", "s",
	       "what was withdrawn is announced again when all has been well for so long; twice as long each time that "
	       "this happens again within `hold-down-max-s`"),
	NUMBER("health.hold-down-max-s", health.hold_down_max_s, 0, 86400, "3600", "s",
	       "but never longer than this; after as long without a fault it begins anew"),
	NUMBER("health.drain-s", health.drain_s, 0, 3600, "10", "s",
	       "how long `tsunagictl drain` shows its intention (metric 65535) before it withdraws the prefixes"),
	NUMBER("health.loss-percent", health.loss_percent, 0, 100, "20", "%",
	       "overload: so much of the packets is lost at the ports; 0 = never mind"),
	NUMBER("health.loss-s", health.loss_s, 1, 3600, "10", "s", "for so long without a break"),

	{ .path = "sflow", .type = TS_KEY_SECTION, .finish = ts_finish_sflow, .flags = TS_KEY_RELOADABLE,
	  .line_offset = offsetof(struct ts_config, sflow.line),
	  .enabled_offset = offsetof(struct ts_config, sflow.enabled),
	  .help = "Samples of what the ports receive, with outer and inner headers and the addresses in them, and the ports' "
		  "counters, to collectors by sFlow version 5. Off without this section, which may come and go at a reload." },
	{ .path = "sflow.collectors[]", .type = TS_KEY_LIST, CFGS(sflow.collectors, sflow.n_collectors), .min_items = 1,
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .line_offset = offsetof(struct ts_cfg_collector, line),
	  .help = "Where the datagrams go, from the network namespace that tsunagid is started in; each gets all of them." },
	{ .path = "sflow.collectors[].address", .type = TS_KEY_ADDRESS, FIELD(struct ts_cfg_collector, address),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "the collector's" },
	{ .path = "sflow.collectors[].port", .type = TS_KEY_UINT, FIELD(struct ts_cfg_collector, port), .min = 1,
	  .max = 65535, .fallback = "6343", .unit = "UDP port", RELOAD, .help = "where it listens" },
	{ .path = "sflow.agent", .type = TS_KEY_ADDRESS, CFG(sflow.agent), RELOAD,
	  .help = "address that collectors know the relay by; without it the first one of the interfaces" },
	NUMBER("sflow.sub-agent", sflow.sub_agent, 0, UINT32_MAX, "0", NULL,
	       "tells this relay from other agents with the same address"),
	{ .path = "sflow.source", .type = TS_KEY_ADDRESS, CFG(sflow.source), RELOAD,
	  .help = "source of the datagrams to collectors of its family; without it the kernel's choice" },
	{ .path = "sflow.sampling-rate", .type = TS_KEY_UINT, CFG(sflow.sampling_rate), .min = 1, .max = 16777215,
	  .fallback = "4096", .flags = TS_KEY_OR_ZERO | TS_KEY_RELOADABLE, .unit = "packets",
	  .help = "one packet of so many is sampled, on average and at random; 0 = none, only counters" },
	NUMBER("sflow.header-bytes", sflow.header_bytes, 64, 512, "128", "bytes",
	       "how much of each frame: 128 hold the headers of every tunnel and of TCP in it; more is payload"),
	NUMBER("sflow.counter-interval-s", sflow.counter_interval_s, 0, 3600, "20", "s",
	       "how often the ports' counters are sent; 0 = never"),
	BOOL("sflow.mark-tunnels", sflow.mark_tunnels, "no",
	     "say of samples from a tunnel where the inner header begins (extended_decapsulate_egress); sfcapd of nfdump "
	     "1.7.1 discards the datagrams that do"),

	{ .path = "routes[]", .type = TS_KEY_LIST, .offset = offsetof(struct ts_config, routes),
	  .size = sizeof(struct ts_cfg_route), .count_offset = offsetof(struct ts_config, n_routes),
	  .max_items = TS_MAX_STATIC_ROUTES, .flags = TS_KEY_OWNED | TS_KEY_RELOADABLE,
	  .line_offset = offsetof(struct ts_cfg_route, line), .finish = ts_finish_route,
	  .help = "Static routes. One of `via`, `blackhole`, `unreachable`, `prohibit`, or only an `interface`: the "
		  "prefix is then directly attached to it." },
	{ .path = "routes[].prefix", .type = TS_KEY_PREFIX, FIELD(struct ts_cfg_route, prefix),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "destination" },
	{ .path = "routes[].via", .type = TS_KEY_ADDRESS, FIELD(struct ts_cfg_route, via), RELOAD, .help = "next hop" },
	{ .path = "routes[].blackhole", .type = TS_KEY_SWITCH, FIELD(struct ts_cfg_route, kind),
	  .min = TS_ROUTE_BLACKHOLE, RELOAD, .help = "drop silently" },
	{ .path = "routes[].unreachable", .type = TS_KEY_SWITCH, FIELD(struct ts_cfg_route, kind),
	  .min = TS_ROUTE_UNREACHABLE, RELOAD, .help = "drop with an ICMP error: no route" },
	{ .path = "routes[].prohibit", .type = TS_KEY_SWITCH, FIELD(struct ts_cfg_route, kind),
	  .min = TS_ROUTE_PROHIBIT, RELOAD, .help = "drop with an ICMP error: prohibited" },
	{ .path = "routes[].interface", .type = TS_KEY_INTERFACE, FIELD(struct ts_cfg_route, interface), RELOAD, .help = "interface of the next hop; found by its LAN prefix when it is not given" },

	{ .path = "peers[]", .type = TS_KEY_LIST, CFGS(peers, n_peers), RELOAD,
	  .line_offset = offsetof(struct ts_cfg_peer, line),
	  .help = "BGP neighbours, so that figures by neighbour say whose they are. Nothing else depends on it." },
	{ .path = "peers[].address", .type = TS_KEY_ADDRESS, FIELD(struct ts_cfg_peer, address),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "its address on the link" },
	{ .path = "peers[].as", .type = TS_KEY_UINT, FIELD(struct ts_cfg_peer, as), .min = 1, .max = UINT32_MAX,
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "its autonomous system" },

	{ .path = "neighbours[]", .type = TS_KEY_LIST, .offset = offsetof(struct ts_config, neighbours),
	  .size = sizeof(struct ts_cfg_neighbour), .count_offset = offsetof(struct ts_config, n_neighbours),
	  .max_items = TS_MAX_STATIC_NEIGHBOURS, .flags = TS_KEY_OWNED | TS_KEY_RELOADABLE,
	  .line_offset = offsetof(struct ts_cfg_neighbour, line),
	  .help = "Neighbours that ARP and ND are not asked about; for interfaces without a twin." },
	{ .path = "neighbours[].address", .type = TS_KEY_ADDRESS, FIELD(struct ts_cfg_neighbour, address),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "its address" },
	{ .path = "neighbours[].interface", .type = TS_KEY_INTERFACE, FIELD(struct ts_cfg_neighbour, interface),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "interface that it is on" },
	{ .path = "neighbours[].mac", .type = TS_KEY_MAC, FIELD(struct ts_cfg_neighbour, mac),
	  .flags = TS_KEY_REQUIRED | TS_KEY_RELOADABLE, .help = "its MAC address" },
};
/* clang-format on */

const unsigned ts_n_keys = COUNT(ts_keys);

_Static_assert(COUNT(ts_keys) <= TS_MAX_KEYS, "a load has room for every key");

const char *
ts_key_child(const struct ts_key *key, const char *prefix, size_t *len)
{
	size_t n = strlen(prefix);
	const char *name = key->path + n;

	if (strncmp(key->path, prefix, n) != 0)
		return NULL;
	*len = strcspn(name, ".[");
	return *len > 0 && strchr(name, '.') == NULL ? name : NULL;
}
