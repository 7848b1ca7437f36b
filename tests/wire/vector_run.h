/* SPDX-License-Identifier: BSD-3-Clause */
/* One test vector (format: protocols reference 10.1) through the rig. */
#ifndef TS_TEST_VECTOR_RUN_H
#define TS_TEST_VECTOR_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "rig.h"

/* True when everything is as the vector says; else `why`. */
bool vector_run(struct rig *r, json_t *vector, char *why, size_t why_len);

#endif
