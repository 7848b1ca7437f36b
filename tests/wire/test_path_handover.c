/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one tunnel into another inside the box (protocols.md G31): every pair of mechanisms, domains and sites. All
 * rules of the way out, then those of the way in; the hop limit goes down by one in all; errors of the second go back
 * through the first.
 */
#include "path_tests.h"
#include "path_tunnels.h"

/* Somebody behind a tunnel, and the box's end of it. */
struct user {
	const char *relay, *v4, *v6;
	enum ts_mechanism mechanism;
	uint8_t ttl;
	bool df, copies_ecn;
	uint16_t mtu;
	enum ts_counter decap, encap, hairpin, blackhole;
};

static const struct user users[] = {
	{X_RELAY, X_SITE, X_USER, TS_MECH_6TO4, 64, false, false, 1480, TS_C_6to4_decap_packets,
		TS_C_6to4_encap_packets, TS_C_drop_6to4_decap_hairpin, TS_C_drop_6to4_encap_blackhole},
	{A_BR, A_CE, A_USER, TS_MECH_6RD, 64, false, true, 1280, TS_C_6rd_decap_packets, TS_C_6rd_encap_packets,
		TS_C_drop_6rd_decap_hairpin, TS_C_drop_6rd_encap_blackhole},
	{B_BR, B_CE, B_USER, TS_MECH_6RD, 61, true, true, 1480, TS_C_6rd_decap_packets, TS_C_6rd_encap_packets,
		TS_C_drop_6rd_decap_hairpin, TS_C_drop_6rd_encap_blackhole},
	{S_ROUTER, S_HOST, S_USER, TS_MECH_ISATAP, 64, false, false, 1280, TS_C_isatap_decap_packets,
		TS_C_isatap_encap_packets, TS_C_drop_isatap_decap_hairpin, TS_C_drop_isatap_encap_blackhole},
	{T_ROUTER, T_HOST, T_USER, TS_MECH_ISATAP, 62, false, false, 1280, TS_C_isatap_decap_packets,
		TS_C_isatap_encap_packets, TS_C_drop_isatap_decap_hairpin, TS_C_drop_isatap_encap_blackhole},
};

static struct outer_header
to_user(const struct user *u)
{
	return (struct outer_header){.src = u->relay, .dst = u->v4, .ttl = u->ttl, .df = u->df};
}

static void
for_each_pair(void (*test)(const struct user *from, const struct user *to))
{
	tunnels_setup();
	for (size_t i = 0; i < RTE_DIM(users); i++)
		for (size_t k = 0; k < RTE_DIM(users); k++)
			if (i != k)
				test(&users[i], &users[k]);
}

static size_t
make(uint8_t *p, const struct user *from, const struct user *to, size_t payload)
{
	return make_tunnelled(p, from->v4, from->relay, from->v6, to->v6, payload);
}

static void
handed_over(const struct user *from, const struct user *to)
{
	struct outer_header o = to_user(to);
	uint8_t p[2048];
	size_t n = make(p, from, to, to->mtu - 40u);

	for (size_t i = 60; i < n; i++)
		p[i] = (uint8_t)(i * 3);
	send_ip(p, n);
	assert_forwarded(&o, p + 20, n - 20);
	assert_int_equal(moved(from->decap), 1);
	assert_int_equal(moved(to->encap), 1);
	n = make(p, from, to, 24);
	p[27] = 2; /* G33 does not ask twice */
	send_ip(p, n);
	assert_forwarded(&o, p + 20, n - 20);
}

void
test_handover(void **state)
{
	(void)state;
	for_each_pair(handed_over);
}

/* G36, then G35 with what has come of it. */
static void
congestion(const struct user *from, const struct user *to)
{
	static const uint8_t inner[] = {2, 2, 1, 3}, outer[] = {3, 1, 0, 0}, result[] = {3, 1, 1, 3};
	struct outer_header o = to_user(to);
	uint8_t p[256], want[64];
	size_t n;

	for (size_t i = 0; i < RTE_DIM(inner); i++) {
		n = make(p, from, to, 24);
		p[21] = (uint8_t)(inner[i] << 4);
		p[1] = outer[i];
		p[10] = p[11] = 0;
		*(uint16_t *)(void *)(p + 10) = rte_ipv4_cksum((void *)p);
		send_ip(p, n);
		memcpy(want, p + 20, 64);
		want[1] = (uint8_t)(result[i] << 4);
		want[7]--;
		o.tos = to->copies_ecn ? result[i] : 0;
		assert_tunnelled(&o, want, 64);
	}
}

void
test_handover_ecn(void **state)
{
	(void)state;
	for_each_pair(congestion);
}

/* G49: what stands in the way of the second tunnel is said through the first, about the packet as it came out of it. */
static void
errors(const struct user *from, const struct user *to)
{
	struct outer_header back = to_user(from);
	uint8_t p[2048];
	size_t n = make(p, from, to, 24);

	p[27] = 1;
	send_ip(p, n);
	assert_error(&back, &(struct icmp6_error){.type = 3}, p + 20, n - 20);
	n = make(p, from, to, to->mtu - 40u + 1);
	send_ip(p, n);
	assert_error(&back, &(struct icmp6_error){.type = 2, .word = to->mtu}, p + 20, n - 20);
	set_route(AF_INET, to->v4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_UNREACHABLE));
	n = make(p, from, to, 24);
	send_ip(p, n);
	assert_error(&back, &(struct icmp6_error){.type = 1, .code = 3}, p + 20, n - 20);
	set_route(AF_INET, to->v4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_PROHIBIT));
	send_ip(p, n);
	assert_error(&back, &(struct icmp6_error){.type = 1, .code = 1}, p + 20, n - 20);
	set_route(AF_INET, to->v4, 32, ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE));
	send_ip(p, n);
	assert_dropped(to->blackhole);
	del_route(AF_INET, to->v4, 32);
	rig_advance_ms(&rig, 1000);
}

void
test_handover_errors(void **state)
{
	(void)state;
	for_each_pair(errors);
}

/* G53: so is what routers inside the second tunnel say by ICMPv4. */
static void
translated(const struct user *from, const struct user *to)
{
	struct outer_header back = to_user(from);
	uint8_t p[256] = {0};
	uint16_t sum;
	size_t n = make_v6(p + 48, from->v6, to->v6, 24);

	wrap(p + 28, to->relay, to->v4, n);
	p[20] = 3;
	p[21] = 1;
	sum = (uint16_t)~rte_raw_cksum(p + 20, 28 + n);
	memcpy(p + 22, &sum, 2);
	send_ip(p, make_v4(p, "203.0.113.9", to->relay, 1, 28 + n));
	assert_error(&back, &(struct icmp6_error){.type = 1, .code = 3}, p + 48, n);
	rig_advance_ms(&rig, 1000);
}

void
test_handover_icmp4_errors(void **state)
{
	(void)state;
	for_each_pair(translated);
}

/* The one pair that is off stays off; all others work. */
static void
refused_pair(const struct user *from, const struct user *to)
{
	struct outer_header o = to_user(from);
	uint8_t p[256];
	size_t n;

	rig.cfg.handover[from->mechanism][to->mechanism] = false;
	path_apply();
	n = make(p, from, to, 24);
	p[27] = 64;
	send_ip(p, n);
	assert_dropped(from->hairpin);
	if (from->mechanism != to->mechanism) {
		n = make(p, to, from, 24);
		send_ip(p, n);
		assert_forwarded(&o, p + 20, n - 20);
	}
	rig.cfg.handover[from->mechanism][to->mechanism] = true;
	path_apply();
}

void
test_handover_by_policy(void **state)
{
	(void)state;
	for_each_pair(refused_pair);
}

/* S7, S17: whatever policy says. */
void
test_handover_never_6to4_to_6to4(void **state)
{
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	assert_true(rig.cfg.handover[TS_MECH_6TO4][TS_MECH_6TO4]);
	send_ip(p, make_tunnelled(p, X_SITE, X_RELAY, X_USER, "2002:c000:22b::1", 24));
	assert_dropped(TS_C_drop_6to4_decap_dst_6to4);
}

/* G29: the guard of the first comes before the rules of the second, and each has its name. */
void
test_handover_loop_guard(void **state)
{
	struct ts_prefix6 *isatap = &rig.cfg.loop_guard.known_isatap[0];
	static const char to_router[] = "2001:db8:1:2:0:5efe:172.20.0.1";
	uint8_t p[256];

	(void)state;
	tunnels_setup();
	/* 6rd to our own 6to4 address; ISATAP and 6to4 to a domain's address of ours */
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "2002:c633:6401::1", 24));
	assert_dropped(TS_C_drop_6rd_decap_loop_dst);
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "2002:c633:6401::1", 24));
	assert_dropped(TS_C_drop_isatap_decap_loop_dst);
	send_ip(p, make_tunnelled(p, S_HOST, S_ROUTER, S_USER, "3fff:71:8cd9:40::1", 24));
	assert_dropped(TS_C_drop_6rd_encap_dst_own);
	/* a private router address in an ISATAP identifier is ours only where we know the prefix */
	send_ip(p, make_tunnelled(p, X_SITE, X_RELAY, X_USER, to_router, 24));
	assert_dropped(TS_C_drop_isatap_encap_dst_own);
	put_v6(isatap->addr.s6_addr, "2001:db8:1:2::");
	isatap->len = 64;
	rig.cfg.loop_guard.n_known_isatap = 1;
	path_apply();
	send_ip(p, make_tunnelled(p, X_SITE, X_RELAY, X_USER, to_router, 24));
	assert_dropped(TS_C_drop_6to4_decap_loop_dst);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, to_router, 24));
	assert_dropped(TS_C_drop_6rd_decap_loop_dst);
}

/* The silent rules of the second tunnel, for what comes out of the first. */
void
test_handover_second_refuses(void **state)
{
	uint8_t p[256];
	size_t n;

	(void)state;
	tunnels_setup();
	send_ip(p, make_tunnelled(p, X_SITE, X_RELAY, X_USER, "2001:d00:0:200::1", 24));
	assert_dropped(TS_C_drop_6rd_encap_dst_relay);
	send_ip(p, make_tunnelled(p, X_SITE, X_RELAY, X_USER, "2001:d00:0:100::1", 24));
	assert_dropped(TS_C_drop_6rd_encap_null_route);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "2002:a00:5::1", 24));
	assert_dropped(TS_C_drop_6to4_encap_dst_martian);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "2001:db8:1:2:0:5efe:172.20.0.2", 24));
	assert_dropped(TS_C_drop_isatap_encap_dst_prl);
	send_ip(p, make_tunnelled(p, A_CE, A_BR, A_USER, "2001:db8:1:2:0:5efe:10.0.0.9", 24));
	assert_dropped(TS_C_drop_isatap_encap_dst_not_site);
	/* no ISATAP identifier: said through the first */
	n = make_tunnelled(p, A_CE, A_BR, A_USER, "2001:db8:1:2::1", 24);
	send_ip(p, n);
	assert_error(&(struct outer_header){.src = A_BR, .dst = A_CE, .ttl = 64},
		&(struct icmp6_error){.type = 1, .code = 3}, p + 20, n - 20);
}

/* The relay's all-zero address of one domain answers users of other tunnels, through theirs. */
void
test_handover_echo(void **state)
{
	uint8_t p[256], want[64];

	(void)state;
	tunnels_setup();
	make_echo6(p + 20, S_USER, "2001:d00:0:100::");
	send_ip(p, wrap(p, S_HOST, S_ROUTER, 56));
	make_v6(want, "2001:d00:0:100::", S_USER, 16);
	want[6] = 58;
	want[40] = 129;
	set_icmp6_checksum(want, 56);
	assert_tunnelled(&(struct outer_header){.src = S_ROUTER, .dst = S_HOST, .ttl = 64}, want, 56);
}
