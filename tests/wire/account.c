/* SPDX-License-Identifier: BSD-3-Clause */
#include "account.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksums.h"
#include "control/neigh.h"
#include "control/teredo.h"
#include "lib/teredo_keys.h"

#define ROUTER_V4 "198.51.100.1"
#define ROUTER_V6 "2001:db8:100::1"
#define ID6 "2001:200:0:b000:192:88:99:1"
#define COOKIES "2001:db8:c00c:1e::"
#define SPARE_BUFFERS 64
#define SETTLE_MS 20000 /* beyond the reassembly timeout, the wait for a neighbour and that for a Teredo client */
#define HANDOVERS 4	/* turns after which nothing is between the workers any more */

const uint8_t account_client[16] = {
	0x20, 0x01, 0, 0, 0x41, 0x36, 0xe3, 0x78, 0, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd2}; /* 192.0.2.45:40000 */

/* The vectors' 6to4 sites, behind the default route or on the link of interface 1. */
static void
set_attached(struct rig *r, bool attached)
{
	uint8_t sites[16] = {192, 0, 2};

	if (attached)
		ts_rib_set(r->rib, AF_INET, sites, 24, TS_ORIGIN_STATIC, 1, ts_nexthop_get_glean(r->nexthops, 1), 0);
	else
		ts_rib_del(r->rib, AF_INET, sites, 24, TS_ORIGIN_STATIC, 1);
}

/* Few records and short queues, so that they fill. Choice 0, which the fuzzer stays with, has all options. */
static void
set_teredo(struct ts_config *c, unsigned choice)
{
	struct ts_teredo_keys *keys = c->teredo_server.keys;

	c->teredo_relay = (struct ts_cfg_teredo_relay){
		.enabled = true,
		.address = ACCOUNT_RELAY,
		.port = ACCOUNT_RELAY_PORT,
		.ttl = 64,
		.min_client_port = 1,
		.honour_cone = !(choice & 2),
		.direct_bubble = !(choice & 2),
		.nonce = !(choice & 2),
		.accept_mismatch = !(choice & 2),
		.recover = !(choice & 4),
		.mss_clamp = choice & 4,
		.valid_s = 30,
		.forget_s = 300,
		.peers = 1024,
		.unconfirmed = 8,
		.unconfirmed_per_source = 6,
		.unconfirmed_per_client = 3,
		.per_mapping = 4,
		.queue_bytes = 1 << 17,
	};
	inet_pton(AF_INET6, ID6, &c->teredo_relay.bubble_source);
	if (!(choice & 4)) {
		inet_pton(AF_INET6, COOKIES, &c->teredo_relay.cookie_prefix.addr);
		c->teredo_relay.cookie_prefix.len = 64;
	}
	c->teredo_server = (struct ts_cfg_teredo_server){
		.enabled = true,
		.address = ACCOUNT_SERVER,
		.secondary = ACCOUNT_SERVER_2ND,
		.max_icmp6 = 88,
		.min_client_port = 1,
		.foreign_clients = choice & 4,
		.ttl = 64,
	};
	ts_teredo_keys_put(keys);
}

void
account_configure(struct rig *r, unsigned choice)
{
	struct ts_host_addr host[2] = {{.family = AF_INET, .prefix_len = 24, .ifindex = 1, .iface = 1},
		{.family = AF_INET6, .prefix_len = 64, .ifindex = 1, .iface = choice & 4 ? 2 : 0}};
	struct ts_config *c = &r->cfg;

	c->n_interfaces = 3;
	c->source_policy.v4_filter = (choice & 5) == 1 ? TS_V4_FILTER_EXTENDED : TS_V4_FILTER_CORE;
	inet_pton(AF_INET6, ID6, &c->local.icmp6_source);
	c->local.has_icmp6_source = true;
	c->local.hop_limit = 64;
	memset(&c->sixto4, 0, sizeof(c->sixto4));
	c->sixto4.enabled = c->sixto4.anycast = true;
	c->sixto4.rx_v4[0] = c->sixto4.tx_source = TS_6TO4_ANYCAST;
	inet_pton(AF_INET, ROUTER_V4, &c->sixto4.rx_v4[1]);
	c->sixto4.n_rx_v4 = 2;
	c->sixto4.mtu = choice & 2 ? 1480 : 1280;
	c->sixto4.df = choice & 2;
	c->sixto4.ttl = 64;
	c->sixto4.dscp = choice & 4 ? TS_DSCP_COPY : TS_DSCP_ZERO;
	c->sixto4.ecn = choice & 4 ? TS_ECN_NORMAL : TS_ECN_COMPAT;
	set_teredo(c, choice);
	inet_pton(AF_INET, ROUTER_V4, host[0].addr);
	inet_pton(AF_INET6, ROUTER_V6, host[1].addr);
	set_attached(r, choice & 2);
	rig_configure(r, host, 2);
}

void
account_neighbour(struct rig *r, bool there)
{
	uint8_t addr[16] = {192, 0, 2, 42};

	ts_neigh_update(r->nexthops, r->rib, 1, AF_INET, addr, there ? rig_peer : NULL, false);
	rig_publish(r);
}

void
account_open(struct account *a, const struct rig *r)
{
	memset(a, 0, sizeof(*a));
	rig_counters(r, a->before);
}

void
account_send(struct account *a, struct rig *r, const uint8_t *frame, size_t len, size_t segment)
{
	unsigned segments = segment != 0 ? (unsigned)(len / segment) + 1 : 1;

	if (len > RIG_FRAME_MAX || rte_mempool_avail_count(r->pool) < segments + SPARE_BUFFERS ||
		rte_ring_full(r->to_port) != 0)
		return;
	rig_send_frame(r, frame, len, segment);
	a->received++;
}

void
account_peer(struct account *a, struct rig *r, bool trusted)
{
	const struct ts_teredo *t = ts_local_teredo(r->local);
	struct ts_contact_seed seed = {.confirmed = trusted,
		.last_rx_age = trusted ? 1000 : -1,
		.bubbles = !trusted,
		.last_bubble_age = trusted ? -1 : 1000};
	struct ts_contacts_stats stats;

	if (t->contacts == NULL)
		return;
	ts_contacts_stats(t->contacts, &stats);
	a->held += stats.queued_packets;
	rig_forget_peers(r);
	memcpy(seed.addr, account_client, sizeof(seed.addr));
	rig_plant(r, &seed);
}

static void
wrong(struct account *a, const char *what)
{
	if (a->why[0] == '\0')
		snprintf(a->why, sizeof(a->why), "%s", what);
}

/* The box's own ICMPv6 only: what is merely forwarded may carry any checksum. */
static bool
is_ours(const uint8_t *ip6)
{
	static const char *const own[] = {ID6, ROUTER_V6, "2002:c058:6301::"};
	uint8_t addr[16];

	for (unsigned i = 0; i < RTE_DIM(own); i++)
		if (inet_pton(AF_INET6, own[i], addr) == 1 && memcmp(addr, ip6 + 8, 16) == 0)
			return true;
	return false;
}

static size_t
l2_len(const uint8_t *frame)
{
	size_t at = 12;

	while (at < 20 && ((frame[at] == 0x81 && frame[at + 1] == 0) || (frame[at] == 0x88 && frame[at + 1] == 0xa8)))
		at += 4;
	return at + 2;
}

static void
check_ip(struct account *a, const uint8_t *p, size_t len, uint16_t type)
{
	char why[128];

	if (len > 1500)
		wrong(a, "a packet larger than the MTU was sent");
	if (type == RTE_ETHER_TYPE_IPV4 && (len < 20 || p[0] != 0x45 || (size_t)(p[2] << 8 | p[3]) != len))
		wrong(a, "an IPv4 packet with a bad header was sent");
	else if (type == RTE_ETHER_TYPE_IPV4 && !checksums_kept(p, len, why, sizeof(why)))
		wrong(a, why);
	else if (type == RTE_ETHER_TYPE_IPV6 && (len < 40 || p[0] >> 4 != 6 || 40 + (size_t)(p[4] << 8 | p[5]) != len))
		wrong(a, "an IPv6 packet with a bad header was sent");
	else if (type == RTE_ETHER_TYPE_IPV6 && is_ours(p) && !checksums_good(p, len, why, sizeof(why)))
		wrong(a, why);
	else if (type != RTE_ETHER_TYPE_IPV4 && type != RTE_ETHER_TYPE_IPV6)
		wrong(a, "a frame with a strange ethertype was sent");
}

static void
check_sent(struct account *a, const uint8_t *frame, size_t len)
{
	size_t l2;

	if (len < RTE_ETHER_HDR_LEN + 8 || memcmp(frame + 6, rig_mac, 6) != 0) {
		wrong(a, "a frame without the interface's own MAC was sent");
		return;
	}
	l2 = l2_len(frame);
	check_ip(a, frame + l2, len - l2, (uint16_t)(frame[l2 - 2] << 8 | frame[l2 - 1]));
}

void
account_turn(struct account *a, struct rig *r)
{
	uint8_t frame[RIG_FRAME_MAX];
	struct ts_punt p;
	size_t len;

	rig_turn(r);
	while ((len = rig_receive(r, frame)) != 0) {
		a->sent++;
		check_sent(a, frame, len);
	}
	for (unsigned i = 0; i < RIG_N_WORKERS; i++) {
		while (rte_ring_dequeue_elem(ts_worker_urgent_punts(r->workers[i]), &p, sizeof(p)) == 0 ||
			rte_ring_dequeue_elem(ts_worker_punts(r->workers[i]), &p, sizeof(p)) == 0) {
			a->punted++;
			if (p.iface >= r->ifaces.n)
				wrong(a, "punted to an interface that does not exist");
			rte_mbuf_sanity_check(p.frame, 1);
			rte_pktmbuf_free(p.frame);
		}
	}
}

static void
compare(struct account *a, const char *what, uint64_t is, uint64_t should_be)
{
	char text[160];

	if (is == should_be)
		return;
	snprintf(text, sizeof(text), "%s: %" PRIu64 ", not %" PRIu64, what, is, should_be);
	wrong(a, text);
}

/* Every frame has one neighbour, or is the others' (O23). */
static void
compare_neighbours(struct account *a, const struct rig *r)
{
	struct ts_neighbour_slot slot;
	struct ts_worker_stats st;

	for (unsigned w = 0; w < RIG_N_WORKERS; w++) {
		ts_worker_stats(r->workers[w], &st);
		for (unsigned flow = 0; flow < TS_N_FLOWS; flow++) {
			const struct ts_neighbour_counters *t = st.neighbours[flow];
			uint64_t packets = t->other.packets, bytes = t->other.bytes;
			bool rx = flow == TS_FLOW_RX;

			for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++) {
				bool used = ts_neighbours_read(t, i, &slot);

				packets += used ? slot.packets : 0;
				bytes += used ? slot.bytes : 0;
			}
			compare(a, "frames by neighbour", packets, st.counters[rx ? TS_C_rx_packets : TS_C_tx_packets]);
			compare(a, "bytes by neighbour", bytes, st.counters[rx ? TS_C_rx_bytes : TS_C_tx_bytes]);
		}
	}
}

static uint64_t
sum_of(const uint64_t *moved, const char *group)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (strncmp(ts_counter_info[i].name, group, strlen(group)) == 0)
			sum += moved[i];
	return sum;
}

bool
account_close(struct account *a, struct rig *r)
{
	uint64_t moved[TS_N_COUNTERS];

	while (rte_ring_count(r->to_port) != 0)
		account_turn(a, r);
	/* Errors about what waited long enough may have to wait for a neighbour. */
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < HANDOVERS; k++)
			account_turn(a, r);
		rig_advance_ms(r, SETTLE_MS);
	}
	rig_counters(r, moved);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		moved[i] -= a->before[i];
	compare(a, "frames received", moved[TS_C_rx_packets], a->received);
	compare(a, "frames sent", moved[TS_C_tx_packets], a->sent);
	compare(a, "frames punted", moved[TS_C_punted_packets], a->punted);
	compare(a, "frames sent, punted, kept and dropped",
		a->sent + a->punted + a->held + sum_of(moved, "consume_") + sum_of(moved, "drop_"),
		a->received + moved[TS_C_teredo_indirect_bubbles] + moved[TS_C_teredo_direct_bubbles]);
	compare_neighbours(a, r);
	compare(a, "buffers in use", rig_buffers_in_use(r), 0);
	return a->why[0] == '\0';
}

/* As if it were no fragment. None (0) where the lengths say nothing sensible. */
static void
mend_udp(struct rte_ipv4_hdr *ip, size_t ihl, size_t have)
{
	uint8_t *l4 = (uint8_t *)ip + ihl;
	struct rte_udp_hdr *udp = (void *)l4;
	size_t len = rte_be_to_cpu_16(udp->dgram_len);
	uint32_t sum;

	udp->dgram_cksum = 0;
	if (len < sizeof(*udp) || ihl + len > have)
		return;
	sum = rte_raw_cksum(l4, len) + (ip->src_addr & 0xffff) + (ip->src_addr >> 16) + (ip->dst_addr & 0xffff) +
		(ip->dst_addr >> 16) + RTE_BE16(IPPROTO_UDP) + udp->dgram_len;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	udp->dgram_cksum = sum == 0xffff ? 0xffff : (uint16_t)~sum;
}

void
account_mend(uint8_t *frame, size_t len)
{
	struct rte_ipv4_hdr *ip;
	size_t l2;

	if (len < 24)
		return;
	memcpy(frame, rig_mac, 6);
	l2 = l2_len(frame);
	if (len < l2 + 20 || frame[l2] >> 4 != 4)
		return;

	size_t ihl = (frame[l2] & 15) * 4u;

	if (ihl < 20 || l2 + ihl > len)
		return;
	ip = (void *)(frame + l2);
	if (ip->next_proto_id == IPPROTO_UDP && len >= l2 + ihl + sizeof(struct rte_udp_hdr))
		mend_udp(ip, ihl, len - l2);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, ihl);
}
