/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration model: what the YAML file says, checked, in the units that the rest of the program uses.
 *
 * ts_config_load() reads a file once and returns either a whole valid model or all that is wrong with it, each
 * with file, line and key. One table of keys (config_keys.c) parses, checks, documents and marks what is
 * reloadable; nothing else knows the names of keys.
 *
 * Addresses are in network byte order. Nothing here needs EAL.
 */
#ifndef TS_CONFIG_H
#define TS_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"

#define TS_MAX_WORKERS 32
#define TS_MAX_PORTS 16
#define TS_MAX_INTERFACES 64
#define TS_MAX_IFACE_ADDRS 16
#define TS_MAX_SERVICE_ADDRS 64
#define TS_MAX_STATIC_ROUTES 4096
#define TS_MAX_STATIC_NEIGHBOURS 4096
#define TS_MAX_KNOWN_PREFIXES 64
#define TS_MAX_BOND_MEMBERS 8
#define TS_MAX_6RD 32
#define TS_MAX_ISATAP 16
#define TS_MAX_RELAYS 32 /* known relays of a 6rd domain, potential routers of an ISATAP site */
#define TS_MAX_SITE_PREFIXES 16
#define TS_MAX_RA_DNS 4
#define TS_MAX_ACCESS 256
#define TS_NAME_LEN 16 /* with the NUL: an interface name is the name of its twin in the kernel (IFNAMSIZ) */
#define TS_DEVARGS_LEN 512
#define TS_PATH_LEN 108 /* sizeof(sun_path) */
#define TS_MAX_HTTP_LISTEN 8
#define TS_MAX_PEERS 256
#define TS_MAX_COLLECTORS 4
#define TS_HTTP_LISTEN_LEN (TS_PATH_LEN + 8) /* "unix:" and a path */

enum ts_hugepages { TS_HUGEPAGES_REQUIRED, TS_HUGEPAGES_AUTO, TS_HUGEPAGES_NO };
enum ts_idle { TS_IDLE_SPIN, TS_IDLE_PAUSE };
enum ts_twin_mode { TS_TWIN_TAP, TS_TWIN_NONE };
enum ts_v4_filter { TS_V4_FILTER_CORE, TS_V4_FILTER_EXTENDED };
enum ts_dscp_mode { TS_DSCP_ZERO, TS_DSCP_COPY };
enum ts_ecn_mode { TS_ECN_COMPAT, TS_ECN_NORMAL };
enum ts_route_kind { TS_ROUTE_VIA, TS_ROUTE_BLACKHOLE, TS_ROUTE_UNREACHABLE, TS_ROUTE_PROHIBIT };

enum ts_log_level { TS_LOG_ERROR, TS_LOG_WARNING, TS_LOG_INFO, TS_LOG_DEBUG };
enum ts_log_format { TS_LOG_TEXT, TS_LOG_JSON };
enum ts_log_target { TS_LOG_AUTO, TS_LOG_STDERR, TS_LOG_JOURNAL };

struct ts_cfg_log {
	enum ts_log_level level; /* and what is more urgent */
	enum ts_log_format format;
	enum ts_log_target target;
};

enum ts_checksum_offload { TS_CHECKSUM_AUTO, TS_CHECKSUM_OFF };

/* A port is a DPDK device. */
struct ts_cfg_port {
	char name[TS_NAME_LEN];
	char device[TS_DEVARGS_LEN];			   /* devargs or a PCI address */
	char members[TS_MAX_BOND_MEMBERS][TS_DEVARGS_LEN]; /* probed before `device`: members of a net_bonding */
	unsigned n_members;
	char netns[64]; /* namespace in which the device is made; "" = the daemon's own */
	uint16_t rx_descriptors, tx_descriptors;
	bool promiscuous;
	enum ts_checksum_offload checksum_offload;
	unsigned line;
};

struct ts_cfg_addr {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t prefix_len;
	union {
		rte_be32_t v4;
		struct in6_addr v6;
	};
	unsigned line;
};

/* An interface is (port, optional VLAN or QinQ tags); its name is that of its TAP twin. */
struct ts_cfg_interface {
	char name[TS_NAME_LEN];
	unsigned port;	  /* index into ports */
	uint16_t vlan[2]; /* outer first */
	uint8_t n_tags;	  /* 0, 1 (802.1Q) or 2 (802.1ad + 802.1Q) */
	uint16_t mtu;	  /* of IP packets, bytes */
	enum ts_twin_mode twin;
	struct ts_cfg_addr addresses[TS_MAX_IFACE_ADDRS];
	unsigned n_addresses;
	unsigned line;
};

struct ts_cfg_route {
	struct ts_cfg_addr prefix;
	enum ts_route_kind kind;
	struct ts_cfg_addr via; /* family 0: directly attached (glean) */
	unsigned interface;
	unsigned line;
};

struct ts_cfg_neighbour {
	struct ts_cfg_addr address;
	unsigned interface;
	uint8_t mac[6];
	unsigned line;
};

/* A BGP neighbour, for figures that say its AS. */
struct ts_cfg_peer {
	struct ts_cfg_addr address;
	uint32_t as;
	unsigned line;
};

/* Where sFlow datagrams go. */
struct ts_cfg_collector {
	struct ts_cfg_addr address;
	uint16_t port;
	unsigned line;
};

/* Sampled export by sFlow version 5. */
struct ts_cfg_sflow {
	bool enabled;
	struct ts_cfg_collector collectors[TS_MAX_COLLECTORS];
	unsigned n_collectors;
	struct ts_cfg_addr agent;  /* what collectors know the relay by */
	struct ts_cfg_addr source; /* family 0: as the kernel chooses */
	uint32_t sub_agent;
	uint32_t sampling_rate;	     /* one packet of so many on average; 0: none */
	uint16_t header_bytes;	     /* of each */
	uint32_t counter_interval_s; /* 0: no counters */
	bool mark_tunnels;
	unsigned line;
};

/* protocols.md 3; RFC 3056, 3068, 3964, 6343. */
struct ts_cfg_6to4 {
	bool enabled;
	bool anycast;				/* its own explicit switch (G1, S5): 192.88.99.1 and 2002:c058:6301:: */
	rte_be32_t rx_v4[TS_MAX_SERVICE_ADDRS]; /* local addresses, anycast included when switched on (S21) */
	unsigned n_rx_v4;
	rte_be32_t tx_source; /* S11 */
	bool mirror;	      /* S11: answer a site from where it last sent to, else from tx_source */
	uint16_t mtu;	      /* tunnel MTU, bytes of IPv6 (S13) */
	bool df;
	uint8_t ttl; /* of the outer header */
	enum ts_dscp_mode dscp;
	enum ts_ecn_mode ecn;
	bool mss_clamp;	  /* G44 */
	bool dynamic_mtu; /* G38 */
	unsigned line;
};

enum ts_6rd_hairpin { TS_6RD_HAIRPIN_SELF, TS_6RD_HAIRPIN_ALL, TS_6RD_HAIRPIN_NONE };

/* One 6rd domain (R1) of several (R5); protocols.md 5, RFC 5969 7. */
struct ts_cfg_6rd {
	char name[TS_NAME_LEN];
	struct ts_prefix6rd map;
	rte_be32_t br; /* the relay's IPv4 address in the domain */
	bool anycast;  /* several relays share it: DF is then set (R10) */
	uint16_t mtu;
	bool df; /* default: as `anycast` */
	uint8_t ttl;
	enum ts_dscp_mode dscp;			       /* default copy */
	enum ts_ecn_mode ecn;			       /* default normal */
	enum ts_6rd_hairpin hairpin;		       /* R14 */
	bool allow_ula;				       /* G16: fc00::/7 as source and destination */
	struct ts_prefix4 known_relays[TS_MAX_RELAYS]; /* G30, R8, R11; 192.88.99.0/24 needs no entry */
	unsigned n_known_relays;
	bool mss_clamp;	  /* G44 */
	bool dynamic_mtu; /* G38 */
	unsigned line;
};

/* One ISATAP site; protocols.md 6, RFC 5214. */
struct ts_cfg_isatap {
	char name[TS_NAME_LEN];
	rte_be32_t address;			      /* the router's */
	struct ts_prefix6 prefix;		      /* the on-link /64 */
	struct ts_prefix4 site[TS_MAX_SITE_PREFIXES]; /* I2: who may use the router */
	unsigned n_site;
	rte_be32_t prl[TS_MAX_RELAYS]; /* I3: all advertising routers of the site, `address` included */
	unsigned n_prl;
	bool u_bit;   /* of emitted identifiers (I1) */
	uint16_t mtu; /* of the tunnel and in the advertisement */
	uint8_t ttl;
	enum ts_dscp_mode dscp;
	enum ts_ecn_mode ecn;
	bool allow_ula;
	uint16_t router_lifetime;	    /* seconds */
	uint16_t ra_delay_ms;		    /* D23: random, at most this */
	uint32_t valid, preferred;	    /* seconds */
	bool on_link, autonomous;	    /* L and A flags of the prefix */
	struct in6_addr dns[TS_MAX_RA_DNS]; /* RFC 8106 */
	unsigned n_dns;
	char dns_search[TS_MAX_RA_DNS][64];
	unsigned n_dns_search;
	uint32_t dns_lifetime; /* seconds */
	bool mss_clamp;	       /* G44 */
	bool dynamic_mtu;      /* G38 */
	unsigned line;
};

/* Token buckets, in events per second and a burst in events; 0 per second = none at all. */
struct ts_cfg_rate {
	uint32_t per_second;
	uint32_t burst;
};

/* The Teredo relay; protocols.md 4.2 to 4.5, RFC 4380 5.4. */
struct ts_cfg_teredo_relay {
	bool enabled;
	rte_be32_t address;		 /* X10: unicast */
	uint16_t port;			 /* service port, host order; never 3544 (G3) */
	struct in6_addr bubble_source;	 /* B (T13) */
	struct ts_prefix6 cookie_prefix; /* X4: a /64 that B is made in; length 0: none, B is `bubble_source` */
	uint8_t ttl;
	uint16_t min_client_port;  /* T5: smaller embedded ports are refused; at least 1 */
	bool honour_cone;	   /* T10 */
	bool direct_bubble;	   /* T14 */
	bool nonce;		   /* T16 */
	bool accept_mismatch;	   /* T19; needs `nonce` */
	bool recover;		   /* ask an unknown client that trusts this relay to introduce itself again */
	bool mss_clamp;		   /* G44 */
	uint16_t valid_s;	   /* T2: 30 */
	uint16_t forget_s;	   /* T1, T2: 300 */
	uint16_t withdraw_after_s; /* X8: seconds of overload after which 2001::/32 is withdrawn; 0: never */
	uint32_t peers;		   /* fixed at start */
	uint32_t unconfirmed;	   /* X2: fixed at start; 0 = a tenth of `peers` */
	uint32_t unconfirmed_per_source, unconfirmed_per_client, per_mapping; /* X3 */
	uint32_t queue_bytes;						      /* X3: buffers of all queued packets */
	struct ts_cfg_rate bubbles, recovery_bubbles;			      /* of the whole box */
	struct ts_cfg_rate bubbles_per_server, bubbles_per_client, bubbles_per_source; /* 0 = no limit */
	unsigned line;
};

/* The Teredo server; protocols.md 4.7, RFC 4380 5.3. */
struct ts_teredo_keys;
struct ts_cfg_teredo_server {
	bool enabled;
	rte_be32_t address, secondary; /* V1 */
	char keys_file[256];	       /* of secure qualification, which it makes required (V5); "" = none */
	struct ts_teredo_keys *keys;   /* read from it: lib/teredo_keys.h; the configuration holds a reference */
	uint16_t max_icmp6;	       /* V3 */
	uint16_t min_client_port;      /* T5 */
	bool foreign_clients;	       /* V10: clients of other servers, too */
	uint8_t ttl;
	struct ts_cfg_rate advertisements_per_host, advertisements_per_net; /* V15: to a /32 and a /24; 0 = no limit */
	unsigned line;
};

/* Mechanisms between which packets are handed over inside the box (G31). */
enum ts_mechanism { TS_MECH_6TO4, TS_MECH_6RD, TS_MECH_ISATAP, TS_MECH_TEREDO, TS_N_MECHS };

struct ts_config {
	char file[4096]; /* as given, for messages */
	char netns[64];	 /* of the twins, kernel routes and neighbours; "" = the daemon's own */

	struct {
		enum ts_hugepages hugepages;
		uint32_t size_mb; /* 0 = computed from the limits below */
		uint32_t mbufs;	  /* per NUMA node; 0 = computed */
	} memory;
	struct {
		unsigned cpus[TS_MAX_WORKERS];
		unsigned n_cpus; /* one worker per CPU */
		enum ts_idle idle;
		uint16_t burst; /* packets per receive, at most 64 */
	} workers;
	struct {
		char socket[TS_PATH_LEN];      /* of tsunagictl */
		char file_prefix[32];	       /* EAL's --file-prefix: one per process */
		unsigned cpus[TS_MAX_WORKERS]; /* where control and punt threads may run; none = all but the workers' */
		unsigned n_cpus;
	} control;
	struct ts_cfg_log log;
	struct {
		bool enabled;
		char listen[TS_MAX_HTTP_LISTEN][TS_HTTP_LISTEN_LEN]; /* config_http.h reads them */
		unsigned n_listen;
		char metrics_listen[TS_MAX_HTTP_LISTEN][TS_HTTP_LISTEN_LEN]; /* likewise; none: where `listen` says */
		unsigned n_metrics_listen;
	} http;
	struct {
		uint32_t ipv4_routes, ipv6_routes; /* limits */
		uint32_t ipv4_tbl8, ipv6_tbl8;	   /* 0 = computed from the route limits */
		uint32_t next_hops;		   /* at most 32767: IPv4 table entries hold 15 bits */
		uint32_t adjacencies;
	} tables;
	struct {
		uint32_t table;		 /* kernel routing table that is mirrored; 254 = main */
		uint32_t delete_hold_ms; /* quiet time that closes a batch of deletions (decisions.md 4) */
		uint32_t delete_hold_max_ms;
		uint32_t resync_s; /* full comparison with a dump this often; 0 = only when needed */
	} kernel;
	struct {
		bool enabled;
		struct ts_cfg_addr address; /* to listen on, in `netns` */
		uint16_t port;
		uint32_t stale_s; /* routes of a former connection that FRR has not sent again are kept so long */
	} fpm;
	struct {
		bool pass_rh0;		     /* G28: let type 0 routing headers pass */
		enum ts_v4_filter v4_filter; /* G12, G13 */
	} source_policy;
	struct {
		struct in6_addr icmp6_source; /* ID6 (G47) */
		bool has_icmp6_source;
		uint8_t hop_limit;				    /* of packets that the box originates */
		struct ts_cfg_addr addresses[TS_MAX_SERVICE_ADDRS]; /* further service addresses, /32 or /128 */
		unsigned n_addresses;
	} local;
	struct {
		struct ts_cfg_rate too_big, time_exceeded, unreachable,
			parameter_problem;	     /* ICMPv6 errors (G42, G50) */
		struct ts_cfg_rate icmp6_per_prefix; /* of those, to one destination /64 (G42, G50) */
		struct ts_cfg_rate icmp4_errors;     /* received and translated (G55) */
		struct ts_cfg_rate icmp4_errors_per_source;
		struct ts_cfg_rate icmp4_unreachable; /* G60 */
		struct ts_cfg_rate echo4, echo6;      /* G61 */
		uint16_t neighbour_queue;	      /* packets that wait per unresolved next hop */
	} limits;
	struct {
		uint32_t timeout_s, max_size, datagrams, bytes, per_source, fragments;
	} reassembly; /* G20, G24; of each worker */
	struct {
		struct ts_prefix6rd known_6rd[TS_MAX_KNOWN_PREFIXES]; /* G29 (3) */
		unsigned n_known_6rd;
		struct ts_prefix6 known_isatap[TS_MAX_KNOWN_PREFIXES]; /* G29 (2) */
		unsigned n_known_isatap;
	} loop_guard;
	struct {
		bool enabled;
		char device[TS_NAME_LEN]; /* TUN that lives and dies with the process (decisions.md 6) */
		uint32_t table;		  /* kernel table that BIRD or FRR exports */
	} announce;
	struct {
		bool probe;				 /* O1 */
		bool require_default4, require_default6; /* O2 */
		uint32_t min_ipv4_routes, min_ipv6_routes;
		uint32_t hold_down_s, hold_down_max_s; /* O3 */
		uint32_t drain_s;		       /* from the first sign of draining to the withdrawal */
		uint32_t loss_percent, loss_s;	       /* O4; 0 % = never */
	} health;
	struct {
		bool enabled;
		bool public; /* O29: nothing personal is shown */
		char title[64];
		char contact[128]; /* "" = none */
		char history_file[256];
	} status_page;
	struct ts_cfg_sflow sflow;
	struct {
		bool enabled;
		uint32_t sample;	 /* one of so many flows: a power of two */
		uint32_t min_handshakes; /* of a prefix, before it is shown */
	} path_rtt;
	struct ts_cfg_6to4 sixto4;
	struct ts_cfg_6rd sixrd[TS_MAX_6RD];
	unsigned n_sixrd;
	struct ts_cfg_isatap isatap[TS_MAX_ISATAP];
	unsigned n_isatap;
	struct ts_cfg_teredo_relay teredo_relay;
	struct ts_cfg_teredo_server teredo_server;
	bool handover[TS_N_MECHS][TS_N_MECHS]; /* from, to; within one mechanism: from one domain to another */
	struct {
		struct ts_prefix4 deny4[TS_MAX_ACCESS],
			allow4[TS_MAX_ACCESS];		/* S24: far ends of tunnels; an empty allow list allows all */
		struct ts_prefix6 deny6[TS_MAX_ACCESS]; /* native sources and destinations */
		unsigned n_deny4, n_allow4, n_deny6;
		struct ts_cfg_rate per_site4;	/* packets of one IPv4 far end; 0 = unlimited */
		struct ts_cfg_rate per_prefix6; /* packets of one native /64; 0 = unlimited */
	} access;

	struct ts_cfg_port ports[TS_MAX_PORTS];
	unsigned n_ports;
	struct ts_cfg_interface interfaces[TS_MAX_INTERFACES];
	unsigned n_interfaces;
	struct ts_cfg_route *routes; /* n_routes of them, owned */
	unsigned n_routes;
	struct ts_cfg_peer peers[TS_MAX_PEERS];
	unsigned n_peers;
	struct ts_cfg_neighbour *neighbours; /* n_neighbours of them, owned */
	unsigned n_neighbours;
};

/* Fill in every default; nothing is enabled. */
void ts_config_init(struct ts_config *cfg);
void ts_config_free(struct ts_config *cfg);

/*
 * Read and check a YAML file. Returns 0 with a valid model in *cfg, or -1 after writing to `err` one line per fault,
 * "FILE:LINE: KEY: what is wrong"; all faults of the file in one go, at most 100. *cfg is then freed.
 */
int ts_config_load(struct ts_config *cfg, const char *path, FILE *err);

/* The same from memory, for tests and fuzzing; `name` stands for the file in messages. */
int ts_config_load_buffer(struct ts_config *cfg, const char *name, const char *text, size_t len, FILE *err);

/*
 * For a reload: writes to `err` one line per key that is not reloadable and differs, "FILE: KEY: changes only at a
 * restart". Returns how many.
 */
unsigned ts_config_fixed_differ(const struct ts_config *was, const struct ts_config *is, FILE *err);

/* The reference of all keys, generated from the table: "md" or "man". */
int ts_config_document(const char *format, FILE *out);

#endif
