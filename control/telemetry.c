/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The figures by DPDK's own telemetry, for tools that speak it already (dpdk-telemetry.py, exporters). It holds small
 * answers only, 256 entries in a dictionary (decisions.md 20), so counters come in pages; a page beyond the last is an
 * error. The commands run in EAL's telemetry thread: they read the workers' counters in place and what is fixed from
 * start to stop, nothing else. That thread lives until the process ends and a command cannot be taken back, so what
 * they read is withdrawn under a lock before the workers go.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "control/show.h"

#define PAGE 200
#define COUNTERS "/tsunagi/counters"
#define DROPS "/tsunagi/drops"
#define PORTS "/tsunagi/ports"
#define WORKERS "/tsunagi/workers"

_Static_assert(PAGE <= RTE_TEL_MAX_DICT_ENTRIES, "a page is one dictionary");

/* The library gives its callbacks no argument. NULL: there is nothing to show yet or any more. */
static const struct ts_control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Pages count from 1; no parameter is the first. 0 = no page. */
static unsigned
page_of(const char *params)
{
	unsigned long page;
	char *end;

	if (params == NULL || *params == '\0')
		return 1;
	if (!isdigit((unsigned char)*params))
		return 0;
	page = strtoul(params, &end, 10);
	return *end == '\0' && page <= TS_N_COUNTERS ? (unsigned)page : 0;
}

static int
counters(const char *params, bool drops_only, struct rte_tel_data *d)
{
	uint64_t sum[TS_N_COUNTERS];
	unsigned page = page_of(params), seen = 0;

	if (page == 0)
		return -EINVAL;
	ts_sum_counters(control, sum);
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (drops_only && (!ts_counter_info[i].is_drop || sum[i] == 0))
			continue;
		if (seen++ / PAGE == page - 1)
			rte_tel_data_add_dict_u64(d, ts_counter_info[i].name, sum[i]);
	}
	return page == 1 || seen > (page - 1) * PAGE ? 0 : -EINVAL;
}

/* A name as 22.11 takes it for a key: letters, digits, '_' and '/'. */
static void
make_key(char *out, size_t len, const char *name)
{
	snprintf(out, len, "%s", name);
	for (; *out != '\0'; out++) {
		if (!isalnum((unsigned char)*out))
			*out = '_';
	}
}

static int
add_dict(struct rte_tel_data *d, const char *key, struct rte_tel_data *inner)
{
	int ret = rte_tel_data_add_dict_container(d, key, inner, 0);

	if (ret != 0)
		rte_tel_data_free(inner);
	return ret;
}

static int
ports(struct rte_tel_data *d)
{
	struct ts_port_figures f;
	struct rte_tel_data *p;
	char key[TS_NAME_LEN];
	int ret = 0;

	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < control->ports.n && ret == 0; i++) {
		p = rte_tel_data_alloc();
		if (p == NULL)
			return -ENOMEM;
		ts_port_figures(control, i, &f);
		rte_tel_data_start_dict(p);
		rte_tel_data_add_dict_int(p, "id", control->ports.port[i].id);
		rte_tel_data_add_dict_string(p, "link", f.link ? "up" : "down");
		rte_tel_data_add_dict_int(p, "speed_mbps", (int)f.speed_mbps);
		rte_tel_data_add_dict_string(p, "mac", f.mac);
		rte_tel_data_add_dict_u64(p, "rx_packets", f.sum.rx_packets);
		rte_tel_data_add_dict_u64(p, "rx_bytes", f.sum.rx_bytes);
		rte_tel_data_add_dict_u64(p, "tx_packets", f.sum.tx_packets);
		rte_tel_data_add_dict_u64(p, "tx_bytes", f.sum.tx_bytes);
		rte_tel_data_add_dict_u64(p, "tx_refused", f.sum.tx_refused);
		rte_tel_data_add_dict_u64(p, "rx_missed", f.rx_missed);
		rte_tel_data_add_dict_u64(p, "rx_nombuf", f.rx_nombuf);
		make_key(key, sizeof(key), control->ports.port[i].name);
		ret = add_dict(d, key, p);
	}
	return ret;
}

static int
workers(struct rte_tel_data *d)
{
	struct ts_worker_stats st;
	struct rte_tel_data *p;
	char key[16];
	int ret = 0;

	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < control->n_workers && ret == 0; i++) {
		p = rte_tel_data_alloc();
		if (p == NULL)
			return -ENOMEM;
		ts_worker_stats(control->workers[i], &st);
		rte_tel_data_start_dict(p);
		rte_tel_data_add_dict_u64(p, "cpu", st.cpu);
		rte_tel_data_add_dict_u64(p, "loops", st.loops);
		rte_tel_data_add_dict_u64(p, "busy_loops", st.busy_loops);
		rte_tel_data_add_dict_u64(p, "busy_cycles", st.busy_cycles);
		rte_tel_data_add_dict_u64(p, "cycles", st.cycles);
		rte_tel_data_add_dict_u64(p, "rx_packets", st.counters[TS_C_rx_packets]);
		rte_tel_data_add_dict_u64(p, "tx_packets", st.counters[TS_C_tx_packets]);
		rte_tel_data_add_dict_u64(p, "table_version", st.table_version);
		rte_tel_data_add_dict_u64(p, "age_us", ts_worker_age_us(&st));
		snprintf(key, sizeof(key), "%u", st.id);
		ret = add_dict(d, key, p);
	}
	return ret;
}

static int
answer(const char *cmd, const char *params, struct rte_tel_data *d)
{
	if (strcmp(cmd, COUNTERS) == 0)
		return counters(params, false, d);
	if (strcmp(cmd, DROPS) == 0)
		return counters(params, true, d);
	return strcmp(cmd, PORTS) == 0 ? ports(d) : workers(d);
}

static int
answer_locked(const char *cmd, const char *params, struct rte_tel_data *d)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = control == NULL ? -ENODEV : answer(cmd, params, d);
	pthread_mutex_unlock(&lock);
	return ret;
}

int
ts_telemetry_register(const struct ts_control *c)
{
	static const struct {
		const char *cmd, *help;
	} commands[] = {
		{COUNTERS, "All counters, summed over workers. Parameter: page, from 1"},
		{DROPS, "Drop counters that are not zero. Parameter: page, from 1"},
		{PORTS, "Ports: link, packets, bytes. No parameters"},
		{WORKERS, "Workers: load, packets, version of the tables. No parameters"},
	};
	int ret;

	pthread_mutex_lock(&lock);
	control = c;
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < RTE_DIM(commands) && c != NULL; i++) {
		ret = rte_telemetry_register_cmd(commands[i].cmd, answer_locked, commands[i].help);
		if (ret != 0 && ret != -EEXIST)
			return -1;
	}
	return 0;
}
