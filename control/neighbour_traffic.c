/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/neighbour_traffic.h"

#include <string.h>

#include "dataplane/neighbour_counters.h"

static void
add(struct ts_neighbour_traffic *to, const struct ts_neighbour_counters *t, uint64_t key)
{
	struct ts_neighbour_slot slot;

	for (unsigned i = 0; i < TS_NEIGHBOUR_SLOTS; i++) {
		if (!ts_neighbours_read(t, i, &slot) || slot.key != key)
			continue;
		to->packets += slot.packets;
		to->bytes += slot.bytes;
	}
}

bool
ts_neighbour_traffic(
	const struct ts_control *c, uint16_t port, const uint8_t mac[6], struct ts_neighbour_traffic out[TS_N_FLOWS])
{
	struct ts_worker_stats st;
	uint8_t header[8] = {0};
	bool any = false;

	memcpy(header, mac, 6);
	memset(out, 0, TS_N_FLOWS * sizeof(*out));
	for (unsigned w = 0; w < c->n_workers; w++) {
		ts_worker_stats(c->workers[w], &st);
		for (unsigned flow = 0; flow < TS_N_FLOWS; flow++) {
			if (st.neighbours[flow] == NULL)
				continue;
			add(&out[flow], st.neighbours[flow], ts_neighbour_key(port, header));
			any = true;
		}
	}
	return any;
}

uint32_t
ts_neighbour_as(const struct ts_config *cfg, uint8_t family, const uint8_t *addr)
{
	for (unsigned i = 0; i < cfg->n_peers; i++) {
		const struct ts_cfg_addr *a = &cfg->peers[i].address;

		if (a->family == family && memcmp(&a->v6, addr, family == AF_INET ? 4 : 16) == 0)
			return cfg->peers[i].as;
	}
	return 0;
}
