/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP MSS clamping (protocols.md G44; RFC 4459 3.2): for paths on which Packet Too Big does not arrive. */
#ifndef TS_MSS_CLAMP_H
#define TS_MSS_CLAMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `packet`: an IPv6 packet of which `linear` bytes can be read and written. When it is a TCP SYN directly behind the
 * IPv6 header with an MSS option above mtu - 60, the option is lowered and the checksum adjusted (RFC 1624). Returns
 * whether it was.
 */
bool ts_mss_clamp(uint8_t *packet, uint32_t linear, uint16_t mtu);

#endif
