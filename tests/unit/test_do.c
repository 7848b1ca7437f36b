/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of one word over the control socket. What they do is a stand-in's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl_client.h"

static int
setup(void **state)
{
	*state = server_start();
	return 0;
}

static int
teardown(void **state)
{
	server_stop(*state);
	return 0;
}

static void
test_verbs(void **state)
{
	const struct server *sv = *state;

	expect(sv, "health", "{\"health\":{\"healthy\":true}}");
	expect(sv, "drain", "{\"health\":{\"healthy\":false}}");
	expect(sv, "resume", "{\"health\":{\"healthy\":true}}");
	expect(sv, "reload", "{\"reload\":\"configuration reloaded\"}");
	standins.faulty_file = true;
	expect(sv, "reload", "{\"error\":\"f:1: k: wrong\\nnothing changed\"}");
	expect(sv, "health now", "{\"error\":\"no such request: \\\"health\\\"; try \\\"help\\\"\"}");
	expect(sv, "help", "{\"help\":{\"resume\":\"the end of draining\"}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_verbs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
