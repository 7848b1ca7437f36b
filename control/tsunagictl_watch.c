/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `trace` and `capture`: a session with the daemon, asked for news ten times a second until there are enough packets,
 * the time is up or somebody presses ^C.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/tsunagictl.h"

#define POLL_MS 100
#define PACKET_MAX 2048

struct watch {
	struct ts_command_conf conf;
	const char *name; /* "trace", "capture" */
	FILE *daemon;
	json_int_t session;
	unsigned long packets, seconds; /* 0: no end */
	unsigned long done;		/* packets that have gone their way, or were captured */
	/* One item; false: it cannot be written. */
	bool (*item)(struct watch *w, json_t *item);
	FILE *out;	    /* capture's file; NULL: lines */
	json_int_t ids[64]; /* of the packets that are traced */
	bool gone[64];
	unsigned n_ids;
};

static const char *
text_of(json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));

	return text != NULL ? text : "";
}

static json_int_t
number_of(json_t *item, const char *key)
{
	return json_integer_value(json_object_get(item, key));
}

static void
print_line(json_t *item, long id)
{
	json_int_t ns = number_of(item, "time");
	time_t seconds = (time_t)(ns / 1000000000);
	const char *drop = text_of(item, "drop");
	struct tm tm;
	char when[16];

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	if (id >= 0)
		printf("#%-3ld ", id + 1);
	printf("%s.%06d  %-14s %5d  %s%s%s\n", when, (int)(ns / 1000 % 1000000), text_of(item, "station"),
		(int)number_of(item, "length"), text_of(item, "packet"), *drop != '\0' ? "  " : "", drop);
}

/* Which of the traced packets; -1: one more than was asked for. */
static long
index_of(struct watch *w, json_int_t id)
{
	unsigned long most = w->packets < 64 ? w->packets : 64;

	for (unsigned i = 0; i < w->n_ids; i++)
		if (w->ids[i] == id)
			return i;
	if (w->n_ids >= most)
		return -1;
	w->ids[w->n_ids] = id;
	return w->n_ids++;
}

/* Where a packet leaves the workers, or stays until something happens that may never happen. */
static bool
is_last(const char *station)
{
	static const char *const last[] = {"tx", "drop", "punt", "teredo-queue", "neigh-wait", "reassemble"};

	for (unsigned i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (strcmp(last[i], station) == 0)
			return true;
	return false;
}

static bool
trace_item(struct watch *w, json_t *item)
{
	long i = index_of(w, number_of(item, "id"));

	if (i < 0)
		return true;
	if (is_last(text_of(item, "station")) && !w->gone[i]) {
		w->gone[i] = true;
		w->done++;
	}
	if (w->conf.json)
		json_dumpf(item, stdout, JSON_COMPACT), putchar('\n');
	else
		print_line(item, i);
	fflush(stdout);
	return true;
}

static unsigned
bytes_of(const char *hex, unsigned char out[PACKET_MAX])
{
	unsigned n = 0;
	unsigned byte;

	for (; n < PACKET_MAX && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		out[n] = (unsigned char)byte;
	return n;
}

static bool
write_packet(struct watch *w, json_t *item)
{
	const char *drop = text_of(item, "drop");
	unsigned char data[PACKET_MAX];
	unsigned len = bytes_of(text_of(item, "data"), data);
	char comment[128];

	snprintf(comment, sizeof(comment), "%s, worker %d", *drop != '\0' ? drop : text_of(item, "station"),
		(int)number_of(item, "worker"));
	if (ts_pcapng_packet(w->out, json_is_true(json_object_get(item, "ethernet")),
		    (unsigned long long)number_of(item, "time"), data, len, (unsigned)number_of(item, "length"),
		    comment, (unsigned long long)number_of(item, "lost")) == 0)
		return true;
	fprintf(stderr, "tsunagictl: capture: %s\n", strerror(errno));
	return false;
}

static bool
capture_item(struct watch *w, json_t *item)
{
	if (w->packets != 0 && w->done == w->packets)
		return true;
	w->done++;
	if (w->out != NULL)
		return write_packet(w, item);
	if (w->conf.json)
		json_dumpf(item, stdout, JSON_COMPACT), putchar('\n');
	else
		print_line(item, -1);
	return true;
}

static bool
take(struct watch *w)
{
	json_t *answer = ts_ask(w->daemon, w->conf.socket, "%s take %lld\n", w->name, (long long)w->session);
	json_t *list = json_object_get(answer, w->name), *item;
	size_t i;
	bool ok = json_is_array(list);

	json_array_foreach(list, i, item)
		ok = ok && w->item(w, item);
	json_decref(answer);
	return ok;
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* From the session's start to its end. 0: packets were seen; 1: none, or something is wrong. */
static int
run(struct watch *w, json_t *started)
{
	double end = now() + (double)w->seconds;
	bool ok = started != NULL;

	w->session = number_of(started, "session");
	json_decref(started);
	while (ok && !ts_interrupted() && (w->seconds == 0 || now() < end) &&
		(w->packets == 0 || w->done < w->packets)) {
		ts_pause_ms(POLL_MS);
		ok = take(w);
	}
	if (ok)
		json_decref(ts_ask(w->daemon, w->conf.socket, "%s stop %lld\n", w->name, (long long)w->session));
	return ok && w->done != 0 ? 0 : 1;
}

static int
usage(const char *text)
{
	fputs(text, stderr);
	return 2;
}

int
ts_trace_main(struct ts_command_conf conf, int argc, char **argv)
{
	static const char text[] =
		"Usage: tsunagictl trace [-n PACKETS] [-t SECONDS] [--json] [ADDRESS[/LEN]]\n"
		"Follows the next packets (default 1, at most 64) with this address through every station of their way;\n"
		"ends after SECONDS (default 10, 0: never) or when they are gone. Exit code 1 if there was none.\n";
	struct watch w = {.conf = conf, .name = "trace", .packets = 1, .seconds = 10, .item = trace_item};
	int opt, ret = 0;

	while (ret == 0 && (opt = getopt(argc, argv, "n:t:js:h")) != -1) {
		if (opt == 'n')
			ret = ts_number_of("-n", optarg, 64, &w.packets);
		else if (opt == 't')
			ret = ts_number_of("-t", optarg, 86400, &w.seconds);
		else if (opt == 'j')
			w.conf.json = true;
		else if (opt == 's')
			w.conf.socket = optarg;
		else
			return usage(text);
	}
	if (ret != 0 || argc - optind > 1 || w.packets == 0)
		return ret != 0 ? ret : usage(text);
	w.daemon = ts_connect(w.conf.socket);
	if (w.daemon == NULL)
		return 1;
	ts_until_interrupted();
	ret = run(&w,
		ts_ask(w.daemon, w.conf.socket, "trace start %lu %s\n", w.packets, optind < argc ? argv[optind] : ""));
	fclose(w.daemon);
	return ret;
}

struct capture {
	const char *file, *match;
	char lanes[512], drops[512];
	unsigned long snap;
};

static void
add_word(char *list, size_t size, const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%s", n != 0 ? "," : "", word);
}

static int
parse_capture(struct watch *w, struct capture *c, int argc, char **argv)
{
	static const struct option longs[] = {{"lane", required_argument, NULL, 'l'},
		{"drop", required_argument, NULL, 'd'}, {"match", required_argument, NULL, 'm'},
		{"snap", required_argument, NULL, 'S'}, {"write", required_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'}, {"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int opt, ret = 0;

	while (ret == 0 && (opt = getopt_long(argc, argv, "l:d:m:S:w:n:t:js:h", longs, NULL)) != -1) {
		if (opt == 'l')
			add_word(c->lanes, sizeof(c->lanes), optarg);
		else if (opt == 'd')
			add_word(c->drops, sizeof(c->drops), optarg);
		else if (opt == 'm')
			c->match = optarg;
		else if (opt == 'S')
			ret = ts_number_of("--snap", optarg, PACKET_MAX, &c->snap);
		else if (opt == 'w')
			c->file = optarg;
		else if (opt == 'n')
			ret = ts_number_of("-n", optarg, UINT32_MAX, &w->packets);
		else if (opt == 't')
			ret = ts_number_of("-t", optarg, 86400, &w->seconds);
		else if (opt == 'j')
			w->conf.json = true;
		else if (opt == 's')
			w->conf.socket = optarg;
		else
			return 2;
	}
	return ret;
}

static FILE *
open_file(const struct capture *c)
{
	FILE *out = strcmp(c->file, "-") == 0 ? stdout : fopen(c->file, "w");

	if (out == NULL || ts_pcapng_begin(out, (unsigned)c->snap) != 0) {
		fprintf(stderr, "tsunagictl: %s: %s\n", c->file, strerror(errno));
		return NULL;
	}
	return out;
}

int
ts_capture_main(struct ts_command_conf conf, int argc, char **argv)
{
	static const char text[] =
		"Usage: tsunagictl capture [--lane LANE]... [--drop REASON]... [--match ADDRESS[/LEN]] [--snap BYTES]\n"
		"                          [-w FILE] [-n PACKETS] [-t SECONDS] [--json]\n"
		"Copies what lanes see (rx, 6to4-encap, 6to4-decap, ..., teredo-server, local4, local6, punt, tx) or what\n"
		"is dropped for a reason (a drop counter, a part of its name, or all). FILE: pcapng, - for standard\n"
		"output. Ends after PACKETS, SECONDS or ^C. Exit code 1 if there was none.\n";
	struct watch w = {.conf = conf, .name = "capture", .item = capture_item};
	struct capture c = {.snap = 256, .match = ""};
	int ret = parse_capture(&w, &c, argc, argv);

	if (ret != 0 || optind != argc || (*c.lanes == '\0' && *c.drops == '\0'))
		return usage(text);
	w.daemon = ts_connect(w.conf.socket);
	if (w.daemon == NULL)
		return 1;
	if (c.file != NULL && (w.out = open_file(&c)) == NULL) {
		fclose(w.daemon);
		return 1;
	}
	ts_until_interrupted();
	ret = run(&w,
		ts_ask(w.daemon, w.conf.socket, "capture start %lu %s %s %s\n", c.snap,
			*c.lanes != '\0' ? c.lanes : "-", *c.drops != '\0' ? c.drops : "-", c.match));
	fclose(w.daemon);
	if (w.out != NULL && fflush(w.out) != 0) {
		fprintf(stderr, "tsunagictl: %s: %s\n", c.file, strerror(errno));
		ret = 1;
	}
	if (w.out != NULL && w.out != stdout)
		fclose(w.out);
	return ret;
}
