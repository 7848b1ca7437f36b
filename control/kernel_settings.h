/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel in the relay's namespace must and must not do (decisions.md 2, protocols.md O15). Everything here
 * acts on the calling thread's network namespace.
 */
#ifndef TS_CTL_KERNEL_SETTINGS_H
#define TS_CTL_KERNEL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Of the whole namespace: forwarding, redirects, and an nftables table that drops what would be forwarded. The former
 * values are remembered. 0, or -1 and a message; what was set is undone. */
int ts_kernel_settings_apply(char *err, size_t err_len);
void ts_kernel_settings_restore(void);

/* Of one twin; while it is down. 0, or -1 and a message. */
int ts_kernel_settings_twin(const char *name, char *err, size_t err_len);

/* Write one value below /proc/sys/net; `before` (32 bytes) gets the one before unless NULL. 0 or -errno. */
int ts_sysctl_set(const char *path, const char *value, char *before);

/* Make or remove the table `inet tsunagi`, whose forward chain drops. 0, or -1 and a message. */
int ts_nft_forward_drop(bool add, char *err, size_t err_len);

#endif
