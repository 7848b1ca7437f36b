/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists that may be long, laid out line by line as they come: widths are fixed, as nobody knows what is still to come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/tsunagictl.h"

#define V4_WIDTH 18 /* 255.255.255.255/32 */
#define V6_WIDTH 43
#define PEER_WIDTH 39

static void
routes_head(void)
{
	printf("  %-*s  %-9s  %10s  %-11s  %s\n", V4_WIDTH, "PREFIX", "ORIGIN", "METRIC", "KIND", "VIA");
}

static void
print_route(json_t *route)
{
	const char *prefix = "?", *origin = "?", *kind = "?", *address, *interface;
	json_int_t metric = 0, weight;
	json_t *via = NULL, *path;
	int best = 0;
	size_t i;

	json_unpack(route, "{s?s, s?s, s?s, s?I, s?b, s?o}", "prefix", &prefix, "origin", &origin, "kind", &kind,
		"metric", &metric, "best", &best, "via", &via);
	printf("%c %-*s  %-9s  %10" JSON_INTEGER_FORMAT "  %-11s", best ? '*' : ' ',
		strchr(prefix, ':') ? V6_WIDTH : V4_WIDTH, prefix, origin, metric, kind);
	json_array_foreach(via, i, path) {
		address = json_string_value(json_object_get(path, "address"));
		interface = json_string_value(json_object_get(path, "interface"));
		weight = json_integer_value(json_object_get(path, "weight"));
		printf("%s %s%s%s", i == 0 ? " " : ",", address ? address : "", address ? " " : "",
			interface ? interface : "?");
		if (json_array_size(via) > 1)
			printf(" weight %" JSON_INTEGER_FORMAT, weight);
	}
	putchar('\n');
}

static void
peers_head(void)
{
	printf("%-*s  %-*s  %5s  %-11s  %5s  %s\n", PEER_WIDTH, "ADDRESS", V4_WIDTH, "MAPPED", "PORT", "STATE", "AGE-S",
		"LEARNED");
}

static void
print_peer(json_t *peer)
{
	static const char *const keys[] = {"address", "mapped", "port", "state", "age_s", "learned"};
	char *cell[sizeof(keys) / sizeof(keys[0])];

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		cell[i] = ts_cell_text(json_object_get(peer, keys[i]));
		if (cell[i] == NULL)
			abort(); /* out of memory: nothing is left to say it with */
	}
	printf("%-*s  %-*s  %5s  %-11s  %5s  %s\n", PEER_WIDTH, cell[0], V4_WIDTH, cell[1], cell[2], cell[3], cell[4],
		cell[5]);
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		free(cell[i]);
}

const struct ts_list *
ts_list_layout(const char *name)
{
	static const struct ts_list lists[] = {
		{"routes", routes_head, print_route},
		{"peers", peers_head, print_peer},
	};

	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i].name, name) == 0)
			return &lists[i];
	return NULL;
}
