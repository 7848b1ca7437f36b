/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What starting EAL shares between eal.c, eal_check.c, memory.c and the ports.
 */
#ifndef TS_CTL_EAL_H
#define TS_CTL_EAL_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/config.h"

/* --force-max-simd-bitwidth of the command line; 0 = choose by CPU (decisions.md 16). Before ts_eal_start(). */
void ts_eal_force_simd(unsigned bits);

/* rte_eal_cleanup() and what it leaves behind. */
void ts_eal_stop(void);

/* The DPDK name of the device that devargs describe: "net_tap0" of "net_tap0,iface=x"; PCI addresses in full form. */
void ts_device_name(const char *devargs, char *name, size_t len);
bool ts_device_is_pci(const char *devargs);

/* Do the CPUs of the configuration exist, and may we use them? On success `control` holds those of the control threads
 * and `all` these and the workers'. 0, or -1 and a message. */
int ts_eal_check_cpus(const struct ts_config *cfg, cpu_set_t *control, cpu_set_t *all, char *err, size_t err_len);

/* Decide on hugepages: 0 and *use set, or -1 and a message saying how many are needed, free, and how to reserve them.
 */
int ts_eal_check_hugepages(const struct ts_config *cfg, bool *use, char *err, size_t err_len);

/* Packet buffers of one NUMA node: how many, and room for one whole frame in each, bytes. */
uint32_t ts_mbufs_per_node(const struct ts_config *cfg);
uint16_t ts_mbuf_data_room(const struct ts_config *cfg);

#endif
