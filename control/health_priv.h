/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by health_run.c, which decides, and health_show.c, which tells. */
#ifndef TS_CTL_HEALTH_PRIV_H
#define TS_CTL_HEALTH_PRIV_H

#include "control/health_inputs.h"
#include "control/health_list.h"
#include "control/health_probe.h"
#include "control/health_run.h"

struct ts_health {
	struct ts_control *c;
	struct ts_health_list list;
	struct ts_prober *prober; /* NULL: not probed */
	struct ts_health_inputs in;
	struct ts_drain drain;
	uint64_t due_ms, now_ms;
	uint64_t retry_ms;	/* the kernel refused a route: not before then again */
	uint64_t after_version; /* of the tables: workers are probed when they have a later one */
	/* by mechanism */
	enum ts_probe_verdict verdict[TS_HEALTH_MAX_MECHS];
	char why[TS_HEALTH_MAX_MECHS][128];
	/* by prefix */
	struct ts_health_state state[TS_HEALTH_MAX_PREFIXES];
	uint32_t reasons[TS_HEALTH_MAX_PREFIXES];		       /* 0: announced, if anything is */
	bool up[TS_HEALTH_MAX_PREFIXES], told[TS_HEALTH_MAX_PREFIXES]; /* told: why not, at the start */
};

/* "192.88.99.0/24" */
#define TS_HEALTH_PREFIX_TEXT 64
const char *ts_health_prefix_text(const struct ts_cfg_addr *prefix, char buf[TS_HEALTH_PREFIX_TEXT]);

/* What a reason is in this case: its text, and figures where there are some. */
void ts_health_explain(const struct ts_health *h, unsigned prefix, unsigned bit, char *out, size_t len);

#endif
