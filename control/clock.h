/* SPDX-License-Identifier: BSD-3-Clause */
/* The time that only goes forward, for deadlines and ages. */
#ifndef TS_CTL_CLOCK_H
#define TS_CTL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, ms. */
static inline uint64_t
ts_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
