/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo relay's peers and contacts, and the server's figures. The peer table is shared with the workers and may
 * hold millions, so it is walked in steps, one per turn of the control thread, while they go on changing it: what is
 * shown of it is no snapshot.
 *
 * A Teredo address names its client's NAT (X11): unless the operator asks for it in full, what is shown of an address
 * is its server, and of a mapping its /24 without the port (O31).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "control/show.h"
#include "control/show_teredo.h"
#include "control/teredo.h"

#define PEERS_STEP 1024	   /* buckets of which the text is made */
#define SUMMARY_STEP 16384 /* buckets that are only counted: 1 MiB */

struct walk {
	const struct ts_control *c;
	struct ts_answer *answer;
};

static const char *const state_name[] = {
	[TS_PEER_STATE_TRUSTED] = "trusted",
	[TS_PEER_STATE_STALE] = "stale",
	[TS_PEER_STATE_UNCONFIRMED] = "unconfirmed",
	[TS_PEER_STATE_RENEWING] = "renewing",
	[TS_PEER_STATE_EXPIRED] = "expired",
};

uint32_t
ts_peer_tick_now(void)
{
	return (uint32_t)(rte_rdtsc() / (rte_get_tsc_hz() / TS_PEER_TICKS_PER_S)) & TS_PEER_TICK_MASK;
}

enum ts_peer_shown
ts_peer_shown(const struct ts_control *c, enum ts_peer_state state, uint32_t age)
{
	const struct ts_cfg_teredo_relay *r = &c->cfg.teredo_relay;

	if (state == TS_PEER_UNCONFIRMED)
		return TS_PEER_STATE_UNCONFIRMED;
	if (state == TS_PEER_RENEWING)
		return TS_PEER_STATE_RENEWING;
	if (age > (uint32_t)r->forget_s * TS_PEER_TICKS_PER_S)
		return TS_PEER_STATE_EXPIRED;
	return age > (uint32_t)r->valid_s * TS_PEER_TICKS_PER_S ? TS_PEER_STATE_STALE : TS_PEER_STATE_TRUSTED;
}

json_t *
ts_peer_json(const struct ts_control *c, const struct ts_peer_info *p, bool full)
{
	enum ts_peer_shown shown = ts_peer_shown(c, p->state, p->age);
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4], mapped[INET_ADDRSTRLEN + 4];
	uint8_t v6[16] = {0}, v4[4];

	memcpy(v6, p->addr, full ? 16 : 8);
	inet_ntop(AF_INET6, v6, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s%s", addr, full ? "" : "/64");
	memcpy(v4, &p->v4, sizeof(v4));
	if (full)
		snprintf(mapped, sizeof(mapped), "%u.%u.%u.%u", v4[0], v4[1], v4[2], v4[3]);
	else
		snprintf(mapped, sizeof(mapped), "%u.%u.%u.0/24", v4[0], v4[1], v4[2]);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:b}", "address", text, "mapped", mapped, "port",
		full ? json_integer(rte_be_to_cpu_16(p->port)) : json_null(), "state", state_name[shown], "age_s",
		shown == TS_PEER_STATE_UNCONFIRMED ? json_null() : json_integer(p->age / TS_PEER_TICKS_PER_S),
		"learned", (int)p->learned);
}

static json_t *
full_item(const struct ts_control *c, const void *record)
{
	return ts_peer_json(c, record, true);
}

static json_t *
cut_item(const struct ts_control *c, const void *record)
{
	return ts_peer_json(c, record, false);
}

static void
take_peer(const struct ts_peer_info *p, void *arg)
{
	const struct walk *w = arg;

	if (w->answer->left == 0 || ts_peer_shown(w->c, p->state, p->age) == TS_PEER_STATE_EXPIRED)
		return;
	if (ts_answer_add(w->answer, p))
		w->answer->left--;
}

static bool
step_peers(const struct ts_control *c, struct ts_answer *a)
{
	struct walk w = {c, a};

	return ts_peers_walk(
		       ts_local_teredo(c->local)->peers, &a->cursor, PEERS_STEP, ts_peer_tick_now(), take_peer, &w) &&
		a->left > 0;
}

/* Room for all records of a step at once, so that none is lost in the middle of the list. */
static bool
reserve(struct ts_answer *a)
{
	size_t n = PEERS_STEP * TS_PEER_BUCKET_SLOTS;

	if (n * a->record_size <= a->budget)
		a->records = malloc(n * a->record_size);
	if (a->records != NULL)
		a->capacity = n;
	return a->records != NULL;
}

/* "full" and "limit N", in any order. */
static bool
parse_words(const char *words, bool *full, uint64_t *limit)
{
	char copy[128], *save, *word, *end;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		if (strcmp(word, "full") == 0) {
			*full = true;
			continue;
		}
		if (strcmp(word, "limit") != 0 || (word = strtok_r(NULL, " ", &save)) == NULL || *word < '0' ||
			*word > '9')
			return false;
		*limit = strtoull(word, &end, 10);
		if (*end != '\0')
			return false;
	}
	return true;
}

static void
show_peers(const struct ts_control *c, const char *words, struct ts_answer *out)
{
	bool full = false;

	out->left = UINT64_MAX;
	if (!parse_words(words, &full, &out->left)) {
		ts_answer_error(c, out, "show teredo peers takes \"full\" and \"limit N\", not \"%s\"", words);
		return;
	}
	ts_answer_list(out, "peers", sizeof(struct ts_peer_info), full ? full_item : cut_item);
	if (ts_local_teredo(c->local)->peers == NULL)
		return;
	if (reserve(out))
		out->step = step_peers;
	else
		ts_answer_error(c, out, "too much is being shown already; try again later");
}

static void
count_peer(const struct ts_peer_info *p, void *arg)
{
	const struct walk *w = arg;

	((uint64_t *)w->answer->records)[ts_peer_shown(w->c, p->state, p->age)]++;
}

static bool
step_summary(const struct ts_control *c, struct ts_answer *a)
{
	const struct ts_peers *peers = ts_local_teredo(c->local)->peers;
	struct walk w = {c, a};

	if (peers != NULL && ts_peers_walk(peers, &a->cursor, SUMMARY_STEP, ts_peer_tick_now(), count_peer, &w))
		return true;
	a->whole = ts_teredo_summary(c, (const uint64_t *)a->records);
	return false;
}

static void
show_summary(const struct ts_control *c, struct ts_answer *out)
{
	const size_t bytes = TS_PEER_N_SHOWN * sizeof(uint64_t);

	(void)c;
	out->records = calloc(1, bytes);
	if (out->records != NULL)
		out->step = step_summary;
}

void
ts_show_teredo(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	if (arg == NULL || strcmp(arg, "summary") == 0)
		show_summary(c, out);
	else if (strncmp(arg, "peers", 5) == 0 && (arg[5] == '\0' || arg[5] == ' '))
		show_peers(c, arg + 5 + strspn(arg + 5, " "), out);
	else
		ts_answer_error(c, out, "show teredo takes \"summary\" or \"peers\", not \"%s\"", arg);
}
