/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "vector_config.h"

#define MAX_PACKETS 64

/* `in_hex` or `out_hex`: one string or a list. */
struct packets {
	unsigned n;
	size_t len[MAX_PACKETS];
	uint8_t *bytes[MAX_PACKETS];
};

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
add_hex(struct packets *p, const char *hex)
{
	size_t n = hex != NULL ? strlen(hex) / 2 : 0;

	if (hex == NULL || strlen(hex) % 2 != 0 || p->n == MAX_PACKETS || n > RIG_FRAME_MAX - 14)
		return false;
	p->bytes[p->n] = malloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p->bytes[p->n][i] = (uint8_t)(hi << 4 | lo);
	}
	p->len[p->n++] = n;
	return true;
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
		return add_hex(p, json_string_value(value));
	json_array_foreach(value, i, one)
		if (!add_hex(p, json_string_value(one)))
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
check_counters(struct rig *r, const struct vector *v, const uint64_t *before, char *why, size_t why_len)
{
	uint64_t after[TS_N_COUNTERS], moved = 0;
	bool drop = strcmp(v->verdict, "drop") == 0, matched = false;
	const char *which = "none";

	rig_counters(r, after);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		const char *reason = reason_of(ts_counter_info[i].name);

		if (!ts_counter_info[i].is_drop || after[i] == before[i])
			continue;
		moved += after[i] - before[i];
		which = ts_counter_info[i].name;
		matched = reason != NULL && strcasecmp(reason, v->reason) == 0;
	}
	if (moved == (drop ? 1 : 0) && matched == drop)
		return true;
	snprintf(why, why_len, "expected %s %s, drop counters moved by %lu, last %s", v->verdict, v->reason,
		(unsigned long)moved, which);
	return false;
}

static bool
run(struct rig *r, const struct vector *v, char *why, size_t why_len)
{
	uint64_t before[TS_N_COUNTERS];
	uint8_t frame[RIG_FRAME_MAX];
	unsigned in_use = rig_buffers_in_use(r);

	for (unsigned i = 0; i < v->in.n; i++) {
		rig_counters(r, before); /* the verdict is that of the last packet */
		rig_send_ip(r, v->in.bytes[i], v->in.len[i]);
		rig_turn(r);
	}
	if (!check_counters(r, v, before, why, why_len)) {
		while (rig_receive(r, frame) != 0)
			;
		return false;
	}
	if (!check_sent(r, v, why, why_len))
		return false;
	if (rig_buffers_in_use(r) == in_use)
		return true;
	snprintf(why, why_len, "%u buffers leaked", rig_buffers_in_use(r) - in_use);
	return false;
}

static bool
load(struct vector *v, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"name", "protocol", "direction", "config", "in_hex", "verdict", "reason",
		"rfc", "note", "out_hex", "mask_hex", NULL};

	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	v->verdict = json_string_value(json_object_get(o, "verdict"));
	v->reason = json_string_value(json_object_get(o, "reason"));
	snprintf(why, why_len, "malformed vector");
	if (v->verdict == NULL || v->reason == NULL || !get_packets(&v->in, json_object_get(o, "in_hex")) ||
		!get_packets(&v->out, json_object_get(o, "out_hex")) ||
		!get_packets(&v->mask, json_object_get(o, "mask_hex")) || v->in.n == 0)
		return false;
	if (strcmp(v->verdict, "forward") != 0 && strcmp(v->verdict, "drop") != 0) {
		snprintf(why, why_len, "verdict %s is not known", v->verdict);
		return false;
	}
	return true;
}

bool
vector_run(struct rig *r, json_t *o, char *why, size_t why_len)
{
	struct vector v = {0};
	char *inputs = json_dumps(json_object_get(o, "in_hex"), JSON_ENCODE_ANY);
	bool good = load(&v, o, why, why_len) &&
		vector_config(&r->cfg, json_object_get(o, "config"), inputs, why, why_len);

	if (good) {
		rig_advance_ms(r, 600000); /* buckets full, nothing waits */
		rig_configure(r, NULL, 0);
		good = run(r, &v, why, why_len);
	}
	free(inputs);
	free_packets(&v.in);
	free_packets(&v.out);
	free_packets(&v.mask);
	return good;
}
