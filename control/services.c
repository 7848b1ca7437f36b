/* SPDX-License-Identifier: BSD-3-Clause */
#include "services.h"

#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>

#include "lib/router_advert.h"
#include "lib/teredo_keys.h"

_Static_assert(sizeof(((struct ts_isatap *)0)->ra) >= TS_ROUTER_ADVERT_MAX, "an advertisement fits");

static void *
cache_aligned(size_t n, size_t size)
{
	size_t bytes = RTE_ALIGN_CEIL((n + 1) * size, (size_t)RTE_CACHE_LINE_SIZE);
	void *p = aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);

	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

static uint8_t
tos_mask(enum ts_dscp_mode dscp, enum ts_ecn_mode ecn)
{
	return (dscp == TS_DSCP_COPY ? 0xfc : 0) | (ecn == TS_ECN_NORMAL ? 0x03 : 0);
}

static rte_be16_t
frag_off(bool df)
{
	return df ? RTE_BE16(RTE_IPV4_HDR_DF_FLAG) : 0;
}

static void
fill_6to4(struct ts_6to4 *out, const struct ts_cfg_6to4 *in)
{
	out->enabled = in->enabled;
	out->t = (struct ts_tunnel){
		.src = in->tx_source,
		.mtu = in->mtu,
		.frag_off = frag_off(in->df),
		.ttl = in->ttl,
		.tos_mask = tos_mask(in->dscp, in->ecn),
		.clamp_mss = in->mss_clamp,
		.dynamic_mtu = in->dynamic_mtu,
	};
	out->mirror = in->mirror;
}

static void
fill_6rd(struct ts_6rd *out, const struct ts_cfg_6rd *in)
{
	static const struct ts_prefix4 relays_6to4 = {RTE_BE32(0xc0586300), 24}; /* 192.88.99.0/24 is no CE (R8) */

	out->t = (struct ts_tunnel){
		.src = in->br,
		.mtu = in->mtu,
		.frag_off = frag_off(in->df),
		.ttl = in->ttl,
		.tos_mask = tos_mask(in->dscp, in->ecn),
		.clamp_mss = in->mss_clamp,
		.dynamic_mtu = in->dynamic_mtu && !in->anycast, /* R10: DF always, and errors reach another relay */
	};
	out->map = in->map;
	out->null_route = ts_6rd_delegated(&in->map, in->br);
	out->hairpin = in->hairpin;
	out->allow_ula = in->allow_ula;
	memcpy(out->relays, in->known_relays, in->n_known_relays * sizeof(out->relays[0]));
	out->n_relays = in->n_known_relays;
	out->relays[out->n_relays++] = relays_6to4;
}

void
ts_isatap_address(uint8_t out[16], const uint8_t prefix[8], bool u_bit, rte_be32_t v4)
{
	memcpy(out, prefix, 8);
	out[8] = u_bit ? 2 : 0;
	out[9] = 0;
	out[10] = 0x5e;
	out[11] = 0xfe;
	memcpy(out + 12, &v4, 4);
}

static void
fill_isatap(struct ts_isatap *out, const struct ts_cfg_isatap *in)
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	out->t = (struct ts_tunnel){
		.src = in->address,
		.mtu = in->mtu,
		.ttl = in->ttl,
		.tos_mask = tos_mask(in->dscp, in->ecn),
		.clamp_mss = in->mss_clamp,
		.dynamic_mtu = in->dynamic_mtu,
	};
	out->prefix = in->prefix;
	out->u_bit = in->u_bit;
	out->allow_ula = in->allow_ula;
	out->n_site = in->n_site;
	memcpy(out->site, in->site, in->n_site * sizeof(out->site[0]));
	out->n_prl = in->n_prl;
	memcpy(out->prl, in->prl, in->n_prl * sizeof(out->prl[0]));
	ts_isatap_address(out->link_local, link_local, in->u_bit, in->address);
	ts_isatap_address(out->global, in->prefix.addr.s6_addr, in->u_bit, in->address);
	out->ra_delay_ms = in->ra_delay_ms;
	out->ra_len = (unsigned)ts_router_advert_build(out->ra, in);
}

static bool
fill_domains(struct ts_services *s, const struct ts_config *cfg)
{
	s->sixrd = cache_aligned(cfg->n_sixrd, sizeof(*s->sixrd));
	s->isatap = cache_aligned(cfg->n_isatap, sizeof(*s->isatap));
	if (s->sixrd == NULL || s->isatap == NULL)
		return false;
	s->n_sixrd = cfg->n_sixrd;
	s->n_isatap = cfg->n_isatap;
	fill_6to4(&s->sixto4, &cfg->sixto4);
	for (unsigned i = 0; i < cfg->n_sixrd; i++)
		fill_6rd(&s->sixrd[i], &cfg->sixrd[i]);
	for (unsigned i = 0; i < cfg->n_isatap; i++)
		fill_isatap(&s->isatap[i], &cfg->isatap[i]);
	memcpy(s->handover, cfg->handover, sizeof(s->handover));
	s->handover[TS_MECH_6TO4][TS_MECH_6TO4] = false;     /* RFC 3964 4.2 */
	s->handover[TS_MECH_TEREDO][TS_MECH_TEREDO] = false; /* T3: they reach each other without a relay */
	return true;
}

struct ts_services *
ts_services_make(const struct ts_config *cfg, const rte_be32_t *own, size_t n_own, const struct ts_prefix4 *attached,
	size_t n_attached, const struct ts_hints *hints)
{
	struct ts_source_policy_conf policy = {
		.list = cfg->source_policy.v4_filter == TS_V4_FILTER_CORE ? TS_POLICY_CORE : TS_POLICY_EXTENDED,
		.own = own,
		.n_own = n_own,
		.attached = attached,
		.n_attached = n_attached,
		.deny = cfg->access.deny4,
		.n_deny = cfg->access.n_deny4,
		.allow = cfg->access.allow4,
		.n_allow = cfg->access.n_allow4,
	};
	struct ts_services *s = cache_aligned(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->policy = ts_source_policy_create(&policy);
	policy.list = TS_POLICY_MANAGED;
	s->managed = ts_source_policy_create(&policy);
	s->probe_policy = ts_source_policy_create(
		&(struct ts_source_policy_conf){.list = TS_POLICY_MANAGED, .own = own, .n_own = n_own});
	s->loop_guard = ts_loop_guard_create(own, n_own, cfg->loop_guard.known_6rd, cfg->loop_guard.n_known_6rd,
		cfg->loop_guard.known_isatap, cfg->loop_guard.n_known_isatap);
	if (cfg->access.n_deny6 != 0)
		s->deny6 = ts_prefix_set_create(cfg->access.deny6, cfg->access.n_deny6);
	s->mirror = hints->mirror;
	s->mtus = hints->mtus;
	if (s->policy == NULL || s->managed == NULL || s->probe_policy == NULL || s->loop_guard == NULL ||
		(cfg->access.n_deny6 != 0 && s->deny6 == NULL) || !fill_domains(s, cfg)) {
		ts_services_free(s);
		return NULL;
	}
	ts_services_fill_teredo(s, cfg, hints->teredo);
	s->icmp6_source = cfg->local.icmp6_source;
	s->hop_limit = cfg->local.hop_limit;
	s->pass_rh0 = cfg->source_policy.pass_rh0;
	return s;
}

void
ts_services_free(struct ts_services *s)
{
	if (s == NULL)
		return;
	ts_source_policy_free(s->policy);
	ts_source_policy_free(s->managed);
	ts_source_policy_free(s->probe_policy);
	ts_loop_guard_free(s->loop_guard);
	ts_prefix_set_free(s->deny6);
	if (s->server.keys != NULL)
		ts_teredo_keys_put((struct ts_teredo_keys *)(uintptr_t)s->server.keys);
	free(s->sixrd);
	free(s->isatap);
	free(s);
}
