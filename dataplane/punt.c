/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the kernel and back, through an interface's twin. Frames cross without tags: the twin is the interface (decisions.md 8).
 */
#include "worker_priv.h"

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)

void
ts_punt(struct ts_worker *w, struct rte_mbuf *m, uint16_t iface)
{
	const struct ts_iface *i = &w->tables->ifaces[iface];
	struct ts_punt p = {.frame = m, .iface = iface};

	if (!i->twin) {
		ts_drop(w, m, TS_C_drop_punt_no_twin);
		return;
	}

	/* Parse took the header off, so it is still in front of the packet. */
	char *frame = rte_pktmbuf_prepend(m, i->l2_len);

	if (i->n_tags != 0) {
		memmove(frame + i->n_tags * RTE_VLAN_HLEN, frame, MACS_LEN);
		rte_pktmbuf_adj(m, i->n_tags * RTE_VLAN_HLEN);
	}
	if (rte_ring_enqueue_elem(w->punts, &p, sizeof(p)) == 0)
		ts_count(w, TS_C_punted_packets);
	else
		ts_drop(w, m, TS_C_drop_punt_ring_full);
}

/* 802.1Q, or 802.1ad outside and 802.1Q inside. */
static bool
put_tags(struct rte_mbuf *m, const struct ts_iface *i)
{
	uint16_t len = i->n_tags * RTE_VLAN_HLEN;
	char *frame = rte_pktmbuf_prepend(m, len);
	rte_be16_t *tag;

	if (frame == NULL)
		return false;
	memmove(frame, frame + len, MACS_LEN);
	tag = (void *)(frame + MACS_LEN);
	for (unsigned t = 0; t < i->n_tags; t++) {
		bool service_tag = i->n_tags == 2 && t == 0;

		*tag++ = rte_cpu_to_be_16(service_tag ? RTE_ETHER_TYPE_QINQ : RTE_ETHER_TYPE_VLAN);
		*tag++ = rte_cpu_to_be_16(i->vlan[t]);
	}
	return true;
}

void
ts_inject(struct ts_worker *w)
{
	struct ts_inject in[TS_BURST_MAX];
	unsigned n = rte_ring_dequeue_burst_elem(w->injects, in, sizeof(in[0]), TS_BURST_MAX, NULL);

	for (unsigned k = 0; k < n; k++) {
		const struct ts_iface *i = &w->tables->ifaces[in[k].iface];

		if (in[k].iface >= w->tables->n_ifaces) {
			ts_drop(w, in[k].frame, TS_C_drop_tx_inject_iface);
		} else if (i->n_tags != 0 && !put_tags(in[k].frame, i)) {
			ts_drop(w, in[k].frame, TS_C_drop_tx_headroom);
		} else {
			ts_count(w, TS_C_injected_packets);
			ts_tx_enqueue(w, i->port, in[k].frame);
		}
	}
}
