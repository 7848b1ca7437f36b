/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers report of packets on their way: samples, traces, captures, handshakes; and that it changes nothing. */
#include "dataplane/handshake.h"
#include "dataplane/observe.h"
#include "path_teredo.h"
#include "path_tests.h"
#include "path_tunnels.h"

#define HOST "2001:db8:6::2"
#define SITE6 "2002:c000:22a::1"

static struct ts_observe plan;

/* From the next turn on. */
static void
look(void)
{
	struct ts_command c = {.type = TS_COMMAND_OBSERVE, .observe = &plan};

	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		assert_int_equal(rte_ring_enqueue_elem(ts_worker_commands(rig.workers[i]), &c, sizeof(c)), 0);
}

static void
look_away(void)
{
	struct ts_command c = {.type = TS_COMMAND_OBSERVE};

	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		assert_int_equal(rte_ring_enqueue_elem(ts_worker_commands(rig.workers[i]), &c, sizeof(c)), 0);
	rig_turn(&rig);
	memset(&plan, 0, sizeof(plan));
}

/* The next observation of the receiving worker; `data`: its bytes. Returns their number, 0 when there is none. */
static uint16_t
seen(struct ts_observation *o, uint8_t data[TS_OBSERVE_SNAP_MAX])
{
	struct rte_mbuf *m;
	uint16_t len;

	if (rte_ring_dequeue(ts_worker_observations(rig.worker), (void **)&m) != 0)
		return 0;
	*o = *(const struct ts_observation *)rte_mbuf_to_priv(m);
	len = m->data_len;
	memcpy(data, rte_pktmbuf_mtod(m, void *), len);
	rte_pktmbuf_free(m);
	return len;
}

static void
assert_nothing_seen(void)
{
	uint8_t data[TS_OBSERVE_SNAP_MAX];
	struct ts_observation o;

	assert_int_equal(seen(&o, data), 0);
}

static void
swallow(void)
{
	uint8_t frame[RIG_FRAME_MAX];

	while (rig_receive(&rig, frame) != 0)
		;
}

static void
assert_station(enum ts_station station, size_t len, uint8_t first)
{
	uint8_t data[TS_OBSERVE_SNAP_MAX];
	struct ts_observation o;

	assert_int_equal(seen(&o, data), len);
	assert_int_equal(o.station, station);
	assert_int_equal(data[o.ethernet ? RTE_ETHER_HDR_LEN : 0] & 0xf0, first);
}

/* A packet's stations in their order, with its headers as they are there; the next packet is not looked at. */
void
test_trace(void **state)
{
	uint8_t p[256];
	uint16_t len;

	(void)state;
	plan = (struct ts_observe){
		.trace = true, .trace_packets = 1, .trace_snap = 128, .trace_match = {.family = AF_INET, .len = 32}};
	put_v4(plan.trace_match.addr, SITE_V4);
	look();
	send_ip(p, make_v6(p, "2001:db8::1", "2002:c000:22b::1", 8)); /* another site */
	assert_nothing_seen();
	for (unsigned i = 0; i < 2; i++)
		send_ip(p, make_v6(p, "2001:db8::1", SITE6, 8));
	assert_station(TS_STATION_RX, 62, 0x60);
	assert_station(TS_STATION_6TO4_ENCAP, 48, 0x60);
	assert_station(TS_STATION_TX, 82, 0x40);
	assert_nothing_seen();

	/* What becomes of it is told to the end: an answer, too. */
	look();
	len = (uint16_t)make_echo4(p, SITE_V4, "192.88.99.1");
	send_ip(p, len);
	assert_station(TS_STATION_RX, 14 + len, 0x40);
	assert_station(TS_STATION_LOCAL4, len, 0x40);
	assert_station(TS_STATION_TX, 14 + len, 0x40);
	look();
	send_ip(p, make_6in4(p, SITE_V4, "2002:c000:22b::1", HOST, 8));
	assert_station(TS_STATION_RX, 82, 0x40);
	assert_station(TS_STATION_6TO4_DECAP, 68, 0x40);
	assert_station(TS_STATION_DROP, 68, 0x40);
	assert_nothing_seen();
	swallow();
	look_away();
	send_ip(p, make_v6(p, "2001:db8::1", SITE6, 8));
	assert_nothing_seen();
}

/* By lane and by drop reason, cut to the snap length; nobody gets more buffers than there are. */
void
test_capture(void **state)
{
	uint8_t p[256], data[TS_OBSERVE_SNAP_MAX];
	enum ts_counter reason = TS_C_drop_6to4_decap_src_mismatch;
	struct ts_observation o;

	(void)state;
	plan = (struct ts_observe){.capture_stations = 1u << TS_STATION_6TO4_ENCAP, .capture_snap = 41};
	plan.capture_drops[reason / 64] = UINT64_C(1) << reason % 64;
	look();
	send_ip(p, make_v6(p, "2001:db8::1", SITE6, 8));
	assert_int_equal(seen(&o, data), 41);
	assert_int_equal(o.kind, TS_OBSERVED_CAPTURE);
	assert_int_equal(o.station, TS_STATION_6TO4_ENCAP);
	assert_int_equal(o.len, 48);
	assert_memory_equal(data, p, 41);
	send_ip(p, make_6in4(p, SITE_V4, SITE6, HOST, 8));
	assert_nothing_seen();
	send_ip(p, make_6in4(p, SITE_V4, "2002:c000:22b::1", HOST, 8));
	assert_int_equal(seen(&o, data), 41);
	assert_int_equal(o.counter, reason);
	assert_memory_equal(data, p, 41);

	mark();
	for (unsigned i = 0; i < TS_OBSERVATIONS + 3; i++) {
		rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", SITE6, 8));
		rig_turn(&rig);
		swallow();
	}
	assert_int_equal(moved(TS_C_observations_lost), 3);
	assert_int_equal(moved(TS_C_6to4_encap_packets), TS_OBSERVATIONS + 3);
	while (seen(&o, data) != 0)
		;
	swallow();
	look_away();
}

/* Nobody takes samples for a while: what the lost ones stood for, the next one that arrives stands for. */
static void
check_lost_samples(void)
{
	uint8_t p[256], data[TS_OBSERVE_SNAP_MAX];
	unsigned pool = 0, sent = 0;
	struct ts_observation o;

	mark();
	plan = (struct ts_observe){.sample_every = 1, .sample_snap = 64};
	look();
	for (unsigned i = 0; i < TS_OBSERVATIONS + 45; i++, sent++) {
		rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", SITE6, 8));
		rig_turn(&rig);
		swallow();
	}
	assert_int_equal(moved(TS_C_observations_lost), 45);
	while (seen(&o, data) != 0)
		pool += o.sample_pool;
	assert_int_equal(pool, TS_OBSERVATIONS);
	rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", SITE6, 8));
	rig_turn(&rig);
	swallow();
	assert_int_not_equal(seen(&o, data), 0);
	assert_int_equal(o.sample_pool, 46);
	assert_int_equal(pool + o.sample_pool, sent + 1);
	look_away();
}

/* One of n on average, whole frames up to the snap length, with how many they stand for. */
void
test_sample(void **state)
{
	uint8_t p[256], data[TS_OBSERVE_SNAP_MAX];
	unsigned samples = 0, pool = 0;
	struct ts_observation o;

	(void)state;
	plan = (struct ts_observe){.sample_every = 10, .sample_snap = 128};
	look();
	for (unsigned i = 0; i < 2000; i++) {
		rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", SITE6, 8));
		rig_turn(&rig);
		swallow();
		while (seen(&o, data) != 0) {
			assert_int_equal(o.kind, TS_OBSERVED_SAMPLE);
			assert_in_range(o.sample_pool, 1, 19);
			assert_int_equal(o.len, 62);
			assert_memory_equal(data + RTE_ETHER_HDR_LEN, p, 48);
			samples++;
			pool += o.sample_pool;
		}
	}
	assert_in_range(samples, 160, 240);
	assert_in_range(pool, 1980, 2000);
	look_away();
	check_lost_samples();
}

static size_t
make_tcp(uint8_t *p, const char *src, const char *dst, uint16_t sport, uint16_t dport, uint8_t flags)
{
	size_t len = make_v6(p, src, dst, 20);

	p[6] = IPPROTO_TCP;
	memset(p + 40, 0, 20);
	p[40] = (uint8_t)(sport >> 8), p[41] = (uint8_t)sport;
	p[42] = (uint8_t)(dport >> 8), p[43] = (uint8_t)dport;
	p[52] = 0x50;
	p[53] = flags;
	return len;
}

static void
assert_handshake(enum ts_station station, uint8_t flags)
{
	uint8_t data[TS_OBSERVE_SNAP_MAX];
	struct ts_observation o;

	assert_int_equal(seen(&o, data), 60);
	assert_int_equal(o.kind, TS_OBSERVED_HANDSHAKE);
	assert_int_equal(o.station, station);
	assert_int_equal(data[53], flags);
	assert_nothing_seen();
}

/* SYN, SYN+ACK, the ACK behind it; then no ACK any more. */
void
test_handshake(void **state)
{
	uint8_t p[256];

	(void)state;
	memset(&rig.handshakes, 0, sizeof(rig.handshakes));
	plan = (struct ts_observe){.handshakes = true, .handshake_seed = 7};
	look();
	make_tcp(p + 20, SITE6, HOST, 40000, 80, 0x02);
	send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 60));
	assert_handshake(TS_STATION_6TO4_DECAP, 0x02);
	send_ip(p, make_tcp(p, HOST, SITE6, 80, 40000, 0x12));
	assert_handshake(TS_STATION_6TO4_ENCAP, 0x12);
	for (unsigned i = 0; i < 2; i++) {
		make_tcp(p + 20, SITE6, HOST, 40000, 80, 0x10);
		send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 60));
		if (i == 0)
			assert_handshake(TS_STATION_6TO4_DECAP, 0x10);
	}
	assert_nothing_seen();
	/* the ACK of another flow, a reset */
	send_ip(p, make_tcp(p, HOST, SITE6, 80, 40001, 0x10));
	send_ip(p, make_tcp(p, HOST, SITE6, 80, 40000, 0x14));
	assert_nothing_seen();
	swallow();
	look_away();
}

/* Somebody in a tunnel: how packets to and from it look, and the lane that they take. */
struct in_tunnel {
	const char *relay, *v4, *v6;
	enum ts_station encap;
};

static const struct in_tunnel tunnels[] = {
	{X_RELAY, X_SITE, X_USER, TS_STATION_6TO4_ENCAP},
	{A_BR, A_CE, A_USER, TS_STATION_6RD_ENCAP},
	{S_ROUTER, S_HOST, S_USER, TS_STATION_ISATAP_ENCAP},
	{NULL, NULL, NULL, TS_STATION_TEREDO_ENCAP},
};

/* `from`: out of its tunnel, or NULL: natively. Teredo's is `client`. */
static void
send_tcp(const struct in_tunnel *from, const struct client *client, const char *src, const char *dst, bool back,
	uint8_t flags)
{
	uint16_t sport = back ? 80 : 40000, dport = back ? 40000 : 80;
	uint8_t p[256];

	if (from == NULL)
		send_ip(p, make_tcp(p, src, dst, sport, dport, flags));
	else if (from->relay == NULL)
		send_ip(p, from_client(p, client, make_tcp(PAYLOAD(p), src, dst, sport, dport, flags)));
	else
		send_ip(p, wrap(p, from->v4, from->relay, make_tcp(p + 20, src, dst, sport, dport, flags)));
	swallow();
}

/* The three packets between `from` and `to`, of which NULL is native; nothing else is seen. */
static void
shake_hands(const struct in_tunnel *from, const struct in_tunnel *to, const struct client *client)
{
	const char *src = from == NULL ? NATIVE : from->v6 != NULL ? from->v6 : client->v6;
	const char *dst = to == NULL ? NATIVE : to->v6 != NULL ? to->v6 : client->v6;
	enum ts_station there = from != NULL ? from->encap + 1 : to->encap;
	enum ts_station back = to != NULL ? to->encap + 1 : from->encap;

	send_tcp(from, client, src, dst, false, 0x02);
	assert_handshake(there, 0x02);
	send_tcp(to, client, dst, src, true, 0x12);
	assert_handshake(back, 0x12);
	send_tcp(from, client, src, dst, false, 0x10);
	assert_handshake(there, 0x10);
	send_tcp(to, client, dst, src, true, 0x18);
	send_tcp(from, client, src, dst, false, 0x10);
	assert_nothing_seen();
}

static struct client
all_lanes(void)
{
	struct client client;

	tunnels_setup();
	relay_setup();
	client = known_client();
	swallow();
	memset(&rig.handshakes, 0, sizeof(rig.handshakes));
	plan = (struct ts_observe){.handshakes = true, .handshake_seed = 7};
	look();
	return client;
}

/* Every mechanism, whichever side the client is on. */
void
test_handshake_lanes(void **state)
{
	struct client client = all_lanes();

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(tunnels); i++) {
		shake_hands(&tunnels[i], NULL, &client);
		shake_hands(NULL, &tunnels[i], &client);
	}
	look_away();
	relay_done();
}

/* From tunnel to tunnel: seen once, where it comes out. */
void
test_handshake_handover(void **state)
{
	struct client client = all_lanes();

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(tunnels); i++)
		for (unsigned k = 0; k < RTE_DIM(tunnels); k++)
			if (i != k)
				shake_hands(&tunnels[i], &tunnels[k], &client);
	look_away();
	relay_done();
}

/* A flow is seen in both directions or not at all; TCP behind an extension header is not. */
void
test_handshake_sample(void **state)
{
	uint8_t p[256], data[TS_OBSERVE_SNAP_MAX];
	unsigned flows = 0;
	struct ts_observation o;

	(void)state;
	memset(&rig.handshakes, 0, sizeof(rig.handshakes));
	plan = (struct ts_observe){.handshakes = true, .handshake_seed = 7, .handshake_mask = 3};
	look();
	for (uint16_t port = 1024; port < 1424; port++) {
		unsigned n = 0;

		make_tcp(p + 20, SITE6, HOST, port, 80, 0x02);
		send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 60));
		send_ip(p, make_tcp(p, HOST, SITE6, 80, port, 0x12));
		make_tcp(p + 20, SITE6, HOST, port, 80, 0x10);
		send_ip(p, make_v4(p, SITE_V4, "192.88.99.1", 41, 60));
		while (seen(&o, data) != 0)
			n++;
		assert_true(n == 0 || n == 3);
		flows += n / 3;
		swallow();
	}
	assert_in_range(flows, 60, 140);
	plan.handshake_mask = 0;
	look_away();
	plan = (struct ts_observe){.handshakes = true};
	look();
	make_tcp(data, HOST, SITE6, 80, 40000, 0x12);
	make_v6(p, HOST, SITE6, 28);
	p[6] = IPPROTO_DSTOPTS;
	memcpy(p + 40, (const uint8_t[]){IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0}, 8);
	memcpy(p + 48, data + 40, 20);
	send_ip(p, 68);
	assert_nothing_seen();
	swallow();
	look_away();
}

/* The stations where a packet stays or leaves the worker. */
void
test_trace_elsewhere(void **state)
{
	static const uint8_t bfd[] = {0x0e, 0xc8, 0x0e, 0xc8, 0, 8, 0, 0}; /* to port 3784 */
	uint8_t p[256], f[RIG_FRAME_MAX];
	uint16_t iface;

	(void)state;
	plan = (struct ts_observe){.trace = true, .trace_packets = 1, .trace_snap = 128};
	look();
	memcpy(p + 20, bfd, sizeof(bfd));
	make_v4(p, SITE_V4, ROUTER_V4, 17, sizeof(bfd));
	send_frame(f, make_frame(f, rig_mac, 1, (const uint16_t[]){RIG_VLAN}, RTE_ETHER_TYPE_IPV4, p, 28));
	rig_turn(&rig);
	assert_station(TS_STATION_RX, 18 + 28, 0);
	assert_station(TS_STATION_PUNT, 28, 0x40);
	assert_nothing_seen();
	assert_int_not_equal(rig_punted(&rig, f, &iface), 0);

	look();
	set_route(AF_INET, SITE_V4, 32, ts_nexthop_get_glean(rig.nexthops, 1));
	send_ip(p, make_v6(p, "2001:db8::1", SITE6, 8));
	assert_station(TS_STATION_RX, 62, 0x60);
	assert_station(TS_STATION_6TO4_ENCAP, 48, 0x60);
	assert_station(TS_STATION_NEIGH_WAIT, 68, 0x40);
	assert_nothing_seen();
	rig_advance_ms(&rig, 5000);
	rig_turn(&rig);
	assert_station(TS_STATION_DROP, 68, 0x40);
	del_route(AF_INET, SITE_V4, 32);
	look_away();
}
