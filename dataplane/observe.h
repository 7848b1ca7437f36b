/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking at packets on their way: samples of what is received, the way of single packets (trace), what one lane or one
 * drop reason sees (capture), and TCP handshakes.
 *
 * Off, it costs a worker a test of one pointer per burst and station. On, a station copies the first bytes of what it
 * is asked for into a buffer of the worker's own, of which there are few, and hands it to control over a ring; when
 * none is left it counts the loss and goes on. Nothing of it changes a packet, but for the mark that a trace puts on an
 * mbuf.
 */
#ifndef TS_OBSERVE_H
#define TS_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "counters.h"

#define TS_OBSERVATIONS 255	  /* buffers of a worker; one less than a power of two */
#define TS_OBSERVE_SNAP_MAX 2048u /* bytes of a packet that one can hold */

/* Where a packet was seen. The lanes are those of packet_path.c. */
enum ts_station {
	TS_STATION_RX, /* as the port gave it */
	TS_STATION_6TO4_ENCAP,
	TS_STATION_6TO4_DECAP,
	TS_STATION_6RD_ENCAP,
	TS_STATION_6RD_DECAP,
	TS_STATION_ISATAP_ENCAP,
	TS_STATION_ISATAP_DECAP,
	TS_STATION_TEREDO_ENCAP,
	TS_STATION_TEREDO_DECAP,
	TS_STATION_TEREDO_SERVER,
	TS_STATION_LOCAL4,
	TS_STATION_LOCAL6,
	TS_STATION_REASSEMBLE,	 /* a fragment, kept until the others are there */
	TS_STATION_HANDED_OVER,	 /* to another worker */
	TS_STATION_TEREDO_QUEUE, /* until the client answers */
	TS_STATION_NEIGH_WAIT,	 /* until the next hop is resolved */
	TS_STATION_PUNT,	 /* to the kernel */
	TS_STATION_DROP,
	TS_STATION_TX, /* as the port was given it */
	TS_N_STATIONS
};

/* "rx", "6to4-encap", ...; NULL beyond the list. */
const char *ts_station_name(unsigned station);

/*
 * Which packets: those with an address in the prefix, source or destination, of the outer or the inner header. An IPv4
 * prefix also fits the 6to4 and Teredo addresses that carry such an address.
 */
struct ts_match {
	uint8_t family;	  /* 0: all packets */
	uint8_t len;	  /* of the prefix, bits */
	uint8_t addr[16]; /* IPv4 in the first four bytes */
};

/* What workers are asked to look at. Immutable while any of them may see it. */
struct ts_observe {
	uint32_t sample_every; /* 1: every packet received, n: one of n on average, 0: none */
	uint16_t sample_snap;  /* bytes of each */
	bool trace;
	bool handshakes; /* TCP SYN, SYN+ACK and the ACK behind it, as far as `handshake_mask` samples the flow */
	uint16_t trace_snap;
	uint16_t capture_snap;
	uint32_t trace_packets;	 /* of each worker */
	uint32_t handshake_mask; /* a flow is looked at if its hash & mask is 0 */
	uint32_t handshake_seed;
	uint32_t capture_stations; /* bit per enum ts_station but TS_STATION_DROP */
	uint64_t capture_drops[(TS_N_COUNTERS + 63) / 64];
	struct ts_match trace_match, capture_match;
};

enum ts_observation_kind {
	TS_OBSERVED_SAMPLE,
	TS_OBSERVED_TRACE,
	TS_OBSERVED_CAPTURE,
	TS_OBSERVED_HANDSHAKE, /* data: the IPv6 and TCP headers, as the lane had them */
};

/* In the private area of an observation's mbuf; its data are the first bytes of the packet. */
struct ts_observation {
	uint64_t tsc;	      /* when the burst began */
	uint32_t len;	      /* of the whole packet */
	uint32_t trace_id;    /* TRACE: which packet; a worker's number << 24 | count */
	uint32_t sample_pool; /* SAMPLE: packets received since the last one that arrived, it included */
	uint16_t counter;     /* DROP: enum ts_counter */
	uint16_t port;	      /* RX, TX: which; otherwise the one it came in by */
	uint8_t kind;	      /* enum ts_observation_kind */
	uint8_t station;
	uint8_t ethernet; /* 1: data begin at the Ethernet header, 0: at the IP header */
	uint8_t worker;
};

/*
 * Once per process, after EAL's start: the mark on traced packets. 0, or -1 with rte_errno. Tests may do without; then
 * nothing can be traced.
 */
int ts_observe_init(void);

/* Does a packet that begins at its Ethernet header (or at its IP header) fit? `len` bytes can be read. */
bool ts_match_packet(const struct ts_match *m, const uint8_t *packet, uint32_t len, bool ethernet);

#endif
