/* SPDX-License-Identifier: BSD-3-Clause */
/* The Teredo relay's part of the benchmark: a table full of trusted peers, and an attack on what it has for strangers.
 */
#ifndef TS_BENCH_ATTACK_H
#define TS_BENCH_ATTACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "control/teredo.h"
#include "dataplane/worker.h"
#include "traffic.h"

/*
 * The first `n` peers of the routes, trusted. Those for which there was no room are taken out of the routes' list;
 * exits if one of the first `must` is among them. Returns how many are in.
 */
size_t bench_peers_plant(const struct ts_teredo *t, struct bench_routes *r, size_t n, size_t must);

/* From now on every frame for a stranger that `port` receives is for another one, whose owner is this worker. */
void bench_attack_start(const struct ts_teredo *t, const struct bench_routes *r, uint16_t port, unsigned owner);

/*
 * After it: have all packets for trusted peers been forwarded, and were bubbles, records and waiting packets within
 * their bounds? Says so to `out`; bench_attack_json() adds it to an object.
 */
bool bench_attack_held(
	const struct ts_worker_stats *s, const struct ts_teredo *t, const struct ts_config *cfg, FILE *out);
void bench_attack_json(json_t *object);

#endif
