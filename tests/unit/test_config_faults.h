/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Texts with one fault each, and what must be said about them: one message, with the line and the key.
 */
#ifndef TS_TEST_CONFIG_FAULTS_H
#define TS_TEST_CONFIG_FAULTS_H

#include "config_util.h"

/* Lines 1 to 4; a case's own text begins on line 5. */
#define BASE                                         \
	"ports:\n"                                   \
	"  - {name: ix, device: \"0000:01:00.0\"}\n" \
	"interfaces:\n"                              \
	"  - {name: ix0, port: ix, addresses: [198.51.100.1/24, \"2001:db8:100::1/64\"]}\n"
#define PORT "ports: [{name: ix, device: net_null0}]\n"
#define IFACE "interfaces: [{name: ix0, port: ix}]\n"
#define ID6 "local: {icmp6-source: \"2001:db8:6::1\"}\n"

/* Line 5: what every tunnel needs. A case's own text begins on line 6. */
#define RELAY BASE ID6
#define DOMAIN_KEYS "name: isp, prefix: \"2001:db8:600::/40\", br: 10.0.0.1"
#define SITE_KEYS "name: campus, address: 10.0.0.2, prefix: \"2001:db8:1:2::/64\", site: [10.0.0.0/8]"
#define DOMAIN(more) RELAY "6rd:\n  - {" DOMAIN_KEYS more "}\n"
#define SITE(more) RELAY "isatap:\n  - {" SITE_KEYS more "}\n"
/* `more` may go on to further lines. */
#define TEREDO(more) RELAY "teredo-relay: {address: 192.0.2.1" more "}\n"
#define SERVER(more) RELAY "teredo-server: {address: 192.0.2.1" more "}\n"

struct fault_case {
	const char *text;
	unsigned line;
	const char *key;
	const char *says;
};

#define RUN(cases) run(cases, sizeof(cases) / sizeof((cases)[0]))

static inline void
run(const struct fault_case *cases, size_t n)
{
	unsigned failed = 0;
	char want[256];

	for (size_t i = 0; i < n; i++) {
		const struct fault_case *c = &cases[i];

		snprintf(want, sizeof(want), "t.yaml:%u: %s%s", c->line, c->key, c->key[0] != '\0' ? ": " : "");
		if (test_load(c->text) == -1 && strncmp(test_said, want, strlen(want)) == 0 &&
			strstr(test_said, c->says) != NULL && test_lines_said() == 1)
			continue;
		print_error("for:\n%s\nwanted: %s… %s …\ngot: %s\n", c->text, want, c->says, test_said);
		ts_config_free(&test_cfg);
		failed++;
	}
	assert_int_equal(failed, 0);
}

#endif
