/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers for the rig: a mempool that is a plain stack, and with ASAN guards around the packet in a buffer.
 */
#ifndef TS_TEST_RIG_POOL_H
#define TS_TEST_RIG_POOL_H

#include <rte_mbuf.h>

#define RIG_POOL_OPS "ts_rig"
#define RIG_POOL_MAX 1023 /* objects in a pool of these operations */

/* With ASAN, whoever touches what lies behind this frame in its one segment is found out. */
void rig_guard(struct rte_mbuf *m, const uint8_t *frame, size_t len);

#endif
