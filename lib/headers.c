/* SPDX-License-Identifier: BSD-3-Clause */
#include "headers.h"

#include <netinet/in.h>

#include <rte_ether.h>

#include "ip_check.h"
#include "teredo.h"

#define ETHERNET 14u
#define TAG 4u
#define UDP 8u

static uint16_t
u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Bytes of the Ethernet header with its tags; 0: not all there. */
static uint32_t
ethernet_len(const uint8_t *p, uint32_t len, uint16_t *ethertype)
{
	uint32_t at = ETHERNET;

	for (unsigned tags = 0; at <= len; tags++, at += TAG) {
		*ethertype = u16(p + at - 2);
		if (tags == 2 || (*ethertype != RTE_ETHER_TYPE_VLAN && *ethertype != RTE_ETHER_TYPE_QINQ))
			return at;
	}
	return 0;
}

static void
find_ipv6(const uint8_t *p, uint32_t at, uint32_t len, struct ts_headers *h)
{
	if (at + TS_IPV6_HDR_LEN > len || p[at] >> 4 != 6)
		return;
	h->ipv6 = (uint16_t)at;
	h->l4 = (uint16_t)(at + TS_IPV6_HDR_LEN);
	h->protocol = p[at + 6];
	h->tunnelled = h->ipv4 != TS_NO_HEADER;
}

static void
find_teredo(const uint8_t *p, uint32_t at, uint32_t len, struct ts_headers *h)
{
	struct ts_teredo_shims shims;

	if (at + UDP > len)
		return;
	h->udp = (uint16_t)at;
	at += UDP;
	if (ts_teredo_shims(p + at, len - at, &shims) == TS_SHIMS_OK)
		find_ipv6(p, at + shims.packet_at, len, h);
}

static void
find_ipv4(const uint8_t *p, uint32_t at, uint32_t len, struct ts_headers *h)
{
	const struct rte_ipv4_hdr *ip = (const void *)(p + at);
	uint32_t ihl;

	if (at + TS_IPV4_HDR_LEN > len || p[at] >> 4 != 4)
		return;
	ihl = ts_ipv4_ihl(ip);
	if (ihl < TS_IPV4_HDR_LEN || at + ihl > len)
		return;
	h->ipv4 = (uint16_t)at;
	h->protocol = ip->next_proto_id;
	at += ihl;
	h->l4 = (uint16_t)at;
	if ((ip->fragment_offset & RTE_BE16(0x1fff)) != 0)
		return;
	if (h->protocol == IPPROTO_IPV6)
		find_ipv6(p, at, len, h);
	else if (h->protocol == IPPROTO_UDP)
		find_teredo(p, at, len, h);
}

void
ts_headers_find(const uint8_t *packet, uint32_t len, bool ethernet, struct ts_headers *out)
{
	uint32_t at = 0;

	*out = (struct ts_headers){.ipv4 = TS_NO_HEADER, .udp = TS_NO_HEADER, .ipv6 = TS_NO_HEADER, .l4 = TS_NO_HEADER};
	/* What an offset cannot say is not looked at; no header lies there anyway. */
	len = len < TS_NO_HEADER ? len : TS_NO_HEADER - 1u;
	if (ethernet) {
		at = ethernet_len(packet, len, &out->ethertype);
		if (at == 0 || (out->ethertype != RTE_ETHER_TYPE_IPV4 && out->ethertype != RTE_ETHER_TYPE_IPV6))
			return;
	}
	if (at < len && packet[at] >> 4 == 4)
		find_ipv4(packet, at, len, out);
	else
		find_ipv6(packet, at, len, out);
}
