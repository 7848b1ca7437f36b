/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's log: one line per message on standard error, for people and for the journal. Control and punt threads
 * only; a worker counts, it does not log.
 */
#ifndef TS_CTL_LOG_H
#define TS_CTL_LOG_H

/* "tsunagid: MESSAGE\n", in one write. */
void ts_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
