/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6 errors (protocols.md 2.9; RFC 4443 2.4, 3). The packet that caused one becomes its quotation in place: whoever
 * calls this has not changed it yet, and nothing is allocated.
 */
#include "worker_priv.h"

#include <netinet/icmp6.h>

#define QUOTE_MAX 1232 /* G45: 1280 with the headers below */
#define ERROR_HDR_LEN 48

struct error_hdr {
	struct rte_ipv6_hdr ip;
	uint8_t type, code;
	uint16_t cksum;
	rte_be32_t word;
} __rte_packed __rte_aligned(2);
_Static_assert(sizeof(struct error_hdr) == ERROR_HDR_LEN, "IPv6 header and the first 8 bytes of ICMPv6");

static enum ts_limit
limit_of(uint8_t type)
{
	switch (type) {
	case ICMP6_PACKET_TOO_BIG:
		return TS_LIMIT_TOO_BIG;
	case ICMP6_TIME_EXCEEDED:
		return TS_LIMIT_TIME_EXCEEDED;
	case ICMP6_PARAM_PROB:
		return TS_LIMIT_PARAMETER_PROBLEM;
	default:
		return TS_LIMIT_UNREACHABLE;
	}
}

static void
count_sent(struct ts_worker *w, uint8_t type)
{
	if (type == ICMP6_PACKET_TOO_BIG)
		ts_count(w, TS_C_icmp6_too_big_sent);
	else if (type == ICMP6_TIME_EXCEEDED)
		ts_count(w, TS_C_icmp6_time_exceeded_sent);
	else
		ts_count(w, TS_C_icmp6_unreachable_sent);
}

static struct error_hdr *
make(const struct ts_services *s, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t word)
{
	uint8_t source[16];
	struct error_hdr *e;
	uint32_t quote;

	memcpy(source, rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->src_addr, sizeof(source));
	if (rte_pktmbuf_pkt_len(m) > QUOTE_MAX)
		ts_trim(m, QUOTE_MAX);
	quote = rte_pktmbuf_pkt_len(m);
	e = (void *)rte_pktmbuf_prepend(m, ERROR_HDR_LEN);
	if (e == NULL)
		return NULL;
	e->ip.vtc_flow = RTE_BE32(0x60000000);
	e->ip.payload_len = rte_cpu_to_be_16((uint16_t)(quote + 8));
	e->ip.proto = IPPROTO_ICMPV6;
	e->ip.hop_limits = s->hop_limit;
	memcpy(e->ip.src_addr, &s->icmp6_source, 16);
	memcpy(e->ip.dst_addr, source, 16);
	e->type = type;
	e->code = code;
	e->word = rte_cpu_to_be_32(word);
	e->cksum = 0;
	e->cksum = (uint16_t)~ts_icmp6_sum(m);
	return e;
}

/* One prefix cannot use up what is there for all; per type, so that PTB does not starve (G42). */
static bool
within_prefix_limit(struct ts_worker *w, const uint8_t *packet, uint8_t type)
{
	uint64_t key;

	memcpy(&key, packet + offsetof(struct rte_ipv6_hdr, src_addr), sizeof(key));
	return ts_prefix_limiter_take(&w->keyed[TS_KEYED_ICMP6_PREFIX], key + type, w->now);
}

void
ts_icmp6_error(struct ts_worker *w, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t word,
	const struct ts_error_counters *counters)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!ts_icmp6_may_answer(p, rte_pktmbuf_data_len(m), type == ICMP6_PACKET_TOO_BIG)) {
		ts_drop(w, m, counters->no_error_about_error);
		return;
	}
	if (!within_prefix_limit(w, p, type) || !ts_token_bucket_take(&w->limits[limit_of(type)], w->now)) {
		ts_drop(w, m, counters->limited);
		return;
	}
	if (make(w->tables->services, m, type, code, word) == NULL) {
		ts_drop(w, m, TS_C_drop_tx_headroom);
		return;
	}
	count_sent(w, type);
	ts_originate6(w, m);
}

void
ts_icmp6_error_route(struct ts_worker *w, struct rte_mbuf *m, uint8_t nh_kind, enum ts_counter blackhole,
	const struct ts_error_counters *counters)
{
	uint8_t code = ICMP6_DST_UNREACH_NOROUTE;

	if (nh_kind == TS_NH_BLACKHOLE) {
		ts_drop(w, m, blackhole);
		return;
	}
	if (nh_kind == TS_NH_UNREACHABLE)
		code = ICMP6_DST_UNREACH_ADDR;
	else if (nh_kind == TS_NH_PROHIBIT)
		code = ICMP6_DST_UNREACH_ADMIN;
	ts_icmp6_error(w, m, ICMP6_DST_UNREACH, code, 0, counters);
}
