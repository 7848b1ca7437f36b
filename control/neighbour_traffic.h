/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a neighbour beside its address: packets and bytes of its MAC address, from the tables of all workers
 * (O23), and its autonomous system, from peers[] of the configuration.
 */
#ifndef TS_CTL_NEIGHBOUR_TRAFFIC_H
#define TS_CTL_NEIGHBOUR_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"

struct ts_neighbour_traffic {
	uint64_t packets, bytes;
};

/* On this port; 0 of a neighbour that no worker has figures of. False: workers do not count by neighbour. */
bool ts_neighbour_traffic(
	const struct ts_control *c, uint16_t port, const uint8_t mac[6], struct ts_neighbour_traffic out[TS_N_FLOWS]);

/* 0: not known. addr: IPv4 in the first four bytes. */
uint32_t ts_neighbour_as(const struct ts_config *cfg, uint8_t family, const uint8_t *addr);

#endif
