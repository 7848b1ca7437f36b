/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters of counter_list.h as families: packets and bytes of tunnels and drops become one family each, with what
 * their names say as labels; every other counter is a family of its own. A counter that is added to the list is here
 * without further ado.
 */
#include <stdio.h>
#include <string.h>

#include "control/metrics.h"

enum group { PLAIN, TUNNEL_PACKETS, TUNNEL_BYTES, DROP };

struct counter {
	enum group group;
	char labels[128]; /* as they are written */
};

static struct counter counters[TS_N_COUNTERS];

static const struct {
	const char *station; /* NULL: no drop */
	const char *reason;
} drops[TS_N_COUNTERS] = {
#define TS_PLAIN(name, help) {NULL, NULL},
#define TS_DROP(station, reason, help) {#station, #reason},
	TS_COUNTER_LIST(TS_PLAIN, TS_DROP)
#undef TS_PLAIN
#undef TS_DROP
};

/* "6rd_encap" and "6rd_encap_packets" are of a mechanism and a direction, "ip4_rx" is not. */
static void
write_direction(char *out, size_t len, const char *name)
{
	static const char *const directions[] = {"_encap", "_decap"};

	out[0] = '\0';
	if (strncmp(name, "teredo_server", 13) == 0) {
		snprintf(out, len, "mechanism=\"teredo\"");
		return;
	}
	for (unsigned i = 0; i < TS_N_DIRECTIONS; i++) {
		const char *at = strstr(name, directions[i]);

		if (at != NULL)
			snprintf(out, len, "mechanism=\"%.*s\",direction=\"%s\"", (int)(at - name), name,
				directions[i] + 1);
	}
}

static enum group
group_of(enum ts_counter c, const char *name)
{
	static const char *const tunnels[][2] = {
		{"_encap_packets", "_encap_bytes"}, {"_decap_packets", "_decap_bytes"}};
	size_t len = strlen(name);

	if (drops[c].station != NULL)
		return DROP;
	for (unsigned i = 0; i < TS_N_DIRECTIONS; i++) {
		for (unsigned bytes = 0; bytes < 2; bytes++) {
			size_t n = strlen(tunnels[i][bytes]);

			if (len > n && strcmp(name + len - n, tunnels[i][bytes]) == 0)
				return bytes ? TUNNEL_BYTES : TUNNEL_PACKETS;
		}
	}
	return PLAIN;
}

static void
describe(void)
{
	char direction[64];

	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		struct counter *c = &counters[i];

		c->group = group_of(i, ts_counter_info[i].name);
		if (c->group == PLAIN)
			continue;
		write_direction(
			direction, sizeof(direction), c->group == DROP ? drops[i].station : ts_counter_info[i].name);
		if (c->group == DROP)
			snprintf(c->labels, sizeof(c->labels), "station=\"%s\",reason=\"%s\"%s%s", drops[i].station,
				drops[i].reason, direction[0] != '\0' ? "," : "", direction);
		else
			snprintf(c->labels, sizeof(c->labels), "%s", direction);
	}
}

static void
samples(struct ts_metrics *m, const struct ts_worker_stats *stats, unsigned n_workers, unsigned counter)
{
	for (unsigned w = 0; w < n_workers; w++) {
		ts_metrics_sample(m);
		ts_metrics_label_uint(m, "worker", stats[w].id);
		ts_metrics_labels(m, counters[counter].labels);
		ts_metrics_uint(m, __atomic_load_n(&stats[w].counters[counter], __ATOMIC_RELAXED));
	}
}

static void
family(struct ts_metrics *m, const struct ts_worker_stats *stats, unsigned n_workers, enum group group,
	const char *name, const char *help)
{
	ts_metrics_family(m, TS_METRIC_COUNTER, name, help);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (counters[i].group == group)
			samples(m, stats, n_workers, i);
}

void
ts_metrics_counters(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_worker_stats stats[TS_MAX_WORKERS];

	if (counters[TS_N_COUNTERS - 1].labels[0] == '\0')
		describe();
	for (unsigned w = 0; w < c->n_workers; w++)
		ts_worker_stats(c->workers[w], &stats[w]);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (counters[i].group != PLAIN)
			continue;
		ts_metrics_family(m, TS_METRIC_COUNTER, ts_counter_info[i].name, ts_counter_info[i].help);
		samples(m, stats, c->n_workers, i);
	}
	family(m, stats, c->n_workers, TUNNEL_PACKETS, "tunnel_packets",
		"IPv6 packets put into a tunnel (encap) or taken out and forwarded (decap)");
	family(m, stats, c->n_workers, TUNNEL_BYTES, "tunnel_bytes",
		"their bytes, IPv6 header included, outer headers not");
	family(m, stats, c->n_workers, DROP, "drops",
		"packets dropped, by station and reason: docs/counters.md explains each drop_STATION_REASON");
}
