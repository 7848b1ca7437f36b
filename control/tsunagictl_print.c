/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers as text: tables with a header line, or a name and a value per line. Numbers are plain digits, so that grep,
 * sort and awk work on them; a value that is not there is "-". Columns that the daemon does not send stay "-".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/tsunagictl.h"

#define MAX_COLUMNS 14

struct column {
	const char *title, *key;
};

static const struct {
	const char *what;
	struct column columns[MAX_COLUMNS + 1]; /* rows are sorted by the columns in this order */
} layouts[] = {
	{"ports",
		{{"NAME", "name"}, {"ID", "id"}, {"LINK", "link"}, {"MBPS", "speed_mbps"}, {"MAC", "mac"},
			{"RX-PACKETS", "rx_packets"}, {"RX-BYTES", "rx_bytes"}, {"TX-PACKETS", "tx_packets"},
			{"TX-BYTES", "tx_bytes"}, {"TX-REFUSED", "tx_refused"}, {"RX-MISSED", "rx_missed"},
			{"RX-NOMBUF", "rx_nombuf"}, {"RX-CHECKSUM", "rx_checksum"}, {"DEVICE", "device"}}},
	{"interfaces",
		{{"NAME", "name"}, {"PORT", "port"}, {"VLAN", "vlan"}, {"QINQ", "qinq"}, {"MAC", "mac"}, {"MTU", "mtu"},
			{"TWIN", "twin"}}},
	{"neighbours",
		{{"INTERFACE", "interface"}, {"ADDRESS", "address"}, {"MAC", "mac"}, {"STATE", "state"},
			{"STATIC", "static"}, {"GATEWAY", "gateway"}, {"AS", "as"}, {"RX-PACKETS", "rx_packets"},
			{"RX-BYTES", "rx_bytes"}, {"TX-PACKETS", "tx_packets"}, {"TX-BYTES", "tx_bytes"},
			{"MAC-CHANGES", "mac_changes"}, {"FALSE-CLAIMS", "false_claims"}}},
	{"strangers", {{"PACKETS", "packets"}, {"MAC", "mac"}, {"INTERFACE", "interface"}}},
	{"workers",
		{{"ID", "id"}, {"CPU", "cpu"}, {"BUSY", "busy_ratio"}, {"LOOPS", "loops"}, {"RX-PACKETS", "rx_packets"},
			{"TX-PACKETS", "tx_packets"}, {"TABLES", "table_version"}, {"AGE-US", "age_us"}}},
};

/* `show path`: tables behind the other figures. */
#define PATH_QUANTILES                                                                                        \
	{"HANDSHAKES", "handshakes"}, {"10%-MS", "p10_ms"}, {"MEDIAN-MS", "median_ms"}, {"90%-MS", "p90_ms"}, \
	{                                                                                                     \
		NULL, NULL                                                                                    \
	}
static const struct column path_mechanisms[] = {{"MECHANISM", "mechanism"}, {"SIDE", "side"}, PATH_QUANTILES};
static const struct column path_prefixes[] = {
	{"SIDE", "side"}, {"PREFIX", "prefix"}, {"MECHANISM", "mechanism"}, PATH_QUANTILES};

struct row {
	char *cell[MAX_COLUMNS];
};

char *
ts_cell_text(json_t *v)
{
	char buf[64];

	switch (v == NULL ? JSON_NULL : json_typeof(v)) {
	case JSON_STRING:
		return strdup(json_string_value(v));
	case JSON_INTEGER:
		snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return strdup(buf);
	case JSON_REAL:
		snprintf(buf, sizeof(buf), "%.3f", json_real_value(v));
		return strdup(buf);
	case JSON_TRUE:
		return strdup("yes");
	case JSON_FALSE:
		return strdup("no");
	case JSON_ARRAY:
		snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT,
			json_integer_value(json_array_get(v, 0)), json_integer_value(json_array_get(v, 1)));
		return strdup(buf);
	default:
		return strdup("-");
	}
}

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = 0;

	for (unsigned i = 0; i < MAX_COLUMNS && x->cell[i] != NULL && order == 0; i++)
		order = strverscmp(x->cell[i], y->cell[i]);
	return order;
}

static bool
is_number(const char *s)
{
	return strspn(s, "0123456789.") == strlen(s) || strcmp(s, "-") == 0;
}

/* Columns of numbers are set to the right. */
static void
print_column(const char *text, int width, bool right, bool last)
{
	if (right)
		printf("%*s%s", width, text, last ? "\n" : "  ");
	else if (last)
		printf("%s\n", text);
	else
		printf("%-*s  ", width, text);
}

static void
print_rows(const struct column *columns, struct row *rows, size_t n)
{
	int width[MAX_COLUMNS] = {0};
	bool right[MAX_COLUMNS];
	unsigned n_columns = 0;

	for (; n_columns < MAX_COLUMNS && columns[n_columns].title != NULL; n_columns++) {
		width[n_columns] = (int)strlen(columns[n_columns].title);
		right[n_columns] = n > 0;
		for (size_t r = 0; r < n; r++) {
			const char *cell = rows[r].cell[n_columns];

			width[n_columns] = (int)strlen(cell) > width[n_columns] ? (int)strlen(cell) : width[n_columns];
			right[n_columns] &= is_number(cell);
		}
	}
	for (unsigned i = 0; i < n_columns; i++)
		print_column(columns[i].title, width[i], right[i], i + 1 == n_columns);
	for (size_t r = 0; r < n; r++) {
		for (unsigned i = 0; i < n_columns; i++)
			print_column(rows[r].cell[i], width[i], right[i], i + 1 == n_columns);
	}
}

static void
print_table(const struct column *columns, json_t *list)
{
	size_t n = json_array_size(list);
	struct row *rows = calloc(n + 1, sizeof(*rows));

	if (rows == NULL)
		return;
	for (size_t r = 0; r < n; r++) {
		for (unsigned i = 0; i < MAX_COLUMNS && columns[i].title != NULL; i++) {
			rows[r].cell[i] = ts_cell_text(json_object_get(json_array_get(list, r), columns[i].key));
			if (rows[r].cell[i] == NULL)
				abort(); /* out of memory: nothing is left to say it with */
		}
	}
	qsort(rows, n, sizeof(*rows), compare_rows);
	print_rows(columns, rows, n);
	for (size_t r = 0; r < n; r++) {
		for (unsigned i = 0; i < MAX_COLUMNS; i++)
			free(rows[r].cell[i]);
	}
	free(rows);
}

/* name, value, help as three columns; objects within are written as "outer.inner". */
static void
print_flat(const char *prefix, json_t *object, json_t *help, bool all, int width)
{
	/* jansson keeps the order of insertion: written sorted and read again, it is sorted. */
	char *text = json_dumps(object, JSON_SORT_KEYS), name[128], *cell;
	json_t *sorted = text ? json_loads(text, 0, NULL) : NULL, *value;
	const char *key, *note;

	free(text);
	json_object_foreach(sorted, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (json_is_object(value)) {
			print_flat(name, value, help, all, width);
			continue;
		}
		if (!all && json_is_integer(value) && json_integer_value(value) == 0)
			continue;
		cell = ts_cell_text(value);
		note = json_string_value(json_object_get(help, key));
		if (note != NULL)
			printf("%-*s  %12s  %s\n", width, name, cell ? cell : "?", note);
		else
			printf("%-*s  %s\n", width, name, cell ? cell : "?");
		free(cell);
	}
	json_decref(sorted);
}

static int
widest(json_t *object, int outer)
{
	int width = 0, one;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		one = outer + (int)strlen(key);
		if (json_is_object(value))
			one = widest(value, one + 1);
		width = one > width ? one : width;
	}
	return width;
}

static void
print_path(json_t *path)
{
	json_t *figures = json_copy(path);

	json_object_del(figures, "mechanisms");
	json_object_del(figures, "prefixes");
	print_flat("", figures, NULL, true, widest(figures, 0));
	json_decref(figures);
	if (json_array_size(json_object_get(path, "mechanisms")) > 0) {
		putchar('\n');
		print_table(path_mechanisms, json_object_get(path, "mechanisms"));
	}
	if (json_array_size(json_object_get(path, "prefixes")) > 0) {
		putchar('\n');
		print_table(path_prefixes, json_object_get(path, "prefixes"));
	}
}

void
ts_print_answer(const char *what, json_t *answer, bool all)
{
	json_t *body = json_object_get(answer, what);
	bool counts = strcmp(what, "counters") == 0 || strcmp(what, "drops") == 0;

	if (strcmp(what, "history") == 0) {
		ts_print_history(answer);
		return;
	}
	for (unsigned i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (strcmp(layouts[i].what, what) == 0) {
			print_table(layouts[i].columns, body);
			return;
		}
	}
	if (!json_is_object(body))
		body = answer;
	if (strcmp(what, "path") == 0) {
		print_path(body);
		return;
	}
	print_flat("", body, json_object_get(answer, "help"), all || !counts, widest(body, 0));
}

/* "2001:db8::/32 via 192.0.2.1 ix0" */
static void
print_route_value(json_t *route)
{
	const char *prefix = "?", *kind = "?", *address, *interface;
	json_t *via = NULL, *path;
	size_t i;

	json_unpack(route, "{s?s, s?s, s?o}", "prefix", &prefix, "kind", &kind, "via", &via);
	printf("%s %s", prefix, kind);
	json_array_foreach(via, i, path) {
		address = json_string_value(json_object_get(path, "address"));
		interface = json_string_value(json_object_get(path, "interface"));
		printf("%s %s%s%s", i == 0 ? "" : ",", address ? address : "", address ? " " : "",
			interface ? interface : "?");
	}
	putchar('\n');
}

static void
print_ordered(const char *prefix, json_t *object, int width)
{
	char name[128], *cell;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (strcmp(name, "route") == 0 && json_is_object(value)) {
			printf("%-*s  ", width, name);
			print_route_value(value);
		} else if (json_is_object(value)) {
			print_ordered(name, value, width);
		} else {
			cell = ts_cell_text(value);
			printf("%-*s  %s\n", width, name, cell ? cell : "?");
			free(cell);
		}
	}
}

void
ts_print_explain(const char *verb, json_t *answer)
{
	json_t *body = json_object_get(answer, verb);

	print_ordered("", body, widest(body, 0));
}
