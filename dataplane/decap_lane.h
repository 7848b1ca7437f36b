/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape that the decapsulating lanes of protocol 41 share: check and take off the outer header, one lookup for all
 * inner destinations, then what depends on it. A mechanism brings the two halves; `domain` says which of its domains or
 * sites a packet is for.
 */
#ifndef TS_DECAP_LANE_H
#define TS_DECAP_LANE_H

#include "tunnel.h"

struct ts_decap_lane {
	/* Afterwards the packet is the inner one, without trailing bytes; false: it has been dropped or answered. */
	bool (*admit)(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, struct ts_outer *kept);
	void (*forward)(struct ts_worker *w, struct rte_mbuf *m, uint16_t domain, const struct ts_nexthop *nh,
		const struct ts_outer *outer);
	const struct ts_decap_counters *counters;
};

/* lane_<mechanism>_decap.c */
extern const struct ts_decap_lane ts_decap_lane_6to4, ts_decap_lane_6rd, ts_decap_lane_isatap;

static __rte_always_inline void
ts_decap_run(struct ts_worker *w, struct ts_vec *in, const struct ts_decap_lane *lane)
{
	uint8_t dst[TS_BURST_MAX][16];
	struct ts_outer outer[TS_BURST_MAX];
	uint32_t nh[TS_BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->pkt[i];

		if (unlikely(!lane->admit(w, m, in->domain[i], &outer[n])))
			continue;
		memcpy(dst[n], rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *)->dst_addr, 16);
		in->domain[n] = in->domain[i];
		in->pkt[n++] = m;
	}
	ts_fib6_lookup_bulk(w->tables->fib6, dst, nh, n);
	for (uint16_t i = 0; i < n; i++)
		lane->forward(w, in->pkt[i], in->domain[i], ts_nexthop(w, nh[i]), &outer[i]);
}

#endif
