/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the lines of the table of keys are written (config_keys.c, which alone includes this): one macro for each kind of
 * key that comes more than once, and the help texts that several tunnels have alike.
 */
#ifndef TS_CONFIG_KEYS_H
#define TS_CONFIG_KEYS_H

#include <stddef.h>

#include "config_internal.h"

/* clang-format off */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(type, f) .offset = offsetof(type, f), .size = sizeof(((type *)0)->f)
#define ARRAY(type, f, n)                                                                                              \
	.offset = offsetof(type, f), .size = sizeof(((type *)0)->f[0]), .max_items = COUNT(((type *)0)->f),            \
	.count_offset = offsetof(type, n)
#define CFG(f) FIELD(struct ts_config, f)
#define CFGS(f, n) ARRAY(struct ts_config, f, n)

#define RELOAD .flags = TS_KEY_RELOADABLE
#define SECTION(p, text) { .path = p, .type = TS_KEY_SECTION, .help = text }
/* Events per second; 0 is allowed and means none. */
#define RATE(p, f, dflt, text)                                                                                         \
	{ .path = p, .type = TS_KEY_RATE, CFG(f), .min = 0, .max = 1000000000, .fallback = dflt, .unit = "per second", \
	  RELOAD, .help = text }
/* A rate of which 0 means that there is none. */
#define RATE_OR_NO_LIMIT(p, f, dflt, text)                                                                                   \
	{ .path = p, .type = TS_KEY_RATE, CFG(f), .min = 1, .max = 1000000000, .fallback = dflt, .unit = "per second", \
	  .flags = TS_KEY_OR_ZERO | TS_KEY_RELOADABLE, .help = text }
/* A limit of a table, fixed when its memory is taken. */
#define LIMIT(p, f, lo, hi, dflt, what, text)                                                                          \
	{ .path = p, .type = TS_KEY_UINT, CFG(f), .min = lo, .max = hi, .fallback = dflt, .unit = what, .help = text }
#define COMPUTED(p, f, lo, hi, what, text)                                                                             \
	{ .path = p, .type = TS_KEY_UINT, CFG(f), .min = lo, .max = hi, .fallback = "0", .unit = what,                 \
	  .flags = TS_KEY_OR_ZERO, .help = text }
/* Keys of a section that a reload may change. */
#define BOOL(p, f, dflt, text) TUNNEL_BOOL(p, struct ts_config, f, dflt, text)
#define NUMBER(p, f, lo, hi, dflt, what, text) TUNNEL_NUMBER(p, struct ts_config, f, lo, hi, dflt, what, text)

/* One of the keys that all entries of a list of tunnels have alike. */
#define TUNNEL_BOOL(p, type_, f, dflt, text)                                                                           \
	{ .path = p, .type = TS_KEY_BOOL, FIELD(type_, f), .fallback = dflt, RELOAD, .help = text }
#define TUNNEL_NUMBER(p, type_, f, lo, hi, dflt, what, text)                                                           \
	{ .path = p, .type = TS_KEY_UINT, FIELD(type_, f), .min = lo, .max = hi, .fallback = dflt, .unit = what,       \
	  RELOAD, .help = text }
#define TUNNEL_ENUM(p, type_, f, words, dflt, text)                                                                    \
	{ .path = p, .type = TS_KEY_ENUM, FIELD(type_, f), .choices = words, .fallback = dflt, RELOAD, .help = text }
#define MTU_HELP "tunnel MTU: the largest IPv6 packet that is put into a tunnel"
#define DSCP_HELP "DSCP of the outer header: zero, or a copy of the inner one"
#define ECN_HELP                                                                                                       \
	"ECN of the outer header (RFC 6040): compat: 00; normal: a copy, if all far ends are known to cope"
#define ULA_HELP "carry packets from and to fc00::/7"
#define MSS_CLAMP_HELP                                                                                                 \
	"lower the MSS of TCP connections to what the tunnel MTU carries, for hosts that miss Packet Too Big"
#define DYNAMIC_MTU_HELP                                                                                               \
	"learn the path MTU of each far end from ICMPv4 errors (RFC 4213 3.2.2): DF is set and Packet Too Big tells "  \
	"it, while it leaves room for 1280 bytes; DF is clear where it does not"
#define HANDOVER(p, from, to, text)                                                                                    \
	{ .path = p, .type = TS_KEY_BOOL, CFG(handover[from][to]), .fallback = "yes", RELOAD, .help = text }
/* clang-format on */

#endif
