/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vectors cannot show, because they have no Ethernet, or do not: tags, punting and injecting, next hops of
 * every kind, waiting for a neighbour, limits, segments; 6rd and ISATAP with every reason to refuse; handing over
 * between mechanisms. Ends by asking that every drop counter of the list has been asserted by a test here or by a
 * vector that passes: to have moved by the way is not enough.
 */
#include <stdio.h>

#include "path_tests.h"
#include "path_util.h"
#include "vector_run.h"

/* "drop_6to4_decap_src_mismatch" ends with the vector's reason, "SRC_MISMATCH". */
static bool
has_reason(const char *counter, const char *reason)
{
	size_t n = strlen(counter), len = strlen(reason);

	return n > len && counter[n - len - 1] == '_' && strcasecmp(counter + n - len, reason) == 0;
}

/* Some vectors want other limits than the rig has here; that all of them pass is the business of `vectors`. */
static void
cover_by_vector(json_t *v)
{
	const char *reason = json_string_value(json_object_get(v, "reason"));
	const char *verdict = json_string_value(json_object_get(v, "verdict"));
	char why[256];

	mark();
	if (!vector_run(&rig, v, why, sizeof(why)))
		return;
	for (unsigned i = 0; strcmp(verdict, "drop") == 0 && i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && moved(i) != 0 && has_reason(ts_counter_info[i].name, reason))
			covered(i);
}

static void
test_vectors_for_coverage(void **state)
{
	static const char *const files[] = {"6to4", "6rd", "isatap"};
	const char *root = getenv("TS_SOURCE_ROOT");

	(void)state;
	for (size_t f = 0; f < RTE_DIM(files); f++) {
		char path[4096];
		json_t *vectors, *v;
		size_t i;

		snprintf(path, sizeof(path), "%s/tests/vectors/%s.json", root != NULL ? root : ".", files[f]);
		vectors = json_load_file(path, 0, NULL);
		assert_true(json_is_array(vectors));
		json_array_foreach(vectors, i, v)
			cover_by_vector(v);
		json_decref(vectors);
	}
}

static void
test_every_drop_counter_moved(void **state)
{
	unsigned missing = 0;

	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (!ts_counter_info[i].is_drop || was_covered(i))
			continue;
		print_error("%s: no test asserts it\n", ts_counter_info[i].name);
		missing++;
	}
	assert_int_equal(missing, 0);
}

static int
no_leak(void **state)
{
	uint8_t frame[RIG_FRAME_MAX];
	uint16_t iface;

	(void)state;
	while (rig_receive(&rig, frame) != 0 || rig_punted(&rig, frame, &iface) != 0)
		;
	if (rig_buffers_in_use(&rig) == 0)
		return 0;
	print_error("%u buffers are still in use\n", rig_buffers_in_use(&rig));
	return -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, path_setup, no_leak),

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		PATH_TESTS(TEST) TEST(test_vectors_for_coverage) TEST(test_every_drop_counter_moved)};

	(void)argc;
	rig_start(&rig, argv[0], PATH_BURST, true);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	rig_stop(&rig);
	return failed;
}
