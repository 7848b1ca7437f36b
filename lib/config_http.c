/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Section http: finish, check, and the reading of its addresses, which the server does again when it starts. Names of
 * hosts are not looked up: what they mean would depend on the time of the start.
 */
#include "config_http.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

static const char *
parse_path(const char *path, struct sockaddr_un *out)
{
	if (path[0] != '/')
		return "is not an absolute path after `unix:`";
	if (strlen(path) >= sizeof(out->sun_path))
		return "has a path of more than 107 bytes";
	out->sun_family = AF_UNIX;
	memcpy(out->sun_path, path, strlen(path) + 1);
	return NULL;
}

/* 1 to 65535 in network byte order, or 0. */
static in_port_t
parse_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long n = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;

	return n <= UINT16_MAX ? htons((uint16_t)n) : 0;
}

/* `colon`: the last one, before the port. */
static bool
parse_inet(const char *text, const char *colon, union ts_http_address *out)
{
	char host[INET6_ADDRSTRLEN];
	bool bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	size_t len = (size_t)(colon - text) - (bracketed ? 2 : 0);

	if (len >= sizeof(host))
		return false;
	memcpy(host, text + (bracketed ? 1 : 0), len);
	host[len] = '\0';
	if (bracketed) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = parse_port(colon + 1);
		return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = parse_port(colon + 1);
	return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

const char *
ts_http_address_parse(const char *text, union ts_http_address *out)
{
	const char *colon = strrchr(text, ':');

	memset(out, 0, sizeof(*out));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(text + 5, &out->local);
	if (colon == NULL || !parse_inet(text, colon, out))
		return "is none of ADDRESS:PORT, [ADDRESS]:PORT and unix:/PATH";
	/* The port is in the same place for both families. */
	return out->v4.sin_port != 0 ? NULL : "has no port from 1 to 65535";
}

void
ts_finish_http(struct ts_load *l, const struct ts_node *map, const char *path, void *base)
{
	struct ts_config *cfg = base;

	(void)l;
	(void)map;
	(void)path;
	cfg->http.enabled = true;
}

static void
check_list(struct ts_load *l, const char *key, const char (*list)[TS_HTTP_LISTEN_LEN], unsigned n)
{
	union ts_http_address address;
	char path[TS_PATH_TEXT];

	for (unsigned i = 0; i < n; i++) {
		const char *why = list[i][0] == '\0' ? NULL : ts_http_address_parse(list[i], &address);

		ts_item(path, key, i, "");
		if (why != NULL)
			ts_fault_at(l, path, "`%.64s` %s", list[i], why);
		else if (strncmp(list[i], "unix:", 5) == 0 && strcmp(list[i] + 5, l->cfg->control.socket) == 0)
			ts_fault_at(l, path, "`%.64s` is control.socket", list[i]);
	}
}

void
ts_check_http(struct ts_load *l)
{
	const struct ts_config *cfg = l->cfg;
	char path[TS_PATH_TEXT];

	if (!cfg->http.enabled)
		return;
	check_list(l, "http.listen", cfg->http.listen, cfg->http.n_listen);
	check_list(l, "http.metrics-listen", cfg->http.metrics_listen, cfg->http.n_metrics_listen);
	for (unsigned i = 0; i < cfg->http.n_metrics_listen; i++) {
		const char *text = cfg->http.metrics_listen[i];

		ts_item(path, "http.metrics-listen", i, "");
		for (unsigned k = 0; k < cfg->http.n_listen && text[0] != '\0'; k++)
			if (strcmp(text, cfg->http.listen[k]) == 0)
				ts_fault_at(l, path, "`%.64s` is in http.listen, too", text);
	}
}
