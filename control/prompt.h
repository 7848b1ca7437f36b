/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's scheduler, asked politely: where a thread stands among those that share its CPU. */
#ifndef TS_CTL_PROMPT_H
#define TS_CTL_PROMPT_H

/*
 * Let the calling thread run soon after it wakes, before busier ones: ten nicer to itself than its process, and with a
 * short time slice (Linux 6.12, whose scheduler prefers short slices; older ones ignore it). Never real time: a thread
 * gone mad must not take the machine with it (decisions.md 14). What is not permitted is left as it was; to be called
 * while the thread still has its privileges, or with LimitNICE= in the unit.
 */
void ts_sched_prompt(void);

#endif
