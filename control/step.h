/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the control thread is away from its descriptors: what the longest answer of the control socket, the longest
 * pause of health and the latest route have in common. Written and read by the control thread.
 */
#ifndef TS_CTL_STEP_H
#define TS_CTL_STEP_H

#include <stdint.h>

/*
 * All zero to begin with; never reset. Where the time is much more than the CPU time of the longest step, the machine
 * was short of CPU, or the kernel kept the thread waiting; the daemon was not busy.
 */
struct ts_steps {
	uint64_t max_us;     /* the longest, by the clock */
	uint64_t max_cpu_us; /* the one that computed longest */
	uint64_t slow;	     /* how many took longer than TS_STEP_SLOW_US by the clock */
	uint64_t began_us, cpu_began_us;
};

#define TS_STEP_SLOW_US 100000

void ts_step_begin(struct ts_steps *s); /* epoll has come back */
void ts_step_end(struct ts_steps *s);	/* before waiting for it again */

#endif
