/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * YAML text to a tree of nodes with line numbers, by libyaml's events.
 *
 * Only what a configuration needs is let through: one document, no anchors, aliases or tags (no billion laughs),
 * bounded depth and number of values. The first fault of syntax ends the reading, because what follows it would be
 * guesses. Tabs are YAML's classic trap, and libyaml's words for them ("found character that cannot start any token")
 * help nobody: a tab in an indentation is looked for whenever the syntax is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "config_internal.h"

#define MAX_DEPTH 16
#define MAX_NODES (1u << 17) /* twice what the largest valid file holds */

struct reader {
	struct ts_load *l;
	yaml_parser_t parser;
	const char *text;
	size_t len;
	unsigned n_nodes;
};

void
ts_node_free(struct ts_node *node)
{
	while (node != NULL) {
		struct ts_node *next = node->next;

		ts_node_free(node->first);
		free(node->name);
		free(node->text);
		free(node);
		node = next;
	}
}

static unsigned
line_of(const struct reader *r, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < r->len; i++)
		line += r->text[i] == '\n';
	return line;
}

/* The first line, up to `last`, that is indented by a tab and is not blank; 0 = none. */
static unsigned
tab_line(const struct reader *r, unsigned last)
{
	bool indent = true, tab = false;
	unsigned line = 1;

	for (size_t i = 0; i < r->len && line <= last; i++) {
		char c = r->text[i];

		if (c == '\n' || c == '\r') {
			line += c == '\n';
			indent = true;
			tab = false;
		} else if (indent && c == '\t') {
			tab = true;
		} else if (c != ' ') {
			if (indent && tab && c != '#')
				return line;
			indent = false;
		}
	}
	return 0;
}

static void
syntax_fault(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	unsigned line = p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR) {
		ts_fault(r->l, 0, "", "out of memory");
		return;
	}
	if (p->error == YAML_READER_ERROR) {
		ts_fault(r->l, line_of(r, p->problem_offset), "", "is not UTF-8 text: %s (byte %zu)", p->problem,
			p->problem_offset);
		return;
	}
	unsigned tab = tab_line(r, line);

	if (tab != 0)
		ts_fault(r->l, tab, "", "YAML forbids tabs for indentation: use spaces");
	else if (p->context != NULL)
		ts_fault(r->l, line, "", "YAML syntax: %s, column %zu (%s that begins on line %zu)", p->problem,
			p->problem_mark.column + 1, p->context, p->context_mark.line + 1);
	else
		ts_fault(r->l, line, "", "YAML syntax: %s, column %zu", p->problem, p->problem_mark.column + 1);
}

static bool
next_event(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->parser, ev))
		return true;
	syntax_fault(r);
	return false;
}

/* What makes an event unwelcome, or NULL. */
static const char *
unwelcome(const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return "aliases (`*name`) are not allowed here";
	case YAML_SCALAR_EVENT:
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		if (strlen((const char *)ev->data.scalar.value) != ev->data.scalar.length)
			return "a NUL character (`\\0`) is not allowed here";
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return "anchors (`&name`) are not allowed here";
	return tag != NULL ? "tags (`!name`) are not allowed here" : NULL;
}

static struct ts_node *
new_node(struct reader *r, const yaml_event_t *ev)
{
	unsigned line = ev->start_mark.line + 1;
	const char *why = unwelcome(ev);
	struct ts_node *node;

	if (why == NULL && r->n_nodes++ == MAX_NODES)
		why = "too many values";
	if (why != NULL) {
		ts_fault(r->l, line, "", "%s", why);
		return NULL;
	}
	node = calloc(1, sizeof(*node));
	if (node == NULL) {
		ts_fault(r->l, 0, "", "out of memory");
		return NULL;
	}
	node->line = line;
	node->kind = ev->type == YAML_MAPPING_START_EVENT ? TS_NODE_MAP
		: ev->type == YAML_SEQUENCE_START_EVENT	  ? TS_NODE_LIST
							  : TS_NODE_SCALAR;
	if (node->kind == TS_NODE_SCALAR) {
		node->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		node->text = strdup((const char *)ev->data.scalar.value);
		if (node->text == NULL) {
			ts_fault(r->l, 0, "", "out of memory");
			free(node);
			return NULL;
		}
	}
	return node;
}

static void
append(struct ts_node *parent, struct ts_node *child)
{
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

static struct ts_node *compose(struct reader *r, const yaml_event_t *ev, unsigned depth);

/* The name of the next pair of a map; its value follows. */
static bool
compose_name(struct reader *r, yaml_event_t *ev, char **name, unsigned *line)
{
	*line = ev->start_mark.line + 1;
	if (ev->type != YAML_SCALAR_EVENT) {
		ts_fault(r->l, *line, "", "a key must be a plain word");
		return false;
	}
	const char *why = unwelcome(ev);

	if (why != NULL) {
		ts_fault(r->l, *line, "", "%s", why);
		return false;
	}
	*name = strdup((const char *)ev->data.scalar.value);
	yaml_event_delete(ev);
	if (*name == NULL)
		ts_fault(r->l, 0, "", "out of memory");
	return *name != NULL && next_event(r, ev);
}

static bool
compose_child(struct reader *r, struct ts_node *parent, yaml_event_t *ev, unsigned depth)
{
	unsigned line = 0;
	char *name = NULL;

	if (parent->kind == TS_NODE_MAP && !compose_name(r, ev, &name, &line)) {
		free(name);
		return false;
	}
	struct ts_node *child = compose(r, ev, depth);

	if (child == NULL) {
		free(name);
		return false;
	}
	child->name = name;
	if (line != 0)
		child->line = line;
	append(parent, child);
	return true;
}

/* The node that begins with *ev, up to its end event. */
static struct ts_node *
compose(struct reader *r, const yaml_event_t *ev, unsigned depth)
{
	struct ts_node *node = new_node(r, ev);
	bool more = node != NULL && node->kind != TS_NODE_SCALAR, fine = node != NULL;

	if (more && depth == MAX_DEPTH) {
		ts_fault(r->l, node->line, "", "nested too deeply: %d levels are the limit", MAX_DEPTH);
		more = fine = false;
	}
	while (more) {
		yaml_event_t child = {0};

		fine = next_event(r, &child);
		more = fine && child.type != YAML_SEQUENCE_END_EVENT && child.type != YAML_MAPPING_END_EVENT;
		if (more)
			more = fine = compose_child(r, node, &child, depth + 1);
		yaml_event_delete(&child);
	}
	if (!fine) {
		ts_node_free(node);
		return NULL;
	}
	return node;
}

/* One event of the stream outside the document's node; the node itself is taken whole. */
static bool
take(struct reader *r, const yaml_event_t *ev, struct ts_node **root)
{
	switch (ev->type) {
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	case YAML_DOCUMENT_START_EVENT:
		if (*root == NULL)
			return true;
		ts_fault(r->l, ev->start_mark.line + 1, "", "a second document begins here: one is allowed");
		return false;
	default:
		if (*root == NULL)
			*root = compose(r, ev, 0);
		return *root != NULL;
	}
}

/* STREAM-START [DOCUMENT-START node DOCUMENT-END] STREAM-END: anything else is a fault. */
static struct ts_node *
compose_stream(struct reader *r)
{
	struct ts_node *root = NULL;
	bool fine = true, done = false;

	while (fine && !done) {
		yaml_event_t ev = {0};

		fine = next_event(r, &ev) && take(r, &ev, &root);
		done = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	if (!fine) {
		ts_node_free(root);
		return NULL;
	}
	return root;
}

static struct ts_node *
check_root(struct ts_load *l, struct ts_node *root)
{
	if (root != NULL && root->kind == TS_NODE_MAP)
		return root;
	if (root == NULL || (root->kind == TS_NODE_SCALAR && root->plain && root->text[0] == '\0'))
		ts_fault(l, 0, "", "is empty: at least `ports` and `interfaces` are needed");
	else
		ts_fault(l, root->line, "", "sections such as `ports:` and `interfaces:` are wanted, not a %s",
			root->kind == TS_NODE_LIST ? "list" : "single value");
	ts_node_free(root);
	return NULL;
}

struct ts_node *
ts_yaml_parse(struct ts_load *l, const char *text, size_t len)
{
	struct reader r = {.l = l, .text = text, .len = len};
	const char *nul = memchr(text, '\0', len);

	if (nul != NULL) {
		ts_fault(l, line_of(&r, nul - text), "", "holds a NUL byte: this is not a text file");
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		ts_fault(l, 0, "", "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);

	struct ts_node *root = compose_stream(&r);

	yaml_parser_delete(&r.parser);
	return root == NULL && l->n_faults > 0 ? NULL : check_root(l, root);
}
