/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "lib/addr.h"
#include "vector_config.h"
#include "vector_json.h"
#include "vector_teredo.h"

#define MAX_PACKETS 64

/* `in_hex` or `out_hex`: one string or a list. */
struct packets {
	unsigned n;
	size_t len[MAX_PACKETS];
	uint8_t *bytes[MAX_PACKETS];
};

static bool
add_hex(struct packets *p, json_t *value)
{
	unsigned i = p->n;

	if (i == MAX_PACKETS)
		return false;
	p->bytes[i] = malloc(RIG_FRAME_MAX);
	p->n++;
	return p->bytes[i] != NULL && vector_get_hex(value, p->bytes[i], RIG_FRAME_MAX - 14, &p->len[i]);
}

static bool
get_packets(struct packets *p, json_t *value)
{
	size_t i;
	json_t *one;

	p->n = 0;
	if (value == NULL)
		return true;
	if (json_is_string(value))
		return add_hex(p, value);
	json_array_foreach(value, i, one)
		if (!add_hex(p, one))
			return false;
	return json_is_array(value);
}

static void
free_packets(struct packets *p)
{
	for (unsigned i = 0; i < p->n; i++)
		free(p->bytes[i]);
}

struct vector {
	struct packets in, out, mask;
	const char *verdict, *reason;
};

static bool
same_under_mask(const struct vector *v, unsigned i, const uint8_t *got, size_t len, char *why, size_t why_len)
{
	if (len != v->out.len[i]) {
		snprintf(why, why_len, "packet %u has %zu bytes, not %zu", i, len, v->out.len[i]);
		return false;
	}
	for (size_t k = 0; k < len; k++) {
		uint8_t mask = v->mask.n > i && k < v->mask.len[i] ? v->mask.bytes[i][k] : 0xff;

		if ((got[k] & mask) != (v->out.bytes[i][k] & mask)) {
			snprintf(
				why, why_len, "packet %u byte %zu is %02x, not %02x", i, k, got[k], v->out.bytes[i][k]);
			return false;
		}
	}
	return true;
}

/* The frame's Ethernet header is the default adjacency's; after it there is the packet. */
static bool
check_frame(const struct vector *v, unsigned i, const uint8_t *frame, size_t len, char *why, size_t why_len)
{
	uint16_t want_type = frame[14] >> 4 == 6 ? 0x86dd : 0x0800;

	if (len < 14 || memcmp(frame, rig_peer, 6) != 0 || memcmp(frame + 6, rig_mac, 6) != 0 ||
		(frame[12] << 8 | frame[13]) != want_type) {
		snprintf(why, why_len, "packet %u has a wrong Ethernet header", i);
		return false;
	}
	return same_under_mask(v, i, frame + 14, len - 14, why, why_len) &&
		checksums_good(frame + 14, len - 14, why, why_len);
}

static bool
check_sent(struct rig *r, const struct vector *v, char *why, size_t why_len)
{
	uint8_t frame[RIG_FRAME_MAX];
	unsigned i = 0;
	size_t len;
	bool good = true;

	for (; (len = rig_receive(r, frame)) != 0; i++)
		if (good && i < v->out.n)
			good = check_frame(v, i, frame, len, why, why_len);
	if (good && i != v->out.n) {
		snprintf(why, why_len, "%u packets sent, not %u", i, v->out.n);
		return false;
	}
	return good;
}

/* "drop_6to4_decap_src_mismatch" -> "src_mismatch": mechanism and direction are a word each. */
static const char *
reason_of(const char *counter)
{
	const char *p = counter;

	for (int i = 0; i < 3 && p != NULL; i++) {
		p = strchr(p, '_');
		p = p != NULL ? p + 1 : NULL;
	}
	return p;
}

static bool
in_group(const char *counter, const char *group)
{
	size_t n = strlen(group);

	return strncmp(counter, group, n) == 0 && counter[n] == '_';
}

/*
 * The counters of one group: by how much they moved in all; `reason` is set when the last one that moved is the
 * vector's.
 */
static uint64_t
moved_in(const struct vector *v, const char *group, const uint64_t *before, const uint64_t *after, bool *reason,
	const char **which)
{
	uint64_t moved = 0;

	*reason = false;
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		const char *name = ts_counter_info[i].name, *is = reason_of(name);

		if (!in_group(name, group) || after[i] == before[i])
			continue;
		moved += after[i] - before[i];
		*which = name;
		*reason = is != NULL && strcasecmp(is, v->reason) == 0;
	}
	return moved;
}

/* forward: nothing was dropped. Else one counter of the verdict's group moved by one, and no drop but that. */
static bool
check_counters(struct rig *r, const struct vector *v, const uint64_t *before, char *why, size_t why_len)
{
	uint64_t after[TS_N_COUNTERS], drops, group;
	bool is_reason, forward = strcmp(v->verdict, "forward") == 0, drop = strcmp(v->verdict, "drop") == 0;
	const char *which = "none";

	rig_counters(r, after);
	group = moved_in(v, v->verdict, before, after, &is_reason, &which);
	if (!forward && (group != 1 || !is_reason)) {
		snprintf(why, why_len, "expected %s %s, but counters of %s moved by %lu, last %s", v->verdict,
			v->reason, v->verdict, (unsigned long)group, which);
		return false;
	}
	drops = moved_in(v, "drop", before, after, &is_reason, &which);
	if (drop || drops == 0)
		return true;
	snprintf(why, why_len, "expected %s %s, but %s moved", v->verdict, v->reason, which);
	return false;
}

static void
empty_port(struct rig *r)
{
	uint8_t frame[RIG_FRAME_MAX];

	while (rig_receive(r, frame) != 0)
		;
}

/* `in_use`: buffers before. Packets that wait for a Teredo client are no leak. */
static bool
check_leaks(struct rig *r, unsigned in_use, char *why, size_t why_len)
{
	rig_forget_peers(r);
	if (rig_buffers_in_use(r) == in_use)
		return true;
	snprintf(why, why_len, "%d buffers leaked", (int)(rig_buffers_in_use(r) - in_use));
	return false;
}

static bool
run(struct rig *r, const struct vector *v, char *why, size_t why_len)
{
	uint64_t before[TS_N_COUNTERS];
	bool good;

	for (unsigned i = 0; i < v->in.n; i++) {
		rig_counters(r, before); /* the verdict is that of the last packet */
		rig_send_ip(r, v->in.bytes[i], v->in.len[i]);
		rig_turn(r);
	}
	good = check_counters(r, v, before, why, why_len) && check_sent(r, v, why, why_len);
	empty_port(r);
	return good;
}

static bool
load(struct vector *v, json_t *o, char *why, size_t why_len)
{
	static const char *const verdicts[] = {"forward", "drop", "queue", "consume"};
	static const char *const keys[] = {"name", "protocol", "direction", "config", "in_hex", "verdict", "reason",
		"rfc", "note", "out_hex", "mask_hex", "state", NULL};

	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	v->verdict = json_string_value(json_object_get(o, "verdict"));
	v->reason = json_string_value(json_object_get(o, "reason"));
	snprintf(why, why_len, "malformed vector");
	if (v->verdict == NULL || v->reason == NULL || !get_packets(&v->in, json_object_get(o, "in_hex")) ||
		!get_packets(&v->out, json_object_get(o, "out_hex")) ||
		!get_packets(&v->mask, json_object_get(o, "mask_hex")) || v->in.n == 0)
		return false;
	for (unsigned i = 0; i < RTE_DIM(verdicts); i++)
		if (strcmp(v->verdict, verdicts[i]) == 0)
			return true;
	snprintf(why, why_len, "verdict %s is not known", v->verdict);
	return false;
}

/* The first Teredo address in the packet, or NULL. */
static const uint8_t *
client_in(const struct packets *p)
{
	for (size_t at = 0; at + 16 <= p->len[0]; at++)
		if (ts_is_teredo(p->bytes[0] + at))
			return p->bytes[0] + at;
	return NULL;
}

/* Buckets full, nothing waits, peers as the vector says, the client's owner this worker. */
static bool
run_owned(struct rig *r, const struct vector *v, json_t *o, unsigned owner, char *why, size_t why_len)
{
	unsigned in_use;
	bool good;

	rig_advance_ms(r, 600000);
	rig_configure(r, NULL, 0);
	in_use = rig_buffers_in_use(r);
	if (!vector_nonce(r, json_object_get(o, "config"), why, why_len))
		return false;
	if (r->cfg.teredo_relay.enabled && client_in(&v->in) != NULL)
		rig_own_peer(r, client_in(&v->in), owner);
	good = vector_state(r, json_object_get(o, "state"), why, why_len) && run(r, v, why, why_len);
	return check_leaks(r, in_use, why, good ? why_len : 0) && good;
}

/* A Teredo client is owned by one of the workers, the one that receives or another: both have to do. */
bool
vector_run(struct rig *r, json_t *o, char *why, size_t why_len)
{
	struct vector v = {0};
	char *inputs = json_dumps(json_object_get(o, "in_hex"), JSON_ENCODE_ANY);
	bool good = load(&v, o, why, why_len) &&
		vector_config(&r->cfg, json_object_get(o, "config"), inputs, why, why_len);

	for (unsigned owner = 0; good && owner < (r->cfg.teredo_relay.enabled ? RIG_N_WORKERS : 1); owner++)
		good = run_owned(r, &v, o, owner, why, why_len);
	free(inputs);
	free_packets(&v.in);
	free_packets(&v.out);
	free_packets(&v.mask);
	return good;
}
