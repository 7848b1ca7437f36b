/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `top`: what the relay does now, by what its counters moved since the last look: mechanisms, workers, what is dropped
 * most.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/tsunagictl.h"

#define DROPS_SHOWN 12

struct look {
	double at;
	json_t *counters; /* name: value */
	json_t *workers;  /* array */
};

struct drop {
	const char *name;
	double rate;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
free_look(struct look *l)
{
	json_decref(l->counters);
	json_decref(l->workers);
}

static bool
look(FILE *daemon, const char *socket, struct look *l)
{
	l->at = now();
	l->counters = ts_ask(daemon, socket, "show counters\n");
	l->workers = l->counters != NULL ? ts_ask(daemon, socket, "show workers\n") : NULL;
	return l->workers != NULL;
}

static json_int_t
counter(const struct look *l, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(l->counters, "counters"), name));
}

/* Per second. */
static double
rate(const struct look *a, const struct look *b, const char *name)
{
	return (double)(counter(b, name) - counter(a, name)) / (b->at - a->at);
}

static double
rate_of(const struct look *a, const struct look *b, const char *mechanism, const char *direction, const char *unit)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s_%s", mechanism, direction, unit);
	return rate(a, b, name);
}

/* "12.3 M": four figures at most. */
static const char *
scaled(double value, char text[16])
{
	static const char prefixes[] = " kMGT";
	unsigned i = 0;

	for (; value >= 9999.5 && i < sizeof(prefixes) - 2; i++)
		value /= 1000;
	snprintf(text, 16, value < 100 && i > 0 ? "%.1f %c" : "%.0f %c", value, prefixes[i]);
	return text;
}

static void
print_traffic(const char *name, double in_packets, double in_bits, double out_packets, double out_bits)
{
	char text[4][16];

	printf("%-10s %12spps %12sbit/s %12spps %12sbit/s\n", name, scaled(in_packets, text[0]),
		scaled(in_bits, text[1]), scaled(out_packets, text[2]), scaled(out_bits, text[3]));
}

static void
print_mechanisms(const struct look *a, const struct look *b)
{
	static const char *const mechanisms[] = {"6to4", "6rd", "isatap", "teredo"};

	printf("%-10s %15s %18s %15s %18s\n", "", "from tunnels", "", "into tunnels", "");
	for (unsigned i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		print_traffic(mechanisms[i], rate_of(a, b, mechanisms[i], "decap", "packets"),
			8 * rate_of(a, b, mechanisms[i], "decap", "bytes"),
			rate_of(a, b, mechanisms[i], "encap", "packets"),
			8 * rate_of(a, b, mechanisms[i], "encap", "bytes"));
	printf("%-10s %15s %18s %15s %18s\n", "", "received", "", "sent", "");
	print_traffic("ports", rate(a, b, "rx_packets"), 8 * rate(a, b, "rx_bytes"), rate(a, b, "tx_packets"),
		8 * rate(a, b, "tx_bytes"));
}

static double
difference(json_t *before, json_t *after, const char *key)
{
	return (double)(json_integer_value(json_object_get(after, key)) -
		json_integer_value(json_object_get(before, key)));
}

static void
print_workers(const struct look *a, const struct look *b)
{
	json_t *list = json_object_get(b->workers, "workers"), *w;
	size_t i;

	printf("\nworkers busy:");
	json_array_foreach(list, i, w) {
		json_t *before = json_array_get(json_object_get(a->workers, "workers"), i);
		double cycles = difference(before, w, "cycles");

		printf("  %d: %3.0f %%", (int)json_integer_value(json_object_get(w, "id")),
			cycles > 0 ? 100 * difference(before, w, "busy_cycles") / cycles : 0);
	}
	putchar('\n');
}

static int
by_rate(const void *a, const void *b)
{
	const struct drop *x = a, *y = b;

	return x->rate < y->rate ? 1 : x->rate > y->rate ? -1 : strcmp(x->name, y->name);
}

static size_t
find_drops(const struct look *a, const struct look *b, struct drop *drops, size_t most)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach(json_object_get(b->counters, "counters"), name, value) {
		if (strncmp(name, "drop_", 5) != 0 || n == most)
			continue;
		drops[n] = (struct drop){name, rate(a, b, name)};
		n += drops[n].rate > 0;
	}
	qsort(drops, n, sizeof(*drops), by_rate);
	return n;
}

static void
print_drops(const struct look *a, const struct look *b)
{
	struct drop drops[512];
	size_t n = find_drops(a, b, drops, sizeof(drops) / sizeof(drops[0]));
	char text[16];

	printf("\ndropped%s\n", n == 0 ? ": nothing" : ":");
	for (size_t i = 0; i < n && i < DROPS_SHOWN; i++)
		printf("  %12s/s  %s\n", scaled(drops[i].rate, text), drops[i].name);
}

static void
print_people(const struct look *a, const struct look *b)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	print_mechanisms(a, b);
	print_workers(a, b);
	print_drops(a, b);
	if (!isatty(STDOUT_FILENO))
		putchar('\n');
}

/* A line of JSON for each interval: what moved, per second. */
static void
print_json(const struct look *a, const struct look *b)
{
	json_t *rates = json_object(), *value;
	const char *name;

	json_object_foreach(json_object_get(b->counters, "counters"), name, value) {
		double r = rate(a, b, name);

		if (r != 0)
			json_object_set_new(rates, name, json_real(r));
	}
	value = json_pack("{s:f, s:o, s:O}", "seconds", b->at - a->at, "per_second", rates, "workers",
		json_object_get(b->workers, "workers"));
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(value);
}

static int
run(struct ts_command_conf conf, FILE *daemon, unsigned long seconds, unsigned long turns)
{
	struct look before = {0}, after = {0};
	bool ok = look(daemon, conf.socket, &before);

	for (unsigned long i = 0; ok && (turns == 0 || i < turns); i++) {
		ts_pause_ms((unsigned)seconds * 1000);
		if (ts_interrupted())
			break;
		ok = look(daemon, conf.socket, &after);
		if (ok && conf.json)
			print_json(&before, &after);
		else if (ok)
			print_people(&before, &after);
		fflush(stdout);
		free_look(&before);
		before = after;
		after = (struct look){0};
	}
	free_look(&before);
	return ok ? 0 : 1;
}

int
ts_top_main(struct ts_command_conf conf, int argc, char **argv)
{
	static const char text[] = "Usage: tsunagictl top [-d SECONDS] [-n TIMES] [--json]\n"
				   "Traffic, load and drops, every second until ^C.\n";
	unsigned long seconds = 1, turns = 0;
	int opt, ret = 0;
	FILE *daemon;

	while (ret == 0 && (opt = getopt(argc, argv, "d:n:js:h")) != -1) {
		if (opt == 'd')
			ret = ts_number_of("-d", optarg, 3600, &seconds);
		else if (opt == 'n')
			ret = ts_number_of("-n", optarg, 1000000, &turns);
		else if (opt == 'j')
			conf.json = true;
		else if (opt == 's')
			conf.socket = optarg;
		else
			ret = 2;
	}
	if (ret != 0 || optind != argc || seconds == 0) {
		fputs(text, stderr);
		return 2;
	}
	daemon = ts_connect(conf.socket);
	if (daemon == NULL)
		return 1;
	ts_until_interrupted();
	ret = run(conf, daemon, seconds, turns);
	fclose(daemon);
	return ret;
}
