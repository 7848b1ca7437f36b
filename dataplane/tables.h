/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarding tables as a worker sees them.
 *
 * Control builds a `struct ts_tables`, hands a pointer to every worker over its command ring, and frees or reuses
 * what the former version pointed to only when every worker has reported quiescence (rte_rcu_qsbr) since. A worker
 * holds one version for a whole burst and writes to none of it.
 *
 * Both FIBs answer with an index into `nexthops`. Entries of that array are immutable while a FIB refers to them, so
 * all versions share one array; adjacencies change with the neighbours and are copied per version.
 */
#ifndef TS_TABLES_H
#define TS_TABLES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "lib/config.h"
#include "lib/fib4.h"
#include "lib/fib6.h"
#include "lib/loop_guard.h"
#include "lib/prefix_set.h"
#include "lib/site_table.h"
#include "lib/source_policy.h"

#define TS_MAX_NEXTHOPS 32768 /* IPv4 table entries hold 15 bits */
#define TS_NH_NO_ROUTE 0      /* both FIBs' default next hop, of kind TS_NH_NONE */
#define TS_NH_SLOTS 24

enum ts_nh_kind {
	TS_NH_NONE,	   /* no route: Destination Unreachable code 0 */
	TS_NH_BLACKHOLE,   /* silently */
	TS_NH_UNREACHABLE, /* Destination Unreachable code 3 */
	TS_NH_PROHIBIT,	   /* Destination Unreachable code 1 */
	TS_NH_ADJACENCY,   /* out by slot[0], or by one of n_slots chosen by flow hash */
	TS_NH_GLEAN,	   /* on-link: the destination itself is the next hop, not resolved yet */
	TS_NH_PUNT,	   /* to the kernel through the interface's twin (link-local, ND, local multicast) */
	TS_NH_LOCAL,	   /* an address of the box */
	/* IPv6 only: tunnels; `domain` says which of the mechanism's */
	TS_NH_6TO4,
	TS_NH_6RD,
	TS_NH_ISATAP,
	TS_NH_TEREDO,
};

/* What protocol 41 to a local IPv4 address is taken for (G2: one mechanism per address). */
enum ts_proto41 {
	TS_PROTO41_NONE,
	TS_PROTO41_6TO4,
	TS_PROTO41_6RD,
	TS_PROTO41_ISATAP,
};

/* Which UDP ports of a local IPv4 address are Teredo's (G3). */
enum {
	TS_UDP_TEREDO_RELAY = 1 << 0,
	TS_UDP_TEREDO_SERVER = 1 << 1, /* port 3544 */
};

/* One next hop of a route. Content-addressed: equal routes share it. */
struct ts_nexthop {
	uint8_t kind;	 /* enum ts_nh_kind */
	uint8_t n_slots; /* ADJACENCY: 1 to TS_NH_SLOTS */
	uint8_t host;	 /* LOCAL: a host address, of which the kernel answers what the data path does not */
	uint8_t proto41; /* LOCAL: enum ts_proto41 */
	union {
		uint16_t iface;	 /* GLEAN: the link */
		uint16_t domain; /* 6RD, ISATAP, and LOCAL with their proto41: which one of the mechanism's */
	};
	uint8_t udp;		     /* LOCAL: TS_UDP_* */
	uint16_t slots[TS_NH_SLOTS]; /* ADJACENCY: indexes of adjacencies, repeated by weight */
} __rte_cache_aligned;
_Static_assert(sizeof(struct ts_nexthop) == RTE_CACHE_LINE_SIZE, "a next hop is one cache line");

#define TS_L2_MAX 22	    /* Ethernet and two tags */
#define TS_ADJACENCY_NONE 0 /* index of an adjacency that is never resolved */

/* A neighbour on a link: everything that sending to it takes, in one cache line. */
struct ts_adjacency {
	uint16_t port;
	uint16_t iface;
	uint16_t mtu;		   /* of IP packets, bytes */
	uint16_t plain_mtu;	   /* likewise where an untagged Ethernet header is all that sending takes; else 0 */
	uint8_t l2_len;		   /* 14, 18 or 22 */
	uint8_t resolved;	   /* 0: `l2` holds no destination yet, packets wait */
	uint8_t family;		   /* AF_INET or AF_INET6, of `addr`; 0: the far end of test packets (probe.c) */
	uint8_t l2[TS_L2_MAX + 1]; /* ready header; the ethertype (last two bytes) is written per packet */
	uint8_t addr[16];	   /* of the neighbour; IPv4 in the first four bytes */
} __rte_cache_aligned;
_Static_assert(sizeof(struct ts_adjacency) == RTE_CACHE_LINE_SIZE, "an adjacency is one cache line");

/* An interface: (port, optional tags). */
struct ts_iface {
	uint16_t port;
	uint16_t mtu;
	uint8_t l2_len;
	uint8_t n_tags;
	uint8_t twin; /* has a TAP twin: what is not ours is punted to it */
	uint8_t pad;
	uint16_t vlan[2]; /* outer first */
	struct rte_ether_addr mac;
};

/* What putting on an outer header takes; the same for every mechanism. */
struct ts_tunnel {
	rte_be32_t src;	     /* outer source of what is forwarded (S11, R10) */
	uint16_t mtu;	     /* tunnel MTU, bytes of IPv6 */
	rte_be16_t frag_off; /* RTE_BE16(0x4000) with DF (G38) */
	uint8_t ttl;
	uint8_t tos_mask; /* of the inner traffic class's bits that go into the outer TOS (G34, G35): DSCP 0xfc, ECN
			     0x03 */
	bool clamp_mss;	  /* G44 */
	bool dynamic_mtu; /* G38 */
};

/* protocols.md 3 */
struct ts_6to4 {
	struct ts_tunnel t;
	bool enabled;
	bool mirror; /* S11: answer a site from the address that it last sent to */
};

/* protocols.md 5 */
struct ts_6rd {
	struct ts_tunnel t; /* src is the border relay's address */
	struct ts_prefix6rd map;
	struct ts_prefix6 null_route; /* R7: the border relay's own delegated prefix */
	uint8_t hairpin;	      /* enum ts_6rd_hairpin */
	bool allow_ula;
	unsigned n_relays;
	struct ts_prefix4 relays[TS_MAX_RELAYS + 1]; /* R8, R11: 192.88.99.0/24 among them */
} __rte_cache_aligned;

/* protocols.md 6 */
struct ts_isatap {
	struct ts_tunnel t; /* src is the router's address */
	struct ts_prefix6 prefix;
	bool u_bit, allow_ula;
	unsigned n_site, n_prl;
	struct ts_prefix4 site[TS_MAX_SITE_PREFIXES];
	rte_be32_t prl[TS_MAX_RELAYS];
	uint8_t link_local[16], global[16]; /* the router's own addresses */
	uint16_t ra_delay_ms;		    /* at most: RFC 4861 6.2.6 */
	unsigned ra_len;		    /* bytes of `ra` */
	uint8_t ra[512];		    /* the advertisement's ICMPv6 message, checksum 0 */
} __rte_cache_aligned;

struct ts_peers;       /* peers.h */
struct ts_contacts;    /* contact.h */
struct ts_teredo_keys; /* lib/teredo_keys.h */

/* protocols.md 4.2 to 4.5 */
struct ts_teredo_relay {
	struct ts_tunnel t; /* src is the service address */
	bool enabled;
	bool honour_cone, direct_bubble, nonce, accept_mismatch, recover;
	bool cookies;	 /* X4: B is made in the /64 of `bubble_source` */
	rte_be16_t port; /* service port */
	uint16_t min_client_port;
	uint8_t per_mapping;	   /* X3 */
	uint32_t valid, forget;	   /* ticks of peers.h (T2) */
	uint8_t bubble_source[16]; /* B (T13) */
	uint8_t cookie_key[2][16]; /* by the parity of their period, so that each has time to be replaced (X6) */
	uint8_t test_nonce[4];	   /* not 0: the nonce of every bubble, for tests against fixed packets */
	struct ts_peers *peers;	   /* outlive a version of the services, like the next */
	struct ts_contacts *contacts;
};

/* protocols.md 4.7 */
struct ts_teredo_server {
	bool enabled, foreign_clients;
	uint8_t ttl;
	uint16_t max_icmp6, min_client_port;
	rte_be32_t address[2];		   /* primary, secondary (V1) */
	uint8_t link_local[16];		   /* F2 */
	uint8_t ra[96];			   /* V12: the IPv6 packet, destination and checksum 0 */
	uint16_t ra_sum;		   /* one's complement sum of `ra` as the checksum covers it, not inverted */
	const struct ts_teredo_keys *keys; /* NULL: secure qualification is not required */
};

#define TS_OWN6_BITS 4096
#define TS_OWN6_NETS 16

/*
 * Hints at OWN6, one bit per address: whoever finds its bit set looks at the table of routes, which knows (O20). And
 * the /64s that they are in, in network byte order, to be compared with several addresses at once.
 */
struct ts_own6 {
	uint64_t bits[TS_OWN6_BITS / 64];
	uint64_t net[TS_OWN6_NETS];
	unsigned n_nets; /* beyond TS_OWN6_NETS there are more than were noted */
};

static inline unsigned
ts_own6_bit(const uint8_t addr[16])
{
	uint64_t half[2];

	memcpy(half, addr, sizeof(half));
	return (unsigned)((half[0] ^ half[1] * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd) >> 52);
}
_Static_assert(TS_OWN6_BITS == 1 << 12, "the topmost twelve bits of the hash");

static inline void
ts_own6_add(struct ts_own6 *o, const uint8_t addr[16])
{
	unsigned bit = ts_own6_bit(addr), i = 0;
	uint64_t net;

	o->bits[bit / 64] |= UINT64_C(1) << bit % 64;
	memcpy(&net, addr, sizeof(net));
	while (i < o->n_nets && i < TS_OWN6_NETS && o->net[i] != net)
		i++;
	if (i < TS_OWN6_NETS)
		o->net[i] = net;
	if (i >= o->n_nets)
		o->n_nets = i + 1;
}

static inline bool
ts_own6_suspect(const struct ts_own6 *o, const uint8_t addr[16])
{
	unsigned bit = ts_own6_bit(addr);

	return o->bits[bit / 64] >> bit % 64 & 1;
}

/*
 * What follows from the configuration and the box's own addresses. Built whole by control whenever one of them changes.
 */
struct ts_services {
	struct ts_6to4 sixto4;
	struct ts_6rd *sixrd;	  /* [n_sixrd]; R5 */
	struct ts_isatap *isatap; /* [n_isatap] */
	unsigned n_sixrd, n_isatap;
	struct ts_teredo_relay relay;
	struct ts_teredo_server server;
	bool handover[TS_N_MECHS][TS_N_MECHS]; /* from, to: G31 */
	struct in6_addr icmp6_source;	       /* ID6, G47 */
	struct ts_own6 own6;
	bool pass_rh0;			       /* G28 */
	uint8_t hop_limit;		       /* of packets that the box originates */
	struct ts_source_policy *policy;       /* core or extended list, own addresses, attached subnets */
	struct ts_source_policy *managed;      /* the same with the managed list (G15), for 6rd and ISATAP */
	struct ts_source_policy *probe_policy; /* own addresses alone, for test packets; NULL: there are none */
	struct ts_loop_guard *loop_guard;      /* G29 */
	struct ts_prefix_set *deny6;	       /* native addresses that are not served; NULL: none */
	/* Hints that workers write, too: they outlive a version of the services. */
	struct ts_site_table *mirror; /* S11, by site: the own address that it last sent to */
	struct ts_site_table *mtus;   /* G38, by site: path MTU << 16 | when it was learned, in units of 10 s */
};

#define TS_VLAN_NONE 0xffff

struct ts_port_map {
	uint16_t untagged;	  /* interface index, or TS_VLAN_NONE */
	bool rx_checksum_ignored; /* what the NIC says of checksums, which some do unasked */
	uint16_t *by_vlan; /* [4096] interface index by single tag, or TS_VLAN_NONE; NULL when no interface is tagged */
	uint16_t n_qinq;
	struct {
		uint16_t outer, inner, iface;
	} qinq[64];
};

struct ts_tables {
	const struct ts_fib4 *fib4;
	const struct ts_fib6 *fib6;
	const struct ts_nexthop *nexthops; /* [TS_MAX_NEXTHOPS] */
	const uint16_t *alone; /* [TS_MAX_NEXTHOPS]: the adjacency of a next hop that is one neighbour; else ..._NONE */
	const struct ts_adjacency *adjacencies;
	const struct ts_services *services;
	const struct ts_iface *ifaces;	    /* fixed from start to stop, like the two below */
	const struct ts_port_map *port_map; /* by port id, [RTE_MAX_ETHPORTS] */
	uint16_t n_ifaces;
	uint64_t version;
};

#endif
