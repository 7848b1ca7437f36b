/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short messages that who does not have the key can neither
 * predict nor forge.
 */
#ifndef TS_SIPHASH_H
#define TS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t ts_siphash(const uint8_t key[16], const uint8_t *message, size_t len);

#endif
