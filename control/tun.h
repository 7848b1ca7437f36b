/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TUN and TAP devices that live exactly as long as their file descriptor.
 */
#ifndef TS_CTL_TUN_H
#define TS_CTL_TUN_H

#include <stdbool.h>
#include <stddef.h>

/* A new device of this name in the calling thread's network namespace, down, not blocking. Returns the descriptor and
 * sets *ifindex, or -1 and a message that names the device. */
int ts_tun_open(const char *name, bool tap, int *ifindex, char *err, size_t err_len);

/* False when the device was deleted in the kernel: the descriptor is then of no use any more. */
bool ts_tun_alive(int fd);

/* Whether the device shows a carrier, as a NIC does with its cable in or out. */
void ts_tun_carrier(int fd, bool on);

#endif
