/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference of all keys, written from the table: Markdown for docs/configuration.md (a test compares) and roff for
 * tsunagi.yaml(5).
 */
#include <string.h>

#include "config_internal.h"

/* What a format does with each part. Texts are plain; the writer escapes what its format needs. */
struct format {
	void (*begin)(FILE *out);
	void (*section)(FILE *out, const struct ts_key *key);
	void (*first)(FILE *out);
	void (*key)(FILE *out, const struct ts_key *key);
};

static const char intro[] =
	"One YAML file, read once at start and refused as a whole when anything in it is wrong; "
	"`tsunagid --check FILE` says all that is wrong, with file, line and key. "
	"Keys that are not in this list are an error. "
	"Indent with spaces; anchors, aliases and tags are not allowed; the file has at most 1 MiB.";

static const char legend[] = "`name[]` is a list of entries that begin with `- `; "
			     "`limits.*` are the keys of each limit or rate that is written as a map. "
			     "Yes and no may be written yes, no, true, false, on, off. "
			     "Reloadable keys take effect when the daemon gets SIGHUP; all others are fixed at start.";

static const char *
type_name(const struct ts_key *k)
{
	switch (k->type) {
	case TS_KEY_BOOL:
	case TS_KEY_SWITCH:
		return "yes or no";
	case TS_KEY_UINT:
		return "number";
	case TS_KEY_STRING:
		return "text";
	case TS_KEY_TEXT:
		return "line of text";
	case TS_KEY_IPV4:
		return k->choices != NULL ? "anycast, mirror or IPv4 address" : "IPv4 address";
	case TS_KEY_IPV6:
		return "IPv6 address";
	case TS_KEY_ADDRESS:
		return "address";
	case TS_KEY_HOST:
		return "address/length";
	case TS_KEY_PREFIX:
		return "prefix";
	case TS_KEY_PREFIX4:
		return "IPv4 address or prefix";
	case TS_KEY_PREFIX6:
		return "IPv6 prefix";
	case TS_KEY_MAC:
		return "MAC address";
	case TS_KEY_PORT:
		return "name of a port";
	case TS_KEY_INTERFACE:
		return "name of an interface";
	case TS_KEY_RATE:
		return "number or map";
	default:
		return "";
	}
}

/* "number 64 to 32768, packets"; "a, b or c"; "list of at most 16 × address/length". */
static void
put_type(FILE *out, const struct ts_key *k)
{
	if (k->flags & TS_KEY_MANY && k->min_items == k->max_items)
		fprintf(out, "list of %u × ", k->max_items);
	else if (k->flags & TS_KEY_MANY)
		fprintf(out, "list of at most %u × ", k->max_items);
	if (k->type == TS_KEY_ENUM) {
		for (unsigned i = 0; k->choices[i] != NULL; i++)
			fprintf(out, "%s%s", i == 0 ? "" : k->choices[i + 1] != NULL ? ", " : " or ", k->choices[i]);
		return;
	}
	fputs(type_name(k), out);
	if (k->type == TS_KEY_UINT || k->type == TS_KEY_RATE)
		fprintf(out, ", %s%u to %u", k->flags & TS_KEY_OR_ZERO ? "0 or " : "", k->min, k->max);
	else if (k->type == TS_KEY_STRING)
		fprintf(out, ", at most %zu characters", k->size - 1);
	else if (k->type == TS_KEY_TEXT)
		fprintf(out, ", at most %zu bytes", k->size - 1);
	else if (k->type == TS_KEY_PREFIX6 && k->min == k->max)
		fprintf(out, " of length %u", k->min);
	else if (k->type == TS_KEY_PREFIX6 || (k->type == TS_KEY_PREFIX4 && k->min > 0))
		fprintf(out, " of length %u to %u", k->min, k->max);
	if (k->unit != NULL)
		fprintf(out, ", %s", k->unit);
}

static void
put_fallback(FILE *out, const struct ts_key *k)
{
	if (k->flags & TS_KEY_REQUIRED)
		fputs("required", out);
	else if (k->fallback == NULL)
		fputs("none", out);
	else
		fprintf(out, k->flags & TS_KEY_MANY ? "[%s]" : "%s", k->fallback);
}

static void
md_begin(FILE *out)
{
	fprintf(out,
		"# Configuration\n\n<!-- Written by ts_config_document() from lib/config_keys.c: do not edit. To write "
		"it anew: TS_UPDATE_DOCS=1 in the\n     environment of tests/unit/test_config_doc. -->\n\n%s\n\n%s\n\n"
		"An example with every key is [config/tsunagi.yaml](../config/tsunagi.yaml).\n",
		intro, legend);
}

/* `code` stays code; what is between words needs no escape but the column's own sign. */
static void
md_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
md_section(FILE *out, const struct ts_key *key)
{
	fprintf(out, "\n## %s\n\n", key->path);
	md_text(out, key->help);
	fputc('\n', out);
	if (key->type == TS_KEY_LIST)
		fprintf(out, "At most %u entries%s.%s\n", key->max_items, key->min_items > 0 ? ", at least one" : "",
			key->flags & TS_KEY_RELOADABLE ? " Reloadable." : "");
}

static void
md_first(FILE *out)
{
	fputs("\n| key | value | default | reloadable | meaning |\n| --- | --- | --- | --- | --- |\n", out);
}

static void
md_key(FILE *out, const struct ts_key *key)
{
	fprintf(out, "| `%s` | ", key->path);
	put_type(out, key);
	fputs(" | ", out);
	put_fallback(out, key);
	fprintf(out, " | %s | ", key->flags & TS_KEY_RELOADABLE ? "yes" : "no");
	md_text(out, key->help);
	fputs(" |\n", out);
}

/* Backquotes become bold; a hyphen stays one that can be copied; a dot at the start of a line is no request. */
static void
man_text(FILE *out, const char *text)
{
	bool bold = false;

	for (; *text != '\0'; text++) {
		if (*text == '`')
			fputs((bold = !bold) ? "\\fB" : "\\fR", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static void
man_begin(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	      ".\\\" Written by ts_config_document() from lib/config_keys.c: do not edit.\n"
	      ".TH TSUNAGI.YAML 5\n.SH NAME\ntsunagi.yaml \\- configuration of tsunagid\n.SH DESCRIPTION\n",
		out);
	man_text(out, intro);
	fputs(".PP\n", out);
	man_text(out, legend);
}

static void
man_section(FILE *out, const struct ts_key *key)
{
	fputs(".SH ", out);
	man_text(out, key->path);
	man_text(out, key->help);
	if (key->type == TS_KEY_LIST)
		fprintf(out, "At most %u entries%s.\n", key->max_items, key->min_items > 0 ? ", at least one" : "");
}

static void
man_first(FILE *out)
{
	(void)out;
}

static void
man_key(FILE *out, const struct ts_key *key)
{
	fputs(".TP\n.B ", out);
	man_text(out, key->path);
	man_text(out, key->help);
	fputs(".br\nValue: ", out);
	put_type(out, key);
	fputs(". Default: ", out);
	put_fallback(out, key);
	fputs(key->flags & TS_KEY_RELOADABLE ? ". Reloadable.\n" : ".\n", out);
}

static bool
is_heading(const struct ts_key *key)
{
	return key->type == TS_KEY_SECTION || key->type == TS_KEY_LIST;
}

static void
write_all(const struct format *f, FILE *out)
{
	/* Keys of the top level come before the first heading. */
	bool table = false;

	f->begin(out);
	for (unsigned i = 0; i < ts_n_keys; i++) {
		if (is_heading(&ts_keys[i])) {
			f->section(out, &ts_keys[i]);
			table = false;
			continue;
		}
		if (!table)
			f->first(out);
		table = true;
		f->key(out, &ts_keys[i]);
	}
}

int
ts_config_document(const char *format, FILE *out)
{
	static const struct format md = {md_begin, md_section, md_first, md_key};
	static const struct format man = {man_begin, man_section, man_first, man_key};

	if (strcmp(format, "md") == 0)
		write_all(&md, out);
	else if (strcmp(format, "man") == 0)
		write_all(&man, out);
	else
		return -1;
	return ferror(out) ? -1 : 0;
}
