/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's log: one line per message on standard error, or the journal's fields, as `log:` in the configuration
 * says. Control and punt threads only; a worker counts, it does not log.
 *
 * Each place in the program that logs has a budget of TS_LOG_BURST messages and one more a second; what is beyond it is
 * not written but counted, and the count is written when there is budget again. No message names the address of a user
 * of the tunnels (O30, X11); neighbours on the links, prefixes of the relay and the configuration are no users.
 */
#ifndef TS_CTL_LOG_H
#define TS_CTL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/config.h"

#define TS_LOG_BURST 64

/* One place that logs. Static: it is kept in a list for ever. */
struct ts_log_class {
	enum ts_log_level level;
	bool unlimited;
	const char *file, *format; /* `format` names the messages that were left out */
	unsigned line;
	bool known;
	uint32_t left;
	uint64_t refilled_ms, suppressed;
	struct ts_log_class *next;
};

/* "tsunagid: MESSAGE\n", in one write, or a JSON object, or fields for the journal. */
void ts_log_write(struct ts_log_class *class, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TS_LOG_AT(level_, unlimited_, ...)                                                                 \
	do {                                                                                               \
		static struct ts_log_class ts_log_class_ = {                                               \
			.level = (level_), .unlimited = (unlimited_), .file = __FILE__, .line = __LINE__}; \
		ts_log_write(&ts_log_class_, __VA_ARGS__);                                                 \
	} while (0)

#define ts_log(...) TS_LOG_AT(TS_LOG_INFO, false, __VA_ARGS__)
#define ts_log_warning(...) TS_LOG_AT(TS_LOG_WARNING, false, __VA_ARGS__)
#define ts_log_error(...) TS_LOG_AT(TS_LOG_ERROR, false, __VA_ARGS__)
#define ts_log_debug(...) TS_LOG_AT(TS_LOG_DEBUG, false, __VA_ARGS__)
/* For what the operator has asked for, and which ends by itself. */
#define ts_log_all(...) TS_LOG_AT(TS_LOG_INFO, true, __VA_ARGS__)

/* From the next message on; before the first call: information as text, to standard error or the journal. */
void ts_log_configure(const struct ts_cfg_log *cfg);

/* Write how many messages were left out, if there is budget again. Once a second will do. */
void ts_log_poll(void);

/* For tests: another clock, whose milliseconds never go back, and another journal. NULL: the real ones. */
void ts_log_test(uint64_t (*clock_ms)(void), const char *journal);

#endif
