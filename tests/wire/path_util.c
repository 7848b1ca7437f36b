/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_util.h"

#include <arpa/inet.h>
#include <string.h>

#include "checksums.h"
#include "control/neigh.h"

struct rig rig;

void
put_v4(uint8_t *at, const char *text)
{
	assert_int_equal(inet_pton(AF_INET, text, at), 1);
}

void
put_v6(uint8_t *at, const char *text)
{
	assert_int_equal(inet_pton(AF_INET6, text, at), 1);
}

size_t
make_v6(uint8_t *p, const char *src, const char *dst, size_t payload)
{
	memset(p, 0, 40 + payload);
	p[0] = 0x60;
	p[4] = (uint8_t)(payload >> 8);
	p[5] = (uint8_t)payload;
	p[6] = 17;
	p[7] = 64;
	put_v6(p + 8, src);
	put_v6(p + 24, dst);
	return 40 + payload;
}

size_t
make_v4(uint8_t *p, const char *src, const char *dst, uint8_t protocol, size_t payload)
{
	struct rte_ipv4_hdr *ip = (void *)p;

	memset(p, 0, 20);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(20 + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = protocol;
	put_v4(p + 12, src);
	put_v4(p + 16, dst);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return 20 + payload;
}

size_t
make_6in4(uint8_t *p, const char *outer_src, const char *src, const char *dst, size_t payload)
{
	size_t inner = make_v6(p + 20, src, dst, payload);

	return make_v4(p, outer_src, "192.88.99.1", 41, inner);
}

size_t
make_echo4(uint8_t *p, const char *src, const char *dst)
{
	memset(p + 20, 0, 16);
	p[20] = 8;
	p[22] = 0xf7;
	p[23] = 0xff;
	return make_v4(p, src, dst, 1, 16);
}

size_t
make_echo6(uint8_t *p, const char *src, const char *dst)
{
	size_t len = make_v6(p, src, dst, 16);
	struct rte_ipv6_hdr *ip = (void *)p;

	p[6] = 58;
	p[40] = 128;
	uint32_t sum = rte_ipv6_phdr_cksum(ip, 0) + rte_raw_cksum(p + 40, 16);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(uint16_t *)(void *)(p + 42) = (uint16_t)~sum;
	return len;
}

size_t
make_frame(uint8_t *f, const uint8_t *dst, unsigned n_tags, const uint16_t *tags, uint16_t type, const uint8_t *packet,
	size_t len)
{
	size_t at = 12;

	memcpy(f, dst, 6);
	memcpy(f + 6, rig_peer, 6);
	for (unsigned i = 0; i < n_tags; i++) {
		uint16_t tpid = n_tags == 2 && i == 0 ? 0x88a8 : 0x8100;

		f[at++] = (uint8_t)(tpid >> 8);
		f[at++] = (uint8_t)tpid;
		f[at++] = (uint8_t)(tags[i] >> 8);
		f[at++] = (uint8_t)tags[i];
	}
	f[at++] = (uint8_t)(type >> 8);
	f[at++] = (uint8_t)type;
	memcpy(f + at, packet, len);
	return at + len;
}

static uint64_t before[TS_N_COUNTERS];
static bool is_covered[TS_N_COUNTERS];

void
covered(enum ts_counter c)
{
	is_covered[c] = true;
}

bool
was_covered(enum ts_counter c)
{
	return is_covered[c];
}

void
mark(void)
{
	rig_counters(&rig, before);
}

uint64_t
moved(enum ts_counter c)
{
	uint64_t now[TS_N_COUNTERS];

	rig_counters(&rig, now);
	return now[c] - before[c];
}

void
assert_dropped(enum ts_counter c)
{
	uint64_t now[TS_N_COUNTERS];
	uint8_t frame[RIG_FRAME_MAX];

	rig_counters(&rig, now);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && now[i] - before[i] != (i == c ? 1 : 0))
			fail_msg("%s moved by %lu", ts_counter_info[i].name, (unsigned long)(now[i] - before[i]));
	assert_int_equal(rig_receive(&rig, frame), 0);
	covered(c);
}

void
assert_no_drops(void)
{
	uint64_t now[TS_N_COUNTERS];

	rig_counters(&rig, now);
	for (unsigned i = 0; i < TS_N_COUNTERS; i++)
		if (ts_counter_info[i].is_drop && now[i] != before[i])
			fail_msg("%s moved", ts_counter_info[i].name);
}

void
send_ip(const uint8_t *packet, size_t len)
{
	mark();
	rig_send_ip(&rig, packet, len);
	rig_turn(&rig);
}

void
send_frame(const uint8_t *frame, size_t len)
{
	mark();
	rig_send_frame(&rig, frame, len, 0);
	rig_turn(&rig);
}

void
path_apply(void)
{
	struct ts_host_addr host[2] = {{.family = AF_INET, .prefix_len = 24, .ifindex = 1, .iface = 1},
		{.family = AF_INET6, .prefix_len = 64, .ifindex = 1, .iface = 1}};

	put_v4(host[0].addr, ROUTER_V4);
	put_v6(host[1].addr, "2001:db8:100::1");
	rig_advance_ms(&rig, 600000);
	rig_configure(&rig, host, 2);
	mark();
}

static void
allow_every_handover(struct ts_config *c)
{
	for (unsigned from = 0; from < TS_N_MECHS; from++)
		for (unsigned to = 0; to < TS_N_MECHS; to++)
			c->handover[from][to] = true;
}

int
path_setup(void **state)
{
	struct ts_config *c = &rig.cfg;

	(void)state;
	rig.nic_flags = rig.nic_type = 0;
	c->n_interfaces = 3;
	c->interfaces[0].twin = TS_TWIN_NONE;
	c->interfaces[0].n_addresses = 0;
	c->source_policy.v4_filter = TS_V4_FILTER_CORE;
	c->local.n_addresses = 0;
	inet_pton(AF_INET6, PATH_ID6, &c->local.icmp6_source);
	c->local.has_icmp6_source = true;
	c->local.hop_limit = 64;
	c->loop_guard.n_known_6rd = c->loop_guard.n_known_isatap = 0;
	c->n_sixrd = c->n_isatap = 0;
	memset(&c->access, 0, sizeof(c->access));
	allow_every_handover(c);
	memset(&c->sixto4, 0, sizeof(c->sixto4));
	c->sixto4.enabled = c->sixto4.anycast = true;
	c->sixto4.rx_v4[0] = TS_6TO4_ANYCAST;
	put_v4((uint8_t *)&c->sixto4.rx_v4[1], ROUTER_V4);
	c->sixto4.n_rx_v4 = 2;
	c->sixto4.tx_source = TS_6TO4_ANYCAST;
	c->sixto4.mtu = 1480;
	c->sixto4.ttl = 64;
	path_apply();
	return 0;
}

void
set_route(uint8_t family, const char *text, uint8_t len, uint32_t nh)
{
	uint8_t prefix[16] = {0};

	inet_pton(family == AF_INET ? AF_INET : AF_INET6, text, prefix);
	assert_int_equal(ts_rib_set(rig.rib, family, prefix, len, TS_ORIGIN_STATIC, 1, nh, 0), 0);
	rig_publish(&rig);
}

void
del_route(uint8_t family, const char *text, uint8_t len)
{
	uint8_t prefix[16] = {0};

	inet_pton(family == AF_INET ? AF_INET : AF_INET6, text, prefix);
	assert_int_equal(ts_rib_del(rig.rib, family, prefix, len, TS_ORIGIN_STATIC, 1), 0);
	rig_publish(&rig);
}

uint32_t
via(const char *const *gateways, const uint16_t *ifaces, unsigned n)
{
	struct ts_path paths[8] = {0};

	for (unsigned i = 0; i < n; i++) {
		paths[i].iface = ifaces[i];
		paths[i].weight = 1;
		paths[i].family = strchr(gateways[i], ':') != NULL ? AF_INET6 : AF_INET;
		inet_pton(paths[i].family, gateways[i], paths[i].addr);
	}
	return ts_nexthop_get_paths(rig.nexthops, paths, n);
}

void
neighbour(uint16_t iface, const char *text, const uint8_t *mac)
{
	uint8_t family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET, addr[16] = {0};

	inet_pton(family, text, addr);
	ts_neigh_update(rig.nexthops, rig.rib, iface, family, addr, mac, false);
	rig_publish(&rig);
}

void
send_fragment(const uint8_t *whole, uint16_t id, size_t from, size_t to, bool more)
{
	uint8_t p[2048];
	struct rte_ipv4_hdr *ip = (void *)p;

	memcpy(p, whole, 20);
	memcpy(p + 20, whole + 20 + from, to - from);
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->total_length = rte_cpu_to_be_16((uint16_t)(20 + to - from));
	ip->fragment_offset = rte_cpu_to_be_16((uint16_t)(from / 8 | (more ? RTE_IPV4_HDR_MF_FLAG : 0)));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	send_ip(p, 20 + to - from);
}

void
assert_limited(const uint8_t *packet, size_t len, enum ts_counter c)
{
	uint8_t got[RIG_FRAME_MAX];
	unsigned sent = 0;

	rig_advance_ms(&rig, 600000);
	mark();
	for (unsigned i = 0; i < 2 * PATH_BURST; i++) {
		rig_send_ip(&rig, packet, len);
		rig_turn(&rig);
		sent += rig_receive(&rig, got) != 0;
	}
	assert_int_equal(sent, PATH_BURST);
	assert_int_equal(moved(c), PATH_BURST);
	covered(c);
	rig_advance_ms(&rig, 600000);
}
