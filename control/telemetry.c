/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The figures by DPDK's own telemetry, for tools that speak it already (dpdk-telemetry.py, exporters). It holds small
 * answers only, 256 entries in a dictionary (decisions.md 20), so counters come in pages; a page beyond the last is an
 * error. The commands run in EAL's telemetry thread: they read the workers' counters in place and what is fixed from
 * start to stop; what belongs to the control thread, it leaves here once a second. EAL's thread lives until the process
 * ends and a command cannot be taken back, so what they read is withdrawn under a lock before the workers go.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "control/health_run.h"
#include "control/show.h"

#define PAGE 200
#define COUNTERS "/tsunagi/counters"
#define DROPS "/tsunagi/drops"
#define HEALTH "/tsunagi/health"
#define HISTOGRAMS "/tsunagi/histograms"
#define PORTS "/tsunagi/ports"
#define TABLES "/tsunagi/tables"
#define WORKERS "/tsunagi/workers"

_Static_assert(PAGE <= RTE_TEL_MAX_DICT_ENTRIES, "a page is one dictionary");

/* The library gives its callbacks no argument. NULL: there is nothing to show yet or any more. */
static const struct ts_control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What the control thread left: names as 22.11 takes them for keys. */
#define MAX_FIGURES 24
static struct figures {
	unsigned n;
	struct {
		const char *name;
		uint64_t value;
	} figure[MAX_FIGURES];
} tables, health;

static void
leave(struct figures *f, const char *name, uint64_t value)
{
	if (f->n == MAX_FIGURES)
		return;
	f->figure[f->n].name = name;
	f->figure[f->n++].value = value;
}

static void
leave_tables(const struct ts_control *c)
{
	struct ts_publish_stats publish = {0};
	struct ts_rib_stats rib = {0};

	ts_rib_stats(c->rib, &rib);
	ts_publish_stats(c->publisher, &publish);
	tables.n = 0;
	leave(&tables, "version", ts_publish_version(c->publisher));
	leave(&tables, "ipv4_routes", ts_rib_count(c->rib, AF_INET));
	leave(&tables, "ipv6_routes", ts_rib_count(c->rib, AF_INET6));
	leave(&tables, "ipv4_fib_used", rib.family[0].used);
	leave(&tables, "ipv4_fib_room", rib.family[0].room);
	leave(&tables, "ipv4_fib_unplaced", rib.family[0].unplaced);
	leave(&tables, "ipv6_fib_used", rib.family[1].used);
	leave(&tables, "ipv6_fib_room", rib.family[1].room);
	leave(&tables, "ipv6_fib_unplaced", rib.family[1].unplaced);
	leave(&tables, "next_hops", ts_nexthops_in_use(c->nexthops));
	leave(&tables, "next_hops_full", ts_nexthops_full(c->nexthops));
	leave(&tables, "route_changes", rib.changes);
	leave(&tables, "route_change_age_us", publish.routes_age_us);
	leave(&tables, "qsbr_delay_us", publish.grace_us);
	leave(&tables, "qsbr_delay_max_us", publish.grace_max_us);
}

static void
leave_health(const struct ts_control *c)
{
	json_t *doc = c->health != NULL ? ts_health_json(c->health) : NULL, *prefix;
	json_t *h = json_object_get(doc, "health"), *prefixes = json_object_get(h, "prefixes");
	const char *drain = json_string_value(json_object_get(h, "drain"));
	uint64_t announced = 0;
	size_t i;

	json_array_foreach(prefixes, i, prefix)
		announced += json_is_true(json_object_get(prefix, "announced"));
	health.n = 0;
	leave(&health, "healthy", json_is_true(json_object_get(h, "healthy")));
	leave(&health, "announcing", json_is_true(json_object_get(h, "announcing")));
	leave(&health, "draining", drain != NULL && strcmp(drain, "no") != 0);
	leave(&health, "prefixes", json_array_size(prefixes));
	leave(&health, "prefixes_announced", announced);
	json_decref(doc);
}

void
ts_telemetry_refresh(void)
{
	/* Who asks just now gets what was left before. */
	if (pthread_mutex_trylock(&lock) != 0)
		return;
	if (control != NULL) {
		leave_tables(control);
		leave_health(control);
	}
	pthread_mutex_unlock(&lock);
}

static int
left(const struct figures *f, struct rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < f->n; i++)
		rte_tel_data_add_dict_u64(d, f->figure[i].name, f->figure[i].value);
	return 0;
}

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

/* An array of buckets, the first up to 1 << shift, each twice the one before. */
static int
add_histogram(struct rte_tel_data *d, const char *name, size_t at)
{
	struct rte_tel_data *buckets = rte_tel_data_alloc();
	struct ts_worker_stats st;

	if (buckets == NULL)
		return -ENOMEM;
	rte_tel_data_start_array(buckets, RTE_TEL_U64_VAL);
	for (unsigned b = 0; b < TS_HISTOGRAM_BUCKETS; b++) {
		uint64_t sum = 0;

		for (unsigned w = 0; w < control->n_workers; w++) {
			ts_worker_stats(control->workers[w], &st);
			if (st.histograms == NULL)
				continue;
			sum += __atomic_load_n(
				&((const struct ts_histogram *)((const char *)st.histograms + at))->bucket[b],
				__ATOMIC_RELAXED);
		}
		rte_tel_data_add_array_u64(buckets, sum);
	}
	return add_dict(d, name, buckets);
}

static int
histograms(struct rte_tel_data *d)
{
	static const char *const names[TS_N_MECHS][TS_N_DIRECTIONS] = {
		{"6to4_encap_bytes", "6to4_decap_bytes"},
		{"6rd_encap_bytes", "6rd_decap_bytes"},
		{"isatap_encap_bytes", "isatap_decap_bytes"},
		{"teredo_encap_bytes", "teredo_decap_bytes"},
	};
	int ret = 0;

	rte_tel_data_start_dict(d);
	for (unsigned m = 0; m < TS_N_MECHS && ret == 0; m++)
		for (unsigned i = 0; i < TS_N_DIRECTIONS && ret == 0; i++)
			ret = add_histogram(d, names[m][i], offsetof(struct ts_worker_histograms, size[m][i]));
	if (ret == 0)
		ret = add_histogram(d, "teredo_bubble_rtt_us", offsetof(struct ts_worker_histograms, bubble_rtt));
	return ret;
}

static int
answer(const char *cmd, const char *params, struct rte_tel_data *d)
{
	if (strcmp(cmd, COUNTERS) == 0)
		return counters(params, false, d);
	if (strcmp(cmd, DROPS) == 0)
		return counters(params, true, d);
	if (strcmp(cmd, TABLES) == 0)
		return left(&tables, d);
	if (strcmp(cmd, HEALTH) == 0)
		return left(&health, d);
	if (strcmp(cmd, HISTOGRAMS) == 0)
		return histograms(d);
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
		{HEALTH, "1 = yes: healthy, announcing, draining; how many prefixes. No parameters"},
		{HISTOGRAMS,
			"Sizes of tunnelled packets from 64 bytes up, answers to bubbles from 1024 us up. No parameters"},
		{TABLES, "How full the tables are, how quickly workers follow. No parameters"},
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
