/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * docs/counters.md is what the list of counters says, and the list keeps its own rules. TS_UPDATE_DOCS=1 in the
 * environment writes the page anew.
 *
 * A name may begin with a digit ("6to4_encap_packets"): OpenMetrics allows that nowhere, but only ever sees it behind
 * the prefix "tsunagi_". So what is checked is the name with the prefix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/counters.h"

#define PAGE "docs/counters.md"

/* The station of each drop, as the list has it; NULL for the others. */
static const char *const station_of[TS_N_COUNTERS] = {
#define TS_PLAIN(name, help) NULL,
#define TS_DROP(station, reason, help) #station,
	TS_COUNTER_LIST(TS_PLAIN, TS_DROP)
#undef TS_PLAIN
#undef TS_DROP
};

static const struct {
	const char *name, *what;
} stations[] = {
	{"l2_rx", "Ethernet and tags"},
	{"punt", "to the kernel, through the interface's twin"},
	{"ip4_rx", "IPv4 before it is known what it is for, and fragments"},
	{"ip6_rx", "native IPv6 before it is known what it is for"},
	{"ip4_local", "IPv4 for an address of the box"},
	{"ip6_local", "native IPv6 for an address of the box"},
	{"6to4_encap", "native IPv6 into a 6to4 tunnel"},
	{"6to4_decap", "out of a 6to4 tunnel"},
	{"6rd_encap", "native IPv6 into a 6rd domain"},
	{"6rd_decap", "out of a 6rd domain"},
	{"isatap_encap", "native IPv6 into an ISATAP site"},
	{"isatap_decap", "out of an ISATAP site"},
	{"teredo_encap", "native IPv6 to a Teredo client"},
	{"teredo_decap", "from a Teredo client, at the relay"},
	{"teredo_server", "to the Teredo server"},
	{"originate", "what the box itself made"},
	{"tx", "from next hop to wire"},
};

static const char preface[] =
	"# Counters\n\n"
	"<!-- Written from dataplane/counter_list.h: do not edit. To write it anew: TS_UPDATE_DOCS=1 in the environment of\n"
	"     tests/unit/test_counters. -->\n\n"
	"Every worker has its own set; `tsunagictl show counters` adds them up, `tsunagictl show drops` shows the drops that are not zero.\n"
	"Counters start at zero with the daemon and only ever grow. DPDK telemetry gives them by the same names. In OpenMetrics,\n"
	"`rx_packets` is `tsunagi_rx_packets_total`; `6to4_encap_bytes` is `tsunagi_tunnel_bytes_total` with `mechanism=\"6to4\"` and\n"
	"`direction=\"encap\"`; `drop_<station>_<reason>` is `tsunagi_drops_total` with `station` and `reason`.\n\n"
	"Every frame that was received was sent, handed to the kernel, kept as a fragment of a datagram that is not complete\n"
	"(`consume_...`), waits for its next hop or for a Teredo client, or counts in exactly one drop. Bubbles are the only\n"
	"frames that the relay makes by itself:\n\n"
	"    rx_packets + injected_packets + teredo_indirect_bubbles + teredo_direct_bubbles\n"
	"        = tx_packets + punted_packets + consume_* + drop_* + waiting\n\n"
	"An error or reply is the packet that it answers, rewritten, so it is no frame of its own.\n";

static void
plain_table(FILE *f)
{
	fprintf(f, "\n## What happened\n\n| counter | meaning |\n| --- | --- |\n");
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (station_of[i] == NULL)
			fprintf(f, "| `%s` | %s |\n", ts_counter_info[i].name, ts_counter_info[i].help);
}

static const char *
what_is(const char *station)
{
	for (size_t s = 0; s < sizeof(stations) / sizeof(stations[0]); s++)
		if (strcmp(stations[s].name, station) == 0)
			return stations[s].what;
	return NULL;
}

/* Stations in the order in which the list names them first. */
static void
drop_tables(FILE *f)
{
	fprintf(f, "\n# Drops\n\n`drop_<station>_<reason>`.\n");
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		unsigned first = 0;

		while (station_of[i] != NULL &&
			(station_of[first] == NULL || strcmp(station_of[first], station_of[i]) != 0))
			first++;
		if (station_of[i] == NULL || first != i)
			continue;
		fprintf(f, "\n## %s: %s\n\n| counter | dropped because |\n| --- | --- |\n", station_of[i],
			what_is(station_of[i]) != NULL ? what_is(station_of[i]) : "?");
		for (unsigned k = i; k < TS_N_COUNTERS; k++)
			if (station_of[k] != NULL && strcmp(station_of[k], station_of[i]) == 0)
				fprintf(f, "| `%s` | %s |\n", ts_counter_info[k].name, ts_counter_info[k].help);
	}
}

static char *
document(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	fputs(preface, f);
	plain_table(f);
	drop_tables(f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static FILE *
open_page(const char *mode)
{
	const char *root = getenv("TS_SOURCE_ROOT");
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root != NULL ? root : ".", PAGE);
	return fopen(path, mode);
}

static void
update(const char *text)
{
	FILE *f = open_page("w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_page_is_up_to_date(void **state)
{
	static char is[1 << 20];
	char *want = document();
	FILE *f;
	int differs;

	(void)state;
	if (getenv("TS_UPDATE_DOCS") != NULL)
		update(want);
	f = open_page("r");
	assert_non_null(f);
	is[fread(is, 1, sizeof(is) - 1, f)] = '\0';
	fclose(f);
	differs = strcmp(is, want);
	free(want);
	if (differs != 0)
		print_error(PAGE " is out of date: run this test with TS_UPDATE_DOCS=1\n");
	assert_int_equal(differs, 0);
}

static void
test_every_station_is_explained(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (station_of[i] == NULL || what_is(station_of[i]) != NULL)
			continue;
		print_error("station %s: say in stations[] of this test what it is\n", station_of[i]);
		fail();
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		const char *name = ts_counter_info[i].name;

		/* [a-z0-9_] is what OpenMetrics allows behind the prefix and DPDK telemetry in a key, less capitals. */
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		/* a suffix that OpenMetrics gives a meaning to */
		assert_null(strstr(name, "_total"));
		assert_null(strstr(name, "_created"));
		assert_true(strlen(name) > 0 && strlen(name) < 64); /* RTE_TEL_MAX_STRING_LEN is 128 */
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(name, ts_counter_info[k].name);
	}
}

static void
test_drops_are_marked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		bool drop = strncmp(ts_counter_info[i].name, "drop_", 5) == 0;

		assert_int_equal(drop, station_of[i] != NULL);
		assert_int_equal(drop, ts_counter_info[i].is_drop);
	}
}

static void
test_helps(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		const char *help = ts_counter_info[i].help;

		assert_true(strlen(help) > 0);
		/* A table's cell ends at a bar; a # HELP line at a newline, and needs no escapes without these. */
		assert_null(strpbrk(help, "|\n\\\""));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_is_up_to_date),
		cmocka_unit_test(test_every_station_is_explained),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_drops_are_marked),
		cmocka_unit_test(test_helps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
