/* SPDX-License-Identifier: BSD-3-Clause */
/* Health, and what changes something: a line that says it, a line for each prefix, further reasons below it. */
#include <stdio.h>
#include <string.h>

#include "control/tsunagictl.h"

#define PREFIX_WIDTH 24
#define MECHANISM_WIDTH 16

int
ts_exit_code(const char *verb, json_t *answer)
{
	return strcmp(verb, "health") != 0 ||
			json_is_true(json_object_get(json_object_get(answer, "health"), "healthy"))
		? 0
		: 1;
}

static void
print_prefix(json_t *p)
{
	const char *prefix = "?", *mechanism = "?", *text;
	json_t *reasons = NULL, *reason;
	int announced = 0;
	size_t i;

	json_unpack(p, "{s?s, s?s, s?b, s?o}", "prefix", &prefix, "mechanism", &mechanism, "announced", &announced,
		"reasons", &reasons);
	printf("%-*s  %-*s  %-9s", PREFIX_WIDTH, prefix, MECHANISM_WIDTH, mechanism,
		announced ? "announced" : "withheld");
	json_array_foreach(reasons, i, reason) {
		text = json_string_value(json_object_get(reason, "text"));
		if (i > 0)
			printf("\n%*s", PREFIX_WIDTH + MECHANISM_WIDTH + 13, "");
		printf("  %s", text != NULL ? text : "?");
	}
	putchar('\n');
}

static void
print_health(json_t *health)
{
	const char *drain = "no";
	int healthy = 0, announcing = 0;
	json_t *prefixes = NULL, *p;
	size_t i;

	json_unpack(health, "{s?b, s?s, s?b, s?o}", "healthy", &healthy, "drain", &drain, "announcing", &announcing,
		"prefixes", &prefixes);
	printf("%s%s\n",
		healthy				   ? "healthy"
			: strcmp(drain, "no") != 0 ? drain
						   : "not healthy",
		announcing ? "" : "; nothing is announced without the section `announce`");
	if (json_array_size(prefixes) > 0)
		printf("%-*s  %-*s  %-9s  %s\n", PREFIX_WIDTH, "PREFIX", MECHANISM_WIDTH, "MECHANISM", "STATE", "WHY");
	json_array_foreach(prefixes, i, p)
		print_prefix(p);
}

int
ts_print_done(const char *verb, json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, verb));

	if (text != NULL)
		puts(text);
	else
		print_health(json_object_get(answer, "health"));
	return ts_exit_code(verb, answer);
}
