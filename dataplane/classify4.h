/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of classify4.c that its vector version shares. */
#ifndef TS_CLASSIFY4_H
#define TS_CLASSIFY4_H

#include "worker_priv.h"

/* G5, G6; then the packet is cut to its total length. False: it has been dropped. */
bool ts_classify4_check(struct ts_worker *w, struct rte_mbuf *m);

/* A checked packet, by the next hop of its destination. */
void ts_classify4_by(
	struct ts_worker *w, struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *hop, struct ts_lanes *out);

/* Protocol 41, whole, to an address that has a mechanism. */
static inline void
ts_classify4_to_lane(struct rte_mbuf *m, uint16_t iface, const struct ts_nexthop *nh, struct ts_lanes *out)
{
	if (likely(nh->proto41 == TS_PROTO41_6TO4))
		ts_vec_add(&out->decap_6to4, m, iface);
	else if (nh->proto41 == TS_PROTO41_6RD)
		ts_vec_add_domain(&out->decap_6rd, m, nh->domain);
	else
		ts_vec_add_domain(&out->decap_isatap, m, nh->domain);
}

#endif
