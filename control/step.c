/* SPDX-License-Identifier: BSD-3-Clause */
#include "step.h"

#include <time.h>

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
ts_step_begin(struct ts_steps *s)
{
	s->began_us = clock_us(CLOCK_MONOTONIC);
	s->cpu_began_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
}

void
ts_step_end(struct ts_steps *s)
{
	uint64_t took = clock_us(CLOCK_MONOTONIC) - s->began_us;
	uint64_t cpu = clock_us(CLOCK_THREAD_CPUTIME_ID) - s->cpu_began_us;

	if (took > s->max_us)
		s->max_us = took;
	if (cpu > s->max_cpu_us)
		s->max_cpu_us = cpu;
	s->slow += took > TS_STEP_SLOW_US;
}
