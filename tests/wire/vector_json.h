/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as they stand in a vector. All return false for what they cannot read. */
#ifndef TS_TEST_VECTOR_JSON_H
#define TS_TEST_VECTOR_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

/* Are all keys of the object in the NULL-terminated list? `why` names the first that is not. */
bool vector_known_keys(json_t *object, const char *const *keys, char *why, size_t why_len);

/* Says "WHAT: KEY" in `why`; returns false. */
bool vector_fail(char *why, size_t why_len, const char *what, const char *key);

bool vector_get_v4(json_t *value, rte_be32_t *out);
bool vector_get_prefix6(json_t *value, struct ts_prefix6 *out);
/* Hexadecimal, at most `max` bytes. */
bool vector_get_hex(json_t *value, uint8_t *out, size_t max, size_t *len);
/* Seconds, as milliseconds; null: -1. */
bool vector_get_age(json_t *value, int64_t *out);

#endif
