/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's access lists and rates (protocols.md S24), and addresses of one tunnel that come natively for another
 * (O20). The rates of the rig's workers are unlimited, so that they disturb no other test: here they are set in the
 * worker itself.
 */
#define TS_MAY_BLOCK
#include "dataplane/worker_priv.h"
#include "path_tests.h"
#include "path_tunnels.h"

/* A user behind a tunnel, and the counters of both directions. */
static const struct {
	const char *relay, *v4, *v6;
	enum ts_counter encap_dst_denied, encap_src_denied, encap_site, encap_prefix;
	enum ts_counter decap_src_denied, decap_dst_denied, decap_site, decap_prefix;
} users[] = {
	{X_RELAY, X_SITE, X_USER, TS_C_drop_6to4_encap_dst_denied, TS_C_drop_6to4_encap_src_denied,
		TS_C_drop_6to4_encap_site_limited, TS_C_drop_6to4_encap_prefix_limited,
		TS_C_drop_6to4_decap_v4_src_denied, TS_C_drop_6to4_decap_dst_denied, TS_C_drop_6to4_decap_site_limited,
		TS_C_drop_6to4_decap_prefix_limited},
	{A_BR, A_CE, A_USER, TS_C_drop_6rd_encap_dst_denied, TS_C_drop_6rd_encap_src_denied,
		TS_C_drop_6rd_encap_site_limited, TS_C_drop_6rd_encap_prefix_limited, TS_C_drop_6rd_decap_v4_src_denied,
		TS_C_drop_6rd_decap_dst_denied, TS_C_drop_6rd_decap_site_limited, TS_C_drop_6rd_decap_prefix_limited},
	/* a site has its own list, so that here a denied host is simply outside */
	{S_ROUTER, S_HOST, S_USER, TS_C_drop_isatap_encap_dst_not_site, TS_C_drop_isatap_encap_src_denied,
		TS_C_drop_isatap_encap_site_limited, TS_C_drop_isatap_encap_prefix_limited,
		TS_C_drop_isatap_decap_v4_src_not_site, TS_C_drop_isatap_decap_dst_denied,
		TS_C_drop_isatap_decap_site_limited, TS_C_drop_isatap_decap_prefix_limited},
};

static void
list4(struct ts_prefix4 *list, unsigned *n, const char *text, uint8_t len)
{
	put_v4((uint8_t *)&list[*n].addr, text);
	list[(*n)++].len = len;
}

static void
no_lists(void)
{
	rig.cfg.access.n_deny4 = rig.cfg.access.n_allow4 = rig.cfg.access.n_deny6 = 0;
	path_apply();
}

static size_t
make_in(uint8_t *p, size_t i)
{
	return make_v6(p, NATIVE, users[i].v6, 24);
}

static size_t
make_out(uint8_t *p, size_t i)
{
	return make_tunnelled(p, users[i].v4, users[i].relay, users[i].v6, NATIVE, 24);
}

static void
assert_both_pass(size_t i)
{
	uint8_t p[256], got[RIG_FRAME_MAX];

	send_ip(p, make_in(p, i));
	assert_no_drops();
	assert_true(rig_receive(&rig, got) != 0);
	send_ip(p, make_out(p, i));
	assert_forwarded(NULL, p + 20, 64);
}

static void
assert_far_end_denied(size_t i)
{
	uint8_t p[256];

	send_ip(p, make_in(p, i));
	assert_dropped(users[i].encap_dst_denied);
	send_ip(p, make_out(p, i));
	assert_dropped(users[i].decap_src_denied);
}

void
test_access_ipv4(void **state)
{
	struct ts_config *c = &rig.cfg;

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(users); i++) {
		list4(c->access.deny4, &c->access.n_deny4, users[i].v4, 32);
		path_apply();
		assert_far_end_denied(i);
		assert_both_pass((i + 1) % RTE_DIM(users));
		/* denied although allowed; allowed; not among the allowed */
		list4(c->access.allow4, &c->access.n_allow4, users[i].v4, 32);
		path_apply();
		assert_far_end_denied(i);
		c->access.n_deny4 = 0;
		path_apply();
		assert_both_pass(i);
		assert_far_end_denied((i + 1) % RTE_DIM(users));
		no_lists();
	}
	/* out of a domain and back into it */
	rig.cfg.sixrd[DOMAIN_A].hairpin = TS_6RD_HAIRPIN_ALL;
	list4(c->access.deny4, &c->access.n_deny4, A_OTHER_CE, 32);
	path_apply();

	uint8_t p[256];

	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, A_OTHER_USER, 24));
	assert_dropped(TS_C_drop_6rd_decap_dst_denied);
	no_lists();
}

void
test_access_ipv6(void **state)
{
	struct ts_config *c = &rig.cfg;
	uint8_t p[256];

	(void)state;
	put_v6(c->access.deny6[0].addr.s6_addr, "2001:db8::");
	c->access.deny6[0].len = 64;
	c->access.n_deny6 = 1;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(users); i++) {
		send_ip(p, make_in(p, i));
		assert_dropped(users[i].encap_src_denied);
		send_ip(p, make_out(p, i));
		assert_dropped(users[i].decap_dst_denied);
		send_ip(p, make_tunnelled(p, users[i].v4, users[i].relay, users[i].v6, "2001:db8:0:1::1", 24));
		assert_forwarded(NULL, p + 20, 64);
	}
	no_lists();
}

static void
set_rate(enum ts_keyed_limit limit, uint32_t per_second)
{
	for (unsigned w = 0; w < RIG_N_WORKERS; w++)
		ts_prefix_limiter_init(&rig.workers[w]->keyed[limit], rte_get_tsc_hz(), per_second, per_second, 1);
}

void
test_access_rates(void **state)
{
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(users); i++) {
		set_rate(TS_KEYED_SITE, PATH_BURST);
		assert_limited(p, make_in(p, i), users[i].encap_site);
		assert_limited(p, make_out(p, i), users[i].decap_site);
		set_rate(TS_KEYED_SITE, 0);
		set_rate(TS_KEYED_NATIVE, PATH_BURST);
		assert_limited(p, make_in(p, i), users[i].encap_prefix);
		assert_limited(p, make_out(p, i), users[i].decap_prefix);
		set_rate(TS_KEYED_NATIVE, 0);
	}
}

/* G42, G50, G55: one destination's or one router's share of the errors. */
void
test_error_rates(void **state)
{
	uint8_t p[2048];
	uint16_t sum;
	size_t n;

	(void)state;
	/* that it is this limit: as many of another prefix still pass */
	set_rate(TS_KEYED_ICMP6_PREFIX, PATH_BURST / 2);
	for (unsigned i = 0; i < PATH_BURST; i++) {
		uint8_t got[RIG_FRAME_MAX];

		n = make_v6(p, i % 2 == 0 ? NATIVE : "2001:db8:0:1::1", X_USER, 1441);
		send_ip(p, n);
		assert_no_drops();
		assert_true(rig_receive(&rig, got) != 0);
	}
	rig_advance_ms(&rig, 500); /* the common bucket is not the one that is empty */
	n = make_v6(p, NATIVE, X_USER, 1441);
	for (unsigned i = 0; i < PATH_BURST / 4; i++) {
		uint8_t got[RIG_FRAME_MAX];

		send_ip(p, n);
		assert_true(rig_receive(&rig, got) != 0);
	}
	send_ip(p, n);
	assert_dropped(TS_C_drop_6to4_encap_icmp6_limited);
	set_rate(TS_KEYED_ICMP6_PREFIX, 0);

	rig_advance_ms(&rig, 600000);
	memset(p, 0, sizeof(p));
	n = make_v6(p + 48, NATIVE, X_USER, 24);
	make_v4(p + 28, X_RELAY, X_SITE, 41, n);
	p[20] = 3;
	p[21] = 1;
	sum = (uint16_t)~rte_raw_cksum(p + 20, 28 + n);
	memcpy(p + 22, &sum, 2);
	make_v4(p, "203.0.113.9", X_RELAY, 1, 28 + n);
	set_rate(TS_KEYED_ICMP4_SOURCE, 1);
	send_ip(p, 48 + n);
	assert_no_drops();
	assert_error(NULL, &(struct icmp6_error){.type = 1, .code = 3}, p + 48, n);
	send_ip(p, 48 + n);
	assert_dropped(TS_C_drop_ip4_local_icmp4_limited);
	make_v4(p, "203.0.113.10", X_RELAY, 1, 28 + n);
	send_ip(p, 48 + n);
	assert_error(NULL, &(struct icmp6_error){.type = 1, .code = 3}, p + 48, n);
	set_rate(TS_KEYED_ICMP4_SOURCE, 0);
}

/* O20: nobody else sends from an address of the box, be it a service address or one that the kernel has, too. */
void
test_own_sources(void **state)
{
	static const struct {
		const char *dst;
		enum ts_counter counter;
	} cases[] = {
		{X_USER, TS_C_drop_6to4_encap_src_own},
		{A_USER, TS_C_drop_6rd_encap_src_own},
		{S_USER, TS_C_drop_isatap_encap_src_own},
	};
	static const char *const own[] = {PATH_ID6, "2001:db8:100::1"};
	uint8_t p[256], got[RIG_FRAME_MAX];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		for (size_t k = 0; k < RTE_DIM(own); k++) {
			send_ip(p, make_v6(p, own[k], cases[i].dst, 24));
			assert_dropped(cases[i].counter);
		}
	}
	send_ip(p, make_echo6(p, PATH_ID6, PATH_ID6));
	assert_dropped(TS_C_drop_ip6_local_src_own);

	/* every other address passes, whatever bit of the filter it meets */
	for (unsigned i = 0; i < 20000; i++) {
		make_v6(p, "2001:db8:7::1", X_USER, 24);
		p[14] = (uint8_t)(i >> 8);
		p[15] = (uint8_t)i;
		send_ip(p, 64);
		assert_no_drops();
		assert_int_not_equal(rig_receive(&rig, got), 0);
	}
}

/* O20: what is inside one tunnel does not come from outside for another. */
void
test_foreign_sources(void **state)
{
	static const struct {
		const char *src, *dst;
		enum ts_counter counter;
	} cases[] = {
		{A_USER, X_USER, TS_C_drop_6to4_encap_src_6rd},
		{S_USER, X_USER, TS_C_drop_6to4_encap_src_isatap},
		{B_USER, A_USER, TS_C_drop_6rd_encap_src_6rd},
		{S_USER, A_USER, TS_C_drop_6rd_encap_src_isatap},
		{A_USER, S_USER, TS_C_drop_isatap_encap_src_6rd},
		{T_USER, S_USER, TS_C_drop_isatap_encap_src_isatap},
	};
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		send_ip(p, make_v6(p, cases[i].src, cases[i].dst, 24));
		assert_dropped(cases[i].counter);
	}
}
