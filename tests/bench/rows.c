/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floors first. Every lane is compared with io over as many flows. Its frames are those of encap; those of decap are 20
 * or 28 bytes longer, which the copy in net_pcap hardly feels.
 */
#include "rows.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define HOT_AND_COLD(NAME, KIND, COUNTER)                                              \
	{.name = NAME, .kind = KIND, .packets = HOT, .counts = COUNTER},               \
	{                                                                              \
		.name = NAME "-cold", .kind = KIND, .packets = COLD, .counts = COUNTER \
	}

struct row rows[MAX_ROWS] = {
	{.name = "io", .kind = BENCH_6TO4_ENCAP, .packets = HOT, .io = true},
	{.name = "io-cold", .kind = BENCH_6TO4_ENCAP, .packets = COLD, .io = true},
	HOT_AND_COLD("6to4-encap", BENCH_6TO4_ENCAP, TS_C_6to4_encap_packets),
	HOT_AND_COLD("6to4-decap", BENCH_6TO4_DECAP, TS_C_6to4_decap_packets),
	HOT_AND_COLD("6rd-encap", BENCH_6RD_ENCAP, TS_C_6rd_encap_packets),
	HOT_AND_COLD("6rd-decap", BENCH_6RD_DECAP, TS_C_6rd_decap_packets),
	HOT_AND_COLD("isatap-encap", BENCH_ISATAP_ENCAP, TS_C_isatap_encap_packets),
	HOT_AND_COLD("isatap-decap", BENCH_ISATAP_DECAP, TS_C_isatap_decap_packets),
	HOT_AND_COLD("teredo-encap", BENCH_TEREDO_ENCAP, TS_C_teredo_encap_packets),
	HOT_AND_COLD("teredo-decap", BENCH_TEREDO_DECAP, TS_C_teredo_decap_packets),
	HOT_AND_COLD("teredo-server", BENCH_TEREDO_SERVER, TS_C_teredo_server_advertisements),
	HOT_AND_COLD("echo4", BENCH_ECHO4, TS_C_echo4_replies),
	HOT_AND_COLD("echo6", BENCH_ECHO6, TS_C_echo6_replies),
	{.name = "teredo-attack",
		.kind = BENCH_TEREDO_ATTACK,
		.packets = COLD,
		.attack = true,
		.counts = TS_C_teredo_encap_packets},
};

unsigned n_rows;

static bool
matches(const char *name, const char *patterns, unsigned *used)
{
	bool any = false;
	char one[64];
	unsigned i = 0;

	for (const char *p = patterns; *p != '\0'; i++) {
		size_t len = strcspn(p, ",");

		snprintf(one, sizeof(one), "%.*s", (int)len, p);
		if (fnmatch(one, name, 0) == 0) {
			any = true;
			*used |= 1u << i;
		}
		p += len + (p[len] == ',');
	}
	return any;
}

static unsigned
count(const char *patterns)
{
	unsigned n = 1;

	while ((patterns = strchr(patterns, ',')) != NULL)
		n++, patterns++;
	return n;
}

/* Rows are moved once, here, before anybody points to one. */
bool
bench_rows_select(const char *patterns)
{
	unsigned used = 0, kept = 2;
	bool cold = false;

	for (unsigned i = 2; i < MAX_ROWS && rows[i].name != NULL; i++)
		if (patterns == NULL || matches(rows[i].name, patterns, &used)) {
			cold |= rows[i].packets == COLD;
			rows[kept++] = rows[i];
		}
	cold |= patterns == NULL || matches("io-cold", patterns, &used);
	if (patterns != NULL)
		matches("io", patterns, &used);
	if (!cold) {
		memmove(&rows[1], &rows[2], (kept - 2) * sizeof(rows[0]));
		kept--;
	}
	n_rows = kept;
	for (unsigned i = 0; i < n_rows; i++)
		rows[i].floor = !rows[i].io && rows[i].packets == COLD ? &rows[1] : &rows[0];
	return patterns == NULL || used == (1u << count(patterns)) - 1;
}

bool
bench_row_has_peers(const struct row *r)
{
	return r->kind == BENCH_TEREDO_ENCAP || r->kind == BENCH_TEREDO_DECAP || r->attack;
}

size_t
bench_peers_needed(void)
{
	size_t most = 0;

	for (unsigned i = 0; i < n_rows; i++)
		if (bench_row_has_peers(&rows[i]))
			most = RTE_MAX(most, rows[i].packets);
	return most;
}
