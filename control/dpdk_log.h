/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK says: kept from the operator while things go well, quoted when a step fails, logged as errors afterwards.
 */
#ifndef TS_CTL_DPDK_LOG_H
#define TS_CTL_DPDK_LOG_H

#include <stddef.h>

/* Take over DPDK's log stream; before rte_eal_init(). 0, or -1 when there is no memory. */
int ts_dpdk_log_open(void);
void ts_dpdk_log_close(void);

/* From here on collect instead of showing; what was collected before is forgotten. */
void ts_dpdk_log_collect(void);
/* The collected line that most likely says why a step failed, or "" when there is none. */
const char *ts_dpdk_log_reason(void);
/* From here on show errors. */
void ts_dpdk_log_show(void);

#endif
