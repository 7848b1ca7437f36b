/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif_gen [EAL options] -- KIND: a generator and sink on the far side of a relay's net_memif ports,
 * because testpmd's knows neither IPv6 nor latency.
 *
 * For each line "RATE SECONDS" on standard input it sends frames of one kind ("6to4-encap", ...; 65536 flows) on port 0
 * at RATE packets a second, paced by the time stamp counter (0: as fast as the ring takes them), and takes what comes
 * on port 1, all on one core. Each frame carries a mark, its number and the time at which it was due in the last 24
 * bytes, where no header is that a relay changes. Due, not sent: a generator that is late because the ring was full
 * must not hide the wait from the figures; with rate 0 it is the time of sending. Prints a JSON object for each: due,
 * sent, received, wrong (frames without the mark), reordered, seconds, latency percentiles in microseconds, and how
 * often the kernel gave the CPU to somebody else meanwhile.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "frames.h"
#include "latency.h"

#define BURST 32
#define DESCRIPTORS 1024
#define FLOWS 65536
#define DRAIN_MS 200
#define MARK UINT64_C(0x696f67616e757374)

struct tail {
	uint64_t mark, number, due;
} __attribute__((packed));

static const struct {
	const char *name;
	enum bench_kind kind;
} kinds[] = {{"6to4-encap", BENCH_6TO4_ENCAP}, {"6to4-decap", BENCH_6TO4_DECAP}, {"6rd-encap", BENCH_6RD_ENCAP},
	{"6rd-decap", BENCH_6RD_DECAP}, {"isatap-encap", BENCH_ISATAP_ENCAP}, {"isatap-decap", BENCH_ISATAP_DECAP}};

static struct {
	uint8_t frame[FLOWS][128];
	uint16_t len;
	struct rte_mempool *pool;
	uint64_t sent, received, wrong, reordered, next;
	struct latency latency;
} g;

static void
die(const char *what)
{
	fprintf(stderr, "memif_gen: %s\n", what);
	exit(2);
}

static enum bench_kind
kind_of(const char *name)
{
	for (unsigned i = 0; i < RTE_DIM(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return kinds[i].kind;
	die("6to4, 6rd or isatap, -encap or -decap");
	return BENCH_6TO4_ENCAP;
}

/* 72 bytes of IPv6, so that the tail is behind UDP. */
static void
make_frames(const char *kind)
{
	static const uint8_t mac[6] = BENCH_ROUTER_MAC;
	struct bench_routes routes = {0};
	char path[] = "/tmp/tsunagi-bench.XXXXXX", err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr h;
	const u_char *data;
	pcap_t *pcap;
	int fd = mkstemp(path);

	if (fd < 0)
		die(path);
	bench_routes_make(&routes, 10000, 10000);
	bench_pcap_write(path, kind_of(kind), &routes, FLOWS, 72, mac);
	pcap = pcap_open_offline(path, err);
	for (size_t i = 0; i < FLOWS && pcap != NULL; i++) {
		data = pcap_next(pcap, &h);
		if (data == NULL || h.caplen > sizeof(g.frame[0]))
			die("the frames");
		memcpy(g.frame[i], data, h.caplen);
		g.len = (uint16_t)h.caplen;
	}
	if (pcap == NULL)
		die(err);
	pcap_close(pcap);
	unlink(path);
	bench_routes_free(&routes);
}

static void
start_port(uint16_t port)
{
	struct rte_eth_conf conf = {0};

	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, 0, NULL, g.pool) != 0 ||
		rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, 0, NULL) != 0 || rte_eth_dev_start(port) != 0)
		die("a port");
}

static bool
is_up(uint16_t port)
{
	struct rte_eth_link link = {0};

	return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/* The other end was there when this one was started; a memif client tries to connect only then. */
static void
wait_link(uint16_t port)
{
	for (unsigned ms = 1; !is_up(port); ms++) {
		rte_delay_us_sleep(1000);
		if (ms > 20000)
			die("nobody at the other end of a memif");
	}
}

static void
take(uint64_t now)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = rte_eth_rx_burst(1, 0, pkts, BURST);
	struct tail tail;

	for (uint16_t i = 0; i < n; i++) {
		uint16_t len = rte_pktmbuf_data_len(pkts[i]);

		if (len >= sizeof(tail))
			memcpy(&tail, rte_pktmbuf_mtod_offset(pkts[i], void *, len - sizeof(tail)), sizeof(tail));
		if (len < sizeof(tail) || tail.mark != MARK) {
			g.wrong++;
			continue;
		}
		g.received++;
		g.reordered += tail.number < g.next;
		g.next = tail.number + 1;
		latency_add(&g.latency, now - tail.due);
	}
	rte_pktmbuf_free_bulk(pkts, n);
}

/* Packet `number` is due at start + number * gap; at most a burst of those that are. What the ring refuses is due
 * still. */
static void
send_due(uint64_t start, double gap, uint64_t now)
{
	uint64_t due = gap > 0 ? (uint64_t)((double)(now - start) / gap) : UINT64_MAX, n = due - g.sent;
	struct rte_mbuf *pkts[BURST];
	uint16_t burst = (uint16_t)RTE_MIN(n, (uint64_t)BURST), sent;

	if (due <= g.sent || rte_pktmbuf_alloc_bulk(g.pool, pkts, burst) != 0)
		return;
	for (uint16_t i = 0; i < burst; i++) {
		uint64_t number = g.sent + i;
		struct tail tail = {MARK, number, gap > 0 ? start + (uint64_t)((double)number * gap) : now};
		uint8_t *p = (uint8_t *)rte_pktmbuf_append(pkts[i], g.len);

		memcpy(p, g.frame[number % FLOWS], g.len);
		memcpy(p + g.len - sizeof(tail), &tail, sizeof(tail));
	}
	sent = rte_eth_tx_burst(0, 0, pkts, burst);
	rte_pktmbuf_free_bulk(pkts + sent, burst - sent);
	g.sent += sent;
}

/* Returns the seconds for which it sent. */
static double
run(double rate, double seconds)
{
	double hz = (double)rte_get_tsc_hz(), gap = rate > 0 ? hz / rate : 0;
	uint64_t start = rte_rdtsc(), end = start + (uint64_t)(seconds * hz), now = start, stop;

	while (now < end) {
		send_due(start, gap, now);
		take(now);
		now = rte_rdtsc();
	}
	stop = now;
	end = now + (uint64_t)(DRAIN_MS * hz / 1000);
	while (now < end && g.received < g.sent) {
		take(now);
		now = rte_rdtsc();
	}
	return (double)(stop - start) / hz;
}

static long
preemptions(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

static void
print(double rate, double seconds, long switches)
{
	double us = 1e6 / (double)rte_get_tsc_hz();

	printf("{\"due\": %.0f, \"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"wrong\": %" PRIu64
	       ", \"reordered\": %" PRIu64 ", ",
		rate > 0 ? rate * seconds : (double)g.sent, g.sent, g.received, g.wrong, g.reordered);
	printf("\"seconds\": %.4f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, "
	       "\"switches\": %ld}\n",
		seconds, us * (double)latency_percentile(&g.latency, 0.5),
		us * (double)latency_percentile(&g.latency, 0.99), us * (double)latency_percentile(&g.latency, 0.999),
		us * (double)g.latency.max, switches);
	fflush(stdout);
}

/* One run for each line "RATE SECONDS" on standard input, so that what is between the processes stays connected. */
int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	double rate, seconds;
	long before;

	if (used < 0 || argc - used != 2 || rte_eth_dev_count_avail() != 2)
		die("EAL options with two net_memif ports, then -- KIND");
	make_frames(argv[used + 1]);
	g.pool = rte_pktmbuf_pool_create("gen", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (g.pool == NULL)
		die("packet buffers");
	start_port(0);
	start_port(1);
	wait_link(0);
	wait_link(1);
	printf("ready\n");
	fflush(stdout);
	while (scanf("%lf %lf", &rate, &seconds) == 2) {
		g.sent = g.received = g.wrong = g.reordered = g.next = 0;
		memset(&g.latency, 0, sizeof(g.latency));
		before = preemptions();
		seconds = run(rate, seconds);
		print(rate, seconds, preemptions() - before);
	}
	rte_eal_cleanup();
	return 0;
}
