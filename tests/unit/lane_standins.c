/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the answers of control ask of the data path and of its watchers, for tests that have neither: every outer source
 * is as fit as standins.refused_source says, and nothing can be traced or captured.
 */
#include <stdbool.h>

#include "control/watch.h"
#include "ctl_standins.h"
#include "dataplane/worker_priv.h"

int
ts_6to4_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	(void)w;
	(void)src;
	return standins.refused_source != 0 ? standins.refused_source : -1;
}

int
ts_6rd_refused_source(const struct ts_worker *w, const struct ts_6rd *d, rte_be32_t src)
{
	(void)d;
	return ts_6to4_refused_source(w, src);
}

int
ts_isatap_refused_source(const struct ts_worker *w, const struct ts_isatap *s, rte_be32_t src)
{
	(void)s;
	return ts_6to4_refused_source(w, src);
}

int
ts_teredo_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	return ts_6to4_refused_source(w, src);
}

int
ts_teredo_server_refused_source(const struct ts_worker *w, rte_be32_t src)
{
	return ts_6to4_refused_source(w, src);
}

bool
ts_watch_request(struct ts_control *c, const char *verb, const char *rest, struct ts_answer *out)
{
	(void)c;
	(void)verb;
	(void)rest;
	(void)out;
	return false;
}

void
ts_watch_help(json_t *list)
{
	(void)list;
}
