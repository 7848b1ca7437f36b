/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner packet has no upper layer (RFC 8200 4.7), only a mark: nothing on its way looks further than its header.
 */
#include "probe_packet.h"

#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "lib/teredo.h"
#include "services.h"

#define HOP_LIMIT 64
#define IP4_LEN 20
#define IP6_LEN 40
#define UDP_LEN 8
#define NO_NEXT_HEADER 59

struct inner {
	struct rte_ipv6_hdr ip;
	uint32_t mark[4];
} __attribute__((packed));

static void
fill_far6(struct ts_probe_ends *e, const struct ts_config *cfg, unsigned domain)
{
	static const uint8_t prefix_6to4[2] = {0x20, 0x02};
	struct ts_prefix6 delegated;

	switch (e->mech) {
	case TS_MECH_6TO4:
		memcpy(e->far6, prefix_6to4, 2);
		memcpy(e->far6 + 2, &e->far4, 4);
		e->far6[15] = 1;
		break;
	case TS_MECH_6RD:
		delegated = ts_6rd_delegated(&cfg->sixrd[domain].map, e->far4);
		memcpy(e->far6, &delegated.addr, 16);
		if (delegated.len < 128)
			e->far6[15] |= 1;
		break;
	case TS_MECH_ISATAP:
		ts_isatap_address(e->far6, cfg->isatap[domain].prefix.addr.s6_addr, false, e->far4);
		break;
	default:
		ts_teredo_address(e->far6, e->far4, 0, e->far_port, e->far4);
	}
}

void
ts_probe_ends(
	struct ts_probe_ends *e, const struct ts_config *cfg, const struct ts_health_mech *m, rte_be16_t teredo_port)
{
	memset(e, 0, sizeof(*e));
	e->mech = m->mech;
	e->far4 = m->far;
	e->far_port = teredo_port;
	e->near_port = rte_cpu_to_be_16(cfg->teredo_relay.port);
	if (m->mech == TS_MECH_6TO4)
		e->near4 = cfg->sixto4.tx_source;
	else if (m->mech == TS_MECH_6RD)
		e->near4 = cfg->sixrd[m->domain].br;
	else if (m->mech == TS_MECH_ISATAP)
		e->near4 = cfg->isatap[m->domain].address;
	else
		e->near4 = cfg->teredo_relay.address;
	fill_far6(e, cfg, m->domain);
}

static void
fill_inner(struct inner *in, const struct ts_probe_ends *e, enum ts_probe_way way, uint32_t mark)
{
	bool out = way == TS_PROBE_ENCAP;

	memset(in, 0, sizeof(*in));
	in->ip.vtc_flow = RTE_BE32(6u << 28);
	in->ip.payload_len = RTE_BE16(sizeof(in->mark));
	in->ip.proto = NO_NEXT_HEADER;
	in->ip.hop_limits = HOP_LIMIT;
	memcpy(in->ip.src_addr, out ? ts_probe_native : e->far6, 16);
	memcpy(in->ip.dst_addr, out ? e->far6 : ts_probe_native, 16);
	for (unsigned i = 0; i < RTE_DIM(in->mark); i++)
		in->mark[i] = mark + i;
}

static size_t
outer_len(const struct ts_probe_ends *e)
{
	return e->mech == TS_MECH_TEREDO ? IP4_LEN + UDP_LEN : IP4_LEN;
}

static void
put_outer(uint8_t *at, const struct ts_probe_ends *e, size_t inner_len)
{
	bool udp = e->mech == TS_MECH_TEREDO;
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(outer_len(e) + inner_len)),
		.time_to_live = HOP_LIMIT,
		.next_proto_id = udp ? IPPROTO_UDP : IPPROTO_IPV6,
		.src_addr = e->far4,
		.dst_addr = e->near4,
	};
	struct rte_udp_hdr u = {.src_port = e->far_port,
		.dst_port = e->near_port,
		.dgram_len = rte_cpu_to_be_16((uint16_t)(UDP_LEN + inner_len))};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	if (udp)
		memcpy(at + IP4_LEN, &u, sizeof(u));
}

void
ts_probe_in(struct ts_probe_packet *out, const struct ts_probe_ends *e, enum ts_probe_way way, uint32_t mark)
{
	size_t at = way == TS_PROBE_DECAP ? outer_len(e) : 0;
	struct inner in;

	_Static_assert(IP4_LEN + UDP_LEN + sizeof(struct inner) <= TS_PROBE_PACKET_MAX, "a test packet fits");
	fill_inner(&in, e, way, mark);
	if (at != 0)
		put_outer(out->bytes, e, sizeof(in));
	memcpy(out->bytes + at, &in, sizeof(in));
	out->len = at + sizeof(in);
}

static bool
outer_is_right(const struct ts_probe_ends *e, const uint8_t *bytes, size_t len)
{
	bool udp = e->mech == TS_MECH_TEREDO;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr u;

	memcpy(&ip, bytes, sizeof(ip));
	memcpy(&u, bytes + IP4_LEN, sizeof(u));
	return ip.version_ihl == RTE_IPV4_VHL_DEF && rte_be_to_cpu_16(ip.total_length) == len &&
		ip.next_proto_id == (udp ? IPPROTO_UDP : IPPROTO_IPV6) && ip.src_addr == e->near4 &&
		ip.dst_addr == e->far4 && rte_raw_cksum(bytes, IP4_LEN) == 0xffff &&
		(!udp || (u.src_port == e->near_port && u.dst_port == e->far_port));
}

bool
ts_probe_is_right(const struct ts_probe_ends *e, enum ts_probe_way way, uint32_t mark, const uint8_t *bytes, size_t len)
{
	size_t at = way == TS_PROBE_ENCAP ? outer_len(e) : 0;
	struct inner want;

	fill_inner(&want, e, way, mark);
	want.ip.hop_limits--;
	if (len != at + sizeof(want) || memcmp(bytes + at, &want, sizeof(want)) != 0)
		return false;
	return at == 0 || outer_is_right(e, bytes, len);
}
