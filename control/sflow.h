/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sampled export (O25): what workers sample of the packets that ports receive, and the ports' counters, to the
 * collectors of the section `sflow`. It runs in the control thread and never waits: a datagram that the kernel does not
 * take at once is lost and counted. Data sources and interfaces are ports; the ifIndex of each is its place in the
 * configuration, from 1 on.
 */
#ifndef TS_CTL_SFLOW_H
#define TS_CTL_SFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/config.h"

struct ts_control;

struct ts_sflow_stats {
	const struct ts_cfg_sflow *cfg; /* in use: not that of a reload that could not be followed */
	uint64_t flow_samples, counter_samples;
	struct {
		uint64_t datagrams, errors;
	} collectors[TS_MAX_COLLECTORS];
};

/*
 * Sockets in the calling thread's network namespace, and samples from the workers; nothing without the section. Again
 * after a reload: numbers go on, and when it fails all stays as it was. 0, or -1 and a message that names the key.
 */
int ts_sflow_start(struct ts_control *c, char *err, size_t err_len);
void ts_sflow_stop(struct ts_control *c);

/* A turn, behind that of the observer: what has waited long enough is sent. */
void ts_sflow_poll(struct ts_control *c);

/* False, and nothing, without the section. */
bool ts_sflow_stats(const struct ts_control *c, struct ts_sflow_stats *out);

/* "192.0.2.1:6343", "[2001:db8::1]:6343" */
#define TS_COLLECTOR_TEXT (INET6_ADDRSTRLEN + 8)
const char *ts_collector_text(const struct ts_cfg_collector *collector, char buf[TS_COLLECTOR_TEXT]);

#endif
