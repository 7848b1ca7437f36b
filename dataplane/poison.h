/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the packet path must not do, refused by the compiler: allocate from the heap, log, block, make a system call.
 * Included last by worker_priv.h; a file that is not on the packet path defines TS_MAY_BLOCK before it.
 */
#pragma GCC poison malloc calloc realloc free printf fprintf puts syslog rte_log rte_malloc rte_zmalloc rte_free
#pragma GCC poison nanosleep usleep sleep rte_delay_ms rte_delay_us read write ioctl poll epoll_wait
#pragma GCC poison pthread_mutex_lock rte_spinlock_lock
