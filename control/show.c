/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a request to its answer: the table of requests, and what all answers have in common. A request is words
 * separated by blanks; whatever is wrong with it becomes an answer {"error": ...}, because the client on the other end
 * is a person as often as a program.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/show.h"
#include "control/watch.h"

#define REQUEST_MAX 1024

struct show {
	const char *name;
	const char *arg; /* what the word after the name means; NULL = none is taken */
	bool words;	 /* several of them */
	void (*fn)(const struct ts_control *c, const char *arg, struct ts_answer *out);
	const char *help;
};

static const struct show shows[] = {
	{"counters", NULL, false, ts_show_counters, "every counter, summed over the workers"},
	{"drops", "[all]", false, ts_show_drops, "the drop counters that are not zero, and what they mean"},
	{"ports", NULL, false, ts_show_ports, "ports: link, packets, what the device missed"},
	{"interfaces", NULL, false, ts_show_interfaces, "interfaces: port, tags, MAC, MTU"},
	{"routes", "[PREFIX]", false, ts_show_routes, "routes; with a prefix only that one and those within it"},
	{"neighbours", NULL, false, ts_show_neighbours, "neighbours and whether they are resolved"},
	{"strangers", NULL, false, ts_show_strangers,
		"who sends what is for none of the relay's services, by MAC address"},
	{"teredo", "summary | peers [full] [limit N]", true, ts_show_teredo,
		"the Teredo relay's peers and contacts, and the server; with \"full\" whole addresses and ports"},
	{"history", "[hour | day | month]", false, ts_show_history,
		"what the status page draws: mean and peak of every step"},
	{"fpm", NULL, false, ts_show_fpm, "the connection by which FRR gives its routes"},
	{"sflow", NULL, false, ts_show_sflow, "sampled export: what was sampled and sent"},
	{"workers", NULL, false, ts_show_workers, "workers: load, packets, version of the tables"},
	{"path", NULL, false, ts_show_path, "round-trip times of TCP handshakes, by mechanism and by prefix"},
	{"tables", NULL, false, ts_show_tables, "how full the tables are, and how the mirror and the punt thread fare"},
	{"version", NULL, false, ts_show_version, "versions of the daemon and of DPDK"},
};

#define N_SHOWS (sizeof(shows) / sizeof(shows[0]))

void
ts_answer_list(struct ts_answer *a, const char *name, size_t record_size,
	json_t *(*item)(const struct ts_control *, const void *))
{
	a->name = name;
	a->record_size = record_size;
	a->item = item;
}

bool
ts_answer_add(struct ts_answer *a, const void *record)
{
	size_t capacity = a->capacity;
	char *grown;

	if (a->n == capacity) {
		capacity = capacity == 0 ? 64 : capacity * 2;
		if (capacity * a->record_size > a->budget)
			capacity = a->budget / a->record_size;
		grown = capacity > a->n ? realloc(a->records, capacity * a->record_size) : NULL;
		if (grown == NULL) {
			a->full = true;
			return false;
		}
		a->records = grown;
		a->capacity = capacity;
	}
	memcpy(a->records + a->n++ * a->record_size, record, a->record_size);
	return true;
}

void
ts_answer_release(const struct ts_control *c, struct ts_answer *a)
{
	uint64_t *held = a->held;

	for (uint32_t word = 0; held != NULL && word < TS_MAX_NEXTHOPS / 64; word++) {
		for (; held[word] != 0; held[word] &= held[word] - 1)
			ts_nexthop_put(c->nexthops, word * 64 + (uint32_t)__builtin_ctzll(held[word]));
	}
}

void
ts_answer_free(const struct ts_control *c, struct ts_answer *a)
{
	json_decref(a->whole);
	free(a->records);
	ts_answer_release(c, a);
	free(a->held);
	memset(a, 0, sizeof(*a));
}

void
ts_answer_error(const struct ts_control *c, struct ts_answer *a, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ts_answer_free(c, a);
	a->whole = json_pack("{s:s}", "error", text);
}

static void
show_help(struct ts_answer *out)
{
	json_t *list = json_object();
	char usage[80];

	for (unsigned i = 0; i < N_SHOWS; i++) {
		snprintf(usage, sizeof(usage), "show %s%s%s", shows[i].name, shows[i].arg ? " " : "",
			shows[i].arg ? shows[i].arg : "");
		json_object_set_new(list, usage, json_string(shows[i].help));
	}
	json_object_set_new(
		list, "explain ADDRESS|HEX", json_string("what the relay would do with a packet to it, and why"));
	json_object_set_new(list, "decode ADDRESS", json_string("mechanism, IPv4 address and port that it carries"));
	ts_do_help(list);
	ts_watch_help(list);
	out->whole = json_pack("{s:o}", "help", list);
}

/* What is left of the line: no blanks around it. */
static char *
rest_of(char *line)
{
	char *end;

	if (line == NULL)
		return NULL;
	line += strspn(line, " ");
	for (end = line + strlen(line); end > line && end[-1] == ' ';)
		*--end = '\0';
	return *line != '\0' ? line : NULL;
}

static void
show_named(const struct ts_control *c, const char *name, const char *arg, struct ts_answer *out)
{
	for (unsigned i = 0; i < N_SHOWS; i++) {
		if (strcmp(shows[i].name, name) != 0)
			continue;
		if (arg != NULL && shows[i].arg == NULL)
			ts_answer_error(c, out, "show %s takes no further word, not \"%s\"", name, arg);
		else if (arg != NULL && !shows[i].words && strchr(arg, ' ') != NULL)
			ts_answer_error(c, out, "too many words; try \"help\"");
		else
			shows[i].fn(c, arg, out);
		return;
	}
	ts_answer_error(c, out, "nothing called \"%s\" can be shown; try \"help\"", name);
}

static bool
is_text(const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return false;
	}
	return true;
}

void
ts_show(struct ts_control *c, const char *request, size_t budget, struct ts_answer *out)
{
	char copy[REQUEST_MAX], *save, *verb, *name, *arg;
	bool watching;

	memset(out, 0, sizeof(*out));
	out->budget = budget;
	if (strlen(request) >= sizeof(copy) || !is_text(request)) {
		ts_answer_error(c, out, "a request is one line of printable ASCII, shorter than %d bytes", REQUEST_MAX);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", request);
	verb = strtok_r(copy, " ", &save);
	if (verb == NULL) {
		ts_answer_error(c, out, "an empty request; try \"help\"");
		return;
	}
	watching = ts_watch_request(c, verb, rest_of(save), out);
	name = strtok_r(NULL, " ", &save);
	arg = name ? rest_of(save) : NULL;
	if (watching)
		name = NULL;
	else if (strcmp(verb, "help") == 0 && name == NULL)
		show_help(out);
	else if (strcmp(verb, "show") == 0 && name != NULL)
		show_named(c, name, arg, out);
	else if (strcmp(verb, "explain") == 0 && name != NULL && arg == NULL)
		ts_explain_is_packet(name) ? ts_explain_packet(c, name, out) : ts_explain(c, name, out);
	else if (strcmp(verb, "decode") == 0 && name != NULL && arg == NULL)
		ts_decode(c, name, out);
	else if (name != NULL || !ts_do(c, verb, out))
		ts_answer_error(c, out, "no such request: \"%s\"; try \"help\"", verb);
	if (out->whole == NULL && out->name == NULL && out->step == NULL)
		ts_answer_error(c, out, "out of memory");
}
