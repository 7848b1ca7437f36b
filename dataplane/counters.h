/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one list of counters: it makes the enum, the names, the help texts and docs/counters.md.
 *
 * Counters belong to a worker, only ever grow, and are read in place by control. A dropped packet counts in exactly one
 * drop_<station>_<reason> (G62); the reasons are those of the test vectors, in lower case, and a few of our own for
 * what the vectors cannot show. What went in and was not dropped was sent, handed to the kernel, or waits for its next
 * hop.
 */
#ifndef TS_COUNTERS_H
#define TS_COUNTERS_H

#include <stdint.h>

#include "counter_list.h"

enum ts_counter {
#define TS_PLAIN(name, help) TS_C_##name,
#define TS_DROP(station, reason, help) TS_C_drop_##station##_##reason,
	TS_COUNTER_LIST(TS_PLAIN, TS_DROP)
#undef TS_PLAIN
#undef TS_DROP
		TS_N_COUNTERS
};

struct ts_counter_info {
	const char *name; /* "rx_packets", "drop_6to4_decap_src_mismatch" */
	const char *help;
	uint8_t is_drop;
};

extern const struct ts_counter_info ts_counter_info[TS_N_COUNTERS];

#endif
