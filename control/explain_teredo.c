/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Teredo address explained: its fields (F1), the checks that a packet to it has to pass at the relay, each with the
 * counter that it would move (T4 to T6), what the peer table knows, and hence what happens (T8 to T11). The checks are
 * those of the encapsulation lane, in its order.
 */
#include <stdio.h>

#include "control/explain.h"
#include "control/show.h"
#include "control/show_teredo.h"
#include "control/teredo.h"
#include "lib/teredo.h"

#define PASSED TS_N_COUNTERS

struct peer {
	bool known;
	struct ts_peer_info info;
	enum ts_peer_shown shown;
};

static bool
server_is_ours(const struct ts_explain *e)
{
	return e->s->server.enabled && e->s->server.address[0] == ts_teredo_server(e->addr);
}

/* T4 */
static enum ts_counter
check_client(const struct ts_explain *e)
{
	switch (ts_source_policy_exact(e->s->policy, ts_teredo_client(e->addr))) {
	case TS_POLICY_OK:
		return PASSED;
	case TS_POLICY_OWN:
		return TS_C_drop_teredo_encap_dst_own;
	case TS_POLICY_DENIED:
		return TS_C_drop_teredo_encap_dst_denied;
	default:
		return TS_C_drop_teredo_encap_dst_martian;
	}
}

/* T5; port 0 is refused whatever the configuration. */
static enum ts_counter
check_port(const struct ts_explain *e)
{
	uint16_t port = rte_be_to_cpu_16(ts_teredo_port(e->addr));

	return port == 0 || port < e->c->cfg.teredo_relay.min_client_port ? TS_C_drop_teredo_encap_dst_port_0 : PASSED;
}

/* T6 */
static enum ts_counter
check_server(const struct ts_explain *e)
{
	switch (ts_source_policy_exact(e->s->policy, ts_teredo_server(e->addr))) {
	case TS_POLICY_OK:
		return PASSED;
	case TS_POLICY_OWN:
		return server_is_ours(e) ? PASSED : TS_C_drop_teredo_encap_server_martian;
	case TS_POLICY_DENIED:
		return TS_C_drop_teredo_encap_dst_denied;
	default:
		return TS_C_drop_teredo_encap_server_martian;
	}
}

static const char *
check_text(enum ts_counter c)
{
	return c == PASSED ? "ok" : ts_counter_info[c].name;
}

/* All three are shown; the first that fails is what a packet counts as. */
static enum ts_counter
checks(const struct ts_explain *e)
{
	enum ts_counter client = check_client(e), port = check_port(e), server = check_server(e);

	json_object_set_new(e->out, "checks",
		json_pack("{s:s, s:s, s:s}", "client", check_text(client), "port", check_text(port), "server",
			check_text(server)));
	if (client != PASSED)
		return client;
	return port != PASSED ? port : server;
}

static void
fields(struct ts_explain *e)
{
	char flags[8];

	snprintf(flags, sizeof(flags), "0x%02x%02x", e->addr[8], e->addr[9]);
	ts_explain_v4(e, "server", ts_teredo_server(e->addr));
	json_object_set_new(e->out, "server_is_ours", json_boolean(server_is_ours(e)));
	ts_explain_text(e, "flags", flags);
	json_object_set_new(e->out, "cone", json_boolean(ts_teredo_cone(e->addr)));
	ts_explain_v4(e, "client", ts_teredo_client(e->addr));
	json_object_set_new(e->out, "client_port", json_integer(rte_be_to_cpu_16(ts_teredo_port(e->addr))));
}

static struct peer
find_peer(const struct ts_explain *e)
{
	const struct ts_peers *peers = ts_local_teredo(e->c->local)->peers;
	struct peer p = {.known = false};
	struct ts_peer_view view;
	struct ts_peer_hash hash;

	if (peers == NULL)
		return p;
	hash = ts_peers_hash(peers, e->addr);
	if (!ts_peers_find(peers, e->addr, &hash, &view))
		return p;
	memcpy(p.info.addr, e->addr, sizeof(p.info.addr));
	p.info.state = ts_peer_state(view.word);
	p.info.learned = (view.word & TS_PEER_LEARNED) != 0;
	p.info.v4 = view.v4;
	p.info.port = view.port;
	p.info.age = ts_peer_age(view.word, ts_peer_tick_now());
	p.shown = ts_peer_shown(e->c, p.info.state, p.info.age);
	p.known = p.shown != TS_PEER_STATE_EXPIRED;
	return p;
}

/* T8 to T11, for a packet that has passed the checks. */
static void
contact_verdict(struct ts_explain *e, const struct peer *p)
{
	const char *how = server_is_ours(e) ? "a bubble from our own server" : "a bubble through its server";

	if (p->known && p->shown == TS_PEER_STATE_TRUSTED)
		ts_explain_verdict(e, "sent to %u.%u.%u.%u, UDP port %u: the client is trusted",
			((const uint8_t *)&p->info.v4)[0], ((const uint8_t *)&p->info.v4)[1],
			((const uint8_t *)&p->info.v4)[2], ((const uint8_t *)&p->info.v4)[3],
			rte_be_to_cpu_16(p->info.port));
	else if (ts_teredo_cone(e->addr) && e->s->relay.honour_cone)
		ts_explain_verdict(e, "sent to the mapped address at once: cone bit and honour-cone");
	else if (p->known && p->shown != TS_PEER_STATE_STALE)
		ts_explain_verdict(e,
			"queued while the client is asked by %s, four times within 300 s; "
			"Destination Unreachable once that has failed",
			how);
	else
		ts_explain_verdict(
			e, "queued, if the limits allow, and the client is asked by %s; sent when it answers", how);
}

void
ts_explain_teredo(struct ts_explain *e)
{
	struct peer p = find_peer(e);
	enum ts_counter refused;

	fields(e);
	refused = checks(e);
	json_object_set_new(e->out, "peer", p.known ? ts_peer_json(e->c, &p.info, true) : json_null());
	if (e->kind != TS_NH_TEREDO)
		return;
	if (refused != PASSED)
		ts_explain_verdict(e, "dropped, %s: %s", ts_counter_info[refused].name, ts_counter_info[refused].help);
	else
		contact_verdict(e, &p);
}
