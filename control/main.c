/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tsunagid: the command line. Exit codes: 0 after an orderly end, 1 after anything else.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"
#include "eal.h"
#include "log.h"

#ifndef TS_VERSION
#define TS_VERSION "unknown"
#endif

#define OPT_CHECK 256
#define OPT_SIMD 257

static struct ts_control control;

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", required_argument, NULL, OPT_CHECK},
	{"force-max-simd-bitwidth", required_argument, NULL, OPT_SIMD},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static void
usage(FILE *out)
{
	fputs("usage: tsunagid -c FILE        run in the foreground until SIGTERM\n"
	      "       tsunagid --check FILE   say all that is wrong with a configuration, or how much memory it takes\n"
	      "       tsunagid --version | --help\n"
	      "options:\n"
	      "  --force-max-simd-bitwidth N   64, 128, 256 or 512; otherwise what the CPU has\n",
		out);
}

static int
check(const char *file)
{
	if (ts_config_load(&control.cfg, file, stderr) < 0)
		return EXIT_FAILURE;
	printf("memory: %u MiB\n", ts_memory_needed_mb(&control.cfg));
	ts_config_free(&control.cfg);
	return EXIT_SUCCESS;
}

static int
run(const char *file)
{
	char err[1024];
	int ret;

	if (ts_config_load(&control.cfg, file, stderr) < 0)
		return EXIT_FAILURE;
	ts_log_configure(&control.cfg.log);
	ret = ts_control_start(&control, err, sizeof(err));
	if (ret == 0) {
		ret = ts_control_loop(&control, err, sizeof(err));
		ts_control_stop(&control);
	}
	if (ret < 0)
		ts_log_error("%s", err);
	ts_config_free(&control.cfg);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
set_simd(const char *text)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);

	if (*end != '\0' || (bits != 64 && bits != 128 && bits != 256 && bits != 512)) {
		ts_log("--force-max-simd-bitwidth: %s is not 64, 128, 256 or 512", text);
		return -1;
	}
	ts_eal_force_simd((unsigned)bits);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *config = NULL, *to_check = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case OPT_CHECK:
			to_check = optarg;
			break;
		case OPT_SIMD:
			if (set_simd(optarg) < 0)
				return EXIT_FAILURE;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("tsunagid " TS_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	if (optind < argc || (config == NULL) == (to_check == NULL)) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	return to_check != NULL ? check(to_check) : run(config);
}
