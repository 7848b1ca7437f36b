/* SPDX-License-Identifier: BSD-3-Clause */
/* Round trips of TCP handshakes. Nothing while it is off; prefixes are no labels. */
#include <stdio.h>

#include "control/metrics.h"
#include "control/path_rtt.h"

static const char *const mech_names[TS_N_MECHS] = {"6to4", "6rd", "isatap", "teredo"};

static void
counter(struct ts_metrics *m, const char *name, const char *help, uint64_t value)
{
	ts_metrics_one(m, TS_METRIC_COUNTER, name, help, (double)value);
}

void
ts_metrics_path(struct ts_metrics *m, const struct ts_control *c)
{
	const struct ts_path_rtt *p = ts_path_rtt_shown(c);
	struct ts_path_matcher_stats st;
	char labels[64];

	if (p == NULL)
		return;
	ts_metrics_family(m, TS_METRIC_HISTOGRAM, "path_rtt_seconds",
		"round trip of TCP handshakes of sampled flows: from the relay to the tunnel's end, to the native end, "
		"or of the whole path");
	for (unsigned mech = 0; mech < TS_N_MECHS; mech++) {
		for (unsigned side = 0; side < TS_PATH_N_SIDES; side++) {
			snprintf(labels, sizeof(labels), "mechanism=\"%s\",side=\"%s\"", mech_names[mech],
				ts_path_side_name[side]);
			ts_metrics_histogram(m, &p->mechs[mech][side].histogram, TS_PATH_RTT_SHIFT, 1e-6, labels);
		}
	}
	ts_path_matcher_stats(p->matcher, &st);
	counter(m, "path_packets", "packets of TCP handshakes that were looked at", st.packets);
	counter(m, "path_unmatched", "handshakes that gave no time: one way only, or repeated packets",
		st.unmatched + p->strange);
	counter(m, "path_displaced", "handshakes that gave way to others, for want of room", st.displaced);
}
