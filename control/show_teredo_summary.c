/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Teredo's key figures in one document. The counters are a choice of those of `show counters`, by the same names.
 */
#include <arpa/inet.h>

#include "control/show.h"
#include "control/show_teredo.h"
#include "control/teredo.h"

static const enum ts_counter relay_counters[] = {
	TS_C_teredo_encap_packets,
	TS_C_teredo_decap_packets,
	TS_C_teredo_peers_confirmed,
	TS_C_teredo_peers_unreachable,
	TS_C_teredo_peers_evicted,
	TS_C_teredo_cookies_accepted,
	TS_C_teredo_mappings_learned,
	TS_C_teredo_indirect_bubbles,
	TS_C_teredo_direct_bubbles,
	TS_C_teredo_stateless_bubbles,
	TS_C_teredo_recovery_bubbles,
	TS_C_teredo_bubbles_limited,
	TS_C_consume_teredo_decap_bubble,
	TS_C_teredo_queued_packets,
	TS_C_teredo_released_packets,
	TS_C_drop_teredo_encap_bubble_limited,
	TS_C_drop_teredo_encap_no_room,
	TS_C_drop_teredo_encap_stateless,
	TS_C_drop_teredo_encap_handoff_full,
	TS_C_drop_teredo_decap_src_mismatch,
	TS_C_drop_teredo_decap_no_peer,
};

static const enum ts_counter server_counters[] = {
	TS_C_teredo_server_advertisements,
	TS_C_teredo_server_bubbles,
	TS_C_teredo_server_echoes,
	TS_C_teredo_server_native_packets,
	TS_C_teredo_server_echo_replies,
	TS_C_drop_teredo_server_src_mismatch,
	TS_C_drop_teredo_server_auth_absent,
	TS_C_drop_teredo_server_auth_fail,
	TS_C_drop_teredo_server_ra_limited,
};

static json_t *
counters(const enum ts_counter *which, size_t n, const uint64_t sum[TS_N_COUNTERS])
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(object, ts_counter_info[which[i]].name, json_integer((json_int_t)sum[which[i]]));
	return object;
}

static json_t *
address(rte_be32_t v4)
{
	char text[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &v4, text, sizeof(text)));
}

/* Owners' books, which are whole numbers to read at any time. */
static json_t *
table_figures(const struct ts_peers *p)
{
	uint64_t inserted = 0, expired = 0, evicted = 0, full = 0;

	for (uint32_t i = 0; i < p->n_owners; i++) {
		inserted += __atomic_load_n(&p->owner[i].inserted, __ATOMIC_RELAXED);
		expired += __atomic_load_n(&p->owner[i].expired, __ATOMIC_RELAXED);
		evicted += __atomic_load_n(&p->owner[i].evicted, __ATOMIC_RELAXED);
		full += __atomic_load_n(&p->owner[i].full, __ATOMIC_RELAXED);
	}
	return json_pack("{s:I, s:I, s:I, s:I}", "inserted", (json_int_t)inserted, "expired", (json_int_t)expired,
		"evicted", (json_int_t)evicted, "full", (json_int_t)full);
}

static json_t *
peers_figures(const struct ts_control *c, const uint64_t n[TS_PEER_N_SHOWN])
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "trusted", (json_int_t)n[TS_PEER_STATE_TRUSTED], "stale",
		(json_int_t)n[TS_PEER_STATE_STALE], "unconfirmed", (json_int_t)n[TS_PEER_STATE_UNCONFIRMED], "renewing",
		(json_int_t)n[TS_PEER_STATE_RENEWING], "expired", (json_int_t)n[TS_PEER_STATE_EXPIRED], "capacity",
		(json_int_t)c->cfg.teredo_relay.peers);
}

static json_t *
contacts_figures(const struct ts_control *c, const struct ts_contacts *contacts)
{
	struct ts_contacts_stats st = {0};

	ts_contacts_stats(contacts, &st);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "records", (json_int_t)st.records, "records_max",
		(json_int_t)st.records_max, "pending", (json_int_t)st.records - (json_int_t)st.failed, "failed",
		(json_int_t)st.failed, "queued_packets", (json_int_t)st.queued_packets, "queued_bytes",
		(json_int_t)st.queued_bytes, "queued_bytes_max", (json_int_t)c->cfg.teredo_relay.queue_bytes);
}

static json_t *
relay(const struct ts_control *c, const uint64_t peers[TS_PEER_N_SHOWN], const uint64_t sum[TS_N_COUNTERS])
{
	const struct ts_cfg_teredo_relay *r = &c->cfg.teredo_relay;
	const struct ts_teredo *t = ts_local_teredo(c->local);

	if (!r->enabled || t->peers == NULL)
		return json_null();
	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "address", address(r->address), "port", (json_int_t)r->port,
		"peers", peers_figures(c, peers), "table", table_figures(t->peers), "contacts",
		contacts_figures(c, t->contacts), "counters", counters(relay_counters, RTE_DIM(relay_counters), sum));
}

static json_t *
server(const struct ts_control *c, const uint64_t sum[TS_N_COUNTERS])
{
	const struct ts_cfg_teredo_server *s = &c->cfg.teredo_server;

	if (!s->enabled)
		return json_null();
	return json_pack("{s:o, s:o, s:b, s:o}", "address", address(s->address), "secondary_address",
		address(s->secondary), "secure", (int)(s->keys != NULL), "counters",
		counters(server_counters, RTE_DIM(server_counters), sum));
}

json_t *
ts_teredo_summary(const struct ts_control *c, const uint64_t peers[TS_PEER_N_SHOWN])
{
	uint64_t sum[TS_N_COUNTERS];

	ts_sum_counters(c, sum);
	return json_pack("{s:{s:o, s:o}}", "teredo", "relay", relay(c, peers, sum), "server", server(c, sum));
}
