/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lengths come before what they are of: they are known from what a sample has in it, so that a sample is looked at for
 * room before a byte of it is written.
 */
#include "sflow.h"

#include <string.h>
#include <sys/socket.h>

#define VERSION 5u
#define AGENT_IPV4 1u
#define AGENT_IPV6 2u
/* Data formats of sflow.org (enterprise 0). */
#define FLOW_SAMPLE 1u
#define COUNTERS_SAMPLE 2u
#define SAMPLED_HEADER 1u
#define GENERIC_COUNTERS 1u
#define PORT_NAME 1005u
/* sflow_tunnels.txt: here the tunnel ends; sampled before its header is taken off. */
#define DECAPSULATE_EGRESS 1027u

#define ETHERNET 1u
#define FCS 4u
#define IF_TYPE_ETHERNET 6u
#define UNKNOWN UINT32_MAX
/* Frames are sampled as they come in, before anything is known of them: 0 says so. 0x3fffffff would say that they end
 * here, 0x40000000 + reason that they are dropped (sflow_version_5.txt 5, `interface`). */
#define OUTPUT_UNKNOWN 0u
#define WORD 4u

/* Of what is of a fixed length, behind format and length of each record or sample. */
#define FLOW_SAMPLE_LEN (8 * WORD)
#define SAMPLED_HEADER_LEN (4 * WORD)
#define COUNTERS_SAMPLE_LEN (3 * WORD)
#define GENERIC_LEN 88u
#define RECORD (2 * WORD)

#define DATAGRAM_HEAD_MAX (6 * WORD + 16u)
_Static_assert(DATAGRAM_HEAD_MAX + RECORD + FLOW_SAMPLE_LEN + RECORD + SAMPLED_HEADER_LEN + TS_SFLOW_HEADER_MAX +
			RECORD + WORD <=
		TS_SFLOW_DATAGRAM,
	"a sample fits into a datagram");

static uint32_t
padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

static void
put32(struct ts_sflow_datagram *d, uint32_t value)
{
	const uint8_t bytes[WORD] = {
		(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	memcpy(d->data + d->len, bytes, WORD);
	d->len += WORD;
}

static void
put64(struct ts_sflow_datagram *d, uint64_t value)
{
	put32(d, (uint32_t)(value >> 32));
	put32(d, (uint32_t)value);
}

/* RFC 4506 4.9: without its length, filled up with zeros to a multiple of four. */
static void
put_bytes(struct ts_sflow_datagram *d, const void *bytes, uint32_t len)
{
	memcpy(d->data + d->len, bytes, len);
	memset(d->data + d->len + len, 0, padded(len) - len);
	d->len += padded(len);
}

/* What every sample and record begins with. */
static void
put_head(struct ts_sflow_datagram *d, uint32_t format, uint32_t len)
{
	put32(d, format);
	put32(d, len);
}

void
ts_sflow_begin(struct ts_sflow_datagram *d, const struct ts_sflow_agent *agent)
{
	d->len = d->samples = 0;
	put32(d, VERSION);
	put32(d, agent->family == AF_INET ? AGENT_IPV4 : AGENT_IPV6);
	put_bytes(d, agent->addr, agent->family == AF_INET ? 4 : 16);
	put32(d, agent->sub_agent);
	d->sequence_at = d->len;
	d->len += 3 * WORD;
}

static bool
has_room(const struct ts_sflow_datagram *d, uint32_t sample_len)
{
	return d->len + RECORD + sample_len <= TS_SFLOW_DATAGRAM;
}

/* The length of a frame has its FCS in it, which the port has taken off. */
static void
put_sampled_header(struct ts_sflow_datagram *d, const struct ts_sflow_flow *f)
{
	put_head(d, SAMPLED_HEADER, SAMPLED_HEADER_LEN + padded(f->header_len));
	put32(d, ETHERNET);
	put32(d, f->frame_len + FCS);
	put32(d, FCS);
	put32(d, f->header_len);
	put_bytes(d, f->header, f->header_len);
}

bool
ts_sflow_add_flow(struct ts_sflow_datagram *d, const struct ts_sflow_flow *f)
{
	uint32_t len = FLOW_SAMPLE_LEN + RECORD + SAMPLED_HEADER_LEN + padded(f->header_len);

	len += f->inner_at != 0 ? RECORD + WORD : 0;
	if (!has_room(d, len))
		return false;
	put_head(d, FLOW_SAMPLE, len);
	put32(d, f->sequence);
	put32(d, f->port);
	put32(d, f->rate);
	put32(d, f->pool);
	put32(d, f->drops);
	put32(d, f->port);
	put32(d, OUTPUT_UNKNOWN);
	put32(d, f->inner_at != 0 ? 2 : 1);
	put_sampled_header(d, f);
	if (f->inner_at != 0) {
		put_head(d, DECAPSULATE_EGRESS, WORD);
		put32(d, f->inner_at);
	}
	d->samples++;
	return true;
}

/* Unicast stands for all: nobody counts groups and broadcasts apart. RFC 2863 has the meaning of each. */
static void
put_generic(struct ts_sflow_datagram *d, const struct ts_sflow_counters *c)
{
	put_head(d, GENERIC_COUNTERS, GENERIC_LEN);
	put32(d, c->port);
	put32(d, IF_TYPE_ETHERNET);
	put64(d, c->speed);
	put32(d, 0); /* duplex: unknown */
	put32(d, 1u | (c->up ? 2u : 0u));
	put64(d, c->rx_bytes);
	put32(d, c->rx_packets);
	put32(d, UNKNOWN);
	put32(d, UNKNOWN);
	put32(d, c->rx_discards);
	put32(d, UNKNOWN);
	put32(d, UNKNOWN);
	put64(d, c->tx_bytes);
	put32(d, c->tx_packets);
	put32(d, UNKNOWN);
	put32(d, UNKNOWN);
	put32(d, c->tx_discards);
	put32(d, UNKNOWN);
	put32(d, c->promiscuous ? 1 : 2);
}

bool
ts_sflow_add_counters(struct ts_sflow_datagram *d, const struct ts_sflow_counters *c)
{
	uint32_t name_len = (uint32_t)strnlen(c->name, TS_SFLOW_NAME_MAX);
	uint32_t len = COUNTERS_SAMPLE_LEN + RECORD + GENERIC_LEN + RECORD + WORD + padded(name_len);

	if (!has_room(d, len))
		return false;
	put_head(d, COUNTERS_SAMPLE, len);
	put32(d, c->sequence);
	put32(d, c->port);
	put32(d, 2);
	put_generic(d, c);
	put_head(d, PORT_NAME, WORD + padded(name_len));
	put32(d, name_len);
	put_bytes(d, c->name, name_len);
	d->samples++;
	return true;
}

void
ts_sflow_finish(struct ts_sflow_datagram *d, uint32_t sequence, uint32_t uptime_ms)
{
	uint32_t len = d->len;

	d->len = d->sequence_at;
	put32(d, sequence);
	put32(d, uptime_ms);
	put32(d, d->samples);
	d->len = len;
}
