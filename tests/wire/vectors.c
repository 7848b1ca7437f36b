/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors [--expect-fail LIST] FILE...: the vectors of each file through the worker's real path. A line per vector,
 * "PASS name" or "FAIL name: why"; ends with "N passed, N failed". Vectors named in LIST (one per line, # comments) are
 * expected to fail: they count as neither, but one that passes all the same counts as failed, so that the list stays
 * true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vector_run.h"

static struct {
	unsigned passed, failed, expected;
} count;

static bool
listed(const char *list, const char *name)
{
	char line[256];
	bool found = false;
	FILE *f = list != NULL ? fopen(list, "r") : NULL;

	if (list != NULL && f == NULL) {
		perror(list);
		exit(2);
	}
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, " \t\r\n#")] = '\0';
		found = strcmp(line, name) == 0;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

static void
report(const char *name, bool good, bool expected_to_fail, const char *why)
{
	if (expected_to_fail && !good) {
		printf("XFAIL %s: %s\n", name, why);
		count.expected++;
	} else if (expected_to_fail) {
		printf("FAIL %s: passes, although it is listed as an expected failure\n", name);
		count.failed++;
	} else if (good) {
		printf("PASS %s\n", name);
		count.passed++;
	} else {
		printf("FAIL %s: %s\n", name, why);
		count.failed++;
	}
}

static void
run_file(struct rig *r, const char *path, const char *list)
{
	json_error_t error;
	json_t *vectors = json_load_file(path, 0, &error), *v;
	size_t i;

	if (!json_is_array(vectors)) {
		printf("FAIL %s: %s, line %d\n", path, vectors == NULL ? error.text : "is no list", error.line);
		count.failed++;
		json_decref(vectors);
		return;
	}
	json_array_foreach(vectors, i, v) {
		const char *name = json_string_value(json_object_get(v, "name"));
		char why[256] = "";
		bool good = vector_run(r, v, why, sizeof(why));

		report(name != NULL ? name : "(no name)", good, listed(list, name != NULL ? name : ""), why);
	}
	json_decref(vectors);
}

int
main(int argc, char **argv)
{
	struct rig rig;
	const char *list = NULL;
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--expect-fail") == 0) {
		list = argv[2];
		first = 3;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: %s [--expect-fail LIST] FILE...\n", argv[0]);
		return 2;
	}
	rig_start(&rig, argv[0], 1000000, false);
	for (int i = first; i < argc; i++)
		run_file(&rig, argv[i], list);
	rig_stop(&rig);
	if (count.expected != 0)
		printf("%u expected to fail, and do\n", count.expected);
	printf("%u passed, %u failed\n", count.passed, count.failed);
	return count.failed != 0;
}
