/* SPDX-License-Identifier: BSD-3-Clause */
/* How full the tables are, how the kernel's side and the Teredo relay fare, and health. */
#include <string.h>

#include <jansson.h>

#include "control/health_run.h"
#include "control/metrics.h"
#include "control/teredo.h"

#define GAUGE(name, help, value) ts_metrics_one(m, TS_METRIC_GAUGE, name, help, (double)(value))
#define COUNTER(name, help, value) ts_metrics_one(m, TS_METRIC_COUNTER, name, help, (double)(value))

static void
labelled(struct ts_metrics *m, const char *labels, uint64_t value)
{
	ts_metrics_sample(m);
	ts_metrics_labels(m, labels);
	ts_metrics_uint(m, value);
}

/* A family that IPv4 and IPv6 each have a value of. */
static void
both(struct ts_metrics *m, const char *name, const char *help, uint64_t v4, uint64_t v6)
{
	ts_metrics_family(m, TS_METRIC_GAUGE, name, help);
	labelled(m, "family=\"ipv4\"", v4);
	labelled(m, "family=\"ipv6\"", v6);
}

void
ts_metrics_tables(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_publish_stats publish = {0};
	struct ts_rib_stats rib = {0};

	ts_rib_stats(c->rib, &rib);
	ts_publish_stats(c->publisher, &publish);
	both(m, "routes", "routes of the relay", ts_rib_count(c->rib, AF_INET), ts_rib_count(c->rib, AF_INET6));
	both(m, "routes_max", "tables.ipv4-routes and tables.ipv6-routes", c->cfg.tables.ipv4_routes,
		c->cfg.tables.ipv6_routes);
	both(m, "routes_upstream", "routes by a gateway", ts_rib_upstream(c->rib, AF_INET),
		ts_rib_upstream(c->rib, AF_INET6));
	both(m, "fib_used",
		"of the memory of a forwarding table: groups of 256 entries (IPv4), lines of 64 bytes (IPv6)",
		rib.family[0].used, rib.family[1].used);
	both(m, "fib_room", "how many there are", rib.family[0].room, rib.family[1].room);
	both(m, "fib_unplaced", "prefixes that there is no room for", rib.family[0].unplaced, rib.family[1].unplaced);
	both(m, "fib_full", "1 if a route is missing for want of room", rib.family[0].full, rib.family[1].full);
	GAUGE("next_hops", "next hops in use", ts_nexthops_in_use(c->nexthops));
	GAUGE("next_hops_max", "tables.next-hops", c->cfg.tables.next_hops);
	COUNTER("next_hops_full", "times that a next hop found no room", ts_nexthops_full(c->nexthops));
	COUNTER("route_changes", "prefixes whose best next hop became another", rib.changes);
	COUNTER("routes_refused", "routes beyond the configured number", rib.refused_full);
	GAUGE("table_version", "version of the tables that was published last", ts_publish_version(c->publisher));
	GAUGE("route_change_age_seconds", "time since routes changed for the workers",
		(double)publish.routes_age_us / 1e6);
	GAUGE("qsbr_delay_seconds", "how long all workers took to leave the former tables, the last time",
		(double)publish.grace_us / 1e6);
	GAUGE("qsbr_delay_max_seconds", "the longest that this has ever taken", (double)publish.grace_max_us / 1e6);
}

void
ts_metrics_kernel(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_mirror_stats mirror = {0};
	struct ts_punt_stats punt = {0};
	struct ts_fpm_stats fpm = {0};

	if (c->mirror != NULL) {
		ts_mirror_stats(c->mirror, &mirror);
		GAUGE("mirror_synced", "1 if the kernel's routes and addresses have been read",
			ts_mirror_synced(c->mirror));
		COUNTER("mirror_messages", "messages of the kernel about routes, neighbours, links", mirror.messages);
		COUNTER("mirror_overruns", "times that the kernel had more to say than its buffer holds",
			mirror.overruns);
		COUNTER("mirror_resyncs", "comparisons with a dump of the kernel's tables", mirror.resyncs);
		COUNTER("mac_changes", "neighbours that moved to another MAC address", mirror.mac_changes);
		COUNTER("false_claims", "claims of an address by another MAC while the former one still answered",
			mirror.false_claims);
	}
	if (c->punter != NULL) {
		ts_punter_stats(c->punter, &punt);
		COUNTER("punt_to_kernel", "frames given to the kernel", punt.punted);
		COUNTER("punt_from_kernel", "frames taken from the kernel", punt.injected);
		COUNTER("punt_tap_full", "frames that the kernel did not take", punt.drop_tap_full);
		COUNTER("punt_forbidden", "frames of the kernel that must not leave", punt.drop_forbidden);
	}
	if (c->fpm != NULL) {
		ts_fpm_stats(c->fpm, &fpm);
		GAUGE("fpm_connected", "1 if FRR's zebra is connected", fpm.connected);
		GAUGE("fpm_routes", "routes that it has given", fpm.routes);
		COUNTER("fpm_parse_errors", "messages of it that made no sense", fpm.parse_errors);
	}
}

static uint64_t
owners_sum(const struct ts_peers *p, size_t at)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->n_owners; i++)
		sum += __atomic_load_n((const uint32_t *)((const char *)&p->owner[i] + at), __ATOMIC_RELAXED);
	return sum;
}

void
ts_metrics_teredo(struct ts_metrics *m, const struct ts_control *c)
{
	const struct ts_teredo *t = ts_local_teredo(c->local);
	struct ts_contacts_stats st = {0};

	if (!c->cfg.teredo_relay.enabled || t == NULL || t->peers == NULL)
		return;
	ts_contacts_stats(t->contacts, &st);
	ts_metrics_family(m, TS_METRIC_GAUGE, "teredo_peers", "Teredo clients that are remembered");
	labelled(m, "state=\"confirmed\"", owners_sum(t->peers, offsetof(struct ts_peer_owner, confirmed)));
	labelled(m, "state=\"unconfirmed\"", owners_sum(t->peers, offsetof(struct ts_peer_owner, unconfirmed)));
	labelled(m, "state=\"renewing\"", owners_sum(t->peers, offsetof(struct ts_peer_owner, renewing)));
	GAUGE("teredo_peers_max", "teredo-relay.peers", c->cfg.teredo_relay.peers);
	GAUGE("teredo_contacts", "clients that have not answered yet", st.records);
	GAUGE("teredo_contacts_max", "room for them", st.records_max);
	GAUGE("teredo_contacts_failed", "of them, those that did not answer four bubbles", st.failed);
	GAUGE("teredo_queue_bytes", "packet buffers that wait for clients to answer", st.queued_bytes);
	GAUGE("teredo_queue_bytes_max", "teredo-relay.queue-bytes", c->cfg.teredo_relay.queue_bytes);
}

static const char *
word(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void
prefixes(struct ts_metrics *m, json_t *list)
{
	json_t *prefix, *reason;
	size_t i, k;

	ts_metrics_family(m, TS_METRIC_GAUGE, "prefix_announced", "1 if the prefix is announced");
	json_array_foreach(list, i, prefix) {
		ts_metrics_sample(m);
		ts_metrics_label(m, "prefix", word(prefix, "prefix"));
		ts_metrics_label(m, "mechanism", word(prefix, "mechanism"));
		ts_metrics_uint(m, json_is_true(json_object_get(prefix, "announced")));
	}
	ts_metrics_family(
		m, TS_METRIC_GAUGE, "prefix_withheld", "1 for each reason for which a prefix is not announced");
	json_array_foreach(list, i, prefix) {
		json_array_foreach(json_object_get(prefix, "reasons"), k, reason) {
			ts_metrics_sample(m);
			ts_metrics_label(m, "prefix", word(prefix, "prefix"));
			ts_metrics_label(m, "reason", word(reason, "reason"));
			ts_metrics_uint(m, 1);
		}
	}
}

/* A mechanism that is not probed, or has not been yet, has no sample. */
static void
probes(struct ts_metrics *m, json_t *list)
{
	json_t *mech;
	size_t i;

	ts_metrics_family(m, TS_METRIC_GAUGE, "probe_ok", "1 if test packets get through the tunnel");
	json_array_foreach(list, i, mech) {
		const char *probe = word(mech, "probe");

		if (strcmp(probe, "good") != 0 && strcmp(probe, "bad") != 0)
			continue;
		ts_metrics_sample(m);
		ts_metrics_label(m, "mechanism", word(mech, "name"));
		ts_metrics_uint(m, probe[0] == 'g');
	}
}

void
ts_metrics_health(struct ts_metrics *m, const struct ts_control *c)
{
	json_t *doc = c->health != NULL ? ts_health_json(c->health) : NULL;
	json_t *health = json_object_get(doc, "health");
	const char *drain = word(health, "drain");

	if (health != NULL) {
		GAUGE("healthy", "1 if every prefix may be announced and nothing is being drained",
			json_is_true(json_object_get(health, "healthy")));
		GAUGE("announcing", "1 if there is an announcement (section announce)",
			json_is_true(json_object_get(health, "announcing")));
		GAUGE("draining", "1 while the operator is draining the relay, or has",
			strcmp(drain, "draining") == 0 || strcmp(drain, "drained") == 0);
		prefixes(m, json_object_get(health, "prefixes"));
		probes(m, json_object_get(health, "mechanisms"));
	}
	json_decref(doc);
}
