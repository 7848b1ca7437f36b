/* SPDX-License-Identifier: BSD-3-Clause */
/* The section `status-page`: on when it is there, and somebody has to be able to see it. */
#include <string.h>

#include "config_internal.h"

void
ts_finish_status_page(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;

	(void)l;
	(void)map;
	(void)path;
	cfg->status_page.enabled = true;
}

void
ts_check_status_page(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	const char *file = cfg->status_page.history_file;

	if (!cfg->status_page.enabled)
		return;
	if (!cfg->http.enabled)
		ts_fault_at(l, "status-page", "needs the section `http`: nobody could see it");
	/* Empty is what a faulty value left. */
	if (file[0] != '\0' && (file[0] != '/' || file[strlen(file) - 1] == '/'))
		ts_fault_at(l, "status-page.history-file", "`%s` is not an absolute path of a file", file);
}
