/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the HTTP server may listen, as http.listen writes it.
 */
#ifndef TS_CONFIG_HTTP_H
#define TS_CONFIG_HTTP_H

#include <netinet/in.h>
#include <sys/un.h>

union ts_http_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

/* "127.0.0.1:9464", "[::1]:9464" or "unix:/path". NULL, or what is wrong with the text. */
const char *ts_http_address_parse(const char *text, union ts_http_address *out);

#endif
