/* SPDX-License-Identifier: BSD-3-Clause */
#define TS_MAY_BLOCK
#include "rig.h"

#include "dataplane/observe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "control/teredo.h"
#include "dataplane/worker_priv.h"
#include "rig_pool.h"

#define RING_SIZE 256
#define PEER_V4 "203.0.113.254"
#define PEER_V6 "fe80::ffff"

const uint8_t rig_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t rig_peer[6] = {0x02, 0, 0, 0, 0, 0xfe};

static void
die(const char *what)
{
	fprintf(stderr, "rig: %s: %s\n", what, rte_strerror(rte_errno));
	exit(2);
}

static void
start_eal(char *program)
{
	char prefix[32];
	char *args[] = {program, "--no-huge", "-m", "512", "--no-pci", "--no-telemetry", "--no-shconf", "--log-level",
		"*:error", "--file-prefix", prefix, NULL};

	snprintf(prefix, sizeof(prefix), "tswire%d", (int)getpid());
	if (rte_eal_init(RTE_DIM(args) - 1, args) < 0)
		die("EAL");
}

static void
start_port(struct rig *r)
{
	struct rte_eth_conf conf = {0};
	int id;

	r->to_port = rte_ring_create("rig_to_port", RING_SIZE, SOCKET_ID_ANY, 0);
	r->from_port = rte_ring_create("rig_from_port", RING_SIZE, SOCKET_ID_ANY, 0);
	r->pool = rte_pktmbuf_pool_create_by_ops(
		"rig", RIG_POOL_MAX, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, RIG_POOL_OPS);
	if (r->to_port == NULL || r->from_port == NULL || r->pool == NULL)
		die("rings and buffers");
	id = rte_eth_from_rings("rig", &r->to_port, 1, &r->from_port, 1, 0);
	if (id < 0)
		die("port");
	r->port = (uint16_t)id;
	if (rte_eth_dev_configure(r->port, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(r->port, 0, RING_SIZE, 0, NULL, r->pool) != 0 ||
		rte_eth_tx_queue_setup(r->port, 0, RING_SIZE, 0, NULL) != 0 || rte_eth_dev_start(r->port) != 0)
		die("port");
}

static void
add_iface(struct rig *r, uint16_t i, uint8_t n_tags, uint16_t outer, uint16_t inner)
{
	struct ts_iface *dp = &r->ifaces.dp[i];

	dp->port = r->port;
	dp->mtu = 1500;
	dp->l2_len = RTE_ETHER_HDR_LEN + n_tags * RTE_VLAN_HLEN;
	dp->n_tags = n_tags;
	dp->twin = n_tags != 0;
	dp->vlan[0] = outer;
	dp->vlan[1] = inner;
	memcpy(&dp->mac, rig_mac, sizeof(rig_mac));
	snprintf(r->ifaces.ctl[i].name, TS_NAME_LEN, "ix%u", i);
	r->ifaces.ctl[i].tap_fd = -1;
}

static void
make_ifaces(struct rig *r)
{
	struct ts_port_map *map = calloc(RTE_MAX_ETHPORTS, sizeof(*map));

	if (map == NULL)
		die("port map");
	map[r->port].untagged = 0;
	map[r->port].by_vlan = malloc(4096 * sizeof(uint16_t));
	memset(map[r->port].by_vlan, 0xff, 4096 * sizeof(uint16_t));
	map[r->port].by_vlan[RIG_VLAN] = 1;
	map[r->port].n_qinq = 1;
	map[r->port].qinq[0].outer = RIG_QINQ_OUTER;
	map[r->port].qinq[0].inner = RIG_QINQ_INNER;
	map[r->port].qinq[0].iface = 2;
	r->ifaces.port_map = map;
	add_iface(r, 0, 0, 0, 0);
	add_iface(r, 1, 1, RIG_VLAN, 0);
	add_iface(r, 2, 2, RIG_QINQ_OUTER, RIG_QINQ_INNER);
	r->ifaces.n = 3;
}

/* Default routes of both families to one resolved neighbour. */
static void
default_routes(struct rig *r)
{
	struct ts_config *cfg = &r->cfg;
	struct ts_cfg_addr v4 = {.family = AF_INET}, v6 = {.family = AF_INET6};
	struct ts_cfg_addr via4 = {.family = AF_INET, .prefix_len = 32}, via6 = {.family = AF_INET6, .prefix_len = 128};

	inet_pton(AF_INET, PEER_V4, &via4.v4);
	inet_pton(AF_INET6, PEER_V6, &via6.v6);
	cfg->routes = calloc(2, sizeof(*cfg->routes));
	cfg->neighbours = calloc(2, sizeof(*cfg->neighbours));
	cfg->routes[0] = (struct ts_cfg_route){.prefix = v4, .via = via4};
	cfg->routes[1] = (struct ts_cfg_route){.prefix = v6, .via = via6};
	cfg->n_routes = cfg->n_neighbours = 2;
	cfg->neighbours[0].address = via4;
	cfg->neighbours[1].address = via6;
	for (unsigned i = 0; i < 2; i++)
		memcpy(cfg->neighbours[i].mac, rig_peer, 6);
}

/* Those that TS_SIMD names. Meson takes exit status 77 for a skip. */
static const struct ts_stations *
stations_wanted(void)
{
	static const char *const names[TS_N_SIMD] = {"scalar", "avx2", "avx512"};
	const char *name = getenv("TS_SIMD");

	if (name == NULL)
		return NULL;
	for (int i = 0; i < TS_N_SIMD; i++) {
		const struct ts_stations *s = ts_stations_of((enum ts_simd)i);

		if (strcmp(name, names[i]) != 0)
			continue;
		if (s == NULL) {
			printf("expected: this CPU has no %s\n", name);
			exit(77);
		}
		return s;
	}
	fprintf(stderr, "rig: TS_SIMD=%s: there are no such stations\n", name);
	exit(2);
}

/* For what is observed: of each worker its own. */
static struct rte_mempool *
observe_pool(unsigned worker)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "rig_observe_%u", worker);
	pool = rte_pktmbuf_pool_create_by_ops(name, TS_OBSERVATIONS, 0, RTE_ALIGN(sizeof(struct ts_observation), 8),
		RTE_PKTMBUF_HEADROOM + TS_OBSERVE_SNAP_MAX, SOCKET_ID_ANY, RIG_POOL_OPS);
	if (pool == NULL)
		die("buffers for observations");
	return pool;
}

static void
start_workers(struct rig *r, uint32_t limits, bool answer_closed_ports)
{
	struct ts_worker_conf conf = {.n_workers = RIG_N_WORKERS,
		.burst = 32,
		.n_rxq = 1,
		.tx_ports = 1u << r->port,
		.multi_seg_ports = 1u << r->port,
		.neighbour_queue = 4,
		.seed = 1,
		.handshakes = &r->handshakes,
		.stations = stations_wanted()};
	char err[256];

	if (ts_observe_init() != 0)
		die("the mark of traced packets");
	conf.rxq[0].port = r->port;
	conf.reassembly.timeout_ms = 15000;
	conf.reassembly.max_datagrams = 16;
	conf.reassembly.max_bytes = 1 << 20;
	conf.reassembly.per_source = 4;
	conf.reassembly.max_fragments = 32;
	conf.reassembly.max_size = 1500;
	for (unsigned i = 0; i < TS_N_LIMITS; i++)
		conf.limits.box[i].per_second = conf.limits.box[i].burst = limits * RIG_N_WORKERS;
	conf.limits.keyed[TS_KEYED_ND].per_second = conf.limits.keyed[TS_KEYED_ND].burst = limits * RIG_N_WORKERS;
	if (!answer_closed_ports)
		conf.limits.box[TS_LIMIT_ICMP4_UNREACHABLE].per_second = 0;
	for (conf.id = 0; conf.id < RIG_N_WORKERS; conf.id++, conf.n_rxq = 0) {
		conf.observe_pool = observe_pool(conf.id);
		r->workers[conf.id] = ts_worker_create(&conf, err, sizeof(err));
		if (r->workers[conf.id] == NULL)
			die(err);
	}
	if (ts_workers_connect(r->workers, RIG_N_WORKERS, err, sizeof(err)) != 0)
		die(err);
	r->worker = r->workers[0];
}

void
rig_start(struct rig *r, char *program, uint32_t limits, bool answer_closed_ports)
{
	struct ts_rib_conf rib = {.max_ipv4 = 4096, .max_ipv6 = 4096};
	char err[256] = "";

	memset(r, 0, sizeof(*r));
	start_eal(program);
	start_port(r);
	make_ifaces(r);
	start_workers(r, limits, answer_closed_ports);
	ts_config_init(&r->cfg);
	default_routes(r);
	r->nexthops = ts_nexthops_create(1024, 256, &r->ifaces);
	r->rib = ts_rib_create(&rib, r->nexthops, err, sizeof(err));
	if (r->nexthops == NULL || r->rib == NULL)
		die(err);
	r->publisher = ts_publisher_create(r->rib, r->nexthops, &r->ifaces, r->workers, RIG_N_WORKERS, NULL);
	r->local = ts_local_create(&r->cfg, &r->ifaces, r->nexthops, r->rib, r->publisher);
	if (ts_local_set_static(r->local, NULL, err, sizeof(err)) != 0)
		die(err);
	r->now = rte_rdtsc();
	rig_configure(r, NULL, 0);
}

void
rig_stop(struct rig *r)
{
	char dir[128];

	ts_local_free(r->local);
	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		ts_worker_free(r->workers[i]);
	ts_publisher_free(r->publisher);
	ts_rib_free(r->rib);
	ts_nexthops_free(r->nexthops);
	rte_eth_dev_stop(r->port);
	rte_eth_dev_close(r->port);
	free(r->ifaces.port_map[r->port].by_vlan);
	free(r->ifaces.port_map);
	ts_config_free(&r->cfg);
	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	/* EAL makes it even when nothing is shared, and leaves it. */
	rmdir(dir);
}

void
rig_publish(struct rig *r)
{
	ts_publish_sync(r->publisher);
	rig_turn(r);
}

void
rig_configure(struct rig *r, const struct ts_host_addr *addrs, unsigned n)
{
	if (ts_local_set_host_addrs(r->local, addrs, n) != 0)
		die("services");
	rig_publish(r);
}

void
rig_advance_ms(struct rig *r, uint64_t ms)
{
	r->now += ms * rte_get_tsc_hz() / 1000;
}

void
rig_turn(struct rig *r)
{
	for (unsigned i = 0; i < RIG_N_WORKERS; i++)
		ts_worker_poll(r->workers[i], r->now);
}

struct rte_mbuf *
rig_packet(struct rig *r, const uint8_t *bytes, size_t len, size_t segment)
{
	struct rte_mbuf *head = NULL;

	for (size_t at = 0; at < len || head == NULL;) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(r->pool);
		size_t room = segment != 0 ? segment : RTE_MBUF_DEFAULT_DATAROOM, n = RTE_MIN(len - at, room);

		if (m == NULL)
			die("no buffer");
		/* Poison what lies around the packet: reading it must not look like reading zeros. */
		memset(m->buf_addr, 0xa5, m->buf_len);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes + at, n);
		at += n;
		if (head == NULL)
			head = m;
		else if (rte_pktmbuf_chain(head, m) != 0)
			die("too many segments");
	}
	return head;
}

void
rig_send_frame(struct rig *r, const uint8_t *frame, size_t len, size_t segment)
{
	struct rte_mbuf *head = rig_packet(r, frame, len, segment);

	head->ol_flags |= r->nic_flags;
	head->packet_type = r->nic_type;
	if (r->guard && r->cfg.n_isatap == 0)
		rig_guard(head, frame, len);
	if (rte_ring_enqueue(r->to_port, head) != 0)
		die("port full");
}

void
rig_send_ip(struct rig *r, const uint8_t *packet, size_t len)
{
	uint8_t frame[RIG_FRAME_MAX];
	uint16_t type = len != 0 && packet[0] >> 4 == 6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;

	memcpy(frame, rig_mac, 6);
	memcpy(frame + 6, rig_peer, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	memcpy(frame + 14, packet, len);
	rig_send_frame(r, frame, len + 14, len > 2000 ? 1024 : 0);
}

static size_t
take(struct rte_mbuf *m, uint8_t frame[RIG_FRAME_MAX])
{
	size_t len = rte_pktmbuf_pkt_len(m), at = 0;

	for (const struct rte_mbuf *s = m; s != NULL && at + s->data_len <= RIG_FRAME_MAX; s = s->next) {
		memcpy(frame + at, rte_pktmbuf_mtod(s, const void *), s->data_len);
		at += s->data_len;
	}
	rte_mbuf_sanity_check(m, 1);
	rte_pktmbuf_free(m);
	return at == len ? len : 0;
}

size_t
rig_receive(struct rig *r, uint8_t frame[RIG_FRAME_MAX])
{
	struct rte_mbuf *m;

	return rte_ring_dequeue(r->from_port, (void **)&m) == 0 ? take(m, frame) : 0;
}

size_t
rig_punted(struct rig *r, uint8_t frame[RIG_FRAME_MAX], uint16_t *iface)
{
	struct ts_punt p;

	if (rte_ring_dequeue_elem(ts_worker_urgent_punts(r->worker), &p, sizeof(p)) != 0 &&
		rte_ring_dequeue_elem(ts_worker_punts(r->worker), &p, sizeof(p)) != 0)
		return 0;
	*iface = (uint16_t)p.iface;
	return take(p.frame, frame);
}

unsigned
rig_buffers_in_use(const struct rig *r)
{
	return rte_mempool_in_use_count(r->pool);
}

void
rig_counters(const struct rig *r, uint64_t out[TS_N_COUNTERS])
{
	struct ts_worker_stats s;

	memset(out, 0, TS_N_COUNTERS * sizeof(out[0]));
	for (unsigned w = 0; w < RIG_N_WORKERS; w++) {
		ts_worker_stats(r->workers[w], &s);
		for (unsigned i = 0; i < TS_N_COUNTERS; i++)
			out[i] += s.counters[i];
	}
}

bool
rig_plant(struct rig *r, const struct ts_contact_seed *seed)
{
	const struct ts_teredo *t = ts_local_teredo(r->local);

	if (t->contacts != NULL && ts_contact_plant(t->peers, t->contacts, seed, r->now, rte_get_tsc_hz()) == 0)
		return true;
	for (unsigned i = 0; i < seed->n_queued; i++)
		rte_pktmbuf_free(seed->queue[i]);
	return false;
}

void
rig_forget_peers(struct rig *r)
{
	const struct ts_teredo *t = ts_local_teredo(r->local);

	if (t->contacts != NULL)
		ts_contact_clear(t->peers, t->contacts);
}

/* In an empty table the hash may be another one. */
void
rig_own_peer(struct rig *r, const uint8_t addr[16], unsigned owner)
{
	struct ts_peers *p = ts_local_teredo(r->local)->peers;

	rig_forget_peers(r);
	do {
		p->seed[0] += UINT64_C(0x9e3779b97f4a7c15);
	} while (ts_peers_hash(p, addr).owner != owner);
}

/* Nothing but the workers of this thread reads what has been published. */
void
rig_fix_nonce(struct rig *r, const uint8_t nonce[4])
{
	struct ts_services *s = (struct ts_services *)(uintptr_t)r->worker->tables->services;

	memcpy(s->relay.test_nonce, nonce, sizeof(s->relay.test_nonce));
}
