/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floors first. Every lane is compared with io over as many flows. Its frames are those of encap; those of decap are 20
 * or 28 bytes longer, which the copy in net_pcap hardly feels.
 */
#include "rows.h"

#define HOT_AND_COLD(NAME, KIND, COUNTER)                                                          \
	{.name = NAME, .kind = KIND, .packets = HOT, .floor = 0, .counts = COUNTER},               \
	{                                                                                          \
		.name = NAME "-cold", .kind = KIND, .packets = COLD, .floor = 1, .counts = COUNTER \
	}

struct row rows[] = {
	{.name = "io", .kind = BENCH_6TO4_ENCAP, .packets = HOT, .io = true, .floor = 0},
	{.name = "io-cold", .kind = BENCH_6TO4_ENCAP, .packets = COLD, .io = true, .floor = 0},
	HOT_AND_COLD("6to4-encap", BENCH_6TO4_ENCAP, TS_C_6to4_encap_packets),
	HOT_AND_COLD("6to4-decap", BENCH_6TO4_DECAP, TS_C_6to4_decap_packets),
	HOT_AND_COLD("teredo-encap", BENCH_TEREDO_ENCAP, TS_C_teredo_encap_packets),
	HOT_AND_COLD("teredo-decap", BENCH_TEREDO_DECAP, TS_C_teredo_decap_packets),
	HOT_AND_COLD("teredo-server", BENCH_TEREDO_SERVER, TS_C_teredo_server_advertisements),
	HOT_AND_COLD("echo4", BENCH_ECHO4, TS_C_echo4_replies),
	HOT_AND_COLD("echo6", BENCH_ECHO6, TS_C_echo6_replies),
	{.name = "teredo-attack",
		.kind = BENCH_TEREDO_ATTACK,
		.packets = COLD,
		.floor = 1,
		.attack = true,
		.counts = TS_C_teredo_encap_packets},
};

const unsigned n_rows = RTE_DIM(rows);
_Static_assert(RTE_DIM(rows) <= MAX_ROWS, "arrays of rows have room");
