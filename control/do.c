/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of one word: health, and what changes something. They are done when the answer is there.
 */
#include <string.h>

#include "health_run.h"
#include "reload.h"
#include "show.h"

#define REPORT_MAX 16384

static void
show_health(struct ts_control *c, struct ts_answer *out)
{
	out->whole = ts_health_json(c->health);
}

static void
drain(struct ts_control *c, struct ts_answer *out)
{
	ts_health_drain(c->health, true);
	show_health(c, out);
}

static void
resume(struct ts_control *c, struct ts_answer *out)
{
	ts_health_drain(c->health, false);
	show_health(c, out);
}

static void
reload(struct ts_control *c, struct ts_answer *out)
{
	char said[REPORT_MAX];
	int ret = ts_control_reload(c, said, sizeof(said));
	size_t len = strlen(said);

	if (len > 0 && said[len - 1] == '\n')
		said[len - 1] = '\0';
	out->whole = json_pack("{s:s}", ret == 0 ? "reload" : "error", said);
}

static const struct {
	const char *verb;
	void (*fn)(struct ts_control *c, struct ts_answer *out);
	const char *help;
} verbs[] = {
	{"health", show_health, "what is announced, and what speaks against the rest"},
	{"drain", drain, "mark what is announced as going, withdraw it health.drain-s later; forwarding goes on"},
	{"resume", resume, "the end of draining"},
	{"reload", reload, "read the configuration again, as SIGHUP does"},
};

bool
ts_do(struct ts_control *c, const char *verb, struct ts_answer *out)
{
	for (unsigned i = 0; i < RTE_DIM(verbs); i++) {
		if (strcmp(verbs[i].verb, verb) != 0)
			continue;
		verbs[i].fn(c, out);
		return true;
	}
	return false;
}

void
ts_do_help(json_t *list)
{
	for (unsigned i = 0; i < RTE_DIM(verbs); i++)
		json_object_set_new(list, verbs[i].verb, json_string(verbs[i].help));
}
