/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a tree to the model: walks the table of keys, not the file, so that names are known before what refers to them,
 * and so that a key of the table cannot be forgotten here. Also the public entry points.
 *
 * ts_config_init() takes the defaults from the table by the same parser that reads files: a default that the table
 * documents is the default that applies.
 */
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "teredo_keys.h"

static void *
at(void *base, size_t offset)
{
	return (char *)base + offset;
}

static void
set_count(const struct ts_key *key, void *base, unsigned n)
{
	if (key->count_offset != 0)
		memcpy(at(base, key->count_offset), &n, sizeof(n));
}

static void
set_line(const struct ts_key *key, void *base, unsigned line)
{
	if (key->line_offset != 0)
		memcpy(at(base, key->line_offset), &line, sizeof(line));
}

static bool
is_empty(const struct ts_node *node)
{
	return node->kind == TS_NODE_SCALAR && node->plain && node->text[0] == '\0';
}

/* The prefix that a key's children have in the table. */
static void
child_prefix(const struct ts_key *key, char buf[TS_PATH_TEXT])
{
	snprintf(buf, TS_PATH_TEXT, "%s.", key->path);
}

static void
load_default(const struct ts_key *key, void *base)
{
	struct ts_load none = {.file = ""};
	struct ts_node node = {.plain = true, .text = (char *)(uintptr_t)key->fallback};
	const unsigned unresolved = TS_UNRESOLVED;
	char deeper[TS_PATH_TEXT];

	if (key->type == TS_KEY_SECTION) {
		child_prefix(key, deeper);
		ts_load_defaults(deeper, base);
	} else if (key->type == TS_KEY_PORT || key->type == TS_KEY_INTERFACE) {
		memcpy(at(base, key->offset), &unresolved, sizeof(unresolved));
	} else if (key->fallback != NULL) {
		ts_value_set(&none, key, &node, key->path, at(base, key->offset));
		set_count(key, base, 1);
	}
	ts_faults_free(&none);
}

void
ts_load_defaults(const char *prefix, void *base)
{
	size_t len;

	for (unsigned i = 0; i < ts_n_keys; i++)
		if (ts_key_child(&ts_keys[i], prefix, &len) != NULL)
			load_default(&ts_keys[i], base);
}

static bool
count_is_fine(struct ts_load *l, const struct ts_key *key, const struct ts_node *list, const char *path)
{
	if (list->n > key->max_items)
		ts_fault(l, list->line, path, "has %u entries: at most %u are allowed", list->n, key->max_items);
	else if (list->n < key->min_items)
		ts_fault(l, list->line, path, "has %u entries: at least %u must be there", list->n, key->min_items);
	else
		return true;
	return false;
}

/* Storage for the elements of a list of maps, or NULL after a fault. */
static char *
list_storage(struct ts_load *l, const struct ts_key *key, const struct ts_node *list, void *base)
{
	char **slot = at(base, key->offset);

	if ((key->flags & TS_KEY_OWNED) == 0)
		return (char *)slot;
	if (*slot == NULL)
		*slot = calloc(list->n, key->size);
	if (*slot == NULL)
		ts_fault(l, 0, "", "out of memory");
	return *slot;
}

static void
load_maps(struct ts_load *l, const struct ts_key *key, const struct ts_node *list, const char *path, void *base)
{
	char prefix[TS_PATH_TEXT], item[TS_PATH_TEXT];
	char *element = list->n > 0 ? list_storage(l, key, list, base) : NULL;
	unsigned i = 0;

	if (element == NULL)
		return;
	child_prefix(key, prefix);
	for (const struct ts_node *n = list->first; n != NULL && !l->more; n = n->next, element += key->size) {
		ts_item(item, path, i++, "");
		ts_load_defaults(prefix, element);
		set_line(key, element, n->line);
		set_count(key, base, i);
		if (n->kind != TS_NODE_MAP) {
			ts_fault(l, n->line, item, "a map of keys is wanted, such as `- name: value`");
			continue;
		}
		ts_load_map(l, prefix, n, n->line, item, element);
		if (key->finish != NULL)
			key->finish(l, n, item, element);
	}
}

static bool
seen_before(const char *array, unsigned n, size_t size)
{
	for (unsigned i = 0; i < n; i++)
		if (memcmp(array + i * size, array + n * size, size) == 0)
			return true;
	return false;
}

static void
load_values(struct ts_load *l, const struct ts_key *key, const struct ts_node *list, const char *path, void *base)
{
	char item[TS_PATH_TEXT];
	char *out = at(base, key->offset);
	unsigned i = 0;

	memset(out, 0, key->size * key->max_items);
	for (const struct ts_node *n = list->first; n != NULL && !l->more; n = n->next, i++) {
		bool unique = (key->flags & TS_KEY_UNIQUE) != 0;

		ts_item(item, path, i, "");
		if (!ts_value_set(l, key, n, item, out + i * key->size)) {
			/* 0 is a CPU: what a faulty one leaves must not look like it. */
			if (unique && key->type == TS_KEY_UINT)
				memset(out + i * key->size, 0xff, key->size);
		} else if (unique && seen_before(out, i, key->size)) {
			ts_fault(l, n->line, item, "`%.64s` is given twice", n->text);
		}
	}
	set_count(key, base, list->n);
}

static void
load_list(struct ts_load *l, const struct ts_key *key, const struct ts_node *node, const char *path, void *base)
{
	struct ts_node none = {.kind = TS_NODE_LIST, .line = node->line};
	const struct ts_node *list = is_empty(node) ? &none : node;

	if (list->kind != TS_NODE_LIST)
		ts_fault(l, node->line, path, "a list is wanted: %s",
			key->type == TS_KEY_LIST ? "entries that begin with `- `" : "[one, two]");
	else if (!count_is_fine(l, key, list, path))
		return;
	else if (key->type == TS_KEY_LIST)
		load_maps(l, key, list, path, base);
	else
		load_values(l, key, list, path, base);
}

static void
load_section(struct ts_load *l, const struct ts_key *key, const struct ts_node *node, const char *path, void *base)
{
	const struct ts_node *map = is_empty(node) ? NULL : node;
	char prefix[TS_PATH_TEXT];

	if (map != NULL && map->kind != TS_NODE_MAP) {
		ts_fault(l, node->line, path, "a section is wanted: keys and values, indented below `%s:`", path);
		return;
	}
	set_line(key, base, node->line);
	child_prefix(key, prefix);
	if (map != NULL)
		ts_load_map(l, prefix, map, node->line, path, base);
	if (key->finish != NULL)
		key->finish(l, map, path, base);
}

static void
load_rate(struct ts_load *l, const struct ts_key *key, const struct ts_node *map, const char *path,
	struct ts_cfg_rate *rate)
{
	*rate = (struct ts_cfg_rate){0};
	ts_load_map(l, "limits.*.", map, map->line, path, rate);
	if (ts_node_get(map, "burst") == NULL)
		rate->burst = rate->per_second;
	else if (rate->per_second > 0 && rate->burst == 0)
		ts_fault(l, map->line, path, "a burst of 0 lets nothing pass; `per-second: 0` says %s",
			key->flags & TS_KEY_OR_ZERO ? "that there is no limit" : "that");
}

static void
load_key(struct ts_load *l, const struct ts_key *key, const struct ts_node *node, const char *path, void *base)
{
	if (key->type == TS_KEY_SECTION)
		load_section(l, key, node, path, base);
	else if (key->type == TS_KEY_LIST || (key->flags & TS_KEY_MANY) != 0)
		load_list(l, key, node, path, base);
	else if (key->type == TS_KEY_RATE && node->kind == TS_NODE_MAP)
		load_rate(l, key, node, path, at(base, key->offset));
	else
		ts_value_set(l, key, node, path, at(base, key->offset));
}

static void
join(char buf[TS_PATH_TEXT], const char *path, const char *name, size_t len)
{
	snprintf(buf, TS_PATH_TEXT, "%s%s%.*s", path, path[0] != '\0' ? "." : "", (int)len, name);
}

/* The table's index of a key of the file, or -1. */
static int
key_index(const char *prefix, const char *name)
{
	size_t len, n = strlen(name);

	for (unsigned i = 0; i < ts_n_keys; i++) {
		const char *child = ts_key_child(&ts_keys[i], prefix, &len);

		if (child != NULL && len == n && memcmp(child, name, n) == 0)
			return (int)i;
	}
	return -1;
}

/* Sort the pairs of a map by key; what is unknown or comes twice is a fault. */
static void
assign(struct ts_load *l, const char *prefix, const struct ts_node *map, const char *path,
	const struct ts_node *given[TS_MAX_KEYS])
{
	char where[TS_PATH_TEXT], help[512];

	for (const struct ts_node *n = map->first; n != NULL && !l->more; n = n->next) {
		int i = key_index(prefix, n->name);

		join(where, path, n->name, strnlen(n->name, 64));
		if (i < 0) {
			ts_suggest(prefix, n->name, help, sizeof(help));
			ts_fault(l, n->line, where, "unknown key; %s", help);
		} else if (given[i] != NULL) {
			ts_fault(l, n->line, where, "is given twice: already on line %u", given[i]->line);
		} else {
			given[i] = n;
		}
	}
}

void
ts_load_map(
	struct ts_load *l, const char *prefix, const struct ts_node *map, unsigned line, const char *path, void *base)
{
	const struct ts_node *given[TS_MAX_KEYS] = {NULL};
	char where[TS_PATH_TEXT];
	size_t len;

	assign(l, prefix, map, path, given);
	for (unsigned i = 0; i < ts_n_keys && !l->more; i++) {
		const char *name = ts_key_child(&ts_keys[i], prefix, &len);

		if (name == NULL)
			continue;
		join(where, path, name, len);
		if (given[i] != NULL)
			load_key(l, &ts_keys[i], given[i], where, base);
		else if ((ts_keys[i].flags & TS_KEY_REQUIRED) != 0)
			ts_fault(l, line, where, "is missing: %s", ts_keys[i].help);
	}
}

void
ts_config_init(struct ts_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	ts_load_defaults("", cfg);
}

void
ts_config_free(struct ts_config *cfg)
{
	ts_teredo_keys_put(cfg->teredo_server.keys);
	cfg->teredo_server.keys = NULL;
	free(cfg->routes);
	free(cfg->neighbours);
	cfg->routes = NULL;
	cfg->neighbours = NULL;
	cfg->n_routes = cfg->n_neighbours = 0;
}

static int
end_load(struct ts_load *l, FILE *err)
{
	int rc = l->n_faults == 0 ? 0 : -1;

	ts_faults_print(l, err);
	ts_faults_free(l);
	ts_node_free(l->root);
	if (rc != 0)
		ts_config_free(l->cfg);
	return rc;
}

int
ts_config_load_buffer(struct ts_config *cfg, const char *name, const char *text, size_t len, FILE *err)
{
	struct ts_load l = {.file = name, .cfg = cfg};

	ts_config_init(cfg);
	snprintf(cfg->file, sizeof(cfg->file), "%s", name);
	if (len > TS_CONFIG_MAX_BYTES)
		ts_fault(&l, 0, "", "is %zu bytes long: a configuration has at most %u", len, TS_CONFIG_MAX_BYTES);
	else
		l.root = ts_yaml_parse(&l, text, len);
	if (l.root != NULL) {
		ts_load_map(&l, "", l.root, l.root->line, "", cfg);
		if (!l.more)
			ts_check(&l);
	}
	return end_load(&l, err);
}
