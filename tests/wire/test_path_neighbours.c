/* SPDX-License-Identifier: BSD-3-Clause */
/* O23: who sent what and who was sent what, by MAC address: to the packet and to the byte. */
#include "path_tests.h"
#include "path_util.h"

struct figures {
	uint64_t packets, bytes;
};

#define assert_figures(now, before, p, b)                              \
	do {                                                           \
		assert_int_equal((now).packets - (before).packets, p); \
		assert_int_equal((now).bytes - (before).bytes, b);     \
	} while (0)

static const uint8_t one[6] = {2, 0x23, 0, 0, 0, 1}, two[6] = {2, 0x23, 0, 0, 0, 2};

static const struct ts_neighbour_counters *
table(enum ts_flow flow)
{
	struct ts_worker_stats st;

	ts_worker_stats(rig.worker, &st);
	return st.neighbours[flow];
}

static struct figures
of(enum ts_flow flow, const uint8_t mac[6])
{
	uint8_t header[8] = {0};
	struct ts_neighbour_slot slot;
	uint64_t key;

	memcpy(header, mac, 6);
	key = ts_neighbour_key(rig.port, header);
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++)
		if (ts_neighbours_read(table(flow), i, &slot) && slot.key == key)
			return (struct figures){slot.packets, slot.bytes};
	return (struct figures){0, 0};
}

static struct figures
others(enum ts_flow flow)
{
	return (struct figures){table(flow)->other.packets, table(flow)->other.bytes};
}

/* A frame from this MAC with `n` bytes for the 6to4 site of the vectors; its length. */
static size_t
frame_from(uint8_t *f, const uint8_t mac[6], unsigned n_tags, const uint16_t *tags, size_t n)
{
	uint8_t p[1500];
	size_t len = make_frame(f, rig_mac, n_tags, tags, 0x86dd, p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", n));

	memcpy(f + 6, mac, 6);
	return len;
}

static unsigned
receive_all(void)
{
	uint8_t got[RIG_FRAME_MAX];
	unsigned n = 0;

	while (rig_receive(&rig, got) != 0)
		n++;
	return n;
}

/* Runs of several lengths in one burst, tagged and not, by way of either parser. */
void
test_neighbours_received(void **state)
{
	static const uint16_t vlan[1] = {RIG_VLAN}, qinq[2] = {RIG_QINQ_OUTER, RIG_QINQ_INNER};
	static const uint16_t priority[1] = {0xe000}, unknown[1] = {77};
	struct figures first = of(TS_FLOW_RX, one), second = of(TS_FLOW_RX, two), other = others(TS_FLOW_RX);
	const struct {
		const uint8_t *mac;
		unsigned n_tags;
		const uint16_t *tags;
		size_t n;
	} burst[] = {{one, 0, NULL, 8}, {one, 0, NULL, 9}, {two, 0, NULL, 100}, {one, 1, vlan, 10}, {two, 2, qinq, 11},
		{two, 1, priority, 12}, {one, 1, unknown, 13}, {one, 0, NULL, 1000}};
	uint8_t f[2048];

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(burst); i++)
		rig_send_frame(&rig, f, frame_from(f, burst[i].mac, burst[i].n_tags, burst[i].tags, burst[i].n), 0);
	rig_turn(&rig);
	assert_int_equal(receive_all(), RTE_DIM(burst) - 1);
	assert_figures(of(TS_FLOW_RX, one), first, 5, 5 * 54 + 2 * 4 + 8 + 9 + 10 + 13 + 1000);
	assert_figures(of(TS_FLOW_RX, two), second, 3, 3 * 54 + 3 * 4 + 100 + 11 + 12);
	assert_figures(others(TS_FLOW_RX), other, 0, 0);

	/* in segments; for somebody else; with a group's address as its sender; too short to have a sender */
	first = of(TS_FLOW_RX, one);
	rig_send_frame(&rig, f, frame_from(f, one, 0, NULL, 200), 20);
	frame_from(f, one, 0, NULL, 8);
	f[5] ^= 1;
	rig_send_frame(&rig, f, 62, 0);
	rig_turn(&rig);
	assert_figures(of(TS_FLOW_RX, one), first, 2, 254 + 62);
	frame_from(f, (const uint8_t[6]){255, 255, 255, 255, 255, 255}, 0, NULL, 8);
	rig_send_frame(&rig, f, 62, 0);
	rig_send_frame(&rig, f, 13, 0);
	rig_turn(&rig);
	assert_figures(others(TS_FLOW_RX), other, 2, 62 + 13);
	receive_all();
}

/* What leaves, by who gets it: forwarded with and without tags, and what the box says itself. */
void
test_neighbours_sent(void **state)
{
	static const uint16_t iface1[1] = {1};
	static const char *const gw4[1] = {"10.9.9.9"};
	struct figures far = of(TS_FLOW_TX, rig_peer), near = of(TS_FLOW_TX, one), heard = of(TS_FLOW_RX, rig_peer);
	uint8_t p[256];
	size_t n;

	(void)state;
	neighbour(1, "10.9.9.9", one);
	set_route(AF_INET, "192.0.3.0", 24, via(gw4, iface1, 1));
	for (unsigned i = 0; i < 6; i++) {
		const char *site = i / 2 % 2 ? "2002:c000:301::1" : "2002:c000:22a::1";

		rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", site, i));
	}
	rig_turn(&rig);
	assert_int_equal(receive_all(), 6);
	assert_figures(of(TS_FLOW_TX, rig_peer), far, 4, 4 * 74 + 0 + 1 + 4 + 5);
	assert_figures(of(TS_FLOW_TX, one), near, 2, 2 * 78 + 2 + 3);
	assert_figures(of(TS_FLOW_RX, rig_peer), heard, 6, 6 * 54 + 15);

	/* an echo reply, and an ICMPv6 error about a packet that is too big for the tunnel */
	far = of(TS_FLOW_TX, rig_peer);
	n = make_echo4(p, SITE_V4, "192.88.99.1");
	rig_send_ip(&rig, p, n);
	rig_turn(&rig);
	assert_int_equal(receive_all(), 1);
	assert_figures(of(TS_FLOW_TX, rig_peer), far, 1, 14 + n);
	far = of(TS_FLOW_TX, rig_peer);
	make_v6(p, "2001:db8::1", "2002:c000:22a::1", 8);
	p[7] = 1;
	rig_send_ip(&rig, p, 48);
	rig_turn(&rig);
	assert_int_equal(receive_all(), 1);
	assert_figures(of(TS_FLOW_TX, rig_peer), far, 1, 14 + 40 + 8 + 48);
	del_route(AF_INET, "192.0.3.0", 24);
	neighbour(1, "10.9.9.9", NULL);
}

/* What the kernel sends to a group is nobody's. */
void
test_neighbours_groups(void **state)
{
	static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
	struct ts_inject in = {.frame = rte_pktmbuf_alloc(rig.pool), .iface = 1};
	struct figures other = others(TS_FLOW_TX);
	uint8_t p[64] = {0}, f[128];
	size_t n = make_frame(f, broadcast, 0, NULL, 0x0806, p, 46);

	(void)state;
	memcpy(rte_pktmbuf_append(in.frame, (uint16_t)n), f, n);
	assert_int_equal(rte_ring_enqueue_elem(ts_worker_injects(rig.worker), &in, sizeof(in)), 0);
	rig_turn(&rig);
	assert_int_equal(receive_all(), 1);
	assert_figures(others(TS_FLOW_TX), other, 1, n + 4);
	assert_figures(of(TS_FLOW_TX, broadcast), ((struct figures){0, 0}), 0, 0);
}

/* What a port does not take has not been sent to anybody: it refuses the last four of a burst of nine. */
void
test_neighbours_refused(void **state)
{
	static const uint16_t iface0[1] = {0};
	static const char *const gw4[1] = {"10.9.9.8"};
	struct figures far, near;
	struct rte_mbuf *filler = rte_pktmbuf_alloc(rig.pool);
	unsigned room, fillers = 0;
	uint8_t p[256];

	(void)state;
	neighbour(0, "10.9.9.8", two);
	set_route(AF_INET, "192.0.3.0", 24, via(gw4, iface0, 1));
	far = of(TS_FLOW_TX, rig_peer);
	near = of(TS_FLOW_TX, two);
	for (room = rte_ring_free_count(rig.from_port); room > 5; room--, fillers++)
		assert_int_equal(rte_ring_enqueue(rig.from_port, filler), 0);
	for (unsigned i = 0; i < 9; i++) {
		const char *site = i < 2 || i == 6 || i == 7 ? "2002:c000:301::1" : "2002:c000:22a::1";

		rig_send_ip(&rig, p, make_v6(p, "2001:db8::1", site, i));
	}
	mark();
	rig_turn(&rig);
	assert_int_equal(moved(TS_C_drop_tx_refused), 4);
	assert_figures(of(TS_FLOW_TX, two), near, 2, 2 * 74 + 0 + 1);
	assert_figures(of(TS_FLOW_TX, rig_peer), far, 3, 3 * 74 + 2 + 3 + 4);
	for (; fillers != 0; fillers--) {
		void *m;

		assert_int_equal(rte_ring_dequeue(rig.from_port, &m), 0);
		assert_ptr_equal(m, filler);
	}
	rte_pktmbuf_free(filler);
	assert_int_equal(receive_all(), 5);
	del_route(AF_INET, "192.0.3.0", 24);
	neighbour(0, "10.9.9.8", NULL);
}

/* Neighbours of one maker differ in a byte, wherever it is: nobody pushes another out. */
void
test_neighbours_spread(void **state)
{
	static struct ts_neighbour_counters t;
	uint8_t mac[8] = {2};

	(void)state;
	for (unsigned byte = 1; byte < 6; byte++) {
		ts_neighbours_init(&t, byte);
		for (unsigned i = 0; i < 2 * 64; i++) {
			mac[byte] = (uint8_t)(i % 64);
			ts_neighbours_count(&t, ts_neighbour_key(1, mac), 1, 60);
		}
		mac[byte] = 0;
		assert_int_equal(t.other.packets, 0);
	}
}

/* Invented senders push each other out, into `other`; who really sends keeps its figures, and the sum stays right. */
void
test_neighbours_invented(void **state)
{
	const struct ts_neighbour_counters *t = table(TS_FLOW_RX);
	struct figures sum, other, real;
	uint64_t counted[TS_N_COUNTERS];
	struct ts_neighbour_slot slot;
	uint8_t f[128], mac[6] = {2, 0x99};
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		rig_send_frame(&rig, f, frame_from(f, one, 0, NULL, 8), 0);
		rig_turn(&rig);
	}
	receive_all();
	real = of(TS_FLOW_RX, one);
	other = others(TS_FLOW_RX);
	for (unsigned i = 0; i < 4 * TS_NEIGHBOUR_SLOTS; i++) {
		memcpy(mac + 2, &i, sizeof(i));
		n = frame_from(f, mac, 0, NULL, 8);
		rig_send_frame(&rig, f, n, 0);
		if (i % 16 == 15) {
			rig_turn(&rig);
			receive_all();
		}
	}
	assert_figures(of(TS_FLOW_RX, one), real, 0, 0);
	assert_true(others(TS_FLOW_RX).packets - other.packets >= 3 * TS_NEIGHBOUR_SLOTS);
	sum = others(TS_FLOW_RX);
	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++) {
		assert_true(ts_neighbours_read(t, i, &slot));
		sum.packets += slot.packets;
		sum.bytes += slot.bytes;
	}
	rig_counters(&rig, counted);
	assert_int_equal(sum.packets, counted[TS_C_rx_packets]);
	assert_int_equal(sum.bytes, counted[TS_C_rx_bytes]);
}
