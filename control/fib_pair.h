/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two instances of both families' forwarding tables, without any knowledge of where routes come from. What workers
 * read lies in EAL's memory, and therefore in huge pages where there are any.
 */
#ifndef TS_CTL_FIB_PAIR_H
#define TS_CTL_FIB_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "lib/fib4.h"
#include "lib/fib6.h"

#define TS_FIBS 2

enum { TS_FAMILY4, TS_FAMILY6, TS_FAMILIES };

struct ts_fib_pair {
	struct ts_fib4 fib4[TS_FIBS];
	struct ts_fib6 fib6[TS_FIBS];
	uint32_t room[TS_FAMILIES]; /* of an instance: IPv4 groups, IPv6 lines */
	void *mem[TS_FAMILIES][TS_FIBS];
};

/*
 * What an instance for so many prefixes needs, unless the configuration says (not 0): groups of 256 entries for IPv4
 * prefixes longer than /24; lines of 64 bytes for IPv6.
 */
uint32_t ts_fib_room4(uint32_t configured, uint32_t max_prefixes);
uint32_t ts_fib_room6(uint32_t configured, uint32_t max_prefixes);

/* `room` is set. 0, or -1 and a message in `err`. */
int ts_fib_pair_init(struct ts_fib_pair *p, int socket_id, char *err, size_t err_len);
void ts_fib_pair_fini(struct ts_fib_pair *p);

/* How much of `room` is in use. */
uint32_t ts_fib_used(const struct ts_fib_pair *p, unsigned family, unsigned which);

/* Add the prefix (`old` 0) or give it another next hop; `addr` in network byte order. 0, or -ENOSPC and nothing has
 * changed, which only happens to what is new. */
int ts_fib_set(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len, uint16_t old,
	uint16_t nh);
/* Delete a prefix that is there; `cover` is the longest shorter one that is there, its next hop 0: none. */
void ts_fib_del(struct ts_fib_pair *p, unsigned family, unsigned which, const uint8_t *addr, uint8_t len,
	uint8_t cover_len, uint16_t cover_nh);

#endif
