/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a running relay cannot take from a changed file. The table of keys says which keys are reloadable; all others
 * have to be as they were, whatever lines they stand on.
 */
#include <stdio.h>
#include <string.h>

#include "config_internal.h"

struct diff {
	const char *file;
	FILE *err;
	unsigned n;
};

static void compare_scope(struct diff *d, const char *prefix, const char *path, const void *was, const void *is);

static unsigned
count_of(const struct ts_key *key, const void *base)
{
	unsigned n;

	if (key->count_offset == 0)
		return key->flags & TS_KEY_MANY ? key->max_items : 1;
	memcpy(&n, (const char *)base + key->count_offset, sizeof(n));
	return n;
}

static const char *
values_of(const struct ts_key *key, const void *base)
{
	const char *at = (const char *)base + key->offset;
	const char *owned;

	if (!(key->flags & TS_KEY_OWNED))
		return at;
	memcpy(&owned, at, sizeof(owned));
	return owned;
}

static bool
is_addr(const struct ts_key *key)
{
	return key->type == TS_KEY_ADDRESS || key->type == TS_KEY_HOST || key->type == TS_KEY_PREFIX;
}

/* An address remembers its line, which may change. */
static bool
same_one(const struct ts_key *key, const char *was, const char *is)
{
	const struct ts_cfg_addr *a = (const void *)was, *b = (const void *)is;

	if (!is_addr(key))
		return memcmp(was, is, key->size) == 0;
	return a->family == b->family && a->prefix_len == b->prefix_len && memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0;
}

static bool
same(const struct ts_key *key, const void *was, const void *is)
{
	unsigned n = count_of(key, was);
	const char *a = values_of(key, was), *b = values_of(key, is);

	if (n != count_of(key, is))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!same_one(key, a + i * key->size, b + i * key->size))
			return false;
	return true;
}

static void
differs(struct diff *d, const char *path)
{
	fprintf(d->err, "%s: %s: changes only at a restart\n", d->file, path);
	d->n++;
}

static void
compare_list(struct diff *d, const struct ts_key *key, const char *path, const void *was, const void *is)
{
	unsigned n = count_of(key, was);
	char prefix[TS_PATH_TEXT], item[TS_PATH_TEXT + 16];

	if (n != count_of(key, is)) {
		differs(d, path);
		return;
	}
	snprintf(prefix, sizeof(prefix), "%s.", key->path);
	for (unsigned i = 0; i < n; i++) {
		snprintf(item, sizeof(item), "%.*s[%u].", (int)strcspn(path, "["), path, i);
		compare_scope(d, prefix, item, values_of(key, was) + i * key->size, values_of(key, is) + i * key->size);
	}
}

/* What is fixed while a section is on has not been taken before, or is not needed any more. */
static bool
is_off(const struct ts_key *section, const void *was, const void *is)
{
	size_t at = section->enabled_offset;

	return at != 0 && !(*((const bool *)was + at) && *((const bool *)is + at));
}

static bool
comes_or_goes(const struct ts_key *section, const void *was, const void *is)
{
	size_t at = section->enabled_offset;

	return *((const bool *)was + at) != *((const bool *)is + at);
}

static void
compare_scope(struct diff *d, const char *prefix, const char *path, const void *was, const void *is)
{
	char child[TS_PATH_TEXT], child_prefix[TS_PATH_TEXT];
	size_t len;

	for (unsigned i = 0; i < ts_n_keys; i++) {
		const struct ts_key *key = &ts_keys[i];
		const char *name = ts_key_child(key, prefix, &len);

		if (name == NULL || (key->flags & TS_KEY_RELOADABLE))
			continue;
		snprintf(child, sizeof(child), "%s%.*s", path, (int)len, name);
		if (is_off(key, was, is)) {
			if ((key->flags & TS_KEY_STAYS) && comes_or_goes(key, was, is))
				differs(d, child);
		} else if (key->type == TS_KEY_SECTION) {
			snprintf(child_prefix, sizeof(child_prefix), "%s.", key->path);
			strncat(child, ".", sizeof(child) - strlen(child) - 1);
			compare_scope(d, child_prefix, child, was, is);
		} else if (key->type == TS_KEY_LIST) {
			compare_list(d, key, child, was, is);
		} else if (key->size != 0 && !same(key, was, is)) {
			differs(d, child);
		}
	}
}

unsigned
ts_config_fixed_differ(const struct ts_config *was, const struct ts_config *is, FILE *err)
{
	struct diff d = {.file = is->file, .err = err};

	compare_scope(&d, "", "", was, is);
	return d.n;
}
