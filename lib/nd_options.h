/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of neighbour discovery messages (RFC 4861 4.6), as far as everybody has to look at them. */
#ifndef TS_ND_OPTIONS_H
#define TS_ND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 4861 4.6, 6.1.1: no option is empty, none ends beyond the `left` bytes. */
static inline bool
ts_nd_options_good(const uint8_t *option, uint32_t left)
{
	while (left > 0) {
		if (left < 2 || option[1] == 0 || option[1] * 8u > left)
			return false;
		left -= option[1] * 8u;
		option += option[1] * 8u;
	}
	return true;
}

#endif
