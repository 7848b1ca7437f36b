/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo part of the services: what relay and server need of the configuration, ready for the lanes, and the
 * server's one advertisement, of which only the destination and the checksum differ from client to client.
 */
#include <string.h>

#include <rte_ip.h>

#include "lib/teredo.h"
#include "lib/teredo_keys.h"
#include "services.h"
#include "teredo.h"

#define RA_OFFSET 40	    /* of the ICMPv6 message */
#define RA_SERVER_OFFSET 36 /* of the server's address in it */

static void
fill_relay(struct ts_teredo_relay *out, const struct ts_cfg_teredo_relay *in, const struct ts_teredo *t)
{
	out->enabled = in->enabled && t->contacts != NULL;
	out->t = (struct ts_tunnel){
		.src = in->address, .mtu = TS_TEREDO_MTU, .ttl = in->ttl, .clamp_mss = in->mss_clamp};
	out->honour_cone = in->honour_cone;
	out->direct_bubble = in->direct_bubble;
	out->nonce = in->nonce;
	out->accept_mismatch = in->accept_mismatch;
	out->recover = in->recover;
	out->port = rte_cpu_to_be_16(in->port);
	out->min_client_port = in->min_client_port;
	out->per_mapping = (uint8_t)in->per_mapping;
	out->valid = in->valid_s * TS_PEER_TICKS_PER_S;
	out->forget = in->forget_s * TS_PEER_TICKS_PER_S;
	out->cookies = in->cookie_prefix.len != 0;
	memcpy(out->bubble_source, out->cookies ? &in->cookie_prefix.addr : &in->bubble_source, 16);
	memcpy(out->cookie_key, t->cookie_key, sizeof(out->cookie_key));
	out->peers = t->peers;
	out->contacts = t->contacts;
}

/* V12 by its offsets; RFC 4380 5.3.2, RFC 4861 4.2. */
void
ts_teredo_advert(struct ts_teredo_server *s)
{
	static const uint8_t message[56] = {
		134, 0, 0, 0, 0, 0, 0, 0,     /* no hop limit, flags or router lifetime */
		0, 0, 0, 0, 0, 0, 0x07, 0xd0, /* retransmit after 2000 ms */
		3, 4, 64, 0x40,		      /* prefix information: /64, autonomous */
		0xff, 0xff, 0xff, 0xff,	      /* valid */
		0xff, 0xff, 0xff, 0xff,	      /* and preferred for ever */
		0, 0, 0, 0,		      /* reserved */
		0x20, 0x01, 0, 0,	      /* 2001::/32 */
		0, 0, 0, 0,		      /* the server's address */
		0, 0, 0, 0, 0, 0, 0, 0,	      /* up to 64 bits and beyond */
		5, 1, 0, 0, 0, 0, 0x05, 0,    /* MTU 1280 */
	};
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)s->ra;
	uint32_t sum;

	_Static_assert(sizeof(s->ra) == RA_OFFSET + sizeof(message), "the packet is all of it");
	memset(s->ra, 0, sizeof(s->ra));
	ip->vtc_flow = RTE_BE32(6u << 28);
	ip->payload_len = RTE_BE16(sizeof(message));
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = 255;
	memcpy(ip->src_addr, s->link_local, sizeof(ip->src_addr));
	memcpy(s->ra + RA_OFFSET, message, sizeof(message));
	memcpy(s->ra + RA_OFFSET + RA_SERVER_OFFSET, &s->address[0], sizeof(s->address[0]));
	sum = (uint32_t)rte_ipv6_phdr_cksum(ip, 0) + rte_raw_cksum(s->ra + RA_OFFSET, sizeof(message));
	s->ra_sum = (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void
fill_server(struct ts_teredo_server *out, const struct ts_cfg_teredo_server *in)
{
	out->enabled = in->enabled;
	out->foreign_clients = in->foreign_clients;
	out->ttl = in->ttl;
	out->max_icmp6 = in->max_icmp6;
	out->min_client_port = in->min_client_port;
	out->address[0] = in->address;
	out->address[1] = in->secondary;
	ts_teredo_server_link_local(out->link_local, in->address);
	ts_teredo_advert(out);
	if (in->enabled && in->keys != NULL)
		out->keys = ts_teredo_keys_hold(in->keys);
}

void
ts_services_fill_teredo(struct ts_services *s, const struct ts_config *cfg, const struct ts_teredo *t)
{
	fill_relay(&s->relay, &cfg->teredo_relay, t);
	fill_server(&s->server, &cfg->teredo_server);
}
