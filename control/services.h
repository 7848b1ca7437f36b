/* SPDX-License-Identifier: BSD-3-Clause */
/* From the configuration and the box's IPv4 addresses to what the lanes use: struct ts_services, built whole. */
#ifndef TS_CTL_SERVICES_H
#define TS_CTL_SERVICES_H

#include <stddef.h>

#include "dataplane/tables.h"
#include "lib/config.h"

struct ts_teredo;

/* What outlives a version, most of it written by workers; owned by the caller. */
struct ts_hints {
	struct ts_site_table *mirror, *mtus;
	const struct ts_teredo *teredo;
};

/* own: n_own IPv4 addresses of the box (OWN4); attached: its subnets. NULL when memory is short. */
struct ts_services *ts_services_make(const struct ts_config *cfg, const rte_be32_t *own, size_t n_own,
	const struct ts_prefix4 *attached, size_t n_attached, const struct ts_hints *hints);
void ts_services_free(struct ts_services *s);

/* The parts of Teredo (services_teredo.c), for ts_services_make(). The server's keys are held by `s` then. */
void ts_services_fill_teredo(struct ts_services *s, const struct ts_config *cfg, const struct ts_teredo *t);

/* V12: the server's advertisement without its destination, and the sum that its checksum begins with. */
void ts_teredo_advert(struct ts_teredo_server *s);

/* An ISATAP router's address: prefix, and the identifier of RFC 5214 6.1 with the configured u bit. */
void ts_isatap_address(uint8_t out[16], const uint8_t prefix[8], bool u_bit, rte_be32_t v4);

#endif
