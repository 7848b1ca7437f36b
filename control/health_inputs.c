/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers and links are looked at each time, what asks devices or walks lists once a second.
 */
#include "health_inputs.h"

#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "log.h"
#include "show.h"
#include "tun.h"

#define SILENT_US 1000000
#define LATE_MS 500 /* this thread did not run: it cannot tell what others did meanwhile */
#define SLOW_MS 1000
#define NEXTHOPS_MS 10000

static bool
any_silent(struct ts_health_inputs *in, const struct ts_control *c)
{
	struct ts_worker_stats st;

	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		if (ts_worker_age_us(&st) <= SILENT_US)
			continue;
		in->silent_worker = w;
		return true;
	}
	return false;
}

static uint32_t
links_up(const struct ts_control *c)
{
	struct rte_eth_link link;
	uint32_t up = 0;

	for (unsigned i = 0; i < c->ports.n; i++)
		/* A port that does not say is taken for one that is up. */
		if (rte_eth_link_get_nowait(c->ports.port[i].id, &link) != 0 || link.link_status == RTE_ETH_LINK_UP)
			up |= 1u << i;
	return up;
}

/* BIRD and the kernel see a cable that is out as they would on a NIC of theirs. */
static void
tell_twins(struct ts_health_inputs *in, const struct ts_control *c, uint32_t up)
{
	uint32_t changed = in->links_told ? up ^ in->links : UINT32_MAX;

	for (unsigned i = 0; i < c->ports.n; i++)
		if (in->links_told ? (changed >> i & 1) != 0 : (up >> i & 1) == 0)
			ts_log("port %s: link %s", c->ports.port[i].name, (up >> i & 1) != 0 ? "up" : "down");
	for (unsigned i = 0; i < c->ifaces.n; i++) {
		const struct ts_ctl_iface *f = &c->ifaces.ctl[i];

		if (f->tap_fd >= 0 && (changed >> f->cfg_port & 1) != 0)
			ts_tun_carrier(f->tap_fd, (up >> f->cfg_port & 1) != 0);
	}
	in->links = up;
	in->links_told = true;
}

struct gateways {
	const struct ts_ifaces *ifaces;
	uint32_t ports4, ports6;
};

static void
add_gateway(const struct ts_neigh_info *info, void *arg)
{
	struct gateways *g = arg;

	if (info->gateway && info->iface < g->ifaces->n)
		*(info->family == AF_INET ? &g->ports4 : &g->ports6) |= 1u << g->ifaces->ctl[info->iface].cfg_port;
}

/* Without a gateway of its family, by any: IPv4 routes may go by IPv6 ones (RFC 8950), and links have neighbours. */
static void
look_at_links(struct ts_health_inputs *in, const struct ts_control *c)
{
	struct gateways g = {.ifaces = &c->ifaces};

	ts_neigh_foreach(c->nexthops, add_gateway, &g);
	in->linked4 = (in->links & (g.ports4 != 0 ? g.ports4 : UINT32_MAX)) != 0;
	in->linked6 = (in->links & (g.ports6 != 0 ? g.ports6 : UINT32_MAX)) != 0;
}

static bool
lost_twin(struct ts_health_inputs *in, const struct ts_control *c)
{
	for (unsigned i = 0; i < c->ifaces.n; i++) {
		const struct ts_ctl_iface *f = &c->ifaces.ctl[i];

		if (f->tap_fd < 0 || ts_tun_alive(f->tap_fd))
			continue;
		if (in->lost_twin[0] == '\0')
			ts_log_warning(
				"interface %s: its device was deleted in the kernel: no ARP, ND, BGP by it until "
				"tsunagid is started again",
				f->name);
		snprintf(in->lost_twin, sizeof(in->lost_twin), "%s", f->name);
		return true;
	}
	return false;
}

/* Next hops have no list of what is missing: one that was refused is missed for NEXTHOPS_MS. */
static bool
nexthops_full(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms)
{
	uint64_t refused = ts_nexthops_full(c->nexthops);

	if (refused != in->refused_nexthops)
		in->refused_ms = now_ms;
	in->refused_nexthops = refused;
	if (in->refused_ms != 0 && now_ms - in->refused_ms > NEXTHOPS_MS)
		in->refused_ms = 0;
	return in->refused_ms != 0;
}

/* There may be room again by now, and they are not back yet. */
static bool
routes_refused(const struct ts_control *c)
{
	struct ts_mirror_stats mirror = {0};
	struct ts_fpm_stats fpm = {0};

	if (c->mirror != NULL)
		ts_mirror_stats(c->mirror, &mirror);
	if (c->fpm != NULL)
		ts_fpm_stats(c->fpm, &fpm);
	return mirror.refused || fpm.refused;
}

static bool
tables_full(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms)
{
	bool full = nexthops_full(in, c, now_ms) | routes_refused(c);
	struct ts_rib_stats st;

	ts_rib_stats(c->rib, &st);
	for (unsigned i = 0; i < RTE_DIM(st.family); i++)
		full |= st.family[i].full;
	if (full && (in->box & TS_HEALTH_TABLES) == 0)
		ts_log_warning(
			"a table is full and routes are missing: see `tsunagictl show tables`, and `tables:` in the "
			"configuration");
	return full;
}

static bool
loses_packets(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms)
{
	uint64_t passed = 0, lost = 0;
	struct ts_port_figures f;

	for (unsigned i = 0; i < c->ports.n; i++) {
		ts_port_figures(c, i, &f);
		passed += f.sum.rx_packets + f.sum.tx_packets;
		lost += f.rx_missed + f.rx_nombuf + f.sum.tx_refused;
	}
	return ts_loss_step(&in->loss, now_ms, passed, lost, c->cfg.health.loss_percent, c->cfg.health.loss_s);
}

/* Contacts with Teredo clients that were not made because the relay as a whole is asked for too many (X3, X4). */
static uint64_t
refused_contacts(const struct ts_control *c)
{
	struct ts_worker_stats stats;
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->n_workers; i++) {
		ts_worker_stats(c->workers[i], &stats);
		sum += stats.counters[TS_C_teredo_contacts_overload];
	}
	return sum;
}

/* X8; by the clock that the workers have, as the seconds of the attack go on over a reload. */
static bool
attacked(struct ts_health_inputs *in, const struct ts_control *c)
{
	const struct ts_cfg_teredo_relay *r = &c->cfg.teredo_relay;

	return r->enabled &&
		ts_attack_step(&in->attack_state, rte_rdtsc() / rte_get_tsc_hz(), refused_contacts(c),
			r->bubbles.per_second, r->withdraw_after_s);
}

/* What changes slowly or costs something; the rest of `box` stays as it is. */
static void
look_slowly(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms)
{
	uint32_t box = in->box & ~(uint32_t)(TS_HEALTH_TWIN | TS_HEALTH_TABLES | TS_HEALTH_LOSS);

	box |= lost_twin(in, c) ? TS_HEALTH_TWIN : 0;
	box |= tables_full(in, c, now_ms) ? TS_HEALTH_TABLES : 0;
	box |= loses_packets(in, c, now_ms) ? TS_HEALTH_LOSS : 0;
	in->box = box;
	in->attack = attacked(in, c);
}

/* The default route leads somewhere only if it has a gateway or a link. */
static bool
has_default(const struct ts_control *c, uint8_t family)
{
	static const uint8_t any[16];
	struct ts_route_info r;
	uint8_t kind;

	if (!ts_rib_get(c->rib, family, any, 0, &r))
		return false;
	kind = ts_nexthop_array(c->nexthops)[r.nh].kind;
	return kind == TS_NH_ADJACENCY || kind == TS_NH_GLEAN;
}

static uint32_t
lacks_routes(const struct ts_control *c, uint8_t family, size_t upstream, uint32_t min, bool require, uint32_t reason)
{
	return upstream + (upstream == 0 && has_default(c, family)) < min || (require && !has_default(c, family))
		? reason
		: 0;
}

static void
look_at_routes(struct ts_health_inputs *in, const struct ts_control *c)
{
	in->upstream4 = ts_rib_upstream(c->rib, AF_INET);
	in->upstream6 = ts_rib_upstream(c->rib, AF_INET6);
	in->v4 = lacks_routes(c, AF_INET, in->upstream4, c->cfg.health.min_ipv4_routes, c->cfg.health.require_default4,
		TS_HEALTH_ROUTES4);
	in->v6 = lacks_routes(c, AF_INET6, in->upstream6, c->cfg.health.min_ipv6_routes, c->cfg.health.require_default6,
		TS_HEALTH_ROUTES6);
	in->v4 |= in->linked4 ? 0 : TS_HEALTH_LINK4;
	in->v6 |= in->linked6 ? 0 : TS_HEALTH_LINK6;
}

void
ts_health_look(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms)
{
	bool late = now_ms - in->looked_ms > LATE_MS;
	uint32_t up = links_up(c);

	if (!late)
		in->box &= ~(uint32_t)TS_HEALTH_WORKER;
	if (!late && any_silent(in, c))
		in->box |= TS_HEALTH_WORKER;
	if (up != in->links || !in->links_told) {
		tell_twins(in, c, up);
		look_at_links(in, c);
	}
	if (now_ms - in->slow_ms >= SLOW_MS) {
		look_slowly(in, c, now_ms);
		look_at_links(in, c);
		in->slow_ms = now_ms;
	}
	look_at_routes(in, c);
	in->looked_ms = now_ms;
}
