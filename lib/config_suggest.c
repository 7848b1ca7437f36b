/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "Did you mean": the nearest known key to one that is not known. A dash and an underscore, upper and lower case
 * count as equal, because that is how people mistake keys.
 */
#include <ctype.h>
#include <string.h>

#include "config_internal.h"

#define LONGEST 32

static int
fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance; both at most LONGEST characters. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[LONGEST + 1];

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned replaced = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));

			diagonal = row[j];
			row[j] = min3(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[nb];
}

static const char *
nearest(const char *prefix, const char *name, size_t *found_len)
{
	size_t n = strlen(name), len;
	const char *found = NULL;
	unsigned best = 3;

	if (n > LONGEST)
		return NULL;
	for (unsigned i = 0; i < ts_n_keys; i++) {
		const char *child = ts_key_child(&ts_keys[i], prefix, &len);

		if (child == NULL || len > LONGEST)
			continue;
		unsigned d = distance(name, n, child, len);

		/* Half of a short word wrong is another word. */
		if (d < best && d * 2 < len) {
			best = d;
			found = child;
			*found_len = len;
		}
	}
	return found;
}

void
ts_suggest(const char *prefix, const char *name, char *buf, size_t size)
{
	size_t len = 0, at;
	const char *found = nearest(prefix, name, &len);

	if (found != NULL) {
		snprintf(buf, size, "did you mean `%.*s`?", (int)len, found);
		return;
	}
	at = snprintf(buf, size, "allowed here:");
	for (unsigned i = 0; i < ts_n_keys && at < size; i++) {
		const char *child = ts_key_child(&ts_keys[i], prefix, &len);

		if (child != NULL)
			at += snprintf(buf + at, size - at, " %.*s", (int)len, child);
	}
}
