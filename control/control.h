/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that the control thread owns, in one place, for the modules that show it (ctlsock.c, telemetry.c).
 */
#ifndef TS_CTL_CONTROL_H
#define TS_CTL_CONTROL_H

#include "control/fpm.h"
#include "control/iface.h"
#include "control/local.h"
#include "control/mirror.h"
#include "control/nexthop.h"
#include "control/ports.h"
#include "control/publish.h"
#include "control/punt.h"
#include "control/rib.h"
#include "control/step.h"
#include "control/twin.h"
#include "dataplane/worker.h"
#include "lib/config.h"

struct ts_observer; /* observe.h */
struct ts_path_rtt; /* path_rtt.h */
struct ts_watches;  /* watch.h */
struct ts_metrics_cache;
struct ts_sflow; /* sflow.h */

struct ts_control {
	struct ts_config cfg;
	struct ts_ports ports;
	struct ts_ifaces ifaces;
	struct ts_worker *workers[TS_MAX_WORKERS];
	unsigned n_workers;
	struct rte_rcu_qsbr *qsbr;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	struct ts_mirror *mirror; /* NULL when no interface has a twin */
	struct ts_fpm *fpm;	  /* NULL when routes do not come by FPM */
	struct ts_local *local;
	struct ts_announcer *announcer; /* NULL when nothing is announced */
	struct ts_punter *punter;	/* NULL when no interface has a twin */
	struct ts_health *health;
	struct ts_observer *observer;
	struct ts_watches *watches;
	struct ts_sflow *sflow;	      /* NULL when nothing is sampled */
	struct ts_path_rtt *path_rtt; /* NULL as long as it was never on */
	struct ts_ctlsock *ctlsock;
	struct ts_steps steps;
	struct ts_status *status;	   /* NULL without a status page */
	struct ts_metrics_cache *metrics;  /* NULL when nobody can ask for it */
	struct ts_http *http;		   /* NULL when nobody listens and nothing is served */
	struct ts_worker_limits limits[2]; /* handed to the workers by turns; reload.c */
	unsigned limits_turn;
	uint64_t limits_loops[TS_MAX_WORKERS]; /* turns of each worker when it was handed them */
};

#endif
