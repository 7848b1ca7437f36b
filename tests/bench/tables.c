/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control side of the benchmark: the relay's own, from a configuration to published tables, with nobody to resolve
 * neighbours and no kernel to take routes from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "attack.h"
#include "bench.h"
#include "control/neigh.h"
#include "control/ports.h"

#define UNLIMITED 2000000000u

/* %zu: Teredo peers */
static const char configuration[] =
	"ports: [{name: ix, device: net_null0}]\n"
	"interfaces: [{name: ix0, port: ix, mtu: 1500, twin: none, addresses: [11.255.255.1/24, '2001:200:0:fff::1/64']}]\n"
	"local: {icmp6-source: '2001:200:0:b000:192:88:99:1'}\n"
	"6to4: {anycast: yes, source: anycast, mtu: 1480}\n"
	"6rd: [{name: rd, prefix: '2001:d68::/32', ipv4-mask-len: 0, br: 192.88.255.6, mtu: 1480}]\n"
	"isatap: [{name: site, address: 192.88.255.7, prefix: '2001:208:0:1a7a::/64', site: [11.0.0.0/8],\n"
	"          prl: [192.88.255.7], mtu: 1480}]\n"
	"teredo-relay: {address: 192.88.255.2, port: 3545, cookie-prefix: '2001:200:0:b0b::/64',\n"
	"               peers: %zu}\n"
	"teredo-server: {address: 192.88.255.4, secondary-address: 192.88.255.5}\n";

static void
configure(void)
{
	char text[sizeof(configuration) + 32];
	int len = snprintf(text, sizeof(text), configuration, b.opt.peers);

	if (ts_config_load_buffer(&b.cfg, "bench", text, (size_t)len, stderr) != 0)
		bench_die("the configuration");
	b.cfg.teredo_relay.valid_s = b.cfg.teredo_relay.forget_s = UINT16_MAX; /* as long as a benchmark takes */
	b.cfg.isatap[0].site[0] = (struct ts_prefix4){0};		       /* more than any file may say */
}

static void
make_iface(void)
{
	struct ts_iface *i = &b.ifaces.dp[0];

	b.ifaces.n = 1;
	b.ifaces.port_map = bench_must(calloc(RTE_MAX_ETHPORTS, sizeof(*b.ifaces.port_map)));
	i->port = b.null_port;
	i->mtu = 1500;
	i->l2_len = RTE_ETHER_HDR_LEN;
	memcpy(&i->mac, bench_router_mac, sizeof(i->mac));
	strcpy(b.ifaces.ctl[0].name, "ix0");
}

static struct ts_worker *
make_worker(const struct row *r, unsigned side, unsigned id)
{
	struct ts_worker_conf conf = {.id = id,
		.n_workers = 1,
		.burst = (uint16_t)b.opt.burst,
		.n_rxq = 1,
		.tx_ports = 1u << b.null_port,
		.tx_queue = (uint16_t)side,
		.seed = id + 1};
	struct ts_worker *w;
	char err[256];

	conf.rxq[0].port = r->end[side].port;
	conf.reassembly.max_datagrams = 1;
	for (unsigned i = 0; i < TS_N_LIMITS; i++) /* more than any core can send */
		conf.limits.box[i].per_second = conf.limits.box[i].burst = UNLIMITED;
	if (r->attack) /* which are what protects it */
		ts_ports_limits(&b.cfg, &conf.limits);
	w = ts_worker_create(&conf, err, sizeof(err));
	if (w == NULL)
		bench_die(err);
	return w;
}

static unsigned
make_workers(struct ts_worker **workers)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_rows; i++)
		for (unsigned side = 0; side < b.opt.workers && !rows[i].io; side++, n++)
			workers[n] = rows[i].end[side].worker = make_worker(&rows[i], side, n);
	return n;
}

/* With as many Teredo peers as there is memory for. */
static void
own_addresses(void)
{
	while (ts_local_set_host_addrs(b.local, NULL, 0) != 0) {
		b.cfg.teredo_relay.peers /= 2;
		if (b.cfg.teredo_relay.peers < COLD)
			bench_die("own addresses");
	}
	b.opt.peers = RTE_MIN(b.opt.peers, (size_t)b.cfg.teredo_relay.peers);
}

static void
add_gateways(void)
{
	for (unsigned g = 0; g < N_GATEWAYS; g++) {
		struct ts_path v4 = {.family = AF_INET, .weight = 1, .addr = {11, 0, 0, (uint8_t)(g + 1)}};
		struct ts_path v6 = {.family = AF_INET6, .weight = 1, .addr = {0xfe, 0x80, [15] = (uint8_t)(g + 1)}};
		uint8_t mac[6] = {2, 0, 0, 0, 1, (uint8_t)g};

		ts_neigh_update(b.nexthops, b.rib, 0, AF_INET, v4.addr, mac, true);
		ts_neigh_update(b.nexthops, b.rib, 0, AF_INET6, v6.addr, mac, true);
		b.nh4[g] = ts_nexthop_get_paths(b.nexthops, &v4, 1);
		b.nh6[g] = ts_nexthop_get_paths(b.nexthops, &v6, 1);
	}
}

static void
load_routes(void)
{
	add_gateways();
	bench_load(&b.load, b.nexthops, b.rib, b.publisher, &b.routes, b.nh4, b.nh6, N_GATEWAYS);
}

void
bench_tables_make(void)
{
	struct ts_rib_conf conf = {
		.max_ipv4 = (uint32_t)b.opt.routes_v4 + 1000, .max_ipv6 = (uint32_t)b.opt.routes_v6 + 1000};
	struct ts_worker *workers[TS_MAX_WORKERS];
	uint64_t start = rte_rdtsc();
	char err[256] = "";
	unsigned n;

	configure();
	make_iface();
	n = make_workers(workers);
	b.nexthops = ts_nexthops_create(1024, 256, &b.ifaces);
	b.rib = ts_rib_create(&conf, b.nexthops, err, sizeof(err));
	if (b.nexthops == NULL || b.rib == NULL)
		bench_die(err);
	b.publisher = ts_publisher_create(b.rib, b.nexthops, &b.ifaces, workers, n, NULL);
	b.local = ts_local_create(&b.cfg, &b.ifaces, b.nexthops, b.rib, b.publisher);
	own_addresses();
	load_routes();
	b.opt.peers = bench_peers_plant(ts_local_teredo(b.local), &b.routes, b.opt.peers, bench_peers_needed());
	printf("%zu IPv4 and %zu IPv6 routes in both tables, %zu Teredo peers after %.2f s\n", b.opt.routes_v4,
		b.opt.routes_v6, b.opt.peers, (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz());
	bench_load_print(&b.load);
}
