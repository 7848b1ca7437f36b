/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show history`: the series that the status page draws, as its /history.json gives them.
 */
#include <string.h>

#include "control/show.h"
#include "control/status_priv.h"

void
ts_show_history(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	unsigned span = TS_HISTORY_HOUR;

	while (arg != NULL && span < TS_HISTORY_N_SPANS && strcmp(arg, ts_history_geometry[span].name) != 0)
		span++;
	if (span == TS_HISTORY_N_SPANS)
		ts_answer_error(c, out, "\"%s\" is none of hour, day and month", arg);
	else if (c->status == NULL)
		ts_answer_error(c, out, "no past is kept: the configuration has no section `status-page`");
	else
		out->whole = json_pack("{s:o}", "history", ts_status_history_json(c->status, span));
}
