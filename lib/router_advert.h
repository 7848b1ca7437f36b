/* SPDX-License-Identifier: BSD-3-Clause */
/* The router advertisement of an ISATAP router (protocols.md I6; RFC 4861 4.2, RFC 8106 5), made once from the
 * configuration. */
#ifndef TS_ROUTER_ADVERT_H
#define TS_ROUTER_ADVERT_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define TS_ROUTER_ADVERT_MAX 512

/* The ICMPv6 message with checksum 0: prefix, MTU, DNS servers, DNS search list. Returns its bytes, a multiple of 8. */
size_t ts_router_advert_build(uint8_t out[TS_ROUTER_ADVERT_MAX], const struct ts_cfg_isatap *site);

#endif
