/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench [EAL options] -- [options]: what each lane costs on one core, between net_pcap's infinite receive and net_null,
 * beside the `io` floor: receiving the same frames and sending them unchanged. scripts/bench runs it;
 * docs/performance.md says how to read what it prints.
 *
 * One process, tables loaded once, all rows interleaved round by round, because the machine's speed drifts. Hot rows
 * walk 1024 flows, cold rows 65536, or with --spread all Teredo peers.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "attack.h"

struct bench b;

void
bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, rte_strerror(rte_errno));
	exit(2);
}

/* What a NIC that verifies checksums says of a UDP datagram; the floor pays for saying it, too. */
static uint16_t
say_good(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint16_t max, void *arg)
{
	(void)port, (void)queue, (void)max, (void)arg;
	for (uint16_t i = 0; i < n; i++) {
		pkts[i]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		pkts[i]->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP;
	}
	return n;
}

static void
start_callbacks(void)
{
	struct ts_worker_stats s;

	for (unsigned i = 0; i < n_rows; i++) {
		struct row *r = &rows[i];

		if (r->attack) {
			ts_worker_stats(r->end[0].worker, &s);
			bench_attack_start(ts_local_teredo(b.local), &b.routes, r->end[0].port, s.id);
		} else if (b.opt.spread && r->packets == COLD && (r->io || bench_row_has_peers(r)))
			bench_spread_start(r);
		for (unsigned side = 0; side < b.opt.workers && b.opt.checksum; side++)
			if (rte_eth_add_rx_callback(r->end[side].port, 0, say_good, NULL) == NULL)
				bench_die("no rx callback");
	}
}

/* EAL's arguments come first, then "--" and ours. */
int
main(int argc, char **argv)
{
	int used;

	setvbuf(stdout, NULL, _IOLBF, 0);
	b.started = rte_rdtsc();
	used = rte_eal_init(argc, argv);
	if (used < 0)
		bench_die("EAL");
	bench_options(&b.opt, argc - used, argv + used);
	if (rte_lcore_count() < b.opt.workers)
		bench_die("a worker has no core");
	bench_routes_make(&b.routes, b.opt.routes_v4, b.opt.routes_v6);
	bench_peers_make(&b.routes, b.opt.peers);
	bench_ports_add();
	bench_tables_make();
	start_callbacks();
	if (b.opt.count != 0)
		bench_count();
	else {
		bench_measure();
		bench_show();
	}
	bench_routes_free(&b.routes);
	rte_eal_cleanup();
	return 0;
}
