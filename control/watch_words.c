/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/watch_priv.h"
#include "lib/headers.h"

bool
ts_watch_number(const char *word, uint32_t min, uint32_t max, uint32_t *out)
{
	unsigned long long n;
	char *rest;

	if (word == NULL || *word < '0' || *word > '9')
		return false;
	n = strtoull(word, &rest, 10);
	if (rest[strspn(rest, " ")] != '\0' || n < min || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool
ts_watch_match(const char *word, struct ts_match *out)
{
	char addr[INET6_ADDRSTRLEN + 4];
	uint32_t len, most;
	char *slash;

	*out = (struct ts_match){0};
	if (word == NULL)
		return true;
	if (strlen(word) >= sizeof(addr))
		return false;
	strcpy(addr, word);
	slash = strchr(addr, '/');
	if (slash != NULL)
		*slash = '\0';
	if (inet_pton(AF_INET6, addr, out->addr) == 1)
		out->family = AF_INET6;
	else if (inet_pton(AF_INET, addr, out->addr) == 1)
		out->family = AF_INET;
	else
		return false;
	most = out->family == AF_INET6 ? 128 : 32;
	len = most;
	if (slash != NULL && !ts_watch_number(slash + 1, 0, most, &len))
		return false;
	out->len = (uint8_t)len;
	return true;
}

const char *
ts_watch_stations(char *list, uint32_t *out)
{
	char *save;

	*out = 0;
	for (char *word = strtok_r(list, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
		unsigned i = 0;

		while (i < TS_N_STATIONS && (i == TS_STATION_DROP || strcmp(ts_station_name(i), word) != 0))
			i++;
		if (i < TS_N_STATIONS)
			*out |= UINT32_C(1) << i;
		else if (strcmp(word, "-") != 0)
			return word;
	}
	return NULL;
}

/* By its whole name, or without "drop_". A part of a name, as "6to4_decap", stands for all that contain it. */
static bool
is_meant(const char *counter, const char *word)
{
	return strcmp(word, "all") == 0 || strstr(counter, word) != NULL;
}

const char *
ts_watch_reasons(char *list, uint64_t out[(TS_N_COUNTERS + 63) / 64])
{
	char *save;

	memset(out, 0, (TS_N_COUNTERS + 63) / 64 * sizeof(out[0]));
	for (char *word = strtok_r(list, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
		bool known = strcmp(word, "-") == 0;

		for (unsigned i = 0; i < TS_N_COUNTERS && strcmp(word, "-") != 0; i++) {
			if (!ts_counter_info[i].is_drop || !is_meant(ts_counter_info[i].name, word))
				continue;
			out[i / 64] |= UINT64_C(1) << i % 64;
			known = true;
		}
		if (!known)
			return word;
	}
	return NULL;
}

static json_t *
hex(const uint8_t *data, uint32_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * (size_t)len + 1);
	json_t *out;

	if (text == NULL)
		return NULL;
	for (uint32_t i = 0; i < len; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	out = json_stringn(text, 2 * (size_t)len);
	free(text);
	return out;
}

/* "198.51.100.1 > 192.88.99.1, 2002:..::1 > 2001:..::1 udp": the headers that there are, outer ones first. */
static void
summary(const struct ts_seen *s, char *text, size_t size)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
	struct ts_headers h;
	size_t n = 0;

	ts_headers_find(s->data, s->len, s->o.ethernet, &h);
	text[0] = '\0';
	if (h.ipv4 != TS_NO_HEADER)
		n += (size_t)snprintf(text, size, "%s > %s%s", inet_ntop(AF_INET, s->data + h.ipv4 + 12, a, sizeof(a)),
			inet_ntop(AF_INET, s->data + h.ipv4 + 16, b, sizeof(b)), h.ipv6 != TS_NO_HEADER ? ", " : "");
	if (h.ipv6 != TS_NO_HEADER)
		n += (size_t)snprintf(text + n, size - n, "%s > %s",
			inet_ntop(AF_INET6, s->data + h.ipv6 + 8, a, sizeof(a)),
			inet_ntop(AF_INET6, s->data + h.ipv6 + 24, b, sizeof(b)));
	if (n != 0)
		snprintf(text + n, size - n, " protocol %u", h.protocol);
	else if (h.ethertype != 0)
		snprintf(text, size, "ethertype 0x%04x", h.ethertype);
}

json_t *
ts_seen_json(const struct ts_control *c, const struct ts_seen *s)
{
	const struct ts_observation *o = &s->o;
	char text[4 * INET6_ADDRSTRLEN + 32];
	json_t *j;

	(void)c;
	summary(s, text, sizeof(text));
	j = json_pack("{s:I, s:i, s:s, s:i, s:I, s:b, s:s, s:o*}", "time", (json_int_t)s->wall_ns, "worker", o->worker,
		"station", ts_station_name(o->station), "port", o->port, "length", (json_int_t)o->len, "ethernet",
		o->ethernet, "packet", text, "data", hex(s->data, s->len));
	if (o->kind == TS_OBSERVED_TRACE)
		json_object_set_new(j, "id", json_integer(o->trace_id));
	if (o->station == TS_STATION_DROP)
		json_object_set_new(j, "drop", json_string(ts_counter_info[o->counter].name));
	if (s->lost != 0)
		json_object_set_new(j, "lost", json_integer((json_int_t)s->lost));
	return j;
}
