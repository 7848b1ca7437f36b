/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel emits these by itself (MLD and IGMP reports at every new address, redirects) or by daemons that an
 * operator forgot on the box (DHCP clients, avahi, systemd-resolved); an exchange closes a port for less.
 *
 * Nothing is said to all stations but what ARP and neighbour discovery must: a routing protocol of an operator's own
 * network that speaks to groups (OSPF, VRRP) has no place at an exchange.
 *
 * Later fragments carry no ports and no ICMP type: they pass, as their first fragment, which decides, does not.
 */
#include "punt_filter.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

#define ETHER_LEN 14
#define ARP_LEN 28
#define UNASKED_PER_SECOND 1
#define UNASKED_BURST 5 /* all addresses of a twin that comes up */
#define IPV6_LEN 40
#define MAX_EXTENSIONS 8
#define PROTO_PIM 103

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool
icmp4_allowed(uint8_t type)
{
	switch (type) {
	case 5:	 /* redirect, RFC 792 */
	case 9:	 /* router advertisement, RFC 1256 */
	case 10: /* router solicitation */
		return false;
	default:
		return true;
	}
}

static bool
icmp6_allowed(uint8_t type)
{
	switch (type) {
	case 130: /* MLD, RFC 2710 */
	case 131:
	case 132:
	case 133: /* router solicitation, RFC 4861 */
	case 134: /* router advertisement */
	case 137: /* redirect */
	case 143: /* MLDv2, RFC 3810 */
	case 151: /* multicast router discovery, RFC 4286 */
	case 152:
	case 153:
		return false;
	default:
		return true;
	}
}

static bool
udp_port_allowed(uint16_t port)
{
	switch (port) {
	case 67: /* DHCP, RFC 2131 */
	case 68:
	case 546: /* DHCPv6, RFC 8415 */
	case 547:
	case 5353: /* mDNS, RFC 6762 */
	case 5355: /* LLMNR, RFC 4795 */
		return false;
	default:
		return true;
	}
}

static bool
transport_allowed(uint8_t proto, const uint8_t *p, size_t len)
{
	switch (proto) {
	case IPPROTO_IGMP:
	case PROTO_PIM:
		return false;
	case IPPROTO_ICMP:
		return len >= 1 && icmp4_allowed(p[0]);
	case IPPROTO_ICMPV6:
		return len >= 1 && icmp6_allowed(p[0]);
	case IPPROTO_UDP:
		return len >= 4 && udp_port_allowed(get16(p)) && udp_port_allowed(get16(p + 2));
	default:
		return true;
	}
}

static bool
ipv4_allowed(const uint8_t *p, size_t len)
{
	size_t hdr;

	if (len < 20 || p[0] >> 4 != 4)
		return false;
	hdr = (size_t)(p[0] & 15) * 4;
	if (hdr < 20 || len < hdr)
		return false;
	if (p[9] == IPPROTO_IGMP || p[9] == PROTO_PIM)
		return false;
	if ((get16(p + 6) & 0x1fff) != 0)
		return true;
	return transport_allowed(p[9], p + hdr, len - hdr);
}

static bool
ipv6_allowed(const uint8_t *p, size_t len)
{
	uint8_t next;
	size_t ext;

	if (len < IPV6_LEN || p[0] >> 4 != 6)
		return false;
	next = p[6];
	p += IPV6_LEN;
	len -= IPV6_LEN;
	/* MLD hides behind a hop-by-hop header (RFC 2710 section 3). */
	for (unsigned i = 0; i < MAX_EXTENSIONS; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
			next != IPPROTO_FRAGMENT)
			return transport_allowed(next, p, len);
		if (len < 8)
			return false;
		if (next == IPPROTO_FRAGMENT && (get16(p + 2) & 0xfff8) != 0)
			return true;
		ext = next == IPPROTO_FRAGMENT ? 8 : ((size_t)p[1] + 1) * 8;
		if (len < ext)
			return false;
		next = p[0];
		p += ext;
		len -= ext;
	}
	return false;
}

static bool
is_group(const uint8_t *mac)
{
	return (mac[0] & 1) != 0;
}

/* RFC 826, 5227. The anycast address is nobody's on a LAN. */
static bool
arp_allowed(struct ts_punt_filter *f, const uint8_t *frame, size_t len, uint64_t now)
{
	static const uint8_t of_ipv4[] = {0, 1, 8, 0, 6, 4}, broadcast[] = {255, 255, 255, 255, 255, 255};
	const uint8_t *arp = frame + ETHER_LEN, *sender = arp + 14, *target = arp + 24;
	uint16_t op;

	if (len < ETHER_LEN + ARP_LEN || memcmp(arp, of_ipv4, sizeof(of_ipv4)) != 0 || memcmp(arp + 8, f->mac, 6) != 0)
		return false;
	if (sender[0] == 192 && sender[1] == 88 && sender[2] == 99)
		return false;
	op = get16(arp + 6);
	if (!is_group(frame))
		return op == 1 || op == 2;
	if (op != 1 || memcmp(frame, broadcast, sizeof(broadcast)) != 0)
		return false;
	return memcmp(sender, target, 4) != 0 || ts_token_bucket_take(&f->unasked, now);
}

/* RFC 4861 7.2.2, 7.2.4: solicitations to a solicited-node group; to all nodes what defends an address. */
static bool
group6_allowed(struct ts_punt_filter *f, const uint8_t *frame, size_t len, uint64_t now)
{
	static const uint8_t solicited_node[] = {0x33, 0x33, 0xff}, all_nodes[] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t type;

	if (len <= ETHER_LEN + IPV6_LEN || frame[ETHER_LEN + 6] != IPPROTO_ICMPV6)
		return false;
	type = frame[ETHER_LEN + IPV6_LEN];
	if (type == ND_NEIGHBOR_SOLICIT)
		return memcmp(frame, solicited_node, sizeof(solicited_node)) == 0;
	return type == ND_NEIGHBOR_ADVERT && memcmp(frame, all_nodes, sizeof(all_nodes)) == 0 &&
		ts_token_bucket_take(&f->unasked, now);
}

void
ts_punt_filter_init(struct ts_punt_filter *f, const uint8_t mac[6], uint64_t hz, uint64_t now)
{
	memcpy(f->mac, mac, sizeof(f->mac));
	ts_token_bucket_init(&f->unasked, hz, UNASKED_PER_SECOND, UNASKED_BURST, now);
}

bool
ts_punt_filter_allows(struct ts_punt_filter *f, const uint8_t *frame, size_t len, uint64_t now)
{
	if (len < ETHER_LEN || memcmp(frame + 6, f->mac, sizeof(f->mac)) != 0)
		return false;
	switch (get16(frame + 12)) {
	case 0x0800:
		return !is_group(frame) && ipv4_allowed(frame + ETHER_LEN, len - ETHER_LEN);
	case 0x86dd:
		return ipv6_allowed(frame + ETHER_LEN, len - ETHER_LEN) &&
			(!is_group(frame) || group6_allowed(f, frame, len, now));
	case 0x0806:
		return arp_allowed(f, frame, len, now);
	default:
		return false;
	}
}
