/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vector versions of the stations do what the scalar ones do: bursts of every length from 1 to 64, plain and
 * hostile, through two workers that differ in nothing else, under several configurations. Packets out in their order,
 * punts, events, counters, and in the end what the workers keep, are the same bit for bit.
 */
#include "stations_frames.h"
#include "stations_record.h"
#include "stations_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "control/neigh.h"
#include "dataplane/worker_priv.h"
#include "path_tests.h"

#define ROUNDS 20 /* bursts of each length */
#define ROOM ((size_t)96 << 20)
#define BUFFERS_SPARE 128

struct setting {
	const char *name;
	void (*change)(struct ts_config *c);
	uint32_t keyed; /* packets a second and burst of every key; 0: unlimited */
	uint32_t box;	/* likewise of every limit of the box */
};

struct run {
	const struct ts_stations *stations;
	uint64_t seed;
};

/* Shared with the runs: how often each counter moved, so that what hardly happens is found. */
static uint64_t *reached;

/* --- configurations --- */

static void
as_it_is(struct ts_config *c)
{
	(void)c;
}

static void
with_options(struct ts_config *c)
{
	c->sixto4.mirror = true;
	c->sixto4.mss_clamp = c->sixrd[1].mss_clamp = c->isatap[0].mss_clamp = c->teredo_relay.mss_clamp = true;
	c->sixto4.dynamic_mtu = c->sixrd[0].dynamic_mtu = c->isatap[1].dynamic_mtu = true;
	c->sixto4.dscp = TS_DSCP_COPY;
	c->sixto4.ecn = c->sixrd[0].ecn = TS_ECN_NORMAL;
	c->source_policy.v4_filter = TS_V4_FILTER_EXTENDED;
	c->sixto4.tx_source = c->sixto4.rx_v4[1];
	c->teredo_relay.honour_cone = c->teredo_relay.direct_bubble = c->teredo_relay.accept_mismatch = true;
}

static void
with_lists(struct ts_config *c)
{
	put_v4((uint8_t *)&c->access.deny4[0].addr, "81.64.0.0");
	c->access.deny4[0].len = 10;
	put_v4((uint8_t *)&c->access.deny4[1].addr, "90.1.2.128");
	c->access.deny4[1].len = 25;
	c->access.n_deny4 = 2;
	put_v6(c->access.deny6[0].addr.s6_addr, "2001:db8:0:3::");
	c->access.deny6[0].len = 64;
	c->access.n_deny6 = 1;
	memset(c->handover, 0, sizeof(c->handover));
}

static void
with_allow_list(struct ts_config *c)
{
	put_v4((uint8_t *)&c->access.allow4[0].addr, "80.0.0.0");
	c->access.allow4[0].len = 6;
	put_v4((uint8_t *)&c->access.allow4[1].addr, "172.20.0.0");
	c->access.allow4[1].len = 15;
	c->access.n_allow4 = 2;
	c->sixrd[0].hairpin = c->sixrd[1].hairpin = TS_6RD_HAIRPIN_ALL;
	c->sixrd[0].allow_ula = c->isatap[0].allow_ula = true;
	c->source_policy.pass_rh0 = true;
	c->sixto4.df = true;
	c->sixto4.mtu = 1280;
}

static void
with_6to4_alone(struct ts_config *c)
{
	c->n_sixrd = c->n_isatap = 0;
	c->teredo_relay.enabled = c->teredo_server.enabled = false;
}

static void
with_loop_guard(struct ts_config *c)
{
	put_v6(c->loop_guard.known_6rd[0].prefix.addr.s6_addr, "2001:db8:66::");
	c->loop_guard.known_6rd[0].prefix.len = 48;
	c->loop_guard.n_known_6rd = 1;
	put_v6(c->teredo_relay.cookie_prefix.addr.s6_addr, R_COOKIES);
	c->teredo_relay.cookie_prefix.len = 64;
	c->teredo_relay.nonce = true;
	c->teredo_relay.per_mapping = 1;
}

static const struct setting settings[] = {
	{"as it is", as_it_is, 0, 1000000},
	{"options", with_options, 0, 1000000},
	{"access lists", with_lists, 0, 1000},
	{"allow list, large domains", with_allow_list, 0, 1000000},
	{"rates", as_it_is, 3, 20},
	{"rates, options", with_options, 40, 500},
	{"6to4 alone", with_6to4_alone, 0, 1000000},
	{"loop guard, cookies", with_loop_guard, 0, 1000000},
};

/* --- routes: by the first byte of a site, 80 to 95, and the sixth byte of a native address, 0x80 to 0x8f --- */

static void
add_routes(unsigned n, uint32_t nh4, uint32_t nh6)
{
	char text[64];

	snprintf(text, sizeof(text), "%u.0.0.0", 80 + n);
	set_route(AF_INET, text, 8, nh4);
	snprintf(text, sizeof(text), "2001:db8:%x::", 0x80 + n);
	set_route(AF_INET6, text, 48, nh6);
}

/* By neighbours on this interface, of which the first `known` have answered. */
static void
add_paths(unsigned n, uint16_t iface, unsigned paths, unsigned known)
{
	char v4[3][32], v6[3][32];
	const char *gw4[3], *gw6[3];
	uint16_t ifaces[3] = {iface, iface, iface};

	for (unsigned i = 0; i < paths; i++) {
		uint8_t mac[6] = {2, 0, 0, 1, (uint8_t)n, (uint8_t)i};

		snprintf(v4[i], sizeof(v4[i]), "10.99.%u.%u", n, i + 1);
		snprintf(v6[i], sizeof(v6[i]), "fe80::%u:%u", n, i + 1);
		gw4[i] = v4[i];
		gw6[i] = v6[i];
		neighbour(iface, v4[i], i < known ? mac : NULL);
		neighbour(iface, v6[i], i < known ? mac : NULL);
	}
	add_routes(n, via(gw4, ifaces, paths), via(gw6, ifaces, paths));
}

static uint32_t
simple(enum ts_nh_kind kind)
{
	return ts_nexthop_get_simple(rig.nexthops, kind);
}

static void
make_routes(void)
{
	static const uint8_t small[16] = {89, 1, 2, 128};

	rig.ifaces.dp[2].mtu = 1300;
	add_paths(2, 0, 3, 3);
	add_routes(3, simple(TS_NH_BLACKHOLE), simple(TS_NH_BLACKHOLE));
	add_paths(4, 0, 1, 0); /* not resolved */
	add_paths(5, 1, 1, 1); /* tagged */
	add_paths(6, 2, 1, 1); /* two tags, a small MTU */
	add_routes(7, ts_nexthop_get_glean(rig.nexthops, 1), ts_nexthop_get_glean(rig.nexthops, 1));
	add_routes(8, simple(TS_NH_UNREACHABLE), simple(TS_NH_UNREACHABLE));
	add_paths(9, 0, 1, 1);
	add_routes(10, simple(TS_NH_PROHIBIT), simple(TS_NH_PROHIBIT));
	add_paths(11, 0, 3, 2); /* one of them not resolved */
	add_paths(12, 1, 2, 2);
	add_paths(13, 0, 1, 1);
	/* longer than /24 */
	for (unsigned i = 0; i < 128; i++) {
		uint8_t prefix[16];

		memcpy(prefix, small, sizeof(prefix));
		prefix[2] = (uint8_t)i;
		ts_rib_set(rig.rib, AF_INET, prefix, 25, TS_ORIGIN_STATIC, 1, simple(TS_NH_BLACKHOLE), 0);
	}
	rig_publish(&rig);
}

static void
set_rates(const struct setting *s)
{
	for (unsigned i = 0; i < TS_N_LIMITS; i++)
		set_limit(i, s->box, s->box);
	for (unsigned i = 0; i < TS_N_KEYED_LIMITS; i++)
		set_keyed(i, s->keyed, s->keyed);
}

static void
configure(const struct setting *s)
{
	void *nothing = NULL;

	path_setup(&nothing);
	tunnels_setup();
	relay_setup();
	server_setup();
	s->change(&rig.cfg);
	relay_apply();
	frames_clients();
	for (unsigned i = 0; i < FRAMES_CLIENTS / 2 && rig.cfg.teredo_relay.enabled; i++) {
		struct client c = client_number(i);

		/* Some cease to be trusted on the way. */
		plant(&c, i % 8 == 0 ? 29000 : 0);
	}
	set_rates(s);
}

/* --- a run --- */

static void
send_one(const struct frame *f)
{
	unsigned segments = f->segment != 0 ? (unsigned)(f->len / f->segment) + 1 : 1;
	struct rte_mbuf *m;

	if (rte_mempool_avail_count(rig.pool) < segments + BUFFERS_SPARE)
		return;
	m = rig_packet(&rig, f->bytes, f->len, f->segment);
	if (m->nb_segs == 1 && f->headroom != RTE_PKTMBUF_HEADROOM) {
		memmove((char *)m->buf_addr + f->headroom, rte_pktmbuf_mtod(m, void *), f->len);
		m->data_off = f->headroom;
	}
	if (f->rss) {
		m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
		m->hash.rss = f->hash;
	}
	m->ol_flags |= f->nic_flags;
	m->packet_type = f->nic_type;
	if (rte_ring_enqueue(rig.to_port, m) != 0)
		rte_pktmbuf_free(m);
}

/* Of one kind, of one and some others, of all; plain or less so. */
static void
send_burst(unsigned n)
{
	static const unsigned hostilities[] = {0, 0, 0, 3, 20, 80}, mixings[] = {0, 0, 10, 100};
	unsigned hostility = hostilities[frames_draw(RTE_DIM(hostilities))];
	unsigned mixing = mixings[frames_draw(RTE_DIM(mixings))];
	enum frame_kind kind = (enum frame_kind)frames_draw(N_FRAME_KINDS);
	unsigned senders = frames_draw(2) == 0 ? 1 : 8;
	uint64_t differ_in = RTE_ETHER_ADDR_LEN + 1 + frames_draw(RTE_ETHER_ADDR_LEN - 1);
	static struct frame f;

	frames_one_vlan(frames_draw(4) == 0);
	for (unsigned i = 0; i < n; i++) {
		bool other = frames_draw(100) < mixing;

		frame_make(&f, other ? (enum frame_kind)frames_draw(N_FRAME_KINDS) : kind, hostility);
		memset(&f.bytes[RTE_ETHER_ADDR_LEN], 2, RTE_ETHER_ADDR_LEN);
		f.bytes[differ_in] = (uint8_t)frames_draw(senders);
		send_one(&f);
	}
}

static void
record_counters(struct record *r, const struct ts_worker *w, uint64_t last[TS_N_COUNTERS])
{
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (w->counters[i] == last[i])
			continue;
		record_number(r, ts_counter_info[i].name, w->counters[i]);
		reached[i] += w->counters[i] - last[i];
		last[i] = w->counters[i];
	}
	record_bytes(r, "counters of the port", &w->ports[rig.port], sizeof(w->ports[0]));
}

static void
run(struct record *r, void *arg)
{
	static uint64_t last[RIG_N_WORKERS][TS_N_COUNTERS];
	const struct run *what = arg;
	struct rte_mbuf *m;

	frames_seed(what->seed);
	for (unsigned i = 0; i < RIG_N_WORKERS; i++) {
		rig.workers[i]->stations = what->stations;
		rig.workers[i]->conf.burst = TS_BURST_MAX;
		memcpy(last[i], rig.workers[i]->counters, sizeof(last[i]));
	}
	for (unsigned burst = 0; burst < ROUNDS * TS_BURST_MAX; burst++) {
		record_section(r, burst);
		send_burst(1 + burst % TS_BURST_MAX);
		rig.now += frames_draw(rte_get_tsc_hz() / 16);
		rig_turn(&rig);
		while (rte_ring_dequeue(rig.from_port, (void **)&m) == 0)
			record_packet(r, "packet", m);
		for (unsigned i = 0; i < RIG_N_WORKERS; i++) {
			record_rings(r, rig.workers[i]);
			record_counters(r, rig.workers[i], last[i]);
		}
	}
	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		record_worker(r, rig.workers[i]);
	record_tables(r);
}

/* --- */

static bool
same(const struct ts_stations *one, const struct ts_stations *other, uint64_t seed, char *why, size_t why_len)
{
	struct record *a = record_create(ROOM), *b = record_create(ROOM);
	struct run first = {one, seed}, second = {other, seed};
	bool result = record_run(a, run, &first, why, why_len) && record_run(b, run, &second, why, why_len) &&
		record_equal(a, b, why, why_len);

	record_free(a);
	record_free(b);
	return result;
}

static void
test_same_as_scalar(void **unused)
{
	unsigned compared = 0;
	char why[1024];

	(void)unused;
	for (unsigned i = 0; i < RTE_DIM(settings); i++) {
		configure(&settings[i]);
		for (int simd = TS_SIMD_SCALAR + 1; simd < TS_N_SIMD; simd++) {
			const struct ts_stations *s = ts_stations_of((enum ts_simd)simd);

			if (s == NULL)
				continue;
			if (!same(ts_stations_of(TS_SIMD_SCALAR), s, i + 1, why, sizeof(why)))
				fail_msg("%s, %s: %s", s->name, settings[i].name, why);
			compared++;
		}
		relay_done();
		server_done();
	}
	if (compared == 0) {
		printf("expected: this CPU has no vector stations\n");
		skip();
	}
}

static void
swap_two(struct ts_worker *w, struct ts_vec *in)
{
	if (in->n > 1) {
		struct rte_mbuf *m = in->pkt[0];

		in->pkt[0] = in->pkt[1];
		in->pkt[1] = m;
	}
	ts_6to4_encap(w, in);
}

static void
count_once_more(struct ts_worker *w, struct ts_vec *in)
{
	ts_6to4_encap(w, in);
	w->ip_id[0]++;
}

/* A version that differs is found out, in the order of packets and in what it keeps. */
static void
test_differences_are_found(void **unused)
{
	const struct ts_stations *scalar = ts_stations_of(TS_SIMD_SCALAR);
	struct ts_stations wrong = *scalar;
	char why[1024];

	(void)unused;
	configure(&settings[0]);
	wrong.encap_6to4 = swap_two;
	assert_false(same(scalar, &wrong, 1, why, sizeof(why)));
	wrong.encap_6to4 = count_once_more;
	assert_false(same(scalar, &wrong, 1, why, sizeof(why)));
	wrong = *scalar;
	if (!same(scalar, &wrong, 1, why, sizeof(why)))
		fail_msg("the same twice: %s", why);
	relay_done();
	server_done();
}

/* What never happens has not been compared. These need more than packets: several seconds, a full ring, a new table. */
static void
test_everything_happened(void **unused)
{
	static const enum ts_counter often[] = {TS_C_6to4_encap_packets, TS_C_6to4_decap_packets,
		TS_C_6rd_encap_packets, TS_C_6rd_decap_packets, TS_C_isatap_encap_packets, TS_C_isatap_decap_packets,
		TS_C_teredo_encap_packets, TS_C_teredo_decap_packets, TS_C_teredo_server_advertisements,
		TS_C_echo4_replies, TS_C_echo6_replies};
	unsigned drops = 0, happened = 0;

	(void)unused;
	for (unsigned i = 0; i < RTE_DIM(often); i++)
		if (reached[often[i]] < 1000)
			fail_msg("%s: only %" PRIu64, ts_counter_info[often[i]].name, reached[often[i]]);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++) {
		if (!ts_counter_info[i].is_drop)
			continue;
		drops++;
		happened += reached[i] != 0;
		if (reached[i] == 0 && getenv("TS_VERBOSE") != NULL)
			printf("%s: never\n", ts_counter_info[i].name);
	}
	printf("%u of %u reasons to drop\n", happened, drops);
	assert_true(happened * 4 >= drops * 3);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_differences_are_found),
		cmocka_unit_test(test_same_as_scalar), cmocka_unit_test(test_everything_happened)};
	int failed;

	(void)argc;
	reached = mmap(
		NULL, TS_N_COUNTERS * sizeof(*reached), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reached == MAP_FAILED)
		return 2;
	rig_start(&rig, argv[0], PATH_BURST, true);
	make_routes();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_stop(&rig);
	return failed;
}
