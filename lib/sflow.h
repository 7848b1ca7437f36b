/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An encoder of sFlow version 5 datagrams (sflow_version_5.txt): flow samples with the frame's first bytes, and the
 * generic counters of an interface. Debian has collectors, but no library that writes what they read, so this is our
 * own: the compact sample formats, XDR (RFC 4506), nothing else.
 *
 * A datagram is begun, filled until a sample does not fit, and finished; what it is to be sent with (sequence number,
 * time) is written at the end.
 */
#ifndef TS_SFLOW_H
#define TS_SFLOW_H

#include <stdbool.h>
#include <stdint.h>

#define TS_SFLOW_DATAGRAM 1400u /* bytes: with IPv6 and UDP it fits into an Ethernet frame behind any tunnel */
#define TS_SFLOW_HEADER_MAX 512u
#define TS_SFLOW_NAME_MAX 32u

struct ts_sflow_agent {
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* IPv4 in the first four bytes */
	uint32_t sub_agent;
};

struct ts_sflow_datagram {
	uint32_t len, samples;
	uint32_t sequence_at; /* where sequence number, uptime and number of samples stand */
	uint8_t data[TS_SFLOW_DATAGRAM];
};

/* One sampled frame, as it was received. */
struct ts_sflow_flow {
	uint32_t sequence;     /* of the samples of this port */
	uint32_t port;	       /* ifIndex: data source and input interface */
	uint32_t rate;	       /* one of so many */
	uint32_t pool;	       /* frames that could have been sampled, so far */
	uint32_t drops;	       /* samples lost for want of resources, so far */
	uint32_t frame_len;    /* bytes without FCS */
	const uint8_t *header; /* from the Ethernet header on */
	uint32_t header_len;   /* at most TS_SFLOW_HEADER_MAX */
	uint32_t inner_at;     /* where in it the header inside the tunnel begins; 0: it is none */
};

struct ts_sflow_counters {
	uint32_t sequence; /* of the counter samples of this port */
	uint32_t port;	   /* ifIndex */
	const char *name;  /* at most TS_SFLOW_NAME_MAX bytes */
	uint64_t speed;	   /* bits a second, 0: unknown */
	bool up, promiscuous;
	uint64_t rx_bytes, tx_bytes;
	uint32_t rx_packets, rx_discards, tx_packets, tx_discards;
};

void ts_sflow_begin(struct ts_sflow_datagram *d, const struct ts_sflow_agent *agent);
/* False: there is no room for it, and nothing changed. Into a datagram without samples each fits. */
bool ts_sflow_add_flow(struct ts_sflow_datagram *d, const struct ts_sflow_flow *f);
bool ts_sflow_add_counters(struct ts_sflow_datagram *d, const struct ts_sflow_counters *c);
/* `uptime_ms`: of the agent. The datagram is d->len bytes of d->data; it may be begun anew. */
void ts_sflow_finish(struct ts_sflow_datagram *d, uint32_t sequence, uint32_t uptime_ms);

#endif
