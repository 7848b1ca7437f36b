/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FPM connection: is FRR there, what has it told, and what of it is stale.
 */
#include <arpa/inet.h>

#include "control/fpm.h"
#include "control/show.h"

static json_t *
figures(const struct ts_control *c)
{
	struct ts_fpm_stats st;
	char address[INET6_ADDRSTRLEN];
	json_t *o;

	ts_fpm_stats(c->fpm, &st);
	inet_ntop(c->cfg.fpm.address.family, &c->cfg.fpm.address.v6, address, sizeof(address));
	o = json_pack("{s:s, s:i, s:b, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "address", address,
		"port", (int)st.port, "connected", (int)st.connected, "since_s", (double)st.since_ms / 1000, "routes",
		(json_int_t)st.routes, "next_hop_objects", (json_int_t)st.next_hop_objects, "connections",
		(json_int_t)st.connections, "messages", (json_int_t)st.messages, "bytes", (json_int_t)st.bytes,
		"parse_errors", (json_int_t)st.parse_errors, "foreign", (json_int_t)st.foreign, "in_tunnel",
		(json_int_t)st.in_tunnel, "swept", (json_int_t)st.swept, "refused", (int)st.refused);
	json_object_set_new(o, "stale_for_s", st.stale_ms < 0 ? json_null() : json_real((double)st.stale_ms / 1000));
	return o;
}

void
ts_show_fpm(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	(void)arg;
	if (c->fpm == NULL)
		ts_answer_error(c, out, "routes do not come by FPM: there is no section \"fpm\" in the configuration");
	else
		out->whole = json_pack("{s:o}", "fpm", figures(c));
}
