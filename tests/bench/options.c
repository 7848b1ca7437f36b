/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
	"bench [EAL options] -- [--quick] [--json FILE] [--rows PATTERN,...] [--routes-v4 N] [--routes-v6 N]\n"
	"      [--peers N] [--spread] [--checksum] [--churn] [--size BYTES|imix] [--workers 1|2] [--rounds N] [--seconds N]\n"
	"      [--burst N] [--cache N] [--count N]\n"
	"rounds 1 to 256, at least one route of each family, 1024 to 8000000 peers and no fewer than the rows of\n"
	"Teredo have flows, 48 to 1480 bytes of IPv6; two workers need --lcores with two, and 15 rows at most;\n"
	"bursts of 1 to 64 packets, a cache of 1 to 512 buffers\n";

enum {
	ROUTES_V4 = 256,
	ROUTES_V6,
	PEERS,
	SPREAD,
	SIZE,
	WORKERS,
	ROUNDS,
	SECONDS,
	COUNT,
	CHURN,
	CHECKSUM,
	ROWS,
	JSON,
	QUICK,
	BURST,
	CACHE
};

static const struct option longs[] = {{"quick", no_argument, NULL, QUICK}, {"json", required_argument, NULL, JSON},
	{"rows", required_argument, NULL, ROWS}, {"routes-v4", required_argument, NULL, ROUTES_V4},
	{"routes-v6", required_argument, NULL, ROUTES_V6}, {"peers", required_argument, NULL, PEERS},
	{"churn", no_argument, NULL, CHURN}, {"checksum", no_argument, NULL, CHECKSUM},
	{"spread", no_argument, NULL, SPREAD}, {"size", required_argument, NULL, SIZE},
	{"workers", required_argument, NULL, WORKERS}, {"rounds", required_argument, NULL, ROUNDS},
	{"seconds", required_argument, NULL, SECONDS}, {"burst", required_argument, NULL, BURST},
	{"cache", required_argument, NULL, CACHE}, {"count", required_argument, NULL, COUNT}, {0}};

static void
refuse(void)
{
	fputs(usage, stderr);
	exit(2);
}

static unsigned
size_of(const char *text)
{
	return strcmp(text, "imix") == 0 ? BENCH_IMIX : (unsigned)strtoul(text, NULL, 10);
}

static void
number(struct bench_options *opt, int key, const char *text)
{
	size_t n = strtoul(text, NULL, 10);

	switch (key) {
	case ROUTES_V4:
		opt->routes_v4 = n;
		break;
	case ROUTES_V6:
		opt->routes_v6 = n;
		break;
	case PEERS:
		opt->peers = n;
		break;
	case WORKERS:
		opt->workers = (unsigned)n;
		break;
	case ROUNDS:
		opt->rounds = n;
		break;
	case SECONDS:
		opt->seconds = (unsigned)n;
		break;
	case BURST:
		opt->burst = (unsigned)n;
		break;
	case CACHE:
		opt->cache = (unsigned)n;
		break;
	case COUNT:
		opt->count = (unsigned)n;
		break;
	default:
		refuse();
	}
}

static void
check(const struct bench_options *opt)
{
	bool fits = opt->workers <= BENCH_WORKERS && (opt->workers == 1 || n_rows <= 15);

	if (opt->rounds == 0 || opt->rounds > MAX_ROUNDS || opt->routes_v4 == 0 || opt->routes_v6 == 0 || !fits ||
		opt->workers == 0 || opt->peers < RTE_MAX(bench_peers_needed(), (size_t)HOT) || opt->peers > 8000000 ||
		opt->burst == 0 || opt->burst > TS_BURST_MAX || opt->cache == 0 ||
		opt->cache > RTE_MEMPOOL_CACHE_MAX_SIZE ||
		(opt->size != BENCH_IMIX && (opt->size < 48 || opt->size > 1480)))
		refuse();
}

void
bench_options(struct bench_options *opt, int argc, char **argv)
{
	int c;

	*opt = (struct bench_options){.routes_v4 = 950000,
		.routes_v6 = 220000,
		.peers = 1000000,
		.rounds = 151,
		.seconds = 600,
		.workers = 1,
		.burst = 32,
		.cache = RTE_MEMPOOL_CACHE_MAX_SIZE,
		.size = 48};
	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == QUICK)
			opt->rounds = 41, opt->seconds = 30;
		else if (c == JSON)
			opt->json = optarg;
		else if (c == ROWS)
			opt->rows = optarg;
		else if (c == SPREAD)
			opt->spread = true;
		else if (c == CHURN)
			opt->churn = true;
		else if (c == CHECKSUM)
			opt->checksum = true;
		else if (c == SIZE)
			opt->size = size_of(optarg);
		else
			number(opt, c, optarg);
	}
	if (optind != argc || !bench_rows_select(opt->rows))
		refuse();
	check(opt);
}
