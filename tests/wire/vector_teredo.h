/* SPDX-License-Identifier: BSD-3-Clause */
/* The Teredo part of a vector: its two configuration objects, and the peer table before it. */
#ifndef TS_TEST_VECTOR_TEREDO_H
#define TS_TEST_VECTOR_TEREDO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"
#include "rig.h"

/* relay, server: NULL switches it off. The server's keys become the configuration's. */
bool vector_teredo(struct ts_config *cfg, json_t *relay, json_t *server, char *why, size_t why_len);

/* T16: the nonce of all bubbles, from `config`; after each rig_configure(). */
bool vector_nonce(struct rig *r, json_t *config, char *why, size_t why_len);

/* The entries of `state` into the peer table, ages before now. */
bool vector_state(struct rig *r, json_t *state, char *why, size_t why_len);

#endif
