/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding values in the tree by the paths that messages use ("interfaces[3].addresses[0]"). Only needed when a fault
 * is written, so it may take its time.
 */
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

static const struct ts_node *
get(const struct ts_node *map, const char *name, size_t len)
{
	if (map == NULL || map->kind != TS_NODE_MAP)
		return NULL;
	for (const struct ts_node *n = map->first; n != NULL; n = n->next)
		if (strlen(n->name) == len && memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

const struct ts_node *
ts_node_get(const struct ts_node *map, const char *name)
{
	return get(map, name, strlen(name));
}

static const struct ts_node *
item(const struct ts_node *list, unsigned long i)
{
	if (list->kind != TS_NODE_LIST)
		return NULL;
	const struct ts_node *n = list->first;

	while (n != NULL && i-- > 0)
		n = n->next;
	return n;
}

const struct ts_node *
ts_node_find(const struct ts_node *root, const char *path, unsigned *line)
{
	const struct ts_node *node = root;

	while (node != NULL) {
		*line = node->line;
		if (*path == '\0')
			return node;
		if (*path == '[') {
			char *end;

			node = item(node, strtoul(path + 1, &end, 10));
			path = end + 1;
		} else {
			path += *path == '.';
			size_t len = strcspn(path, ".[");

			node = get(node, path, len);
			path += len;
		}
	}
	return NULL;
}
