/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The outer IPv4 header of protocol 41 (protocols.md 2.7) and IPv4 headers of packets that the box originates.
 */
#ifndef TS_OUTER4_H
#define TS_OUTER4_H

#include "worker_priv.h"

/*
 * G39 (RFC 6864): an identification that does not come again soon for the same destination. A counter per hashed
 * destination; workers take turns in the number space, so that none repeats another's.
 */
static inline uint16_t
ts_ip_id(struct ts_worker *w, rte_be32_t dst)
{
	uint16_t *counter = &w->ip_id[(dst * w->id_hash_key) >> TS_IP_ID_SHIFT];

	return (uint16_t)((*counter)++ * w->id_stride + w->conf.id);
}
_Static_assert(TS_IP_ID_SLOTS == 1 << (32 - TS_IP_ID_SHIFT), "the hash's first bits");

/* Write a header without options; total_len in bytes. */
static inline void
ts_ipv4_write(struct rte_ipv4_hdr *ip, uint8_t tos, uint16_t total_len, uint16_t id, rte_be16_t frag_off, uint8_t ttl,
	uint8_t protocol, rte_be32_t src, rte_be32_t dst)
{
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = tos;
	ip->total_length = rte_cpu_to_be_16(total_len);
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->fragment_offset = frag_off;
	ip->time_to_live = ttl;
	ip->next_proto_id = protocol;
	ip->hdr_checksum = 0;
	ip->src_addr = src;
	ip->dst_addr = dst;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

#endif
