/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench [--quick] [--json FILE] [EAL options]: what each lane costs on one core, between net_pcap's infinite receive
 * and net_null, beside the `io` floor: receiving the same frames and sending them unchanged.
 *
 * One process, tables loaded once, all rows interleaved round by round, because the machine's speed drifts.
 * ratio_median is the median of the ratios within each round; ratio_min is the ratio of the two minima: the least of
 * the ratios would be that of the round in which the floor was disturbed most. Hot rows walk 1024 flows, cold rows
 * 65536 (docs/performance.md).
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_vect.h>

#include "attack.h"
#include "control/local.h"
#include "control/neigh.h"
#include "control/ports.h"
#include "load.h"
#include "rows.h"

#define BURST 32
#define N_GATEWAYS 64
#define SLICE COLD /* packets of a row in a round: every flow at least once */
#define TRIES 4
#define ROUNDS_MIN 5
#define DESCRIPTORS 512
#define DATA_ROOM (RTE_PKTMBUF_HEADROOM + 256)

static const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 1};

static struct {
	size_t routes_v4, routes_v6, rounds, peers;
	unsigned seconds; /* from the start, after which rounds end */
	const char *json;
} opt = {950000, 220000, 151, 1000000, 600, NULL};

static struct {
	uint64_t started;
	char dir[64];
	uint16_t null_port;
	struct ts_config cfg;
	struct ts_ifaces ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	struct ts_local *local;
	struct bench_routes routes;
	struct bench_load load;
} b;

static void
die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, rte_strerror(rte_errno));
	exit(2);
}

/* --- ports --- */

static uint16_t
add_port(const char *name, const char *args, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};
	char devargs[256];
	uint16_t port;

	snprintf(devargs, sizeof(devargs), "%s,%s", name, args);
	if (rte_dev_probe(devargs) != 0 || rte_eth_dev_get_port_by_name(name, &port) != 0)
		die(name);
	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, 0, NULL, pool) != 0 ||
		rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, 0, NULL) != 0 || rte_eth_dev_start(port) != 0)
		die(name);
	return port;
}

static void
add_row_port(struct row *r, unsigned i)
{
	char path[128], name[32], args[192];
	struct rte_mempool *pool;

	snprintf(path, sizeof(path), "%s/%s.pcap", b.dir, r->name);
	snprintf(name, sizeof(name), "net_pcap%u", i);
	snprintf(args, sizeof(args), "rx_pcap=%s,infinite_rx=1", path);
	r->frame_bytes = bench_pcap_write(path, r->kind, &b.routes, r->packets, router_mac);
	/* the file's packets, a ring's worth of copies, what the null port holds; and what waits for strangers */
	pool = rte_pktmbuf_pool_create(
		name, (unsigned)r->packets + (r->attack ? 65536 : 4096), 256, 0, DATA_ROOM, SOCKET_ID_ANY);
	if (pool == NULL)
		die("packet buffers");
	r->port = add_port(name, args, pool);
	unlink(path);
}

static void
add_ports(void)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("null", 1024, 0, 0, DATA_ROOM, SOCKET_ID_ANY);

	if (pool == NULL)
		die("packet buffers");
	snprintf(b.dir, sizeof(b.dir), "/tmp/tsunagi-bench.XXXXXX");
	if (mkdtemp(b.dir) == NULL)
		die(b.dir);
	b.null_port = add_port("net_null0", "no-rx=1", pool);
	for (unsigned i = 0; i < n_rows; i++)
		add_row_port(&rows[i], i);
	rmdir(b.dir);
}

/* --- tables --- */

static void
make_iface(void)
{
	struct ts_iface *i = &b.ifaces.dp[0];

	b.ifaces.n = 1;
	b.ifaces.port_map = calloc(RTE_MAX_ETHPORTS, sizeof(*b.ifaces.port_map));
	i->port = b.null_port;
	i->mtu = 1500;
	i->l2_len = RTE_ETHER_HDR_LEN;
	memcpy(&i->mac, router_mac, 6);
	strcpy(b.ifaces.ctl[0].name, "bench0");
}

static void
configure(void)
{
	struct ts_config *c = &b.cfg;

	ts_config_init(c);
	c->n_interfaces = 1;
	c->interfaces[0].twin = TS_TWIN_NONE;
	c->sixto4.enabled = c->sixto4.anycast = true;
	c->sixto4.rx_v4[0] = c->sixto4.tx_source = TS_6TO4_ANYCAST;
	c->sixto4.n_rx_v4 = 1;
	inet_pton(AF_INET6, "2001:200:0:b000:192:88:99:1", &c->local.icmp6_source);
	c->local.has_icmp6_source = true;
	bench_teredo_configure(c, (uint32_t)opt.peers);
}

/* With as many Teredo peers as there is memory for. */
static void
own_addresses(void)
{
	while (ts_local_set_host_addrs(b.local, NULL, 0) != 0) {
		b.cfg.teredo_relay.peers /= 2;
		if (b.cfg.teredo_relay.peers < COLD)
			die("own addresses");
	}
	opt.peers = RTE_MIN(opt.peers, (size_t)b.cfg.teredo_relay.peers);
}

static void
add_gateways(uint32_t nh4[N_GATEWAYS], uint32_t nh6[N_GATEWAYS])
{
	for (unsigned g = 0; g < N_GATEWAYS; g++) {
		struct ts_path v4 = {.family = AF_INET, .weight = 1, .addr = {11, 0, 0, (uint8_t)(g + 1)}};
		struct ts_path v6 = {.family = AF_INET6, .weight = 1, .addr = {0xfe, 0x80, [15] = (uint8_t)(g + 1)}};
		uint8_t mac[6] = {2, 0, 0, 0, 1, (uint8_t)g};

		ts_neigh_update(b.nexthops, b.rib, 0, AF_INET, v4.addr, mac, true);
		ts_neigh_update(b.nexthops, b.rib, 0, AF_INET6, v6.addr, mac, true);
		nh4[g] = ts_nexthop_get_paths(b.nexthops, &v4, 1);
		nh6[g] = ts_nexthop_get_paths(b.nexthops, &v6, 1);
	}
}

static void
load_tables(struct ts_worker **workers, unsigned n)
{
	struct ts_rib_conf conf = {
		.max_ipv4 = (uint32_t)opt.routes_v4 + 1000, .max_ipv6 = (uint32_t)opt.routes_v6 + 1000};
	uint32_t nh4[N_GATEWAYS], nh6[N_GATEWAYS];
	uint64_t start = rte_rdtsc();
	char err[256] = "";

	b.nexthops = ts_nexthops_create(1024, 256, &b.ifaces);
	b.rib = ts_rib_create(&conf, b.nexthops, err, sizeof(err));
	if (b.nexthops == NULL || b.rib == NULL)
		die(err);
	b.publisher = ts_publisher_create(b.rib, b.nexthops, &b.ifaces, workers, n, NULL);
	b.local = ts_local_create(&b.cfg, &b.ifaces, b.nexthops, b.rib, b.publisher);
	own_addresses();
	add_gateways(nh4, nh6);
	bench_load(&b.load, b.nexthops, b.rib, b.publisher, &b.routes, nh4, nh6, N_GATEWAYS);
	opt.peers = bench_peers_plant(ts_local_teredo(b.local), &b.routes, opt.peers, COLD);
	printf("%zu IPv4 and %zu IPv6 routes in both tables, %zu Teredo peers after %.2f s\n", opt.routes_v4,
		opt.routes_v6, opt.peers, (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz());
	bench_load_print(&b.load);
}

static struct ts_worker *
make_worker(const struct row *r, unsigned id)
{
	struct ts_worker_conf conf = {
		.id = id, .n_workers = 1, .burst = BURST, .n_rxq = 1, .tx_ports = 1u << b.null_port, .seed = id + 1};
	struct ts_worker *w;
	char err[256];

	conf.rxq[0].port = r->port;
	conf.reassembly.max_datagrams = 1;
	for (unsigned i = 0; i < TS_N_LIMITS; i++) /* more than any core can send */
		conf.limits.box[i].per_second = conf.limits.box[i].burst = 2000000000;
	if (r->attack) /* which are what protects it */
		ts_ports_limits(&b.cfg, &conf.limits);
	w = ts_worker_create(&conf, err, sizeof(err));
	if (w == NULL)
		die(err);
	return w;
}

/* --- measuring --- */

static void
run_io(const struct row *r)
{
	struct rte_mbuf *pkts[BURST];

	for (size_t done = 0; done < SLICE;) {
		uint16_t n = rte_eth_rx_burst(r->port, 0, pkts, BURST),
			 sent = rte_eth_tx_burst(b.null_port, 0, pkts, n);

		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
		done += n;
	}
}

static void
run_worker(const struct row *r)
{
	for (size_t done = 0; done < SLICE;)
		done += ts_worker_poll(r->worker, rte_rdtsc());
}

/* How often the kernel gave this CPU to somebody else. */
static long
preemptions(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

/* Cycles per packet. What was preempted is measured again, a few times; then it stands, and counts as disturbed. */
static double
slice(const struct row *r, bool *disturbed)
{
	double cycles = 0;

	*disturbed = true;
	for (unsigned i = 0; i < TRIES && *disturbed; i++) {
		long before = preemptions();
		uint64_t start = rte_rdtsc();

		if (r->io)
			run_io(r);
		else
			run_worker(r);
		cycles = (double)(rte_rdtsc() - start) / SLICE;
		*disturbed = preemptions() != before;
	}
	return cycles;
}

/* A lane that dropped its packets has measured nothing. */
static void
check_forwarded(const struct row *r)
{
	struct ts_worker_stats s;

	if (r->io)
		return;
	ts_worker_stats(r->worker, &s);
	if (r->attack) {
		if (!bench_attack_held(&s, ts_local_teredo(b.local), &b.cfg, stdout))
			die("the relay did not hold");
		return;
	}
	if (s.counters[TS_C_tx_packets] == s.counters[TS_C_rx_packets] &&
		s.counters[r->counts] == s.counters[TS_C_rx_packets])
		return;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && s.counters[i] != 0)
			fprintf(stderr, "bench: %s: %s %lu\n", r->name, ts_counter_info[i].name, s.counters[i]);
	die("packets were not forwarded");
}

static void
measure_round(size_t round)
{
	for (unsigned i = 0; i < n_rows; i++) {
		struct row *r = &rows[i];
		bool disturbed;

		r->cycles[round] = slice(r, &disturbed);
		r->ratio[round] = r->cycles[round] / rows[r->floor].cycles[round];
		r->disturbed += disturbed;
	}
}

static void
measure(void)
{
	measure_round(0); /* warms up; the next one writes over it */
	for (unsigned i = 0; i < n_rows; i++)
		rows[i].disturbed = 0;
	for (size_t round = 0; round < opt.rounds; round++) {
		measure_round(round);
		if (round + 1 >= ROUNDS_MIN && rte_rdtsc() - b.started > opt.seconds * rte_get_tsc_hz())
			opt.rounds = round + 1;
	}
	for (unsigned i = 0; i < n_rows; i++)
		check_forwarded(&rows[i]);
}

/* --- showing --- */

static int
by_double(const void *x, const void *y)
{
	double a = *(const double *)x, c = *(const double *)y;

	return (a > c) - (a < c);
}

static bool
is_teredo(const struct row *r)
{
	return r->kind == BENCH_TEREDO_ENCAP || r->kind == BENCH_TEREDO_DECAP || r->attack;
}

/* Floors come first in the list, so theirs are sorted already. */
static json_t *
row_json(struct row *r)
{
	double mhz = (double)rte_get_tsc_hz() / 1e6, ratio_min;
	size_t mid = opt.rounds / 2;

	qsort(r->cycles, opt.rounds, sizeof(double), by_double);
	qsort(r->ratio, opt.rounds, sizeof(double), by_double);
	ratio_min = r->cycles[0] / rows[r->floor].cycles[0];
	printf("%-18s %8.1f %8.1f %8.2f %8.2f %8.2f %6zu %7zu %9u\n", r->name, r->cycles[0], r->cycles[mid],
		mhz / r->cycles[0], ratio_min, r->ratio[mid], r->frame_bytes, r->packets, r->disturbed);
	return json_pack("{s:s s:f s:f s:f s:f s:f s:I s:I s:I s:I s:I s:I s:i}", "name", r->name, "cycles_min",
		r->cycles[0], "cycles_median", r->cycles[mid], "mpps_max", mhz / r->cycles[0], "ratio_min", ratio_min,
		"ratio_median", r->ratio[mid], "routes_v4", (json_int_t)opt.routes_v4, "routes_v6",
		(json_int_t)opt.routes_v6, "peers", is_teredo(r) ? (json_int_t)opt.peers : (json_int_t)0, "frame_bytes",
		(json_int_t)r->frame_bytes, "packets", (json_int_t)r->packets, "rounds", (json_int_t)opt.rounds,
		"rounds_disturbed", (int)r->disturbed);
}

static void
show(void)
{
	json_t *list = json_array();
	unsigned page_kb = rte_eal_has_hugepages() ? 2048 : 4;

	printf("TSC %.0f MHz, %u KiB pages, SIMD up to %u bits, %zu rounds of %d packets\n",
		(double)rte_get_tsc_hz() / 1e6, page_kb, rte_vect_get_max_simd_bitwidth(), opt.rounds, SLICE);
	printf("%-18s %8s %8s %8s %8s %8s %6s %7s %9s\n", "row", "cyc min", "median", "Mpps max", "x io min", "median",
		"bytes", "flows", "disturbed");
	for (unsigned i = 0; i < n_rows; i++) {
		json_t *row = row_json(&rows[i]);

		if (rows[i].attack)
			bench_attack_json(row);
		json_object_set_new(row, "page_size", json_integer((json_int_t)page_kb * 1024));
		bench_load_json(&b.load, row);
		json_array_append_new(list, row);
	}
	if (opt.json != NULL && json_dump_file(list, opt.json, JSON_INDENT(1) | JSON_REAL_PRECISION(5)) != 0)
		die(opt.json);
	json_decref(list);
}

static void
options(int argc, char **argv)
{
	static const struct option longs[] = {{"quick", no_argument, NULL, 'q'}, {"json", required_argument, NULL, 'j'},
		{"routes-v4", required_argument, NULL, '4'}, {"routes-v6", required_argument, NULL, '6'},
		{"rounds", required_argument, NULL, 'r'}, {"peers", required_argument, NULL, 'p'}, {0}};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'q')
			opt.rounds = 41, opt.seconds = 35;
		else if (c == 'j')
			opt.json = optarg;
		else if (c == '4')
			opt.routes_v4 = strtoul(optarg, NULL, 10);
		else if (c == '6')
			opt.routes_v6 = strtoul(optarg, NULL, 10);
		else if (c == 'p')
			opt.peers = strtoul(optarg, NULL, 10);
		else if (c == 'r')
			opt.rounds = strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	if (opt.rounds == 0 || opt.rounds > MAX_ROUNDS || opt.routes_v4 == 0 || opt.routes_v6 == 0 ||
		opt.peers < COLD || opt.peers > 8000000) {
		fprintf(stderr, "bench: rounds 1 to %d, at least one route of each family, peers %d to 8000000\n",
			MAX_ROUNDS, COLD);
		exit(2);
	}
}

static void
start_attack(void)
{
	struct ts_worker_stats s;

	for (unsigned i = 0; i < n_rows; i++) {
		if (!rows[i].attack)
			continue;
		ts_worker_stats(rows[i].worker, &s);
		bench_attack_start(ts_local_teredo(b.local), &b.routes, rows[i].port, s.id);
	}
}

/* EAL's arguments come first, then "--" and ours. */
int
main(int argc, char **argv)
{
	struct ts_worker *workers[MAX_ROWS];
	unsigned n = 0;
	int used;

	b.started = rte_rdtsc();
	used = rte_eal_init(argc, argv);

	if (used < 0)
		die("EAL");
	options(argc - used, argv + used);
	bench_routes_make(&b.routes, opt.routes_v4, opt.routes_v6);
	bench_peers_make(&b.routes, opt.peers);
	add_ports();
	make_iface();
	configure();
	for (unsigned i = 0; i < n_rows; i++) {
		if (rows[i].io)
			continue;
		workers[n] = rows[i].worker = make_worker(&rows[i], n);
		n++;
	}
	load_tables(workers, n);
	start_attack();
	measure();
	show();
	bench_routes_free(&b.routes);
	rte_eal_cleanup();
	return 0;
}
