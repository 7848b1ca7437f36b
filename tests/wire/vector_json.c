/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_json.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool
vector_fail(char *why, size_t why_len, const char *what, const char *key)
{
	snprintf(why, why_len, "%s: %s", what, key);
	return false;
}

bool
vector_known_keys(json_t *object, const char *const *keys, char *why, size_t why_len)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (keys[i] != NULL && strcmp(keys[i], key) != 0)
			i++;
		if (keys[i] == NULL)
			return vector_fail(why, why_len, "unknown key", key);
	}
	return true;
}

bool
vector_get_v4(json_t *value, rte_be32_t *out)
{
	return json_is_string(value) && inet_pton(AF_INET, json_string_value(value), out) == 1;
}

bool
vector_get_prefix6(json_t *value, struct ts_prefix6 *out)
{
	rte_be32_t v4;

	return json_is_string(value) &&
		ts_parse_prefix(json_string_value(value), &v4, &out->addr, &out->len) == AF_INET6;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
vector_get_hex(json_t *value, uint8_t *out, size_t max, size_t *len)
{
	const char *hex = json_string_value(value);
	size_t n = hex != NULL ? strlen(hex) / 2 : 0;

	if (hex == NULL || strlen(hex) % 2 != 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	*len = n;
	return true;
}

bool
vector_get_age(json_t *value, int64_t *out)
{
	*out = json_is_null(value) ? -1 : (int64_t)(json_number_value(value) * 1000 + 0.5);
	return json_is_null(value) || (json_is_number(value) && *out >= 0);
}
