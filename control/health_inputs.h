/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What health looks at in the running relay, gathered now and then (health_inputs.c); what it makes of it is in
 * health_run.c.
 */
#ifndef TS_CTL_HEALTH_INPUTS_H
#define TS_CTL_HEALTH_INPUTS_H

#include "control/attack.h"
#include "control/control.h"
#include "control/health.h"

struct ts_health_inputs {
	/* as of the last look */
	uint32_t box;		     /* reasons for everything */
	uint32_t v4, v6;	     /* reasons for what goes on by that family */
	bool linked4, linked6;	     /* some port that routes of the family lead to is up */
	size_t upstream4, upstream6; /* routes by a gateway */
	unsigned silent_worker;	     /* with TS_HEALTH_WORKER */
	char lost_twin[TS_NAME_LEN]; /* with TS_HEALTH_TWIN */
	bool attack;

	/* from look to look */
	uint64_t looked_ms, slow_ms;
	struct ts_loss loss;
	struct ts_attack attack_state;
	uint64_t refused_nexthops; /* because their table was full, so far */
	uint64_t refused_ms;	   /* when the last one was; 0: long ago */
	uint32_t links;		   /* bit per port of the configuration that is up */
	bool links_told;	   /* the twins know */
};

/* Look at everything, and tell the twins of their ports' links. */
void ts_health_look(struct ts_health_inputs *in, const struct ts_control *c, uint64_t now_ms);

#endif
