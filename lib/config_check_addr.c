/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of addresses: those of interfaces, and the service addresses, which only the data path has (ground truths:
 * two kinds of own address).
 *
 * Every service address of every mechanism is put on one list with the key that it comes from; whoever adds a mechanism
 * adds a line to collect(). Two mechanisms may not share an IPv4 address when packets do not say which is meant, as
 * protocol 41 does not (G2, RFC 3964 6.1) and UDP ports do (G3). No service address may hide in a LAN, where the kernel
 * would have to answer ARP for it.
 */
#include <string.h>

#include "config_internal.h"

#define MAX_SERVICES (2 * TS_MAX_SERVICE_ADDRS + 7 + TS_MAX_6RD + TS_MAX_ISATAP)

/* What is received on a service address. */
enum {
	PROTO41 = 1 << 0,
	UDP_RELAY = 1 << 1,
	UDP_SERVER = 1 << 2,
	ANYTHING = 0xff,
};

struct service {
	struct ts_cfg_addr addr;
	char path[64];
	uint8_t receives;
	bool is_source; /* of ICMPv6 errors or bubbles */
};

struct services {
	struct service list[MAX_SERVICES];
	unsigned n;
};

static struct service *
add(struct services *s, const struct ts_cfg_addr *addr, uint8_t receives, const char *path)
{
	struct service *svc = &s->list[s->n++];

	svc->addr = *addr;
	svc->receives = receives;
	svc->is_source = false;
	snprintf(svc->path, sizeof(svc->path), "%s", path);
	return svc;
}

static struct ts_cfg_addr
addr4(rte_be32_t v4)
{
	return (struct ts_cfg_addr){.family = v4 != 0 ? AF_INET : 0, .prefix_len = 32, .v4 = v4};
}

static struct ts_cfg_addr
addr6(const struct in6_addr *v6)
{
	return (struct ts_cfg_addr){.family = AF_INET6, .prefix_len = 128, .v6 = *v6};
}

static void
collect_6to4(struct services *s, const struct ts_cfg_6to4 *c)
{
	static const struct in6_addr anycast6 = {.s6_addr = {0x20, 0x02, 0xc0, 0x58, 0x63, 0x01}};
	unsigned n_unicast = c->n_rx_v4 - c->anycast;
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < n_unicast; i++) {
		struct ts_cfg_addr a = addr4(c->rx_v4[i]);

		add(s, &a, PROTO41, ts_item(path, "6to4.addresses", i, ""));
	}
	if (c->anycast) {
		struct ts_cfg_addr v4 = addr4(TS_6TO4_ANYCAST), v6 = addr6(&anycast6);

		add(s, &v4, PROTO41, "6to4.anycast");
		add(s, &v6, ANYTHING, "6to4.anycast");
	}
}

static void
collect_teredo(struct services *s, const struct ts_config *cfg)
{
	const struct ts_cfg_teredo_relay *r = &cfg->teredo_relay;
	const struct ts_cfg_teredo_server *v = &cfg->teredo_server;
	struct ts_cfg_addr b = addr6(&r->bubble_source), id6 = addr6(&cfg->local.icmp6_source);
	struct ts_cfg_addr relay = addr4(r->address);
	struct ts_cfg_addr primary = addr4(v->address), secondary = addr4(v->secondary);

	if (r->enabled) {
		add(s, &relay, UDP_RELAY, "teredo-relay.address");
		/* With cookies B is in a prefix of its own, else mostly ID6; :: is what a faulty one left. */
		if (r->cookie_prefix.len == 0 && !IN6_IS_ADDR_UNSPECIFIED(&b.v6) && !ts_cfg_addr_equal(&b, &id6))
			add(s, &b, ANYTHING, "teredo-relay.bubble-source")->is_source = true;
	}
	if (v->enabled) {
		add(s, &primary, UDP_SERVER, "teredo-server.address");
		add(s, &secondary, UDP_SERVER, "teredo-server.secondary-address");
	}
}

static void
collect(struct services *s, const struct ts_config *cfg)
{
	char path[TS_PATH_TEXT];

	if (cfg->sixto4.enabled)
		collect_6to4(s, &cfg->sixto4);
	for (unsigned i = 0; i < cfg->n_sixrd; i++) {
		struct ts_cfg_addr a = addr4(cfg->sixrd[i].br);

		add(s, &a, PROTO41, ts_item(path, "6rd", i, "br"));
	}
	for (unsigned i = 0; i < cfg->n_isatap; i++) {
		struct ts_cfg_addr a = addr4(cfg->isatap[i].address);

		add(s, &a, PROTO41, ts_item(path, "isatap", i, "address"));
	}
	if (cfg->local.has_icmp6_source) {
		struct ts_cfg_addr a = addr6(&cfg->local.icmp6_source);

		add(s, &a, ANYTHING, "local.icmp6-source")->is_source = true;
	}
	collect_teredo(s, cfg);
	for (unsigned i = 0; i < cfg->local.n_addresses; i++)
		add(s, &cfg->local.addresses[i], ANYTHING, ts_item(path, "local.addresses", i, ""));
}

/* To name ID6 or B among local.addresses as well says nothing new, so it is no fault. */
static void
check_twice(struct ts_load *l, const struct services *s)
{
	char text[TS_ADDR_TEXT];

	for (unsigned i = 0; i < s->n; i++) {
		const struct service *a = &s->list[i];

		for (unsigned j = 0; j < i && a->addr.family != 0; j++) {
			const struct service *b = &s->list[j];

			if (ts_cfg_addr_equal(&a->addr, &b->addr) && (a->receives & b->receives) != 0 && !b->is_source)
				ts_fault_at(l, a->path, "%s is in use already: it is %s",
					ts_cfg_addr_text(&a->addr, false, text), b->path);
		}
	}
}

/* On the LAN of one interface; the interface's own address is the kernel's, and the data path shares it. */
static void
check_on_lan(struct ts_load *l, const struct service *svc)
{
	char text[TS_ADDR_TEXT], lan[TS_ADDR_TEXT];

	if (ts_cfg_is_host_address(l->cfg, &svc->addr))
		return;
	for (unsigned i = 0; i < l->cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *iface = &l->cfg->interfaces[i];

		for (unsigned j = 0; j < iface->n_addresses; j++)
			if (ts_cfg_addr_on(&iface->addresses[j], &svc->addr))
				ts_fault_at(l, svc->path,
					"%s lies in the LAN of interface `%s` (%s), where nobody answers ARP or "
					"neighbour discovery for it: use an address outside, or the interface's own",
					ts_cfg_addr_text(&svc->addr, false, text), iface->name,
					ts_cfg_addr_text(&iface->addresses[j], true, lan));
	}
}

static void
check_fit(struct ts_load *l, const char *path, const struct ts_cfg_addr *addr)
{
	const char *why = addr->family != 0 ? ts_cfg_addr_unfit(addr) : NULL;
	char text[TS_ADDR_TEXT];

	if (why != NULL)
		ts_fault_at(l, path, "%s %s", ts_cfg_addr_text(addr, false, text), why);
	else if (addr->family == AF_INET && ts_is_6to4_anycast_net(addr->v4))
		ts_fault_at(l, path,
			"%s is in 192.88.99.0/24, 6to4's anycast prefix: `anycast: yes` below 6to4 is the "
			"way to serve it",
			ts_cfg_addr_text(addr, false, text));
}

void
ts_check_public_host(struct ts_load *l, const char *path, rte_be32_t v4, const char *who)
{
	struct ts_cfg_addr a = addr4(v4);
	const char *why = v4 == 0 ? NULL : ts_cfg_addr_unfit(&a);
	char text[TS_ADDR_TEXT];

	ts_cfg_addr_text(&a, false, text);
	if (why != NULL)
		ts_fault_at(l, path, "%s %s", text, why);
	else if (ts_is_6to4_anycast_net(v4))
		ts_fault_at(l, path, "%s is in 192.88.99.0/24, 6to4's anycast prefix", text);
	else if (ts_is_private4(v4))
		ts_fault_at(l, path, "%s is private: %s needs public addresses", text, who);
}

static void
check_services_fit(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	for (unsigned i = 0; i < cfg->local.n_addresses; i++) {
		const struct ts_cfg_addr *a = &cfg->local.addresses[i];

		check_fit(l, ts_item(path, "local.addresses", i, ""), a);
		if (ts_cfg_addr_link_local(a))
			ts_fault_at(l, path, "%s is a link-local address: those belong to one interface",
				ts_cfg_addr_text(a, false, text));
		else if (a->family == AF_INET6 && ts_is_teredo(a->v6.s6_addr))
			ts_fault_at(l, path, "%s is a Teredo address: those belong to clients",
				ts_cfg_addr_text(a, false, text));
	}
	for (unsigned i = 0; i < cfg->sixto4.n_rx_v4 - cfg->sixto4.anycast; i++) {
		struct ts_cfg_addr a = addr4(cfg->sixto4.rx_v4[i]);

		check_fit(l, ts_item(path, "6to4.addresses", i, ""), &a);
	}
}

/* The first and last address of an IPv4 LAN are no host's, unless it is a /31 (RFC 3021) or /32. */
static const char *
network_or_broadcast(const struct ts_cfg_addr *a)
{
	if (a->family == AF_INET && a->prefix_len <= 30) {
		rte_be32_t host = ~ts_mask4(a->prefix_len);

		if ((a->v4 & host) == 0)
			return "is the address of the network itself";
		if ((a->v4 & host) == host)
			return "is the broadcast address of the network";
	}
	/* The subnet-router anycast address, RFC 4291 section 2.6.1; RFC 6164 exempts /127. */
	if (a->family == AF_INET6 && a->prefix_len < 127) {
		struct ts_cfg_addr masked = *a;

		if (!ts_cfg_addr_mask(&masked))
			return "is the subnet-router anycast address, not a host's";
	}
	return NULL;
}

static void
check_interface_twice(struct ts_load *l, unsigned i, unsigned j, const struct ts_cfg_addr *a)
{
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	for (unsigned k = 0; k <= i; k++) {
		const struct ts_cfg_interface *other = &l->cfg->interfaces[k];
		unsigned n = k == i ? j : other->n_addresses;

		/* The same link-local address may be on every link. */
		for (unsigned m = 0; m < n && (k == i || !ts_cfg_addr_link_local(a)); m++)
			if (ts_cfg_addr_equal(a, &other->addresses[m]))
				ts_fault_at(l, ts_item(path, "interfaces", i, ts_item(key, "addresses", j, "")),
					"%s is in use already: it is interfaces[%u].addresses[%u]",
					ts_cfg_addr_text(a, false, text), k, m);
	}
}

static void
check_interface_address(struct ts_load *l, unsigned i, unsigned j)
{
	const struct ts_cfg_addr *a = &l->cfg->interfaces[i].addresses[j];
	char path[TS_PATH_TEXT], key[TS_PATH_TEXT], text[TS_ADDR_TEXT];

	if (a->family == 0)
		return;
	ts_item(path, "interfaces", i, ts_item(key, "addresses", j, ""));
	const char *why = network_or_broadcast(a);

	if (why != NULL)
		ts_fault_at(l, path, "%s %s", ts_cfg_addr_text(a, true, text), why);
	check_fit(l, path, a);
	check_interface_twice(l, i, j, a);
}

void
ts_check_services(struct ts_load *l)
{
	struct services s = {.n = 0};

	for (unsigned i = 0; i < l->cfg->n_interfaces; i++)
		for (unsigned j = 0; j < l->cfg->interfaces[i].n_addresses; j++)
			check_interface_address(l, i, j);
	check_services_fit(l);
	collect(&s, l->cfg);
	check_twice(l, &s);
	for (unsigned i = 0; i < s.n; i++)
		check_on_lan(l, &s.list[i]);
}
