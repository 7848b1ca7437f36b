/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/path_rtt.h"

#include <string.h>

#include "lib/siphash.h"
#include "lib/teredo.h"

#define MAX_S 60 /* no round trip is so long, and nothing overflows */

/* Stations are in the order of mechanisms, encapsulation before decapsulation. */
static bool
is_decap(unsigned station)
{
	return (station - TS_STATION_6TO4_ENCAP) % 2 != 0;
}

static unsigned
mech_of(unsigned station)
{
	return (station - TS_STATION_6TO4_ENCAP) / 2;
}

static bool
is_lane(unsigned station)
{
	return station >= TS_STATION_6TO4_ENCAP && station <= TS_STATION_TEREDO_DECAP;
}

/* O31: the IPv4 address that the tunnel's end has. False: this is no address of the mechanism, whatever the packet
 * said. */
static bool
far_end(const struct ts_config *cfg, unsigned mech, const uint8_t addr[16], rte_be32_t *v4)
{
	switch (mech) {
	case TS_MECH_6TO4:
		*v4 = ts_6to4_v4(addr);
		return ts_is_6to4(addr);
	case TS_MECH_TEREDO:
		*v4 = ts_teredo_client(addr);
		return ts_is_teredo(addr);
	case TS_MECH_ISATAP:
		*v4 = ts_isatap_v4(addr);
		return ts_is_isatap_iid(addr);
	default:
		break;
	}
	for (unsigned i = 0; i < cfg->n_sixrd; i++) {
		if (!ts_prefix6_contains(&cfg->sixrd[i].map.prefix, addr))
			continue;
		*v4 = ts_6rd_v4(&cfg->sixrd[i].map, addr);
		return true;
	}
	return false;
}

static uint64_t
site_of(const struct ts_path_rtt *p, const void *site, size_t len)
{
	return ts_siphash(p->key, site, len);
}

/* Of the address only what names nobody (O31). */
static void
add_tunnel(struct ts_path_rtt *p, unsigned mech, rte_be32_t v4, uint64_t us)
{
	rte_be32_t prefix = v4 & ts_mask4(24);
	uint8_t addr[4];

	memcpy(addr, &prefix, sizeof(addr));
	ts_path_figures_add(&p->mechs[mech][TS_PATH_TUNNEL], us);
	ts_path_prefixes_add(&p->tunnels, (uint8_t)mech, addr, site_of(p, &v4, sizeof(v4)), us);
}

static void
add_native(struct ts_path_rtt *p, unsigned mech, const uint8_t addr[16], uint64_t us)
{
	ts_path_figures_add(&p->mechs[mech][TS_PATH_NATIVE], us);
	ts_path_prefixes_add(&p->natives, 0, addr, site_of(p, addr, 8), us);
}

static uint64_t
microseconds(const struct ts_path_rtt *p, uint64_t cycles)
{
	if (cycles == TS_PATH_UNKNOWN || cycles / p->hz >= MAX_S)
		return TS_PATH_UNKNOWN;
	return cycles * 1000000 / p->hz;
}

/* One end of the connection, seen from the relay. */
struct end {
	const uint8_t *addr;
	uint64_t us;
	bool tunnel;
	unsigned mech; /* of the tunnel, or of the other end's */
	rte_be32_t v4;
};

static void
add_end(struct ts_path_rtt *p, const struct end *e)
{
	if (e->us == TS_PATH_UNKNOWN)
		return;
	if (e->tunnel)
		add_tunnel(p, e->mech, e->v4, e->us);
	else
		add_native(p, e->mech, e->addr, e->us);
}

/* What comes from the client passes the station of the tunnel that it comes out of, or else goes into. */
static bool
ends_of(const struct ts_path_rtt *p, const struct ts_path_handshake *h, struct end *client, struct end *server)
{
	const struct ts_config *cfg = &p->c->cfg;

	if (!is_lane(h->client_station) || !is_lane(h->server_station))
		return false;
	*client = (struct end){.addr = h->client, .us = microseconds(p, h->client_half)};
	*server = (struct end){.addr = h->server, .us = microseconds(p, h->server_half)};
	client->tunnel = is_decap(h->client_station);
	server->tunnel = is_decap(h->server_station);
	client->mech = mech_of(h->client_station);
	server->mech = mech_of(h->server_station);
	if (!(client->tunnel && server->tunnel) && (client->mech != server->mech || client->tunnel == server->tunnel))
		return false;
	return (!client->tunnel || far_end(cfg, client->mech, h->client, &client->v4)) &&
		(!server->tunnel || far_end(cfg, server->mech, h->server, &server->v4));
}

void
ts_path_rtt_take(const struct ts_path_handshake *h, void *arg)
{
	struct ts_path_rtt *p = arg;
	struct end client, server;

	if (!ends_of(p, h, &client, &server)) {
		p->strange++;
		return;
	}
	add_end(p, &client);
	add_end(p, &server);
	if (client.tunnel != server.tunnel && client.us != TS_PATH_UNKNOWN && server.us != TS_PATH_UNKNOWN)
		ts_path_figures_add(&p->mechs[client.mech][TS_PATH_WHOLE], client.us + server.us);
}

const struct ts_path_rtt *
ts_path_rtt_shown(const struct ts_control *c)
{
	return c->cfg.path_rtt.enabled ? c->path_rtt : NULL;
}
