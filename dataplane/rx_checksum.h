/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the receiving NIC said of a packet's outer UDP checksum (F8), for those that would have to add up the whole
 * packet to know. Only "good" is ever believed: some NICs call a checksum of zero bad, some cannot tell.
 *
 * "Good" is believed of what the NIC took for plain UDP alone. Where it has parsed a tunnel, the flag is about the
 * inner header; and i40e calls good all that it found nothing wrong with, fragments among them. Both show in the packet
 * type. RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD does not mean a tunnel: ice sets it for every packet.
 *
 * The flag is about the frame as it was received. It is forgotten where a packet becomes another one that may be
 * verified: when fragments are joined, and when a packet is cut to its length, because the NIC may have added up
 * another one. All others that change a packet lead it nowhere where it is asked for again: who encapsulates or
 * decapsulates, sends.
 */
#ifndef TS_RX_CHECKSUM_H
#define TS_RX_CHECKSUM_H

#include <stdbool.h>

#include <rte_mbuf.h>

/* An IPv4 packet that begins at its header, is no fragment, and as long as its UDP datagram says. */
static inline bool
ts_rx_udp_checksum_good(const struct rte_mbuf *m)
{
	/* The second of the two bits of OUTER_L4_CKSUM is left out; see above. */
	const uint64_t said = RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_OUTER_L4_CKSUM_BAD |
		RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD;
	const uint32_t parsed = ~(uint32_t)(RTE_PTYPE_L2_MASK | RTE_PTYPE_L3_MASK);

	return (m->ol_flags & said) == RTE_MBUF_F_RX_L4_CKSUM_GOOD && (m->packet_type & parsed) == RTE_PTYPE_L4_UDP;
}

static inline void
ts_rx_checksum_forget(struct rte_mbuf *m)
{
	m->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;
}

/* A burst from a port that was not asked. */
static inline void
ts_rx_checksum_forget_all(struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		ts_rx_checksum_forget(pkts[i]);
}

#endif
