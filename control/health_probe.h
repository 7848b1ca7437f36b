/* SPDX-License-Identifier: BSD-3-Clause */
/* Test packets through every tunnel of every worker, both ways, again and again (protocols.md O1). */
#ifndef TS_CTL_HEALTH_PROBE_H
#define TS_CTL_HEALTH_PROBE_H

#include "control/control.h"
#include "control/health_list.h"

struct ts_prober;

/* What the last packets through a mechanism showed, over all workers. */
enum ts_probe_verdict {
	TS_PROBE_NONE,	  /* it cannot be probed: there is no address for it */
	TS_PROBE_UNTRIED, /* some worker has not answered yet */
	TS_PROBE_GOOD,
	TS_PROBE_BAD,
};

/* For the mechanisms of `list`, which stays where it is. NULL: no memory. */
struct ts_prober *ts_prober_create(const struct ts_control *c, const struct ts_health_list *list);
void ts_prober_free(struct ts_prober *p);

/* Send what is due. Cheap when nothing is. */
void ts_prober_poll(struct ts_prober *p, uint64_t now_ms);
/* Worker `worker` says what became of a packet; takes the packet in it. */
void ts_prober_answer(struct ts_prober *p, unsigned worker, const struct ts_event *ev, uint64_t now_ms);

/* `why`: what went wrong, when something did. */
enum ts_probe_verdict ts_prober_verdict(const struct ts_prober *p, unsigned mech, char *why, size_t why_len);

#endif
