/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A net_pcap port with infinite_rx for each row and worker, and one net_null port, with a queue for each worker, that
 * all of them send to. The files are written to a directory of their own and are gone when the ports have read them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "bench.h"

#define DESCRIPTORS 512
#define SMALL_ROOM (RTE_PKTMBUF_HEADROOM + 256)
#define LARGE_ROOM (RTE_PKTMBUF_HEADROOM + 1664)
#define WAITING 65536 /* what may wait for strangers */
#define SPARE 4096    /* a ring's worth of copies, and what the null port holds */

const uint8_t bench_router_mac[6] = BENCH_ROUTER_MAC;

static uint16_t
data_room(void)
{
	return b.opt.size != BENCH_IMIX && b.opt.size <= 128 ? SMALL_ROOM : LARGE_ROOM;
}

static struct rte_mempool *
make_pool(const char *name, size_t n)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		name, (unsigned)n, b.opt.cache, 0, data_room(), SOCKET_ID_ANY);

	if (pool == NULL)
		bench_die("packet buffers");
	return pool;
}

static uint16_t
add_port(const char *name, const char *args, struct rte_mempool *pool, uint16_t n_txq)
{
	struct rte_eth_conf conf = {0};
	char devargs[256];
	uint16_t port;

	snprintf(devargs, sizeof(devargs), "%s,%s", name, args);
	if (rte_dev_probe(devargs) != 0 || rte_eth_dev_get_port_by_name(name, &port) != 0 ||
		rte_eth_dev_configure(port, 1, n_txq, &conf) != 0 ||
		rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, 0, NULL, pool) != 0)
		bench_die(name);
	for (uint16_t q = 0; q < n_txq; q++)
		if (rte_eth_tx_queue_setup(port, q, DESCRIPTORS, 0, NULL) != 0)
			bench_die(name);
	if (rte_eth_dev_start(port) != 0)
		bench_die(name);
	return port;
}

static void
add_row_ports(struct row *r, const char *dir, unsigned i)
{
	char path[128], name[32], args[192];

	snprintf(path, sizeof(path), "%s/%s.pcap", dir, r->name);
	snprintf(args, sizeof(args), "rx_pcap=%s,infinite_rx=1", path);
	r->frame_bytes = bench_pcap_write(path, r->kind, &b.routes, r->packets, b.opt.size, bench_router_mac);
	for (unsigned w = 0; w < b.opt.workers; w++) {
		struct rte_mempool *pool;

		snprintf(name, sizeof(name), "net_pcap%u", i * BENCH_WORKERS + w);
		pool = make_pool(name, r->packets + (r->attack ? WAITING : SPARE));
		r->end[w].port = add_port(name, args, pool, 1);
	}
	unlink(path);
}

void
bench_ports_add(void)
{
	char dir[] = "/tmp/tsunagi-bench.XXXXXX";

	if (mkdtemp(dir) == NULL)
		bench_die(dir);
	b.null_port = add_port("net_null0", "no-rx=1", make_pool("null", 1023), (uint16_t)b.opt.workers);
	for (unsigned i = 0; i < n_rows; i++)
		add_row_ports(&rows[i], dir, i);
	rmdir(dir);
}
