/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside `explain`: what explain.c and explain_teredo.c share. */
#ifndef TS_CTL_EXPLAIN_H
#define TS_CTL_EXPLAIN_H

#include <jansson.h>

#include "control/control.h"
#include "lib/source_policy.h"

#define TS_VERDICT_LEN 512

struct ts_explain {
	const struct ts_control *c;
	const struct ts_services *s; /* as they are now */
	uint8_t family;
	uint8_t addr[16];
	bool routed; /* `route` is the longest match */
	struct ts_route_info route;
	uint8_t kind; /* enum ts_nh_kind of it; TS_NH_NONE without one */
	json_t *out;
	char verdict[TS_VERDICT_LEN];
};

void ts_explain_text(struct ts_explain *e, const char *key, const char *value);
void ts_explain_v4(struct ts_explain *e, const char *key, rte_be32_t v4);
void ts_explain_verdict(struct ts_explain *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A Teredo address: its fields, the checks of T4 to T6, the peer; and the verdict, when the relay would get the packet.
 */
void ts_explain_teredo(struct ts_explain *e);

#endif
