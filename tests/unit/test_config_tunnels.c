/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of 6rd, ISATAP, handover and access: defaults, and what each key puts into the model. Its faults
 * are in test_config_tunnel_faults.c.
 */
#include "test_config_faults.h"

#include <arpa/inet.h>

static void
assert_prefix4(const struct ts_prefix4 *p, const char *addr, unsigned len)
{
	assert_int_equal(p->addr, v4(addr));
	assert_int_equal(p->len, len);
}

static void
assert_handover(const struct ts_config *c)
{
	for (unsigned from = 0; from < TS_N_MECHS; from++)
		for (unsigned to = 0; to < TS_N_MECHS; to++)
			assert_int_equal(
				c->handover[from][to], from != to || (from != TS_MECH_6TO4 && from != TS_MECH_TEREDO));
}

static void
test_defaults(void **state)
{
	const struct ts_config *c = &test_cfg;

	(void)state;
	ts_config_init(&test_cfg);
	assert_int_equal(c->n_sixrd, 0);
	assert_int_equal(c->n_isatap, 0);
	assert_handover(c);
	assert_int_equal(c->access.n_deny4, 0);
	assert_int_equal(c->access.n_allow4, 0);
	assert_int_equal(c->access.n_deny6, 0);
	assert_int_equal(c->access.per_site4.per_second, 0);
	assert_int_equal(c->access.per_prefix6.per_second, 0);
	assert_int_equal(c->limits.icmp6_per_prefix.per_second, 100);
	assert_int_equal(c->limits.icmp4_errors.per_second, 10000);
	assert_int_equal(c->limits.icmp4_errors_per_source.burst, 100);
	assert_false(c->sixto4.mirror);
	assert_false(c->sixto4.mss_clamp);
	assert_false(c->sixto4.dynamic_mtu);
	ts_config_free(&test_cfg);
}

static void
test_6rd_defaults(void **state)
{
	const struct ts_cfg_6rd *c = &test_cfg.sixrd[0];

	(void)state;
	test_load_fine(DOMAIN(""));
	assert_int_equal(test_cfg.n_sixrd, 1);
	assert_string_equal(c->name, "isp");
	assert_v6(&c->map.prefix.addr, "2001:db8:600::");
	assert_int_equal(c->map.prefix.len, 40);
	assert_int_equal(c->map.ipv4_mask_len, 0);
	assert_int_equal(c->map.ipv4_common, 0);
	assert_int_equal(c->br, v4("10.0.0.1"));
	assert_false(c->anycast);
	assert_int_equal(c->mtu, 1280);
	assert_false(c->df);
	assert_int_equal(c->ttl, 64);
	assert_int_equal(c->dscp, TS_DSCP_COPY);
	assert_int_equal(c->ecn, TS_ECN_NORMAL);
	assert_int_equal(c->hairpin, TS_6RD_HAIRPIN_SELF);
	assert_false(c->allow_ula);
	assert_int_equal(c->n_known_relays, 0);
	assert_false(c->mss_clamp);
	assert_false(c->dynamic_mtu);
	assert_int_equal(c->line, 7);
	ts_config_free(&test_cfg);
}

static void
test_6rd_values(void **state)
{
	const struct ts_cfg_6rd *c = test_cfg.sixrd;

	(void)state;
	test_load_fine(RELAY "6rd:\n"
			     "  - {" DOMAIN_KEYS ", anycast: yes, ipv4-mask-len: 8, mtu: 1480, ttl: 3, dscp: zero,\n"
			     "     ecn: compat, hairpin: all, allow-ula: yes, known-relays: [10.9.0.0/16, 10.8.0.1],\n"
			     "     mss-clamp: yes, dynamic-mtu: yes}\n"
			     "  - {name: b, prefix: \"fd00::/32\", br: 192.0.2.1, ipv4-mask-len: 12,\n"
			     "     ipv4-common: 172.19.1.2, allow-ula: on, df: yes, hairpin: none}\n"
			     "  - {name: c, prefix: \"2001:db8:7::/96\", br: 192.0.2.2, anycast: yes, df: yes}\n");
	assert_int_equal(test_cfg.n_sixrd, 3);
	/* Without `ipv4-common`: the relay's own bits. */
	assert_int_equal(c[0].map.ipv4_common, v4("10.0.0.0"));
	assert_true(c[0].anycast);
	assert_true(c[0].df);
	assert_int_equal(c[0].mtu, 1480);
	assert_int_equal(c[0].ttl, 3);
	assert_int_equal(c[0].dscp, TS_DSCP_ZERO);
	assert_int_equal(c[0].ecn, TS_ECN_COMPAT);
	assert_int_equal(c[0].hairpin, TS_6RD_HAIRPIN_ALL);
	assert_true(c[0].allow_ula);
	assert_int_equal(c[0].n_known_relays, 2);
	assert_prefix4(&c[0].known_relays[0], "10.9.0.0", 16);
	assert_prefix4(&c[0].known_relays[1], "10.8.0.1", 32);
	assert_true(c[0].mss_clamp);
	assert_true(c[0].dynamic_mtu);
	/* The relay may be outside (protocols.md D21). */
	assert_int_equal(c[1].map.ipv4_mask_len, 12);
	assert_int_equal(c[1].map.ipv4_common, v4("172.16.0.0"));
	assert_true(c[1].df);
	assert_int_equal(c[1].hairpin, TS_6RD_HAIRPIN_NONE);
	assert_int_equal(c[2].map.prefix.len, 96);
	assert_true(c[2].df);
	ts_config_free(&test_cfg);
}

static void
test_isatap_defaults(void **state)
{
	const struct ts_cfg_isatap *c = &test_cfg.isatap[0];

	(void)state;
	test_load_fine(SITE(""));
	assert_int_equal(test_cfg.n_isatap, 1);
	assert_string_equal(c->name, "campus");
	assert_int_equal(c->address, v4("10.0.0.2"));
	assert_v6(&c->prefix.addr, "2001:db8:1:2::");
	assert_int_equal(c->prefix.len, 64);
	assert_int_equal(c->n_site, 1);
	assert_prefix4(&c->site[0], "10.0.0.0", 8);
	assert_int_equal(c->n_prl, 1);
	assert_int_equal(c->prl[0], v4("10.0.0.2"));
	assert_false(c->u_bit);
	assert_int_equal(c->mtu, 1280);
	assert_int_equal(c->ttl, 64);
	assert_int_equal(c->dscp, TS_DSCP_ZERO);
	assert_int_equal(c->ecn, TS_ECN_COMPAT);
	assert_false(c->allow_ula);
	assert_int_equal(c->router_lifetime, 1800);
	assert_int_equal(c->valid, 2592000);
	assert_int_equal(c->preferred, 604800);
	assert_true(c->on_link);
	assert_true(c->autonomous);
	assert_int_equal(c->n_dns, 0);
	assert_int_equal(c->n_dns_search, 0);
	assert_int_equal(c->dns_lifetime, 1800);
	assert_false(c->mss_clamp);
	assert_false(c->dynamic_mtu);
	assert_int_equal(c->line, 7);
	ts_config_free(&test_cfg);
}

static void
test_isatap_values(void **state)
{
	const struct ts_cfg_isatap *c = test_cfg.isatap;

	(void)state;
	test_load_fine(
		RELAY "isatap:\n"
		      "  - {" SITE_KEYS ", prl: [10.0.0.3, 10.0.0.4], u-bit: yes, mtu: 1400, ttl: 9, dscp: copy,\n"
		      "     ecn: normal, router-lifetime: 65535, valid: 4294967295, preferred: 4294967295,\n"
		      "     on-link: no, autonomous: no, dns: [\"2001:db8::53\", \"2001:db8::54\"],\n"
		      "     dns-search: [a.example, b-c.9.example], dns-lifetime: 0, mss-clamp: yes,\n"
		      "     dynamic-mtu: yes}\n"
		      "  - {name: b, address: 198.51.100.1, prefix: \"fd00:0:0:1::/64\", allow-ula: yes,\n"
		      "     site: [198.51.100.0/24, 203.0.113.7], prl: [203.0.113.7, 198.51.100.1]}\n");
	assert_int_equal(test_cfg.n_isatap, 2);
	assert_int_equal(c[0].n_prl, 3);
	assert_int_equal(c[0].prl[1], v4("10.0.0.4"));
	assert_int_equal(c[0].prl[2], v4("10.0.0.2"));
	assert_true(c[0].u_bit);
	assert_int_equal(c[0].mtu, 1400);
	assert_int_equal(c[0].ttl, 9);
	assert_int_equal(c[0].dscp, TS_DSCP_COPY);
	assert_int_equal(c[0].ecn, TS_ECN_NORMAL);
	assert_int_equal(c[0].router_lifetime, 65535);
	assert_int_equal(c[0].valid, UINT32_MAX);
	assert_int_equal(c[0].preferred, UINT32_MAX);
	assert_false(c[0].on_link);
	assert_false(c[0].autonomous);
	assert_int_equal(c[0].n_dns, 2);
	assert_v6(&c[0].dns[1], "2001:db8::54");
	assert_int_equal(c[0].n_dns_search, 2);
	assert_string_equal(c[0].dns_search[1], "b-c.9.example");
	assert_int_equal(c[0].dns_lifetime, 0);
	assert_true(c[0].mss_clamp);
	assert_true(c[0].dynamic_mtu);
	/* An own host address is the usual one of a router. */
	assert_true(c[1].allow_ula);
	assert_int_equal(c[1].n_site, 2);
	assert_prefix4(&c[1].site[1], "203.0.113.7", 32);
	assert_int_equal(c[1].n_prl, 2);
	assert_int_equal(c[1].prl[1], v4("198.51.100.1"));
	ts_config_free(&test_cfg);
}

static void
test_handover_and_access(void **state)
{
	const struct ts_config *c = &test_cfg;

	(void)state;
	test_load_fine(BASE "handover: {6to4-6rd: no, 6rd-6rd: no, isatap-6to4: no}\n"
			    "access:\n"
			    "  deny-ipv4: [10.0.0.0/8, 192.0.2.1]\n"
			    "  allow-ipv4: [0.0.0.0/0, 192.0.2.0/24]\n"
			    "  deny-ipv6: [\"2001:db8::/32\", \"2001:db9::1\"]\n"
			    "  rate-per-site: 1000\n"
			    "  rate-per-prefix: {per-second: 5, burst: 7}\n"
			    "limits: {icmp6-per-prefix: 1, icmp4-errors: 2, icmp4-errors-per-source: 3}\n");
	assert_false(c->handover[TS_MECH_6TO4][TS_MECH_6RD]);
	assert_true(c->handover[TS_MECH_6TO4][TS_MECH_ISATAP]);
	assert_true(c->handover[TS_MECH_6RD][TS_MECH_6TO4]);
	assert_false(c->handover[TS_MECH_6RD][TS_MECH_6RD]);
	assert_false(c->handover[TS_MECH_ISATAP][TS_MECH_6TO4]);
	assert_int_equal(c->access.n_deny4, 2);
	assert_prefix4(&c->access.deny4[1], "192.0.2.1", 32);
	assert_int_equal(c->access.n_allow4, 2);
	assert_prefix4(&c->access.allow4[0], "0.0.0.0", 0);
	assert_int_equal(c->access.n_deny6, 2);
	assert_int_equal(c->access.deny6[1].len, 128);
	assert_int_equal(c->access.per_site4.burst, 1000);
	assert_int_equal(c->access.per_prefix6.per_second, 5);
	assert_int_equal(c->access.per_prefix6.burst, 7);
	assert_int_equal(c->limits.icmp6_per_prefix.per_second, 1);
	assert_int_equal(c->limits.icmp4_errors.per_second, 2);
	assert_int_equal(c->limits.icmp4_errors_per_source.per_second, 3);
	ts_config_free(&test_cfg);
}

/* Every key of the handover section sets its own place. */
static void
test_handover_each(void **state)
{
	static const char *const names[TS_N_MECHS] = {"6to4", "6rd", "isatap", "teredo"};
	char text[1024];

	(void)state;
	for (unsigned from = 0; from < TS_N_MECHS; from++) {
		for (unsigned to = 0; to < TS_N_MECHS; to++) {
			if (from == to && (from == TS_MECH_6TO4 || from == TS_MECH_TEREDO))
				continue;
			snprintf(text, sizeof(text), BASE "handover: {%s-%s: no}\n", names[from], names[to]);
			test_load_fine(text);
			assert_false(test_cfg.handover[from][to]);
			test_cfg.handover[from][to] = true;
			assert_handover(&test_cfg);
			ts_config_free(&test_cfg);
		}
	}
}

static void
test_mirror(void **state)
{
	const struct ts_cfg_6to4 *c = &test_cfg.sixto4;

	(void)state;
	test_load_fine(RELAY "6to4: {anycast: yes, addresses: [192.0.2.1], source: mirror, mss-clamp: yes, "
			     "dynamic-mtu: yes}\n");
	assert_true(c->mirror);
	assert_int_equal(c->tx_source, TS_6TO4_ANYCAST);
	assert_true(c->mss_clamp);
	assert_true(c->dynamic_mtu);
	test_load_fine(RELAY "6to4: {addresses: [192.0.2.1], source: mirror}\n");
	assert_true(c->mirror);
	assert_int_equal(c->tx_source, v4("192.0.2.1"));
	test_load_fine(BASE "local: {icmp6-source: \"2002:c000:201::1\"}\n"
			    "6to4: {addresses: [192.0.2.1], source: mirror}\n");
	assert_true(c->mirror);
	ts_config_free(&test_cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_6rd_defaults),
		cmocka_unit_test(test_6rd_values),
		cmocka_unit_test(test_isatap_defaults),
		cmocka_unit_test(test_isatap_values),
		cmocka_unit_test(test_handover_and_access),
		cmocka_unit_test(test_handover_each),
		cmocka_unit_test(test_mirror),
	};

	return cmocka_run_group_tests(tests, NULL, test_forget);
}
