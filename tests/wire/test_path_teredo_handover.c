/* SPDX-License-Identifier: BSD-3-Clause */
/* From Teredo into every other tunnel of the box, and back (protocols.md G31, G49), for clients known and unknown. */
#include "path_teredo.h"
#include "path_tests.h"

/* G31: to and from every other tunnel of the box; G49 back through the first. */
static const struct other_end {
	const char *relay, *v4, *v6;
	enum ts_mechanism mechanism;
	uint8_t ttl;
	bool copies_ecn;
	enum ts_counter decap, encap, hairpin;
} ends[] = {
	{X_RELAY, X_SITE, X_USER, TS_MECH_6TO4, 64, false, TS_C_6to4_decap_packets, TS_C_6to4_encap_packets,
		TS_C_drop_6to4_decap_hairpin},
	{A_BR, A_CE, A_USER, TS_MECH_6RD, 64, true, TS_C_6rd_decap_packets, TS_C_6rd_encap_packets,
		TS_C_drop_6rd_decap_hairpin},
	{S_ROUTER, S_HOST, S_USER, TS_MECH_ISATAP, 64, false, TS_C_isatap_decap_packets, TS_C_isatap_encap_packets,
		TS_C_drop_isatap_decap_hairpin},
};

static void
handed_over(const struct other_end *e, const struct client *c)
{
	struct outer_header o = {.src = e->relay, .dst = e->v4, .ttl = e->ttl};
	uint8_t p[2048], want[2048];
	size_t n;

	n = make_v6(PAYLOAD(p), c->v6, e->v6, 24);
	PAYLOAD(p)[7] = 2;
	send_ip(p, from_client(p, c, n));
	assert_forwarded(&o, PAYLOAD(p), n);
	assert_int_equal(moved(TS_C_teredo_decap_packets), 1);
	assert_int_equal(moved(e->encap), 1);
	n = make_tunnelled(p, e->v4, e->relay, e->v6, c->v6, 1240);
	p[27] = 2;
	p[21] = 0x20;
	p[1] = 3;
	set_v4_length(p, n);
	send_ip(p, n);
	memcpy(want, p + 20, n - 20);
	want[1] = 0x30;
	assert_no_drops();
	assert_next_to(c, want, n - 20);
	assert_int_equal(moved(e->decap), 1);
	assert_int_equal(moved(TS_C_teredo_encap_packets), 1);
}

/* Errors of the second tunnel go back through the first. */
static void
errors_handed_back(const struct other_end *e, const struct client *c)
{
	struct outer_header o = {.src = e->relay, .dst = e->v4, .ttl = e->ttl};
	uint8_t p[2048], want[2048];
	size_t n;

	n = make_tunnelled(p, e->v4, e->relay, e->v6, c->v6, 1241);
	send_ip(p, n);
	assert_error(&o, &(struct icmp6_error){.type = 2, .word = 1280}, p + 20, n - 20);
	set_route(AF_INET, c->v4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_UNREACHABLE));
	n = make_tunnelled(p, e->v4, e->relay, e->v6, c->v6, 24);
	send_ip(p, n);
	assert_error(&o, &(struct icmp6_error){.type = 1, .code = 3}, p + 20, n - 20);
	del_route(AF_INET, c->v4, 32);
	set_route(AF_INET, e->v4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_PROHIBIT));
	n = make_v6(PAYLOAD(p), c->v6, e->v6, 24);
	send_ip(p, from_client(p, c, n));
	assert_no_drops();
	assert_next_udp(
		c->v4, c->port, want, make_error(want, &(struct icmp6_error){.type = 1, .code = 1}, PAYLOAD(p), n));
	del_route(AF_INET, e->v4, 32);
}

/* One that is not known waits, as it came out of the first tunnel; what becomes of it is said through that one. */
static void
waits(const struct other_end *e, const struct client *c, bool answers)
{
	struct outer_header o = {.src = e->relay, .dst = e->v4, .ttl = e->ttl};
	uint8_t p[2048], bubble[128];
	size_t n;

	n = make_tunnelled(p, e->v4, e->relay, e->v6, c->v6, 24);
	send_ip(p, n);
	assert_no_drops();
	assert_next_bubble(c);
	if (answers) {
		send_ip(bubble, make_bubble(bubble, c, R_B));
		assert_next_to(c, p + 20, n - 20);
		assert_nothing_sent();
	} else {
		mark();
		let_pass(11);
		assert_error(&o, &(struct icmp6_error){.type = 1, .code = 3}, p + 20, n - 20);
	}
}

static void
refused_by_policy(const struct other_end *e, const struct client *c)
{
	uint8_t p[256];

	rig.cfg.handover[TS_MECH_TEREDO][e->mechanism] = false;
	relay_apply();
	send_ip(p, from_client(p, c, make_v6(PAYLOAD(p), c->v6, e->v6, 24)));
	assert_dropped(TS_C_drop_teredo_decap_hairpin);
	rig.cfg.handover[TS_MECH_TEREDO][e->mechanism] = true;
	rig.cfg.handover[e->mechanism][TS_MECH_TEREDO] = false;
	relay_apply();
	send_ip(p, make_tunnelled(p, e->v4, e->relay, e->v6, c->v6, 24));
	assert_dropped(e->hairpin);
	rig.cfg.handover[e->mechanism][TS_MECH_TEREDO] = true;
	relay_apply();
}

void
test_teredo_handover(void **state)
{
	(void)state;
	relay_setup();
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(ends); i++) {
		for (unsigned owner = 0; owner < RIG_N_WORKERS; owner++) {
			struct client c = client_owned(owner, 3 * (unsigned)i), a = client_owned(owner, 3 * i + 1),
				      b = client_owned(owner, 3 * i + 2);

			plant(&c, 0);
			handed_over(&ends[i], &c);
			errors_handed_back(&ends[i], &c);
			refused_by_policy(&ends[i], &c);
			handed_over(&ends[i], &c);
			waits(&ends[i], &a, true);
			waits(&ends[i], &b, false);
		}
	}
	relay_done();
}
