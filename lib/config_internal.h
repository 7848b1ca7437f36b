/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the configuration share: the tree that YAML becomes, the table of keys, the list of faults.
 *
 * A load goes one way: text -> tree (config_yaml.c) -> model, driven by the table (config_load.c, config_value.c)
 * -> derived fields (config_derive.c) -> checks of the whole (config_check*.c). Every stage goes on after a fault,
 * so that the operator sees all of them; a list element keeps its index in the model even when it is faulty,
 * because messages name it by that index. What a faulty value leaves behind is 0 (family 0 for addresses,
 * TS_UNRESOLVED for references), and checks skip it.
 */
#ifndef TS_CONFIG_INTERNAL_H
#define TS_CONFIG_INTERNAL_H

#include "config.h"

#define TS_CONFIG_MAX_BYTES (1u << 20)
#define TS_MAX_FAULTS 100
#define TS_MAX_KEYS 256
#define TS_PATH_TEXT 192
#define TS_UNRESOLVED UINT32_MAX

enum ts_node_kind { TS_NODE_SCALAR, TS_NODE_LIST, TS_NODE_MAP };

/* A YAML value. Children of a list or map are chained by `next`, in the order of the file. */
struct ts_node {
	enum ts_node_kind kind;
	bool plain;    /* a scalar without quotes: only those are numbers, bools or empty */
	unsigned line; /* from 1; of the key where there is one */
	char *name;    /* the key, in a map */
	char *text;    /* of a scalar; no NUL inside */
	struct ts_node *first, *last, *next;
	unsigned n;
};

struct ts_fault {
	unsigned line; /* 0 = the file as a whole */
	char *text;
};

/* One load in progress. */
struct ts_load {
	const char *file;
	struct ts_config *cfg;
	struct ts_node *root;
	struct ts_fault faults[TS_MAX_FAULTS];
	unsigned n_faults;
	bool more; /* a fault did not fit: give up */
};

enum ts_key_type {
	TS_KEY_SECTION, /* a map in the scope of its parent */
	TS_KEY_LIST,	/* of maps; each is a scope of its own: the element's struct */
	TS_KEY_BOOL,
	TS_KEY_SWITCH, /* a bool that, when yes, writes `min` into an enum */
	TS_KEY_UINT,
	TS_KEY_ENUM,
	TS_KEY_STRING,
	TS_KEY_TEXT,	/* a string that may have blanks in it: one line for people */
	TS_KEY_IPV4,	/* rte_be32_t */
	TS_KEY_IPV6,	/* struct in6_addr */
	TS_KEY_ADDRESS, /* struct ts_cfg_addr of full length */
	TS_KEY_HOST,	/* struct ts_cfg_addr: an address and the length of its LAN's prefix */
	TS_KEY_PREFIX,	/* struct ts_cfg_addr without bits beyond its length */
	TS_KEY_PREFIX4, /* struct ts_prefix4 */
	TS_KEY_PREFIX6, /* struct ts_prefix6 */
	TS_KEY_MAC,
	TS_KEY_PORT,	  /* name of a port; unsigned index */
	TS_KEY_INTERFACE, /* name of an interface; unsigned index */
	TS_KEY_RATE,	  /* struct ts_cfg_rate: a number, or a map of the keys limits.* */
};

enum {
	TS_KEY_REQUIRED = 1 << 0,
	TS_KEY_RELOADABLE = 1 << 1,
	TS_KEY_MANY = 1 << 2,	 /* a list of such values */
	TS_KEY_UNIQUE = 1 << 3,	 /* no value of the list may come twice; compared as bytes */
	TS_KEY_OWNED = 1 << 4,	 /* the list is on the heap: `offset` is of a pointer */
	TS_KEY_OR_ZERO = 1 << 5, /* 0 is allowed below `min`; of a rate: 0 is no limit */
	TS_KEY_STAYS = 1 << 6,	 /* a section that neither comes nor goes at a reload */
};

/* `base` is the scope's struct; map is NULL when the section is there but empty. */
typedef void (*ts_key_finish)(struct ts_load *l, const struct ts_node *map, const char *path, void *base);

struct ts_key {
	const char *path; /* "workers.idle", "ports[].device", "limits.*.burst" */
	enum ts_key_type type;
	unsigned flags;
	size_t offset;	     /* in the scope's struct */
	size_t size;	     /* of the value, or of one element */
	size_t count_offset; /* lists: of the unsigned count; 0 = none, the count is fixed */
	size_t line_offset;  /* lists and sections: of the unsigned line; 0 = none */
	/* sections: of the bool that says that it is on; what is fixed is so while it is on. 0 = always */
	size_t enabled_offset;
	uint32_t min, max;
	unsigned min_items, max_items;
	const char *const *choices; /* enum: in the order of its values, NULL at the end */
	const char *fallback;	    /* the default as it would be written; NULL = none */
	const char *unit;
	const char *help;
	ts_key_finish finish;
};

/* config_keys.c: in the order of evaluation: a reference comes after what it refers to. */
extern const struct ts_key ts_keys[];
extern const unsigned ts_n_keys;

/* The key's name when it is a direct child of `prefix` ("", "workers.", "ports[]."), with its length, or NULL. */
const char *ts_key_child(const struct ts_key *key, const char *prefix, size_t *len);

/* config_yaml.c: the tree, or NULL after writing a fault. */
struct ts_node *ts_yaml_parse(struct ts_load *l, const char *text, size_t len);
void ts_node_free(struct ts_node *node);
const struct ts_node *ts_node_get(const struct ts_node *map, const char *name);
/* "interfaces[3].mtu"; NULL when it is not there. *line is that of the nearest ancestor then. */
const struct ts_node *ts_node_find(const struct ts_node *root, const char *path, unsigned *line);

/* config_fault.c. Messages name values as the operator wrote them; control characters are taken out here. */
void ts_fault(struct ts_load *l, unsigned line, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same for a whole-model check: the line is looked up by path. */
void ts_fault_at(struct ts_load *l, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ts_faults_print(struct ts_load *l, FILE *err);
void ts_faults_free(struct ts_load *l);
/* A path of a list element: "name[i]" or "name[i].key". Overwritten by the next call. */
const char *ts_item(char buf[TS_PATH_TEXT], const char *list, unsigned i, const char *key);

/* config_suggest.c: the best near miss among the children of `prefix`, written as a help for the operator. */
void ts_suggest(const char *prefix, const char *name, char *buf, size_t size);

/* config_value.c: sets the value at `out`; faults go to l. Returns whether it was fine. */
bool ts_value_set(struct ts_load *l, const struct ts_key *key, const struct ts_node *node, const char *path, void *out);

/* config_load.c */
void ts_load_map(
	struct ts_load *l, const char *prefix, const struct ts_node *map, unsigned line, const char *path, void *base);
void ts_load_defaults(const char *prefix, void *base);

/* config_derive.c */
void ts_finish_interface(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_route(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_known_6rd(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_fpm(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_http(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_status_page(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_sflow(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_announce(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_local(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_6to4(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_6rd(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_isatap(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_teredo_relay(struct ts_load *l, const struct ts_node *map, const char *path, void *base);
void ts_finish_teredo_server(struct ts_load *l, const struct ts_node *map, const char *path, void *base);

/* config_check*.c */
void ts_check(struct ts_load *l);
void ts_check_ports(struct ts_load *l);
void ts_check_interfaces(struct ts_load *l);
void ts_check_http(struct ts_load *l);
void ts_check_status_page(struct ts_load *l);
void ts_check_sflow(struct ts_load *l);
void ts_check_services(struct ts_load *l);
void ts_check_6to4(struct ts_load *l);
void ts_check_6rd(struct ts_load *l);
void ts_check_isatap(struct ts_load *l);
void ts_check_teredo(struct ts_load *l);
void ts_check_tunnels(struct ts_load *l);
void ts_check_access(struct ts_load *l);
void ts_check_routes(struct ts_load *l);

/*
 * config_check_addr.c: a fault at `path` when the address is not one that a host on the Internet can have (G12), which
 * the mechanism `who` needs. 0 is skipped: what a faulty value left.
 */
void ts_check_public_host(struct ts_load *l, const char *path, rte_be32_t v4, const char *who);

/* config_check_tunnel.c: an IPv6 prefix whose packets go into a tunnel. */
struct ts_cfg_tunnel {
	struct ts_prefix6 prefix; /* length 0: a faulty one */
	char name[24];		  /* of the list entry or section: "6rd[2]" */
	bool well_known;	  /* the mechanism's, not the operator's */
};

#define TS_MAX_TUNNELS (2 + TS_MAX_6RD + TS_MAX_ISATAP)
unsigned ts_cfg_tunnels(const struct ts_config *cfg, struct ts_cfg_tunnel tunnels[TS_MAX_TUNNELS]);
/* The tunnel whose prefix covers all of `prefix`, or NULL. */
const struct ts_cfg_tunnel *ts_cfg_tunnel_around(
	const struct ts_cfg_tunnel *tunnels, unsigned n, const struct ts_cfg_addr *prefix);
/* A fault at `path` when no packet could have an address of the prefix (G16); length 0 is skipped. */
void ts_check_tunnel_prefix(struct ts_load *l, const char *path, const struct ts_prefix6 *prefix, bool allow_ula);
/*
 * A fault at `path` when the packets of a tunnel of this MTU do not fit into every interface with the bytes of outer
 * headers that `what` names (G40).
 */
void ts_check_tunnel_mtu(struct ts_load *l, const char *path, unsigned mtu, unsigned headers, const char *what);
/* The mechanism that owns 2002::/16 or 2001::/32 when the prefix overlaps that, or NULL; *its is that. */
const char *ts_cfg_reserved(const struct ts_prefix6 *prefix, struct ts_prefix6 *its);
/* Whether they have addresses in common; one of length 0, a faulty one, has none. */
bool ts_prefix6_overlap(const struct ts_prefix6 *a, const struct ts_prefix6 *b);
/* A fault at `path` when the IPv4 prefix has to do with addresses that no managed network uses (G15). */
void ts_check_managed(struct ts_load *l, const char *path, const struct ts_prefix4 *prefix);
/* The same for the address of a 6rd relay or ISATAP router, which may not be in 192.88.99.0/24 either; 0 is skipped. */
void ts_check_managed_host(struct ts_load *l, const char *path, rte_be32_t v4);

/* config_addr.c: what is true of addresses in a configuration. */
bool ts_cfg_addr_equal(const struct ts_cfg_addr *a, const struct ts_cfg_addr *b);
/* Whether `addr` lies in the prefix that `lan` is an address of. */
bool ts_cfg_addr_on(const struct ts_cfg_addr *lan, const struct ts_cfg_addr *addr);
/* Why the address cannot be a host's ("is a multicast address"), or NULL. */
const char *ts_cfg_addr_unfit(const struct ts_cfg_addr *addr);
bool ts_cfg_addr_link_local(const struct ts_cfg_addr *addr);
bool ts_is_6to4_anycast_net(rte_be32_t v4);
/* Private or link-local (RFC 1918, RFC 3927): nobody on the Internet could answer it. */
bool ts_is_private4(rte_be32_t v4);
/* Clear the bits beyond the length; returns whether there were any. */
bool ts_cfg_addr_mask(struct ts_cfg_addr *addr);
/* "a.b.c.d" or, with_len, "a.b.c.d/len"; returns buf. */
#define TS_ADDR_TEXT (INET6_ADDRSTRLEN + 4)
const char *ts_cfg_addr_text(const struct ts_cfg_addr *addr, bool with_len, char buf[TS_ADDR_TEXT]);
const char *ts_prefix4_text(const struct ts_prefix4 *prefix, char buf[TS_ADDR_TEXT]);
const char *ts_prefix6_text(const struct ts_prefix6 *prefix, char buf[TS_ADDR_TEXT]);
/* Whether all of `inner` lies in `outer`. */
bool ts_prefix4_covers(const struct ts_prefix4 *outer, const struct ts_prefix4 *inner);
bool ts_prefix6_covers(const struct ts_prefix6 *outer, const struct ts_prefix6 *inner);
/* Whether it is configured on an interface. */
bool ts_cfg_is_host_address(const struct ts_config *cfg, const struct ts_cfg_addr *addr);

#endif
