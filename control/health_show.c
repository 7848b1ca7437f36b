/* SPDX-License-Identifier: BSD-3-Clause */
/* Health as it is shown: for people a sentence, for programs a word. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "health_priv.h"

const char *
ts_health_prefix_text(const struct ts_cfg_addr *prefix, char buf[TS_HEALTH_PREFIX_TEXT])
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(prefix->family, &prefix->v6, addr, sizeof(addr));
	snprintf(buf, TS_HEALTH_PREFIX_TEXT, "%s/%u", addr, prefix->prefix_len);
	return buf;
}

void
ts_health_explain(const struct ts_health *h, unsigned prefix, unsigned bit, char *out, size_t len)
{
	const struct ts_health_inputs *in = &h->in;
	const char *text = ts_health_words[bit].text;

	switch (bit) {
	case TS_HEALTH_BIT_WORKER:
		snprintf(out, len, "%s: number %u", text, in->silent_worker);
		break;
	case TS_HEALTH_BIT_PROBE:
		snprintf(out, len, "%s: %s", text, h->why[h->list.prefixes[prefix].mech]);
		break;
	case TS_HEALTH_BIT_ROUTES4:
		snprintf(out, len, "%s: %zu by a gateway", text, in->upstream4);
		break;
	case TS_HEALTH_BIT_ROUTES6:
		snprintf(out, len, "%s: %zu by a gateway", text, in->upstream6);
		break;
	case TS_HEALTH_BIT_LOSS:
		snprintf(out, len, "%s: %u %%", text, in->loss.percent);
		break;
	case TS_HEALTH_BIT_TWIN:
		snprintf(out, len, "%s: %s", text, in->lost_twin);
		break;
	case TS_HEALTH_BIT_HOLD:
		snprintf(out, len, "%s: %llu s to go", text,
			(unsigned long long)(ts_health_hold_left(&h->state[prefix], h->now_ms) + 999) / 1000);
		break;
	default:
		snprintf(out, len, "%s", text);
	}
}

static json_t *
reasons_json(const struct ts_health *h, unsigned prefix)
{
	json_t *list = json_array();
	char text[256];

	for (unsigned bit = 0; bit < TS_HEALTH_N_REASONS; bit++) {
		if ((h->reasons[prefix] >> bit & 1) == 0)
			continue;
		ts_health_explain(h, prefix, bit, text, sizeof(text));
		json_array_append_new(list, json_pack("{s:s, s:s}", "reason", ts_health_words[bit].word, "text", text));
	}
	return list;
}

static json_t *
prefix_json(const struct ts_health *h, unsigned i)
{
	const struct ts_health_prefix *p = &h->list.prefixes[i];
	char text[TS_HEALTH_PREFIX_TEXT];

	return json_pack("{s:s, s:s, s:b, s:o}", "prefix", ts_health_prefix_text(&p->prefix, text), "mechanism",
		h->list.mechs[p->mech].name, "announced", h->up[i] && h->c->announcer != NULL, "reasons",
		reasons_json(h, i));
}

static json_t *
mech_json(const struct ts_health *h, unsigned i)
{
	static const char *const words[] = {"none", "untried", "good", "bad"};

	return json_pack(
		"{s:s, s:s, s:s}", "name", h->list.mechs[i].name, "probe", words[h->verdict[i]], "why", h->why[i]);
}

static const char *
drain_word(const struct ts_health *h)
{
	switch (ts_drain_phase(&h->drain, h->now_ms, h->c->cfg.health.drain_s * UINT64_C(1000))) {
	case TS_DRAIN_SHOWN:
		return "draining";
	case TS_DRAIN_WITHDRAWN:
		return "drained";
	default:
		return "no";
	}
}

json_t *
ts_health_json(const struct ts_health *h)
{
	json_t *prefixes = json_array(), *mechs = json_array();
	bool healthy = !h->drain.on && h->in.box == 0;

	for (unsigned i = 0; i < h->list.n_prefixes; i++) {
		healthy &= h->up[i];
		json_array_append_new(prefixes, prefix_json(h, i));
	}
	for (unsigned i = 0; i < h->list.n_mechs; i++)
		json_array_append_new(mechs, mech_json(h, i));
	return json_pack("{s:{s:b, s:s, s:b, s:I, s:I, s:o, s:o}}", "health", "healthy", healthy, "drain",
		drain_word(h), "announcing", h->c->announcer != NULL, "ipv4_upstream_routes",
		(json_int_t)h->in.upstream4, "ipv6_upstream_routes", (json_int_t)h->in.upstream6, "prefixes", prefixes,
		"mechanisms", mechs);
}
