/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours by MAC address (O23). Who has figures of his own: whose address the relay knows, as a gateway or by ARP
 * and ND, and of these the first TS_METRICS_NEIGHBOURS. All others together are mac="other", so that nobody on the LAN
 * makes the page longer by inventing addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics.h"
#include "control/neighbour_traffic.h"
#include "dataplane/neighbour_counters.h"

struct traffic {
	uint64_t packets, bytes;
};

/* One of a MAC address, however many addresses it has. */
struct neighbour {
	uint16_t iface;
	uint8_t mac[6];
	bool gateway;
	uint32_t as; /* 0: not known */
	uint64_t mac_changes, false_claims;
	struct traffic traffic[TS_N_FLOWS];
};

struct neighbours {
	const struct ts_control *c;
	struct neighbour one[TS_METRICS_NEIGHBOURS];
	struct traffic other[TS_N_FLOWS];
	unsigned n, more, unresolved;
};

static struct neighbour *
find(struct neighbours *all, uint16_t iface, const uint8_t mac[6])
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->one[i].iface == iface && memcmp(all->one[i].mac, mac, 6) == 0)
			return &all->one[i];
	if (all->n == TS_METRICS_NEIGHBOURS)
		return NULL;
	all->one[all->n] = (struct neighbour){.iface = iface};
	memcpy(all->one[all->n].mac, mac, 6);
	return &all->one[all->n++];
}

static void
take(const struct ts_neigh_info *info, void *arg)
{
	struct neighbours *all = arg;
	struct ts_mirror_alarms alarms = {0};
	struct neighbour *one;

	/* The far end of test packets has no family. */
	if (info->family != AF_INET && info->family != AF_INET6)
		return;
	all->unresolved += !info->resolved;
	one = info->resolved ? find(all, info->iface, info->mac) : NULL;
	if (one == NULL) {
		all->more += info->resolved;
		return;
	}
	if (all->c->mirror != NULL)
		alarms = ts_mirror_alarms(all->c->mirror, info->iface, info->family, info->addr);
	one->gateway |= info->gateway;
	if (one->as == 0)
		one->as = ts_neighbour_as(&all->c->cfg, info->family, info->addr);
	one->mac_changes += alarms.mac_changes;
	one->false_claims += alarms.false_claims;
}

/* Frames are of a port; interfaces are on it. The first one of this MAC on the port has them. */
static struct traffic *
traffic_of(struct neighbours *all, uint64_t key, enum ts_flow flow)
{
	uint16_t port = ts_neighbour_key_port(key);
	uint8_t mac[6];

	ts_neighbour_key_mac(key, mac);
	for (unsigned i = 0; i < all->n; i++)
		if (memcmp(all->one[i].mac, mac, sizeof(mac)) == 0 && all->c->ifaces.dp[all->one[i].iface].port == port)
			return &all->one[i].traffic[flow];
	return &all->other[flow];
}

static void
add_table(struct neighbours *all, const struct ts_neighbour_counters *t, enum ts_flow flow)
{
	struct ts_neighbour_slot slot;
	struct traffic *to;

	all->other[flow].packets += __atomic_load_n(&t->other.packets, __ATOMIC_RELAXED);
	all->other[flow].bytes += __atomic_load_n(&t->other.bytes, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++) {
		if (!ts_neighbours_read(t, i, &slot))
			continue;
		to = traffic_of(all, slot.key, flow);
		to->packets += slot.packets;
		to->bytes += slot.bytes;
	}
}

/* False: workers do not count by neighbour. */
static bool
add_traffic(struct neighbours *all)
{
	struct ts_worker_stats st;
	bool any = false;

	for (unsigned w = 0; w < all->c->n_workers; w++) {
		ts_worker_stats(all->c->workers[w], &st);
		for (unsigned flow = 0; flow < TS_N_FLOWS; flow++) {
			if (st.neighbours[flow] == NULL)
				continue;
			add_table(all, st.neighbours[flow], flow);
			any = true;
		}
	}
	return any;
}

static void
neighbour_sample(struct ts_metrics *m, const struct ts_control *c, const struct neighbour *one, uint64_t value)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", one->mac[0], one->mac[1], one->mac[2], one->mac[3],
		one->mac[4], one->mac[5]);
	ts_metrics_sample(m);
	ts_metrics_label(m, "interface", one->iface < c->ifaces.n ? c->ifaces.ctl[one->iface].name : "");
	ts_metrics_label(m, "mac", mac);
	if (one->as != 0)
		ts_metrics_label_uint(m, "as", one->as);
	ts_metrics_uint(m, value);
}

struct family {
	enum ts_metric_type type;
	const char *name, *help;
	uint64_t (*of)(const struct neighbour *one);
};

static uint64_t
gateway(const struct neighbour *one)
{
	return one->gateway;
}

static uint64_t
mac_changes(const struct neighbour *one)
{
	return one->mac_changes;
}

static uint64_t
false_claims(const struct neighbour *one)
{
	return one->false_claims;
}

static void
show(struct ts_metrics *m, const struct neighbours *all)
{
	static const struct family families[] = {
		{TS_METRIC_GAUGE, "neighbour_gateway", "1 if routes go by the neighbour, else 0", gateway},
		{TS_METRIC_COUNTER, "neighbour_mac_changes", "times that an address moved here from another MAC",
			mac_changes},
		{TS_METRIC_COUNTER, "neighbour_false_claims",
			"times that another MAC claimed an address of this one, which still answered", false_claims},
	};

	for (unsigned f = 0; f < RTE_DIM(families); f++) {
		ts_metrics_family(m, families[f].type, families[f].name, families[f].help);
		for (unsigned i = 0; i < all->n; i++)
			neighbour_sample(m, all->c, &all->one[i], families[f].of(&all->one[i]));
	}
}

static void
show_traffic(struct ts_metrics *m, const struct neighbours *all, enum ts_flow flow, bool bytes)
{
	static const char *const names[TS_N_FLOWS][2] = {
		{"neighbour_rx_packets", "neighbour_rx_bytes"}, {"neighbour_tx_packets", "neighbour_tx_bytes"}};
	static const char *const helps[TS_N_FLOWS][2] = {
		{"frames received from the neighbour", "their bytes, Ethernet headers included"},
		{"frames sent to the neighbour", "their bytes, Ethernet headers included"}};
	const struct traffic *t;

	ts_metrics_family(m, TS_METRIC_COUNTER, names[flow][bytes], helps[flow][bytes]);
	for (unsigned i = 0; i < all->n; i++) {
		t = &all->one[i].traffic[flow];
		neighbour_sample(m, all->c, &all->one[i], bytes ? t->bytes : t->packets);
	}
	ts_metrics_sample(m);
	ts_metrics_label(m, "interface", "");
	ts_metrics_label(m, "mac", "other");
	ts_metrics_uint(m, bytes ? all->other[flow].bytes : all->other[flow].packets);
}

void
ts_metrics_neighbours(struct ts_metrics *m, const struct ts_control *c)
{
	struct neighbours *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return;
	all->c = c;
	ts_neigh_foreach(c->nexthops, take, all);
	show(m, all);
	if (add_traffic(all))
		for (unsigned i = 0; i < 2 * TS_N_FLOWS; i++)
			show_traffic(m, all, i / 2, i % 2 != 0);
	ts_metrics_one(m, TS_METRIC_GAUGE, "neighbours_unresolved", "gateways whose MAC address is not known",
		all->unresolved);
	ts_metrics_one(m, TS_METRIC_GAUGE, "neighbours_not_shown",
		"neighbour addresses beyond the MAC addresses that have figures of their own", all->more);
	free(all);
}
