/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is on the links: neighbours, with what they sent and were sent (protocols.md O23) and what happened to their MAC
 * addresses (O17), and those who send what is for none of our services (O16). What workers count of the latter is added
 * up by MAC address and interface.
 */
/*
 * Who is on the links: neighbours, with what they sent and were sent (protocols.md O23) and what happened to their MAC
 * addresses (O17), and those who send
 * what is for none of our services (O16). What workers count of the latter is added up by MAC address and interface.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/neighbour_traffic.h"
#include "control/show.h"

static void
mac_text(char out[18], const uint8_t mac[6])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static const char *
iface_name(const struct ts_control *c, uint16_t iface)
{
	return iface < c->ifaces.n ? c->ifaces.ctl[iface].name : "?";
}

/* Of its MAC address: neighbours of several addresses show it at each. */
static json_t *
with_traffic(json_t *item, const struct ts_control *c, const struct ts_neigh_info *n)
{
	uint32_t as = ts_neighbour_as(&c->cfg, n->family, n->addr);
	struct ts_neighbour_traffic t[TS_N_FLOWS];

	json_object_set_new(item, "as", as != 0 ? json_integer(as) : json_null());
	if (n->resolved && n->iface < c->ifaces.n && ts_neighbour_traffic(c, c->ifaces.dp[n->iface].port, n->mac, t)) {
		json_object_set_new(item, "rx_packets", json_integer((json_int_t)t[TS_FLOW_RX].packets));
		json_object_set_new(item, "rx_bytes", json_integer((json_int_t)t[TS_FLOW_RX].bytes));
		json_object_set_new(item, "tx_packets", json_integer((json_int_t)t[TS_FLOW_TX].packets));
		json_object_set_new(item, "tx_bytes", json_integer((json_int_t)t[TS_FLOW_TX].bytes));
	}
	return item;
}

static json_t *
neighbour_item(const struct ts_control *c, const void *record)
{
	const struct ts_neigh_info *n = record;
	struct ts_mirror_alarms alarms = {0};
	json_t *item;
	char addr[INET6_ADDRSTRLEN], mac[18];

	inet_ntop(n->family, n->addr, addr, sizeof(addr));
	mac_text(mac, n->mac);
	if (c->mirror != NULL)
		alarms = ts_mirror_alarms(c->mirror, n->iface, n->family, n->addr);
	item = json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:I, s:I}", "address", addr, "interface",
		iface_name(c, n->iface), "mac", n->resolved ? json_string(mac) : json_null(), "state",
		n->resolved ? "resolved" : "unresolved", "static", (int)n->is_static, "gateway", (int)n->gateway,
		"mac_changes", (json_int_t)alarms.mac_changes, "false_claims", (json_int_t)alarms.false_claims);
	return with_traffic(item, c, n);
}

static void
take_neighbour(const struct ts_neigh_info *n, void *arg)
{
	/* The far end of test packets has no family. */
	if (n->family == AF_INET || n->family == AF_INET6)
		ts_answer_add(arg, n);
}

void
ts_show_neighbours(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	(void)arg;
	ts_answer_list(out, "neighbours", sizeof(struct ts_neigh_info), neighbour_item);
	ts_neigh_foreach(c->nexthops, take_neighbour, out);
	if (out->full)
		ts_answer_error(c, out, "too much is being shown already; try again later");
}

struct stranger {
	uint8_t mac[6];
	uint16_t iface;
	uint64_t packets;
};

static int
by_who(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct stranger, packets));
}

/* `all` has room for the slots of every worker. Returns how many different ones there are, in order. */
static size_t
collect(const struct ts_control *c, struct stranger *all, uint64_t *others)
{
	size_t n = 0, merged = 0;
	struct ts_worker_stats st;

	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		*others += __atomic_load_n(&st.strangers->others, __ATOMIC_RELAXED);
		for (unsigned i = 0; i < TS_STRANGER_SLOTS; i++)
			n += ts_strangers_read(st.strangers, i, &all[n].iface, all[n].mac, &all[n].packets);
	}
	qsort(all, n, sizeof(*all), by_who);
	for (size_t i = 0; i < n; i++) {
		if (merged != 0 && by_who(&all[merged - 1], &all[i]) == 0)
			all[merged - 1].packets += all[i].packets;
		else
			all[merged++] = all[i];
	}
	return merged;
}

void
ts_show_strangers(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	struct stranger *all = calloc((size_t)c->n_workers * TS_STRANGER_SLOTS + 1, sizeof(*all));
	json_t *list = json_array();
	uint64_t others = 0;
	size_t n = all != NULL ? collect(c, all, &others) : 0;
	char mac[18];

	(void)arg;
	for (size_t i = 0; i < n; i++) {
		mac_text(mac, all[i].mac);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I}", "mac", mac, "interface", iface_name(c, all[i].iface), "packets",
				(json_int_t)all[i].packets));
	}
	out->whole = json_pack("{s:o, s:I}", "strangers", list, "others", (json_int_t)others);
	free(all);
}
