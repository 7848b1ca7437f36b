/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The faults of one load. They are found in the order of the table of keys and shown in the order of the file.
 *
 * Values come from the file and may hold escape sequences ("\e[2J" in double quotes): nothing of the kind may reach
 * the operator's terminal.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

static void
defuse(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		/* U+0080 to U+009F are control characters too, and their second byte is one on some terminals. */
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		if (c1)
			p[0] = p[1] = '?';
	}
}

static void __attribute__((format(printf, 4, 0)))
add(struct ts_load *l, unsigned line, const char *path, const char *fmt, va_list ap)
{
	char text[1024];
	int n = 0;

	if (l->n_faults == TS_MAX_FAULTS) {
		l->more = true;
		return;
	}
	if (path[0] != '\0')
		n = snprintf(text, sizeof(text), "%.200s: ", path);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	defuse(text);
	l->faults[l->n_faults].line = line;
	l->faults[l->n_faults++].text = strdup(text);
}

void
ts_fault(struct ts_load *l, unsigned line, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(l, line, path, fmt, ap);
	va_end(ap);
}

void
ts_fault_at(struct ts_load *l, const char *path, const char *fmt, ...)
{
	unsigned line = 1;
	va_list ap;

	ts_node_find(l->root, path, &line);
	va_start(ap, fmt);
	add(l, line, path, fmt, ap);
	va_end(ap);
}

/* Insertion sort: stable, and there are at most a hundred. */
static void
sort(struct ts_load *l)
{
	for (unsigned i = 1; i < l->n_faults; i++) {
		struct ts_fault f = l->faults[i];
		unsigned j = i;

		for (; j > 0 && l->faults[j - 1].line > f.line; j--)
			l->faults[j] = l->faults[j - 1];
		l->faults[j] = f;
	}
}

void
ts_faults_print(struct ts_load *l, FILE *err)
{
	sort(l);
	for (unsigned i = 0; i < l->n_faults; i++) {
		const struct ts_fault *f = &l->faults[i];
		const char *text = f->text != NULL ? f->text : "out of memory";

		if (f->line == 0)
			fprintf(err, "%s: %s\n", l->file, text);
		else
			fprintf(err, "%s:%u: %s\n", l->file, f->line, text);
	}
	if (l->more)
		fprintf(err, "%s: … and more\n", l->file);
}

void
ts_faults_free(struct ts_load *l)
{
	for (unsigned i = 0; i < l->n_faults; i++)
		free(l->faults[i].text);
	l->n_faults = 0;
}

const char *
ts_item(char buf[TS_PATH_TEXT], const char *list, unsigned i, const char *key)
{
	snprintf(buf, TS_PATH_TEXT, "%s[%u]%s%s", list, i, key[0] != '\0' ? "." : "", key);
	return buf;
}
