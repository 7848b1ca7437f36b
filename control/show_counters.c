/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures that the workers and the devices keep: counters, drops, ports, workers. Counters are read in place while the
 * workers go on counting, so sums of different counters need not agree to the packet.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "control/show.h"

uint64_t
ts_sum_counter(const struct ts_control *c, enum ts_counter counter)
{
	struct ts_worker_stats st;
	uint64_t sum = 0;

	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		sum += __atomic_load_n(&st.counters[counter], __ATOMIC_RELAXED);
	}
	return sum;
}

void
ts_sum_counters(const struct ts_control *c, uint64_t sum[TS_N_COUNTERS])
{
	struct ts_worker_stats st;

	memset(sum, 0, TS_N_COUNTERS * sizeof(*sum));
	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		for (unsigned i = 0; i < TS_N_COUNTERS; i++)
			sum[i] += __atomic_load_n(&st.counters[i], __ATOMIC_RELAXED);
	}
}

void
ts_show_counters(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	uint64_t sum[TS_N_COUNTERS];
	json_t *counters = json_object();

	(void)arg;
	ts_sum_counters(c, sum);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		json_object_set_new(counters, ts_counter_info[i].name, json_integer((json_int_t)sum[i]));
	out->whole = json_pack("{s:o}", "counters", counters);
}

void
ts_show_drops(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	uint64_t sum[TS_N_COUNTERS];
	json_t *drops, *help;

	if (arg != NULL && strcmp(arg, "all") != 0) {
		ts_answer_error(c, out, "show drops takes \"all\" or nothing, not \"%s\"", arg);
		return;
	}
	drops = json_object();
	help = json_object();
	ts_sum_counters(c, sum);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (!ts_counter_info[i].is_drop || (sum[i] == 0 && arg == NULL))
			continue;
		json_object_set_new(drops, ts_counter_info[i].name, json_integer((json_int_t)sum[i]));
		json_object_set_new(help, ts_counter_info[i].name, json_string(ts_counter_info[i].help));
	}
	out->whole = json_pack("{s:o, s:o}", "drops", drops, "help", help);
}

static void
add_worker_port(struct ts_port_counters *sum, const struct ts_port_counters *one)
{
	sum->rx_packets += __atomic_load_n(&one->rx_packets, __ATOMIC_RELAXED);
	sum->rx_bytes += __atomic_load_n(&one->rx_bytes, __ATOMIC_RELAXED);
	sum->tx_packets += __atomic_load_n(&one->tx_packets, __ATOMIC_RELAXED);
	sum->tx_bytes += __atomic_load_n(&one->tx_bytes, __ATOMIC_RELAXED);
	sum->tx_refused += __atomic_load_n(&one->tx_refused, __ATOMIC_RELAXED);
}

void
ts_port_figures(const struct ts_control *c, unsigned port, struct ts_port_figures *out)
{
	uint16_t id = c->ports.port[port].id;
	struct rte_ether_addr mac = {0};
	struct rte_eth_stats dev = {0};
	struct rte_eth_link link = {0};
	struct ts_worker_stats st;

	memset(out, 0, sizeof(*out));
	out->speed_mbps = -1;
	for (unsigned w = 0; w < c->n_workers && id < TS_TX_PORTS; w++) {
		ts_worker_stats(c->workers[w], &st);
		add_worker_port(&out->sum, &st.ports[id]);
	}
	if (rte_eth_stats_get(id, &dev) == 0) {
		out->rx_missed = dev.imissed;
		out->rx_nombuf = dev.rx_nombuf;
	}
	if (rte_eth_link_get_nowait(id, &link) == 0) {
		out->link = link.link_status == RTE_ETH_LINK_UP;
		if (out->link && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
			out->speed_mbps = link.link_speed;
	}
	rte_eth_macaddr_get(id, &mac);
	snprintf(out->mac, sizeof(out->mac), "%02x:%02x:%02x:%02x:%02x:%02x", RTE_ETHER_ADDR_BYTES(&mac));
}

void
ts_show_ports(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	json_t *list = json_array();
	struct ts_port_figures f;

	(void)arg;
	for (unsigned i = 0; i < c->ports.n; i++) {
		ts_port_figures(c, i, &f);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:i, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
				c->ports.port[i].name, "device", c->cfg.ports[i].device, "id", (int)c->ports.port[i].id,
				"link", f.link ? "up" : "down", "speed_mbps",
				f.speed_mbps < 0 ? json_null() : json_integer(f.speed_mbps), "mac", f.mac,
				"rx_checksum", c->ports.port[i].rx_checksum ? "nic" : "software", "rx_packets",
				(json_int_t)f.sum.rx_packets, "rx_bytes", (json_int_t)f.sum.rx_bytes, "tx_packets",
				(json_int_t)f.sum.tx_packets, "tx_bytes", (json_int_t)f.sum.tx_bytes, "tx_refused",
				(json_int_t)f.sum.tx_refused, "rx_missed", (json_int_t)f.rx_missed, "rx_nombuf",
				(json_int_t)f.rx_nombuf));
	}
	out->whole = json_pack("{s:o}", "ports", list);
}

uint64_t
ts_worker_age_us(const struct ts_worker_stats *st)
{
	uint64_t now = rte_rdtsc(), hz = rte_get_tsc_hz();

	if (hz == 0 || now <= st->last_turn_tsc)
		return 0;
	return (uint64_t)((double)(now - st->last_turn_tsc) * 1e6 / (double)hz);
}

void
ts_show_workers(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	json_t *list = json_array();
	struct ts_worker_stats st;

	(void)arg;
	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		json_array_append_new(list,
			json_pack("{s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "id", (json_int_t)st.id,
				"cpu", (json_int_t)st.cpu, "loops", (json_int_t)st.loops, "busy_ratio",
				st.cycles == 0 ? 0.0 : (double)st.busy_cycles / (double)st.cycles, "rx_packets",
				(json_int_t)st.counters[TS_C_rx_packets], "tx_packets",
				(json_int_t)st.counters[TS_C_tx_packets], "table_version", (json_int_t)st.table_version,
				"age_us", (json_int_t)ts_worker_age_us(&st), "busy_cycles", (json_int_t)st.busy_cycles,
				"cycles", (json_int_t)st.cycles, "simd", st.simd));
	}
	out->whole = json_pack("{s:o}", "workers", list);
}
