/* SPDX-License-Identifier: BSD-3-Clause */
/* From a vector's `config` object to the configuration model. */
#ifndef TS_TEST_VECTOR_CONFIG_H
#define TS_TEST_VECTOR_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"

/* Routes and neighbours of *cfg are kept. `inputs` is the vector's in_hex, for finding addresses that it does not use.
 */
bool vector_config(struct ts_config *cfg, json_t *config, const char *inputs, char *why, size_t why_len);

#endif
