/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the relay is: services, software, whom to ask. The neighbours, with their addresses and MAC addresses, are shown
 * only where status-page.public is no.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include <rte_version.h>

#include "control/status_priv.h"

#ifndef TS_VERSION
#define TS_VERSION "unknown"
#endif

static void
put_v4(FILE *out, const char *before, rte_be32_t v4)
{
	char text[INET_ADDRSTRLEN];

	fprintf(out, "%s%s", before, inet_ntop(AF_INET, &v4, text, sizeof(text)));
}

static void
put_v6(FILE *out, const char *before, const void *v6)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s%s", before, inet_ntop(AF_INET6, v6, text, sizeof(text)));
}

static void
begin(FILE *out, const char *name, const char *detail)
{
	fprintf(out, "<tr><th scope=\"row\">%s", name);
	if (detail[0] != '\0') {
		fputs(" <small>", out);
		ts_put_text(out, detail);
		fputs("</small>", out);
	}
	fputs("</th><td>", out);
}

static void
put_6to4(FILE *out, const struct ts_cfg_6to4 *t)
{
	begin(out, "6to4", "");
	fprintf(out, "%s", t->anycast ? "Anycast relay, RFC 3068. Addresses" : "Relay. Addresses");
	for (unsigned i = 0; i < t->n_rx_v4; i++)
		put_v4(out, i > 0 ? ", " : " ", t->rx_v4[i]);
	if (t->mirror)
		fputs("; sends from the address that a site uses", out);
	else
		put_v4(out, "; sends from ", t->tx_source);
	fprintf(out, "; MTU %u</td></tr>\n", t->mtu);
}

static void
put_6rd(FILE *out, const struct ts_cfg_6rd *d)
{
	begin(out, "6rd", d->name);
	put_v6(out, "Border relay of ", &d->map.prefix.addr);
	fprintf(out, "/%u", d->map.prefix.len);
	put_v4(out, " at ", d->br);
	fprintf(out, "%s, IPv4 mask length %u; MTU %u</td></tr>\n", d->anycast ? " (anycast)" : "",
		d->map.ipv4_mask_len, d->mtu);
}

static void
put_isatap(FILE *out, const struct ts_cfg_isatap *i)
{
	begin(out, "ISATAP", i->name);
	put_v6(out, "Router of ", &i->prefix.addr);
	put_v4(out, "/64 at ", i->address);
	fprintf(out, "; MTU %u</td></tr>\n", i->mtu);
}

static void
put_teredo(FILE *out, const struct ts_config *cfg)
{
	if (cfg->teredo_relay.enabled) {
		begin(out, "Teredo relay", "");
		put_v4(out, "At ", cfg->teredo_relay.address);
		fprintf(out, ", UDP port %u; room for %" PRIu32 " clients</td></tr>\n", cfg->teredo_relay.port,
			cfg->teredo_relay.peers);
	}
	if (cfg->teredo_server.enabled) {
		begin(out, "Teredo server", "");
		put_v4(out, "At ", cfg->teredo_server.address);
		put_v4(out, " and ", cfg->teredo_server.secondary);
		fprintf(out, "%s</td></tr>\n", cfg->teredo_server.keys != NULL ? "; for clients with a secret" : "");
	}
}

void
ts_status_put_services(FILE *out, const struct ts_status_view *v)
{
	const struct ts_config *cfg = &v->s->c->cfg;

	if (cfg->sixto4.enabled)
		put_6to4(out, &cfg->sixto4);
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		put_6rd(out, &cfg->sixrd[i]);
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		put_isatap(out, &cfg->isatap[i]);
	put_teredo(out, cfg);
	if (cfg->local.has_icmp6_source) {
		begin(out, "ICMPv6 errors", "");
		put_v6(out, "Come from ", &cfg->local.icmp6_source);
		fputs("</td></tr>\n", out);
	}
}

static void
put_interfaces(FILE *out, const struct ts_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *f = &cfg->interfaces[i];

		begin(out, "Interface", f->name);
		fprintf(out, "MTU %u", f->mtu);
		for (unsigned a = 0; a < f->n_addresses && !cfg->status_page.public; a++) {
			if (f->addresses[a].family == AF_INET)
				put_v4(out, ", ", f->addresses[a].v4);
			else
				put_v6(out, ", ", &f->addresses[a].v6);
			fprintf(out, "/%u", f->addresses[a].prefix_len);
		}
		fputs("</td></tr>\n", out);
	}
}

void
ts_status_put_software(FILE *out, const struct ts_status_view *v)
{
	const struct ts_control *c = v->s->c;

	begin(out, "Software", "");
	fprintf(out, "tsunagi %s, ", TS_VERSION);
	ts_put_text(out, rte_version());
	fputs("</td></tr>\n", out);
	begin(out, "Up for", "");
	ts_put_duration(out, (ts_status_boot_ms() - v->s->started_ms) / 1000);
	fputs("</td></tr>\n", out);
	begin(out, "Workers", "");
	fprintf(out, "%u</td></tr>\n", c->n_workers);
	begin(out, "Routes", "");
	ts_put_count(out, ts_rib_count(c->rib, AF_INET));
	fputs(" of IPv4, ", out);
	ts_put_count(out, ts_rib_count(c->rib, AF_INET6));
	fputs(" of IPv6</td></tr>\n", out);
	put_interfaces(out, &c->cfg);
}

struct neighbours {
	FILE *out;
	const struct ts_control *c;
	unsigned n, resolved;
};

static void
count_neighbour(const struct ts_neigh_info *n, void *arg)
{
	struct neighbours *all = arg;

	/* The far end of test packets has no family. */
	if (n->family != AF_INET && n->family != AF_INET6)
		return;
	all->n++;
	all->resolved += n->resolved;
}

static void
put_neighbour(const struct ts_neigh_info *n, void *arg)
{
	struct neighbours *all = arg;
	const uint8_t *m = n->mac;

	if (n->family != AF_INET && n->family != AF_INET6)
		return;
	fputs("<tr><th scope=\"row\">", all->out);
	if (n->family == AF_INET)
		fprintf(all->out, "%u.%u.%u.%u", n->addr[0], n->addr[1], n->addr[2], n->addr[3]);
	else
		put_v6(all->out, "", n->addr);
	fputs("</th><td>", all->out);
	ts_put_text(all->out, n->iface < all->c->ifaces.n ? all->c->ifaces.ctl[n->iface].name : "?");
	if (n->resolved)
		fprintf(all->out, "</td><td><code>%02x:%02x:%02x:%02x:%02x:%02x</code></td></tr>\n", m[0], m[1], m[2],
			m[3], m[4], m[5]);
	else
		fputs("</td><td><span class=\"badge bad\">does not answer</span></td></tr>\n", all->out);
}

/* Their number is nobody's secret. */
void
ts_status_put_neighbours(FILE *out, const struct ts_status_view *v)
{
	struct neighbours all = {.out = out, .c = v->s->c};

	ts_neigh_foreach(v->s->c->nexthops, count_neighbour, &all);
	fprintf(out, "<p>%u next hops and neighbours are in use, %u of them answer.</p>\n", all.n, all.resolved);
	if (v->s->c->cfg.status_page.public || all.n == 0)
		return;
	fputs("<div class=\"wide\"><table><thead><tr><th scope=\"col\">Address</th><th scope=\"col\">Interface</th>"
	      "<th scope=\"col\">MAC address</th></tr></thead>\n",
		out);
	ts_neigh_foreach(v->s->c->nexthops, put_neighbour, &all);
	fputs("</table></div>\n", out);
}

static bool
is_url(const char *text)
{
	return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* A link only to what is surely one: any other scheme could be a script. */
void
ts_status_put_contact(FILE *out, const struct ts_status_view *v)
{
	const char *text = v->s->c->cfg.status_page.contact;
	bool mail = strchr(text, '@') != NULL && strpbrk(text, " :/") == NULL;

	if (text[0] == '\0')
		return;
	fputs("Questions? ", out);
	if (mail || is_url(text)) {
		fprintf(out, "<a href=\"%s", mail ? "mailto:" : "");
		ts_put_text(out, text);
		fputs("\">", out);
	}
	ts_put_text(out, text);
	fputs(mail || is_url(text) ? "</a>" : "", out);
}
