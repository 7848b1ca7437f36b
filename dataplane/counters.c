/* SPDX-License-Identifier: BSD-3-Clause */
#include "counters.h"

#define TS_PLAIN(name, help) {#name, help, 0},
#define TS_DROP(station, reason, help) {"drop_" #station "_" #reason, help, 1},

const struct ts_counter_info ts_counter_info[TS_N_COUNTERS] = {TS_COUNTER_LIST(TS_PLAIN, TS_DROP)};
